import * as zlib from "node:zlib";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";
import { codecs } from "../../stream/source/zarr-volume.js";

type Unpack = (bytes: Uint8Array, options: { maxOutputLength: number; chunkSize?: number }) => Uint8Array;

/** Absent before Node 22.15. */
const unpackZstd = (zlib as { zstdDecompressSync?: Unpack }).zstdDecompressSync;

/** Decoders for a thread that may stand still while it decodes: the platform's own where it has one. */
export const threadCodecs: CodecRegistry = {
  ...codecs,
  zlib: () => ({ decode: (bytes, plainBytes) => unpacked(zlib.inflateSync, bytes, plainBytes) }),
  gzip: () => ({ decode: (bytes, plainBytes) => unpacked(zlib.gunzipSync, bytes, plainBytes) }),
  ...(unpackZstd && {
    zstd: (config) => ({
      decode: (bytes, plainBytes) =>
        unpacked(unpackZstd, bytes, plainBytes) ?? defaultCodecs.zstd!(config).decode(bytes, plainBytes),
    }),
  }),
};

const LARGE_BYTES = 2 ** 20;
const MAPPED_BYTES = 33 * 2 ** 20;

function unpacked(unpack: Unpack, bytes: Uint8Array, plainBytes: number): Uint8Array {
  const maxOutputLength = Math.max(1, plainBytes);
  if (plainBytes < LARGE_BYTES) return unpack(bytes, { maxOutputLength });
  // in one buffer, which goes back to the system when it is freed (see `spaciousBytes`): of many pieces and their sum, glibc keeps both
  return unpack(bytes, { maxOutputLength, chunkSize: Math.max(MAPPED_BYTES, plainBytes + 1) });
}
