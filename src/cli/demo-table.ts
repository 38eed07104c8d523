import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../core/units.js";

/** Seconds that a part of the whole way took, and bytes by which its folders grew. */
export interface StationRow {
  name: string;
  seconds: number;
  bytes: number;
}

/** A table for people. */
export function stationTable(rows: readonly StationRow[]): string {
  const sum = (of: (row: StationRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const all = [...rows, { name: "all", seconds: sum(({ seconds }) => seconds), bytes: sum(({ bytes }) => bytes) }];
  const lines = all.map(
    ({ name, seconds, bytes }) => `${name.padEnd(12)}${seconds.toFixed(1).padStart(8)}${formatBytes(bytes).padStart(14)}`,
  );
  return [`${"step".padEnd(12)}${"seconds".padStart(8)}${"written".padStart(14)}`, ...lines].join("\n");
}

/** Bytes of all files below folders; one that is not there has none, as have files that go while they are counted. */
export async function bytesBelow(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((): Dirent[] => []);
    const sizes = entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => (await lstat(join(parentPath, name)).catch(() => undefined))?.size ?? 0);
    for (const size of await Promise.all(sizes)) bytes += size;
  }
  return bytes;
}
