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
import { type Answers, AskedOnce, type AskedRow, type Pass, type Weighed } from "./asked-once.js";
import { type Entity, type EntityName, getEntity } from "./entities.js";
import { type Base, linesSql, rowsOf, selected } from "./facet-rows.js";
import { findColumn } from "./graphql/columns.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { readWhere } from "./graphql/read-where.js";
import type { Clause } from "./graphql/row-plan.js";
import { compiled } from "./graphql/statement.js";
import { allOf, columnOf } from "./graphql/where-sql.js";
import {
  below,
  countsOf,
  type IdSet,
  inAll,
  inAny,
  lifted,
  liftedSets,
  type Mask,
  numbersOf,
  numbersSql,
  rangeOf,
  type Sets,
  setsOf,
  setsSql,
  sharesOf,
  sizeOf,
  Universe,
  universeSql,
  weightOf,
  within,
} from "./id-sets.js";

export interface FacetsRequest {
  readonly of: ListedKind;
  /** Filter as in GraphQL. */
  readonly where?: unknown;
  /** Counts this facet alone. */
  readonly facet?: string | undefined;
  /** Only values that contain this text, whatever the case. */
  readonly like?: string | undefined;
}

const ENTITY: Readonly<Record<ListedKind, EntityName>> = { datasets: "Dataset", runs: "Run", annotations: "Annotation" };
/** Number of values of a facet. */
const VALUES = 50;
/** Number of entities that one statement passes to the next by id; with more, each statement filters again. */
const IDS_MAX = 50_000;
/** Number of entities that are kept as sets; annotations need some 16 numbers each. */
const SET_MAX = 1_500_000;
/** Number of statements that run at once. */
const STATEMENTS_MAX = 2;
/** Entities that are kept as sets, and the parent of each. */
const PARENTS: Readonly<Partial<Record<EntityName, EntityName>>> = {
  Run: "Dataset",
  Annotation: "Run",
  Tiltseries: "Run",
  Tomogram: "Run",
};
/** Columns whose values are kept as sets, and those whose numbers are, by the entity from which a path leads to them. */
const KNOWN = knownColumns();

/**
 * Counts the values that a list can be filtered by: distinct entities, each facet under all filters but its own, by the filter of
 * GraphQL itself.
 *
 * The entities that have a value are read from the database once, and so are those that meet other conditions of the filter. Then
 * a choice is an intersection of sets, and its counts are passes over them: on the level of runs, unless the filter has
 * conditions on the same annotation. With more annotations than fit, the database counts.
 *
 * @param pool of a role that only reads, with a `statement_timeout`. @param keptBytes limit of sets and counts
 */
export function openFacets(
  pool: pg.Pool,
  clock: Clock,
  keptBytes?: number,
): (request: FacetsRequest, signal?: AbortSignal) => Promise<Facets> {
  const database = new AskedOnce(pool, clock, STATEMENTS_MAX, keptBytes);
  return async ({ of, where, facet: only, like }, signal) => {
    const asked = (where ?? {}) as Where;
    const entity = getEntity(ENTITY[of]);
    const whole = readWhere(entity.name, asked);
    // its limits hold for the whole, whatever its parts are asked for
    selected(entity, whole, () => sql`1`);
    const { choices, rest } = choicesOf(of, asked);
    const facets = FACETS[of].filter(({ id }) => only === undefined || id === only);
    if (facets.length === 0) {
      throw new EmporiumError("NOT_FOUND", `${of} have no facet ${only}`, { hint: FACETS[of].map(({ id }) => id).join(", ") });
    }
    const asking = new Asking(await database.latest(), signal);
    const isKnown = of !== "annotations" || (await asking.isSmall(entity));
    const count = async (definition: FacetDefinition): Promise<Facet> => {
      const { [definition.id]: own, ...others } = choices;
      const isWhole = own === undefined || definition.kind === "contents";
      const without = isWhole ? whole : readWhere(entity.name, whereOf(of, others, rest));
      return await countFacet({ of, entity, definition, own, where: without, like, asking, isKnown });
    };
    const total = async () => (isKnown ? await asking.sizeOf(entity, whole) : (await asking.base(entity, whole)).total);
    const [all, ...answers] = await Promise.all([total(), ...facets.map(count)]);
    return { of, total: all, facets: answers };
  };
}

function knownColumns(): { readonly sets: ReadonlySet<string>; readonly numbers: ReadonlySet<string> } {
  const known = { sets: new Set<string>(), numbers: new Set<string>() };
  for (const of of Object.keys(FACETS) as ListedKind[]) {
    for (const { kind, path } of FACETS[of]) {
      let entity: Entity | undefined = getEntity(ENTITY[of]);
      for (let rest = path; entity && rest.length > 0; rest = rest.slice(1)) {
        if (kind === "values" && rest[0] !== aboveOf(entity)?.object) known.sets.add([entity.name, ...rest].join("."));
        if (kind === "range" && rest.length === 1) known.numbers.add(`${entity.name}.${rest[0]}`);
        entity = childOf(entity, rest[0]) ?? (aboveOf(entity)?.object === rest[0] ? aboveOf(entity)?.entity : undefined);
      }
    }
  }
  return known;
}

/** Entity that a list of another one leads to, if it is kept as sets. */
function childOf(entity: Entity, list: string | undefined): Entity | undefined {
  const target = entity.lists.find(({ name }) => name === list)?.target;
  return target && PARENTS[target] === entity.name ? getEntity(target) : undefined;
}

function aboveOf({
  name,
  keys,
}: Entity): { readonly entity: Entity; readonly object: string; readonly column: string } | undefined {
  const key = keys.find(({ target }) => target === PARENTS[name]);
  return key && { entity: getEntity(key.target), object: key.object, column: key.column };
}

const isEmpty = (clause: Clause) => Object.values(clause).every((value) => value === null);

/** The entities over which the facets of one relation are counted. */
interface Place {
  readonly entity: Entity;
  /** Condition on the entity. */
  readonly where: Clause;
  /** Entities that meet `where`, and whose parents meet the conditions on them. Undefined: all. */
  readonly live: Mask | undefined;
  /** For each entity the position of its counted ancestor; the number of these, and the weight of each. */
  readonly roots: IdSet | undefined;
  readonly size: number;
  readonly shares: Float64Array | undefined;
}

/** The entities that are counted, each with the number of listed entities that belong to it. */
interface Root {
  readonly entity: Entity;
  readonly where: Clause;
  readonly shares?: Float64Array | undefined;
  /** Key of the filter and path that the root was made from, for caches. */
  readonly key: unknown;
}

/** The questions of one request to the database, none of them asked twice. */
class Asking {
  readonly #answers: Answers;
  readonly #signal: AbortSignal | undefined;
  readonly #made = new Map<string, Promise<unknown>>();

  constructor(answers: Answers, signal: AbortSignal | undefined) {
    this.#answers = answers;
    this.#signal = signal;
  }

  async rows(statement: Sql): Promise<readonly AskedRow[]> {
    return await this.#answers.ask(compiled(statement), this.#signal);
  }

  async run<T>(pass: Pass<T>): Promise<T> {
    return await this.#answers.run(pass, this.#signal);
  }

  /** Whether the entities are few enough to be kept as sets. */
  async isSmall(entity: Entity): Promise<boolean> {
    const [row] = await this.rows(selected(entity, {}, () => sql`count(*)`));
    return Number(row![0]) <= SET_MAX;
  }

  universe(entity: Entity): Promise<Universe> {
    return this.#keep(["universe", entity.name], async (asking, read) => {
      const above = aboveOf(entity);
      const [rows, parents] = await Promise.all([
        read(universeSql(entity, above?.column)),
        above && asking.universe(above.entity),
      ]);
      const value = await asking.run(Universe.of(rows, parents));
      return { value, weight: value.weight };
    });
  }

  /** Sets of entities by the value at the end of a path. Conditions along the path have to be met by the same rows. */
  sets(entity: Entity, { kind, path }: Pick<FacetDefinition, "kind" | "path">, where: Clause): Promise<Sets> {
    const [first = "", ...rest] = path;
    const inner = (rest.length > 0 && (where[first] as Clause | undefined)) || {};
    return this.#keep(["sets", entity.name, kind, path, inner], async (asking, read) => {
      const universe = await asking.universe(entity);
      const child = rest.length > 0 && isEmpty(inner) ? await asking.child(entity, first) : undefined;
      let value: Sets;
      if (child) {
        const [sets, { parents }] = await Promise.all([asking.sets(child, { kind, path: rest }, {}), asking.universe(child)]);
        value = await asking.run(liftedSets(sets, parents, universe.size));
      } else {
        const lines = linesSql(entity, { kind, path }, { where: isEmpty(inner) ? {} : { [first]: inner } }, false);
        value = await asking.run(setsOf(await read(setsSql(lines)), universe));
      }
      return { value, weight: weightOf(value) };
    });
  }

  numbers(entity: Entity, column: string): Promise<Float64Array> {
    return this.#keep(["numbers", entity.name, column], async (asking, read) => {
      const rows = await read(numbersSql(entity, findColumn(entity, column)!.column));
      const value = await asking.run(numbersOf(rows, await asking.universe(entity)));
      return { value, weight: 2 * value.length };
    });
  }

  /** The entities that pass a filter. Undefined: all. */
  mask(entity: Entity, where: Clause): Promise<Mask | undefined> {
    return this.#once(["mask", entity.name, where], async () => {
      const parts = Object.entries(where).flatMap(([name, value]): Clause[] => {
        if (value === null) return [];
        return name === "_and" ? [...(value as readonly Clause[])] : [{ [name]: value }];
      });
      return await this.run(inAll(await Promise.all(parts.map((part) => this.meets(entity, part)))));
    });
  }

  /** The entities that meet one condition. */
  meets(entity: Entity, part: Clause): Promise<Mask | undefined> {
    return this.#keep(["meets", entity.name, part], async (asking) => {
      const value = await asking.#meets(entity, part);
      return { value, weight: (value?.length ?? 0) / 4 };
    });
  }

  async #meets(entity: Entity, part: Clause): Promise<Mask | undefined> {
    const { size, parents } = await this.universe(entity);
    const { path, comparator } = conditionOf(part);
    const column = [entity.name, ...path].join(".");
    const operators = Object.keys(comparator).join();
    if (operators === "_in" && KNOWN.sets.has(column)) {
      const sets = await this.sets(entity, { kind: "values", path }, {});
      const values = new Set((comparator._in as readonly unknown[]).map(String));
      return await this.run(
        inAny(
          [...values].flatMap((value) => sets.get(value) ?? []),
          size,
        ),
      );
    }
    const { _gte: least = Number.NEGATIVE_INFINITY, _lte: most = Number.POSITIVE_INFINITY } = comparator;
    if (/^_[gl]te(,_[gl]te)?$/.test(operators) && KNOWN.numbers.has(column) && least !== null && most !== null) {
      const numbers = await this.numbers(entity, path[0]!);
      return await this.run(() => within(numbers, Number(least), Number(most)));
    }
    const [name = "", ...others] = Object.keys(part);
    const inner = part[name] as Clause;
    const above = aboveOf(entity);
    if (others.length === 0 && name === above?.object) {
      const live = await this.mask(above.entity, inner);
      return await this.run(() => below(live, parents));
    }
    const child = others.length === 0 ? await this.child(entity, name) : undefined;
    if (child) {
      const [live, own] = await Promise.all([this.mask(child, inner), this.universe(child)]);
      return await this.run(() => lifted(live, own.parents, size));
    }
    const lines = selected(entity, part, (alias) => sql`${columnOf(alias, "id")} as id, '' as value`);
    const rows = await this.#answers.rows(compiled(setsSql(lines)), this.#signal ?? NEVER);
    return await this.run(inAny((await this.run(setsOf(rows, await this.universe(entity)))).values(), size));
  }

  async sizeOf(entity: Entity, where: Clause, part?: Clause): Promise<number> {
    const [mask, other] = await Promise.all([this.mask(entity, where), part && this.meets(entity, part)]);
    const one = mask ?? other;
    return one ? await this.run(() => sizeOf(one, mask && other)) : (await this.universe(entity)).size;
  }

  async child(entity: Entity, list: string): Promise<Entity | undefined> {
    const child = childOf(entity, list);
    return child && (await this.isSmall(child)) ? child : undefined;
  }

  /** The root one level up: the parents of the counted entities, with the number of listed ones for each. */
  above(root: Root): Promise<Root> {
    const { entity, object } = aboveOf(root.entity)!;
    const { [object]: inner, ...where } = root.where;
    const key = [root.key, where];
    return this.#once(["above", key, inner], async () => {
      const [mask, { parents }, { size }] = await Promise.all([
        this.mask(root.entity, where),
        this.universe(root.entity),
        this.universe(entity),
      ]);
      const shares = await this.run(() => sharesOf(mask, root.shares, parents, size));
      return { entity, where: (inner ?? {}) as Clause, shares, key };
    });
  }

  /** The place of a path of lists, made once for all facets without a choice on it. */
  place(root: Root, steps: readonly string[]): Promise<Place> {
    return this.#once(["place", root.key, root.entity.name, root.where, steps], async () => {
      const { where, shares } = root;
      const before = steps.slice(0, -1);
      const step = steps.at(-1);
      if (step === undefined) {
        const [mask, { size }] = await Promise.all([this.mask(root.entity, where), this.universe(root.entity)]);
        const live = shares ? await this.run(inAll([mask, Uint8Array.from(shares, (share) => (share > 0 ? 1 : 0))])) : mask;
        return { entity: root.entity, where, live, roots: undefined, size, shares };
      }
      const innermost = before.reduce((clause, list) => (clause[list] ?? {}) as Clause, where);
      const inner = (innermost[step] ?? {}) as Clause;
      const above = await this.place({ ...root, where: withoutAt(where, before, step) }, before);
      const entity = childOf(above.entity, step)!;
      const [mask, { parents }] = await Promise.all([this.mask(entity, inner), this.universe(entity)]);
      const masks = above.live ? [mask, await this.run(() => below(above.live, parents))] : [mask];
      const live = await this.run(inAll(masks));
      const { roots, size } = above;
      const ownRoots = roots ? await this.run(() => parents.map((at) => roots[at] ?? -1)) : parents;
      return { entity, where: inner, live, roots: ownRoots, size, shares };
    });
  }

  /** Count, and ids unless there are too many, of entities that pass a filter, for entities that are too many for sets. */
  base(entity: Entity, where: Clause): Promise<Base & { readonly total: number }> {
    return this.#once(["base", entity.name, where], async () => {
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

  /** Makes a value once for this request. */
  #once<T>(of: unknown, make: () => Promise<T>): Promise<T> {
    const key = JSON.stringify(of);
    const value = (this.#made.get(key) as Promise<T> | undefined) ?? make();
    this.#made.set(key, value);
    return value;
  }

  /** Makes a value once for all requests, until the database changes. */
  #keep<T>(of: unknown, make: (asking: Asking, read: (statement: Sql) => Promise<readonly AskedRow[]>) => Promise<Weighed<T>>) {
    const begin = (stop: AbortSignal) =>
      make(new Asking(this.#answers, stop), (statement) => this.#answers.rows(compiled(statement), stop));
    return this.#answers.keep(JSON.stringify(of), begin, this.#signal);
  }
}

const NEVER = new AbortController().signal;

/** Follows a condition as long as it is a single path; the rest is the comparator. */
function conditionOf(part: Clause): { readonly path: readonly string[]; readonly comparator: Clause } {
  const path: string[] = [];
  let at = part;
  for (;;) {
    const [name, ...others] = Object.keys(at);
    const inner = name === undefined ? undefined : at[name];
    if (name === undefined || others.length > 0 || typeof inner !== "object" || inner === null || Array.isArray(inner)) break;
    path.push(name);
    at = inner as Clause;
  }
  return { path, comparator: at };
}

/** A filter without the conditions on one list, below a path of lists. */
function withoutAt(where: Clause, [first, ...others]: readonly string[], list: string): Clause {
  if (first === undefined) {
    const { [list]: _, ...rest } = where;
    return rest;
  }
  return { ...where, [first]: withoutAt((where[first] ?? {}) as Clause, others, list) };
}

interface FacetCounting {
  readonly of: ListedKind;
  readonly entity: Entity;
  readonly definition: FacetDefinition;
  readonly own: FacetChoice | undefined;
  /** The filter without the facet's own part. */
  readonly where: Clause;
  readonly like: string | undefined;
  readonly asking: Asking;
  /** The entities are kept as sets; otherwise the database counts. */
  readonly isKnown: boolean;
}

async function countFacet(counting: FacetCounting): Promise<Facet> {
  const { of, definition, own, like, isKnown } = counting;
  const { id, title, group, kind } = definition;
  const none: Facet = { id, title, group, values: [], more: false };
  if (kind === "text") return none;
  if (kind === "range") {
    const range = await rangeFacet(counting);
    return range ? { ...none, range } : none;
  }
  const chosen: readonly string[] = Array.isArray(own) ? (own as readonly string[]) : [];
  const told = (value: string, count: number) => ({ value, count, chosen: chosen.includes(value) });
  if (kind === "contents") {
    const counts = await Promise.all(contentValues(of).map(async (value) => told(value, await countContent(counting, value))));
    return { ...none, values: counts.filter(({ count, chosen }) => count > 0 || chosen) };
  }
  const counts = isKnown ? await countSets(counting) : await countRows(counting, chosen);
  const fitting = like === undefined ? counts : counts.filter(([value]) => value.toLowerCase().includes(like.toLowerCase()));
  const first = fitting.slice(0, VALUES);
  const others = fitting.slice(VALUES).filter(([value]) => chosen.includes(value));
  const shown = new Map([...first, ...others]);
  if (like === undefined) for (const value of chosen) if (!shown.has(value)) shown.set(value, 0);
  return { ...none, values: [...shown].map(([value, count]) => told(value, count)), more: fitting.length > VALUES };
}

/**
 * Place in which a facet is counted, and the rest of its path from there. It is only as deep as the filter has conditions on the
 * same rows.
 */
async function placeOf({ entity, definition, where, asking }: FacetCounting): Promise<{ place: Place; path: readonly string[] }> {
  let root: Root = { entity, where, key: entity.name };
  let { path } = definition;
  while (path[0] === aboveOf(root.entity)?.object) [root, path] = [await asking.above(root), path.slice(1)];
  const steps: string[] = [];
  let needed = 0;
  let [at, inner]: [Entity | undefined, Clause] = [root.entity, root.where];
  for (const list of path.slice(0, -1)) {
    at = await asking.child(at, list);
    if (!at) break;
    steps.push(list);
    inner = (inner[list] ?? {}) as Clause;
    if (definition.kind === "range" || !isEmpty(inner)) needed = steps.length;
  }
  return { place: await asking.place(root, steps.slice(0, needed)), path: path.slice(needed) };
}

type Counts = readonly (readonly [value: string, count: number])[];

async function countSets(counting: FacetCounting): Promise<Counts> {
  const { asking, definition } = counting;
  const { place, path } = await placeOf(counting);
  const sets = await asking.sets(place.entity, { kind: definition.kind, path }, place.where);
  const counts = (await asking.run(countsOf(sets, place))).filter(([, found]) => found > 0);
  return counts.sort(([a, more], [b, fewer]) => fewer - more || (a < b ? -1 : 1));
}

async function rangeFacet(counting: FacetCounting): Promise<Facet["range"]> {
  const { entity, definition, where, asking, isKnown } = counting;
  const { place, path } = isKnown ? await placeOf(counting) : { path: definition.path };
  if (place && path.length === 1) {
    const numbers = await asking.numbers(place.entity, path[0]!);
    return await asking.run(() => rangeOf(numbers, place));
  }
  const { tables, conditions, field } = rowsOf(entity, definition.path, await asking.base(entity, where));
  const [row] = await asking.rows(sql`select min(${field}), max(${field}) from ${tables} where ${allOf(conditions)}`);
  const [min, max] = row!;
  return min === null || max === null ? undefined : { min: Number(min), max: Number(max) };
}

async function countContent({ of, entity, where, asking, isKnown }: FacetCounting, value: string): Promise<number> {
  const { _and: parts } = readWhere(entity.name, whereOf(of, { contents: [value] }));
  const [part] = parts as readonly [Clause];
  return isKnown ? await asking.sizeOf(entity, where, part) : (await asking.base(entity, { _and: [where, part] })).total;
}

/** The most frequent values, and the chosen ones, with their counts. */
async function countRows({ entity, definition, where, like, asking }: FacetCounting, chosen: readonly string[]): Promise<Counts> {
  const base = await asking.base(entity, where);
  const lines = linesSql(entity, definition, base, true);
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
