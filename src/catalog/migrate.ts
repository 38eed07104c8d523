import { type Kysely, type MigrationResultSet, Migrator, NO_MIGRATIONS, sql } from "kysely";
import { EmporiumError } from "../core/errors.js";
import { type Database, type DatabaseOptions, openDatabase } from "./database.js";
import { databaseError } from "./database-errors.js";
import { MIGRATIONS } from "./migrations/list.js";
import { grantRoles } from "./roles.js";

/** Schema of the bookkeeping: which steps were taken, what was adopted from an older catalogue. */
export const BOOKKEEPING_SCHEMA = "emporium";

export interface SchemaState {
  /** Steps that the database has taken, in order. */
  readonly applied: readonly string[];
  /** Steps of this version that it has not taken. */
  readonly pending: readonly string[];
  /** Steps that a newer version took. */
  readonly unknown: readonly string[];
}

/** One statement; works for every role. */
export async function schemaState({ db }: Pick<Database, "db">): Promise<SchemaState> {
  const known = Object.keys(MIGRATIONS).sort();
  const applied = await appliedSteps(db);
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

async function appliedSteps<Tables>(db: Kysely<Tables>): Promise<string[]> {
  const there = await sql<{ there: boolean }>`select to_regclass('emporium.migration') is not null as there`.execute(db);
  if (!there.rows[0]?.there) return [];
  const { rows } = await sql<{ name: string }>`select name from emporium.migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

export interface MigrationReport {
  /** Steps that were taken now. */
  readonly applied: readonly string[];
  /** The newest step of the database. */
  readonly version: string;
  readonly roles: "granted" | "not allowed";
}

export interface MigrateOptions {
  /** A step to go to, forwards or back; `""` undoes all. Default: the newest. */
  to?: string | undefined;
}

/**
 * Brings the schema to this version, all steps in one transaction. Two processes that do so at the same moment take turns, and the
 * second has nothing left to do.
 *
 * @throws {EmporiumError} DATABASE_VERSION where a newer version of emporium has changed the schema; DATABASE_DENIED.
 */
export async function migrate(database: Database, { to }: MigrateOptions = {}): Promise<MigrationReport> {
  return await withMigrationLock(database, async () => {
    const state = await schemaState(database);
    refuseNewer(database, state);
    const results = await run(database, to);
    const roles = to === "" ? "granted" : await grantRoles(database);
    const { applied } = await schemaState(database);
    return { applied: results, version: applied.at(-1) ?? "", roles };
  });
}

async function run({ db, place }: Database, to: string | undefined): Promise<string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
    migrationTableSchema: BOOKKEEPING_SCHEMA,
    migrationTableName: "migration",
    migrationLockTableName: "migration_lock",
  });
  const outcome: MigrationResultSet =
    to === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(to === "" ? NO_MIGRATIONS : to);
  if (outcome.error) {
    const failed = outcome.results?.find(({ status }) => status === "Error")?.migrationName;
    const error = databaseError(outcome.error, place);
    throw new EmporiumError(error.code, `${failed ? `step ${failed} of the schema: ` : ""}${error.message}`, {
      ...error.facts,
      hint: error.facts.hint ?? "nothing has been changed: all steps are one transaction",
      cause: outcome.error,
    });
  }
  return (outcome.results ?? []).filter(({ status }) => status === "Success").map(({ migrationName }) => migrationName);
}

/** Runs `work` while no other process changes the schema or adopts tables. Waiting has no limit but the caller's patience. */
export async function withMigrationLock<T>({ pool, place }: Database, work: () => Promise<T>): Promise<T> {
  const session = await pool.connect().catch((error: unknown) => {
    throw databaseError(error, place);
  });
  try {
    await session.query("set lock_timeout = 0; set statement_timeout = 0");
    await session.query(`select pg_advisory_lock(${MIGRATION_LOCK})`);
    return await work();
  } catch (error) {
    throw databaseError(error, place);
  } finally {
    session.release(true); // ends the session, and with it the lock and the settings
  }
}

const MIGRATION_LOCK = "742106651, 2"; // a number of our own

function refuseNewer({ place }: Database, { unknown }: SchemaState): void {
  if (unknown.length === 0) return;
  throw new EmporiumError("DATABASE_VERSION", `the schema was changed by a newer emporium (${unknown.join(", ")})`, {
    place,
    hint: "use that version, or a newer one",
  });
}

/**
 * Opens the catalogue with its tables there. The embedded database is migrated on the way, as nobody else administers it; on a server
 * that is for `catalog migrate`, and schemas that do not fit are refused.
 */
export async function openCatalog(options: DatabaseOptions): Promise<Database> {
  const database = await openDatabase(options);
  try {
    const state = await database.steady(() => schemaState(database));
    refuseNewer(database, state);
    if (state.pending.length === 0) return database;
    if (database.server.kind === "server") throw behind(database, state);
    if (options.role === "owner") await database.steady(() => migrate(database));
    else await database.steady(() => migrateAsOwner(options));
    return database;
  } catch (error) {
    await database.close();
    throw databaseError(error, database.place);
  }
}

async function migrateAsOwner(options: DatabaseOptions): Promise<void> {
  const owner = await openDatabase({ ...options, role: "owner", connections: 2 });
  try {
    await migrate(owner);
  } finally {
    await owner.close();
  }
}

function behind({ place }: Database, { applied, pending }: SchemaState): EmporiumError {
  const found = applied.length === 0 ? "the database has no tables of emporium" : `the schema lacks ${pending.join(", ")}`;
  return new EmporiumError("DATABASE_VERSION", found, {
    place,
    hint: "run emporium catalog migrate with a login that owns the tables",
  });
}
