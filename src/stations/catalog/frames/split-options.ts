import type { ReadOptions } from "../../../core/bytes.js";
import type { Place } from "../../../core/errors.js";
import type { MetaSchema } from "../inputs/meta-schema.js";
import type { FrameSet } from "./frame.js";
import type { FrameSource } from "./frame-source.js";
import type { DatasetNameParser, FrameNameParser } from "./name-parsers.js";

/** What a splitter may be told beside its source. */
export interface SplitOptions extends ReadOptions {
  /** `ome_tiff`: what the metadata of a frame must hold. */
  readonly schema: MetaSchema;
  /** `ome_tiff` of a folder: positions that are wanted. */
  readonly positions?: readonly number[] | undefined;
  /** `tif_folder`: takes file names apart. */
  readonly frameName: FrameNameParser;
  /** `tif_id`: makes metadata of the file's name. */
  readonly datasetName?: DatasetNameParser | undefined;
  /** For errors: the row of the table. */
  readonly place?: Place | undefined;
}

export type Splitter = (source: FrameSource, options: SplitOptions) => Promise<FrameSet>;
