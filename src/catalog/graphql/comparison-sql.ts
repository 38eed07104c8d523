import { GraphQLError } from "graphql";
import { type RawBuilder, sql } from "kysely";
import type { Field } from "../entities.js";
import type { Clause } from "./row-plan.js";
import type { Operator } from "./schema-inputs.js";

export type Sql = RawBuilder<unknown>;

/** Casts of parameters, which are sent as text, to the type of the column that they are compared with. */
export const CASTS: Readonly<Record<Exclude<Field["type"], "json">, Sql>> = {
  text: sql`::text`,
  enum: sql`::text`,
  int: sql`::int4`,
  float: sql`::float8`,
  bool: sql`::bool`,
  date: sql`::timestamptz`,
};
const BINARY: Readonly<Partial<Record<Operator, Sql>>> = {
  _eq: sql`=`,
  _neq: sql`<>`,
  _gt: sql`>`,
  _gte: sql`>=`,
  _lt: sql`<`,
  _lte: sql`<=`,
  _like: sql`like`,
  _nlike: sql`not like`,
  _ilike: sql`ilike`,
  _nilike: sql`not ilike`,
  _regex: sql`~`,
  _nregex: sql`!~`,
  _iregex: sql`~*`,
  _niregex: sql`!~*`,
};

/**
 * The conditions of one comparator object, all of which must hold. `null` is compared as SQL does it, so that nothing is equal to it, except
 * by `_eq` and `_neq`, which ask for it. Values are parameters.
 */
export function comparisons(value: Sql, type: Field["type"], comparator: Clause | null): Sql[] {
  if (type === "json") throw new TypeError("a matrix is compared with nothing");
  return Object.entries(comparator ?? {}).map(([name, operand]) => comparison(value, CASTS[type], name as Operator, operand));
}

function comparison(value: Sql, cast: Sql, operator: Operator, operand: unknown): Sql {
  if (operand === null) {
    if (operator === "_eq") return sql`${value} is null`;
    return operator === "_neq" ? sql`${value} is not null` : sql`false`;
  }
  switch (operator) {
    case "_is_null":
      return operand === true ? sql`${value} is null` : sql`${value} is not null`;
    // one parameter for the whole list: a statement has room for 65535
    case "_in":
      return sql`${value} = any(${arrayLiteral(operand as readonly unknown[])}${cast}[])`;
    case "_nin":
      return sql`${value} <> all(${arrayLiteral(operand as readonly unknown[])}${cast}[])`;
    default:
      return sql`${value} ${BINARY[operator]!} ${parameter(operand)}${cast}`;
  }
}

function parameter(value: unknown): string {
  const text = String(value);
  if (text.includes("\0")) throw new GraphQLError("A text cannot hold the character U+0000.");
  return text;
}

/** An array as PostgreSQL writes it: each element in quotes, so that none is taken for `NULL` or for two. */
function arrayLiteral(values: readonly unknown[]): string {
  return `{${values.map((value) => `"${parameter(value).replace(/[\\"]/g, "\\$&")}"`).join(",")}}`;
}
