import type { ByteRange } from "../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { decodeSteps } from "./apply-steps.js";
import { chunkParts } from "./chunks.js";
import { product } from "./metadata.js";
import { allocateBox, copyElements, dot, type NdBox, type Strided, stridesOf, type ZarrReadOptions } from "./read.js";
import { decodeShardIndex, findInShard, planReads, type ShardIndex, shardIndexBytes } from "./shard.js";
import type { BytesSerializer, CodecChain, ShardSerializer } from "./v3-codecs.js";
import { v3ChunkKey, type ZarrV3Array } from "./v3-metadata.js";

/** The objects below an array. */
export interface ZarrObjects {
  /** A whole object or a range of it (fewer bytes where it ends before), undefined where there is none. */
  read(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Length of an object, undefined where there is none. Asked of shards whose index is at their end. */
  size(key: string): Promise<number | undefined>;
}

export interface ZarrV3ReadOptions extends ZarrReadOptions {
  /** Shard indexes read so far, by key. Pass the same map again to read no index twice: `recentShardIndexes()` for many shards. */
  indexes?: Map<string, ShardIndex> | undefined;
}

/**
 * A box of a Zarr v3 array as bytes: C order, host byte order. Of a shard only the index and the chunks that the box touches are
 * read, those that lie side by side in one request. One request is held at a time beside the result.
 *
 * @throws {EmporiumError} USAGE (a box outside the array), FORMAT_LIMIT (more than `bytesMax`, default `LIMITS.memoryBytes`),
 *   FORMAT_CORRUPT, FORMAT_TRUNCATED.
 */
export async function readZarrV3Box(
  objects: ZarrObjects,
  meta: ZarrV3Array,
  box: NdBox,
  options: ZarrV3ReadOptions = {},
): Promise<Uint8Array> {
  const { name = "array", bytesMax = LIMITS.memoryBytes } = options;
  const { result, shape } = allocateBox(box, meta, bytesMax, name);
  if (result.length === 0) return result;
  const strides = stridesOf(shape, "C");
  for (const { chunk, from, to, at } of chunkParts(box.start, box.stop, meta.chunks)) {
    const key = v3ChunkKey(chunk, meta.keys);
    const stored: Stored = {
      name: `${name}/${key}`,
      key,
      all: () => objects.read(key),
      range: (range) => objects.read(key, range),
      size: () => objects.size(key),
    };
    const target = { bytes: result, strides, offset: dot(at, strides) };
    await readPart(stored, meta.codecs, { shape: meta.chunks, from, to, target }, { meta, options });
  }
  return result;
}

/** The whole array. */
export function readZarrV3Array(objects: ZarrObjects, meta: ZarrV3Array, options?: ZarrV3ReadOptions): Promise<Uint8Array> {
  return readZarrV3Box(objects, meta, { start: meta.shape.map(() => 0), stop: meta.shape }, options);
}

/** An encoded chunk: an object, or a piece of a shard. */
interface Stored {
  name: string;
  /** Key of a shard's index among `indexes`. */
  key: string;
  all(): Promise<Uint8Array | undefined>;
  range(range: ByteRange): Promise<Uint8Array | undefined>;
  size(): Promise<number | undefined>;
}

/** Wanted part of a chunk, and its destination; axes are those of the codec at hand. */
interface Part {
  shape: readonly number[];
  from: readonly number[];
  to: readonly number[];
  target: Strided;
}

interface Context {
  meta: ZarrV3Array;
  options: ZarrV3ReadOptions;
}

async function readPart(stored: Stored, { order, serializer, steps }: CodecChain, part: Part, context: Context): Promise<void> {
  context.options.signal?.throwIfAborted();
  const turned = order ? turn(part, order) : part;
  if (serializer.kind === "shard") return readShard(stored, serializer, turned, context);
  const bytes = await stored.all();
  if (bytes === undefined) return fillPart(turned, context);
  const { itemBytes } = context.meta.type;
  const { codecs } = context.options;
  const plain = await decodeSteps(bytes, steps, product(turned.shape) * itemBytes, { codecs, name: stored.name });
  const strides = stridesOf(turned.shape, "C");
  const source = { bytes: inHostOrder(plain, serializer, context), strides, offset: dot(turned.from, strides) };
  copyElements(source, turned.target, extent(turned), itemBytes);
}

async function readShard(stored: Stored, shard: ShardSerializer, part: Part, context: Context): Promise<void> {
  const index = await indexOf(stored, shard, context);
  if (!index) return fillPart(part, context);
  const wanted: { range: ByteRange; piece: { name: string; part: Part } }[] = [];
  for (const { chunk, from, to, at } of chunkParts(part.from, part.to, shard.chunks)) {
    const target = { ...part.target, offset: part.target.offset + dot(at, part.target.strides) };
    const inner = { shape: shard.chunks, from, to, target };
    const range = findInShard(index, chunk);
    if (range) wanted.push({ range, piece: { name: `${stored.name}[${chunk.join(",")}]`, part: inner } });
    else fillPart(inner, context);
  }
  if (shard.codecs.serializer.kind === "shard") {
    for (const { range, piece } of wanted) await readPart(within(stored, range, piece.name), shard.codecs, piece.part, context);
    return;
  }
  const bytesMax = encodedBytesMax(product(shard.chunks) * context.meta.type.itemBytes);
  for (const { range, piece } of wanted) {
    if (range.length <= bytesMax) continue;
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `${piece.name}: ${counted(range.length, "byte")} stored, ${bytesMax} at most would be this chunk`,
      {
        place: { file: stored.name, byte: range.offset },
        hint: "copy the shard again: its index is damaged",
      },
    );
  }
  for (const { range, pieces } of planReads(wanted)) {
    const bytes = await stored.range(range);
    for (const { at, length, piece } of pieces) {
      const encoded = bytes?.subarray(at, at + length);
      if (encoded?.length !== length) throw cutShort(piece.name, { offset: range.offset + at, length }, stored.name);
      const whole: Stored = { ...stored, name: piece.name, all: async () => encoded };
      await readPart(whole, shard.codecs, piece.part, context);
    }
  }
}

/** No codec makes more of its input than this: all of them store what they cannot compress. */
function encodedBytesMax(plainBytes: number): number {
  return 2 * plainBytes + 64 * 1024;
}

/** The index of a shard; undefined where there is no such object. */
async function indexOf(stored: Stored, shard: ShardSerializer, { options }: Context): Promise<ShardIndex | undefined> {
  const known = options.indexes?.get(stored.key);
  if (known) return known;
  const length = shardIndexBytes(shard);
  const shardBytes = shard.location === "end" ? await stored.size() : undefined;
  if (shard.location === "end" && shardBytes === undefined) return undefined;
  const offset = Math.max(0, (shardBytes ?? length) - length);
  const bytes = await stored.range({ offset, length });
  if (!bytes) return undefined;
  const index = decodeShardIndex(bytes, shard, { name: stored.name, shardBytes });
  options.indexes?.set(stored.key, index);
  return index;
}

/** An inner chunk that is a shard itself. */
function within(outer: Stored, { offset, length }: ByteRange, name: string): Stored {
  const range = async (inner: ByteRange) => {
    const from = Math.min(inner.offset, length);
    const bytes = Math.min(inner.length, length - from);
    const found = await outer.range({ offset: offset + from, length: bytes });
    if (found?.length !== bytes) throw cutShort(name, { offset: offset + from, length: bytes }, outer.name);
    return found;
  };
  return { name, key: `${outer.key}@${offset}`, range, all: () => range({ offset: 0, length }), size: async () => length };
}

function cutShort(name: string, { offset, length }: ByteRange, file: string): EmporiumError {
  return new EmporiumError(
    "FORMAT_TRUNCATED",
    `${name}: the shard ends before the ${counted(length, "byte")} from byte ${offset}`,
    {
      place: { file, byte: offset },
      hint: "copy the shard again: it was cut short",
    },
  );
}

function fillPart(part: Part, { meta }: Context): void {
  const source = { bytes: meta.fillElement, strides: part.from.map(() => 0), offset: 0 };
  copyElements(source, part.target, extent(part), meta.type.itemBytes);
}

function inHostOrder(plain: Uint8Array, { littleEndian }: BytesSerializer, { meta }: Context): Uint8Array {
  if (littleEndian === HOST_LITTLE_ENDIAN || meta.type.swapBytes === 1) return plain;
  const native = new Uint8Array(plain); // the chunk may be the store's own memory
  swapBytes(native, meta.type.swapBytes);
  return native;
}

function turn({ shape, from, to, target }: Part, order: readonly number[]): Part {
  const pick = (of: readonly number[]) => order.map((axis) => of[axis]!);
  return { shape: pick(shape), from: pick(from), to: pick(to), target: { ...target, strides: pick(target.strides) } };
}

function extent({ from, to }: Part): number[] {
  return to.map((stop, i) => stop - from[i]!);
}
