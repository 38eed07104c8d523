import type { HeadFacts } from "./head-facts.js";

/**
 * A folder in the inventory: one line of JSON, `{"p":…,"m":…,"c":…,"t":[…],"k":{…},"y":{…},"d":[…],"e":[…]}`. Names have no path,
 * so a million files take some 40 MB. A very large folder has several lines; further lines repeat only the path.
 */
export interface FolderRecord {
  /** Path below the root, "" for the root. */
  readonly path: string;
  /** Last change of the folder's list of names, and of the folder itself, in µs since 1970. */
  readonly mtimeUs: number;
  readonly ctimeUs: number;
  /** The folder was not changed shortly before it was listed, so an equal time means equal names. */
  readonly settled: boolean;
  readonly folders: readonly string[];
  readonly files: readonly FileRow[];
  /** Why the folder, or some of its names, could not be read. */
  readonly failure?: FolderFailure | undefined;
}

export interface RowFacts {
  /** Absent: a regular file. Links are recorded and never followed. */
  type?: "link" | "broken-link" | "special";
  head?: HeadFacts;
}

/** Name, bytes, last change in µs since 1970, and further facts. */
export type FileRow =
  | [name: string, size: number, mtimeUs: number]
  | [name: string, size: number, mtimeUs: number, more: RowFacts];

export interface FolderFailure {
  /** An errno: `EACCES`. */
  readonly errno: string;
  /** The number of names that could not be examined; undefined: the folder could not be listed. */
  readonly names?: number | undefined;
}
