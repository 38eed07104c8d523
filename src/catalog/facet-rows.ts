import { sql } from "kysely";
import type { FacetDefinition } from "../model/facet-choice.js";
import { type Entity, getEntity } from "./entities.js";
import { findColumn } from "./graphql/columns.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { QUERY_LIMITS } from "./graphql/limits.js";
import { refusing } from "./graphql/read-where.js";
import type { Clause } from "./graphql/row-plan.js";
import { allOf, columnOf, joined, LEVEL_OF_LISTS, type SqlContext, sqlContext, tableAs, whereSql } from "./graphql/where-sql.js";

/** The entities that pass a filter. */
export interface Base {
  readonly where: Clause;
  /** Ids of the entities as an array in PostgreSQL's syntax; absent where there are too many. */
  readonly ids?: string | undefined;
}

export function selected(entity: Entity, where: Clause, what: (alias: string) => Sql, limit: Sql = sql``): Sql {
  const context = contextOf();
  const alias = context.alias();
  const conditions = refusing(() => whereSql(context, entity, alias, where, LEVEL_OF_LISTS));
  return sql`select ${what(alias)} from ${tableAs(entity.name, alias)} where ${allOf(conditions)} ${limit}`;
}

function contextOf(): SqlContext {
  return sqlContext(QUERY_LIMITS.relations);
}

/** SQL for pairs of an entity and one of its values; each pair once, or as often as there are rows. */
export function linesSql(entity: Entity, { kind, path }: Pick<FacetDefinition, "kind" | "path">, base: Base, once: boolean): Sql {
  const { tables, conditions, field, root, isOne } = rowsOf(entity, path, base);
  const isList = kind === "entries";
  const part = sql`btrim(part, E' \\t\\r\\n')`;
  return sql`select ${once && (!isOne || isList) ? sql`distinct` : sql``} ${root} as id, ${isList ? part : sql`${field}::text`} as value
    from ${tables} ${isList ? sql`cross join lateral regexp_split_to_table(${field}, ',') as part` : sql``}
    where ${allOf([...conditions, isList ? sql`${part} <> ''` : sql`${field} is not null`])}`;
}

/**
 * Rows with the column at the end of a path, for the entities that pass a filter. Conditions along the path have to be met by the
 * same rows.
 */
export function rowsOf(entity: Entity, path: readonly string[], { where, ids }: Base) {
  const context = contextOf();
  let [at, alias, clause, level]: [Entity, string, Clause, number] = [entity, context.alias(), where, LEVEL_OF_LISTS];
  let root = columnOf(alias, "id");
  let isOne = true;
  const tables: Sql[] = [tableAs(at.name, alias)];
  const conditions: Sql[] = [];
  for (const [depth, step] of path.slice(0, -1).entries()) {
    const { [step]: inner, ...others } = clause;
    const own = depth === 0 && ids !== undefined ? [] : whereSql(context, at, alias, others, level);
    conditions.push(...own);
    const key = at.keys.find(({ object }) => object === step);
    const list = at.lists.find(({ name }) => name === step);
    const target = context.alias();
    if (depth === 0 && list && own.length === 0) {
      // rows that lead here know its number
      root = columnOf(target, list.key);
      tables.length = 0;
      tables.push(tableAs(list.target, target));
      conditions.push(sql`${root} is not null`);
    } else {
      const on = key ? joined(target, "id", alias, key.column) : joined(target, list!.key, alias, "id");
      tables.push(sql`join ${tableAs((key ?? list)!.target, target)} on ${on}`);
    }
    isOne &&= key !== undefined;
    [at, alias, clause, level] = [getEntity((key ?? list)!.target), target, (inner ?? {}) as Clause, level + 1];
  }
  if (ids === undefined || path.length > 1) conditions.push(...whereSql(context, at, alias, clause, level));
  if (ids !== undefined) conditions.push(sql`${root} = any(${ids}::int4[])`);
  const name = path.at(-1)!;
  const field = columnOf(alias, findColumn(at, name)?.column ?? at.keys.find((key) => key.name === name)!.column);
  return { tables: sql`${sql.join(tables, sql` `)}`, conditions, field, root, isOne };
}
