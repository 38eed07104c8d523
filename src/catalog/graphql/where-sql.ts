import { GraphQLError } from "graphql";
import { sql } from "kysely";
import { type Entity, type EntityName, type Field, getEntity } from "../entities.js";
import { PORTAL_SCHEMA } from "../portal-rows.js";
import { type Addressing, addressSql, isAddress } from "./address-sql.js";
import { findColumn } from "./columns.js";
import { comparisons, type Sql } from "./comparison-sql.js";
import { indexedText } from "./indexed-text.js";
import { tooMuch } from "./limits.js";
import type { Clause } from "./row-plan.js";

/** Number of parts of all `_and` and `_or` of a statement together. */
const PARTS_MAX = 100;

/** Settings and counters shared by all parts of one statement. */
export interface SqlContext {
  /** An unused alias for a table. */
  alias(): string;
  /** Number of relations that may be followed from a root. */
  readonly relations: number;
  /** @throws {GraphQLError} for more parts of `_and` and `_or` than one statement may have. */
  count(parts: number): void;
  /** A field's value as it is answered and compared. */
  value(alias: string, field: Pick<Field, "column" | "type">): Sql;
}

/** @param onAddress called for every use of a column with addresses. */
export function sqlContext(relations: number, addressing?: Addressing, onAddress: () => void = () => {}): SqlContext {
  let used = 0;
  let parts = 0;
  return {
    alias: () => `t${used++}`,
    relations,
    count(more) {
      parts += more;
      if (parts > PARTS_MAX) throw tooMuch(`_and and _or have more than ${PARTS_MAX} parts.`);
    },
    value(alias, field) {
      const stored = columnOf(alias, field.column);
      if (!isAddress(field)) return stored;
      onAddress();
      return addressing ? addressSql(stored, addressing) : stored;
    },
  };
}

/** Aggregates start one relation further down than lists, as in the portal. */
export const LEVEL_OF_LISTS = 0;
export const LEVEL_OF_AGGREGATES = 1;

/** The level after `steps` more relations. @throws {GraphQLError} beyond the limit, in the portal's words */
export function descend({ relations }: SqlContext, level: number, steps = 1): number {
  if (level + steps > relations) throw new GraphQLError("Max filter depth exceeded");
  return level + steps;
}

export function tableAs(name: EntityName, alias: string): Sql {
  return sql`${sql.table(`${PORTAL_SCHEMA}.${getEntity(name).table}`)} as ${sql.id(alias)}`;
}

export function columnOf(alias: string, column: string): Sql {
  return sql`${sql.id(alias, column)}`;
}

/** Conditions joined by `and`; `true` without any. */
export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length > 0 ? sql`${sql.join([...conditions], sql` and `)}` : sql`true`;
}

/**
 * The conditions of a `where` on the rows of `alias`. A relation becomes an `exists`, also one with nothing in it, which asks for
 * any related row.
 *
 * @throws {GraphQLError} `Max filter depth exceeded`, in the portal's words.
 */
export function whereSql(context: SqlContext, entity: Entity, alias: string, where: Clause | undefined, level: number): Sql[] {
  return Object.entries(where ?? {}).flatMap(([name, value]) => {
    if (value === null) return [];
    const inner = value as Clause;
    if (name === "_and" || name === "_or") {
      const clauses = value as readonly Clause[];
      context.count(clauses.length);
      const parts = clauses.map((clause) => sql`(${allOf(whereSql(context, entity, alias, clause, level))})`);
      if (name === "_and") return parts;
      return [parts.length > 0 ? sql`(${sql.join(parts, sql` or `)})` : sql`false`];
    }
    const column = findColumn(entity, name);
    if (column) {
      const value = context.value(alias, column);
      return indexedText(entity, column, value, inner) ?? comparisons(value, column.type, inner);
    }
    for (const key of entity.keys) {
      if (key.name === name) return comparisons(columnOf(alias, key.column), "int", inner);
      if (key.object === name) {
        return [
          existsSql(context, key.target, inner, descend(context, level), (target) => joined(target, "id", alias, key.column)),
        ];
      }
    }
    for (const list of entity.lists) {
      const toParent = (target: string) => joined(target, list.key, alias, "id");
      if (list.name === name) return [existsSql(context, list.target, inner, descend(context, level), toParent)];
      if (list.aggregate === name) return countSql(context, list.target, inner, descend(context, level, 2), toParent);
    }
    throw new TypeError(`${entity.name}.${name} is in the schema and not in the entities`);
  });
}

/** `a.x = b.y`. */
export function joined(a: string, x: string, b: string, y: string): Sql {
  return sql`${columnOf(a, x)} = ${columnOf(b, y)}`;
}

function existsSql(context: SqlContext, name: EntityName, where: Clause, level: number, join: (alias: string) => Sql): Sql {
  const alias = context.alias();
  const conditions = [join(alias), ...whereSql(context, getEntity(name), alias, where, level)];
  return sql`exists (select 1 from ${tableAs(name, alias)} where ${allOf(conditions)})`;
}

/**
 * Condition on the number of related rows, or of their distinct values. Without `group by` there is a count for no rows, too: it
 * is 0.
 */
function countSql(context: SqlContext, name: EntityName, { count }: Clause, level: number, join: (alias: string) => Sql): Sql[] {
  const { arguments: column, distinct, filter, predicate } = count as Clause;
  const entity = getEntity(name);
  const alias = context.alias();
  const conditions = [join(alias), ...whereSql(context, entity, alias, (filter ?? undefined) as Clause | undefined, level)];
  const counted = distinct === true && typeof column === "string" ? findColumn(entity, column) : undefined;
  const value = counted ? sql`count(distinct ${context.value(alias, counted)})` : sql`count(*)`;
  const predicates = comparisons(value, "int", (predicate ?? null) as Clause | null);
  if (predicates.length === 0) return [];
  return [sql`exists (select 1 from ${tableAs(name, alias)} where ${allOf(conditions)} having ${allOf(predicates)})`];
}
