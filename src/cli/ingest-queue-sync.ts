import { z } from "zod";
import { command } from "./command.js";
import { bucketName, datasetOptions, datasetsOf, QUEUE_DETAILS, queueOptions, startOptionsOf } from "./queue-options.js";
import { printReport } from "./report.js";

const MEGABYTES = 4000;

export default command({
  name: "ingest queue sync",
  summary: "Start the portal's own copies from bucket to bucket, one for each dataset",
  details: [
    "Starts executions as enqueue_runs.py sync does, and ends. Each job runs aws s3 sync for one dataset's folder, or for one deposition's metadata. --dryrun is theirs: they start, and only say what they would copy. With --dry-run nothing starts.",
    ...QUEUE_DETAILS,
  ],
  options: z.object({
    rules: z
      .array(z.tuple([z.enum(["include", "exclude"]), z.string()]))
      .default([])
      .meta({
        description: "patterns of aws s3 sync, given to the jobs in the order of this command line: the last that matches counts",
        ...{ family: "*", familyName: "rule", value: "PATTERN" },
      }),
    inputBucket: bucketName()
      .default("cryoet-data-portal-staging")
      .meta({ description: "bucket that is copied", value: "s3://BUCKET" }),
    outputBucket: bucketName()
      .default("cryoet-data-portal-public")
      .meta({ description: "bucket that is written", value: "s3://BUCKET" }),
    deleteFiles: z
      .boolean()
      .default(false)
      .meta({ description: "the jobs delete in the written bucket what the copied one does not have" }),
    dryrun: z.boolean().default(false).meta({ description: "the jobs say what they would copy, and copy nothing" }),
    ...datasetOptions,
    includeDeposition: z
      .array(z.string().regex(/^\d+$/, "a deposition's number"))
      .default([])
      .meta({ description: "also the metadata of depositions whose number begins so", value: "ID" }),
    syncDataset: z
      .boolean()
      .default(true)
      .meta({ description: "copy datasets (default), also where only depositions are named" }),
    ...queueOptions(MEGABYTES, "sync-v0.0.1.wdl"),
  }),
  examples: [{ run: "emporium ingest queue sync --help", says: "needs an account of the portal" }],
  async run(options, io) {
    const { queueSync } = await import("../stations/ingest/queue/portal-jobs.js");
    const { inputBucket, outputBucket, rules, deleteFiles, dryrun } = options;
    const report = await queueSync({
      ...startOptionsOf(options, MEGABYTES, io),
      ...{ inputBucket, outputBucket, rules, deleteFiles, dryrun },
      datasets: options.syncDataset ? datasetsOf(options) : undefined,
      depositions: options.includeDeposition,
    });
    return printReport(report, io);
  },
});
