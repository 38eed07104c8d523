import { isSqlite, readSqlite, type SqliteDatabase, type SqliteValue } from "../../../../../formats/sqlite/read.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

/** A set that a protocol has made: tomograms, tilt series, masks, coordinates. */
export interface ScipionSet {
  readonly path: string;
  /** `SetOfTomograms`. */
  readonly kind: string;
  /** Å of pixels or voxels. */
  readonly samplingRate: number | undefined;
  readonly items: readonly Item[];
  /** Files of the images of each tilt series, by its name. */
  readonly images: ReadonlyMap<string, ReadonlySet<string>>;
}

/** A row of a set by the names of its properties: `_filename`, `_tsId`. */
export type Item = ReadonlyMap<string, SqliteValue>;

/** A protocol by what the database of its project says of it. */
export interface Protocol {
  readonly label: string;
  readonly status: string;
}

const DATABASE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Reads a set: `Properties` of the whole, `Classes` with the property that each column of `Objects` holds. A set of sets has a pair of tables more for
 * each item, which are called after its name or its number.
 *
 * Source: pyworkflow/mapper/sqlite.py of https://github.com/scipion-em/scipion-pyworkflow, tomo/objects.py of https://github.com/scipion-em/scipion-em-tomo
 */
export async function readSet(laboratory: Laboratory, path: string): Promise<ScipionSet | undefined | { reason: string }> {
  const read = await orReason(async () => setOf(await databaseOf(laboratory, path), path));
  return "value" in read ? read.value : read;
}

function setOf(database: SqliteDatabase | undefined, path: string): ScipionSet | undefined {
  const properties = new Map(database?.rows("Properties")?.map(({ key, value }) => [key, value]));
  const kind = properties.get("self");
  if (!database || typeof kind !== "string" || !kind.startsWith("SetOf")) return undefined;
  const rate = Number(properties.get("_samplingRate"));
  const items = itemsOf(database, "");
  const images = new Map<string, Set<string>>();
  for (const table of database.tables) {
    const prefix = /^(.+_)Objects$/.exec(table)?.[1];
    if (prefix === undefined) continue;
    for (const item of itemsOf(database, prefix)) {
      const [name, file] = [item.get("_tsId"), fileOf(item)];
      if (typeof name === "string" && file !== undefined) images.set(name, (images.get(name) ?? new Set()).add(file));
    }
  }
  return { path, kind, samplingRate: rate > 0 ? rate : undefined, items, images };
}

/** The file of an item, as its project names it. Of an image in a stack its number stands before it: `3@Runs/…`. */
export function fileOf(item: Item): string | undefined {
  const file = item.get("_filename");
  return typeof file === "string" && file !== "" ? file.replace(/^\d+@/, "") : undefined;
}

/** The protocols of a project by their numbers: their labels, and what became of them. */
export async function readProtocols(laboratory: Laboratory, path: string): Promise<ReadonlyMap<number, Protocol>> {
  const read = await orReason(async () => (await databaseOf(laboratory, path))?.rows("Objects") ?? []);
  const objects = "value" in read ? read.value : [];
  const status = new Map(objects.map(({ name, value }) => [name, value]));
  return new Map(
    objects.flatMap(({ id, parent_id, label }): [number, Protocol][] =>
      parent_id === null && typeof id === "number"
        ? [[id, { label: `${label ?? ""}`, status: `${status.get(`${id}.status`) ?? ""}` }]]
        : [],
    ),
  );
}

function itemsOf(database: SqliteDatabase, prefix: string): Item[] {
  const columns = new Map(database.rows(`${prefix}Classes`)?.map((row) => [row["column_name"], `${row["label_property"]}`]));
  return (database.rows(`${prefix}Objects`) ?? []).map(
    (row) => new Map(Object.entries(row).map(([column, value]) => [columns.get(column) ?? column, value])),
  );
}

async function databaseOf(laboratory: Laboratory, path: string): Promise<SqliteDatabase | undefined> {
  const { size = 0 } = laboratory.get(path) ?? {};
  if (size === 0 || size > DATABASE_BYTES_MAX) return undefined;
  const bytes = await (await laboratory.open(path)).read({ offset: 0, length: size });
  return isSqlite(bytes) ? readSqlite(bytes, path) : undefined;
}
