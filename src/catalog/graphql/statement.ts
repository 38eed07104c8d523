import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from "kysely";
import { type Entity, type Field, getEntity } from "../entities.js";
import { SHORT_TEXT_BYTES, SHORT_TEXTS } from "../portal-counts.js";
import type { Addressing } from "./address-sql.js";
import type { Sql } from "./comparison-sql.js";
import { countedSql } from "./counted-sql.js";
import { Joins, orderSql } from "./order-sql.js";
import type { Page } from "./page.js";
import type { AggregateFunction, GroupsPlan, ListSlot, ObjectSlot, RootQuery, RowPlan, Slot } from "./row-plan.js";
import {
  allOf,
  columnOf,
  descend,
  joined,
  LEVEL_OF_AGGREGATES,
  LEVEL_OF_LISTS,
  type SqlContext,
  sqlContext,
  tableAs,
  whereSql,
} from "./where-sql.js";

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly string[];
  /** Reads or compares addresses, which are the server's own where it is told how. */
  readonly usesAddresses: boolean;
}

/** Only to put text together: it has no connection. */
const compiler = new Kysely<object>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/**
 * The one statement of a request, whose rows are the number of a query and a JSON array. What is selected below a row is part of its array, as
 * subqueries that the database runs by its indexes: so the answer is of one moment, and the number of statements does not grow with the
 * selection. Columns and tables are those of the entities, every value is a parameter.
 *
 * @param relations that a filter, an order or a grouping may go along.
 * @param addressing how addresses in rows become the server's own. Default: they stay.
 * @throws {GraphQLError} where it goes along more.
 */
export function statementOf(queries: readonly RootQuery[], relations: number, addressing?: Addressing): Statement {
  let usesAddresses = false;
  const context = sqlContext(relations, addressing, () => {
    usesAddresses = true;
  });
  const parts = queries.map((query, at) => {
    const rows = query.kind === "rows" ? rowsSql(context, query) : groupsSql(context, query.groups);
    return queries.length === 1 ? sql`select 0 as query, part.row::text from (${rows}) as part` : numbered(rows, at);
  });
  const whole = parts.length === 1 ? parts[0]! : inOrder(parts);
  return { ...compiled(whole), usesAddresses };
}

/** The text of a statement, and its values. */
export function compiled(statement: Sql): Pick<Statement, "sql" | "parameters"> {
  const { sql: text, parameters } = statement.compile(compiler);
  return { sql: text, parameters: parameters as string[] };
}

function numbered(rows: Sql, at: number): Sql {
  return sql`select ${sql.lit(at)}::int as query, row_number() over () as position, part.row from (${rows}) as part`;
}

/** One list after the other: the parts of a union have no order among each other, nor must their rows keep theirs. */
function inOrder(parts: readonly Sql[]): Sql {
  const union = sql`${sql.join([...parts], sql` union all `)}`;
  return sql`select whole.query, whole.row::text from (${union}) as whole order by whole.query, whole.position`;
}

function rowsSql(context: SqlContext, { row, filter, limit, offset }: RootQuery & { kind: "rows" }): Sql {
  const alias = context.alias();
  const order = orderSql(context, row.entity, alias, filter.orderBy);
  const conditions = whereSql(context, row.entity, alias, filter.where, LEVEL_OF_LISTS);
  const from = sql`from ${tableAs(row.entity.name, alias)} ${spaced(order.joins)} where ${allOf(conditions)}`;
  return windowedSql(context, row, alias, from, order.by, limit, offset ?? 0);
}

/** A part of a list. What is selected below a row costs as much for rows that are skipped, so these are skipped first. */
function windowedSql(
  context: SqlContext,
  row: RowPlan,
  alias: string,
  from: Sql,
  by: Sql,
  limit: number | undefined,
  offset: number,
): Sql {
  const window = windowSql(limit, offset);
  if (offset === 0 || row.slots.every(({ kind }) => kind === "column")) {
    return sql`select ${rowSql(context, row, alias)} as row ${from} order by ${by} ${window}`;
  }
  return sql`select ${rowSql(context, row, alias)} as row from (select ${sql.id(alias)}.* ${from} order by ${by} ${window}) as ${sql.id(alias)}`;
}

/** A row's array. PostgreSQL takes 100 arguments; no entity has so many columns and relations, even with every alias that is allowed. */
function rowSql(context: SqlContext, { slots }: RowPlan, alias: string): Sql {
  return sql`json_build_array(${sql.join(slots.map((slot) => slotSql(context, slot, alias)))})`;
}

function slotSql(context: SqlContext, slot: Slot, alias: string): Sql {
  switch (slot.kind) {
    case "column":
      return valueSql(context.value(alias, slot), slot.type);
    case "object":
      return objectSql(context, slot, alias);
    case "list":
      return listSql(context, slot, alias);
    case "groups": {
      const { list, groups } = slot;
      return sql`(select json_agg(part.row) from (${groupsSql(context, groups, (child) => joined(child, list.key, alias, "id"))}) as part)`;
    }
  }
}

/** Moments lose their zone here, which is UTC then, whatever the session's is. */
function valueSql(value: Sql, type: Field["type"]): Sql {
  return type === "date" ? sql`(${value}) at time zone 'UTC'` : value;
}

function objectSql(context: SqlContext, { key, filter, row }: ObjectSlot, parent: string): Sql {
  const alias = context.alias();
  const order = orderSql(context, row.entity, alias, filter.orderBy);
  const conditions = [
    joined(alias, "id", parent, key.column),
    ...whereSql(context, row.entity, alias, filter.where, LEVEL_OF_LISTS),
  ];
  return sql`(select ${rowSql(context, row, alias)} from ${tableAs(key.target, alias)} ${spaced(order.joins)} where ${allOf(conditions)})`;
}

function listSql(context: SqlContext, { list, filter, page, row }: ListSlot, parent: string): Sql {
  const alias = context.alias();
  const order = orderSql(context, row.entity, alias, filter.orderBy);
  const conditions = [
    joined(alias, list.key, parent, "id"),
    ...whereSql(context, row.entity, alias, filter.where, LEVEL_OF_LISTS),
  ];
  const from = sql`from ${tableAs(list.target, alias)} ${spaced(order.joins)} where ${allOf(conditions)}`;
  if (page.last !== undefined) return lastRowsSql(context, row, alias, from, order.by, { ...page, last: page.last });
  // one row more than the page has, to know whether there is a next one
  const rows = windowedSql(context, row, alias, from, order.by, Math.max(0, page.end - page.start) + 1, page.start);
  return sql`(select json_agg(part.row) from (${rows}) as part)`;
}

/** The last rows of a list whose length is not known: `[length, rows]`, with positions counted first. */
function lastRowsSql(context: SqlContext, row: RowPlan, alias: string, from: Sql, by: Sql, page: Page & { last: number }): Sql {
  const all = context.alias();
  const [position, total] = [columnOf(all, "#position"), columnOf(all, "#total")];
  const first = sql`greatest(${parameter(page.start)}, least(${parameter(page.end)}, ${total}) - ${parameter(page.last)})`;
  return sql`(select json_build_array(
      max(${total}),
      json_agg(${rowSql(context, row, all)} order by ${position}) filter (where ${position} >= ${first} and ${position} < ${parameter(page.end)}))
    from (select ${sql.id(alias)}.*, row_number() over (order by ${by}) - 1 as "#position", count(*) over () as "#total" ${from}) as ${sql.id(all)})`;
}

/**
 * One array for each group, functions first; without groups one for all rows.
 *
 * @param toParent where rows are counted of one parent alone. Then there is no array if there are no rows.
 */
function groupsSql(context: SqlContext, groups: GroupsPlan, toParent?: (alias: string) => Sql): Sql {
  const counted = toParent ? undefined : countedSql(groups);
  if (counted) return counted;
  const alias = context.alias();
  const { entity } = groups;
  const joins = new Joins(context);
  for (const path of groups.paths) walk(context, joins, entity, alias, path);
  const by = groups.by.map(({ path, field }) => {
    const at = walk(context, joins, entity, alias, path);
    return {
      field,
      value: context.value(at.alias, field),
      isShort: SHORT_TEXTS[at.entity.name]?.includes(field.column) ?? false,
    };
  });
  const conditions = whereSql(context, entity, alias, groups.where, LEVEL_OF_AGGREGATES);
  if (toParent) conditions.unshift(toParent(alias));
  const values = [
    ...groups.functions.map((one) => functionSql(context, one, alias)),
    ...by.map(({ field, value }) => valueSql(value, field.type)),
  ];
  const row = sql`json_build_array(${sql.join(values)}) as row`;
  const from = sql`from ${tableAs(entity.name, alias)} ${spaced(joins.tables)} where ${allOf(conditions)}`;
  if (by.length === 0) return sql`select ${row} ${from} ${toParent ? sql`having count(*) > 0` : sql`having true`}`;
  const columns = sql`${sql.join(by.map(({ value }) => value))}`;
  const short = by.find(({ isShort }) => isShort)?.value;
  if (!short) return sql`select ${row} ${from} group by ${columns} order by ${columns}`;
  // by groups of short and of long texts, none of which is in both: of the short ones an index knows enough
  const keys = by.map((_, at) => sql.id(`key${at}`));
  const keyed = sql`${sql.join(by.map(({ value }, at) => sql`${value} as ${keys[at]!}`))}`;
  const half = (sign: Sql) =>
    sql`select ${row}, ${keyed} ${from} and octet_length(${short}) ${sign} ${sql.lit(SHORT_TEXT_BYTES)} group by ${columns}`;
  return sql`select halves.row from (${half(sql`<=`)} union all ${half(sql`>`)}) as halves order by ${sql.join(keys)}`;
}

/** Joins a whole path; what it ends at, and the alias of that. */
function walk(
  context: SqlContext,
  joins: Joins,
  entity: Entity,
  alias: string,
  path: readonly string[],
): { entity: Entity; alias: string } {
  let [at, name, level] = [entity, alias, LEVEL_OF_AGGREGATES];
  for (const [index, step] of path.entries()) {
    level = descend(context, level);
    name = joins.along(at, name, path.slice(0, index + 1));
    const key = at.keys.find(({ object }) => object === step);
    at = getEntity((key ?? at.lists.find((list) => list.name === step)!).target);
  }
  return { entity: at, alias: name };
}

/** Means of whole numbers are cut to whole numbers: the portal gives every function of a column the column's type. */
function functionSql(context: SqlContext, one: AggregateFunction, alias: string): Sql {
  if (one.name === "count") {
    return one.distinct ? sql`count(distinct ${context.value(alias, one.distinct)})` : sql`count(*)`;
  }
  const column = context.value(alias, one.of);
  const isCut = one.of.type === "int";
  switch (one.name) {
    case "sum":
      return sql`sum(${column})`;
    case "avg":
      return isCut ? sql`trunc(avg(${column}))` : sql`avg(${column})`;
    case "stddev":
      return isCut ? sql`trunc(stddev_samp(${column}))` : sql`stddev_samp(${column})`;
    case "variance":
      return isCut ? sql`trunc(var_samp(${column}))` : sql`var_samp(${column})`;
    case "min":
      return valueSql(sql`min(${column})`, one.of.type);
    case "max":
      return valueSql(sql`max(${column})`, one.of.type);
  }
}

function windowSql(limit: number | undefined, offset: number): Sql {
  return sql`${limit === undefined ? sql`` : sql`limit ${parameter(limit)}`} ${offset > 0 ? sql`offset ${parameter(offset)}` : sql``}`;
}

function parameter(count: number): Sql {
  return sql`${String(count)}::int8`;
}

function spaced(parts: readonly Sql[]): Sql {
  return parts.length > 0 ? sql`${sql.join([...parts], sql` `)}` : sql``;
}
