import { sql } from "kysely";
import type { Database, DatabaseServer } from "./database.js";
import { MICROSCOPY_SCHEMA } from "./microscopy-rows.js";
import { BOOKKEEPING_SCHEMA, type SchemaState, schemaState } from "./migrate.js";
import { PORTAL_SCHEMA } from "./portal-rows.js";

export interface CatalogStatus {
  readonly server: DatabaseServer;
  readonly schema: SchemaState;
  /** Size of the whole database on the server's disk. */
  readonly bytes: number;
  readonly tables: readonly TableStatus[];
  /** True where the rows of this login's role come under the roles' rights. */
  readonly roles: readonly string[];
  /** Other sessions on this database. */
  readonly sessions: number;
}

interface TableStatus {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** `rows` is the server's own estimate: counting so many takes seconds. */
  readonly estimated: boolean;
  /** Size including indexes. */
  readonly bytes: number;
}

/** Tables with more rows than this are not counted. */
const COUNTED_ROWS = 2_000_000;

/** The contents of the catalogue's database, as far as this login may see them. */
export async function catalogStatus(database: Database): Promise<CatalogStatus> {
  const { db, server } = database;
  const schema = await schemaState(database);
  const facts = await sql<{ bytes: number; sessions: number }>`select pg_database_size(current_database()) as bytes,
    (select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and backend_type = 'client backend') as sessions`.execute(db);
  const roles = await sql<{ name: string }>`select rolname as name from pg_roles
    where rolname in ('emporium_writer', 'emporium_reader') order by 1 desc`.execute(db);
  const { bytes = 0, sessions = 0 } = facts.rows[0] ?? {};
  return { server, schema, bytes, tables: await tables(database), roles: roles.rows.map(({ name }) => name), sessions };
}

async function tables({ db }: Database): Promise<TableStatus[]> {
  const found = await sql<{ schema: string; name: string; bytes: number; guess: number }>`
    select n.nspname as schema, c.relname as name, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, 0)::bigint as guess
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname in (${MICROSCOPY_SCHEMA}, ${PORTAL_SCHEMA}, ${BOOKKEEPING_SCHEMA})
      and c.relname not like 'migration%' and has_table_privilege(c.oid, 'select')
    order by 1, 2`.execute(db);
  const status: TableStatus[] = [];
  for (const { schema, name, bytes, guess } of found.rows) {
    const estimated = guess > COUNTED_ROWS;
    const counted = estimated
      ? undefined
      : await sql<{ rows: number }>`select count(*) as rows from ${sql.id(schema, name)}`.execute(db);
    status.push({ schema, name, rows: counted?.rows[0]?.rows ?? guess, estimated, bytes });
  }
  return status;
}
