import { setMaxListeners } from "node:events";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
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

/** A pass over many numbers. A long one can be interrupted wherever it yields. */
export type Steps<T> = Generator<void, T>;
export type Pass<T> = Steps<T> | (() => T);

/** A kept value and its weight: the number of its four-byte numbers, or of its texts. */
export interface Weighed<T> {
  readonly value: T;
  readonly weight: number;
}

interface Asked {
  readonly value: Promise<unknown>;
  readonly stop: AbortController;
  /** 0 until the value is there. */
  weight: number;
  /** Number of requests that wait for the value. */
  waiting: number;
}

/** Limit of the numbers and texts that are kept: a million annotations take two thirds. */
const KEPT_BYTES = 96 * 2 ** 20;
/** Bytes of a number, and roughly of a text. */
const VALUE_BYTES = 4;
/** Milliseconds for which answers are kept although the database keeps changing, as during an import. */
const AGE_MAX_MS = 10_000;
/** Timeout of statements that read whole tables. */
const LONG_MS = 60_000;
/** Milliseconds that passes may take before other work has its turn. */
const SLICE_MS = 4;

/**
 * SQL for the version of the data: the number of rows ever written. Without the server's statistics every transaction of anybody
 * is a change.
 */
const VERSION = `select case when current_setting('track_counts')::bool
    then (select sum(n_tup_ins + n_tup_upd + n_tup_del)::text from pg_stat_user_tables where schemaname = 'emporium_portal')
    else pg_current_snapshot()::text end as version`;

/**
 * Results of reading a database, and of passes over them, kept for as long as the database is unchanged: what several clients ask
 * for, or one asks for again, is made once. A statement ends in the server when nobody waits for its rows any more.
 */
export class AskedOnce {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #statements: (share?: number) => Promise<() => void>;
  readonly #passes = turns(1);
  readonly #valuesMax: number;
  #version = "";
  #since = Number.NEGATIVE_INFINITY;
  #answers: Answers;

  /** @param atOnce number of statements at once: lists are read on the same sessions, and by the same processors. */
  constructor(pool: pg.Pool, clock: Clock, atOnce: number, keptBytes = KEPT_BYTES) {
    this.#pool = pool;
    this.#clock = clock;
    this.#statements = turns(atOnce);
    this.#valuesMax = keptBytes / VALUE_BYTES;
    this.#answers = new Answers(this, this.#valuesMax);
  }

  /**
   * Answers from the present state of the database, or that of some seconds ago: sessions report their changes with a delay. The
   * answers stay of one state.
   */
  async latest(): Promise<Answers> {
    const rows = await this.#pool.query<{ version: string }>(VERSION).catch((error: unknown) => {
      throw databaseError(error);
    });
    const { version } = rows.rows[0]!;
    const now = this.#clock.monotonic();
    if (version !== this.#version && now - this.#since >= AGE_MAX_MS) {
      this.#answers = new Answers(this, this.#valuesMax);
      [this.#version, this.#since] = [version, now];
    }
    return this.#answers;
  }

  /** Runs a pass in slices, after those before it. @throws {EmporiumError} CANCELLED */
  async run<T>(pass: Pass<T>, signal?: AbortSignal): Promise<T> {
    const done = await this.#passes();
    try {
      for (;;) {
        await turnOfTheLoop();
        if (signal?.aborted) throw cancelled(signal);
        if (typeof pass === "function") return pass();
        const until = this.#clock.monotonic() + SLICE_MS;
        do {
          const step = pass.next();
          if (step.done) return step.value;
        } while (this.#clock.monotonic() < until);
      }
    } finally {
      done();
    }
  }

  /** @param isLong the statement may take longer than people wait: all rows of a table are read, once. */
  async rows({ sql, parameters }: Asking, signal: AbortSignal, isLong: boolean): Promise<readonly AskedRow[]> {
    const done = await this.#statements();
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
        if (isLong) await client.query(`begin; set local statement_timeout = ${LONG_MS}`);
        const { rows } = await client.query<(string | null)[]>({
          text: sql,
          values: [...parameters],
          rowMode: "array",
          types: AS_TEXT,
        });
        return rows;
      } catch (error) {
        failure = requestError(error);
        throw failure;
      } finally {
        signal.removeEventListener("abort", cancel);
        // else it might end what the session is asked next
        await cancelling;
        if (isLong) await client.query("rollback").catch(() => {});
        client.release(failure?.code === "DATABASE_UNAVAILABLE");
      }
    } finally {
      done();
    }
  }
}

/** Answers from one state of the database. */
export class Answers {
  readonly #database: AskedOnce;
  readonly #kept: Recent<string, Asked>;

  constructor(database: AskedOnce, valuesMax: number) {
    this.#database = database;
    this.#kept = new Recent(valuesMax, ({ weight }) => weight);
  }

  /** The rows of a statement. @throws {EmporiumError} CANCELLED; DATABASE_TIMEOUT, DATABASE_UNAVAILABLE, DATABASE_FAILED. */
  async ask(statement: Asking, signal?: AbortSignal): Promise<readonly AskedRow[]> {
    const make = async (stop: AbortSignal) => {
      const value = await this.#database.rows(statement, stop, false);
      return { value, weight: value.length * (value[0]?.length ?? 0) };
    };
    return await this.keep(JSON.stringify([statement.sql, statement.parameters]), make, signal);
  }

  /**
   * The value of a key, made once. `make` is stopped when nobody waits for it any more. @throws {EmporiumError} as `ask`, and
   * what `make` throws
   */
  async keep<T>(key: string, make: (stop: AbortSignal) => Promise<Weighed<T>>, signal?: AbortSignal): Promise<T> {
    // what is begun is waited for by somebody, or nobody would hear how it fails
    if (signal?.aborted) throw cancelled(signal);
    const asked = this.#kept.get(key) ?? this.#begin(key, make);
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

  /** Rows of whole tables, which are not kept as they are. */
  rows(statement: Asking, signal: AbortSignal): Promise<readonly AskedRow[]> {
    return this.#database.rows(statement, signal, true);
  }

  run<T>(pass: Pass<T>, signal?: AbortSignal): Promise<T> {
    return this.#database.run(pass, signal);
  }

  #begin(key: string, make: (stop: AbortSignal) => Promise<Weighed<unknown>>): Asked {
    const stop = new AbortController();
    const made = make(stop.signal);
    const asked: Asked = { value: made.then(({ value }) => value), stop, weight: 0, waiting: 0 };
    this.#kept.set(key, asked);
    made.then(
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
}

/** The error of a statement. A pattern that PostgreSQL cannot read becomes the request's error. */
function requestError(thrown: unknown): EmporiumError {
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
