import { sql } from "kysely";
import type pg from "pg";
import { EmporiumError } from "../core/errors.js";
import {
  choicesOf,
  contentValues,
  FACETS,
  type FacetChoice,
  type FacetDefinition,
  type ListedKind,
  type Where,
  whereOf,
} from "../model/facet-choice.js";
import type { Facet, Facets } from "../model/page-api.js";
import { AskedOnce } from "./asked-once.js";
import { type Entity, type EntityName, getEntity } from "./entities.js";
import { findColumn } from "./graphql/columns.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { QUERY_LIMITS } from "./graphql/limits.js";
import { readWhere, refusing } from "./graphql/read-where.js";
import type { Clause } from "./graphql/row-plan.js";
import { compiled } from "./graphql/statement.js";
import { allOf, columnOf, joined, LEVEL_OF_LISTS, type SqlContext, sqlContext, tableAs, whereSql } from "./graphql/where-sql.js";

export interface FacetsRequest {
  readonly of: ListedKind;
  /** As in GraphQL. */
  readonly where?: unknown;
  /** This facet alone. */
  readonly facet?: string | undefined;
  /** Values that have this in them, whatever the case. */
  readonly like?: string | undefined;
}

const ENTITY: Readonly<Record<ListedKind, EntityName>> = { datasets: "Dataset", runs: "Run", annotations: "Annotation" };
/** Values of a facet. */
const VALUES = 50;
/** Entities that are handed from one statement to the next by their numbers; where there are more, each statement filters again. */
const IDS_MAX = 50_000;

/** What a filter leaves. */
interface Base {
  readonly where: Clause;
  /** An array in PostgreSQL's words. */
  readonly ids?: string | undefined;
  readonly total: number;
}

/**
 * Counts of what a list can be filtered by: distinct entities, each facet under all filters but its own, by the filter of GraphQL itself.
 *
 * @param pool of a role that only reads, with a `statement_timeout`.
 */
export function openFacets(pool: pg.Pool): (request: FacetsRequest, signal?: AbortSignal) => Promise<Facets> {
  const database = new AskedOnce(pool);
  return async ({ of, where, facet: only, like }, signal) => {
    const asked = where ?? {};
    const entity = getEntity(ENTITY[of]);
    readWhere(entity.name, asked);
    const { choices, rest } = choicesOf(of, asked as Where);
    const facets = FACETS[of].filter(({ id }) => only === undefined || id === only);
    if (facets.length === 0) {
      throw new EmporiumError("NOT_FOUND", `${of} have no facet ${only}`, { hint: FACETS[of].map(({ id }) => id).join(", ") });
    }
    await database.refresh();
    const ask = (statement: Sql) => database.rows(compiled(statement), signal);
    const bases = new Map<string, Promise<Base>>();
    const baseOf = (where: Where): Promise<Base> => {
      const key = JSON.stringify(where);
      const known = bases.get(key) ?? readBase(entity, readWhere(entity.name, where), ask);
      bases.set(key, known);
      return known;
    };
    const counted = async (definition: FacetDefinition): Promise<Facet> => {
      const { [definition.id]: own, ...others } = choices;
      const without = definition.kind === "contents" ? asked : whereOf(of, others, rest);
      const base = await baseOf(without as Where);
      return await countFacet({ of, entity, definition, own, base, like, ask });
    };
    const [{ total }, ...answers] = await Promise.all([baseOf(asked as Where), ...facets.map(counted)]);
    return { of, total, facets: answers };
  };
}

type Ask = (statement: Sql) => Promise<readonly (readonly (string | null)[])[]>;

function contextOf(): SqlContext {
  return sqlContext(QUERY_LIMITS.relations);
}

async function readBase(entity: Entity, where: Clause, ask: Ask): Promise<Base> {
  const select = (what: Sql, limit: Sql) => {
    const context = contextOf();
    const alias = context.alias();
    const conditions = refusing(() => whereSql(context, entity, alias, where, LEVEL_OF_LISTS));
    return sql`select ${what} from (select ${columnOf(alias, "id")} from ${tableAs(entity.name, alias)} where ${allOf(conditions)} ${limit}) as found`;
  };
  if (Object.keys(where).length > 0) {
    const found = sql`count(*), array_agg(id)::text`;
    const [row] = await ask(select(found, sql`limit ${sql.lit(IDS_MAX + 1)}`));
    const total = Number(row![0]);
    if (total <= IDS_MAX) return { where, ids: row![1] ?? "{}", total };
  }
  const [row] = await ask(select(sql`count(*)`, sql``));
  return { where, total: Number(row![0]) };
}

interface Counting {
  readonly of: ListedKind;
  readonly entity: Entity;
  readonly definition: FacetDefinition;
  readonly own: FacetChoice | undefined;
  readonly base: Base;
  readonly like: string | undefined;
  readonly ask: Ask;
}

async function countFacet(counting: Counting): Promise<Facet> {
  const { of, entity, definition, own, base, like, ask } = counting;
  const { id, title, group, kind } = definition;
  const none: Facet = { id, title, group, values: [], more: false };
  if (kind === "text") return none;
  if (base.total === 0 && kind === "range") return none;
  if (kind === "range") {
    const { tables, conditions, field } = rowsOf(entity, definition.path, base);
    const [row] = await ask(sql`select min(${field}), max(${field}) from ${tables} where ${allOf(conditions)}`);
    const [min, max] = row!;
    return min === null || max === null ? none : { ...none, range: { min: Number(min), max: Number(max) } };
  }
  const chosen: readonly string[] = Array.isArray(own) ? (own as readonly string[]) : [];
  const isChosen = (value: string) => chosen.includes(value);
  if (kind === "contents") {
    const values = await Promise.all(
      contentValues(of).map(async (value) => {
        const count = isChosen(value) ? base.total : await countContent(counting, value);
        return { value, count, chosen: isChosen(value) };
      }),
    );
    return { ...none, values: values.filter(({ count, chosen }) => count > 0 || chosen) };
  }
  const pattern = like === undefined ? undefined : sql`value ilike ${`%${like.replace(/[\\%_]/g, "\\$&")}%`}`;
  const rows = await ask(valuesSql(counting, pattern, VALUES + 1));
  const found = new Map(rows.slice(0, VALUES).map(([value, count]) => [value!, Number(count)]));
  const missing = like === undefined ? chosen.filter((value) => !found.has(value)) : [];
  if (missing.length > 0) {
    const among = sql`value = any(${missing}::text[])`;
    const more = rows.length > VALUES ? await ask(valuesSql(counting, among, missing.length)) : [];
    for (const value of missing) found.set(value, 0);
    for (const [value, count] of more) found.set(value!, Number(count));
  }
  const values = [...found].map(([value, count]) => ({ value, count, chosen: isChosen(value) }));
  return { ...none, values, more: rows.length > VALUES };
}

async function countContent({ of, entity, base, ask }: Counting, value: string): Promise<number> {
  const context = contextOf();
  const alias = context.alias();
  const has = readWhere(entity.name, whereOf(of, { contents: [value] }));
  const conditions = [
    ...(base.ids === undefined
      ? whereSql(context, entity, alias, base.where, LEVEL_OF_LISTS)
      : [sql`${columnOf(alias, "id")} = any(${base.ids}::int4[])`]),
    ...whereSql(context, entity, alias, has, LEVEL_OF_LISTS),
  ];
  const [row] = await ask(sql`select count(*) from ${tableAs(entity.name, alias)} where ${allOf(conditions)}`);
  return Number(row![0]);
}

/** A value and how many entities have it, the most frequent first. */
function valuesSql({ entity, definition, base }: Counting, condition: Sql | undefined, limit: number): Sql {
  const { tables, conditions, field, root, isOne } = rowsOf(entity, definition.path, base);
  const isList = definition.kind === "entries";
  const part = sql`btrim(part, E' \\t\\r\\n')`;
  const lines = sql`select ${isOne && !isList ? sql`` : sql`distinct`} ${root} as id, ${isList ? part : sql`${field}::text`} as value
    from ${tables} ${isList ? sql`cross join lateral regexp_split_to_table(${field}, ',') as part` : sql``}
    where ${allOf([...conditions, isList ? sql`${part} <> ''` : sql`${field} is not null`])}`;
  const filter = condition ? sql`where ${condition}` : sql``;
  return sql`select value, count(*) from (${lines}) as line ${filter} group by value order by 2 desc, value collate "C" limit ${sql.lit(limit)}`;
}

/** Rows that have a column at the end of a path, of the entities that a filter leaves; conditions along the path are met by the same rows. */
function rowsOf(entity: Entity, path: readonly string[], { where, ids }: Base) {
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
