import { workspace } from "./blosc.js";
import { BLOSC_RESULT, ZSTD_WORK_BYTES } from "./kernels.js";

/**
 * Plain bytes of Zstandard frames; undefined where they are damaged, hold another number of bytes, or need a dictionary: `decodeZstd` of
 * formats/zarr says what it is.
 */
export function decodeZstdFrames(stored: Uint8Array, plainBytes: number): Uint8Array<ArrayBuffer> | undefined {
  const at = Math.ceil((ZSTD_WORK_BYTES + stored.length) / 16) * 16;
  const { kernels, bytes } = workspace(at + plainBytes);
  bytes.set(stored, ZSTD_WORK_BYTES);
  const result = kernels.decodeZstd(ZSTD_WORK_BYTES, stored.length, at, plainBytes, plainBytes, 0);
  return result === BLOSC_RESULT.ok ? bytes.slice(at, at + plainBytes) : undefined;
}
