import { GraphQLError, type GraphQLErrorOptions } from "graphql";

/** Limits of one request. All of them are checked before any query is sent to the database. */
export interface QueryLimits {
  /** Tokens of a query. Values of lists do not count: clients write `_in` lists of thousands into the text. */
  readonly tokens: number;
  /** Values of lists in the text and the variables together. */
  readonly listValues: number;
  /** Characters of one text, number or name. */
  readonly valueLength: number;
  /** Depth of brackets in the text, and in the variables. */
  readonly brackets: number;
  /** Depth of fields, `edges` and `node` included. Questions about the schema have a rule of their own. */
  readonly depth: number;
  /** Number of fields under another name, and of fields that are named again beside themselves. */
  readonly aliases: number;
  readonly directives: number;
  /** Number of places where a fragment is used. */
  readonly fragments: number;
  /** Number of fields, with every fragment expanded wherever it is used. */
  readonly fields: number;
  /** Estimated rows of one branch, by the sizes of its pages. */
  readonly cost: number;
  /** Estimated rows of all branches together. */
  readonly totalCost: number;
  /** Number of relations that a filter or an order may follow. */
  readonly relations: number;
  /** Number of rows in one page of a connection. */
  readonly page: number;
}

export const QUERY_LIMITS: QueryLimits = {
  tokens: 2_000,
  listValues: 100_000,
  valueLength: 65_536,
  brackets: 100,
  depth: 15,
  aliases: 30,
  directives: 50,
  fragments: 100,
  fields: 2_000,
  cost: 10_000,
  totalCost: 50_000,
  relations: 4,
  page: 100,
};

/** The error for a request that exceeds a limit. */
export function tooMuch(message: string, options?: GraphQLErrorOptions): GraphQLError {
  return new GraphQLError(message, { ...options, extensions: { code: "LIMIT" } });
}
