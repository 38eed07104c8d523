import type pg from "pg";
import { cancelled } from "../core/cancel.js";
import { Recent } from "../core/recent.js";
import { turns } from "../system/parallel.js";
import { databaseError } from "./database-errors.js";
import type { Statement } from "./graphql/statement.js";

export type AskedRow = readonly (string | null)[];

interface Asked {
  readonly rows: Promise<readonly AskedRow[]>;
  readonly stop: AbortController;
  /** Rows are weighed once they are there. */
  weight: number;
  /** Requests that wait for them. */
  waiting: number;
}

/** Statements that run at once. Lists are read on the same sessions. */
const STATEMENTS_MAX = 4;
/** Values that are kept. */
const VALUES_MAX = 200_000;

/**
 * Statements that only read, whose rows are kept for as long as the database is unchanged: a question that several ask, or one asks again, is asked once. A
 * statement ends in the server when nobody waits for its rows any more.
 */
export class AskedOnce {
  readonly #pool: pg.Pool;
  readonly #turn = turns(STATEMENTS_MAX);
  readonly #kept = new Recent<string, Asked>(VALUES_MAX, ({ weight }) => weight);
  #version = "";

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** What follows is answered of the database as it is now: two moments with the same snapshot see the same rows. */
  async refresh(): Promise<void> {
    const rows = await this.#pool
      .query<{ version: string }>("select pg_current_snapshot()::text as version")
      .catch((error: unknown) => {
        throw databaseError(error);
      });
    const { version } = rows.rows[0]!;
    if (version !== this.#version) this.#kept.clear();
    this.#version = version;
  }

  /** @throws {EmporiumError} CANCELLED when the signal is aborted; DATABASE_TIMEOUT, DATABASE_UNAVAILABLE, DATABASE_FAILED. */
  async rows(statement: Pick<Statement, "sql" | "parameters">, signal?: AbortSignal): Promise<readonly AskedRow[]> {
    const key = JSON.stringify([statement.sql, statement.parameters]);
    const known = this.#kept.get(key);
    const asked = known ?? this.#ask(key, statement);
    asked.waiting++;
    try {
      return await orCancelled(asked.rows, signal);
    } finally {
      if (--asked.waiting === 0 && asked.weight === 0) {
        asked.stop.abort();
        this.#forget(key, asked);
      }
    }
  }

  #ask(key: string, statement: Pick<Statement, "sql" | "parameters">): Asked {
    const stop = new AbortController();
    const rows = this.#run(statement, stop.signal);
    const asked: Asked = { rows, stop, weight: 0, waiting: 0 };
    this.#kept.set(key, asked);
    rows.then(
      (found) => {
        if (this.#kept.get(key) !== asked) return;
        this.#kept.delete(key);
        asked.weight = 1 + found.length * (found[0]?.length ?? 0);
        this.#kept.set(key, asked);
      },
      () => this.#forget(key, asked),
    );
    return asked;
  }

  #forget(key: string, asked: Asked): void {
    if (this.#kept.get(key) === asked) this.#kept.delete(key);
  }

  async #run({ sql, parameters }: Pick<Statement, "sql" | "parameters">, signal: AbortSignal): Promise<readonly AskedRow[]> {
    const done = await this.#turn();
    try {
      if (signal.aborted) throw cancelled(signal);
      const client = await this.#pool.connect();
      let cancelling: Promise<unknown> | undefined;
      const cancel = () => {
        const { processID } = client as unknown as { processID: number };
        cancelling = this.#pool.query("select pg_cancel_backend($1)", [processID]).catch(() => {});
      };
      let failure: unknown;
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
        failure = databaseError(error);
        throw failure;
      } finally {
        signal.removeEventListener("abort", cancel);
        // else it might end what the session is asked next
        await cancelling;
        client.release(failure !== undefined && (failure as { code?: string }).code === "DATABASE_UNAVAILABLE");
      }
    } finally {
      done();
    }
  }
}

const AS_TEXT = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

async function orCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  if (signal.aborted) throw cancelled(signal);
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
