import { type Json, type JsonObject, parseJson } from "../../core/json.js";
import { isJsonObject, jsonObject } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { ANNOTATION_METADATA, annotationFolder } from "../../model/annotation-files.js";
import {
  ALIGNMENT_METADATA,
  alignmentFolder,
  TILTSERIES_METADATA,
  TOMOGRAM_METADATA,
  tiltseriesFolder,
  tomogramFolder,
} from "../../model/layout.js";
import { voxelSpacingName } from "../../model/voxel-spacing.js";
import type { Store } from "../../stores/store.js";
import { mapLimit } from "../../system/parallel.js";
import { scalarText } from "./config/nodes.js";
import { glob } from "./finders/glob.js";
import type { Listing } from "./finders/listing.js";

const FIRST_ID = 100;
const READS_AT_ONCE = 16;

/** One id that a plan gives out: kept beside the plan, it lets the plan of a resumed run give the same ids again. */
export interface GivenId {
  /** Folder within which the id is the entity's own: it begins with the dataset. */
  readonly container: string;
  readonly key: string;
  readonly id: number;
}

/** Ids of one container (a run). */
export interface Identifiers {
  /** The id of one of the keys that were asked for. */
  of(key: readonly string[]): number;
  readonly given: readonly GivenId[];
}

/** Ids given to others that the target does not hold yet. */
export interface TakenIds {
  /** Ids from an earlier, unfinished plan of this import. Only those for the requested keys count. */
  readonly reserved: readonly GivenId[];
  /** Ids that other imports, which may be running, have claimed: taken, except for the very keys that they were claimed for. */
  readonly claimed?: readonly GivenId[] | undefined;
}

/**
 * Gives ids to the entities of one container, in their order. Stored entities keep their ids; new ones get the next number above
 * all stored ones, from 100. Gaps are not filled.
 *
 * @param stored key and id of everything that the container holds.
 * @param keys values that identify each entity. Equal keys get one id.
 */
export function allotIds(
  container: string,
  stored: readonly { key: readonly string[]; id: number }[],
  { reserved, claimed = [] }: TakenIds,
  keys: readonly (readonly string[])[],
): Identifiers {
  const asked = new Set(keys.map((key) => JSON.stringify(key)));
  const taken = new Set(stored.map(({ id }) => id));
  const ids = new Map(stored.map(({ key, id }) => [JSON.stringify(key), id]));
  const here = (given: readonly GivenId[]) => given.filter((one) => one.container === container);
  for (const { key, id } of here(reserved)) {
    if (!asked.has(key) || ids.has(key) || taken.has(id)) continue;
    if (here(claimed).some((claim) => claim.id === id && claim.key !== key)) continue;
    ids.set(key, id);
    taken.add(id);
  }
  for (const { key, id } of here(claimed)) {
    if (asked.has(key) && !ids.has(key) && !taken.has(id)) ids.set(key, id);
    taken.add(id);
  }
  let next = Math.max(FIRST_ID - 1, ...taken) + 1;
  for (const key of asked) if (!ids.has(key)) ids.set(key, next++);
  return { of: (key) => ids.get(JSON.stringify(key))!, given: [...asked].map((key) => ({ container, key, id: ids.get(key)! })) };
}

/**
 * Keys of stored entities whose metadata only name their deposition (tilt series, alignments). If one deposition has several,
 * they get the wanted keys in the order of their ids, unless an unfinished plan recorded other keys.
 *
 * @param wanted in the order in which they are found; the first part of each is the deposition.
 */
export function storedKeys(
  container: string,
  stored: readonly StoredMetadata[],
  depositionId: string,
  wanted: readonly (readonly string[])[],
  { reserved }: TakenIds,
): { key: readonly string[]; id: number }[] {
  const remembered = new Map(reserved.filter((given) => given.container === container).map(({ id, key }) => [id, key]));
  const open = new Map(wanted.map((key) => [JSON.stringify(key), key]));
  const result = new Map<number, readonly string[]>();
  const sorted = [...stored].sort((a, b) => a.id - b.id);
  const take = (id: number, text: string) => {
    result.set(id, open.get(text)!);
    open.delete(text);
  };
  for (const { id, metadata } of sorted) {
    const text = remembered.get(id);
    if (text !== undefined && open.get(text)?.[0] === depositionOf(metadata, depositionId)) take(id, text);
  }
  for (const { id, metadata } of sorted) {
    if (result.has(id)) continue;
    const deposition = depositionOf(metadata, depositionId);
    const next = [...open].find(([, key]) => key[0] === deposition);
    if (next) take(id, next[0]);
    else result.set(id, [deposition, "stored", String(id)]);
  }
  return sorted.map(({ id }) => ({ id, key: result.get(id)! }));
}

/** A metadata file of the target with the number of its folder. */
export interface StoredMetadata {
  readonly id: number;
  readonly key: string;
  readonly metadata: JsonObject;
}

export type StoredKind = "tiltseries" | "alignment" | "tomogram" | "annotation";

/** Reads entities as `readStored` does, each folder and kind once. */
export type StoredEntities = (folder: string, kind: StoredKind) => Promise<readonly StoredMetadata[]>;

export function storedEntities(target: Listing): StoredEntities {
  const found = new Map<string, Promise<readonly StoredMetadata[]>>();
  return (run, kind) => {
    const id = `${kind} ${run}`;
    let stored = found.get(id);
    if (!stored) {
      stored = readStored(target, run, kind);
      found.set(id, stored);
    }
    return stored;
  };
}

/**
 * Stored metadata: of a run's tilt series, alignments or tomograms, or of a voxel spacing's annotations. Folders whose names are
 * not numbers and files that are not JSON are ignored.
 *
 * @param run folder of the run; of annotations that of the voxel spacing.
 */
export async function readStored(target: Listing, run: string, kind: StoredKind): Promise<StoredMetadata[]> {
  const pattern = {
    tiltseries: `${tiltseriesFolder("", "*")}/${TILTSERIES_METADATA}`,
    alignment: `${alignmentFolder("", "*")}/${ALIGNMENT_METADATA}`,
    tomogram: `${tomogramFolder("/Reconstructions/VoxelSpacing*", "*")}/${TOMOGRAM_METADATA}`,
    annotation: `${annotationFolder("", "*")}/${ANNOTATION_METADATA}`,
  }[kind];
  if (!(await isFolder(target, run))) return [];
  const found = await mapLimit(await glob(scoped(target, `${run}/`), pattern), READS_AT_ONCE, async ({ key }) => {
    const whole = `${run}/${key}`;
    const number = whole.split("/").at(-2)!;
    const metadata = /^\d+$/.test(number) ? await readMetadata(target.store, whole) : undefined;
    return metadata && { id: Number(number), key: whole, metadata };
  });
  return found.filter((stored) => stored !== undefined);
}

/** A metadata document of the target. Undefined where it is absent or no JSON object. */
export async function readMetadata(target: Store, key: string): Promise<JsonObject | undefined> {
  const bytes = await target.read(key);
  const metadata = bytes && parsed(bytes);
  return jsonObject(metadata);
}

/** Whether a folder (without a slash at its end) is there. Asks for the listing of what it lies in. */
export async function isFolder(listing: Listing, folder: string): Promise<boolean> {
  const slash = folder.lastIndexOf("/") + 1;
  const entry = await listing.child(folder.slice(0, slash), folder.slice(slash));
  return entry?.key.endsWith("/") ?? false;
}

/**
 * Id of the deposition that an entity belongs to: `deposition_id` of its metadata, else the deposition that is being imported.
 */
export function depositionOf(metadata: JsonObject, depositionId: string): string {
  return textOf(metadata.deposition_id) || depositionId;
}

/**
 * Values that identify a tomogram within its run: spacing, alignment, reconstruction and processing, and its deposition.
 *
 * @param spacingName the true spacing, three decimals.
 */
export function tomogramIdentity(
  metadata: JsonObject,
  spacingName: string,
  alignmentPath: string | null,
  depositionId: string,
): string[] {
  return [
    spacingName,
    alignmentPath ?? "",
    textOf(metadata.reconstruction_method),
    textOf(metadata.processing),
    textOf(metadata.processing_software),
    depositionOf(metadata, depositionId),
  ];
}

/** The spacing that identifies a stored tomogram, or a configured one in the reference: integers keep their form. */
export function identitySpacing(value: Json | undefined, parentName: string): string {
  const number = toNumber(value);
  if (number === undefined) return typeof value === "string" && /^\d+$/.test(value) ? value : parentName;
  if (number === 0) return parentName;
  return typeof value === "object" ? voxelSpacingName(number) : String(value);
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) || isJsonObject(value) ? "" : scalarText(value as Parameters<typeof scalarText>[0]);
}

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The part of a listing below a folder, with keys relative to it. */
function scoped(listing: Listing, folder: string): Pick<Listing, "children" | "child"> {
  const relative = <T extends { key: string }>(entry: T): T => ({ ...entry, key: entry.key.slice(folder.length) });
  return {
    children: async (below) => (await listing.children(folder + below)).map(relative),
    child: async (below, name) => {
      const entry = await listing.child(folder + below, name);
      return entry && relative(entry);
    },
  };
}
