import { type Kysely, sql, type Transaction } from "kysely";
import { EmporiumError, type Place } from "../core/errors.js";
import { type CatalogTables, type Database, type DatabaseOptions, openDatabase } from "./database.js";
import { databaseError } from "./database-errors.js";
import { MIGRATIONS } from "./migrations/list.js";
import { runStatements } from "./migrations/statements.js";
import { grantRoles, lacksRights } from "./roles.js";

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
  // not to_regclass, which a login without rights on the schema may not ask
  const there = await sql`select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${BOOKKEEPING_SCHEMA} and c.relname = 'migration'`.execute(db);
  if (there.rows.length === 0) return [];
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
 * Brings the schema to this version: the bookkeeping's own tables, all steps and the roles' rights in one transaction. Whoever is
 * killed on the way, the database has all of it or nothing. Two processes that do so at the same moment take turns, and the second
 * has nothing left to do.
 *
 * @throws {EmporiumError} DATABASE_VERSION where a newer version of emporium has changed the schema; DATABASE_DENIED.
 */
export async function migrate({ db, place }: Database, { to }: MigrateOptions = {}): Promise<MigrationReport> {
  try {
    return await db.transaction().execute(async (tx) => {
      await holdMigrationLock(tx);
      const state = await schemaState({ db: tx });
      refuseNewer(place, state);
      await makeBookkeeping(tx);
      const taken = await takeSteps(tx, place, stepsTo(state.applied, to));
      const roles = to === "" ? "granted" : await grantRoles(tx);
      const { applied } = await schemaState({ db: tx });
      return { applied: taken, version: applied.at(-1) ?? "", roles };
    });
  } catch (error) {
    throw databaseError(error, place);
  }
}

const MIGRATION_LOCK = "742106651, 2"; // a number of our own

/** Until the transaction ends no other process changes the schema. The wait ends only when the caller cancels it. */
async function holdMigrationLock(tx: Transaction<CatalogTables>): Promise<void> {
  await sql.raw("set local lock_timeout = 0").execute(tx);
  await sql.raw("set local statement_timeout = 0").execute(tx);
  await sql.raw(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`).execute(tx);
}

/** The tables that earlier versions made with Kysely's migrator, which they still want to find: `migration_lock` is for them alone. */
async function makeBookkeeping(tx: Transaction<CatalogTables>): Promise<void> {
  // asked first: "if not exists" wants the right to make one, also where nothing is to be made
  const exists = async (relation: string) => {
    const { rows } = await sql`select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${BOOKKEEPING_SCHEMA} and c.relname = ${relation}`.execute(tx);
    return rows.length > 0;
  };
  const schema = await sql`select from pg_namespace where nspname = ${BOOKKEEPING_SCHEMA}`.execute(tx);
  if (schema.rows.length === 0) await runStatements(tx, [`create schema ${BOOKKEEPING_SCHEMA}`]);
  for (const [table, statements] of Object.entries(BOOKKEEPING)) {
    if (!(await exists(table))) await runStatements(tx, statements);
  }
}

const BOOKKEEPING: Readonly<Record<string, readonly string[]>> = {
  migration: ["create table emporium.migration (name varchar(255) primary key, timestamp varchar(255) not null)"],
  migration_lock: [
    "create table emporium.migration_lock (id varchar(255) primary key, is_locked integer not null default 0)",
    "insert into emporium.migration_lock (id) values ('migration_lock')",
  ],
};

interface Step {
  readonly name: string;
  readonly way: "up" | "down";
}

/** @param to see `MigrateOptions`. @throws {EmporiumError} USAGE where no step is called so. */
function stepsTo(applied: readonly string[], to: string | undefined): Step[] {
  const known = Object.keys(MIGRATIONS).sort();
  if (to && !known.includes(to)) {
    throw new EmporiumError("USAGE", `no step of the schema is called ${to}`, { hint: `use one of ${known.join(", ")}` });
  }
  const wanted = to === undefined ? known : known.filter((name) => name <= to);
  const undone = known.filter((name) => applied.includes(name) && !wanted.includes(name)).reverse();
  const taken = wanted.filter((name) => !applied.includes(name));
  return [...undone.map((name) => ({ name, way: "down" as const })), ...taken.map((name) => ({ name, way: "up" as const }))];
}

async function takeSteps(tx: Transaction<CatalogTables>, place: Place, steps: readonly Step[]): Promise<string[]> {
  for (const { name, way } of steps) {
    await MIGRATIONS[name]![way]?.(tx).catch((thrown: unknown) => {
      throw failedStep(name, thrown, place);
    });
    if (way === "down") await sql`delete from emporium.migration where name = ${name}`.execute(tx);
    else await sql`insert into emporium.migration (name, timestamp) values (${name}, ${ISO_NOW})`.execute(tx);
  }
  return steps.map(({ name }) => name);
}

const ISO_NOW = sql.raw(`to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`);

function failedStep(name: string, thrown: unknown, place: Place): EmporiumError {
  const error = databaseError(thrown, place);
  return new EmporiumError(error.code, `step ${name} of the schema: ${error.message}`, {
    ...error.facts,
    hint:
      error.facts.hint ?? "correct the cause and run the command again: nothing was changed, since all steps are one transaction",
    cause: error.facts.cause,
  });
}

function refuseNewer(place: Place, { unknown }: SchemaState): void {
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
  const database = await openAsItIs(options);
  try {
    const state = await database.steady(() => schemaState(database));
    refuseNewer(database.place, state);
    if (state.pending.length === 0) return database;
    if (database.server.kind === "server") throw behind(database, state);
    if (options.role === "owner") await database.steady(() => migrate(database));
    else await database.steady(() => asOwner(options, (owner) => migrate(owner)));
    return database;
  } catch (error) {
    await database.close();
    throw databaseError(error, database.place);
  }
}

/**
 * Opens the database to look at it: no table is made or changed. Only an embedded database whose roles lack rights is given them,
 * since nobody else administers it: up to version 0.1.0 a process that was killed while it made the tables left them to the owner alone.
 */
export async function openAsItIs(options: DatabaseOptions): Promise<Database> {
  const database = await openDatabase(options);
  try {
    const { db, server, steady } = database;
    if (server.kind === "embedded" && (await steady(() => lacksRights(db)))) {
      await steady(() => asOwner(options, (owner) => owner.db.transaction().execute(grantRoles)));
      options.log.info("the embedded database's roles lacked rights on its tables; they have them now");
    }
    return database;
  } catch (error) {
    await database.close();
    throw databaseError(error, database.place);
  }
}

async function asOwner(options: DatabaseOptions, work: (owner: Database) => Promise<unknown>): Promise<void> {
  const owner = await openDatabase({ ...options, role: "owner", connections: 2 });
  try {
    await work(owner);
  } finally {
    await owner.close();
  }
}

function behind({ place }: Database, { applied, pending }: SchemaState): EmporiumError {
  const found = applied.length === 0 ? "the database has no tables of emporium" : `the schema lacks ${pending.join(", ")}`;
  const hint = "run emporium catalog migrate with a login that owns the tables";
  return new EmporiumError("DATABASE_VERSION", found, { place, hint });
}
