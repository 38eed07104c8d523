import { coerceInputValue, GraphQLError } from "graphql";
import { EmporiumError } from "../../core/errors.js";
import type { EntityName } from "../entities.js";
import { QUERY_LIMITS, type QueryLimits } from "./limits.js";
import type { Clause } from "./row-plan.js";
import { inputsOf } from "./schema-inputs.js";
import { checkVariables } from "./text-limits.js";

/**
 * Reads a `where` given as JSON by itself, under the limits of GraphQL's variables.
 *
 * @throws {EmporiumError} USAGE for one that does not fit the entity, or exceeds a limit
 */
export function readWhere(name: EntityName, where: unknown, limits: QueryLimits = QUERY_LIMITS): Clause {
  return refusing(() => {
    checkVariables({ where }, { tokens: 0, listValues: 0 }, limits);
    return coerceInputValue(where, inputsOf(name).where, (path, _, error) => {
      throw new GraphQLError(`where.${path.join(".")}: ${error.message}`);
    }) as Clause;
  });
}

/** Runs work and turns GraphQL's refusals into errors of the program. */
export function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { message } = error;
    throw new EmporiumError("USAGE", message.length > 500 ? `${message.slice(0, 500)}…` : message, {
      hint: "where is the filter of GraphQL, as JSON",
    });
  }
}
