import { z } from "zod";
import { LIMITS } from "../core/limits.js";
import { envOf } from "../engine/env.js";
import { command } from "./command.js";
import { clusterOf, engineOptions } from "./engine-options.js";
import { amountOfBytes, bytesPerSecond, defaultMemoryBytes, ioMode, wholeNumber } from "./option-types.js";
import { selectionOf, treeOptions } from "./publish-options.js";
import { printReport } from "./report.js";

export default command({
  name: "publish tree",
  summary: "Send a standardised tree, or a part of it, to its bucket or folder: metadata last, resumable, verified",
  details: [
    "TREE is the output of ingest run, a folder or a staging bucket; LOCATION is the production bucket or folder. A file is sent if LOCATION has no such object, if sizes differ, or if it is newer; with --checksum if contents differ. The same command resumes.",
    "A storage of microscope images (catalog upload: raw_frames, raw_files) is sent by the same rules; --dataset takes the ids of its data sets. The rows are in the database: catalog download --storage LOCATION then reads the copy.",
    "Data go first, then the documents that make volumes readable, views, the metadata of tilt series, alignments, tomograms and annotations, of runs, of datasets, and last of depositions. A failure holds back the metadata that depend on it, so readers never find an incomplete entity.",
    "--dataset and --run select: a dataset includes the deposition that its metadata name, a run its dataset's own metadata and key photos. --include and --exclude are globs on paths of the tree, as in harvest download.",
    "--delete removes objects that the tree no longer has, metadata first, and only within what is sent: a dataset that the tree does not contain stays, and nothing is removed where a file failed. The ingest's own files (.emporium, unfinished files) are neither sent nor removed.",
    "A tree that was imported with placeholders is refused where LOCATION is a bucket, as in ingest run; --allow-placeholders sends it. A tree that an ingest is writing is refused. publish verify TREE LOCATION verifies what was sent.",
    "--executor gives the files to a cluster: its jobs send them side by side and share --limit, and what has to come at the end comes last. The run's files and the log are in the workspace, which all nodes must see. emporium engine status prints the report once the run has ended.",
    "Exit status: 0 everything sent, 1 not a standardised tree, 2 wrong usage, 3 files failed (all named, the others done), 11 an ingest writes TREE, or another process LOCATION, 130 stopped.",
  ],
  positionals: ["tree", "location"],
  options: z.object({
    tree: z
      .string()
      .min(1, "a folder or bucket")
      .meta({ description: "folder or bucket of the tree, or of a storage of microscope images", value: "TREE" }),
    location: z
      .string()
      .min(1, "a folder or bucket")
      .meta({ description: "target: s3://bucket/prefix, or a folder", value: "LOCATION" }),
    ...treeOptions,
    checksum: z.boolean().optional().meta({ description: "if sizes agree, compare contents instead of times" }),
    delete: z.boolean().optional().meta({ description: "remove objects that the tree no longer has, within what is sent" }),
    allowPlaceholders: z
      .boolean()
      .optional()
      .meta({ description: "send what was imported with placeholders into a bucket, too" }),
    dryRun: z.boolean().default(false).meta({ description: "print what would be sent and removed, change nothing" }),
    jobs: wholeNumber(1, 1024).optional().meta({ description: "parallel requests (default: 64)", value: "N" }),
    limit: bytesPerSecond().optional().meta({ description: "limit of the bytes sent per second", value: "50MB/s" }),
    memory: amountOfBytes(LIMITS.memoryBytesMin)
      .optional()
      .meta({ description: "memory limit for buffers (default: 512MiB, or less in a control group with less)", value: "SIZE" }),
    io: ioMode(),
    ...engineOptions,
  }),
  examples: [
    {
      run: "emporium publish tree demo-out/portal demo-out/bucket --dry-run",
      says: "what would be sent; s3://bucket works the same",
    },
    { run: "emporium publish tree demo-out/portal demo-out/bucket", says: "send it" },
    { run: "emporium publish verify demo-out/portal demo-out/bucket", says: "verify it" },
  ],
  async run(
    {
      tree,
      location,
      limit,
      memory,
      io: mode,
      dataset,
      run,
      include,
      exclude,
      checksum,
      delete: remove,
      allowPlaceholders,
      dryRun,
      jobs,
      ...engine
    },
    io,
  ) {
    const cluster = await clusterOf(engine, { jobs: undefined, memoryBytes: memory, dryRun }, io);
    const settings = {
      ...{ checksum, delete: remove, allowPlaceholders, dryRun, jobs },
      ...selectionOf({ dataset, run, include, exclude }),
      bytesPerSecond: limit,
      memoryBytes: memory ?? defaultMemoryBytes(),
      io: mode,
      workspace: io.workspace,
      ...envOf(io),
    };
    if (cluster) {
      const { publishTreeOnCluster } = await import("../stations/publish/tree/on-cluster.js");
      return printReport(await publishTreeOnCluster(tree, location, cluster.cluster, settings), io);
    }
    const { publishTree } = await import("../stations/publish/tree/publish-tree.js");
    return printReport(await publishTree(tree, location, settings), io);
  },
});
