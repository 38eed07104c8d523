import type { BigIntStats } from "node:fs";
import type { Stat } from "../store.js";

/** Changes whenever the file does: a new file has another inode, a changed one another time or size. */
export function fileEtag(stats: BigIntStats): string {
  return `${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}`;
}

export function fileStat(stats: BigIntStats): Stat {
  return { size: Number(stats.size), etag: fileEtag(stats), modifiedMs: Number(stats.mtimeNs / 1_000_000n) };
}
