import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { amountOfBytes, defaultJobs, defaultMemoryBytes, shareOf, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";
import { version } from "./version.js";

export default command({
  name: "verify",
  summary: "Verify a standardised tree: objects present, decodable, checksums right, pyramids correct",
  details: [
    "Verifies a tree that ingest run has made, or a dataset or run of it. Every object that metadata name or that was written must exist, match its recorded checksum, and decode. Each level of a pyramid must follow from the level below: the mean of volumes (odd edges from the existing voxels, or with the reference's zeros), any hit of masks, every second voxel of labels.",
    "Checksums come from proofs in the tree, and from the receipts in the ingest's workspace (--workspace). Without either, presence, decoding and levels are checked, and the report says that bytes are not verified. --write-proof writes emporium-proof.jsonl into each dataset and deposition: it travels with the data, so a copy can be verified anywhere.",
    "Objects that nothing has written and no document names are listed as extra; with --strict they are errors. A link that leaves the tree is listed and not followed, and a file that cannot be read is an error of its own: the rest is verified.",
    "A chunk that is not stored may contain only the fill value, or be lost: records decide, otherwise the neighbouring levels, otherwise it is called unknown.",
    "--executor gives the reading to a cluster: its jobs check runs and datasets side by side. The run's files are in the workspace, which all nodes must see. emporium engine status prints the report once the run has ended.",
    "Exit status: 0 verified, 3 no errors but not everything verified, 4 errors, and each object is named.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "folder or bucket of the tree, or of a dataset or run of it", value: "LOCATION" }),
    subset: z
      .string()
      .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, "a share such as 1/20")
      .optional()
      .meta({
        description: "read one share of the objects, selected by a hash of their keys; metadata are always read",
        value: "1/20",
      }),
    levels: z.enum(["sampled", "all", "none"]).optional().meta({
      description:
        "how much of the pyramids to compare (default: sampled; all, and MRC files with level 0, for bytes without a record)",
    }),
    strict: z.boolean().default(false).meta({ description: "objects that nothing names are errors (default: they are listed)" }),
    writeProof: z.boolean().default(false).meta({ description: "write a proof into each dataset and deposition" }),
    checksum: z.enum(["sha256"]).optional().meta({ description: "also compute this checksum for the proof", value: "sha256" }),
    writtenAt: z.string().optional().meta({
      description: "where the tree was written, if it has been moved since: its receipts name that location",
      value: "LOCATION",
    }),
    jobs: wholeNumber(1)
      .optional()
      .meta({ description: "worker threads, as many as --memory has 32 MiB for (default: cores)", value: "N" }),
    memory: amountOfBytes(LIMITS.memoryBytesMin).optional().meta({
      description: "memory limit for threads and their buffers (default: 512MiB, or less in a control group with less)",
      value: "SIZE",
    }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
    ...engineOptions,
  }),
  examples: [
    { run: "emporium verify demo-out/portal", says: "the demo's tree, by the receipts in the workspace" },
    { run: "emporium verify demo-out/portal/10401 --write-proof", says: "one dataset, and write a proof into it" },
    { run: "emporium verify demo-out/portal --subset 1/20 --json", says: "read a twentieth, for programs" },
  ],
  async run(options, io) {
    const subset = shareOf(options.subset);
    const given = {
      workspace: io.workspace,
      writtenAt: options.writtenAt,
      subset,
      levels: options.levels,
      strict: options.strict,
      writeProof: options.writeProof,
      checksum: options.checksum,
      jobs: options.jobs ?? defaultJobs(),
      memoryBytes: options.memory ?? defaultMemoryBytes(),
      anonymous: options.anonymous,
      version: version(),
      ...envOf(io),
    };
    const cluster = await clusterOf(options, { jobs: options.jobs, memoryBytes: options.memory }, io);
    if (cluster) {
      const { verifyOnCluster } = await import("../stations/ingest/verify/on-cluster.js");
      return printReport(await verifyOnCluster(options.location, cluster.cluster, { ...given, ...cluster }), io);
    }
    const { verify } = await import("../stations/ingest/verify/verify.js");
    return printReport(await verify(options.location, given), io);
  },
});
