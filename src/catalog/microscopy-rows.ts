import type { ColumnType, Generated, GeneratedAlways } from "kysely";

/** Schema of the microscopy catalogue: data sets, files and frames. */
export const MICROSCOPY_SCHEMA = "emporium_microscopy";

/** JSON is read as it is and written as text: the driver would take a bare array for one of PostgreSQL's own. */
type Json = ColumnType<unknown, string, string>;

/** A data set with its identifier: a file, or frames. */
interface DataSetRow {
  id: Generated<number>;
  /** `ISP-2018-06-08-15-45-00-0001`. */
  dataset_serial: string;
  description: string | null;
  microscope: string | null;
  /**
   * Kind of the data set: it has a row in `frames_global` or in `file_global`. Exactly that one must exist when a transaction
   * ends.
   */
  frames: boolean;
  /** Local time, from the serial: `2018-06-08T15:45:00`. */
  date_time: string;
  parent_id: number | null;
}

/** A file kept as it is. */
interface FileGlobalRow {
  id: Generated<number>;
  dataset_id: number;
  is_frames: GeneratedAlways<boolean>;
  storage_dir: string;
  /** Null in rows that an older catalogue wrote before it kept names. */
  file_name: string | null;
  metadata_json: Json;
  /** SHA-256 of the file. Null in rows of an older catalogue. */
  sha256: string | null;
}

/** Properties that all frames of a data set share. Counts are of distinct indices. */
export interface FramesGlobalRow {
  id: Generated<number>;
  dataset_id: number;
  is_frames: GeneratedAlways<boolean>;
  nbr_frames: number;
  im_width: number;
  im_height: number;
  nbr_slices: number;
  nbr_channels: number;
  im_colors: number;
  nbr_timepoints: number;
  nbr_positions: number;
  bit_depth: string;
  storage_dir: string;
  metadata_json: Json;
}

/** One image. */
interface FrameRow {
  id: Generated<number>;
  frames_global_id: number;
  channel_idx: number;
  /** Null where the file name did not have it, in rows of an older catalogue. The same for `time_idx` and `pos_idx`. */
  slice_idx: number | null;
  time_idx: number | null;
  pos_idx: number | null;
  channel_name: string | null;
  file_name: string;
  /** SHA-256 of the decoded pixels. */
  sha256: string | null;
  metadata_json: Json;
}

export interface MicroscopyTables {
  "emporium_microscopy.data_set": DataSetRow;
  "emporium_microscopy.file_global": FileGlobalRow;
  "emporium_microscopy.frames_global": FramesGlobalRow;
  "emporium_microscopy.frames": FrameRow;
}
