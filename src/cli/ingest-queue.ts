import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { ingestOptions, selectionOf } from "./ingest-options.js";
import { amountOfBytes, httpUrl, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";

/** Where the portal's files are read by people. */
const PORTAL_FILES = "https://files.cryoetdataportal.cziscience.com";
const MEGABYTE = 1e6;

export default command({
  name: "ingest queue",
  summary: "Start the portal's own ingestion jobs, one for each run of a deposition",
  details: [
    "Starts executions of the portal's AWS Step Functions state machine, with the names and inputs that its own program gives them, and ends. The jobs run the portal's program, not emporium; AWS shows how they end.",
    "The same command again starts only what it has not started yet: --again starts everything anew. Credentials and region come from the usual AWS sources. --dry-run prints the executions, --json with their inputs.",
    "Exit status: 0 everything is started, 3 some could not be, 1 none could, 2 wrong usage or configuration.",
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
      .meta({ description: "URL of the published tree, for Neuroglancer views (default: the portal's)", value: "URL" }),
    executor: z
      .enum(["aws-stepfunctions"])
      .default("aws-stepfunctions")
      .meta({ description: "who runs the jobs: the portal's state machine", value: "NAME" }),
    environment: z
      .string()
      .default("staging")
      .meta({ description: "environment of the portal (default: staging)", value: "NAME" }),
    ecrRepo: z
      .string()
      .default("cryoet-staging")
      .meta({ description: "repository of the image (default: cryoet-staging)", value: "NAME" }),
    ecrTag: z.string().default("main").meta({ description: "tag of the image (default: main)", value: "TAG" }),
    memory: amountOfBytes(MEGABYTE).optional().meta({ description: "memory of each job (default: 24000 MB)", value: "SIZE" }),
    parallelism: wholeNumber(1, 100).default(20).meta({ description: "requests side by side (default: 20)", value: "N" }),
    swipeWdlKey: z
      .string()
      .default("standardize_dirs.wdl-v0.0.1.wdl")
      .meta({ description: "the jobs' workflow (default: standardize_dirs.wdl-v0.0.1.wdl)", value: "KEY" }),
    again: z.boolean().default(false).meta({ description: "start executions also where the same call has started them before" }),
    dryRun: z.boolean().default(false).meta({ description: "print what would be started, start nothing" }),
  }),
  examples: [{ run: "emporium ingest queue --help", says: "needs an account of the portal" }],
  async run(options, io) {
    const { writeMrc, writeZarr, forceOverwrite, httpsPrefix } = options;
    const { queueIngest } = await import("../stations/ingest/queue/queue.js");
    const report = await queueIngest({
      ...{ config: options.config, input: options.input, output: options.output },
      ...{ environment: options.environment, ecrRepo: options.ecrRepo, ecrTag: options.ecrTag, wdlKey: options.swipeWdlKey },
      ...{ selection: selectionOf(options), writeMrc, writeZarr, forceOverwrite, httpsPrefix },
      ...{ again: options.again, dryRun: options.dryRun, workspace: io.workspace },
      memoryMegabytes: options.memory === undefined ? 24_000 : Math.floor(options.memory / MEGABYTE),
      parallelism: options.parallelism,
      ...envOf(io),
    });
    return printReport(report, io);
  },
});
