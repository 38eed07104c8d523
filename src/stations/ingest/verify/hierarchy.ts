import type { Triple } from "../../../core/box.js";
import { isEmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { counted } from "../../../core/units.js";
import { chunkGrid, positions } from "../../../formats/zarr/chunks.js";
import { parseZarray } from "../../../formats/zarr/metadata.js";
import { parseOmeZarr } from "../../../formats/zarr/ome.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import { parseZarrV3Array, parseZarrV3Group } from "../../../formats/zarr/v3-metadata.js";
import { type ArrayPlace, cellShape, documentKey, objectKey } from "./array-place.js";
import type { Findings } from "./findings.js";
import { levelFactors, levelRuleOf } from "./levels.js";
import type { Above, ChunkJob } from "./work.js";

export type LevelsChecked = "all" | "sampled" | "none";

/** One level of a pyramid. */
export interface Level {
  place: ArrayPlace;
  /** Objects along each axis. */
  grid: Triple;
  /** Relation to the level above. Absent for the last level, and where it cannot be told. */
  above?: Omit<Above, "share"> | undefined;
}

/** An OME-Zarr image whose documents are as they should be. */
export interface Hierarchy {
  /** Ends with `/`. */
  folder: string;
  /** Documents that it consists of. */
  documents: string[];
  /** Levels as the attributes list them; undefined where a level's own document cannot be read. */
  levels: (Level | undefined)[];
}

/** Documents of the group that were read and are not known to be changed. */
export interface Documents {
  bytes(key: string): Uint8Array | undefined;
  json(key: string): JsonObject | undefined;
  /** Whether the tree has an object, intact or not. */
  has(key: string): boolean;
}

/** Chunks of a level whose level above is looked at when levels are sampled. */
const SAMPLES = 8;

/**
 * Reads the documents of an OME-Zarr folder, Zarr 2 or 3, and reports those that are wrong: missing documents, arrays that are
 * not volumes, levels whose shapes do not follow from each other.
 *
 * @returns undefined where the folder's own attributes cannot be read.
 */
export function openHierarchy(folder: string, documents: Documents, findings: Findings): Hierarchy | undefined {
  const isV3 = documents.has(`${folder}zarr.json`) && !documents.has(`${folder}.zattrs`);
  const attributes = isV3 ? `${folder}zarr.json` : `${folder}.zattrs`;
  const bytes = documents.bytes(attributes);
  const root = documents.json(attributes);
  const hierarchy: Hierarchy = { folder, documents: [attributes], levels: [] };
  if (!documents.has(attributes)) findings.add("lost", attributes, "missing, but every OME-Zarr needs it");
  if (!isV3) {
    hierarchy.documents.push(`${folder}.zgroup`);
    if (!documents.has(`${folder}.zgroup`)) findings.add("lost", `${folder}.zgroup`, "missing, but every Zarr 2 group needs it");
  }
  if (!root || !bytes) return undefined;
  const image = attempt(attributes, findings, () => {
    if (isV3) return parseOmeImage(parseZarrV3Group(bytes, attributes).attributes, attributes, { unitWhenAbsent: "angstrom" });
    return parseOmeZarr(root, attributes, { unitWhenAbsent: "angstrom" });
  });
  for (const { path } of image?.datasets ?? []) {
    const key = `${folder}${path}/${isV3 ? "zarr.json" : ".zarray"}`;
    hierarchy.documents.push(key);
    if (!documents.has(key)) findings.add("lost", key, `missing, but ${attributes} lists the level ${path}`);
    hierarchy.levels.push(readLevel(`${folder}${path}/`, key, documents, findings));
  }
  for (const [i, level] of hierarchy.levels.entries()) {
    const next = hierarchy.levels[i + 1];
    if (level && next) level.above = relation(level, next, image?.rounding, findings);
  }
  return hierarchy;
}

function readLevel(folder: string, key: string, documents: Documents, findings: Findings): Level | undefined {
  const bytes = documents.bytes(key);
  if (!bytes) return undefined;
  const meta = attempt(key, findings, () => (key.endsWith("zarr.json") ? parseZarrV3Array(bytes, key) : parseZarray(bytes, key)));
  if (meta && meta.shape.length !== 3) {
    findings.add(
      "unchecked",
      key,
      `${counted(meta.shape.length, "axis", "axes")}: only chunks of volumes with three axes are checked`,
    );
  }
  return meta?.shape.length === 3 ? { place: { folder, meta }, grid: chunkGrid(meta.shape, meta.chunks) as Triple } : undefined;
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

/** Relation of a level to a finer one, if whole chunks of one are whole boxes of the other, as everywhere in the portal. */
function relation(fine: Level, coarse: Level, rounding: string | undefined, findings: Findings): Level["above"] {
  const below = fine.place.meta;
  const above = coarse.place.meta;
  const key = documentKey(coarse.place);
  const factors = levelFactors(below.shape as Triple, above.shape as Triple);
  if (!factors) {
    findings.add("level", key, `${above.shape.join("×")} voxels; expected half of ${below.shape.join("×")}, rounded up`);
    return undefined;
  }
  const rule = levelRuleOf(below.type.dtype, rounding);
  const cell = cellShape(fine.place);
  const fits = factors.every((factor, axis) => cell[axis]! % factor === 0);
  if (rule && fits && below.type.dtype === above.type.dtype) return { array: coarse.place, factors, rule };
  const what = rule
    ? "chunks or types do not fit those of the level below"
    : `levels of ${below.type.dtype} follow no known rule`;
  findings.add("unchecked", key, what);
  return undefined;
}

/** All objects of a level, chunks or shards, in the order of their keys' numbers. */
export function* objectsOfLevel({ place, grid }: Level): Generator<{ key: string; position: Triple }> {
  for (const position of positions([0, 0, 0], grid)) yield { key: objectKey(place, position), position: position as Triple };
}

/** The job of an object; `size` is undefined where it is not there. */
export function chunkJob(
  { place, above }: Level,
  { key, position }: { key: string; position: Triple },
  size: number | undefined,
  { levels, sha256 }: { levels: LevelsChecked; sha256: boolean },
): ChunkJob {
  const compared = above && (levels !== "none" || size === undefined) ? { ...above, share: shareOf(place, levels) } : undefined;
  return { kind: "chunk", key, size, array: place, position, sha256, above: compared };
}

/** The first and the last chunk are always compared. */
function shareOf(place: ArrayPlace, levels: LevelsChecked): number {
  const total = chunkGrid(place.meta.shape, cellShape(place)).reduce((product, n) => product * n, 1);
  return levels === "all" || total <= SAMPLES ? 1 : (SAMPLES - 2) / total;
}

/** Keys of the objects of the level below that an object was made of. */
export function* partsOf(above: Level, position: Triple, below: Level): Generator<string> {
  const { array, factors } = below.above!;
  const size = below.place.meta.chunks;
  const from = position.map((p, axis) => Math.floor((p * array.meta.chunks[axis]! * factors[axis]!) / size[axis]!));
  const to = position.map((p, axis) => {
    const end = Math.min((p + 1) * array.meta.chunks[axis]!, above.place.meta.shape[axis]!) * factors[axis]!;
    return Math.min(Math.ceil(end / size[axis]!), below.grid[axis]!);
  });
  for (const part of positions(from, to)) yield objectKey(below.place, part);
}

/** Key of the object of the level above that begins where this one's voxels begin. */
export function aboveKey({ above, place }: Level, position: Triple): string {
  const { array, factors } = above!;
  const at = position.map((p, axis) => Math.floor((p * place.meta.chunks[axis]!) / factors[axis]! / array.meta.chunks[axis]!));
  return objectKey(array, at);
}
