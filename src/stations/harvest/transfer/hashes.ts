import { createHash, type Hash } from "node:crypto";
import type { Algorithm } from "./checksum.js";

/** Lower-case hexadecimal digits by algorithm. */
export type Digests = Readonly<Partial<Record<Algorithm, string>>>;

export function startHashes(algorithms: readonly Algorithm[]): Map<Algorithm, Hash> {
  return new Map(algorithms.map((algorithm) => [algorithm, createHash(algorithm)]));
}

export function endHashes(hashes: ReadonlyMap<Algorithm, Hash>): Digests {
  return Object.fromEntries([...hashes].map(([algorithm, hash]) => [algorithm, hash.digest("hex")]));
}

/** Data that the hashing thread starts with. Blocks that lie in `memory` need not be read from the file. */
export interface DigestThreadData {
  fd: number;
  algorithms: readonly Algorithm[];
  memory: Uint8Array | undefined;
}

/** A message to the hashing thread: written bytes, those of them that lie in memory, or a file to write. */
export interface ToDigestThread {
  /** Offset in the file before which all bytes are written. Those that are not hashed yet are read from the file. */
  reach?: number;
  /** The next bytes of the file, `length` of them from `at` of the memory. */
  block?: { at: number; length: number };
  last?: boolean;
  path?: string;
  text?: string;
}

export interface FromDigestThread {
  /** Position in the memory of a block that has been hashed. */
  hashed?: number;
  digests?: Digests;
  unreadable?: string;
  replaced?: boolean;
  fault?: { code: string | undefined; message: string };
}
