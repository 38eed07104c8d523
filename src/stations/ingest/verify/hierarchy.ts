import { crc32 } from "node:zlib";
import type { Triple } from "../../../core/box.js";
import { isEmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { chunkGrid, chunkKey, positions } from "../../../formats/zarr/chunks.js";
import { parseZarray } from "../../../formats/zarr/metadata.js";
import { parseOmeZarr } from "../../../formats/zarr/ome.js";
import type { Findings } from "./findings.js";
import { type LevelRule, levelFactors, levelRuleOf } from "./levels.js";
import type { ArrayPlace, ChunkJob } from "./work.js";

export type LevelsChecked = "all" | "sampled" | "none";

/** One level of a pyramid. */
export interface Level {
  place: ArrayPlace;
  grid: Triple;
  /** How the level above follows from this one. Absent for the last, and where it cannot be told. */
  above?: { array: ArrayPlace; factors: Triple; rule: LevelRule } | undefined;
}

/** An OME-Zarr image whose documents are as they should be. */
export interface Hierarchy {
  /** Ends with `/`. */
  folder: string;
  /** Documents that it consists of. */
  documents: string[];
  /** As the attributes list them; undefined where a level's own document cannot be read. */
  levels: (Level | undefined)[];
}

/** Documents of the group that were read and are not known to be changed. */
export interface Documents {
  bytes(key: string): Uint8Array | undefined;
  json(key: string): JsonObject | undefined;
  /** In the tree, whether it can be believed or not. */
  has(key: string): boolean;
}

/** Chunks of a level whose level above is looked at when levels are sampled. */
const SAMPLES = 8;

/**
 * Reads what the documents of an OME-Zarr folder promise, and says where they cannot be followed: absent documents, arrays that are no
 * volumes, levels whose shapes do not follow from each other.
 *
 * @returns undefined where the folder's own attributes cannot be read.
 */
export function openHierarchy(folder: string, documents: Documents, findings: Findings): Hierarchy | undefined {
  const attributes = `${folder}.zattrs`;
  const root = documents.json(attributes);
  if (!documents.has(attributes)) findings.add("lost", attributes, "it makes its folder an OME-Zarr, and is not there");
  if (!documents.has(`${folder}.zgroup`))
    findings.add("lost", `${folder}.zgroup`, "every Zarr group has one, and it is not there");
  if (!root) return undefined;
  const hierarchy: Hierarchy = { folder, documents: [attributes, `${folder}.zgroup`], levels: [] };
  try {
    for (const { path } of parseOmeZarr(root, attributes, { unitWhenAbsent: "angstrom" }).datasets) {
      const key = `${folder}${path}/.zarray`;
      hierarchy.documents.push(key);
      const bytes = documents.bytes(key);
      if (!documents.has(key)) findings.add("lost", key, `${attributes} lists the level ${path}, and it is not there`);
      const meta = bytes && attempt(key, findings, () => parseZarray(bytes, key));
      const isVolume = meta?.shape.length === 3;
      if (meta && !isVolume)
        findings.add("unchecked", key, `${meta.shape.length} axes: chunks of volumes of three are looked into`);
      const place = meta && isVolume ? { folder: `${folder}${path}/`, meta } : undefined;
      hierarchy.levels.push(place && { place, grid: chunkGrid(place.meta.shape, place.meta.chunks) as Triple });
    }
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    findings.add("undecodable", attributes, error.message);
  }
  for (const [i, level] of hierarchy.levels.entries()) {
    const next = hierarchy.levels[i + 1];
    if (level && next) level.above = relation(level, next, findings);
  }
  return hierarchy;
}

function attempt<T>(key: string, findings: Findings, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    findings.add("undecodable", key, error.message);
    return undefined;
  }
}

/** How a level follows from another, where boxes of the one are in single chunks of the other: so in all that the portal has. */
function relation(fine: Level, coarse: Level, findings: Findings): Level["above"] {
  const below = fine.place.meta;
  const above = coarse.place.meta;
  const key = `${coarse.place.folder}.zarray`;
  const factors = levelFactors(below.shape as Triple, above.shape as Triple);
  if (!factors) {
    findings.add("level", key, `${above.shape.join("×")} voxels, half of ${below.shape.join("×")} wanted, rounded up`);
    return undefined;
  }
  const rule = levelRuleOf(below.type.dtype);
  const fits = factors.every((factor, axis) => {
    const step = below.chunks[axis]! / factor;
    return Number.isInteger(step) && above.chunks[axis]! % step === 0;
  });
  if (rule && fits && below.type.dtype === above.type.dtype) return { array: coarse.place, factors, rule };
  const what = rule
    ? "chunks or types do not fit those of the level below"
    : `levels of ${below.type.dtype} follow no rule that is known`;
  findings.add("unchecked", key, what);
  return undefined;
}

/** All chunks of a level, in the order of their keys' numbers. */
export function* chunksOf({ place, grid }: Level): Generator<{ key: string; chunk: Triple }> {
  for (const chunk of positions([0, 0, 0], grid)) {
    yield { key: place.folder + chunkKey(chunk, place.meta.dimensionSeparator), chunk: chunk as Triple };
  }
}

/** The job of a chunk. */
export function chunkJob(level: Level, key: string, chunk: Triple, compare: boolean, sha256: boolean): ChunkJob {
  return { kind: "chunk", key, array: level.place, chunk, sha256, above: compare ? level.above : undefined };
}

/** Chunks of a level that are compared with the level above: the first, the last (odd edges are there), and others by the hash of their keys. */
export function compared(level: Level, levels: LevelsChecked): (chunk: Triple, key: string) => boolean {
  const total = level.grid[0] * level.grid[1] * level.grid[2];
  if (levels === "none" || !level.above) return () => false;
  if (levels === "all" || total <= SAMPLES) return () => true;
  const isEnd = (chunk: Triple) => chunk.every((c) => c === 0) || chunk.every((c, axis) => c === level.grid[axis]! - 1);
  const share = ((SAMPLES - 2) / total) * 2 ** 32;
  return (chunk, key) => isEnd(chunk) || crc32(`level ${key}`) < share;
}

/** Chunks of the level below that a chunk was made of. */
export function* partsOf(above: Level, chunk: Triple, below: Level): Generator<{ key: string; chunk: Triple }> {
  const { array, factors } = below.above!;
  const from = chunk.map((c, axis) =>
    Math.floor((c * array.meta.chunks[axis]! * factors[axis]!) / below.place.meta.chunks[axis]!),
  );
  const to = chunk.map((c, axis) => {
    const end = Math.min((c + 1) * array.meta.chunks[axis]!, above.place.meta.shape[axis]!) * factors[axis]!;
    return Math.min(Math.ceil(end / below.place.meta.chunks[axis]!), below.grid[axis]!);
  });
  for (const part of positions(from, to)) {
    yield { key: below.place.folder + chunkKey(part, below.place.meta.dimensionSeparator), chunk: part as Triple };
  }
}
