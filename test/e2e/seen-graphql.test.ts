import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTITIES, type Entity, type Field, getEntity } from "../../src/catalog/entities.js";
import { openFacets } from "../../src/catalog/facets.js";
import { PORTAL_ENUMS } from "../../src/catalog/portal-enums.js";
import { openSearch } from "../../src/catalog/search.js";
import { type Seen, seenPool } from "../../src/catalog/seen.js";
import { systemClock } from "../../src/core/clock.js";
import { consistentRows, type HiddenIds, withoutHidden } from "./access-rows.js";
import { type GraphqlResult, type PortalDatabase, portalDatabase, type TableRow } from "./graphql-kit.js";

/**
 * What the API answers who may not see everything is what it would answer if the rest had never been: every field of every `where`, every order, every function
 * and group, every list, also of relations, held against a database without those rows. Values that are asked for are those of hidden rows.
 */
const ROWS = consistentRows(31, (name) => ({ Deposition: 5, Dataset: 6, Run: 24 })[name as string] ?? 60);
const HIDDEN: HiddenIds = { datasets: [101], depositions: [102] };
/** The rows' filter hides datasets of hidden depositions by itself, as rules of access do. */
const hiddenDatasets = ROWS.get("Dataset")!.filter(({ id, deposition_id }) => id === 101 || deposition_id === 102);
const SEEN: Seen = { hidden: () => ({ datasets: hiddenDatasets.map(({ id }) => id), depositions: [...HIDDEN.depositions] }) };
const WITHOUT = withoutHidden(ROWS, HIDDEN);

let whole: PortalDatabase;
let without: PortalDatabase;
beforeAll(async () => {
  [whole, without] = await Promise.all([portalDatabase(ROWS), portalDatabase(WITHOUT)]);
});
afterAll(async () => {
  await whole?.stop();
  await without?.stop();
});

const ID = { name: "id", column: "id", type: "int" } as Field;

/** A value of a hidden row, or of any where no hidden one has any. */
function likeHidden(entity: Entity, { column, type, enumName }: Field): string {
  const isLeft = new Set(WITHOUT.get(entity.name)!.map(({ id }) => id));
  const hiddenFirst = [...ROWS.get(entity.name)!].sort((a, b) => Number(isLeft.has(a.id)) - Number(isLeft.has(b.id)));
  const value = hiddenFirst.map((row: TableRow) => row[column]).find((one) => one !== null && one !== undefined);
  if (enumName) return String(value ?? PORTAL_ENUMS[enumName][0]);
  return JSON.stringify(value ?? (type === "int" || type === "float" ? 1 : type === "bool" ? true : "2024-01-01T00:00:00+00:00"));
}

const comparable = (entity: Entity) => [ID, ...entity.fields].filter(({ type }) => type !== "json");
const compared = (entity: Entity, field: Field) => `{ ${field.name}: { _eq: ${likeHidden(entity, field)} } }`;

/** One root field for each thing that can be asked of an entity. */
function* questions(entity: Entity): Generator<string> {
  const { root, aggregate, fields, keys, lists } = entity;
  yield `${root} { ${["id", ...keys.map(({ name }) => name), ...fields.map(({ name }) => name)].join(" ")} }`;
  const where = (clause: string) => `${root}(where: ${clause}) { id }`;
  for (const field of comparable(entity)) {
    yield where(compared(entity, field));
    yield where(`{ ${field.name}: { _is_null: true } }`);
    yield where(`{ _or: [${compared(entity, field)}, { id: { _lt: 0 } }] }`);
    yield where(`{ _and: [${compared(entity, field)}, { ${field.name}: { _is_null: false } }] }`);
    yield `${aggregate}(where: ${compared(entity, field)}) { aggregate { count } }`;
    yield `${root}(orderBy: [{ ${field.name}: desc }]) { id }`;
    yield `${aggregate} { aggregate { count(distinct: true, columns: ${field.name}) } }`;
    if (field !== ID) yield `${aggregate} { aggregate { count groupBy { ${field.name} } } }`;
    if (field.type === "text") yield where(`{ ${field.name}: { _ilike: "%e%" } }`);
  }
  const numbers = entity.fields.filter(({ type }) => type === "int" || type === "float");
  for (const { name } of numbers) {
    for (const one of ["sum", "avg", "stddev", "variance"]) yield `${aggregate} { aggregate { ${one} { ${name} } } }`;
  }
  for (const { name, type } of entity.fields) {
    if (!["text", "int", "float", "date"].includes(type)) continue;
    for (const one of ["min", "max"]) yield `${aggregate} { aggregate { ${one} { ${name} } } }`;
  }
  for (const { name, object, target, column } of keys) {
    const other = getEntity(target);
    const hidden = ROWS.get(entity.name)!.find((row) => row[column] !== null)?.[column] ?? 1;
    yield where(`{ ${name}: { _eq: ${String(hidden)} } }`);
    yield where(`{ ${object}: {} }`);
    yield `${root} { id ${object} { id } }`;
    yield `${root}(where: { ${object}: ${compared(other, ID)} }, orderBy: [{ ${object}: { id: asc } }]) { id }`;
    for (const field of comparable(other)) {
      yield where(`{ ${object}: ${compared(other, field)} }`);
      yield `${root}(orderBy: [{ ${object}: { ${field.name}: asc } }]) { id }`;
      if (field !== ID) yield `${aggregate} { aggregate { count groupBy { ${object} { ${field.name} } } } }`;
    }
  }
  for (const { name, aggregate: counted, target } of lists) {
    const other = getEntity(target);
    yield where(`{ ${name}: {} }`);
    yield where(`{ ${counted}: { count: { predicate: { _eq: 0 } } } }`);
    yield where(`{ ${counted}: { count: { arguments: id, distinct: true, predicate: { _gt: 1 } } } }`);
    yield `${root} { id ${name} { edges { node { id } } pageInfo { hasNextPage } } }`;
    yield `${root} { id ${name}(last: 2, first: 3) { edges { node { id } } } }`;
    yield `${root} { id ${counted} { aggregate { count } } }`;
    for (const field of comparable(other)) {
      yield where(`{ ${name}: ${compared(other, field)} }`);
      yield `${root} { id ${counted}(where: ${compared(other, field)}) { aggregate { count } } }`;
      if (field !== ID) yield `${root} { id ${counted} { aggregate { count groupBy { ${field.name} } } } }`;
    }
  }
}

/** As many root fields as a request may have, each under a name of its own. */
const AT_ONCE = 12;

/** Sums of the same numbers in another order differ in their last digit. */
const rounded = (_: string, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(12)) : value);

async function told(
  database: PortalDatabase,
  query: string,
  enter?: ReturnType<typeof seenPool>["enter"],
): Promise<GraphqlResult> {
  const { text, rest } = await database.api().answer({ query }, undefined, enter);
  let all = text;
  if (rest) for await (const piece of rest) all += piece;
  return JSON.parse(all) as GraphqlResult;
}

describe("what is not seen", () => {
  it("is found by no filter, order, function, group or list of the whole schema", async () => {
    const { enter } = seenPool(whole.reader.pool, SEEN);
    const asked = ENTITIES.flatMap((entity) => [...questions(entity)]);
    const wrong: string[] = [];
    let differ = 0;
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      const part = asked.slice(at, at + AT_ONCE);
      const query = `{ ${part.map((one, index) => `q${index}: ${one}`).join(" ")} }`;
      const [limited, world, everything] = await Promise.all([
        told(whole, query, enter),
        told(without, query),
        told(whole, query),
      ]);
      if (limited.errors || world.errors) wrong.push(`${query}: ${JSON.stringify(limited.errors ?? world.errors)}`);
      for (const [index, one] of part.entries()) {
        const [a, b, c] = [limited, world, everything].map(({ data }) => JSON.stringify(data?.[`q${index}`], rounded));
        if (a !== b) wrong.push(`${one}\n  ${a?.slice(0, 300)}\n  ${b?.slice(0, 300)}`);
        if (a !== c) differ++;
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(asked.length).toBeGreaterThan(2_331);
    // most would tell of what is hidden, without the filter
    expect(differ / asked.length).toBeGreaterThan(0.5);
  }, 120_000);

  it("is in no facet and found by no search", async () => {
    const limited = seenPool(whole.reader.pool, SEEN).pool;
    const clock = systemClock;
    const words = ["ribosome", "TS", "wall", "80S", "101", "102", "null", "x"];
    const everything = async (pool: pg.Pool) => {
      const [facets, search] = [openFacets(pool, clock), openSearch(pool, clock)];
      const counts = [];
      for (const of of ["datasets", "runs", "annotations"] as const) counts.push(await facets({ of }));
      for (const word of words) counts.push(await search(word));
      return counts;
    };
    const found = await everything(limited);
    expect(found).toEqual(await everything(without.reader.pool));
    expect(found).not.toEqual(await everything(whole.reader.pool));
  });

  it("is everything for a session that nobody has told what is hidden", async () => {
    const { pool } = whole.reader;
    const counted = async (): Promise<number[]> => {
      const counts: number[] = [];
      for (const { table } of [...ENTITIES, { table: "portal_count" }]) {
        const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from emporium_seen.${table}`);
        counts.push(rows[0]!.n);
      }
      return counts;
    };
    expect(new Set(await counted())).toEqual(new Set([0]));
    // all sessions of the pool have been used with a limit by now, and it is gone from each of them
    const { pool: limited } = seenPool(pool, SEEN);
    await Promise.all(Array.from({ length: 12 }, () => limited.query("select 1 from emporium_portal.run")));
    expect(new Set(await counted())).toEqual(new Set([0]));
  });

  it("includes what is imported while somebody looks", async () => {
    const owner = await whole.open({ role: "owner" });
    // by these rules nothing is seen that was not there at the beginning
    const { pool } = seenPool(whole.reader.pool, {
      hidden: ({ datasets }) => ({ datasets: [...datasets.keys()].filter((id) => id > 1000), depositions: [] }),
    });
    const seen = async () =>
      (await pool.query<{ n: number }>("select count(*)::int as n from emporium_portal.dataset")).rows[0]!.n;
    try {
      const before = await seen();
      await owner.pool.query(
        `insert into emporium_portal.dataset select * from json_populate_recordset(null::emporium_portal.dataset, $1)`,
        [JSON.stringify([{ ...ROWS.get("Dataset")![0], id: 9999 }])],
      );
      expect(await seen()).toBe(before);
    } finally {
      await owner.pool.query("delete from emporium_portal.dataset where id = 9999");
      await owner.close();
    }
  });
});
