import { concat, type RandomAccess, type ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { asObject, wrongField } from "../zarr/json.js";
import { gunzip, gzip } from "./gzip.js";
import { murmurHash64 } from "./murmur-hash.js";

/**
 * Distribution of small values over shared files: of the id, shifted and hashed, the lowest bits give the minishard, the next
 * ones the shard.
 */
export interface Sharding {
  preshiftBits: number;
  hash: "identity" | "murmurhash3_x86_128";
  minishardBits: number;
  shardBits: number;
  minishardIndexEncoding: ShardEncoding;
  dataEncoding: ShardEncoding;
}

export type ShardEncoding = "raw" | "gzip";

const TYPE = "neuroglancer_uint64_sharded_v1";
/** Bytes of one entry of a shard's index: start and end of a minishard's index. */
const ENTRY_BYTES = 16;
/** Bytes of one value's entry in the index of a minishard. */
const VALUE_BYTES = 24;

/**
 * The `sharding` member of an info document.
 *
 * @param path path of the member, for messages.
 * @throws {EmporiumError} FORMAT_FIELD; FORMAT_LIMIT where the index alone would be past `LIMITS.headerBytes`.
 */
export function parseSharding(value: Json | undefined, name: string, path: string): Sharding {
  const object = asObject(value, name, path);
  const type = member(object, "@type");
  if (type !== TYPE) throw wrongField(name, `${path}.@type`, type, `"${TYPE}"`);
  const sharding: Sharding = {
    preshiftBits: bits(object, "preshift_bits", name, path),
    hash: oneOf(object, "hash", ["identity", "murmurhash3_x86_128"], undefined, name, path),
    minishardBits: bits(object, "minishard_bits", name, path),
    shardBits: bits(object, "shard_bits", name, path),
    minishardIndexEncoding: oneOf(object, "minishard_index_encoding", ["raw", "gzip"], "raw", name, path),
    dataEncoding: oneOf(object, "data_encoding", ["raw", "gzip"], "raw", name, path),
  };
  const { minishardBits, shardBits } = sharding;
  if (minishardBits + shardBits > 64) {
    const message = `${64 - minishardBits} at most beside minishard_bits ${minishardBits}`;
    throw wrongField(name, `${path}.shard_bits`, shardBits, message);
  }
  if (indexBytes(sharding) > LIMITS.headerBytes) {
    const message = `${name}: ${path}.minishard_bits is ${minishardBits}: an index of 2^${counted(minishardBits + 4, "byte")}; at most ${LIMITS.headerBytes} are read`;
    throw new EmporiumError("FORMAT_LIMIT", message, { place: { file: name, path: `${path}.minishard_bits` } });
  }
  return sharding;
}

export function shardingJson(sharding: Sharding): JsonObject {
  return {
    "@type": TYPE,
    preshift_bits: sharding.preshiftBits,
    hash: sharding.hash,
    minishard_bits: sharding.minishardBits,
    shard_bits: sharding.shardBits,
    minishard_index_encoding: sharding.minishardIndexEncoding,
    data_encoding: sharding.dataEncoding,
  };
}

/** Shard and minishard that hold the value of an id. */
export function shardOf(sharding: Sharding, id: bigint): { shard: bigint; minishard: number } {
  const shifted = BigInt.asUintN(64, id) >> BigInt(sharding.preshiftBits);
  const hashed = sharding.hash === "identity" ? shifted : murmurHash64(shifted);
  return {
    minishard: Number(BigInt.asUintN(sharding.minishardBits, hashed)),
    shard: BigInt.asUintN(sharding.shardBits, hashed >> BigInt(sharding.minishardBits)),
  };
}

/** File name of a shard: hexadecimal, as many digits as all shards need, one at least. */
export function shardName(sharding: Sharding, shard: bigint): string {
  return `${shard.toString(16).padStart(Math.ceil(sharding.shardBits / 4), "0")}.shard`;
}

/** Contents of one minishard of a shard that is to be written. */
export interface Minishard {
  minishard: number;
  /** Ids of the values, ascending. */
  ids: BigUint64Array;
  /** Stored bytes of each value, encoded. */
  sizes: Uint32Array;
}

/**
 * The head and tail of a shard file. Between them lie the values by minishard and id, without gaps; only their sizes are needed.
 *
 * @param minishards the minishards that are not empty, ascending.
 */
export function frameShard(sharding: Sharding, minishards: readonly Minishard[]): { head: Uint8Array; tail: Uint8Array } {
  const head = new Uint8Array(indexBytes(sharding));
  const view = new DataView(head.buffer);
  const indices: Uint8Array[] = [];
  let start = 0;
  const starts = minishards.map(({ sizes }) => {
    const own = start;
    for (const size of sizes) start += size;
    return own;
  });
  for (const [i, { minishard, ids, sizes }] of minishards.entries()) {
    const plain = new Uint8Array(VALUE_BYTES * ids.length);
    const numbers = new DataView(plain.buffer);
    let before = 0n;
    for (const [at, id] of ids.entries()) {
      numbers.setBigUint64(8 * at, id - before, true);
      numbers.setBigUint64(8 * (ids.length + at), at === 0 ? BigInt(starts[i]!) : 0n, true);
      numbers.setBigUint64(8 * (2 * ids.length + at), BigInt(sizes[at]!), true);
      before = id;
    }
    const index = sharding.minishardIndexEncoding === "gzip" ? gzip(plain) : plain;
    view.setBigUint64(ENTRY_BYTES * minishard, BigInt(start), true);
    view.setBigUint64(ENTRY_BYTES * minishard + 8, BigInt(start + index.length), true);
    start += index.length;
    indices.push(index);
  }
  return { head, tail: concat(indices) };
}

/**
 * Whole shard files of values that are in memory.
 *
 * @param values plain bytes by id.
 * @returns bytes by file name.
 */
export function encodeShards(sharding: Sharding, values: ReadonlyMap<bigint, Uint8Array>): Map<string, Uint8Array> {
  const shards = new Map<bigint, Map<number, bigint[]>>();
  for (const id of [...values.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const { shard, minishard } = shardOf(sharding, id);
    const minishards = shards.get(shard) ?? new Map<number, bigint[]>();
    shards.set(shard, minishards);
    minishards.set(minishard, [...(minishards.get(minishard) ?? []), id]);
  }
  const files = new Map<string, Uint8Array>();
  for (const [shard, minishards] of shards) {
    const stored: Uint8Array[] = [];
    const plan = [...minishards]
      .sort(([a], [b]) => a - b)
      .map(([minishard, ids]) => {
        const own = ids.map((id) => (sharding.dataEncoding === "gzip" ? gzip(values.get(id)!) : values.get(id)!));
        stored.push(...own);
        return { minishard, ids: BigUint64Array.from(ids), sizes: Uint32Array.from(own, (bytes) => bytes.length) };
      });
    const { head, tail } = frameShard(sharding, plan);
    files.set(shardName(sharding, shard), concat([head, ...stored, tail]));
  }
  return files;
}

/** Entries of a minishard: where the stored value of each id lies in the shard file. */
export interface MinishardIndex {
  ids: BigUint64Array;
  /** Offsets from the start of the shard file. */
  offsets: Float64Array;
  sizes: Float64Array;
}

/**
 * The index of one minishard; undefined where it holds nothing.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED (the file ends before the index), FORMAT_CORRUPT, FORMAT_FIELD, FORMAT_LIMIT.
 */
export async function readMinishardIndex(
  source: RandomAccess,
  sharding: Sharding,
  minishard: number,
  options?: ReadOptions,
): Promise<MinishardIndex | undefined> {
  const head = indexBytes(sharding);
  const size = await source.size();
  const at = ENTRY_BYTES * minishard;
  const entry = await source.read({ offset: at, length: ENTRY_BYTES }, options);
  if (entry.length < ENTRY_BYTES || size < head)
    throw truncated(source, size, `the index of a shard has ${counted(head, "byte")}`);
  const numbers = new DataView(entry.buffer, entry.byteOffset);
  const [start, end] = [numbers.getBigUint64(0, true), numbers.getBigUint64(8, true)];
  if (start === end) return undefined;
  if (start > end || end > BigInt(size - head)) {
    throw corrupt(
      source,
      at,
      `minishard ${minishard} has its index from ${start} to ${end}, the file has ${counted(size - head, "byte")} behind its own`,
    );
  }
  const length = Number(end - start);
  if (length > LIMITS.headerBytes) throw tooLong(source, at, length, "the index of a minishard", LIMITS.headerBytes);
  const offset = head + Number(start);
  const stored = await source.read({ offset, length }, options);
  if (stored.length < length) throw truncated(source, size, `the index of minishard ${minishard} has ${counted(length, "byte")}`);
  const plain = sharding.minishardIndexEncoding === "gzip" ? await gunzip(stored, LIMITS.headerBytes, source.name) : stored;
  if (plain.length % VALUE_BYTES !== 0) {
    throw corrupt(
      source,
      offset,
      `the index of minishard ${minishard} has ${counted(plain.length, "byte")}; expected a multiple of ${VALUE_BYTES}`,
    );
  }
  return decodeIndex(plain, head, size, source, offset);
}

/** The plain value of an id; undefined where the shard has none. `source` is the shard that `shardOf` names. */
export async function readShardValue(
  source: RandomAccess,
  sharding: Sharding,
  id: bigint,
  options: ReadOptions & { bytesMax?: number | undefined } = {},
): Promise<Uint8Array | undefined> {
  const index = await readMinishardIndex(source, sharding, shardOf(sharding, id).minishard, options);
  const at = index?.ids.indexOf(BigInt.asUintN(64, id)) ?? -1;
  return at < 0 ? undefined : readIndexed(source, sharding, index!, at, options);
}

/** The plain value of one entry of a minishard's index. */
export async function readIndexed(
  source: RandomAccess,
  sharding: Sharding,
  { offsets, sizes }: MinishardIndex,
  at: number,
  { bytesMax = LIMITS.chunkBytes, signal }: ReadOptions & { bytesMax?: number | undefined } = {},
): Promise<Uint8Array> {
  const [offset, length] = [offsets[at]!, sizes[at]!];
  if (length > bytesMax) throw tooLong(source, offset, length, "a value", bytesMax);
  const stored = await source.read({ offset, length }, { signal });
  if (stored.length < length)
    throw truncated(source, await source.size(), `a value has ${counted(length, "byte")} from ${offset} on`);
  return sharding.dataEncoding === "gzip" ? gunzip(stored, bytesMax, source.name) : stored;
}

function decodeIndex(plain: Uint8Array, head: number, size: number, source: RandomAccess, place: number): MinishardIndex {
  const count = plain.length / VALUE_BYTES;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
  const index = { ids: new BigUint64Array(count), offsets: new Float64Array(count), sizes: new Float64Array(count) };
  let id = 0n;
  let end = 0n;
  for (let i = 0; i < count; i++) {
    id += view.getBigUint64(8 * i, true);
    const start = end + view.getBigUint64(8 * (count + i), true);
    const length = view.getBigUint64(8 * (2 * count + i), true);
    end = start + length;
    if (id > 0xffffffffffffffffn || end > BigInt(size - head)) {
      throw corrupt(
        source,
        place,
        `entry ${i} (id ${id}) goes from ${start} to ${end}, but the file has ${counted(size - head, "byte")}`,
      );
    }
    index.ids[i] = id;
    index.offsets[i] = head + Number(start);
    index.sizes[i] = Number(length);
  }
  return index;
}

function indexBytes({ minishardBits }: Sharding): number {
  return ENTRY_BYTES * 2 ** minishardBits;
}

function bits(object: JsonObject, key: string, name: string, path: string): number {
  const value = member(object, key);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 64) return value + 0;
  throw wrongField(name, `${path}.${key}`, value, "an integer from 0 to 64");
}

function oneOf<T extends string>(
  object: JsonObject,
  key: string,
  choices: readonly T[],
  absent: T | undefined,
  name: string,
  path: string,
): T {
  const value = member(object, key) ?? absent;
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw wrongField(name, `${path}.${key}`, value, choices.map((choice) => `"${choice}"`).join(" or "));
}

function truncated(source: RandomAccess, size: number, wanted: string): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${source.name}: ${wanted}, this file ends at ${size}`, {
    place: { file: source.name, byte: size },
    hint: "copy the file again: it was cut short",
  });
}

function corrupt(source: RandomAccess, byte: number, found: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `${source.name}: ${found}`, { place: { file: source.name, byte } });
}

function tooLong(source: RandomAccess, byte: number, length: number, what: string, most: number): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${source.name}: ${what} of ${counted(length, "byte")}; at most ${most} are read`, {
    place: { file: source.name, byte },
  });
}
