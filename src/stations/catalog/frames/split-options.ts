import type { ReadOptions } from "../../../core/bytes.js";
import type { Place } from "../../../core/errors.js";
import type { MetaSchema } from "../inputs/meta-schema.js";
import type { FrameSet } from "./frame.js";
import type { FrameSource } from "./frame-source.js";
import type { DatasetNameParser, FrameNameParser } from "./name-parsers.js";

/** Options of a splitter. */
export interface SplitOptions extends ReadOptions {
  /** `ome_tiff`: the schema of a frame's metadata. */
  readonly schema: MetaSchema;
  /** `ome_tiff` of a folder: the selected positions. */
  readonly positions?: readonly number[] | undefined;
  /** `tif_folder`: parses file names. */
  readonly frameName: FrameNameParser;
  /** `tif_id`: makes metadata of the file's name. */
  readonly datasetName?: DatasetNameParser | undefined;
  /** For errors: the row of the table. */
  readonly place?: Place | undefined;
}

export type Splitter = (source: FrameSource, options: SplitOptions) => Promise<FrameSet>;
