import type { Json, JsonObject } from "../../core/json.js";
import { parseJson } from "../../core/json.js";
import { toNumber } from "../../core/number.js";
import {
  ALIGNMENT_METADATA,
  alignmentFolder,
  TILTSERIES_METADATA,
  TOMOGRAM_METADATA,
  tiltseriesFolder,
  tomogramFolder,
} from "../../model/layout.js";
import { voxelSpacingName } from "../../model/voxel-spacing.js";
import { scalarText } from "./config/nodes.js";
import { glob } from "./finders/glob.js";
import type { Listing } from "./finders/listing.js";
import { isJsonMap } from "./metadata.js";

const FIRST_ID = 100;

/** One id that a plan gives out: kept beside the plan, it lets the plan of a resumed run give the same ids again. */
export interface GivenId {
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

/**
 * Gives ids to the entities of one container, in their order: what is there already keeps its own, everything new gets the next number above all
 * that are there, from 100. Gaps are not filled.
 *
 * @param stored key and id of everything that the container holds.
 * @param reserved what an earlier, unfinished plan gave out. It counts for keys that are asked for now; others are forgotten.
 * @param keys what makes each entity the one it is. Equal keys get one id.
 */
export function allotIds(
  container: string,
  stored: readonly { key: readonly string[]; id: number }[],
  reserved: readonly GivenId[],
  keys: readonly (readonly string[])[],
): Identifiers {
  const asked = new Set(keys.map((key) => JSON.stringify(key)));
  const taken = new Set(stored.map(({ id }) => id));
  const ids = new Map(stored.map(({ key, id }) => [JSON.stringify(key), id]));
  for (const { container: other, key, id } of reserved) {
    if (other !== container || !asked.has(key) || ids.has(key) || taken.has(id)) continue;
    ids.set(key, id);
    taken.add(id);
  }
  let next = Math.max(FIRST_ID - 1, ...taken) + 1;
  for (const key of asked) if (!ids.has(key)) ids.set(key, next++);
  return { of: (key) => ids.get(JSON.stringify(key))!, given: [...asked].map((key) => ({ container, key, id: ids.get(key)! })) };
}

/** A metadata file of the target with the number of its folder. */
export interface StoredMetadata {
  readonly id: number;
  readonly key: string;
  readonly metadata: JsonObject;
}

/** The metadata of a run's tilt series, alignments or tomograms that are on the target. Folders that are no numbers, and files that are no JSON, are passed over. */
export async function readStored(
  target: Listing,
  run: string,
  kind: "tiltseries" | "alignment" | "tomogram",
): Promise<StoredMetadata[]> {
  const pattern = {
    tiltseries: `${tiltseriesFolder("", "*")}/${TILTSERIES_METADATA}`,
    alignment: `${alignmentFolder("", "*")}/${ALIGNMENT_METADATA}`,
    tomogram: `${tomogramFolder("/Reconstructions/VoxelSpacing*", "*")}/${TOMOGRAM_METADATA}`,
  }[kind];
  const slash = run.lastIndexOf("/") + 1;
  const folder = await target.child(run.slice(0, slash), run.slice(slash));
  if (!folder?.key.endsWith("/")) return [];
  const stored: StoredMetadata[] = [];
  for (const { key } of await glob(scoped(target, `${run}/`), pattern)) {
    const whole = `${run}/${key}`;
    const number = whole.split("/").at(-2)!;
    if (!/^\d+$/.test(number)) continue;
    const bytes = await target.store.read(whole);
    const metadata = bytes && parsed(bytes);
    if (isJsonMap(metadata)) stored.push({ id: Number(number), key: whole, metadata });
  }
  return stored;
}

export function alignmentIdentity(metadata: JsonObject, depositionId: string): string[] {
  return [depositionOf(metadata, depositionId)];
}

/**
 * What makes two tomograms of a run the same: spacing, alignment, how it was made, and whose it is.
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

/** The spacing in the identity of a stored tomogram, or of a configured one as the reference takes it: integers stay as they are written. */
export function identitySpacing(value: Json | undefined, parentName: string): string {
  const number = toNumber(value);
  if (number === undefined) return typeof value === "string" && /^\d+$/.test(value) ? value : parentName;
  if (number === 0) return parentName;
  return typeof value === "object" ? voxelSpacingName(number) : String(value);
}

function depositionOf(metadata: JsonObject, depositionId: string): string {
  return textOf(metadata.deposition_id) || depositionId;
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return Array.isArray(value) || isJsonMap(value) ? "" : scalarText(value as Parameters<typeof scalarText>[0]);
}

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** The part of a listing below a folder, with keys relative to it. */
function scoped(listing: Listing, folder: string): Listing {
  const relative = <T extends { key: string }>(entry: T): T => ({ ...entry, key: entry.key.slice(folder.length) });
  return {
    store: listing.store,
    fullPath: (key) => listing.fullPath(folder + key),
    children: async (below) => (await listing.children(folder + below)).map(relative),
    child: async (below, name) => {
      const entry = await listing.child(folder + below, name);
      return entry && relative(entry);
    },
  };
}
