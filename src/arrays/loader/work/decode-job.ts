import type { Triple } from "../../../core/box.js";
import type { ErrorRecord } from "../../../core/errors.js";
import type { ChunkCoding } from "../chunked.js";

/** Data that a decoding thread starts with. */
export interface DecoderData {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/** Boxes of chunks of one level, decoded into the shared memory. */
export interface DecodeJob {
  /** Name of the level in messages. */
  readonly name: string;
  readonly coding: ChunkCoding;
  /** Voxels of a chunk. */
  readonly chunk: Triple;
  readonly parts: readonly DecodePart[];
  /** Memory of this job alone. */
  readonly scratch: { readonly at: number; readonly length: number };
  /** Bytes that the job may take beside the scratch. */
  readonly aside: number;
}

export interface DecodePart {
  readonly cell: Triple;
  readonly source: FileSource | MemorySource;
  /** The box of the chunk that is decoded. */
  readonly from: Triple;
  readonly to: Triple;
  /** Address of the box. */
  readonly target: number;
  /** Bytes from row to row and from plane to plane there. Default: packed in C order. */
  readonly rowStride?: number | undefined;
  readonly planeStride?: number | undefined;
  /** The same of further chunks of the file that are not compressed. */
  readonly repeat?: Repeat | undefined;
}

/** Chunks at the same distance, bytes from one to the next in the file and in memory. */
export interface Repeat {
  /** The first among them. */
  readonly count: number;
  readonly offset: number;
  readonly target: number;
}

/** A chunk in a file, which the thread reads itself. */
export interface FileSource {
  readonly path: string;
  /** Range of the file. Default: the whole file. */
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
  /** The file must be of this version. */
  readonly etag?: string | undefined;
}

/** A chunk, or a piece of one that is not compressed, in the shared memory. */
export interface MemorySource {
  readonly at: number;
  readonly length: number;
  /** Bytes of the chunk before the piece. */
  readonly skipped: number;
}

export interface DecodeResult {
  /**
   * Results of the first parts, in their order. They are fewer than the parts of the job where the next one needs more memory
   * than it has.
   */
  readonly parts: readonly PartResult[];
  /** Bytes of scratch, and of memory beside it, that the next part needs; absent where all parts are done. */
  readonly need?: { readonly scratch: number; readonly aside: number } | undefined;
  readonly waitMs: number;
  readonly decodeMs: number;
}

export interface PartResult {
  readonly storedBytes: number;
  readonly decodedBytes: number;
  /** Reads of the file. */
  readonly reads: number;
  /** There is no such file: nothing was written to the target. */
  readonly absent?: boolean | undefined;
  readonly error?: ErrorRecord | undefined;
}
