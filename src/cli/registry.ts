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
export const RESERVED = ["curate", "publish", "blocks", "engine", "serve"] as const;

export const GROUPS: Readonly<Record<string, string>> = {
  harvest: "From a portal to files, facts and a table",
  ingest: "From a deposition to the portal's layout",
  catalog: "Data sets, files and frames in a database, and the portal's tables",
};
