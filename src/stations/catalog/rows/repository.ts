import type { Steady } from "../../../catalog/steady.js";
import type { Json, JsonObject } from "../../../core/json.js";
import type { FrameRow, FramesGlobal } from "../frames/frame.js";
import type { FrameSelection } from "../select.js";
import type { DistinctSubject, Where } from "../where.js";

/** A data set to insert. */
export interface NewDataset {
  readonly dataset_serial: string;
  readonly description: string | null;
  readonly microscope: string | null;
  /** Local time without a zone: `2005-06-09T20:00:00`. */
  readonly date_time: string;
  /** Serial of the data set that it was made from. It must exist at the end of the transaction. */
  readonly parent: string | null;
}

export interface StoredDataset extends NewDataset {
  readonly frames: boolean;
  /** Row of the file; the next field is that of the frames. Exactly one of them is set, by `frames`. */
  readonly file: FileGlobal | undefined;
  readonly framesGlobal: FramesGlobal | undefined;
}

/** The row of a data set that is one file. */
export interface FileGlobal {
  readonly storage_dir: string;
  /** Null in older rows, which have no names. */
  readonly file_name: string | null;
  readonly metadata_json: JsonObject | null;
  /** SHA-256 of the file. Null in rows of an older catalogue. */
  readonly sha256: string | null;
}

export interface InsertOptions {
  /** Replace an existing data set with this serial. Otherwise it is refused. */
  readonly overwrite: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface FramesOptions {
  /** Also read `metadata_json`, which may be kilobytes for each frame. Default false: it is null. */
  readonly metadata?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Conditions on data sets; missing ones do not restrict. Case matters. */
export interface DatasetQuery {
  /** The whole serial. */
  readonly serial?: string | undefined;
  /** The part of the serial before the first dash. */
  readonly project?: string | undefined;
  /** Part of the microscope's name. The same for `description`. */
  readonly microscope?: string | undefined;
  readonly description?: string | undefined;
  /** First time, and below last one, both included: `2010-05-15T23:59:59`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly where?: Where | undefined;
  /** Only serials after this one. */
  readonly after?: string | undefined;
}

/** A value, and the number of data sets that have it. */
export interface DistinctValue {
  readonly value: Json;
  readonly datasets: number;
}

/** A data set in a list. */
export interface DatasetSummary extends NewDataset {
  readonly frames: boolean;
  /** Serials of the data sets that were made from it, sorted. */
  readonly children: readonly string[];
  readonly framesGlobal?: Omit<FramesGlobal, "metadata_json"> | undefined;
  readonly file?: Omit<FileGlobal, "metadata_json"> | undefined;
}

/**
 * The rows of a catalogue. Each call is one transaction. Serials and file names are sorted by their bytes (`"C"`), whatever the
 * database's collation. A frame's name is unique in its data set.
 */
export interface CatalogRepository {
  /** Location of the rows for people, without secrets. */
  readonly name: string;
  /** Repeats inserts while the rows' server is away. */
  readonly steady: Steady;
  findDataset(serial: string, signal?: AbortSignal): Promise<StoredDataset | undefined>;
  /**
   * Inserts a data set that is one file. With `overwrite` an existing one is replaced, and keeps its children.
   *
   * @throws {EmporiumError} DATABASE_CONFLICT: the serial exists (`Dataset … already exists in database`), perhaps since a
   *   moment ago; CONFIG_RULE: no such parent
   */
  insertFile(dataset: NewDataset, file: FileGlobal, options: InsertOptions): Promise<void>;
  /**
   * Inserts a data set of frames, one by one, so that memory does not grow with their number.
   *
   * @throws {EmporiumError} as `insertFile`, and what the iteration throws: then nothing has changed
   */
  insertFrames(dataset: NewDataset, global: FramesGlobal, frames: AsyncIterable<FrameRow>, options: InsertOptions): Promise<void>;
  /** The selected frames of a data set, sorted by file name. None for an unknown data set. */
  framesOf(serial: string, selection: FrameSelection, options?: FramesOptions): AsyncIterable<FrameRow>;
  /** Removes a data set with its file's or frames' rows. @throws {EmporiumError} DATABASE_CONFLICT if it has children */
  removeDataset(serial: string): Promise<boolean>;
  /** The selected data sets, sorted by serial. */
  query(query: DatasetQuery, signal?: AbortSignal): AsyncIterable<DatasetSummary>;
  /** The distinct values that the selected data sets have, without null: texts by their bytes, other values by PostgreSQL's order of JSON. */
  distinct(subject: DistinctSubject, query: DatasetQuery, limit: number, signal?: AbortSignal): Promise<DistinctValue[]>;
  close(): Promise<void>;
}
