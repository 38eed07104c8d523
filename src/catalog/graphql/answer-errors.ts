import { GraphQLError, type GraphQLFormattedError } from "graphql";
import type { ErrorCode } from "../../core/errors.js";
import { databaseError, sqlState } from "../database-errors.js";

/** The portal's message for errors whose details are not for clients. */
const MASKED = "Unexpected error.";

/** Errors in a request that only the database can detect, in PostgreSQL's own words, which reveal nothing internal. */
export const REQUEST_STATES: Readonly<Record<string, string>> = {
  "2201B": "REGEX", // invalid_regular_expression
  "22025": "PATTERN", // invalid_escape_sequence: a pattern that ends with a backslash
  "22019": "PATTERN", // invalid_escape_character
};

export interface ToldError {
  readonly error: GraphQLFormattedError;
  /** The same request may succeed later. */
  readonly isPassing: boolean;
  /** Code and message for the log, where the answer hides them. */
  readonly hidden?: { readonly code: ErrorCode; readonly message: string } | undefined;
}

/** Length at which messages are cut: the library repeats its input, which may be long. */
const MESSAGE_MAX = 500;

/** An error of a request, as the answer shows it. */
export function tellFault(fault: GraphQLError): GraphQLFormattedError {
  const { message, ...facts } = fault.toJSON();
  return { message: message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message, ...facts };
}

/** The answer was ended because other requests had waited too long for its session. */
export class BusyError extends Error {}

/** An error as the answer shows it: errors of requests unchanged, others masked. */
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
