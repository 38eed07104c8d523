import { sql } from "kysely";
import type pg from "pg";
import type { Clock } from "../core/clock.js";
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
import { AskedOnce, type AskedRow, type Reading, ROWS } from "./asked-once.js";
import { type Entity, type EntityName, getEntity } from "./entities.js";
import { findColumn } from "./graphql/columns.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { QUERY_LIMITS } from "./graphql/limits.js";
import { readWhere, refusing } from "./graphql/read-where.js";
import type { Clause } from "./graphql/row-plan.js";
import { compiled } from "./graphql/statement.js";
import { allOf, columnOf, joined, LEVEL_OF_LISTS, type SqlContext, sqlContext, tableAs, whereSql } from "./graphql/where-sql.js";
import {
  allIn,
  belowMask,
  countIn,
  type IdSet,
  lifted,
  type Mask,
  membersOf,
  packed,
  rangesReading,
  rangesSql,
  setReading,
  setsReading,
  setsSql,
  sizeOf,
  UNIVERSE,
  type Universe,
  universeSql,
} from "./id-sets.js";

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
 * Conditions at the root of a filter hold each by itself: the entities of each are asked for once, and so are those of each value of a facet. Then a
 * choice is an intersection of sets, and only what was not chosen before is asked of the database. Of more annotations than fit the database counts.
 *
 * @param pool of a role that only reads, with a `statement_timeout`.
 */
export function openFacets(pool: pg.Pool, clock: Clock): (request: FacetsRequest, signal?: AbortSignal) => Promise<Facets> {
  const database = new AskedOnce(pool, clock);
  return async ({ of, where, facet: only, like }, signal) => {
    const asked = (where ?? {}) as Where;
    const entity = getEntity(ENTITY[of]);
    // its limits hold for the whole, whatever its parts are asked for
    selected(entity, readWhere(entity.name, asked), () => sql`1`);
    const { choices, rest } = choicesOf(of, asked);
    const facets = FACETS[of].filter(({ id }) => only === undefined || id === only);
    if (facets.length === 0) {
      throw new EmporiumError("NOT_FOUND", `${of} have no facet ${only}`, { hint: FACETS[of].map(({ id }) => id).join(", ") });
    }
    await database.refresh();
    const asking = new Asking(database, signal);
    const count = async (definition: FacetDefinition): Promise<Facet> => {
      const { [definition.id]: own, ...others } = choices;
      const without = definition.kind === "contents" ? asked : whereOf(of, others, rest);
      return await countFacet({ of, entity, definition, own, where: readWhere(entity.name, without), like, asking });
    };
    const total = async () => {
      const clause = readWhere(entity.name, asked);
      if (of === "annotations" && !(await asking.isSmall(entity))) return (await asking.base(entity, clause)).total;
      return sizeOf(await asking.mask(entity, clause));
    };
    const [all, ...answers] = await Promise.all([total(), ...facets.map(count)]);
    return { of, total: all, facets: answers };
  };
}

/** What one request asks of the database: nothing twice. */
class Asking {
  readonly #database: AskedOnce;
  readonly #signal: AbortSignal | undefined;
  readonly #bases = new Map<string, Promise<Base>>();
  readonly #masks = new Map<string, Promise<Mask>>();
  readonly #places = new Map<string, Promise<Place>>();

  constructor(database: AskedOnce, signal: AbortSignal | undefined) {
    this.#database = database;
    this.#signal = signal;
  }

  async rows(statement: Sql): Promise<readonly AskedRow[]> {
    return await this.read(statement, ROWS);
  }

  async read<T>(statement: Sql, reading: Reading<T>): Promise<T> {
    return await this.#database.ask(compiled(statement), reading, this.#signal);
  }

  universe(entity: Entity): Promise<Universe> {
    return this.read(universeSql(entity, PARENTS[entity.name]?.column), UNIVERSE);
  }

  /** Whether entities are few enough to be known as sets. */
  async isSmall(entity: Entity): Promise<boolean> {
    const [row] = await this.rows(selected(entity, {}, () => sql`count(*)`));
    return Number(row![0]) <= SET_MAX;
  }

  /** Positions of the parents of all. */
  async parents(entity: Entity): Promise<IdSet> {
    const above = getEntity(PARENTS[entity.name]!.name);
    const [own, parents] = await Promise.all([this.universe(entity), this.universe(above)]);
    const known = positions.get(own);
    if (known?.of === parents) return known.at;
    const at = own.parents.map((id) => (id < 0 ? -1 : parents.positionOf(id)));
    positions.set(own, { of: parents, at });
    return at;
  }

  /** Entities that meet a filter. */
  mask(entity: Entity, where: Clause): Promise<Mask> {
    return kept(this.#masks, [entity.name, where], async () => {
      const { size } = await this.universe(entity);
      const parts = Object.entries(where).flatMap(([name, value]): Clause[] => {
        if (value === null) return [];
        return name === "_and" ? [...(value as readonly Clause[])] : [{ [name]: value }];
      });
      const sets = await Promise.all(parts.map((part) => this.set(entity, part)));
      return allIn(size, sets);
    });
  }

  /** Entities that meet one condition. */
  async set(entity: Entity, part: Clause): Promise<IdSet> {
    const universe = await this.universe(entity);
    const [name = "", ...others] = Object.keys(part);
    const inner = part[name] as Clause;
    const child = CHILDREN[entity.name];
    if (others.length === 0 && name === child?.list && (await this.isSmall(getEntity(child.name)))) {
      const below = getEntity(child.name);
      const [live, parents] = await Promise.all([this.mask(below, inner), this.parents(below)]);
      return membersOf(lifted(live, parents, universe.size));
    }
    if (others.length === 0 && name === PARENTS[entity.name]?.object) {
      const [above, parents] = await Promise.all([this.mask(getEntity(PARENTS[entity.name]!.name), inner), this.parents(entity)]);
      return membersOf(belowMask(above, parents));
    }
    return await this.read(
      selected(entity, part, (alias) => packed(columnOf(alias, "id"))),
      setReading(universe),
    );
  }

  /** The lists at the head of a path whose entities are known as sets. */
  async listsOf(entity: Entity, path: readonly string[]): Promise<string[]> {
    const steps: string[] = [];
    for (let child = CHILDREN[entity.name]; child && child.list === path[steps.length]; child = CHILDREN[child.name]) {
      if (!(await this.isSmall(getEntity(child.name)))) break;
      steps.push(child.list);
    }
    return steps;
  }

  /** Facets of one list have one place, where none of them is chosen. */
  place(entity: Entity, steps: readonly string[], where: Clause): Promise<Place> {
    return kept(this.#places, [entity.name, steps, where], async () => {
      const before = steps.slice(0, -1);
      const step = steps.at(-1);
      if (step === undefined) return { entity, where, live: await this.mask(entity, where), roots: undefined };
      const innermost = before.reduce((clause, list) => (clause[list] ?? {}) as Clause, where);
      const without = withoutAt(where, before, step);
      const above = await this.place(entity, before, without);
      const own = getEntity(CHILDREN[above.entity.name]!.name);
      const inner = (innermost[step] ?? {}) as Clause;
      const [mask, parents] = await Promise.all([this.mask(own, inner), this.parents(own)]);
      const { roots } = above;
      return {
        entity: own,
        where: inner,
        live: both(mask, belowMask(above.live, parents)),
        roots: roots ? parents.map((at) => roots[at] ?? -1) : parents,
      };
    });
  }

  /** What a filter leaves of entities that are too many for sets. */
  base(entity: Entity, where: Clause): Promise<Base> {
    return kept(this.#bases, [entity.name, where], async () => {
      if (Object.keys(where).length > 0) {
        const some = selected(entity, where, (alias) => columnOf(alias, "id"), sql`limit ${sql.lit(IDS_MAX + 1)}`);
        const [row] = await this.rows(sql`select count(*), array_agg(id)::text from (${some}) as found`);
        const total = Number(row![0]);
        if (total <= IDS_MAX) return { where, ids: row![1] ?? "{}", total };
      }
      const [row] = await this.rows(selected(entity, where, () => sql`count(*)`));
      return { where, total: Number(row![0]) };
    });
  }
}

/** A filter without one list of what a path of lists leads to. */
function withoutAt(where: Clause, [first, ...others]: readonly string[], list: string): Clause {
  if (first === undefined) {
    const { [list]: _, ...rest } = where;
    return rest;
  }
  return { ...where, [first]: withoutAt((where[first] ?? {}) as Clause, others, list) };
}

function kept<T>(values: Map<string, Promise<T>>, of: unknown, make: () => Promise<T>): Promise<T> {
  const key = JSON.stringify(of);
  const value = values.get(key) ?? make();
  values.set(key, value);
  return value;
}

function selected(entity: Entity, where: Clause, what: (alias: string) => Sql, limit: Sql = sql``): Sql {
  const context = contextOf();
  const alias = context.alias();
  const conditions = refusing(() => whereSql(context, entity, alias, where, LEVEL_OF_LISTS));
  return sql`select ${what(alias)} from ${tableAs(entity.name, alias)} where ${allOf(conditions)} ${limit}`;
}

/** Entities that are known as sets: numbers of four bytes for each facet. */
const SET_MAX = 3_000_000;
const CHILDREN: Readonly<Partial<Record<EntityName, { readonly list: string; readonly name: EntityName }>>> = {
  Dataset: { list: "runs", name: "Run" },
  Run: { list: "annotations", name: "Annotation" },
};
const PARENTS: Readonly<
  Partial<Record<EntityName, { readonly object: string; readonly column: string; readonly name: EntityName }>>
> = {
  Run: { object: "dataset", column: "dataset_id", name: "Dataset" },
  Annotation: { object: "run", column: "run_id", name: "Run" },
};
/** Of universes that are kept. */
const positions = new WeakMap<Universe, { readonly of: Universe; readonly at: IdSet }>();

function contextOf(): SqlContext {
  return sqlContext(QUERY_LIMITS.relations);
}

interface Counting {
  readonly of: ListedKind;
  readonly entity: Entity;
  readonly definition: FacetDefinition;
  readonly own: FacetChoice | undefined;
  /** Without the facet's own part. */
  readonly where: Clause;
  readonly like: string | undefined;
  readonly asking: Asking;
}

async function countFacet(counting: Counting): Promise<Facet> {
  const { of, definition, own, like } = counting;
  const { id, title, group, kind } = definition;
  const none: Facet = { id, title, group, values: [], more: false };
  if (kind === "text") return none;
  const level = await levelOf(counting);
  if (kind === "range") {
    const range = level ? await rangeOfSets(counting, level) : await rangeOfRows(counting);
    return range ? { ...none, range } : none;
  }
  const chosen: readonly string[] = Array.isArray(own) ? (own as readonly string[]) : [];
  const told = (value: string, count: number) => ({ value, count, chosen: chosen.includes(value) });
  if (kind === "contents") {
    const counts = await Promise.all(contentValues(of).map(async (value) => told(value, await countContent(counting, value))));
    return { ...none, values: counts.filter(({ count, chosen }) => count > 0 || chosen) };
  }
  const counts = level ? await countSets(counting, level) : await countRows(counting, chosen);
  const fitting = like === undefined ? counts : counts.filter(([value]) => value.toLowerCase().includes(like.toLowerCase()));
  const first = fitting.slice(0, VALUES);
  const others = fitting.slice(VALUES).filter(([value]) => chosen.includes(value));
  const shown = new Map([...first, ...others]);
  if (like === undefined) for (const value of chosen) if (!shown.has(value)) shown.set(value, 0);
  return { ...none, values: [...shown].map(([value, count]) => told(value, count)), more: fitting.length > VALUES };
}

/** Entities that are known as sets, and how what is listed is counted by them. */
interface Level {
  readonly entity: Entity;
  readonly path: readonly string[];
  /** Conditions that are met by the same rows as the facet. */
  readonly siblings: Clause;
  readonly universe: Universe;
  /** Those that belong to something that is listed. */
  readonly live: Mask;
  count(set: IdSet): number;
}

/** @returns undefined where the database counts. */
async function levelOf({ of, entity, definition: { path }, where, asking }: Counting): Promise<Level | undefined> {
  if (of === "annotations") {
    if (!(await asking.isSmall(entity))) return undefined;
    if (path[0] === "run") return await levelOfRuns(entity, path.slice(1), where, asking);
  }
  const steps = await asking.listsOf(entity, path);
  const { entity: own, where: inner, roots, live } = await asking.place(entity, steps, where);
  const [universe, { size }] = await Promise.all([asking.universe(own), asking.universe(entity)]);
  const rest = path.slice(steps.length);
  const count = (set: IdSet) => {
    if (!roots) return countIn(set, live);
    const seen = new Uint8Array(size);
    let found = 0;
    for (let index = 0; index < set.length; index++) {
      const one = set[index]!;
      const root = roots[one]!;
      if (live[one] !== 1 || seen[root] === 1) continue;
      seen[root] = 1;
      found++;
    }
    return found;
  };
  return { entity: own, path: rest, siblings: siblingsOf(rest, inner), universe, live, count };
}

/** Where the lists at the head of a path lead to. */
interface Place {
  readonly entity: Entity;
  readonly where: Clause;
  /** Those that meet it, and whose parents meet what is asked of these. */
  readonly live: Mask;
  /** Positions of what is listed. */
  readonly roots: IdSet | undefined;
}

function both(one: Mask, other: Mask): Mask {
  const found = new Uint8Array(one.length);
  for (let at = 0; at < found.length; at++) found[at] = one[at]! & other[at]!;
  return found;
}

/** Annotations, counted by their runs. */
async function levelOfRuns(entity: Entity, path: readonly string[], where: Clause, asking: Asking): Promise<Level> {
  const { run, ...others } = where;
  const ofRuns = (run ?? {}) as Clause;
  const above = getEntity("Run");
  const [universe, runs, own, parents] = await Promise.all([
    asking.universe(above),
    asking.mask(above, ofRuns),
    asking.mask(entity, others),
    asking.parents(entity),
  ]);
  const counts = new Float64Array(universe.size);
  for (let at = 0; at < own.length; at++) if (own[at] === 1 && parents[at]! >= 0) counts[parents[at]!]!++;
  const live = runs.map((is, at) => (is === 1 && counts[at]! > 0 ? 1 : 0));
  const count = (set: IdSet) => set.reduce((sum, at) => sum + (live[at] === 1 ? counts[at]! : 0), 0);
  return { entity: above, path, siblings: siblingsOf(path, ofRuns), universe, live, count };
}

function siblingsOf([first = "", ...further]: readonly string[], where: Clause): Clause {
  return further.length > 0 ? { [first]: where[first] ?? {} } : {};
}

type Counts = readonly (readonly [value: string, count: number])[];

async function countSets({ definition, asking }: Counting, { entity, path, siblings, universe, count }: Level): Promise<Counts> {
  const lines = linesSql(entity, { ...definition, path }, { where: siblings });
  const sets = await asking.read(setsSql(lines), setsReading(universe));
  const counts = [...sets].map(([value, set]) => [value, count(set)] as const).filter(([, found]) => found > 0);
  return counts.sort(([a, more], [b, fewer]) => fewer - more || (a < b ? -1 : 1));
}

async function rangeOfSets({ asking }: Counting, { entity, path, siblings, universe, live }: Level): Promise<Facet["range"]> {
  const { tables, conditions, field, root } = rowsOf(entity, path, { where: siblings });
  const lines = sql`select ${root} as id, min(${field}) as least, max(${field}) as most
    from ${tables} where ${allOf([...conditions, sql`${field} is not null`])} group by 1`;
  const { ids, least, most } = await asking.read(rangesSql(lines), rangesReading(universe));
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [at, id] of ids.entries()) {
    if (live[id] !== 1) continue;
    min = Math.min(min, least[at]!);
    max = Math.max(max, most[at]!);
  }
  return min <= max ? { min, max } : undefined;
}

async function rangeOfRows({ entity, definition, where, asking }: Counting): Promise<Facet["range"]> {
  const { tables, conditions, field } = rowsOf(entity, definition.path, await asking.base(entity, where));
  const [row] = await asking.rows(sql`select min(${field}), max(${field}) from ${tables} where ${allOf(conditions)}`);
  const [min, max] = row!;
  return min === null || max === null ? undefined : { min: Number(min), max: Number(max) };
}

async function countContent({ of, entity, where, asking }: Counting, value: string): Promise<number> {
  const { _and: parts } = readWhere(entity.name, whereOf(of, { contents: [value] }));
  const [part] = parts as readonly [Clause];
  if (of !== "annotations" || (await asking.isSmall(entity)))
    return countIn(await asking.set(entity, part), await asking.mask(entity, where));
  return (await asking.base(entity, { _and: [where, part] })).total;
}

/** The most frequent values, and those that are chosen. */
async function countRows({ entity, definition, where, like, asking }: Counting, chosen: readonly string[]): Promise<Counts> {
  const base = await asking.base(entity, where);
  const lines = linesSql(entity, definition, base);
  const among = async (condition: Sql, limit: number) => {
    const rows = await asking.rows(
      sql`select value, count(*) from (${lines}) as line where ${condition} group by value order by 2 desc, value collate "C" limit ${sql.lit(limit)}`,
    );
    return rows.map(([value, count]) => [value!, Number(count)] as const);
  };
  const pattern = `%${like?.replace(/[\\%_]/g, "\\$&")}%`;
  const first = await among(like === undefined ? sql`true` : sql`value ilike ${pattern}`, VALUES + 1);
  const missing = chosen.filter((value) => first.every(([known]) => known !== value));
  if (missing.length === 0 || first.length <= VALUES) return first;
  return [...first, ...(await among(sql`value = any(${missing}::text[])`, missing.length))];
}

/** Lines of an entity and a value that it has. */
function linesSql(
  entity: Entity,
  { kind, path }: Pick<FacetDefinition, "kind" | "path">,
  base: Pick<Base, "where" | "ids">,
): Sql {
  const { tables, conditions, field, root, isOne } = rowsOf(entity, path, base);
  const isList = kind === "entries";
  const part = sql`btrim(part, E' \\t\\r\\n')`;
  return sql`select ${isOne && !isList ? sql`` : sql`distinct`} ${root} as id, ${isList ? part : sql`${field}::text`} as value
    from ${tables} ${isList ? sql`cross join lateral regexp_split_to_table(${field}, ',') as part` : sql``}
    where ${allOf([...conditions, isList ? sql`${part} <> ''` : sql`${field} is not null`])}`;
}

/** Rows that have a column at the end of a path, of the entities that a filter leaves; conditions along the path are met by the same rows. */
function rowsOf(entity: Entity, path: readonly string[], { where, ids }: Pick<Base, "where" | "ids">) {
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
