import type { FolderFailure } from "./folder-facts.js";
import type { HeadFacts } from "./head-facts.js";

/** The data that a thread starts with. */
export interface ThreadSetup {
  /** Absolute path of the root, without a `/` at its end. */
  root: string;
  /** The thread's own file for the folders that it lists. */
  segment: string | undefined;
  /** Folders of earlier scans: the table, and its files. */
  known: { table: SharedArrayBuffer; files: string[] };
  /** Time at which the scan began. A folder that was changed shortly before may change again with the same time. */
  startedMs: number;
  /** List every folder, also unchanged ones. */
  full: boolean;
}

export type ThreadJob =
  | { kind: "walk"; folders: string[] }
  /** Heads of files: the names in each folder. */
  | { kind: "heads"; folders: { path: string; names: string[] }[] }
  | { kind: "flush" };

/** Listed folders, with position and length of their blocks in the thread's segment. */
export interface Walked {
  paths: string[];
  offsets: number[];
  lengths: number[];
  files: number;
  bytes: number;
  /** Milliseconds that the listing took. */
  ms: number;
  /** Number of `paths` that had not changed since an earlier scan. */
  reused: number;
  links: number;
  failures: { path: string; failure: FolderFailure }[];
  /** Folders below that are not listed yet. */
  rest: string[];
}

export type ThreadAnswer = { kind: "walk"; walked: Walked } | { kind: "heads"; heads: HeadFacts[][] } | { kind: "flush" };
