import { z } from "zod";
import { command } from "./command.js";
import { QUEUE_DETAILS, queueOptions, startOptionsOf } from "./queue-options.js";
import { printReport } from "./report.js";

const MEGABYTES = 4000;

export default command({
  name: "ingest queue validate",
  summary: "Start the portal's own validation of standardised datasets, one job for each",
  details: [
    "Starts executions as enqueue_runs.py validate does, and ends. The jobs run in the staging environment and leave their reports in its bucket, under staging_validation or prod_validation. emporium ingest validate standardized looks at a tree itself.",
    ...QUEUE_DETAILS,
  ],
  positionals: ["dataset"],
  options: z.object({
    dataset: z.array(z.string()).meta({ description: "number of a dataset", value: "ID" }),
    ...queueOptions(MEGABYTES, "validate_dataset-v0.0.2.wdl"),
    environment: z
      .enum(["staging", "prod"])
      .default("staging")
      .meta({ description: "whose bucket is looked at", value: "staging|prod" }),
  }),
  examples: [{ run: "emporium ingest queue validate --help", says: "needs an account of the portal" }],
  async run({ dataset: datasets, environment: looked, ...options }, io) {
    const { queueValidate, VALIDATION_ENVIRONMENT: environment } = await import("../stations/ingest/queue/portal-jobs.js");
    const start = startOptionsOf({ ...options, environment }, MEGABYTES, io);
    return printReport(await queueValidate({ ...start, datasets, looked }), io);
  },
});
