import { join } from "node:path";
import { Kysely } from "kysely";
import pg from "pg";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError, type Place } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Secret } from "../core/redact.js";
import { databaseError, isNobodyThere } from "./database-errors.js";
import { describeUrl, whereIs } from "./database-url.js";
import { valueParsers } from "./database-values.js";
import type { Transport } from "./embedded/address.js";
import { clusterFolder, EMBEDDED_DATABASE, hasCluster } from "./embedded/cluster.js";
import { type Embedded, openEmbedded } from "./embedded/embedded.js";
import type { MicroscopyTables } from "./microscopy-rows.js";
import type { PortalTables } from "./portal-rows.js";
import { type Steady, steadily } from "./steady.js";
import { TypedPostgresDialect } from "./typed-dialect.js";

/** Every table of the catalogue, by its full name: `emporium_portal.run`, `emporium_microscopy.frames`. */
export type CatalogTables = MicroscopyTables & PortalTables;

/** Rights of a process: to change tables, to change rows, or to read. */
export type DatabaseRole = "owner" | "writer" | "reader";

export interface DatabaseOptions {
  /** URL of a server; without it the embedded database of the workspace is used. */
  url?: Secret | undefined;
  workspace: string;
  /** Whether to create a missing embedded database. Default: not for readers, who would only read an empty one. */
  create?: boolean | undefined;
  role: DatabaseRole;
  /** The name after `emporium` in the server's list of sessions: `catalog upload`. */
  purpose: string;
  /** Timeout of a statement. Default: none for the owner, whose migrations may take long, 10 min for writers, 5 s for readers. */
  statementTimeoutMs?: number | undefined;
  /** Number of connections at most. Default 10. */
  connections?: number | undefined;
  /**
   * Default: real time, whatever clock the rest of a run uses. It affects no output, and a server's process starts no faster by
   * another clock.
   */
  clock?: Clock | undefined;
  log: Log;
  signal?: AbortSignal | undefined;
  /** `$EMPORIUM_POSTGRES_BIN`. */
  binariesFolder?: string | undefined;
  /** `$EMPORIUM_POSTGRES_TEMPLATE`. */
  templateFolder?: string | undefined;
  transport?: Transport | undefined;
}

export interface DatabaseServer {
  readonly kind: "embedded" | "server";
  /** Address for messages, without a password. */
  readonly name: string;
  /** `18.4`. */
  readonly version: string;
  readonly database: string;
  readonly user: string;
  /** Embedded only: the data folder. The next field is the file that gives other programs the password (`PGPASSFILE`). */
  readonly dataFolder?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** Address for other programs, as `psql` takes it. */
  readonly connection: { readonly host: string; readonly port: number };
}

export interface Database {
  readonly db: Kysely<CatalogTables>;
  /**
   * For uses that Kysely does not support: a session of one's own. Errors of its clients are the driver's: see `databaseError`.
   */
  readonly pool: pg.Pool;
  readonly server: DatabaseServer;
  readonly role: DatabaseRole;
  readonly log: Log;
  /** Place for error messages. */
  readonly place: Place;
  /** For work that a restart of the server shall not end. */
  readonly steady: Steady;
  /** Must be called: it ends the sessions, and stops the embedded server if nobody else uses it. Never throws. */
  close(): Promise<void>;
}

const STATEMENT_MS: Readonly<Record<DatabaseRole, number>> = { owner: 0, writer: 10 * 60_000, reader: 5_000 };
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;
/** Milliseconds to wait for a lock of another session. Migrations wait for each other by their own lock. */
const LOCK_MS = 60_000;
/** `unique nulls not distinct` came with 15. */
const OLDEST = 15;

/**
 * Opens the catalogue's database: pooled sessions in UTC, with limits. Their errors are those of the program and contain no
 * secret. The tables may not exist yet: see `openCatalog`.
 *
 * @throws {EmporiumError} DATABASE_ABSENT, DATABASE_UNAVAILABLE, DATABASE_DENIED, DATABASE_VERSION (older than 15),
 * DATABASE_EMBEDDED.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { create = options.role !== "reader" } = options;
  if (!options.url && !create && !hasCluster(options.workspace)) throw absent(options.workspace);
  let moved: ((host: string, port: number) => void) | undefined;
  const embedded = options.url ? undefined : await openEmbedded({ ...options, onMoved: ({ host, port }) => moved?.(host, port) });
  const pool = makePool(options, embedded);
  moved = (host, port) => Object.assign(pool.options, { host, port });
  const place: Place = options.url ? { url: describeUrl(options.url) } : { file: embedded?.cluster.folder };
  const db = new Kysely<CatalogTables>({ dialect: new TypedPostgresDialect({ pool }, place) });
  const { clock = systemClock, log, signal } = options;
  const steady = steadily({ clock, log, signal });
  const close = async () => {
    await db.destroy().catch((error: unknown) => options.log.debug(`closing the database: ${String(error)}`));
    if (!pool.ended && !pool.ending) await pool.end().catch(() => {});
    await embedded?.leave();
  };
  try {
    // if no server listens, fail at once; wait for a server that recovers or closes the connection
    const server = await steady(() =>
      describe(pool, options, embedded).catch((error: unknown) => {
        throw embedded || !isNobodyThere(error) ? databaseError(error, place) : error;
      }),
    );
    return { db, pool, server, role: options.role, log, place, steady, close };
  } catch (error) {
    await close();
    throw databaseError(error, place);
  }
}

function absent(workspace: string): EmporiumError {
  return new EmporiumError("DATABASE_ABSENT", `there is no database in the workspace ${workspace}`, {
    place: { file: clusterFolder(workspace) },
    hint: "give the --workspace or --database of the earlier catalog upload or import, or create an empty database with emporium catalog init",
  });
}

function makePool(options: DatabaseOptions, embedded: Embedded | undefined): pg.Pool {
  const pool = new pg.Pool({
    ...(embedded ? login(embedded, options.role) : { connectionString: options.url?.reveal() }),
    application_name: `emporium ${options.purpose}`.slice(0, 63),
    max: options.connections ?? 10,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    types: valueParsers,
    // not as start-up parameters, which connection poolers refuse
    onConnect: async (client) => {
      client.on("error", (error) => options.log.debug(`a session of the database ended: ${error.message}`));
      await client.query(sessionSettings(options, embedded === undefined));
    },
  });
  // without a listener an idle session that the server ends would end this process
  pool.on("error", (error) => options.log.debug(`an idle session of the database ended: ${error.message}`));
  return pool;
}

function login({ address, cluster }: Embedded, role: DatabaseRole): pg.PoolConfig {
  const user = `emporium_${role}` as const;
  return { ...address, user, password: cluster.secrets[user], database: EMBEDDED_DATABASE, ssl: false };
}

/**
 * Settings of a session. On a server a reader takes the role that only reads, where its login may; its sessions cannot write in
 * either case.
 */
function sessionSettings({ role, statementTimeoutMs }: DatabaseOptions, ownServer: boolean): string {
  const settings = [
    "set timezone = 'UTC'",
    "set datestyle = 'ISO'",
    "set extra_float_digits = 1",
    `set statement_timeout = ${Math.trunc(statementTimeoutMs ?? STATEMENT_MS[role])}`,
    `set lock_timeout = ${LOCK_MS}`,
    // compiling a page's statement takes a quarter of a second, running it milliseconds
    "set jit = off",
  ];
  if (role === "reader") settings.push("set default_transaction_read_only = on");
  if (role !== "owner" && ownServer) settings.push(TAKE_ROLE.replace("ROLE", `emporium_${role}`));
  return settings.join("; ");
}

/**
 * SQL that takes the role, where this is allowed: since version 16 a member of a role need not be allowed to take it, and older
 * versions do not know the word.
 */
const TAKE_ROLE = `select set_config('role', rolname, false) from pg_roles where rolname = 'ROLE' and
  case when current_setting('server_version_num')::int < 160000 then pg_has_role(oid, 'MEMBER') else pg_has_role(oid, 'SET') end`;

async function describe(pool: pg.Pool, options: DatabaseOptions, embedded: Embedded | undefined): Promise<DatabaseServer> {
  options.signal?.throwIfAborted();
  const { rows } = await pool.query<{ version: string; number: number; database: string; user: string }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
      current_database() as database, session_user as user`,
  );
  const { version = "", number = 0, database = "", user = "" } = rows[0] ?? {};
  if (number < OLDEST * 10_000) {
    throw new EmporiumError("DATABASE_VERSION", `the server is PostgreSQL ${version}; expected ${OLDEST} or newer`, {
      place: options.url && { url: describeUrl(options.url) },
      hint: "leave --database out to use the embedded one",
    });
  }
  const common = { version: version.split(" ")[0] ?? version, database, user };
  if (options.url) return { kind: "server", name: describeUrl(options.url), ...common, connection: whereIs(options.url) };
  const { cluster, address } = embedded!;
  return {
    kind: "embedded",
    name: cluster.folder,
    ...common,
    dataFolder: cluster.data,
    passwordFile: join(cluster.folder, "pgpass"),
    connection: address,
  };
}
