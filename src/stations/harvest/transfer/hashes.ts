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

/** A message to the hashing thread: written bytes, or a file to write. */
export interface ToDigestThread {
  reach?: number;
  last?: boolean;
  path?: string;
  text?: string;
}

export interface FromDigestThread {
  digests?: Digests;
  unreadable?: string;
  replaced?: boolean;
  fault?: { code: string | undefined; message: string };
}
