import { type Dirent, lstatSync, readdirSync } from "node:fs";
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

/**
 * Bytes of all files below folders; one that is not there has none, as have files that go while they are counted. Thousands of small questions to the
 * file system: asked one by one they take a fifth of what they take side by side.
 */
export function bytesBelow(folders: readonly string[]): number {
  let bytes = 0;
  for (const folder of folders) {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += bytesBelow([path]);
      else if (entry.isFile()) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
  }
  return bytes;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it is not there, or no more
  }
}
