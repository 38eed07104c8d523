import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";

/**
 * A file that a graph names, as ids know it: by its place below the folder of the graph, so that a copy of the folder elsewhere has the same ids.
 * Other files are called as they are written. Their checksums say the rest.
 */
export function fileWord(word: string, folder: string): string {
  const within = relative(folder, resolve(word));
  return within === "" || within.startsWith("..") || isAbsolute(within) ? word : within;
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Pieces of a file whose checksum is made: weights of a network have gigabytes. */
const PIECE_BYTES = 2 ** 22;

/** SHA-256, hexadecimal. @throws what the system says of a file that cannot be read */
export function checksumOf(path: string): string {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(PIECE_BYTES);
  const file = openSync(path, "r");
  try {
    for (let bytes = readSync(file, piece); bytes > 0; bytes = readSync(file, piece)) hash.update(piece.subarray(0, bytes));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
