import { setMaxListeners } from "node:events";
import type pg from "pg";
import { cancelled } from "../core/cancel.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { turns } from "../system/parallel.js";
import { databaseError, sqlState } from "./database-errors.js";
import { REQUEST_STATES } from "./graphql/answer-errors.js";
import type { Statement } from "./graphql/statement.js";

type Asking = Pick<Statement, "sql" | "parameters">;
export type AskedRow = readonly (string | null)[];

interface Asked {
  readonly value: Promise<unknown>;
  readonly stop: AbortController;
  /** 0 until it is there. */
  weight: number;
  /** Requests that wait for them. */
  waiting: number;
}

/** Statements that run at once. Lists are read on the same sessions. */
const STATEMENTS_MAX = 4;
/** Numbers and texts that are kept: some 100 MB, for which a million annotations take a third. */
const VALUES_MAX = 24_000_000;
/** While the database goes on changing, as during an import, what is kept is no older than this. */
const AGE_MAX_MS = 10_000;

/** Rows that were ever written. Without the server's statistics every transaction of anybody is a change. */
const VERSION = `select case when current_setting('track_counts')::bool
    then (select sum(n_tup_ins + n_tup_upd + n_tup_del)::text from pg_stat_user_tables where schemaname = 'emporium_portal')
    else pg_current_snapshot()::text end as version`;

/** What is made of the rows of a statement, and how much of it there is to keep. */
export interface Reading<T> {
  readonly kind: string;
  read(rows: readonly AskedRow[]): { readonly value: T; readonly weight: number };
}

/** The rows as they come. */
export const ROWS: Reading<readonly AskedRow[]> = {
  kind: "rows",
  read: (rows) => ({ value: rows, weight: rows.length * (rows[0]?.length ?? 0) }),
};

/**
 * Statements that only read, whose rows are kept for as long as the database is unchanged: a question that several ask, or one asks again, is asked once. A
 * statement ends in the server when nobody waits for its rows any more.
 */
export class AskedOnce {
  readonly #pool: pg.Pool;
  readonly #turn = turns(STATEMENTS_MAX);
  readonly #kept = new Recent<string, Asked>(VALUES_MAX, ({ weight }) => weight);
  readonly #clock: Clock;
  #version = "";
  #since = Number.NEGATIVE_INFINITY;

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** What follows is answered of the database as it is now, or was some seconds ago: sessions tell what they changed after a while. */
  async refresh(): Promise<void> {
    const rows = await this.#pool.query<{ version: string }>(VERSION).catch((error: unknown) => {
      throw databaseError(error);
    });
    const { version } = rows.rows[0]!;
    const now = this.#clock.monotonic();
    if (version === this.#version || now - this.#since < AGE_MAX_MS) return;
    this.#kept.clear();
    [this.#version, this.#since] = [version, now];
  }

  /** @throws {EmporiumError} CANCELLED when the signal is aborted; DATABASE_TIMEOUT, DATABASE_UNAVAILABLE, DATABASE_FAILED. */
  async ask<T>(statement: Asking, reading: Reading<T>, signal?: AbortSignal): Promise<T> {
    const key = JSON.stringify([reading.kind, statement.sql, statement.parameters]);
    const asked = this.#kept.get(key) ?? this.#begin(key, statement, reading);
    asked.waiting++;
    try {
      return (await orCancelled(asked.value, signal)) as T;
    } finally {
      if (--asked.waiting === 0 && asked.weight === 0) {
        asked.stop.abort();
        this.#forget(key, asked);
      }
    }
  }

  #begin(key: string, statement: Asking, reading: Reading<unknown>): Asked {
    const stop = new AbortController();
    const read = this.#run(statement, stop.signal).then((rows) => reading.read(rows));
    const asked: Asked = { value: read.then(({ value }) => value), stop, weight: 0, waiting: 0 };
    this.#kept.set(key, asked);
    read.then(
      ({ weight }) => {
        const isKept = this.#kept.get(key) === asked;
        if (isKept) this.#kept.delete(key);
        asked.weight = 1 + weight;
        if (isKept) this.#kept.set(key, asked);
      },
      () => this.#forget(key, asked),
    );
    return asked;
  }

  #forget(key: string, asked: Asked): void {
    if (this.#kept.get(key) === asked) this.#kept.delete(key);
  }

  async #run({ sql, parameters }: Asking, signal: AbortSignal): Promise<readonly AskedRow[]> {
    const done = await this.#turn();
    try {
      if (signal.aborted) throw cancelled(signal);
      const client = await this.#pool.connect().catch((error: unknown) => {
        throw databaseError(error);
      });
      let cancelling: Promise<unknown> | undefined;
      const cancel = () => {
        const { processID } = client as unknown as { processID: number };
        cancelling = this.#pool.query("select pg_cancel_backend($1)", [processID]).catch(() => {});
      };
      let failure: EmporiumError | undefined;
      try {
        signal.addEventListener("abort", cancel, { once: true });
        const { rows } = await client.query<(string | null)[]>({
          text: sql,
          values: [...parameters],
          rowMode: "array",
          types: AS_TEXT,
        });
        return rows;
      } catch (error) {
        failure = asTold(error);
        throw failure;
      } finally {
        signal.removeEventListener("abort", cancel);
        // else it might end what the session is asked next
        await cancelling;
        client.release(failure?.code === "DATABASE_UNAVAILABLE");
      }
    } finally {
      done();
    }
  }
}

/** A pattern that PostgreSQL cannot read is the request's fault. */
function asTold(thrown: unknown): EmporiumError {
  const error = databaseError(thrown);
  return REQUEST_STATES[sqlState(thrown) ?? ""] ? new EmporiumError("USAGE", error.message) : error;
}

const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  if (signal.aborted) throw cancelled(signal);
  setMaxListeners(0, signal); // each statement of a request has one
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled(signal));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
