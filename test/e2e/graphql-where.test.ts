import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES, type Entity, type EntityName, type Field, getEntity } from "../../src/catalog/entities.js";
import { PORTAL_ENUMS } from "../../src/catalog/portal-enums.js";
import {
  type PortalDatabase,
  type PortalRows,
  portalDatabase,
  randomRows,
  seeded,
  type TableRow,
  type Value,
} from "./graphql-kit.js";

/** Filters and orders at random, held against a plain reading of the same rows. */
const ROWS: PortalRows = randomRows(7, (name) => (name === "Deposition" || name === "Dataset" ? 6 : 25));
const TREES = 400;

let database: PortalDatabase;
beforeAll(async () => {
  database = await portalDatabase(ROWS);
});
afterAll(() => database?.stop());

type Clause = { [name: string]: unknown };
type Random = () => number;

const ID: Pick<Field, "name" | "column" | "type"> = { name: "id", column: "id", type: "int" };
const OPERATORS = ["_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_in", "_nin", "_is_null"];
const TEXT_OPERATORS = ["_like", "_nlike", "_ilike", "_nilike", "_regex", "_nregex", "_iregex", "_niregex"];
/** Each means the same to PostgreSQL and to JavaScript. */
const REGEXES = ["^ribo", "[Rr]ib", "TS.01$", "^$", "a|b", "wall", "\\\\d", "\\\\$"];
const PATTERNS = ["TS_01", "TS\\_01", "%ibo%", "ribosome", "%", "", "_", "%\\%%", "c\\\\d", "é%", "%WALL", "it's"];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

/** What columns of this kind hold somewhere, so that comparisons often are met. */
function valueLike(
  random: Random,
  entity: Entity,
  { column, type, enumName }: Pick<Field, "column" | "type" | "enumName">,
): Value {
  if (enumName) return pick<string>(random, PORTAL_ENUMS[enumName]);
  const there = ROWS.get(entity.name)!
    .map((row) => row[column]!)
    .filter((value) => value !== null);
  if (there.length > 0) return pick(random, there);
  return type === "text" ? "x" : type === "bool" ? true : type === "date" ? "2024-01-01" : 1;
}

function randomComparator(random: Random, entity: Entity, field: Pick<Field, "column" | "type" | "enumName">): Clause {
  const { type } = field;
  const usual = type === "bool" ? OPERATORS.filter((name) => !/^_[gl]t/.test(name)) : OPERATORS;
  const clause: Clause = {};
  for (let left = random() < 0.2 ? 2 : 1; left > 0; left--) {
    const operator = pick(random, type === "text" ? [...usual, ...TEXT_OPERATORS] : usual);
    if (operator === "_is_null") clause[operator] = random() < 0.5;
    else if (/in$/.test(operator))
      clause[operator] = Array.from({ length: Math.floor(random() * 4) }, () => valueLike(random, entity, field));
    else if (/regex$/.test(operator)) clause[operator] = pick(random, REGEXES);
    else if (/like$/.test(operator)) clause[operator] = pick(random, PATTERNS);
    else clause[operator] = random() < 0.05 ? null : valueLike(random, entity, field);
  }
  return clause;
}

/** @param left relations that may still be gone along. */
function randomWhere(random: Random, entity: Entity, left: number): Clause {
  const clause: Clause = {};
  const columns = [...entity.fields.filter(({ type }) => type !== "json"), ID];
  for (let more = Math.floor(random() * 3); more >= 0; more--) {
    const choice = random();
    if (choice < 0.5 || left === 0) {
      const field = pick(random, columns);
      clause[field.name] = randomComparator(random, entity, field);
    } else if (choice < 0.75 && entity.keys.length > 0) {
      const key = pick(random, entity.keys);
      if (random() < 0.2) clause[key.name] = randomComparator(random, entity, { column: key.column, type: "int" });
      else clause[key.object] = random() < 0.1 ? {} : randomWhere(random, getEntity(key.target), left - 1);
    } else if (entity.lists.length > 0) {
      const list = pick(random, entity.lists);
      const target = getEntity(list.target);
      if (random() < 0.6 || left < 2) clause[list.name] = random() < 0.1 ? {} : randomWhere(random, target, left - 1);
      else {
        const predicate =
          random() < 0.1 ? undefined : { [pick(random, ["_eq", "_gt", "_lt", "_neq", "_lte"])]: Math.floor(random() * 4) };
        const counted = pick(random, [...target.fields, ID]).name;
        const filter = random() < 0.5 ? { filter: randomWhere(random, target, left - 2) } : {};
        clause[list.aggregate] = {
          count: {
            ...(random() < 0.5 ? { arguments: counted, distinct: random() < 0.7 } : {}),
            ...filter,
            ...(predicate ? { predicate } : {}),
          },
        };
      }
    }
  }
  return clause;
}

const asText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Below, equal, above: texts by their bytes, moments as moments. */
function compare(a: Value, b: Value, type: Field["type"]): number {
  if (type === "date") return Date.parse(String(a)) - Date.parse(String(b));
  if (typeof a === "string") return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return Number(a) - Number(b);
}

function likeRegex(pattern: string, flags: string): RegExp {
  const source = pattern.replace(/\\([\s\S])|%|_|[^\\%_]/g, (part: string, escaped?: string) => {
    if (part === "%") return "[\\s\\S]*";
    if (part === "_") return "[\\s\\S]";
    return (escaped ?? part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, `${flags}u`);
}

function fits(value: Value, type: Field["type"], clause: Clause): boolean {
  return Object.entries(clause).every(([operator, operand]) => {
    if (operator === "_is_null") return (value === null) === operand;
    if (operand === null) return operator === "_eq" ? value === null : operator === "_neq" && value !== null;
    if (operator === "_nin" && (operand as Value[]).length === 0) return true;
    if (value === null) return false;
    const order = () => compare(value, operand as Value, type);
    switch (operator) {
      case "_eq":
        return order() === 0;
      case "_neq":
        return order() !== 0;
      case "_gt":
        return order() > 0;
      case "_gte":
        return order() >= 0;
      case "_lt":
        return order() < 0;
      case "_lte":
        return order() <= 0;
      case "_in":
        return (operand as Value[]).some((one) => compare(value, one, type) === 0);
      case "_nin":
        return !(operand as Value[]).some((one) => compare(value, one, type) === 0);
    }
    const [, negated, insensitive, kind] = /^_(n?)(i?)(like|regex)$/.exec(operator)!;
    const flags = insensitive ? "i" : "";
    const regex = kind === "like" ? likeRegex(String(operand), flags) : new RegExp(String(operand), flags);
    return regex.test(String(value)) !== Boolean(negated);
  });
}

function matches(entity: Entity, row: TableRow, where: Clause): boolean {
  return Object.entries(where).every(([name, value]) => {
    const inner = value as Clause;
    const field = name === "id" ? ID : entity.fields.find((candidate) => candidate.name === name);
    if (field) return fits(row[field.column]!, field.type, inner);
    for (const key of entity.keys) {
      if (key.name === name) return fits(row[key.column]!, "int", inner);
      if (key.object === name) {
        return ROWS.get(key.target)!.some(
          (target) => target.id === row[key.column] && matches(getEntity(key.target), target, inner),
        );
      }
    }
    const list = entity.lists.find((candidate) => candidate.name === name || candidate.aggregate === name)!;
    const target = getEntity(list.target);
    const children = ROWS.get(list.target)!.filter((child) => child[list.key] === row.id);
    if (list.name === name) return children.some((child) => matches(target, child, inner));
    const { arguments: column, distinct, filter, predicate } = inner.count as Clause;
    const counted = children.filter((child) => matches(target, child, (filter ?? {}) as Clause));
    const field2 = column === "id" ? ID : target.fields.find((candidate) => candidate.name === column);
    const values = counted.map((child) => (field2 ? child[field2.column]! : null)).filter((one) => one !== null);
    const number = distinct && field2 ? new Set(values.map(asText)).size : counted.length;
    return fits(number, "int", (predicate ?? {}) as Clause);
  });
}

describe("filters", () => {
  it(`choose the rows that a plain reading chooses, ${TREES} trees`, async () => {
    let some = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
        const random = seeded(seed);
        const entity = pick(random, ENTITIES);
        const where = randomWhere(random, entity, 4);
        const { data, errors } = await database.ask(
          `query ($where: ${entity.name}WhereClause) { ${entity.root}(where: $where) { id } }`,
          {
            variables: { where },
          },
        );
        expect(errors, JSON.stringify(where)).toBeUndefined();
        const expected = ROWS.get(entity.name)!
          .filter((row) => matches(entity, row, where))
          .map(({ id }) => ({ id }));
        expect(data![entity.root], JSON.stringify({ entity: entity.name, where })).toEqual(expected);
        if (expected.length > 0 && expected.length < ROWS.get(entity.name)!.length) some++;
      }),
      { numRuns: TREES },
    );
    expect(some).toBeGreaterThan(TREES / 5); // trees that choose all or nothing prove little
  });

  it("are the same when they are written into the query", async () => {
    const random = seeded(11);
    for (let round = 0; round < 60; round++) {
      const entity = pick(random, ENTITIES);
      const where = randomWhere(random, entity, 4);
      const { data, errors } = await database.ask(`{ ${entity.root}(where: ${literal(where)}) { id } }`);
      expect(errors, JSON.stringify(where)).toBeUndefined();
      const expected = ROWS.get(entity.name)!
        .filter((row) => matches(entity, row, where))
        .map(({ id }) => ({ id }));
      expect(data![entity.root]).toEqual(expected);
    }
  });
});

const ENUM_VALUES = new Set<string>(Object.values(PORTAL_ENUMS).flat());

/** As the official client prints it: enums without quotes. None of the words that texts are made of is an enum's. */
function literal(value: unknown, name = ""): string {
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, name)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${literal(inner, key)}`)
      .join(", ")}}`;
  }
  if (typeof value === "string" && (name === "arguments" || ENUM_VALUES.has(value))) return value;
  return JSON.stringify(value);
}

describe("orders", () => {
  const DIRECTIONS = ["asc", "asc_nulls_first", "asc_nulls_last", "desc", "desc_nulls_first", "desc_nulls_last"];

  /** A column at the end of a chain of keys. */
  function randomOrder(random: Random, entity: Entity, left: number): Clause {
    if (left > 0 && entity.keys.length > 0 && random() < 0.5) {
      const key = pick(random, entity.keys);
      return { [key.object]: randomOrder(random, getEntity(key.target), left - 1) };
    }
    return { [pick(random, [...entity.fields.filter(({ type }) => type !== "json"), ID]).name]: pick(random, DIRECTIONS) };
  }

  /** The value that a row is ordered by; undefined where a row on the way is absent. */
  function orderedBy(
    entity: Entity,
    row: TableRow,
    order: Clause,
  ): { value: Value; type: Field["type"]; direction: string } | undefined {
    const [name, inner] = Object.entries(order)[0]!;
    const field = name === "id" ? ID : entity.fields.find((candidate) => candidate.name === name);
    if (field) return { value: row[field.column]!, type: field.type, direction: inner as string };
    const key = entity.keys.find(({ object }) => object === name)!;
    const target = ROWS.get(key.target as EntityName)!.find(({ id }) => id === row[key.column]);
    return target && orderedBy(getEntity(key.target), target, inner as Clause);
  }

  it("are those of a plain sort, with rows left out that lack what they are ordered by", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0 }), async (seed) => {
        const random = seeded(seed);
        const entity = pick(random, ENTITIES);
        const orderBy = Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomOrder(random, entity, 4));
        const limitOffset =
          random() < 0.5 ? undefined : { limit: 1 + Math.floor(random() * 10), offset: Math.floor(random() * 10) };
        const { data, errors } = await database.ask(
          `query ($orderBy: [${entity.name}OrderByClause!], $limitOffset: LimitOffsetClause) {
            ${entity.root}(orderBy: $orderBy, limitOffset: $limitOffset) { id } }`,
          { variables: { orderBy, limitOffset } },
        );
        expect(errors).toBeUndefined();
        const rows = ROWS.get(entity.name)!
          .map((row) => ({ id: row.id, by: orderBy.map((order) => orderedBy(entity, row, order)) }))
          .filter(({ by }) => by.every((one) => one !== undefined));
        rows.sort((a, b) => {
          for (const [at, one] of a.by.entries()) {
            const other = b.by[at]!;
            const { direction, type } = one!;
            const nullsFirst = direction.endsWith("nulls_first") || direction === "desc";
            const isNull = Number(one!.value === null) - Number(other.value === null);
            if (isNull !== 0) return nullsFirst ? -isNull : isNull;
            if (one!.value === null) continue;
            const order = type === "bool" ? Number(one!.value) - Number(other.value) : compare(one!.value, other.value, type);
            if (order !== 0) return direction.startsWith("desc") ? -order : order;
          }
          return a.id - b.id;
        });
        const { limit = rows.length, offset = 0 } = limitOffset ?? {};
        expect(data![entity.root], JSON.stringify({ entity: entity.name, orderBy, limitOffset })).toEqual(
          rows.slice(offset, offset + limit).map(({ id }) => ({ id })),
        );
      }),
      { numRuns: 200 },
    );
  });
});
