import type { Box, Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { Compression } from "../../../formats/compression.js";
import type { TiffImage } from "../../../formats/tiff/image.js";
import type { PlaneForm } from "../../plane/convert.js";
import type { PlaneFile } from "../../plane/open.js";
import type { AbsentChunks, Plane, PlaneChoice } from "../../plane/plane.js";

/** A file of this machine's disks, as it was when it was looked at. */
export interface LocalPlaneFile {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  readonly known: PlaneFile;
  /** Compression of the whole file, which is then read from its front; `sizeBytes` counts the decompressed bytes. */
  readonly compression?: Compression | undefined;
  /** Byte of the file at which the compressed part begins. Default 0: the whole file. */
  readonly compressedFrom?: number | undefined;
}

interface FileJob {
  readonly file: LocalPlaneFile;
  /** Flag in shared memory: 1 when nobody waits for the job any more. */
  readonly stop: Int32Array;
  /** Decoded bytes that the thread keeps, of all files. */
  readonly keptBytes: number;
  /** Bytes that decoding one strip or tile may take. */
  readonly needMax: number;
}

/** Work of one thread. */
export type PlaneJob =
  | ({ readonly kind: "plane"; readonly choice: PlaneChoice; readonly form: PlaneForm } & FileJob)
  | ({ readonly kind: "box"; readonly box: Box; readonly step: Triple } & FileJob)
  | { readonly kind: "form"; readonly plane: Plane; readonly form: PlaneForm }
  | ({ readonly kind: "head" } & CompressedHead)
  | ({ readonly kind: "rows" } & TiffRows);

/** The first bytes behind a compression of a file of this machine. */
export interface CompressedHead {
  readonly path: string;
  readonly name: string;
  readonly compression: "gzip" | "bzip2";
  readonly wantedBytes: number;
}

/** Rows of a page whose stored bytes another thread has read. */
export interface TiffRows {
  readonly name: string;
  readonly image: TiffImage;
  readonly y0: number;
  readonly y1: number;
  readonly stored: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface PlaneResult {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
  readonly bytes: Uint8Array;
  /** Milliseconds spent on reading the file, and on all else. */
  readonly readMs: number;
  readonly decodeMs: number;
  readonly absent?: AbsentChunks | undefined;
}
