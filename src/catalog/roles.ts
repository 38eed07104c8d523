import { type Kysely, sql, type Transaction } from "kysely";
import type { CatalogTables } from "./database.js";
import { sqlState } from "./database-errors.js";
import { MICROSCOPY_SCHEMA } from "./microscopy-rows.js";
import { PORTAL_SCHEMA, SEEN_SCHEMA } from "./portal-rows.js";

/** The role that writes rows, and the role that only reads, as the GraphQL server does. Tables are their owner's alone. */
const WRITER = "emporium_writer";
const READER = "emporium_reader";
const SCHEMAS = [MICROSCOPY_SCHEMA, PORTAL_SCHEMA, SEEN_SCHEMA, "emporium"];
/** Bookkeeping tables that imports write. */
const IMPORT_STATE = ["imported_deposition", "imported_dataset", "imported_run", "import_prefix"];

/**
 * Gives the two roles their rights on every table. On a server they are made as roles without login, for its administrator to
 * grant to people; if this login may not create roles, there are none, and every user works with their own login.
 */
export async function grantRoles(db: Transaction<CatalogTables>): Promise<"granted" | "not allowed"> {
  for (const role of [WRITER, READER]) {
    if (!(await ensureRole(db, role))) return "not allowed";
  }
  const there = await sql<{ name: string }>`select nspname as name from pg_namespace`.execute(db);
  const schemas = there.rows.map(({ name }) => name).filter((name) => SCHEMAS.includes(name));
  const version = await sql<{ number: number }>`select current_setting('server_version_num')::int as number`.execute(db);
  const canMaintain = (version.rows[0]?.number ?? 0) >= 170_000;
  for (const schema of schemas) {
    const [name, writer, reader] = [sql.id(schema), sql.id(WRITER), sql.id(READER)];
    await sql`grant usage on schema ${name} to ${writer}, ${reader}`.execute(db);
    await sql`grant select on all tables in schema ${name} to ${writer}, ${reader}`.execute(db);
    if (schema === SEEN_SCHEMA) continue;
    if (schema === "emporium") {
      await grantImportState(db);
      continue;
    }
    await sql`grant insert, update, delete on all tables in schema ${name} to ${writer}`.execute(db);
    await sql`grant usage, select, update on all sequences in schema ${name} to ${writer}`.execute(db);
    // to vacuum and analyze after an import; older servers leave that to the owner and to themselves
    if (canMaintain) await sql`grant maintain on all tables in schema ${name} to ${writer}`.execute(db);
  }
  return "granted";
}

/**
 * Lets writers change the bookkeeping of imports, and nothing else of it. A database that was migrated down to an older step
 * lacks these tables.
 */
async function grantImportState(db: Transaction<CatalogTables>): Promise<void> {
  for (const table of IMPORT_STATE) {
    const found = await sql<{ there: boolean }>`select to_regclass(${`emporium.${table}`}) is not null as there`.execute(db);
    if (!found.rows[0]?.there) continue;
    await sql`grant insert, update, delete on ${sql.id("emporium", table)} to ${sql.id(WRITER)}`.execute(db);
  }
}

/** Makes a role. If it cannot be made, only the savepoint fails and not the transaction. */
async function ensureRole(db: Transaction<CatalogTables>, role: string): Promise<boolean> {
  const found = await sql`select 1 from pg_roles where rolname = ${role}`.execute(db);
  if (found.rows.length > 0) return true;
  await sql.raw("savepoint role").execute(db);
  try {
    await sql`create role ${sql.id(role)} nologin`.execute(db);
    return true;
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (!["42710", "23505", "42501"].includes(state)) throw error;
    await sql.raw("rollback to savepoint role").execute(db);
    return state !== "42501"; // else another database of this server made it at this moment
  }
}

/**
 * Whether a role lacks one of the rights that `grantRoles` gives. Both roles must exist, as they do in every embedded database.
 */
export async function lacksRights(db: Kysely<CatalogTables>): Promise<boolean> {
  const may = (role: string, right: string) => sql`has_table_privilege(${role}, c.oid, ${right})`;
  const writes = sql.join(
    ["insert", "update", "delete"].map((right) => may(WRITER, right)),
    sql` and `,
  );
  const uses = (role: string) => sql`has_schema_privilege(${role}, n.oid, 'usage')`;
  const { rows } =
    await sql`select from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'S')
    where n.nspname in (${sql.join(SCHEMAS)}) and not (${uses(WRITER)} and ${uses(READER)} and case
      when c.relkind is null or (c.relkind = 'S' and n.nspname = 'emporium') then true
      when c.relkind = 'S' then has_sequence_privilege(${WRITER}, c.oid, 'usage') and has_sequence_privilege(${WRITER}, c.oid, 'update')
      else ${may(WRITER, "select")} and ${may(READER, "select")}
        and (n.nspname = ${SEEN_SCHEMA} or (n.nspname = 'emporium' and c.relname not in (${sql.join(IMPORT_STATE)})) or (${writes})) end)
    limit 1`.execute(db);
  return rows.length > 0;
}
