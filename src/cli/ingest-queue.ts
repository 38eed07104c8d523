import { z } from "zod";
import { command } from "./command.js";
import { ingestOptions, selectionOf } from "./ingest-options.js";
import { httpUrl } from "./option-types.js";
import { QUEUE_DETAILS, queueOptions, startOptionsOf } from "./queue-options.js";
import { printReport } from "./report.js";

/** Address at which people read the portal's files. */
const PORTAL_FILES = "https://files.cryoetdataportal.cziscience.com";
const MEGABYTES = 24_000;

export default command({
  name: "ingest queue",
  summary: "Start the portal's own ingestion jobs, one for each run of a deposition",
  details: [
    "Starts executions of the portal's AWS Step Functions state machine, with the names and inputs that its own program gives them, and ends. The jobs run the portal's program, not emporium; AWS shows how they end.",
    "ingest queue db-import, sync, validate and source-validate start the portal's other jobs.",
    ...QUEUE_DETAILS,
  ],
  positionals: ["config", "input", "output"],
  options: z.object({
    config: ingestOptions.config,
    input: z.string().meta({ description: "bucket of the sources", value: "s3://BUCKET" }),
    output: z.string().meta({ description: "bucket of the standardised tree", value: "s3://BUCKET[/PREFIX]" }),
    importEverything: ingestOptions.importEverything,
    importAllMetadata: ingestOptions.importAllMetadata,
    import: ingestOptions.import,
    importMetadata: ingestOptions.importMetadata,
    filter: ingestOptions.filter,
    exclude: ingestOptions.exclude,
    skipUntilRunName: ingestOptions.skipUntilRunName,
    writeMrc: ingestOptions.writeMrc,
    writeZarr: ingestOptions.writeZarr,
    forceOverwrite: ingestOptions.forceOverwrite,
    httpsPrefix: httpUrl()
      .default(PORTAL_FILES)
      .meta({ description: "URL of the published tree, for Neuroglancer views", value: "URL" }),
    executor: z
      .enum(["aws-stepfunctions"])
      .default("aws-stepfunctions")
      .meta({ description: "who runs the jobs: the portal's state machine", value: "NAME" }),
    ...queueOptions(MEGABYTES, "standardize_dirs.wdl-v0.0.1.wdl"),
  }),
  examples: [{ run: "emporium ingest queue --help", says: "needs an account of the portal" }],
  async run(options, io) {
    const { writeMrc, writeZarr, forceOverwrite, httpsPrefix } = options;
    const { queueIngest } = await import("../stations/ingest/queue/queue.js");
    const report = await queueIngest({
      ...startOptionsOf(options, MEGABYTES, io),
      ...{ config: options.config, input: options.input, output: options.output },
      ...{ selection: selectionOf(options), writeMrc, writeZarr, forceOverwrite, httpsPrefix },
    });
    return printReport(report, io);
  },
});
