import type { JsonObject } from "../../../core/json.js";

/** URL of a folder of this machine in copick's configurations. fsspec takes the text after the slashes unchanged. */
export function localUrl(path: string): string {
  return `local://${path.replaceAll("\\", "/")}`;
}

/** Location of a project's read-only files, as copick's configuration states it. */
export interface StaticRoot {
  readonly static_root: string;
  /** Arguments for fsspec. */
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
  /** Removes everything that `finish` has not put into place. */
  abandon(): Promise<void>;
}
