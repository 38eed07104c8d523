import type pg from "pg";
import { databaseError } from "../catalog/database-errors.js";
import { knownPrefixes } from "../catalog/import-prefixes.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import type { EntityRefKind, Ref } from "../model/ref.js";
import { existing, type Place, type PlacedKey } from "./places.js";

/** The addresses of an entity's file, the one to show first: a pyramid before a single file. */
const ADDRESSES: Readonly<Record<EntityRefKind, { readonly table: string; readonly columns: readonly string[] }>> = {
  tomogram: { table: "tomogram", columns: ["s3_omezarr_dir", "s3_mrc_file"] },
  tiltseries: { table: "tiltseries", columns: ["s3_omezarr_dir", "s3_mrc_file"] },
  frame: { table: "frame", columns: ["s3_frame_path"] },
  annotationfile: { table: "annotation_file", columns: ["s3_path"] },
};

/**
 * Finds what references name: a key of a place, or the file of an entity in the catalogue's tree.
 *
 * @throws {EmporiumError} NOT_FOUND, NAME_UNSAFE, and what the store or the database throws
 */
export function finder(
  places: readonly Place[],
  catalogue: { readonly place: Place; readonly pool: pg.Pool } | undefined,
): (ref: Ref, signal?: AbortSignal) => Promise<PlacedKey> {
  return async (ref, signal) => {
    if (ref.kind === "place") {
      const place = places.find(({ id }) => id === ref.place);
      if (!place)
        throw new EmporiumError("NOT_FOUND", `there is no location ${ref.place}`, { hint: "see the first page for the list" });
      return existing(place, ref.key, signal);
    }
    if (!catalogue) {
      throw new EmporiumError("NOT_FOUND", `${ref.kind} ${ref.id}: there is no catalogue`, {
        hint: "serve a standardised tree: emporium serve TREE",
      });
    }
    return entityKey(catalogue, ref.kind, ref.id, signal);
  };
}

async function entityKey(
  { place, pool }: { readonly place: Place; readonly pool: pg.Pool },
  kind: EntityRefKind,
  id: number,
  signal: AbortSignal | undefined,
): Promise<PlacedKey> {
  const { table, columns } = ADDRESSES[kind];
  const told = (error: unknown): never => {
    throw databaseError(error);
  };
  // bigint: an id in an address may be larger than any of a row
  const text = `select ${columns.join(", ")} from emporium_portal.${table} where id = $1::bigint`;
  const { rows } = await pool.query<Record<string, string | null>>(text, [id]).catch(told);
  const row = rows[0];
  if (!row) throw new EmporiumError("NOT_FOUND", `there is no ${kind} ${id} in the catalogue`);
  const addresses = columns.flatMap((column) => row[column] || []);
  if (addresses.length === 0) throw new EmporiumError("NOT_FOUND", `${kind} ${id} has no file`);
  const prefixes = await knownPrefixes(pool).catch(told);
  let missing: unknown;
  for (const address of addresses) {
    try {
      return await existing(place, keyOf(address, prefixes), signal);
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "NOT_FOUND") throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** Without what an import has put before the keys of its tree; without its bucket where that is not known. */
export function keyOf(address: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((known) => address.startsWith(`${known}/`)) ?? /^s3:\/\/[^/]*/.exec(address)?.[0] ?? "";
  return address.slice(prefix.length).replace(/^\/+|\/+$/g, "");
}
