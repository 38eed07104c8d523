import type { Steady } from "../../../catalog/steady.js";
import type { JsonObject } from "../../../core/json.js";
import type { FrameRow, FramesGlobal } from "../frames/frame.js";
import type { FrameSelection } from "../select.js";
import type { Where } from "../where.js";

/** A data set that is to be inserted. */
export interface NewDataset {
  readonly dataset_serial: string;
  readonly description: string | null;
  readonly microscope: string | null;
  /** Local time without a zone: `2005-06-09T20:00:00`. */
  readonly date_time: string;
  /** Serial of the data set that it was made from; it must be there when the transaction ends. */
  readonly parent: string | null;
}

/** A data set as it is stored. */
export interface StoredDataset extends NewDataset {
  readonly frames: boolean;
  /** Exactly one of these two, by `frames`. */
  readonly file: FileGlobal | undefined;
  readonly framesGlobal: FramesGlobal | undefined;
}

/** The row of a data set that is one file. */
export interface FileGlobal {
  readonly storage_dir: string;
  /** Null in rows that an older catalogue wrote before it kept names. */
  readonly file_name: string | null;
  readonly metadata_json: JsonObject | null;
  /** Of the file's bytes. Null in rows of an older catalogue. */
  readonly sha256: string | null;
}

export interface InsertOptions {
  /** Put it in the place of what has its serial. Otherwise that is refused. */
  readonly overwrite: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface FramesOptions {
  /** Read `metadata_json` as well, which may be kilobytes a frame. Default false: it is null. */
  readonly metadata?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which data sets are wanted. What is not given does not restrict; text is compared as it stands, capitals count. */
export interface DatasetQuery {
  /** The whole serial. */
  readonly serial?: string | undefined;
  /** The part of the serial before the first dash. */
  readonly project?: string | undefined;
  /** Within the microscope's name; so `description`. */
  readonly microscope?: string | undefined;
  readonly description?: string | undefined;
  /** First and last moment, both included: `2010-05-15T23:59:59`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly where?: Where | undefined;
}

/** What a list of data sets shows of each. */
export interface DatasetSummary extends NewDataset {
  readonly frames: boolean;
  /** Serials of the data sets that were made from it, sorted. */
  readonly children: readonly string[];
  readonly framesGlobal?: Omit<FramesGlobal, "metadata_json"> | undefined;
  readonly file?: Omit<FileGlobal, "metadata_json"> | undefined;
}

/**
 * The rows of a catalogue. Each call is one transaction: done whole or not at all. Serials and file names are ordered by their bytes (`"C"`), whatever the
 * database's collation. A frame's name is unique in its data set.
 */
export interface CatalogRepository {
  /** For people: where the rows are, without secrets. */
  readonly name: string;
  /** For inserts: does one again while the rows' server is away. */
  readonly steady: Steady;
  findDataset(serial: string, signal?: AbortSignal): Promise<StoredDataset | undefined>;
  /**
   * A data set that is one file. With `overwrite` what has the serial already is replaced, and its own children stay its children.
   *
   * @throws {EmporiumError} DATABASE_CONFLICT: the serial is there already (`Dataset … already exists in database`), also where another process was
   *   faster; CONFIG_RULE: no such parent.
   */
  insertFile(dataset: NewDataset, file: FileGlobal, options: InsertOptions): Promise<void>;
  /**
   * A data set of frames. They are taken one by one, so that memory does not grow with their number.
   *
   * @throws {EmporiumError} as `insertFile`, and what the iteration throws: then nothing has changed.
   */
  insertFrames(dataset: NewDataset, global: FramesGlobal, frames: AsyncIterable<FrameRow>, options: InsertOptions): Promise<void>;
  /** Frames of a data set that are wanted, by file name. None for a data set that is not there. */
  framesOf(serial: string, selection: FrameSelection, options?: FramesOptions): AsyncIterable<FrameRow>;
  /** Removes a data set with its file's or frames' rows. @throws {EmporiumError} DATABASE_CONFLICT while it has children. */
  removeDataset(serial: string): Promise<boolean>;
  /** Data sets that are wanted, by serial. */
  query(query: DatasetQuery, signal?: AbortSignal): AsyncIterable<DatasetSummary>;
  close(): Promise<void>;
}
