import * as zlib from "node:zlib";

/** Level of the frames: zstd's own default. */
export const ZSTD_LEVEL = 3;

/** Part of `zlib` that newer versions of Node have; the declarations of the oldest supported version lack it. */
type WithZstd = { zstdCompressSync?(plain: Uint8Array, options: { params: Record<number, number> }): Uint8Array };

/** zstd's ZSTD_c_compressionLevel. */
const COMPRESSION_LEVEL = 100;

/**
 * Encodes zstd frames: with Node's own encoder from 22.15 on, else in WebAssembly at about half the speed. The two may give
 * different valid frames.
 */
export function zstdEncoder(): (plain: Uint8Array) => Uint8Array | Promise<Uint8Array> {
  const { zstdCompressSync } = zlib as WithZstd;
  if (zstdCompressSync) return (plain) => zstdCompressSync(plain, { params: { [COMPRESSION_LEVEL]: ZSTD_LEVEL } });
  return async (plain) => {
    // threads that never compress so need not load it
    const { encodeChunk } = await import("../../../formats/zarr/codecs.js");
    return encodeChunk(plain, { id: "zstd", level: ZSTD_LEVEL });
  };
}
