import type { Triple } from "../../../core/box.js";
import type { PeekFacts } from "../../../formats/peek/facts.js";
import type { AxisSelection } from "../axes.js";
import type { ChunkedLevel } from "../chunked.js";

/** A dataset of a file of this machine. */
export interface Hdf5Place {
  readonly path: string;
  /** Its path in the file; a file with a single image or volume needs none. */
  readonly dataset: string | undefined;
  readonly select: AxisSelection;
  /** Name of the dataset in messages. */
  readonly name: string;
}

/** Facts of an open dataset. */
export type Hdf5Level = Pick<ChunkedLevel, "shape" | "chunk" | "dtype" | "itemBytes" | "voxelSizeNm" | "codec" | "notes">;

/**
 * Job for the thread that has the library. `id` is that of an open dataset; a thread that does not know it opens the dataset
 * again. `heapBytes` limits the library's memory.
 */
export type Hdf5Job = { readonly heapBytes: number } & (
  | { readonly kind: "peek"; readonly path: string; readonly name: string }
  | { readonly kind: "open"; readonly id: number; readonly place: Hdf5Place }
  | { readonly kind: "read"; readonly id: number; readonly place: Hdf5Place; readonly cell: Triple }
  | { readonly kind: "close"; readonly id: number }
);

export type Hdf5Result = {
  /** Bytes of memory that the library has taken so far. */
  readonly heapBytes: number;
} & (
  | { readonly kind: "peek"; readonly images: PeekFacts[] }
  | { readonly kind: "open"; readonly facts: Hdf5Level }
  | { readonly kind: "read"; readonly plain: Uint8Array<ArrayBuffer>; readonly storedBytes: number }
  | { readonly kind: "close" }
);
