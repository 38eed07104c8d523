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

/** Work of one thread. */
export type PlaneJob =
  | {
      readonly kind: "plane";
      readonly file: LocalPlaneFile;
      readonly choice: PlaneChoice;
      readonly form: PlaneForm;
      readonly stop: Int32Array;
    }
  | { readonly kind: "box"; readonly file: LocalPlaneFile; readonly box: Box; readonly step: Triple; readonly stop: Int32Array }
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
