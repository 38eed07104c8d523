import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { command } from "./command.js";
import { amountOfBytes, defaultJobs, defaultMemoryBytes, shareOf, wholeNumber } from "./option-types.js";
import { printReport } from "./report.js";
import { version } from "./version.js";

export default command({
  name: "verify",
  summary: "Prove a standardised tree: every object there, decodable, checksummed, every pyramid true",
  details: [
    "Looks at a tree that ingest run has made, or at a dataset or run of it. Every object that metadata name or that was written must be there, have the checksum that was recorded, and decode; each level of a pyramid must be what it must be of the one below: the mean of volumes (odd edges of what is there, or with the reference's zeros), any hit of masks, every second voxel of labels.",
    "Checksums come from proofs in the tree, and from the receipts in the workspace of the ingest (--workspace). Without either, presence, decoding and levels are checked, and the report says that bytes are not proven. --write-proof leaves emporium-proof.jsonl in each dataset and deposition: it travels with the data, and a copy proves itself anywhere.",
    "A chunk that is not stored may hold the fill value only, or be lost: records tell, or else the levels next to it, or it is called unknown.",
    "Exit status: 0 proven, 3 nothing is wrong and not all is proven, 4 something is wrong, and each object is named.",
  ],
  positionals: ["location"],
  options: z.object({
    location: z.string().meta({ description: "folder or bucket of the tree, or of a dataset or run of it", value: "LOCATION" }),
    subset: z
      .string()
      .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, "a share such as 1/20")
      .optional()
      .meta({ description: "read one share of the objects, by the hash of their keys; metadata are always read", value: "1/20" }),
    levels: z.enum(["sampled", "all", "none"]).optional().meta({
      description:
        "how much of the pyramids is compared (default: sampled; all, and MRC files with level 0, where no record proves the bytes)",
    }),
    writeProof: z.boolean().default(false).meta({ description: "leave a proof in each dataset and deposition" }),
    checksum: z.enum(["sha256"]).optional().meta({ description: "also take this checksum, for the proof", value: "sha256" }),
    writtenAt: z.string().optional().meta({
      description: "where the tree was written, if it has been moved since: its receipts are known by that",
      value: "LOCATION",
    }),
    jobs: wholeNumber(1).optional().meta({ description: "worker threads (default: cores)", value: "N" }),
    memory: amountOfBytes(LIMITS.memoryBytesMin)
      .optional()
      .meta({ description: "ceiling for buffers (default: 512MiB, less where a control group leaves less)", value: "SIZE" }),
    anonymous: z.boolean().default(false).meta({ description: "sign no request to a bucket" }),
  }),
  examples: [
    { run: "emporium verify demo-out/portal", says: "the demo's tree, by the receipts in the workspace" },
    { run: "emporium verify demo-out/portal/10401 --write-proof", says: "one dataset, and leave a proof in it" },
    { run: "emporium verify demo-out/portal --subset 1/20 --json", says: "read a twentieth, for programs" },
  ],
  async run(options, io) {
    const subset = shareOf(options.subset);
    const { verify } = await import("../stations/ingest/verify/verify.js");
    const report = await verify(options.location, {
      workspace: io.workspace,
      writtenAt: options.writtenAt,
      subset,
      levels: options.levels,
      writeProof: options.writeProof,
      checksum: options.checksum,
      jobs: options.jobs ?? defaultJobs(),
      memoryBytes: options.memory ?? defaultMemoryBytes(),
      anonymous: options.anonymous,
      clock: io.clock,
      version: version(),
      signal: io.signal,
      onEvent: io.onEvent,
    });
    return printReport(report, io);
  },
});
