import { GraphQLError } from "graphql";

/**
 * The part of a list that a connection shows, as positions in it: from `start` to before `end`, and of those the last `last`. A
 * list may end before `end`.
 */
export interface Page {
  readonly start: number;
  readonly end: number;
  readonly last: number | undefined;
}

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
}

/** The largest position in computations: no list is longer. */
const POSITION_MAX = 2 ** 31 - 1;

/**
 * Page that the arguments select.
 *
 * @throws {GraphQLError} for a negative number, one above the largest page, or an invalid cursor. The wording for the first two
 * is the portal's.
 */
export function pageOf({ first, last, before, after }: PageArguments, sizeMax: number): Page {
  for (const [name, size] of [
    ["first", first],
    ["last", last],
  ] as const) {
    if (size === undefined || size === null) continue;
    if (size < 0) {
      throw new GraphQLError("Unexpected error.", {
        extensions: { code: "ARGUMENT", reason: `Argument '${name}' must be a non-negative integer.` },
      });
    }
    if (size > sizeMax) throw new GraphQLError(`Argument '${name}' cannot be higher than ${sizeMax}.`);
  }
  const start = after === undefined || after === null ? 0 : positionOf(after, "after") + 1;
  const limit = before === undefined || before === null ? POSITION_MAX : positionOf(before, "before");
  const isBounded = first !== undefined && first !== null;
  if (last !== undefined && last !== null) return { start, end: isBounded ? Math.min(limit, start + first) : limit, last };
  return { start, end: Math.min(limit, start + (isBounded ? first : sizeMax)), last: undefined };
}

/** Number of rows that a page has at most. */
export function sizeOf({ start, end, last }: Page): number {
  return Math.min(Math.max(0, end - start), last ?? Number.POSITIVE_INFINITY);
}

export function cursorOf(position: number): string {
  return Buffer.from(`arrayconnection:${position}`).toString("base64");
}

function positionOf(cursor: string, argument: string): number {
  const digits = /^arrayconnection:(\d{1,10})$/.exec(Buffer.from(cursor, "base64").toString("latin1"))?.[1];
  if (digits === undefined) throw new GraphQLError(`Argument '${argument}' is not a cursor of a connection.`);
  return Math.min(Number(digits), POSITION_MAX - 1);
}
