import type { GraphQLFormattedError } from "graphql";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.js";
import type { Log } from "../../core/log.js";
import { readdressState } from "../../formats/precomputed/state-addresses.js";
import { sqlState } from "../database-errors.js";
import { knownPrefixes, type TreePrefixes } from "../import-prefixes.js";
import type { SeenPool } from "../seen.js";
import { BusyError, tellError, tellFault } from "./answer-errors.js";
import { AnswerWriter } from "./answer-writer.js";
import { QUERY_LIMITS, type QueryLimits } from "./limits.js";
import { type GraphqlRequest, type Prepared, prepareRequest, RefusedRequest } from "./prepare.js";
import { openRowCursor, type RowCursor, type TextRow } from "./row-cursor.js";
import type { FieldError } from "./row-text.js";
import { type Held, Sessions } from "./sessions.js";
import type { Statement } from "./statement.js";

export interface PortalApiOptions {
  /** Sessions of a role that only reads, with a `statement_timeout`. */
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly limits?: Partial<QueryLimits> | undefined;
  /** Milliseconds that a client may take to read an answer that is longer than one portion. Default 10 min. */
  readonly answerMs?: number | undefined;
  /** Clock by which slow clients are measured. */
  readonly clock?: Clock | undefined;
}

export interface PortalApi {
  /**
   * Answers a request. Never throws: errors are part of the answer.
   *
   * @param own prefixes of the tree's URLs at the server that answers: addresses of files, and sources of views, begin with them.
   * Default: they are as the import wrote them.
   * @param enter limits a session to what somebody may see. Default: everything is seen.
   */
  answer(request: GraphqlRequest, own?: TreePrefixes, enter?: SeenPool["enter"]): Promise<Answer>;
}

export interface Answer {
  /** The database is unavailable: the only failure that the request did not cause. */
  readonly isUnavailable: boolean;
  /** The answer's JSON, or its beginning. */
  readonly text: string;
  /**
   * The rest of the answer, which is read as it is consumed. A failure meanwhile is reported at the end, in `errors`. A caller
   * that does not read to the end must `return` it, or a session of the database is kept.
   */
  readonly rest: AsyncGenerator<string, void, undefined> | undefined;
}

/** Number of rows that are fetched at a time. */
const PORTION = 200;
const ANSWER_MS = 10 * 60_000;

/** `openPortalApi`, with GraphQL's library loaded. */
export function portalApi(options: PortalApiOptions): PortalApi {
  const sessions = new Sessions(options.pool, options.clock ?? systemClock);
  const limits = { ...QUERY_LIMITS, ...options.limits };
  // the library checks the whole schema when it is first used: now, and not while somebody waits
  prepareRequest({ query: "{ runs { id } }" }, limits);
  return {
    async answer(request, own, enter) {
      let prepared: Prepared;
      try {
        prepared = prepareRequest(request, limits);
      } catch (error) {
        if (error instanceof RefusedRequest) return whole({ errors: error.errors.map(tellFault) });
        return failed(error, options.log);
      }
      const progress: Progress = { isWhole: false };
      const pieces = answerPieces(prepared, { own, sessions, enter, progress }, options);
      try {
        const { value: text } = await pieces.next();
        return { isUnavailable: false, text: text!, rest: progress.isWhole ? undefined : pieces };
      } catch (error) {
        return failed(error, options.log);
      }
    },
  };
}

interface Answering {
  readonly own: TreePrefixes | undefined;
  readonly sessions: Sessions;
  readonly enter: SeenPool["enter"] | undefined;
  readonly progress: Progress;
}

interface Progress {
  /** The last piece was the end of the answer. */
  isWhole: boolean;
}

function whole(answer: object): Answer {
  return { isUnavailable: false, text: `${JSON.stringify(answer)}\n`, rest: undefined };
}

function failed(thrown: unknown, log: Log): Answer {
  const { error, isPassing, hidden } = tellError(thrown);
  if (hidden) log.error(hidden.message, { code: hidden.code });
  return { ...whole({ data: null, errors: [error] }), isUnavailable: isPassing };
}

/** The answer in pieces of a portion of rows; errors are thrown only before the first piece. */
async function* answerPieces(
  prepared: Prepared,
  { own, sessions, enter, progress }: Answering,
  options: PortalApiOptions,
): AsyncGenerator<string, void, undefined> {
  const { log, answerMs = ANSWER_MS } = options;
  const errors: (FieldError | GraphQLFormattedError)[] = [...prepared.errors];
  const view = (state: string) => (own ? readdressState(state, own.https).text : state);
  const writer = new AnswerWriter(prepared.fields, { report: (error) => errors.push(error), view });
  let text = "";
  let isStarted = false;
  try {
    for await (const rows of portions(prepared, { own, sessions, enter }, answerMs)) {
      text = writer.add(rows);
      if (rows.length < PORTION) break;
      isStarted = true;
      yield text;
      text = "";
    }
  } catch (error) {
    if (!isStarted) throw error;
    const told = tellError(error);
    if (told.hidden) log.error(told.hidden.message, { code: told.hidden.code });
    errors.push(told.error);
  }
  const tail = errors.length > 0 ? `,"errors":${JSON.stringify(errors)}` : "";
  progress.isWhole = true;
  yield `${text}${writer.end()}${tail}}\n`;
}

/** A statement's rows in portions; the last one is smaller than the others, or empty. */
async function* portions(
  prepared: Prepared,
  { own, sessions, enter }: Omit<Answering, "progress">,
  answerMs: number,
): AsyncGenerator<TextRow[], void, undefined> {
  if (!prepared.statement) return;
  const session = await sessions.connect();
  const client = enter ? await enter(session) : session;
  let cursor: RowCursor | undefined;
  let failure: unknown;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    cursor?.close();
    // a session that was lost is not given to the next one
    client.release(failure !== undefined && sqlState(failure) === undefined);
  };
  const answer: Held = { letGo: end };
  try {
    cursor = openRowCursor(client, await addressed(prepared, own, client), answerMs);
    for (;;) {
      const rows = await cursor.read(PORTION);
      if (rows.length === PORTION) sessions.waits(answer);
      yield rows;
      sessions.goesOn(answer);
      if (rows.length < PORTION) return;
      if (isOver) throw new BusyError("The answer was read too slowly while others waited: ask again, for less at a time.");
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    sessions.goesOn(answer);
    end();
  }
}

/** The statement with the server's own addresses. An import records its prefixes long before the first row with them exists. */
async function addressed(
  { statement, addressed }: Prepared,
  own: TreePrefixes | undefined,
  client: pg.PoolClient,
): Promise<Statement> {
  if (!own || !statement!.usesAddresses) return statement!;
  return addressed({ known: await knownPrefixes(client), own })!;
}
