import type { Box, Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
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
  /** Of the whole file: it is read from its front. `sizeBytes` are then those of what is behind it. */
  readonly compression?: "gzip" | "bzip2" | undefined;
}

interface FileJob {
  readonly file: LocalPlaneFile;
  /** 1: nobody waits any more. */
  readonly stop: Int32Array;
  /** Decoded bytes that the thread keeps, of all files. */
  readonly keptBytes: number;
}

/** Work of one thread. */
export type PlaneJob =
  | ({ readonly kind: "plane"; readonly choice: PlaneChoice; readonly form: PlaneForm } & FileJob)
  | ({ readonly kind: "box"; readonly box: Box; readonly step: Triple } & FileJob)
  | { readonly kind: "form"; readonly plane: Plane; readonly form: PlaneForm };

export interface PlaneResult {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
  readonly bytes: Uint8Array;
  /** For the file, and for all else. */
  readonly readMs: number;
  readonly decodeMs: number;
  readonly absent?: AbsentChunks | undefined;
}
