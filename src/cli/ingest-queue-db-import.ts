import { z } from "zod";
import { IMPORT_KINDS } from "../stations/catalog/portal-import/kinds.js";
import { command } from "./command.js";
import { httpUrl } from "./option-types.js";
import { bucketName, datasetOptions, datasetsOf, QUEUE_DETAILS, queueOptions, startOptionsOf } from "./queue-options.js";
import { printReport } from "./report.js";

const MEGABYTES = 4000;
const STAGING_FILES = "https://files.cryoet.staging.si.czi.technology";
const PORTAL_FILES = "https://files.cryoetdataportal.cziscience.com";

export default command({
  name: "ingest queue db-import",
  summary: "Start the portal's own imports into its database, one for each dataset of a bucket",
  details: [
    "Starts executions as enqueue_runs.py db-import does, and ends. The jobs run the portal's importer into the portal's database of the environment; emporium catalog import fills a database of your own. Without --import-… a job imports the dataset's own row alone.",
    ...QUEUE_DETAILS,
  ],
  options: z.object({
    import: z
      .array(z.enum(["everything", ...IMPORT_KINDS]))
      .default([])
      .meta({ description: "rows of this kind", family: "import-*", familyName: "kind" }),
    depositionId: z
      .array(z.string().regex(/^\d+$/, "a deposition's number"))
      .default([])
      .meta({ description: "depositions that --import-depositions imports", value: "ID" }),
    s3Bucket: bucketName()
      .optional()
      .meta({ description: "bucket of the tree (default: the portal's of the environment)", value: "s3://BUCKET" }),
    httpsPrefix: httpUrl()
      .optional()
      .meta({ description: "the beginning of the files' https URLs (default: the portal's of the environment)", value: "URL" }),
    ...datasetOptions,
    debug: z.boolean().default(true).meta({ description: "the jobs are told --debug (default)" }),
    anonymous: z.boolean().default(false).meta({ description: "this program and the jobs read the bucket unsigned" }),
    ...queueOptions(MEGABYTES, "db_import-v0.0.3.wdl"),
  }),
  examples: [{ run: "emporium ingest queue db-import --help", says: "needs an account of the portal" }],
  async run(options, io) {
    const { queueDbImport, PORTAL_BUCKETS } = await import("../stations/ingest/queue/portal-jobs.js");
    const isProd = options.environment === "prod";
    const report = await queueDbImport({
      ...startOptionsOf(options, MEGABYTES, io),
      bucket: options.s3Bucket ?? PORTAL_BUCKETS[isProd ? "prod" : "staging"],
      httpsPrefix: options.httpsPrefix ?? (isProd ? PORTAL_FILES : STAGING_FILES),
      ...{ datasets: datasetsOf(options), kinds: options.import, depositions: options.depositionId },
      ...{ anonymous: options.anonymous, debug: options.debug },
    });
    return printReport(report, io);
  },
});
