import { encodeBlosc } from "../../../arrays/kernels/blosc.js";
import { boxCodecs } from "../../../arrays/stream/source/zarr-volume.js";
import { zstdEncoder } from "../../../arrays/stream/work/zstd-encoder.js";
import type { Box, Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { type DType, ITEM_BYTES } from "../../../core/dtype.js";
import type { ChunkOutputs } from "../../../engine/blocks/chunk-outputs.js";
import { type CodecRegistry, encodeChunk } from "../../../formats/zarr/codecs.js";
import { printZarray, type ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { readZarrBox } from "../../../formats/zarr/read.js";
import {
  parseZarrV3Array,
  printZarrV3,
  type V3Compressor,
  type ZarrV3Array,
  zarrV3ArrayMetadata,
} from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";
import { encodeV3Chunk } from "../../../formats/zarr/v3-write.js";
import { absent, type Store } from "../../../stores/store.js";

/** An array that tasks write and other tasks read before it has metadata. Plain JSON. */
export type StoredArray = {
  readonly zarr: 2 | 3;
  /** Key of its folder in the target, with a slash at its end. */
  readonly folder: string;
  readonly shape: Triple;
  readonly dtype: DType;
  readonly chunk: Triple;
  readonly shard: Triple | null;
  readonly codec: "blosc-lz4" | "zstd" | "raw";
};

/** What one object holds. */
export function objectShape({ chunk, shard }: Pick<StoredArray, "chunk" | "shard">): Triple {
  return shard ?? chunk;
}

export function outputsOf(array: StoredArray): ChunkOutputs {
  const prefix = array.zarr === 3 ? `${array.folder}c/` : array.folder;
  return { prefix, chunk: objectShape(array), separator: "/" };
}

/** The array's own document: key below its folder, and text. */
export function arrayDocument(array: StoredArray): { key: string; text: string } {
  return array.zarr === 3
    ? { key: "zarr.json", text: printZarrV3(v3Document(array)) }
    : { key: ".zarray", text: printZarray(v2Meta(array)) };
}

/** Reads and encodes parts of an array. */
export interface ArrayAccess {
  /** C order, the host's byte order. Objects that are not there are an error: a task that others need has failed. */
  read(box: Box, signal: AbortSignal): Promise<Uint8Array>;
  /** @param plain every voxel of one object, padding included; C order */
  encode(plain: Uint8Array): Promise<Uint8Array>;
}

export function accessArray(store: Store, array: StoredArray): ArrayAccess {
  const codecs = codecsFor(ITEM_BYTES[array.dtype]);
  const name = `${store.url}/${array.folder}`.replace(/\/$/, "");
  // the array's tasks write every object: what is not there must not be read as zeros
  const present = async (key: string, range: ByteRange | undefined, signal: AbortSignal) => {
    const bytes = await store.read(`${array.folder}${key}`, range, { signal });
    if (bytes) return bytes;
    throw absent(store, `${array.folder}${key}`);
  };
  if (array.zarr === 2) {
    const meta = v2Meta(array);
    return {
      read: (box, signal) => readZarrBox((key) => present(key, undefined, signal), meta, box, { codecs, name, signal }),
      encode: (plain) => encodeChunk(plain, meta.compressor, codecs),
    };
  }
  const meta = v3Meta(array);
  return {
    read: (box, signal) =>
      readZarrV3Box(
        {
          read: (key, range) => present(key, range, signal),
          size: async (key) => (await store.stat(`${array.folder}${key}`, { signal }))?.size,
        },
        meta,
        box,
        { codecs, name, signal },
      ),
    encode: (plain) => encodeV3Chunk(plain, meta, codecs),
  };
}

const COMPRESSORS: Readonly<Record<StoredArray["codec"], V3Compressor | undefined>> = {
  "blosc-lz4": { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" },
  zstd: { name: "zstd", level: 3 },
  raw: undefined,
};

function v3Document({ shape, dtype, chunk, shard, codec }: StoredArray) {
  return zarrV3ArrayMetadata({
    shape,
    dtype,
    chunks: chunk,
    shards: shard ?? undefined,
    compressor: COMPRESSORS[codec],
    dimensionNames: ["z", "y", "x"],
  });
}

function v3Meta(array: StoredArray): ZarrV3Array {
  return parseZarrV3Array(new TextEncoder().encode(printZarrV3(v3Document(array))));
}

function v2Meta({ shape, dtype, chunk, codec }: StoredArray): ZarrArrayMeta {
  const itemBytes = ITEM_BYTES[dtype];
  const blosc = { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 };
  return {
    shape,
    chunks: chunk,
    type: { dtype, itemBytes, swapBytes: itemBytes, littleEndian: true },
    compressor: codec === "raw" ? null : codec === "zstd" ? { id: "zstd", level: 3 } : blosc,
    fillValue: dtype === "bool" ? false : 0,
    order: "C",
    dimensionSeparator: "/",
  };
}

/** The readers' codecs, with our own encoders. */
function codecsFor(itemBytes: number): CodecRegistry {
  const own = boxCodecs();
  const zstd = zstdEncoder();
  return {
    ...own,
    blosc: (config) => ({ ...own.blosc!(config), encode: (plain) => encodeBlosc(plain, itemBytes) }),
    zstd: (config) => ({ ...own.zstd!(config), encode: zstd }),
  };
}
