import type pg from "pg";
import { PORTAL_SCHEMA, SEEN_SCHEMA } from "./portal-rows.js";

/** Ids of the datasets and depositions that somebody may not see. */
export interface Hidden {
  readonly datasets: readonly number[];
  readonly depositions: readonly number[];
}

/** A dataset or deposition of the catalogue, as far as rules of access ask. */
export interface RootRow {
  readonly id: number;
  /** Undefined for a row without a date. */
  readonly releaseMs: number | undefined;
  /** Deposition of a dataset. */
  readonly deposition?: number | undefined;
  /** Address of a dataset's folder. */
  readonly prefix?: string | undefined;
}

/** All datasets and depositions at one moment. */
export interface Roots {
  /** Another one as soon as any of the rows is another one. */
  readonly version: string;
  readonly datasets: ReadonlyMap<number, RootRow>;
  readonly depositions: ReadonlyMap<number, RootRow>;
}

/** What somebody may see of the catalogue. */
export interface Seen {
  /** What is hidden among these roots. */
  hidden(roots: Roots): Hidden;
}

/** The number of the rows and the sum of the transactions that wrote them: rows change only by being written anew. */
const VERSION_OF = (table: string) =>
  `(select count(*) || '/' || coalesce(sum(xmin::text::int8), 0) from ${PORTAL_SCHEMA}.${table})`;
const VERSION = `${VERSION_OF("dataset")} || ' ' || ${VERSION_OF("deposition")}`;
const ROOTS = `select 'dataset' as of, id, extract(epoch from release_date)::float8 * 1000 as ms, deposition_id, s3_prefix from ${PORTAL_SCHEMA}.dataset
  union all select 'deposition', id, extract(epoch from release_date)::float8 * 1000, null, null from ${PORTAL_SCHEMA}.deposition`;

interface Asked {
  query(text: string): Promise<unknown>;
}

/** Reads all datasets and depositions. Within a transaction they are those that its statements see. */
export async function readRoots(session: Asked): Promise<Roots> {
  const { rows: versions } = (await session.query(`select ${VERSION} as version`)) as pg.QueryResult<{ version: string }>;
  const { rows } = (await session.query(ROOTS)) as pg.QueryResult<{
    of: string;
    id: number;
    ms: number | null;
    deposition_id: number | null;
    s3_prefix: string | null;
  }>;
  const of = (table: string) =>
    new Map(
      rows
        .filter((row) => row.of === table)
        .map(({ id, ms, deposition_id, s3_prefix }): [number, RootRow] => [
          id,
          { id, releaseMs: ms ?? undefined, deposition: deposition_id ?? undefined, prefix: s3_prefix ?? undefined },
        ]),
    );
  return { version: versions[0]!.version, datasets: of("dataset"), depositions: of("deposition") };
}

/** The pool with its sessions limited to what somebody may see, and the same for a single session that was taken from it. */
export interface SeenPool {
  readonly pool: pg.Pool;
  enter(client: pg.PoolClient): Promise<pg.PoolClient>;
}

/**
 * Limits sessions of a pool to what somebody may see, below all statements, so that none can forget it.
 *
 * A session that is taken begins a transaction of one state of the rows, in which what is hidden is set, and statements are given the views of `emporium_seen`
 * for the portal's tables. What is hidden is decided for exactly the rows of that transaction: a dataset that was imported a moment ago is not seen because
 * nobody had heard of it. When the session is given back the transaction ends, and the setting with it.
 */
export function seenPool(pool: pg.Pool, seen: Seen): SeenPool {
  let known: { readonly version: string; readonly hidden: Hidden } | undefined;
  async function enter(client: pg.PoolClient): Promise<pg.PoolClient> {
    try {
      // what this session was told: others may find out meanwhile that it is out of date
      let told = known;
      const begun = (await client.query(
        `${BEGIN}; ${told ? settingOf(told.hidden) : "select"}; select ${VERSION} as version`,
      )) as unknown as [unknown, unknown, pg.QueryResult<{ version: string }>];
      if (told?.version !== begun[2].rows[0]!.version) {
        const roots = await readRoots(client);
        told = { version: roots.version, hidden: seen.hidden(roots) };
        known = told;
        await client.query(settingOf(told.hidden));
      }
      const { hidden } = told;
      // with nothing hidden the tables are what is seen, and what is counted ahead holds
      const isWhole = hidden.datasets.length === 0 && hidden.depositions.length === 0;
      return limited(client, isWhole ? (text) => text : seenText);
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
  async function query(...words: unknown[]): Promise<unknown> {
    const client = await enter(await pool.connect());
    try {
      return await (client.query as (...given: unknown[]) => Promise<unknown>)(...words);
    } finally {
      client.release();
    }
  }
  const connect = async () => enter(await pool.connect());
  return {
    enter,
    pool: new Proxy(pool, {
      get(target, name) {
        if (name === "connect") return connect;
        if (name === "query") return query;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  };
}

const BEGIN = "begin transaction isolation level repeatable read read only";

function settingOf({ datasets, depositions }: Hidden): string {
  const array = (ids: readonly number[]) => `'{${ids.map((id) => Math.trunc(id)).join()}}'`;
  return `select set_config('emporium.hidden_datasets', ${array(datasets)}, true), set_config('emporium.hidden_depositions', ${array(depositions)}, true)`;
}

/** A statement that asks the views instead of the tables. */
function seenText(text: string): string {
  return text
    .replace(/\bemporium_portal("?)\./g, `${SEEN_SCHEMA}$1.`)
    .replace(/(\bemporium|"emporium")(\."?portal_count\b)/g, (_, schema: string, table: string) =>
      schema.startsWith('"') ? `"${SEEN_SCHEMA}"${table}` : `${SEEN_SCHEMA}${table}`,
    );
}

/** A session that gives the texts of statements another form, and ends its transaction when it is given back. */
function limited(client: pg.PoolClient, form: (text: string) => string): pg.PoolClient {
  let isBack = false;
  const query = (first: unknown, ...more: unknown[]): unknown => {
    const ask = client.query.bind(client) as (...given: unknown[]) => unknown;
    if (typeof first === "string") return ask(form(first), ...more);
    const config = first as { text?: unknown };
    if (typeof config.text !== "string") throw new TypeError("a statement without a text cannot be limited to what is seen");
    // a query of its own kind, as a cursor is, keeps its methods
    if (typeof (first as { submit?: unknown }).submit === "function")
      return ask(Object.assign(config, { text: form(config.text) }), ...more);
    return ask({ ...config, text: form(config.text) }, ...more);
  };
  const release = (error?: Error | boolean): void => {
    if (isBack) return;
    isBack = true;
    if (error) {
      client.release(error);
      return;
    }
    client.query("rollback").then(
      () => client.release(),
      (failed: Error) => client.release(failed),
    );
  };
  return new Proxy(client, {
    get(target, name) {
      if (name === "query") return query;
      if (name === "release") return release;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
