import type { HeadFacts } from "./head-facts.js";

/**
 * A folder of the archive as the inventory keeps it: one line of JSON, `{"p":…,"m":…,"c":…,"t":[…],"k":{…},"y":{…},"d":[…],"e":[…]}`. Names stand once, without their path, so that
 * a million files take some 40 MB. A folder of very many files goes over several lines; those behind the first repeat the path alone.
 */
export interface FolderRecord {
  /** Path below the root, "" for the root. */
  readonly path: string;
  /** Last change of the folder's list of names, and of the folder itself: µs since 1970. */
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  /** Nothing was changed shortly before it was listed, so equal times mean equal names. */
  readonly settled: boolean;
  readonly folders: readonly string[];
  readonly files: readonly FileRow[];
  /** Why it, or some of what is in it, could not be looked at. */
  readonly failure?: FolderFailure | undefined;
}

export interface RowFacts {
  /** Absent: a regular file. Links are noted and never followed, so a loop of them does no harm. */
  type?: "link" | "broken-link" | "special";
  head?: HeadFacts;
}

/** Name, bytes, last change in µs since 1970, and what else is known of it. */
export type FileRow =
  | [name: string, size: number, mtimeUs: number]
  | [name: string, size: number, mtimeUs: number, more: RowFacts];

export interface FolderFailure {
  /** An errno: `EACCES`. */
  readonly errno: string;
  /** Names that were seen and cannot be looked at; undefined: the folder itself cannot be listed. */
  readonly names?: number | undefined;
}
