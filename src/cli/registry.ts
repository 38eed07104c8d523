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
    summary: "Ask portals what they know of data sets, and where the data are",
    load: () => import("./harvest-describe.js"),
  },
  {
    name: "harvest peek",
    summary: "Show shape, type and voxel size of images anywhere, reading their headers only",
    load: () => import("./harvest-peek.js"),
  },
  {
    name: "harvest download",
    summary: "Fetch whole files and volumes from a portal, a link, a folder or a bucket; fast, checked, resumable",
    load: () => import("./harvest-download.js"),
  },
  {
    name: "harvest inspect",
    summary: "Write the normalised record of images: what their files say, and what their portals add",
    load: () => import("./harvest-inspect.js"),
  },
  {
    name: "harvest compare",
    summary: "Put data sets of any portals side by side: what their images are, and how they were taken",
    load: () => import("./harvest-compare.js"),
  },
  {
    name: "harvest demo",
    summary: "Start stand-ins of all portals on this machine, and harvest from them: facts, files, tables, a page",
    load: () => import("./harvest-demo.js"),
  },
  {
    name: "curate demo",
    summary: "Make a miniature archive of four drives, and curate it: inventory, runs, labels, a batch to submit",
    load: () => import("./curate-demo.js"),
  },
  {
    name: "curate scan",
    summary: "Take the inventory of drives: every file, its run and species, heads of volumes and models",
    load: () => import("./curate-scan.js"),
  },
  {
    name: "curate match",
    summary: "Find which folders of an archive are which runs of a portal",
    load: () => import("./curate-match.js"),
  },
  {
    name: "curate labels",
    summary: "Count which labels the models of an archive have, and draw the histogram",
    load: () => import("./curate-labels.js"),
  },
  {
    name: "curate collect",
    summary: "Gather the models of one label into a batch: named by the portal's runs, checksummed, recorded",
    load: () => import("./curate-collect.js"),
  },
  {
    name: "curate package",
    summary: "Turn a batch into an ingestion: a configuration, and annotation files that ingest run takes",
    load: () => import("./curate-package.js"),
  },
  {
    name: "curate batches",
    summary: "The ledger of batches: what was collected, sent, accepted; what is left, the largest first",
    load: () => import("./curate-batches.js"),
  },
  {
    name: "curate hygiene",
    summary: "List what is not what it seems: sidecars of macOS, backups, empty and damaged files, odd names",
    load: () => import("./curate-hygiene.js"),
  },
  {
    name: "curate missing",
    summary: "List the runs of an archive that the portal does not have, by species, the largest first",
    load: () => import("./curate-missing.js"),
  },
  {
    name: "curate modinfo",
    summary: "Show what IMOD models hold: objects, points, meshes, slicer angles, and the volume they were drawn on",
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
    name: "ingest plan",
    summary: "Show what ingest run would read, write and skip, touching nothing",
    load: () => import("./ingest-plan.js"),
  },
  {
    name: "ingest new",
    summary: "Write a configuration: from what a folder holds, or from answers to questions",
    load: () => import("./ingest-new.js"),
  },
  {
    name: "ingest check",
    summary: "Check configurations: every fault with its line, what was found and what was wanted",
    load: () => import("./ingest-check.js"),
  },
  {
    name: "ingest validate",
    summary: "Hold sources or a finished tree against every rule of the portal, and their spacings against each other",
    load: () => import("./ingest-validate.js"),
  },
  {
    name: "ingest upgrade",
    summary: "Bring configurations of older versions to the current one, comments and anchors kept",
    load: () => import("./ingest-upgrade.js"),
  },
  {
    name: "ingest convert",
    summary: "Convert one MRC volume to MRC and OME-Zarr, without a config",
    load: () => import("./ingest-convert.js"),
  },
  {
    name: "catalog init",
    summary: "Make the catalogue's database, with all tables and roles",
    load: () => import("./catalog-init.js"),
  },
  {
    name: "catalog migrate",
    summary: "Bring the database's tables to this version, and take over an older catalogue that is found there",
    load: () => import("./catalog-migrate.js"),
  },
  {
    name: "catalog status",
    summary: "Say which database is used, what is in it, and whether its tables are of this version",
    load: () => import("./catalog-status.js"),
  },
  {
    name: "catalog upload",
    summary: "Upload data sets of a table: files as they are, or images split into frames; then their rows",
    load: () => import("./catalog-upload.js"),
  },
  {
    name: "catalog download",
    summary: "Fetch a data set, or some of its frames, with its metadata; every checksum compared",
    load: () => import("./catalog-download.js"),
  },
  {
    name: "catalog query",
    summary: "List the data sets that fulfil a query",
    load: () => import("./catalog-query.js"),
  },
  {
    name: "catalog verify",
    summary: "Hold the catalogue's storage against its database: all there, checksums right, nothing else",
    load: () => import("./catalog-verify.js"),
  },
  {
    name: "catalog import",
    summary: "Read a standardised tree into the portal's tables: what is new, changed or gone",
    load: () => import("./catalog-import.js"),
  },
  {
    name: "catalog export copick",
    summary: "Write a copick project for a server or a tree: runs, tomograms, picks, segmentations",
    load: () => import("./catalog-export-copick.js"),
  },
  {
    name: "publish plan",
    summary: "Look which products of a sample are there, and say what would go where in the bucket",
    load: () => import("./publish-plan.js"),
  },
  {
    name: "publish script",
    summary: "Write shell scripts that send a sample to its bucket, directly or as jobs of LSF or Slurm",
    load: () => import("./publish-script.js"),
  },
  {
    name: "publish run",
    summary: "Send a sample to its bucket: as aws s3 sync decides, side by side, resumable, verified",
    load: () => import("./publish-run.js"),
  },
  {
    name: "publish verify",
    summary: "Hold a bucket against what was sent to it: what is missing, extra, of another size or content",
    load: () => import("./publish-verify.js"),
  },
  {
    name: "publish tree",
    summary: "Send a standardised tree, or a part of it, to its bucket or folder: metadata last, resumable, checked",
    load: () => import("./publish-tree.js"),
  },
  {
    name: "publish neurons",
    summary: "Write the neuron lists of a bucket's dates, from the service of neurons and what is there",
    load: () => import("./publish-neurons.js"),
  },
  {
    name: "serve",
    summary: "One's own portal: GraphQL, files and S3 of a standardised tree, for the official client",
    load: () => import("./serve.js"),
  },
  {
    name: "verify",
    summary: "Prove a standardised tree: every object there, decodable, checksummed, every pyramid true",
    load: () => import("./verify.js"),
  },
  {
    name: "doctor",
    summary: "Say what of this machine emporium can use, and what is missing",
    load: () => import("./doctor.js"),
  },
  {
    name: "demo",
    summary: "Make a miniature laboratory, ingest it, and open it in Neuroglancer",
    load: () => import("./demo.js"),
  },
  {
    name: "completion",
    summary: "Print a completion script for bash, zsh or fish",
    load: () => import("./completion.js"),
  },
];

/** Names that the command line keeps for later versions: asking for one is answered plainly and not with a guess at another. */
export const RESERVED = ["blocks", "engine"] as const;

export const GROUPS: Readonly<Record<string, string>> = {
  harvest: "From a portal to files, facts and a table",
  curate: "A laboratory's drives against a portal: inventory, runs, labels",
  ingest: "From a deposition to the portal's layout",
  catalog: "Data sets, files and frames in a database, and the portal's tables",
  publish: "Standardised trees and finished samples to a bucket: plans, scripts, transfers, proofs",
};
