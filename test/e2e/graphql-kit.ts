import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { type Database, type DatabaseOptions, type DatabaseRole, openDatabase } from "../../src/catalog/database.js";
import { ENTITIES, type Entity, type EntityName, type Field } from "../../src/catalog/entities.js";
import type { PortalApi, PortalApiOptions } from "../../src/catalog/graphql/answer.js";
import { openPortalApi } from "../../src/catalog/graphql/open.js";
import type { GraphqlRequest } from "../../src/catalog/graphql/prepare.js";
import { migrate } from "../../src/catalog/migrate.js";
import { PORTAL_ENUMS } from "../../src/catalog/portal-enums.js";
import { PORTAL_SCHEMA } from "../../src/catalog/portal-rows.js";
import { systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";

export type Value = string | number | boolean | null | number[] | number[][];
export type TableRow = Readonly<Record<string, Value>> & { readonly id: number };
/** Rows of every table, by entity, in the order of their ids. */
export type PortalRows = ReadonlyMap<EntityName, readonly TableRow[]>;

export interface GraphqlResult {
  // answers are of the shape that the test asked for
  data?: Record<string, never> | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string; reason?: string } }[];
}

export interface PortalDatabase {
  readonly workspace: string;
  readonly reader: Database;
  /** Every statement that was sent, its parameters with it. */
  readonly statements: { sql: string; parameters: readonly unknown[] }[];
  /** Opens its database once more. */
  open(options: Partial<DatabaseOptions> & { role: DatabaseRole }): Promise<Database>;
  api(options?: Partial<PortalApiOptions>): PortalApi;
  ask(query: string, more?: Omit<GraphqlRequest, "query">): Promise<GraphqlResult>;
  stop(): Promise<void>;
}

/** A database with the catalogue's tables and these rows, seen by a role that only reads. */
export async function portalDatabase(rows: PortalRows): Promise<PortalDatabase> {
  const workspace = mkdtempSync(join(tmpdir(), "emporium-graphql-"));
  const open: PortalDatabase["open"] = (options) =>
    openDatabase({ workspace, purpose: "test", clock: systemClock, log: silentLog, ...options });
  const owner = await open({ role: "owner" });
  await migrate(owner);
  await insertRows(owner.pool, rows);
  const reader = await open({ role: "reader" });
  await owner.close();
  const statements: PortalDatabase["statements"] = [];
  watch(reader.pool, statements);
  const api = (options: Partial<PortalApiOptions> = {}) => openPortalApi({ pool: reader.pool, log: silentLog, ...options });
  const usual = api();
  return {
    workspace,
    reader,
    statements,
    open,
    api,
    ask: (query, more) => asked(usual, { query, ...more }),
    async stop() {
      await reader.close();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

export async function asked(api: PortalApi, request: GraphqlRequest): Promise<GraphqlResult> {
  const { text, rest } = await api.answer(request);
  let all = text;
  if (rest) for await (const piece of rest) all += piece;
  return JSON.parse(all) as GraphqlResult;
}

/** Writes down whatever the sessions of a pool are asked with parameters. */
function watch(pool: pg.Pool, statements: PortalDatabase["statements"]): void {
  const watched = new WeakSet<object>();
  pool.on("acquire", (client) => {
    const { connection } = client as unknown as { connection: pg.Connection };
    if (watched.has(connection)) return;
    watched.add(connection);
    const [parse, bind] = [connection.parse.bind(connection), connection.bind.bind(connection)];
    let sql = "";
    connection.parse = (config, more) => {
      sql = config.text;
      parse(config, more);
    };
    connection.bind = (config, more) => {
      statements.push({ sql, parameters: config?.values ?? [] });
      bind(config, more);
    };
  });
}

export async function insertRows(pool: pg.Pool, rows: PortalRows): Promise<void> {
  for (const entity of ENTITIES) {
    const table = `${PORTAL_SCHEMA}.${entity.table}`;
    const all = rows.get(entity.name) ?? [];
    for (let at = 0; at < all.length; at += 5_000) {
      const part = JSON.stringify(all.slice(at, at + 5_000));
      await pool.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [part]);
    }
  }
  await pool.query("analyze");
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Words with what is easily mistaken in SQL, patterns and JSON. */
const WORDS = [
  "ribosome",
  "Ribosome 80S",
  "TS_01",
  "TS%01",
  "it's",
  'a "b"',
  "c\\d",
  "é·ß",
  "",
  "{1,2}",
  "NULL",
  "membrane\nwall",
  "-- x",
  "$1",
];

/** Rows in every table: few values that come often, nulls wherever they may be, parents at random. */
export function randomRows(seed: number, counts: (name: EntityName) => number): PortalRows {
  const random = seeded(seed);
  const below = (end: number) => Math.floor(random() * end);
  const value = (field: Field): Value => {
    if (!field.required && random() < 0.25) return null;
    switch (field.type) {
      case "text":
        return WORDS[below(WORDS.length)]!;
      case "int":
        return below(12) - 3;
      case "float":
        return [0, -1.5, 10, 13.48, 1e10, 0.1, 7.25][below(7)]!;
      case "bool":
        return random() < 0.5;
      case "date":
        return `2024-0${1 + below(3)}-1${below(3)}T0${below(2)}:00:00${random() < 0.2 ? ".25" : ""}+00:00`;
      case "json":
        return [
          [1, 0],
          [0, below(2)],
        ];
      case "enum": {
        const values = PORTAL_ENUMS[field.enumName!];
        return values[below(values.length)]!;
      }
    }
  };
  const rows = new Map<EntityName, TableRow[]>();
  for (const entity of ENTITIES) {
    const made: TableRow[] = [];
    for (let at = 0; at < counts(entity.name); at++) {
      const row: Record<string, Value> & { id: number } = { id: 100 + at };
      for (const { column, target, required } of entity.keys) {
        const parents = rows.get(target)!;
        row[column] = !required && random() < 0.2 ? null : parents[below(parents.length)]!.id;
      }
      for (const field of entity.fields) row[field.column] = value(field);
      made.push(row);
    }
    rows.set(entity.name, made);
  }
  return rows;
}

/** Every scalar of a type, as the official client selects them. */
export function scalarsOf({ fields, keys }: Entity): string {
  return ["id", ...keys.map(({ name }) => name), ...fields.map(({ name }) => name)].join(" ");
}
