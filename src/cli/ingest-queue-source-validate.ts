import { z } from "zod";
import { command } from "./command.js";
import { bucketName, QUEUE_DETAILS, queueOptions, startOptionsOf } from "./queue-options.js";
import { printReport } from "./report.js";

const MEGABYTES = 4000;

export default command({
  name: "ingest queue source-validate",
  summary: "Start the portal's own validation of a deposition's sources",
  details: [
    "Starts one execution as enqueue_runs.py source-validate does, and ends. The job runs in the staging environment and leaves its report in its bucket, under source_validation. The configuration is read by the job, from its image: name it as it is called there. emporium ingest validate source looks at sources itself.",
    ...QUEUE_DETAILS,
  ],
  positionals: ["config", "input"],
  options: z.object({
    config: z.string().meta({ description: "the deposition's configuration, as the image has it", value: "CONFIG.yaml" }),
    input: bucketName()
      .default("cryoetportal-rawdatasets-dev")
      .meta({ description: "bucket of the sources (default: cryoetportal-rawdatasets-dev)", value: "s3://BUCKET" }),
    ...queueOptions(MEGABYTES, "validate_dataset-v0.0.2.wdl"),
    environment: z
      .enum(["staging"])
      .default("staging")
      .meta({ description: "where the job runs: validation has one environment", value: "staging" }),
  }),
  examples: [{ run: "emporium ingest queue source-validate --help", says: "needs an account of the portal" }],
  async run({ config, input: bucket, ...options }, io) {
    const { queueSourceValidate } = await import("../stations/ingest/queue/portal-jobs.js");
    return printReport(await queueSourceValidate({ ...startOptionsOf(options, MEGABYTES, io), config, bucket }), io);
  },
});
