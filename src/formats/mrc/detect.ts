import { compressionOf } from "../compression.js";
import { byteOrderOf } from "./byte-order.js";

/**
 * Whether this is an MRC file, from its first 1024 bytes. `certain`: it has the `MAP ` identifier. `plausible`: it has none
 * (before MRC2000), but valid mode and lengths.
 */
export function detectMrc(head: Uint8Array, sizeBytes?: number): "certain" | "plausible" | undefined {
  if (head.length < 1024) return undefined;
  const { plausible } = byteOrderOf(head.subarray(0, 1024), sizeBytes);
  const identified = head[208] === 0x4d && head[209] === 0x41 && head[210] === 0x50;
  if (identified) return "certain";
  return plausible && compressionOf(head) === undefined ? "plausible" : undefined;
}
