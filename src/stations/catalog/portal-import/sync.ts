import { CompiledQuery, type Kysely, type Transaction } from "kysely";
import type { CatalogTables } from "../../../catalog/database.js";
import { type Entity, type EntityName, type Field, getEntity } from "../../../catalog/entities.js";
import { PORTAL_SCHEMA } from "../../../catalog/portal-rows.js";
import { type Counts, count } from "./counts.js";
import { IDENTITY } from "./mapping.js";
import type { ColumnValue, Row } from "./values.js";

export type Session = Kysely<CatalogTables> | Transaction<CatalogTables>;

/** The rows of earlier imports, and the wanted ones. */
export interface SyncRequest {
  readonly entity: EntityName;
  readonly rows: readonly Row[];
  /** A column and its values in the rows to compare. No values: no rows. */
  readonly scope: { readonly column: string; readonly values: readonly number[] };
  /** Only rows in scope with these texts. */
  readonly only?: { readonly column: string; readonly texts: readonly string[] } | undefined;
  /** Rows that are matched already. */
  readonly except?: ReadonlySet<number> | undefined;
}

export interface Synced {
  /** Ids of the rows, in their order. */
  readonly ids: number[];
  /** Ids in scope without a wanted row. */
  readonly unmatched: number[];
  /** Ids that existed before: only these can have children. */
  readonly old: number[];
}

const BATCH = 500;

const SQL_TYPES: Readonly<Record<Field["type"], string>> = {
  text: "text",
  enum: "text",
  int: "integer",
  float: "double precision",
  bool: "boolean",
  date: "timestamptz",
  json: "jsonb",
};

/** Finds the rows of a table without changing any. @returns ids; undefined for missing rows */
export async function findRows(
  session: Session,
  request: SyncRequest,
): Promise<{ ids: readonly (number | undefined)[]; old: readonly number[] }> {
  const entity = getEntity(request.entity);
  const found = await existingRows(session, entity, columnsOf(entity), request);
  const { pairs } = match(request.entity, request.rows, found);
  return { ids: pairs.map((row) => row?.id as number | undefined), old: found.map(({ id }) => id as number) };
}

/**
 * Brings rows of a table to the wanted state: equal rows are left, different ones updated, new ones inserted. Nothing is deleted:
 * the caller deletes `unmatched`, when nothing refers to it any more.
 */
export async function syncRows(session: Session, request: SyncRequest, counts: Counts): Promise<Synced> {
  const entity = getEntity(request.entity);
  const columns = columnsOf(entity);
  const found = await existingRows(session, entity, columns, request);
  const { pairs, unmatched } = match(request.entity, request.rows, found);
  const ids: number[] = [];
  const fresh: number[] = [];
  const changed: Row[] = [];
  for (const [i, row] of request.rows.entries()) {
    const old = pairs[i];
    if (!old) fresh.push(i);
    else {
      ids[i] = old.id as number;
      if (columns.some(({ name }) => !same(old[name], row[name]))) changed.push({ ...row, id: old.id! });
    }
  }
  for (const batch of batches(changed)) await update(session, entity, columns, batch);
  for (const batch of batches(fresh)) {
    const inserted = await insert(
      session,
      entity,
      columns,
      batch.map((i) => request.rows[i]!),
    );
    for (const [k, i] of batch.entries()) ids[i] = inserted[k]!;
  }
  count(counts, request.entity, {
    inserted: fresh.length,
    updated: changed.length,
    unchanged: request.rows.length - fresh.length - changed.length,
  });
  return { ids, unmatched, old: found.map(({ id }) => id as number) };
}

export async function deleteRows(session: Session, name: EntityName, ids: readonly number[], counts: Counts): Promise<void> {
  const { table } = getEntity(name);
  for (const batch of batches(ids)) {
    await session.executeQuery(CompiledQuery.raw(`delete from ${PORTAL_SCHEMA}.${table} where id = any($1::int[])`, [batch]));
  }
  count(counts, name, { removed: ids.length });
}

interface Column {
  readonly name: string;
  readonly type: string;
}

function columnsOf({ keys, fields }: Entity): Column[] {
  return [
    ...keys.map(({ column }) => ({ name: column, type: "integer" })),
    ...fields.map(({ column, type }) => ({ name: column, type: SQL_TYPES[type] })),
  ];
}

async function existingRows(
  session: Session,
  { table }: Entity,
  columns: readonly Column[],
  { scope, only, except }: SyncRequest,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const values of batches(scope.values)) {
    const query = CompiledQuery.raw(
      `select id, ${columns.map(({ name }) => name).join(", ")} from ${PORTAL_SCHEMA}.${table}
        where ${scope.column} = any($1::int[])${only ? ` and ${only.column} = any($2::text[])` : ""} order by id`,
      only ? [values, only.texts] : [values],
    );
    const { rows: found } = await session.executeQuery<Row>(query as CompiledQuery<Row>);
    for (const row of found) if (!except?.has(row.id as number)) rows.push(row);
  }
  return rows;
}

/** Matches wanted and existing rows. Rows of one identity are matched by their other columns, then by their order. */
function match(
  name: EntityName,
  rows: readonly Row[],
  found: readonly Row[],
): { pairs: (Row | undefined)[]; unmatched: number[] } {
  const { by, prefer = [] } = IDENTITY[name];
  const free = new Map<string, Row[]>();
  for (const row of found) {
    const key = keyText(row, by);
    const alike = free.get(key);
    if (alike) alike.push(row);
    else free.set(key, [row]);
  }
  const pairs: (Row | undefined)[] = new Array(rows.length).fill(undefined);
  const waiting: number[] = [];
  for (const [i, row] of rows.entries()) {
    const alike = free.get(keyText(row, by)) ?? [];
    const wanted = keyText(row, prefer);
    const at = alike.findIndex((other) => keyText(other, prefer) === wanted);
    if (at < 0) waiting.push(i);
    else pairs[i] = alike.splice(at, 1)[0];
  }
  for (const i of waiting) pairs[i] = free.get(keyText(rows[i]!, by))?.shift();
  return { pairs, unmatched: [...free.values()].flat().map(({ id }) => id as number) };
}

function keyText(row: Row, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => row[column] ?? null));
}

function same(a: ColumnValue | undefined, b: ColumnValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a === "object" || typeof b === "object") return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
  return false;
}

/** Rows are one JSON text, so a statement always has one parameter and the same text. */
async function insert(session: Session, { table }: Entity, columns: readonly Column[], rows: readonly Row[]): Promise<number[]> {
  const names = columns.map(({ name }) => name).join(", ");
  const text = `with given as (
      select * from jsonb_to_recordset($1::jsonb) as r(place integer, id integer, ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")})
    ), numbered as materialized (
      select place, coalesce(id, nextval('${PORTAL_SCHEMA}.${table}_id_seq')::integer) as id, ${names} from (select * from given order by place) as ordered
    ), inserted as (
      insert into ${PORTAL_SCHEMA}.${table} (id, ${names}) select id, ${names} from numbered
    )
    select id from numbered order by place`;
  const given = JSON.stringify(rows.map((row, place) => ({ ...row, place })));
  const result = await session.executeQuery<{ id: number }>(CompiledQuery.raw(text, [given]) as CompiledQuery<{ id: number }>);
  return result.rows.map(({ id }) => id);
}

async function update(session: Session, { table }: Entity, columns: readonly Column[], rows: readonly Row[]): Promise<void> {
  const text = `update ${PORTAL_SCHEMA}.${table} as t set ${columns.map(({ name }) => `${name} = r.${name}`).join(", ")}
    from jsonb_to_recordset($1::jsonb) as r(id integer, ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")}) where t.id = r.id`;
  await session.executeQuery(CompiledQuery.raw(text, [JSON.stringify(rows)]));
}

export function* batches<T>(items: readonly T[], length = BATCH): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += length) yield items.slice(at, at + length);
}
