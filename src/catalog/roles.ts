import { sql } from "kysely";
import type { Database } from "./database.js";
import { sqlState } from "./database-errors.js";
import { MICROSCOPY_SCHEMA } from "./microscopy-rows.js";
import { PORTAL_SCHEMA } from "./portal-rows.js";

/** Who writes rows, and who only reads, as the server behind GraphQL does. Tables are their owner's alone. */
const WRITER = "emporium_writer";
const READER = "emporium_reader";

/**
 * Gives the two roles their rights on every table. On a server they are made as roles without login, for its administrator to grant
 * to people; where this login may not make roles there are none, and everybody works as who they are.
 */
export async function grantRoles(database: Database): Promise<"granted" | "not allowed"> {
  for (const role of [WRITER, READER]) {
    if (!(await ensureRole(database, role))) return "not allowed";
  }
  const { db } = database;
  const there = await sql<{ name: string }>`select nspname as name from pg_namespace`.execute(db);
  const schemas = there.rows
    .map(({ name }) => name)
    .filter((name) => [MICROSCOPY_SCHEMA, PORTAL_SCHEMA, "emporium"].includes(name));
  const version = await sql<{ number: number }>`select current_setting('server_version_num')::int as number`.execute(db);
  const canMaintain = (version.rows[0]?.number ?? 0) >= 170_000;
  for (const schema of schemas) {
    const [name, writer, reader] = [sql.id(schema), sql.id(WRITER), sql.id(READER)];
    await sql`grant usage on schema ${name} to ${writer}, ${reader}`.execute(db);
    await sql`grant select on all tables in schema ${name} to ${writer}, ${reader}`.execute(db);
    if (schema === "emporium") {
      await grantImportState(database);
      continue;
    }
    await sql`grant insert, update, delete on all tables in schema ${name} to ${writer}`.execute(db);
    await sql`grant usage, select, update on all sequences in schema ${name} to ${writer}`.execute(db);
    // to vacuum and analyze after an import; older servers leave that to the owner and to themselves
    if (canMaintain) await sql`grant maintain on all tables in schema ${name} to ${writer}`.execute(db);
  }
  return "granted";
}

/** Of the bookkeeping a writer writes only what an import saw. A database that was brought back to an older step lacks the tables. */
async function grantImportState({ db }: Database): Promise<void> {
  for (const table of ["imported_deposition", "imported_dataset", "imported_run", "import_prefix"]) {
    const found = await sql<{ there: boolean }>`select to_regclass(${`emporium.${table}`}) is not null as there`.execute(db);
    if (!found.rows[0]?.there) continue;
    await sql`grant insert, update, delete on ${sql.id("emporium", table)} to ${sql.id(WRITER)}`.execute(db);
  }
}

async function ensureRole({ db }: Database, role: string): Promise<boolean> {
  const found = await sql`select 1 from pg_roles where rolname = ${role}`.execute(db);
  if (found.rows.length > 0) return true;
  try {
    await sql`create role ${sql.id(role)} nologin`.execute(db);
    return true;
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (["42710", "23505"].includes(state)) return true; // another database of this server made it at this moment
    if (state === "42501") return false;
    throw error;
  }
}
