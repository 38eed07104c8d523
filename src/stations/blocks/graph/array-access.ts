import { encodeBlosc } from "../../../arrays/kernels/blosc.js";
import { boxCodecs } from "../../../arrays/stream/source/zarr-volume.js";
import { zstdEncoder } from "../../../arrays/stream/work/zstd-encoder.js";
import type { ByteRange } from "../../../core/bytes.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
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
import { encodeV3Chunk, shardEncoder } from "../../../formats/zarr/v3-write.js";
import { absent, type Store } from "../../../stores/store.js";
import { accessPrecomputed } from "./precomputed-array.js";
import { type ArrayAccess, keyIn, type StoredArray } from "./stored-array.js";

/** The own document of an array of Zarr: key below its folder, and text. */
export function arrayDocument(array: StoredArray): { key: string; text: string } {
  return array.format === "zarr3"
    ? { key: "zarr.json", text: printZarrV3(v3Document(array)) }
    : { key: ".zarray", text: printZarray(v2Meta(array)) };
}

export function accessArray(store: Store, array: StoredArray): ArrayAccess {
  const codecs = codecsFor(ITEM_BYTES[array.dtype]);
  const name = `${store.url}/${array.folder}`.replace(/\/$/, "");
  if (array.format === "precomputed") return accessPrecomputed(store, array, name);
  // the array's tasks write every object: what is not there must not be read as zeros
  const present = async (key: string, range: ByteRange | undefined, signal: AbortSignal) => {
    const bytes = await store.read(keyIn(array, key), range, { signal });
    if (bytes) return bytes;
    throw absent(store, keyIn(array, key));
  };
  if (array.format === "zarr2") {
    const meta = v2Meta(array);
    return {
      isPadded: true,
      read: (box, signal) => readZarrBox((key) => present(key, undefined, signal), meta, box, { codecs, name, signal }),
      encode: (plain) => encodeChunk(plain, meta.compressor, codecs),
    };
  }
  const meta = v3Meta(array);
  return {
    isPadded: true,
    read: (box, signal) =>
      readZarrV3Box(
        {
          read: (key, range) => present(key, range, signal),
          size: async (key) => (await store.stat(keyIn(array, key), { signal }))?.size,
        },
        meta,
        box,
        { codecs, name, signal },
      ),
    encode: (plain) => encodeV3Chunk(plain, meta, codecs),
    shard: shardEncoder(meta, codecs),
  };
}

const COMPRESSORS: Partial<Record<StoredArray["codec"], V3Compressor>> = {
  "blosc-lz4": { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" },
  zstd: { name: "zstd", level: 3 },
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
