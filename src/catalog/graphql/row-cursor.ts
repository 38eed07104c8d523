import type pg from "pg";
import type { Statement } from "./statement.js";

/** One row: each column as the text that the server sent, or null. */
export type TextRow = readonly (string | null)[];

export interface RowCursor {
  /** The next rows, at most so many; none at the end. */
  read(count: number): Promise<TextRow[]>;
  /** Gives up the rows that have not been read. It must be called once; the session can then be used again. */
  close(): void;
}

/**
 * Runs one statement and takes its rows in portions, as the extended query protocol has it: the server continues only on request,
 * so a client that reads slowly holds back the server and fills no memory.
 *
 * The session's `statement_timeout` is for the first portion. It would go on while the client reads (a portal that is suspended
 * is not done), so once that portion is there the server is told to allow `wholeMs` for all the rest; that ends with the
 * statement.
 *
 * Source: "Message Flow: Extended Query" in PostgreSQL's manual.
 */
export function openRowCursor(client: pg.ClientBase, statement: Statement, wholeMs: number): RowCursor {
  const portal = new Portal(statement, wholeMs);
  client.query(portal);
  return portal;
}

/** The rows' portal has a name, so that another statement can be run beside it. */
const PORTAL = "rows";
/** Allows more time until the end of the transaction, which is that of the rows. */
const MORE_TIME = "select set_config('statement_timeout', $1, true)";

function openPortal(connection: pg.Connection, sql: string, { parameters }: Statement): void {
  connection.parse({ name: "", text: sql, types: [] }, true);
  connection.bind({ portal: PORTAL, statement: "", values: [...parameters] }, true);
  connection.describe({ type: "P", name: PORTAL }, true);
}

function allowMoreTime(connection: pg.Connection, wholeMs: number): void {
  connection.stream.cork();
  connection.parse({ name: "", text: MORE_TIME, types: [] }, true);
  connection.bind({ portal: "", statement: "", values: [String(wholeMs)] }, true);
  connection.execute({ portal: "" }, true);
  connection.flush();
  connection.stream.uncork();
}

/** The reader of a portion, and the rows that have come for it. */
class Reader {
  rows: TextRow[] = [];
  /** Number of rows that the reader waits for at most; 0 where nobody waits. */
  count = 0;
  #settle: { resolve(rows: TextRow[]): void; reject(error: unknown): void } | undefined;

  wait(count: number): Promise<TextRow[]> {
    this.count = count;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  deliver(): void {
    this.#settle?.resolve(this.rows);
    this.#end();
  }

  fail(error: unknown): void {
    this.#settle?.reject(error);
    this.#end();
  }

  #end(): void {
    this.rows = [];
    this.count = 0;
    this.#settle = undefined;
  }
}

/** Methods that the driver calls on a query that is not its own. Messages come in the order of the protocol. */
class Portal implements pg.Submittable, RowCursor {
  #connection: pg.Connection | undefined;
  readonly #reader = new Reader();
  /** `asked`: rows have been requested; `extending`: more time has. `suspended`: the server waits for us. */
  #state: "new" | "extending" | "asked" | "suspended" | "done" = "new";
  #isExtended = false;
  #failure: { error: unknown } | undefined;
  #closed = false;

  /** The statement's SQL: a session that is limited to what somebody may see gives it another form. */
  text: string;

  constructor(
    private readonly statement: Statement,
    private readonly wholeMs: number,
  ) {
    this.text = statement.sql;
  }

  async read(count: number): Promise<TextRow[]> {
    if (this.#failure) throw this.#failure.error;
    if (this.#state === "done") return [];
    const rows = this.#reader.wait(count);
    if (this.#state === "suspended" || (this.#state === "new" && this.#connection)) this.#ask(count);
    return rows;
  }

  close(): void {
    this.#closed = true;
    if (this.#connection && (this.#state === "suspended" || this.#state === "new")) this.#drop();
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection;
    if (this.#closed) {
      this.#finish();
      return;
    }
    connection.stream.cork();
    openPortal(connection, this.text, this.statement);
    if (this.#reader.count > 0) this.#ask(this.#reader.count);
    else connection.flush();
    connection.stream.uncork();
  }

  handleRowDescription(): void {}

  handleDataRow({ fields }: { fields: TextRow }): void {
    if (this.#state === "asked") this.#reader.rows.push(fields);
  }

  handlePortalSuspended(): void {
    this.#state = "suspended";
    if (this.#closed) this.#drop();
    else if (!this.#isExtended) {
      this.#isExtended = true;
      this.#state = "extending";
      allowMoreTime(this.#connection!, this.wholeMs);
    }
    this.#reader.deliver();
  }

  handleCommandComplete(): void {
    if (this.#state !== "extending") {
      this.#finish();
      return;
    }
    this.#state = "suspended";
    if (this.#closed) this.#drop();
    else if (this.#reader.count > 0) this.#ask(this.#reader.count);
  }

  handleEmptyQuery(): void {
    this.#finish();
  }

  handleReadyForQuery(): void {}

  handleError(error: unknown): void {
    const isOpen = this.#state !== "done";
    this.#state = "done";
    this.#failure ??= { error };
    if (isOpen) this.#connection?.sync();
    this.#reader.fail(error);
  }

  #ask(count: number): void {
    this.#state = "asked";
    // the declared type of `rows` is text; what is sent is a number
    this.#connection!.execute({ portal: PORTAL, rows: count } as never, true);
    this.#connection!.flush();
  }

  #finish(): void {
    this.#state = "done";
    this.#connection!.sync();
    this.#reader.deliver();
  }

  #drop(): void {
    this.#state = "done";
    this.#connection!.close({ type: "P", name: PORTAL }, true);
    this.#connection!.sync();
  }
}
