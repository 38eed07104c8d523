import { sql } from "kysely";
import type { AskedRow, Steps } from "./asked-once.js";
import type { Entity } from "./entities.js";
import type { Sql } from "./graphql/comparison-sql.js";
import { columnOf, tableAs } from "./graphql/where-sql.js";

/** Set of entities as their positions in a universe, each once. */
export type IdSet = Int32Array;
/** Set of entities as one byte for each position of a universe: 1 for those in the set. */
export type Mask = Uint8Array;
/** Sets by value. */
export type Sets = ReadonlyMap<string, IdSet>;

/** All entities of a kind in the order of their ids. Sets of them contain positions in that order. */
export class Universe {
  readonly size: number;
  readonly weight: number;
  /** Position of each entity's parent in the universe of the parents, if it was asked for; -1 for none. Otherwise empty. */
  readonly parents: IdSet;
  readonly #least: number;
  /** Position by id less the smallest, -1 for none; used where ids are dense. Where none is missing, that is the position. */
  readonly #positions: Int32Array | undefined;
  /** Sorted ids, which are searched; used where they are sparse. */
  readonly #ids: Int32Array | undefined;

  private constructor(ids: Int32Array, hasParents: boolean) {
    this.size = ids.length;
    this.#least = ids[0] ?? 0;
    const span = (ids.at(-1) ?? 0) - this.#least + 1;
    if (span > 4 * ids.length + 1024) this.#ids = ids;
    else if (span > ids.length) {
      this.#positions = new Int32Array(span).fill(-1);
      for (let at = 0; at < ids.length; at++) this.#positions[ids[at]! - this.#least] = at;
    }
    this.parents = new Int32Array(hasParents ? this.size : 0).fill(-1);
    this.weight = this.parents.length + (this.#ids ?? this.#positions ?? []).length;
  }

  /** @param rows of `universeSql` @param above universe of the parents */
  static *of(rows: readonly AskedRow[], above: Universe | undefined): Steps<Universe> {
    const pieces: Int32Array[] = [];
    for (const [ids] of rows) {
      pieces.push(unpacked(ids!).sort());
      yield;
    }
    const universe = new Universe(together(pieces.sort(([a], [b]) => a! - b!)), above !== undefined);
    yield;
    for (const [ids, of] of above ? rows : []) {
      const [own, parents] = [unpacked(ids!), unpacked(of!)];
      for (let at = 0; at < own.length; at++) universe.parents[universe.positionOf(own[at]!)] = above!.positionOf(parents[at]!);
      yield;
    }
    return universe;
  }

  /** Position of an id; -1 for an entity that was added after the universe was read. */
  positionOf(id: number): number {
    if (this.#positions) return this.#positions[id - this.#least] ?? -1;
    if (!this.#ids) return id >= this.#least && id < this.#least + this.size ? id - this.#least : -1;
    const ids = this.#ids;
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return ids[low] === id ? low : -1;
  }
}

/**
 * Aggregates ids as they are sent: four bytes each, the highest first. Text of a million numbers takes ten times as long to read.
 */
const packed = (id: Sql): Sql => sql`string_agg(int4send(${id}), ''::bytea)`;
/** Groups ids into rows of some 100,000: one row of a million would be read without a pause. */
const piece = (id: Sql): Sql => sql`${id} >> 17`;

function unpacked(text: string): Int32Array {
  const numbers = new Int32Array((text.length - 2) / 8);
  fill(numbers, text).swap32();
  return numbers;
}

function fill({ buffer }: Int32Array | Float64Array, text: string): Buffer {
  const bytes = Buffer.from(buffer);
  bytes.write(text.slice(2), "hex");
  return bytes;
}

function together(pieces: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let length = 0;
  for (const one of pieces) {
    all.set(one, length);
    length += one.length;
  }
  return all;
}

export function universeSql(entity: Entity, parent: string | undefined): Sql {
  const id = sql`t0.id`;
  const parents = parent === undefined ? sql`null` : packed(sql`coalesce(${columnOf("t0", parent)}, -1)`);
  return sql`select ${packed(id)}, ${parents} from ${tableAs(entity.name, "t0")} group by ${piece(id)}`;
}

/** SQL that collects lines of `id` and `value` into the sets of each value. */
export function setsSql(lines: Sql): Sql {
  return sql`select value, ${packed(sql`id`)} from (${lines}) as line group by value, ${piece(sql`id`)}`;
}

/** Sets by value. @param rows of `setsSql`; an entity may have a value more than once. */
export function* setsOf(rows: readonly AskedRow[], universe: Universe): Steps<Sets> {
  const pieces = new Map<string, IdSet[]>();
  const seen = new Int32Array(universe.size);
  for (const [row, [value, ids]] of rows.entries()) {
    const set = unpacked(ids!);
    let length = 0;
    for (let index = 0; index < set.length; index++) {
      const at = universe.positionOf(set[index]!);
      if (at < 0 || seen[at] === row + 1) continue;
      seen[at] = row + 1;
      set[length++] = at;
    }
    const known = pieces.get(value!);
    if (known) known.push(set.subarray(0, length));
    else pieces.set(value!, [set.subarray(0, length)]);
    yield;
  }
  return new Map([...pieces].map(([value, parts]) => [value, together(parts)]));
}

export function weightOf(sets: Sets): number {
  let weight = 0;
  for (const set of sets.values()) weight += set.length + 10;
  return weight;
}

export function numbersSql(entity: Entity, column: string): Sql {
  const [id, field] = [sql`t0.id`, columnOf("t0", column)];
  return sql`select ${packed(id)}, string_agg(float8send(${field}::float8), ''::bytea) from ${tableAs(entity.name, "t0")}
    where ${field} is not null group by ${piece(id)}`;
}

/** @param rows of `numbersSql`. @returns a number for each position, NaN for none. */
export function* numbersOf(rows: readonly AskedRow[], universe: Universe): Steps<Float64Array> {
  const numbers = new Float64Array(universe.size).fill(Number.NaN);
  for (const [ids, values] of rows) {
    const own = unpacked(ids!);
    const some = new Float64Array(own.length);
    fill(some, values!).swap64();
    for (let at = 0; at < own.length; at++) {
      const position = universe.positionOf(own[at]!);
      if (position >= 0) numbers[position] = some[at]!;
    }
    yield;
  }
  return numbers;
}

/** The sets of the parents of each set's members. */
export function* liftedSets(sets: Sets, parents: IdSet, size: number): Steps<Sets> {
  const lifted = new Map<string, IdSet>();
  const seen = new Int32Array(size);
  const found = new Int32Array(size);
  for (const [value, set] of sets) {
    const round = lifted.size + 1;
    let length = 0;
    for (let index = 0; index < set.length; index++) {
      const parent = parents[set[index]!]!;
      if (parent < 0 || seen[parent] === round) continue;
      seen[parent] = round;
      found[length++] = parent;
    }
    lifted.set(value, found.slice(0, length));
    yield;
  }
  return lifted;
}

/** The mask of all members of the sets. */
export function* inAny(sets: Iterable<IdSet>, size: number): Steps<Mask> {
  const found = new Uint8Array(size);
  for (const set of sets) {
    for (let index = 0; index < set.length; index++) found[set[index]!] = 1;
    yield;
  }
  return found;
}

/** The intersection of masks. @returns undefined without any mask: everything. */
export function* inAll(masks: readonly (Mask | undefined)[]): Steps<Mask | undefined> {
  const [first, ...others] = masks.filter((mask) => mask !== undefined);
  if (!first || others.length === 0) return first;
  const found = first.slice();
  for (const mask of others) {
    for (let at = 0; at < found.length; at++) found[at]! &= mask[at]!;
    yield;
  }
  return found;
}

/** The mask of positions with a number in a range, both ends included. */
export function within(numbers: Float64Array, least: number, most: number): Mask {
  const found = new Uint8Array(numbers.length);
  for (let at = 0; at < found.length; at++) found[at] = numbers[at]! >= least && numbers[at]! <= most ? 1 : 0;
  return found;
}

export function rangeOf(
  numbers: Float64Array,
  { live, roots }: Pick<Counting, "live" | "roots">,
): { readonly min: number; readonly max: number } | undefined {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < numbers.length; at++) {
    const value = numbers[at]!;
    // first what is true of hardly any: a processor guesses it
    if (!(value < min || value > max) || (live && live[at] !== 1) || (roots && roots[at]! < 0)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { min, max } : undefined;
}

/** The mask of parents with at least one child in a mask. */
export function lifted(mask: Mask | undefined, parents: IdSet, size: number): Mask {
  const found = new Uint8Array(size);
  for (let at = 0; at < parents.length; at++) if (parents[at]! >= 0 && (!mask || mask[at] === 1)) found[parents[at]!] = 1;
  return found;
}

/** The mask of entities whose parents are in a mask. */
export function below(mask: Mask | undefined, parents: IdSet): Mask {
  const found = new Uint8Array(parents.length);
  const above = mask ?? new Uint8Array(parents.reduce((most, at) => Math.max(most, at + 1), 0)).fill(1);
  for (let at = 0; at < found.length; at++) if (parents[at]! >= 0) found[at] = above[parents[at]!]!;
  return found;
}

/** Sum of the shares of each parent's children in a mask; without shares, their number. */
export function sharesOf(mask: Mask | undefined, shares: Float64Array | undefined, parents: IdSet, size: number): Float64Array {
  const found = new Float64Array(size);
  for (let at = 0; at < parents.length; at++) {
    if (parents[at]! >= 0 && (!mask || mask[at] === 1)) found[parents[at]!]! += shares ? shares[at]! : 1;
  }
  return found;
}

export function sizeOf(mask: Mask, other: Mask = mask): number {
  let count = 0;
  for (let at = 0; at < mask.length; at++) count += mask[at]! & other[at]!;
  return count;
}

/** Which members of sets count, and for how much. */
export interface Counting {
  /** Members that count; without it all do. */
  readonly live: Mask | undefined;
  /** Ancestor that each member counts as, once for each value; without it members count as themselves. */
  readonly roots: IdSet | undefined;
  /** Number of roots. */
  readonly size: number;
  /** Weight of each member or root; without it, 1. */
  readonly shares: Float64Array | undefined;
}

/**
 * Counts the members of each set. The loops avoid conditions as far as possible: no processor can predict which of a million
 * members are live.
 */
export function* countsOf(sets: Sets, { live, roots, size, shares }: Counting): Steps<[value: string, count: number][]> {
  const counts: [string, number][] = [];
  const seen = new Uint8Array(roots ? size : 0);
  let room = new Int32Array(0);
  for (const [value, set] of sets) {
    let found = set;
    if (live) {
      if (room.length < set.length) room = new Int32Array(set.length);
      let length = 0;
      for (let index = 0; index < set.length; index++) {
        room[length] = set[index]!;
        length += live[set[index]!]!;
      }
      found = room.subarray(0, length);
    }
    let count = found.length;
    if (roots) {
      count = 0;
      for (let index = 0; index < found.length; index++) {
        const root = roots[found[index]!]!;
        if (root < 0) continue;
        count += (1 - seen[root]!) * (shares ? shares[root]! : 1);
        seen[root] = 1;
      }
      for (let index = 0; index < found.length; index++) {
        const root = roots[found[index]!]!;
        if (root >= 0) seen[root] = 0;
      }
    } else if (shares) {
      count = 0;
      for (let index = 0; index < found.length; index++) count += shares[found[index]!]!;
    }
    counts.push([value, count]);
    yield;
  }
  return counts;
}
