import { GraphQLError } from "graphql";
import { sql } from "kysely";
import { type Entity, getEntity } from "../entities.js";
import { findColumn } from "./columns.js";
import type { Sql } from "./comparison-sql.js";
import type { Clause } from "./row-plan.js";
import { columnOf, descend, joined, LEVEL_OF_LISTS, type SqlContext, tableAs } from "./where-sql.js";

/**
 * SQL of the directions. The place of nulls is always stated, by the portal's rule: after ascending values, before descending
 * ones.
 */
const DIRECTIONS: Readonly<Record<string, Sql>> = {
  asc: sql`asc nulls last`,
  asc_nulls_first: sql`asc nulls first`,
  asc_nulls_last: sql`asc nulls last`,
  desc: sql`desc nulls first`,
  desc_nulls_first: sql`desc nulls first`,
  desc_nulls_last: sql`desc nulls last`,
};

export interface OrderSql {
  /** Tables that are joined for the order. Rows without the related row disappear. */
  readonly joins: readonly Sql[];
  readonly by: Sql;
}

/** Order of a list. Rows that are equal in it, or all if no order is requested, are sorted by id. */
export function orderSql(context: SqlContext, entity: Entity, alias: string, orderBy: readonly Clause[]): OrderSql {
  const joins = new Joins(context);
  const by: Sql[] = [];
  const visit = (at: Entity, name: string, path: readonly string[], clause: Clause, level: number): void => {
    for (const [field, value] of Object.entries(clause)) {
      if (value === null) continue;
      const column = findColumn(at, field);
      if (column) by.push(sql`${context.value(name, column)} ${DIRECTIONS[value as string]!}`);
      else {
        const key = at.keys.find(({ object }) => object === field)!;
        const further = [...path, field];
        const inner = descend(context, level);
        visit(getEntity(key.target), joins.along(at, name, further), further, value as Clause, inner);
      }
    }
  };
  for (const clause of orderBy) visit(entity, alias, [], clause, LEVEL_OF_LISTS);
  return { joins: joins.tables, by: sql`${sql.join([...by, sql`${columnOf(alias, "id")} asc`], sql`, `)}` };
}

/** Inner joins along relations, each path once. */
export class Joins {
  readonly tables: Sql[] = [];
  readonly #aliases = new Map<string, string>();
  readonly #context: SqlContext;

  constructor(context: SqlContext) {
    this.#context = context;
  }

  /**
   * Joins the table that the last step of a path leads to.
   *
   * @param path names of relations from the first entity on; those before the last have been joined.
   * @returns the alias of the table.
   */
  along(entity: Entity, alias: string, path: readonly string[]): string {
    const known = this.#aliases.get(path.join("."));
    if (known !== undefined) return known;
    const name = path.at(-1);
    const key = entity.keys.find(({ object }) => object === name);
    const list = entity.lists.find((candidate) => candidate.name === name);
    const target = key?.target ?? list?.target;
    if (target === undefined) throw new GraphQLError(`${entity.name} has no relation ${name}`);
    const added = this.#context.alias();
    const on = key ? joined(added, "id", alias, key.column) : joined(added, list!.key, alias, "id");
    this.tables.push(sql`inner join ${tableAs(target, added)} on ${on}`);
    this.#aliases.set(path.join("."), added);
    return added;
  }
}
