import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { ErrorCode } from "../../core/errors.js";
import { databaseError, sqlState } from "../database-errors.js";

/** What the portal says of everything that is nobody else's business. */
const MASKED = "Unexpected error.";

/** Errors in a request that only the database can detect, in PostgreSQL's own words, which reveal nothing internal. */
export const REQUEST_STATES: Readonly<Record<string, string>> = {
  "2201B": "REGEX", // invalid_regular_expression
  "22025": "PATTERN", // invalid_escape_sequence: a pattern that ends with a backslash
  "22019": "PATTERN", // invalid_escape_character
};

export interface ToldError {
  readonly error: GraphQLFormattedError;
  /** The same request may do better later. */
  readonly isPassing: boolean;
  /** For the log: what happened, where the answer does not say it. */
  readonly hidden?: { readonly code: ErrorCode; readonly message: string } | undefined;
}

/** The library repeats what it was sent, which may be long. */
const MESSAGE_MAX = 500;

/** A fault of a request, as the answer tells it. */
export function tellFault(fault: GraphQLError): GraphQLFormattedError {
  const { message, ...facts } = fault.toJSON();
  return { message: message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message, ...facts };
}

/** Others have waited for this answer too long. */
export class BusyError extends Error {}

/** An error as the answer tells it: those of requests as they are, others masked. */
export function tellError(thrown: unknown): ToldError {
  if (thrown instanceof BusyError) return { error: { message: thrown.message, extensions: { code: "BUSY" } }, isPassing: true };
  if (thrown instanceof GraphQLError) return { error: tellFault(thrown), isPassing: false };
  const state = sqlState(thrown);
  const told = state === undefined ? undefined : REQUEST_STATES[state];
  const error = databaseError(thrown);
  if (told) return { error: { message: error.message, extensions: { code: told } }, isPassing: false };
  const hidden = { code: error.code, message: error.message };
  if (error.code === "DATABASE_TIMEOUT") {
    return {
      error: { message: "The query takes too long: ask for less at a time.", extensions: { code: "TIMEOUT" } },
      isPassing: false,
      hidden,
    };
  }
  return { error: { message: MASKED }, isPassing: error.code === "DATABASE_UNAVAILABLE", hidden };
}
