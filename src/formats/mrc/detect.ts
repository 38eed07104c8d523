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

/** gzip and bzip2 by their first bytes: volumes are deposited in both, often without a suffix that says so. */
export function compressionOf(head: Uint8Array): "gzip" | "bzip2" | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  const bzip2 = head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && head[3]! >= 0x31 && head[3]! <= 0x39;
  return bzip2 ? "bzip2" : undefined;
}
