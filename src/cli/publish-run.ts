import { z } from "zod";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { bytesPerSecond, ioMode, wholeNumber } from "./option-types.js";
import { planOf, refuseBoth, sampleOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish run",
  summary: "Send a sample to its bucket by the rule of aws s3 sync: parallel, resumable, verified",
  details: [
    "Takes a plan of publish plan, or the options that make one, and sends its items one after the other. A file is sent if the bucket has no such object, if sizes differ, or if it is newer than the object; with --checksum if contents differ. Links are followed, hidden files are sent. Nothing is removed without --delete.",
    "Many small files are sent in parallel, large ones in parallel parts. Every request body carries a checksum that the server compares. After an interruption the same command resumes: it does not send again what has arrived, and sends only the missing parts of a large file.",
    "Two sources of one key with different contents (two segmentations, two carveouts) are an error before anything is sent. Images without usable tiles are refused. The log that the report names has a line for each file.",
    "Credentials come from the usual AWS sources: the environment, otherwise the profile that the plan names. The profile file or AWS_ENDPOINT_URL names your own server.",
    "--executor gives the files to a cluster: its jobs send them side by side and share --limit, and what has to come at the end comes last. The run's files and the log are in the workspace, which all nodes must see. emporium engine status prints the report once the run has ended.",
    "Exit status: 0 everything sent, 1 refused, 2 wrong usage, 3 sources were missing or files failed (all named, the others done), 11 another process runs the same plan, 130 stopped.",
  ],
  positionals: ["plan"],
  otherwise: "a standardised tree is sent by emporium publish tree TREE LOCATION (--dry-run shows what would go)",
  options: z.object({
    plan: z.string().min(1, "a plan").optional().meta({ description: "a plan of publish plan", value: "PLAN" }),
    ...sampleOptions,
    checksum: z.boolean().optional().meta({ description: "if sizes agree, compare contents instead of times" }),
    delete: z.boolean().optional().meta({ description: "remove objects below the targets of folders that have no file" }),
    dryRun: z.boolean().default(false).meta({ description: "print what would be sent and removed, change nothing" }),
    jobs: wholeNumber(1, 1024).optional().meta({ description: "parallel requests (default: 64)", value: "N" }),
    limit: bytesPerSecond().optional().meta({ description: "limit of the bytes sent per second", value: "50MB/s" }),
    io: ioMode(),
    ...engineOptions,
  }),
  examples: [{ run: "emporium publish run --help", says: "the rule that decides what is sent" }],
  async run({ plan, checksum, delete: remove, dryRun, jobs, limit, io: mode, ...options }, io) {
    const cluster = await clusterOf(options, { jobs: undefined, memoryBytes: undefined, dryRun }, io);
    refuseBoth(plan, options);
    const [{ publishRun }, { readPlan }] = await Promise.all([
      import("../stations/publish/run/run.js"),
      import("../stations/publish/plan/read-plan.js"),
    ]);
    const planned = plan === undefined ? await planOf(options, io, { checksum, delete: remove }) : await readPlan(plan, io);
    const own = { checksum, delete: remove, dryRun, jobs, bytesPerSecond: limit, io: mode };
    const settings = { ...own, workspace: io.workspace, ...envOf(io) };
    if (!cluster) return printReport(await publishRun(planned, settings), io);
    const { publishRunOnCluster } = await import("../stations/publish/run/on-cluster.js");
    return printReport(await publishRunOnCluster(planned, cluster.cluster, settings), io);
  },
});
