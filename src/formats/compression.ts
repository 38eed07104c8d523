/** Compressions of whole files, and of the voxels in some formats. */
export type Compression = "gzip" | "bzip2";

/** Bytes that are decompressed of a file to recognise it: the headers of volumes are shorter. */
export const HEAD_BEHIND_BYTES = 4096;

/** gzip and bzip2 by their first bytes: volumes are deposited in both, often without a suffix that says so. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return "gzip";
  const bzip2 = head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && head[3]! >= 0x31 && head[3]! <= 0x39;
  return bzip2 ? "bzip2" : undefined;
}

/** Name of the program that decompresses it. */
export function decompressor(compression: Compression): string {
  return compression === "gzip" ? "gunzip" : "bunzip2";
}
