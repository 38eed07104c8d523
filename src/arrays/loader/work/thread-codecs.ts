import * as zlib from "node:zlib";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";
import { codecs } from "../../stream/source/zarr-volume.js";

type Unpack = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

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

function unpacked(unpack: Unpack, bytes: Uint8Array, plainBytes: number): Uint8Array {
  return unpack(bytes, { maxOutputLength: Math.max(1, plainBytes) });
}
