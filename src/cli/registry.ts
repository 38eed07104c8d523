import type { Command } from "./command.js";

export interface CommandEntry {
  name: string;
  /** Repeated here so that `emporium --help` loads no command; a test proves that both are the same. */
  summary: string;
  load: () => Promise<{ default: Command }>;
}

/** Every command of this version, in the order of help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "harvest describe",
    summary: "Get portals' records of data sets, with the locations of the data",
    load: () => import("./harvest-describe.js"),
  },
  {
    name: "harvest peek",
    summary: "Show shape, type and voxel size of images anywhere, reading only their headers",
    load: () => import("./harvest-peek.js"),
  },
  {
    name: "harvest download",
    summary: "Download files and volumes from a portal, a link, a folder or a bucket; fast, verified, resumable",
    load: () => import("./harvest-download.js"),
  },
  {
    name: "harvest inspect",
    summary: "Write the normalised record of images from their files and their portals",
    load: () => import("./harvest-inspect.js"),
  },
  {
    name: "harvest compare",
    summary: "Compare data sets of any portals: what their images are, and how they were acquired",
    load: () => import("./harvest-compare.js"),
  },
  {
    name: "harvest demo",
    summary: "Start local stand-ins of all portals, and harvest from them: facts, files, tables, a page",
    load: () => import("./harvest-demo.js"),
  },
  {
    name: "curate demo",
    summary: "Create a miniature archive of four drives, and curate it: inventory, runs, labels, a batch to submit",
    load: () => import("./curate-demo.js"),
  },
  {
    name: "curate scan",
    summary: "Build the inventory of drives: every file, its run and species, headers of volumes and models",
    load: () => import("./curate-scan.js"),
  },
  {
    name: "curate match",
    summary: "Match the folders of an archive with the runs of a portal",
    load: () => import("./curate-match.js"),
  },
  {
    name: "curate labels",
    summary: "Count the labels of an archive's models, and draw a histogram",
    load: () => import("./curate-labels.js"),
  },
  {
    name: "curate collect",
    summary: "Collect the models of one label into a batch: named by the portal's runs, checksummed, recorded",
    load: () => import("./curate-collect.js"),
  },
  {
    name: "curate package",
    summary: "Turn a batch into an ingestion: a configuration and annotation files for ingest run",
    load: () => import("./curate-package.js"),
  },
  {
    name: "curate batches",
    summary: "Show and edit the ledger of batches: what was collected, submitted, accepted; what remains",
    load: () => import("./curate-batches.js"),
  },
  {
    name: "curate hygiene",
    summary: "List anomalies: macOS sidecars, backups, empty and damaged files, problematic names",
    load: () => import("./curate-hygiene.js"),
  },
  {
    name: "curate missing",
    summary: "List the runs of an archive that the portal lacks, by species, the largest first",
    load: () => import("./curate-missing.js"),
  },
  {
    name: "curate modinfo",
    summary: "Show IMOD models: objects, points, meshes, slicer angles, and the volume they were drawn on",
    load: () => import("./curate-modinfo.js"),
  },
  {
    name: "curate header",
    summary: "Show headers of MRC files as IMOD does: size, mode, spacing, axes, origin, densities, titles",
    load: () => import("./curate-header.js"),
  },
  {
    name: "ingest run",
    summary: "Turn a deposition into the portal's folders: MRC, OME-Zarr and metadata",
    load: () => import("./ingest-run.js"),
  },
  {
    name: "ingest watch",
    summary: "Ingest what a running acquisition adds, run by run, as each is complete",
    load: () => import("./ingest-watch.js"),
  },
  {
    name: "ingest queue",
    summary: "Start the portal's own ingestion jobs, one for each run of a deposition",
    load: () => import("./ingest-queue.js"),
  },
  {
    name: "ingest queue db-import",
    summary: "Start the portal's own imports into its database, one for each dataset of a bucket",
    load: () => import("./ingest-queue-db-import.js"),
  },
  {
    name: "ingest queue sync",
    summary: "Start the portal's own copies from bucket to bucket, one for each dataset",
    load: () => import("./ingest-queue-sync.js"),
  },
  {
    name: "ingest queue validate",
    summary: "Start the portal's own validation of standardised datasets, one job for each",
    load: () => import("./ingest-queue-validate.js"),
  },
  {
    name: "ingest queue source-validate",
    summary: "Start the portal's own validation of a deposition's sources",
    load: () => import("./ingest-queue-source-validate.js"),
  },
  {
    name: "ingest plan",
    summary: "Show what ingest run would read, write and skip, without writing",
    load: () => import("./ingest-plan.js"),
  },
  {
    name: "ingest new",
    summary: "Write a configuration from the contents of a folder, or from answers to questions",
    load: () => import("./ingest-new.js"),
  },
  {
    name: "ingest check",
    summary: "Check configurations: every error with its line, what was found and what was expected",
    load: () => import("./ingest-check.js"),
  },
  {
    name: "ingest validate",
    summary: "Validate sources or a finished tree with every rule of the portal, and compare their voxel spacings",
    load: () => import("./ingest-validate.js"),
  },
  {
    name: "ingest upgrade",
    summary: "Upgrade configurations of older versions to the current one, keeping comments and anchors",
    load: () => import("./ingest-upgrade.js"),
  },
  {
    name: "ingest convert",
    summary: "Convert one volume to MRC and OME-Zarr, without a config",
    load: () => import("./ingest-convert.js"),
  },
  {
    name: "catalog init",
    summary: "Create the catalogue's database, with all tables and roles",
    load: () => import("./catalog-init.js"),
  },
  {
    name: "catalog migrate",
    summary: "Migrate the database's tables to this version, and adopt an older catalogue in the same database",
    load: () => import("./catalog-migrate.js"),
  },
  {
    name: "catalog status",
    summary: "Print which database is used, its contents, and whether its tables have this version",
    load: () => import("./catalog-status.js"),
  },
  {
    name: "catalog upload",
    summary: "Upload the data sets of a table: files unchanged, or images split into frames; then insert their rows",
    load: () => import("./catalog-upload.js"),
  },
  {
    name: "catalog download",
    summary: "Download a data set, or some of its frames, with its metadata, and verify every checksum",
    load: () => import("./catalog-download.js"),
  },
  {
    name: "catalog query",
    summary: "List the data sets that match a query",
    load: () => import("./catalog-query.js"),
  },
  {
    name: "catalog verify",
    summary: "Verify the catalogue's storage against its database: no object missing, damaged or extra",
    load: () => import("./catalog-verify.js"),
  },
  {
    name: "catalog import",
    summary: "Import a standardised tree into the portal's tables: new, changed and removed entities",
    load: () => import("./catalog-import.js"),
  },
  {
    name: "catalog export copick",
    summary: "Write a copick project for a server or a tree: runs, tomograms, picks, segmentations",
    load: () => import("./catalog-export-copick.js"),
  },
  {
    name: "publish plan",
    summary: "Find a sample's products, and print what would be sent to the bucket",
    load: () => import("./publish-plan.js"),
  },
  {
    name: "publish script",
    summary: "Write shell scripts that send a sample to its bucket, directly or as jobs of LSF or Slurm",
    load: () => import("./publish-script.js"),
  },
  {
    name: "publish run",
    summary: "Send a sample to its bucket by the rule of aws s3 sync: parallel, resumable, verified",
    load: () => import("./publish-run.js"),
  },
  {
    name: "publish verify",
    summary: "Compare a bucket with its sources: missing, extra and differing objects",
    load: () => import("./publish-verify.js"),
  },
  {
    name: "publish tree",
    summary: "Send a standardised tree, or a part of it, to its bucket or folder: metadata last, resumable, verified",
    load: () => import("./publish-tree.js"),
  },
  {
    name: "publish neurons",
    summary: "Write the neuron lists of a bucket's dates, from the neuron service and the bucket's tracings",
    load: () => import("./publish-neurons.js"),
  },
  {
    name: "blocks run",
    summary: "Compute the outputs of a graph, block by block",
    load: () => import("./blocks-run.js"),
  },
  {
    name: "blocks plan",
    summary: "Check a graph against its inputs, and show its stages, tasks, memory and outputs; write nothing",
    load: () => import("./blocks-plan.js"),
  },
  {
    name: "blocks preflight",
    summary: "Measure some blocks of a volume or graph: what bounds a run, how long it takes, better numbers",
    load: () => import("./blocks-preflight.js"),
  },
  {
    name: "blocks check",
    summary: "Check volumes before they are read in blocks: type, scale, place, levels, contrast, gaps",
    load: () => import("./blocks-check.js"),
  },
  {
    name: "blocks bench",
    summary: "Measure how fast blocks of a volume can be read: blocks a second, bytes, requests",
    load: () => import("./blocks-bench.js"),
  },
  {
    name: "blocks ls",
    summary: "List the levels of a volume: shape, type, chunks, shards, voxel size, offset, codec",
    load: () => import("./blocks-ls.js"),
  },
  {
    name: "blocks stream",
    summary: "Serve blocks of volumes in batches to Python: NumPy arrays and PyTorch tensors over shared memory",
    load: () => import("./blocks-stream.js"),
  },
  {
    name: "engine work",
    summary: "Do one slice of a run, as the jobs of a cluster call it",
    load: () => import("./engine-work.js"),
  },
  {
    name: "engine gate",
    summary: "Look at a run once and submit what is to be done next, as the jobs of a cluster call it",
    load: () => import("./engine-gate.js"),
  },
  {
    name: "engine status",
    summary: "Show how far a run on a cluster is: stages, slices, failures",
    load: () => import("./engine-status.js"),
  },
  {
    name: "engine resume",
    summary: "Go on with a run that was cancelled or whose jobs are gone, on the same engine or another",
    load: () => import("./engine-resume.js"),
  },
  {
    name: "engine cancel",
    summary: "End a run on a cluster: no job of it stays, what was done is kept",
    load: () => import("./engine-cancel.js"),
  },
  {
    name: "engine dead",
    summary: "List what a run on a cluster has given up, and why",
    load: () => import("./engine-dead.js"),
  },
  {
    name: "engine gc",
    summary: "Remove what ended runs have left in a target, and keep their receipts",
    load: () => import("./engine-gc.js"),
  },
  {
    name: "engine export",
    summary: "Write a run as a workflow for Snakemake, Nextflow, Argo or a shell",
    load: () => import("./engine-export.js"),
  },
  {
    name: "serve",
    summary: "Open volumes, folders, buckets and trees in a browser; serve a tree as your own portal",
    load: () => import("./serve.js"),
  },
  {
    name: "access link",
    summary: "Add a reviewer's link to the access rules of a server",
    load: () => import("./access-link.js"),
  },
  {
    name: "verify",
    summary: "Verify a standardised tree: objects present, decodable, checksums right, pyramids correct",
    load: () => import("./verify.js"),
  },
  {
    name: "doctor",
    summary: "Check what emporium can use on this machine, and what is missing",
    load: () => import("./doctor.js"),
  },
  {
    name: "demo",
    summary: "Go the whole way with a miniature laboratory, from a portal to a page in a browser",
    load: () => import("./demo.js"),
  },
  {
    name: "completion",
    summary: "Print a completion script for bash, zsh or fish",
    load: () => import("./completion.js"),
  },
];

/** Names that the command line keeps for later versions: asking for one is answered plainly and not with a guess at another. */
export const RESERVED: readonly string[] = [];

export const GROUPS: Readonly<Record<string, string>> = {
  access: "Who sees what of a server: links for reviewers",
  harvest: "From a portal to files, facts and a table",
  curate: "A laboratory's drives against a portal: inventory, runs, labels",
  ingest: "From a deposition to the portal's layout",
  catalog: "Data sets, files and frames in a database, and the portal's tables",
  engine: "Runs on clusters: how far they are, going on, ending them",
  blocks: "Volumes block by block: for models, and through graphs of operators",
  publish: "Standardised trees and finished samples to a bucket: plans, scripts, transfers, proofs",
};
