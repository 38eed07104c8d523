import { sql } from "kysely";
import type { AskedRow, Reading } from "./asked-once.js";
import type { Entity } from "./entities.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { compiled } from "./graphql/statement.js";
import { tableAs } from "./graphql/where-sql.js";

/** All entities of a kind, in the order of their numbers: sets of them hold positions in it. */
export interface Universe {
  readonly positions: ReadonlyMap<string, number>;
  /** The number of each one's parent, where it was asked for. */
  readonly parents: readonly string[];
}

/** Positions in a universe, each once. */
export type IdSet = Uint32Array;
/** 1 for each position that is in. */
export type Mask = Uint8Array;

/** Two columns: number, parent or nothing. */
export function universeStatement(entity: Entity, parent: string | undefined) {
  return compiled(
    sql`select t0.id, ${parent === undefined ? sql`null` : sql.id("t0", parent)} from ${tableAs(entity.name, "t0")} order by 1`,
  );
}

export const UNIVERSE: Reading<Universe> = {
  kind: "universe",
  read: (rows) => ({
    value: { positions: new Map(rows.map(([id], at) => [id!, at])), parents: rows.map(([, parent]) => parent!) },
    weight: 4 * rows.length,
  }),
};

/** Of one column that is an array of numbers. What has come since the universe was read is in none. */
export function setReading({ positions }: Universe): Reading<IdSet> {
  return { kind: "set", read: ([row]) => weighed(setOf(row![0] ?? "{}", positions)) };
}

/** Of two columns: a value, and an array of numbers. */
export function setsReading({ positions }: Universe): Reading<ReadonlyMap<string, IdSet>> {
  return {
    kind: "sets",
    read(rows) {
      const value = new Map(rows.map(([key, ids]) => [key!, setOf(ids!, positions)]));
      return { value, weight: [...value.values()].reduce((sum, { length }) => sum + length + 10, 0) };
    },
  };
}

export interface Ranges {
  readonly ids: IdSet;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/** Of three columns: number, least and most. */
export function rangesReading({ positions }: Universe): Reading<Ranges> {
  return {
    kind: "ranges",
    read(rows) {
      const known = rows.filter(([id]) => positions.has(id!));
      const numbers = (column: number) => Float64Array.from(known, (row: AskedRow) => Number(row[column]));
      const ids = Uint32Array.from(known, ([id]) => positions.get(id!)!);
      return { value: { ids, least: numbers(1), most: numbers(2) }, weight: 5 * known.length };
    },
  };
}

function setOf(array: string, positions: ReadonlyMap<string, number>): IdSet {
  const ids = array.length > 2 ? array.slice(1, -1).split(",") : [];
  const set = new Uint32Array(ids.length);
  let length = 0;
  for (const id of ids) {
    const at = positions.get(id);
    if (at !== undefined) set[length++] = at;
  }
  return set.subarray(0, length);
}

function weighed(set: IdSet): { value: IdSet; weight: number } {
  return { value: set, weight: set.length };
}

/** What is in all of the sets; without any it is everything. */
export function allIn(size: number, sets: readonly IdSet[]): Mask {
  const hits = new Uint8Array(size);
  for (const set of sets) for (const at of set) hits[at]!++;
  return hits.map((count) => (count === sets.length ? 1 : 0));
}

export function countIn(set: IdSet, mask: Mask): number {
  let count = 0;
  for (let at = 0; at < set.length; at++) count += mask[set[at]!]!;
  return count;
}

export function sizeOf(mask: Mask): number {
  return mask.reduce((sum, one) => sum + one, 0);
}

/** The parts of lines that are asked for as sets. */
export function setsSql(lines: Sql): Sql {
  return sql`select value, array_agg(id)::text from (${lines}) as line group by value`;
}
