import { GraphQLError, type GraphQLErrorOptions } from "graphql";

/** What one request may ask for. All of it is judged before the database hears anything. */
export interface QueryLimits {
  /** Words and signs of a query. Values of lists do not count: clients write `_in` lists of thousands into the text. */
  readonly tokens: number;
  /** Values of lists, in the text and in the variables together. */
  readonly listValues: number;
  /** Characters of one text, number or name. */
  readonly valueLength: number;
  /** Brackets within brackets of the text, and of the variables. */
  readonly brackets: number;
  /** Fields within fields, `edges` and `node` included. Questions about the schema have a rule of their own. */
  readonly depth: number;
  /** Fields under another name, and fields that are named again beside themselves. */
  readonly aliases: number;
  readonly directives: number;
  /** Places where a fragment is used. */
  readonly fragments: number;
  /** Fields, with every fragment written out wherever it is used. */
  readonly fields: number;
  /** Rows that one branch may come to, by the sizes of its pages. */
  readonly cost: number;
  /** The same of all branches together. */
  readonly totalCost: number;
  /** Relations that a filter or an order goes along. */
  readonly relations: number;
  /** Rows of one page of a connection. */
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

/** Why a request is refused that asks for too much. */
export function tooMuch(message: string, options?: GraphQLErrorOptions): GraphQLError {
  return new GraphQLError(message, { ...options, extensions: { code: "LIMIT" } });
}
