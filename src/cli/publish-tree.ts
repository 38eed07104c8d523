import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { command } from "./command.js";
import { amountOfBytes, bytesPerSecond, defaultMemoryBytes, wholeNumber } from "./option-types.js";
import { selectionOf, treeOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish tree",
  summary: "Send a standardised tree, or a part of it, to its bucket or folder: metadata last, resumable, checked",
  details: [
    "TREE is what ingest run writes, a folder or a bucket (staging); LOCATION is the bucket or folder that readers see (production). A file is sent when LOCATION has no such object, when sizes differ, or when it is newer; with --checksum when contents differ. The same command again goes on where it was.",
    "Bodies go first, then the documents that make volumes readable, views, the metadata of tilt series, alignments, tomograms and annotations, of runs, of datasets, and of depositions last. What fails keeps the metadata above it back, so nobody finds half of an entity.",
    "--dataset and --run choose: a dataset brings the deposition that its metadata name, a run its dataset's own metadata and key photos. --include and --exclude are globs on paths of the tree, as in harvest download.",
    "--delete removes what the tree has no more, metadata first, and only within what is sent: a dataset that the tree does not hold stays, and so does everything where a file failed. What an ingest keeps for itself (.emporium, unfinished files) is neither sent nor removed.",
    "A tree that an ingest is writing is refused. publish verify TREE LOCATION proves what was sent.",
    "Exit status: 0 all there, 1 no standardised tree, 2 wrong usage, 3 files failed (all named, the others done), 11 an ingest writes TREE, or somebody else LOCATION, 130 stopped.",
  ],
  positionals: ["tree", "location"],
  options: z.object({
    tree: z.string().min(1, "a folder or bucket").meta({ description: "folder or bucket of the tree", value: "TREE" }),
    location: z
      .string()
      .min(1, "a folder or bucket")
      .meta({ description: "where it goes: s3://bucket/prefix, a folder", value: "LOCATION" }),
    ...treeOptions,
    checksum: z.boolean().optional().meta({ description: "compare contents where sizes agree, instead of times" }),
    delete: z.boolean().optional().meta({ description: "remove what the tree has no more, within what is sent" }),
    dryRun: z.boolean().default(false).meta({ description: "say what would be sent and removed, and touch nothing" }),
    jobs: wholeNumber(1, 1024).optional().meta({ description: "requests in flight (default: 64)", value: "N" }),
    limit: bytesPerSecond().optional().meta({ description: "ceiling of what is sent", value: "50MB/s" }),
    memory: amountOfBytes(LIMITS.memoryBytesMin)
      .optional()
      .meta({ description: "ceiling for buffers (default: 512MiB, less where a control group leaves less)", value: "SIZE" }),
  }),
  examples: [
    {
      run: "emporium publish tree demo-out/portal demo-out/bucket --dry-run",
      says: "what would be sent; s3://bucket works the same",
    },
    { run: "emporium publish tree demo-out/portal demo-out/bucket", says: "send it" },
    { run: "emporium publish verify demo-out/portal demo-out/bucket", says: "prove it" },
  ],
  async run({ tree, location, limit, memory, dataset, run, include, exclude, ...settings }, io) {
    const { publishTree } = await import("../stations/publish/tree/publish-tree.js");
    const { workspace, clock, log, signal, onEvent } = io;
    const report = await publishTree(tree, location, {
      ...settings,
      ...selectionOf({ dataset, run, include, exclude }),
      bytesPerSecond: limit,
      memoryBytes: memory ?? defaultMemoryBytes(),
      ...{ workspace, clock, log, signal, onEvent },
    });
    return printReport(report, io);
  },
});
