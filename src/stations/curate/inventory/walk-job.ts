import type { FolderFailure } from "./folder-facts.js";
import type { HeadFacts } from "./head-facts.js";

/** What a thread is told once. */
export interface ThreadSetup {
  /** Absolute path of the root, without a `/` at its end. */
  root: string;
  /** The thread's own file for the folders that it lists. */
  segment: string | undefined;
  /** Folders of earlier scans: the table, and the files it speaks of. */
  known: { table: SharedArrayBuffer; files: string[] };
  /** When the scan began: what was changed shortly before may change again unseen. */
  startedMs: number;
  /** List every folder, whatever its time says. */
  full: boolean;
}

export type ThreadJob =
  | { kind: "walk"; folders: string[] }
  /** Heads of files: the names in each folder. */
  | { kind: "heads"; folders: { path: string; names: string[] }[] }
  | { kind: "flush" };

/** Folders that were listed: where their blocks begin in the thread's segment, and how long they are. */
export interface Walked {
  paths: string[];
  offsets: number[];
  lengths: number[];
  files: number;
  bytes: number;
  /** How long it took. */
  ms: number;
  /** Of `paths`, those that were taken over from an earlier scan. */
  reused: number;
  links: number;
  failures: { path: string; failure: FolderFailure }[];
  /** Folders below that nobody has listed yet. */
  rest: string[];
}

export type ThreadAnswer = { kind: "walk"; walked: Walked } | { kind: "heads"; heads: HeadFacts[][] } | { kind: "flush" };
