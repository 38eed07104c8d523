import { sql } from "kysely";
import type { Reading } from "./asked-once.js";
import type { Entity } from "./entities.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { columnOf, tableAs } from "./graphql/where-sql.js";

/** Positions in a universe, each once. */
export type IdSet = Int32Array;
/** 1 for each position that is in. */
export type Mask = Uint8Array;

/** All entities of a kind, in the order of their numbers: sets of them hold positions in it. */
export class Universe {
  readonly size: number;
  readonly #ids: Int32Array;
  /** Positions by number, where numbers lie close together. */
  readonly #positions: Int32Array | undefined;
  readonly #least: number;

  constructor(
    ids: Int32Array,
    /** The number of each one's parent, where it was asked for; -1 for none. */
    readonly parents: Int32Array,
  ) {
    this.#ids = ids;
    this.size = ids.length;
    this.#least = ids[0] ?? 0;
    const span = (ids.at(-1) ?? 0) - this.#least + 1;
    if (span > 4 * ids.length + 1024) return;
    this.#positions = new Int32Array(span).fill(-1);
    for (const [at, id] of ids.entries()) this.#positions[id - this.#least] = at;
  }

  /** -1 for what has come since the universe was read. */
  positionOf(id: number): number {
    if (this.#positions) return this.#positions[id - this.#least] ?? -1;
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return this.#ids[low] === id ? low : -1;
  }

  setOf(ids: Int32Array): IdSet {
    let length = 0;
    for (const id of ids) {
      const at = this.positionOf(id);
      if (at >= 0) ids[length++] = at;
    }
    return length === ids.length ? ids : ids.slice(0, length);
  }
}

/** Numbers as they are sent: four bytes each, the highest first. Text of a million numbers takes ten times as long to read. */
export const packed = (id: Sql, order: Sql = sql``): Sql => sql`string_agg(int4send(${id}), ''::bytea ${order})`;

function unpacked(text: string | null): Int32Array {
  return new Int32Array(bytesOf(text, (bytes) => bytes.swap32()));
}

function bytesOf(text: string | null, swap: (bytes: Buffer) => Buffer): ArrayBuffer {
  const bytes = swap(Buffer.from((text ?? "\\x").slice(2), "hex"));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

export function universeSql(entity: Entity, parent: string | undefined): Sql {
  const order = sql`order by t0.id`;
  const parents = parent === undefined ? sql`null` : packed(sql`coalesce(${columnOf("t0", parent)}, -1)`, order);
  return sql`select ${packed(sql`t0.id`, order)}, ${parents} from ${tableAs(entity.name, "t0")}`;
}

export const UNIVERSE: Reading<Universe> = {
  kind: "universe",
  read([row]) {
    const value = new Universe(unpacked(row![0]!), unpacked(row![1]!));
    return { value, weight: 3 * value.size };
  },
};

/** Of one column of packed numbers. */
export function setReading(universe: Universe): Reading<IdSet> {
  return {
    kind: "set",
    read([row]) {
      const value = universe.setOf(unpacked(row![0]!));
      return { value, weight: value.length };
    },
  };
}

/** Lines of `id` and `value` as the sets of each value. */
export function setsSql(lines: Sql): Sql {
  return sql`select value, ${packed(sql`id`)} from (${lines}) as line group by value`;
}

export function setsReading(universe: Universe): Reading<ReadonlyMap<string, IdSet>> {
  return {
    kind: "sets",
    read(rows) {
      const value = new Map(rows.map(([key, ids]) => [key!, universe.setOf(unpacked(ids!))]));
      return { value, weight: [...value.values()].reduce((sum, { length }) => sum + length + 10, 0) };
    },
  };
}

export interface Ranges {
  /** -1 for what has come since. */
  readonly ids: IdSet;
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/** Lines of `id`, `least` and `most`. */
export function rangesSql(lines: Sql): Sql {
  const numbers = (name: string) => sql`string_agg(float8send(${sql.id(name)}::float8), ''::bytea)`;
  return sql`select ${packed(sql`id`)}, ${numbers("least")}, ${numbers("most")} from (${lines}) as line`;
}

export function rangesReading(universe: Universe): Reading<Ranges> {
  return {
    kind: "ranges",
    read([row]) {
      const numbers = (text: string | null) => new Float64Array(bytesOf(text, (bytes) => bytes.swap64()));
      const ids = unpacked(row![0]!).map((id) => universe.positionOf(id));
      return { value: { ids, least: numbers(row![1]!), most: numbers(row![2]!) }, weight: 5 * ids.length };
    },
  };
}

/** What is in all of the sets; without any it is everything. */
export function allIn(size: number, sets: readonly IdSet[]): Mask {
  const hits = new Uint8Array(size);
  for (const set of sets) for (let at = 0; at < set.length; at++) hits[set[at]!]!++;
  for (let at = 0; at < size; at++) hits[at] = hits[at] === sets.length ? 1 : 0;
  return hits;
}

export function countIn(set: IdSet, mask: Mask): number {
  let count = 0;
  for (let at = 0; at < set.length; at++) count += mask[set[at]!]!;
  return count;
}

export function sizeOf(mask: Mask): number {
  let count = 0;
  for (let at = 0; at < mask.length; at++) count += mask[at]!;
  return count;
}

/** Those that something of a mask leads to. */
export function lifted(mask: Mask, parents: IdSet, size: number): Mask {
  const found = new Uint8Array(size);
  for (let at = 0; at < mask.length; at++) if (mask[at] === 1 && parents[at]! >= 0) found[parents[at]!] = 1;
  return found;
}

/** Those whose parents are in a mask. */
export function belowMask(mask: Mask, parents: IdSet): Mask {
  const found = new Uint8Array(parents.length);
  for (let at = 0; at < parents.length; at++) found[at] = mask[parents[at]!] ?? 0;
  return found;
}

export function membersOf(mask: Mask): IdSet {
  const set = new Int32Array(sizeOf(mask));
  let length = 0;
  for (let at = 0; at < mask.length; at++) if (mask[at] === 1) set[length++] = at;
  return set;
}
