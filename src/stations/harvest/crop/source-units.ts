import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { throwIfCancelled } from "../../../core/cancel.js";
import { Recent } from "../../../core/recent.js";
import { errnoOf } from "../../../stores/file/errors.js";
import { type CropArray, type PlainUnit, usesOf } from "./crop-array.js";

/** Counts of the reads of a crop from its source. */
export interface CropTraffic {
  /** Units that were requested, and how many of them exist. */
  asked: number;
  found: number;
  /** Stored bytes of the units that exist. */
  bytes: number;
}

export interface SourceUnits {
  /** Stored bytes of a unit that is copied; undefined where the source has none. */
  stored(cell: readonly number[]): Promise<Uint8Array | undefined>;
  /** Elements of a unit; undefined where the source has none. */
  plain(cell: readonly number[]): Promise<PlainUnit | undefined>;
}

/**
 * The units of an array. Each is requested once, also if several units of the crop contain parts of it: its stored bytes are kept
 * in a folder beside the crop, where the next attempt finds them, and its elements in memory as long as there is room.
 *
 * @param folder the folder for stored bytes
 * @param keptBytes bytes of memory for elements
 */
export function sourceUnits(
  array: CropArray,
  folder: string,
  keptBytes: number,
  traffic: CropTraffic,
  signal: AbortSignal | undefined,
): SourceUnits {
  const unitBytes = array.unit.reduce((total, length) => total * length, array.itemBytes);
  const keptMax = Math.max(1, Math.floor(keptBytes / unitBytes));
  const kept = new Recent<string, Promise<PlainUnit | undefined>>(keptMax);

  async function fetch(cell: readonly number[]): Promise<Uint8Array | undefined> {
    throwIfCancelled(signal);
    traffic.asked++;
    const bytes = await array.fetch(cell, signal);
    if (bytes) {
      traffic.found++;
      traffic.bytes += bytes.length;
    }
    return bytes;
  }

  /** Units that this attempt found absent. */
  const absent = new Set<string>();

  async function fetchOnce(cell: readonly number[], name: string): Promise<Uint8Array | undefined> {
    if (usesOf(array, cell) === 1) return fetch(cell);
    if (absent.has(name)) return undefined;
    const path = join(folder, array.path, name);
    const before = await readFile(path).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    });
    if (before) return before;
    const bytes = await fetch(cell);
    if (bytes) await writeWhole(path, bytes);
    else absent.add(name);
    return bytes;
  }

  return {
    stored: fetch,
    async plain(cell) {
      const name = cell.join(".");
      const unit = kept.get(name) ?? fetchOnce(cell, name).then((stored) => stored && array.decode(stored, cell));
      kept.set(name, unit);
      return unit;
    },
  };
}

/** Writes a file that is complete or absent, even after the process was killed. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.writing`;
  await writeFile(temporary, bytes);
  await rename(temporary, path);
}
