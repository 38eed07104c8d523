import type { JsonObject } from "../../../core/json.js";

/** A folder of this machine as copick's configurations write it. fsspec takes what follows the slashes as it stands. */
export function localUrl(path: string): string {
  return `local://${path.replaceAll("\\", "/")}`;
}

/** Where a project's files that nobody may change are, as copick's configuration says it. */
export interface StaticRoot {
  readonly static_root: string;
  /** For fsspec. */
  readonly static_fs_args: JsonObject;
}

/**
 * Takes the files of a project one by one, with copick's own paths (`ExperimentRuns/TS_001/…`). They appear at `finish`.
 */
export interface StaticWriter {
  /** A volume of the tree, by the key of its folder, which is not copied. */
  volume(path: string, key: string): Promise<void>;
  /** A file that is made for copick. */
  text(path: string, pieces: AsyncIterable<string>): Promise<void>;
  finish(): Promise<StaticRoot>;
  /** Lets everything go that `finish` has not placed. */
  abandon(): Promise<void>;
}
