import { z } from "zod";
import { command } from "./command.js";
import { bytesPerSecond, wholeNumber } from "./option-types.js";
import { planOf, refuseBoth, sampleOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish run",
  summary: "Send a sample to its bucket: as aws s3 sync decides, side by side, resumable, verified",
  details: [
    "Takes a plan of publish plan, or the options that make one, and sends its items one after the other. A file is sent when the bucket has no such object, when sizes differ, or when it is newer than the object; with --checksum when contents differ. Links are followed, hidden files are sent. Nothing is removed without --delete.",
    "Small files go many at once, large ones in parts side by side. Every body carries a checksum that the server compares. Stopped or killed, the same command goes on: what has arrived is not sent again, and a file in parts continues with the parts that are missing.",
    "Two sources of one key with different contents (two segmentations, two carveouts) are an error before anything is sent. Images without usable tiles are refused. A line for each file is in the log that the report names.",
    "Credentials come from where every AWS tool looks: the environment, else the profile that the plan names. A server of one's own is named by the profile file or AWS_ENDPOINT_URL.",
    "Exit status: 0 all there, 1 refused, 2 wrong usage, 3 sources were missing or files failed (all named, the others done), 11 another run of the same plan is going on, 130 stopped.",
  ],
  positionals: ["plan"],
  otherwise: "a standardised tree is sent by emporium publish tree TREE LOCATION (--dry-run shows what would go)",
  options: z.object({
    plan: z.string().min(1, "a plan").optional().meta({ description: "what publish plan wrote", value: "PLAN" }),
    ...sampleOptions,
    checksum: z.boolean().optional().meta({ description: "compare contents where sizes agree, instead of times" }),
    delete: z.boolean().optional().meta({ description: "remove objects below the targets of folders that have no file" }),
    dryRun: z.boolean().default(false).meta({ description: "say what would be sent and removed, and touch nothing" }),
    jobs: wholeNumber(1, 1024).optional().meta({ description: "requests in flight (default: 64)", value: "N" }),
    limit: bytesPerSecond().optional().meta({ description: "ceiling of what is sent", value: "50MB/s" }),
  }),
  examples: [{ run: "emporium publish run --help", says: "the rule of what is sent" }],
  async run({ plan, checksum, delete: remove, dryRun, jobs, limit, ...options }, io) {
    refuseBoth(plan, options);
    const [{ publishRun }, { readPlan }] = await Promise.all([
      import("../stations/publish/run/run.js"),
      import("../stations/publish/plan/read-plan.js"),
    ]);
    const planned = plan === undefined ? await planOf(options, io, { checksum, delete: remove }) : await readPlan(plan, io);
    const { workspace, clock, log, signal, onEvent } = io;
    const settings = { checksum, delete: remove, dryRun, jobs, bytesPerSecond: limit };
    return printReport(await publishRun(planned, { ...settings, workspace, clock, log, signal, onEvent }), io);
  },
});
