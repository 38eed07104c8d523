import type { ByteRange } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { Recent } from "../../core/recent.js";
import { counted } from "../../core/units.js";
import { CHECKSUM_BYTES, withChecksum, withoutChecksum } from "./checksum.js";
import { product } from "./metadata.js";

/**
 * A shard of Zarr v3: encoded inner chunks in any order, and an index in C order, first or last: two uint64 a chunk (offset from
 * the shard's first byte, length), both 2^64 − 1 for a missing chunk.
 *
 * Source: Zarr storage specification 3, codec `sharding_indexed` 1.0.
 */
export interface ShardLayout {
  /** Inner chunks along each axis. */
  grid: readonly number[];
  location: "start" | "end";
  /** Byte order of the index. */
  littleEndian: boolean;
  /** CRC-32C after the index. */
  checksum: boolean;
}

/** Offsets and lengths of the inner chunks, in C order. A missing one has offset −1. Offsets and lengths are below 2^53. */
export interface ShardIndex {
  grid: readonly number[];
  offsets: Float64Array;
  lengths: Float64Array;
}

const ENTRY_BYTES = 16;
const ABSENT = 2n ** 64n - 1n;
const HALF = 0xffffffff;

/** The largest index is as large as the largest header. */
export const SHARD_CHUNKS_MAX = LIMITS.headerBytes / ENTRY_BYTES;

export function shardIndexBytes({ grid, checksum }: Pick<ShardLayout, "grid" | "checksum">): number {
  return product(grid) * ENTRY_BYTES + (checksum ? CHECKSUM_BYTES : 0);
}

/** Bytes of indexes that a reader remembers beside the largest one. */
const REMEMBERED_BYTES = 16 * 1024 * 1024;

/** Indexes of the shards that were read last. */
export function recentShardIndexes(): Map<string, ShardIndex> {
  return new Recent(REMEMBERED_BYTES, (index) => index.offsets.byteLength + index.lengths.byteLength);
}

/** An index in which no chunk is there yet. */
export function emptyShardIndex(grid: readonly number[]): ShardIndex {
  const count = product(grid);
  return { grid, offsets: new Float64Array(count).fill(-1), lengths: new Float64Array(count) };
}

/** Index of a chunk among the entries, by its position in the shard. */
export function entryOf(grid: readonly number[], position: readonly number[]): number {
  return position.reduce((at, p, axis) => at * grid[axis]! + p, 0);
}

/** Byte range of a chunk, by its position in the shard; undefined where it is missing. */
export function findInShard({ grid, offsets, lengths }: ShardIndex, position: readonly number[]): ByteRange | undefined {
  const at = entryOf(grid, position);
  return offsets[at]! < 0 ? undefined : { offset: offsets[at]!, length: lengths[at]! };
}

/**
 * @param bytes the index with its checksum.
 * @param shardBytes length of the shard where it is known: no chunk may end past it.
 * @throws {EmporiumError} FORMAT_TRUNCATED, FORMAT_CORRUPT (checksum, a chunk past the end, half of an entry absent)
 */
export function decodeShardIndex(
  bytes: Uint8Array,
  layout: ShardLayout,
  { name = "shard", shardBytes = Number.MAX_SAFE_INTEGER }: { name?: string; shardBytes?: number | undefined } = {},
): ShardIndex {
  const wanted = shardIndexBytes(layout);
  if (bytes.length !== wanted) {
    throw new EmporiumError("FORMAT_TRUNCATED", `${name}: ${counted(bytes.length, "byte")} of index, it has ${wanted}`, {
      place: { file: name },
      hint: "copy the shard again: it was cut short",
    });
  }
  const { littleEndian } = layout;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = emptyShardIndex(layout.grid);
  const body = index.offsets.length * ENTRY_BYTES;
  if (layout.checksum) withoutChecksum(bytes, `${name}: index`);
  // two halves each: a million BigInts take longer than to read the index
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  for (let i = 0, at = 0; at < body; i++, at += ENTRY_BYTES) {
    const offsetHigh = view.getUint32(at + high, littleEndian);
    const offsetLow = view.getUint32(at + low, littleEndian);
    const lengthHigh = view.getUint32(at + 8 + high, littleEndian);
    const lengthLow = view.getUint32(at + 8 + low, littleEndian);
    if (offsetHigh === HALF && offsetLow === HALF && lengthHigh === HALF && lengthLow === HALF) continue;
    const offset = offsetHigh * 2 ** 32 + offsetLow;
    const length = lengthHigh * 2 ** 32 + lengthLow;
    if (offset + length > shardBytes) {
      throw corrupt(
        name,
        `chunk ${i} of the index has ${counted(length, "byte")} from ${offset}, the shard ends at ${shardBytes}`,
      );
    }
    index.offsets[i] = offset;
    index.lengths[i] = length;
  }
  return index;
}

/** The index as it is stored, with its checksum. */
export function encodeShardIndex({ offsets, lengths }: ShardIndex, layout: ShardLayout): Uint8Array {
  const bytes = new Uint8Array(offsets.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  const { littleEndian, checksum } = layout;
  offsets.forEach((offset, i) => {
    view.setBigUint64(i * ENTRY_BYTES, offset < 0 ? ABSENT : BigInt(offset), littleEndian);
    view.setBigUint64(i * ENTRY_BYTES + 8, offset < 0 ? ABSENT : BigInt(lengths[i]!), littleEndian);
  });
  return checksum ? withChecksum(bytes) : bytes;
}

/** A shard of encoded chunks, which stand in C order. Undefined is a chunk that is not there: it reads as the fill value. */
export function encodeShard(chunks: readonly (Uint8Array | undefined)[], layout: ShardLayout): Uint8Array {
  const index = emptyShardIndex(layout.grid);
  if (chunks.length !== index.offsets.length) {
    throw new EmporiumError("FORMAT_FIELD", `${counted(chunks.length, "chunk")} given, the shard has ${index.offsets.length}`);
  }
  const indexBytes = shardIndexBytes(layout);
  let end = layout.location === "start" ? indexBytes : 0;
  chunks.forEach((chunk, i) => {
    if (!chunk) return;
    index.offsets[i] = end;
    index.lengths[i] = chunk.length;
    end += chunk.length;
  });
  const bytes = new Uint8Array(layout.location === "start" ? end : end + indexBytes);
  chunks.forEach((chunk, i) => {
    if (chunk) bytes.set(chunk, index.offsets[i]!);
  });
  bytes.set(encodeShardIndex(index, layout), layout.location === "start" ? 0 : end);
  return bytes;
}

/** One request for several pieces of a shard, and the pieces in it. */
export interface PlannedRead<T> {
  range: ByteRange;
  pieces: { at: number; length: number; piece: T }[];
}

/** Unwanted bytes between two pieces that are read for the sake of one request less; zarrita's figure. */
const GAP_BYTES = 32 * 1024;

/** Most bytes of a read that joins several pieces: a reader holds them beside its result. Larger pieces are read one by one. */
const READ_BYTES = 16 * 1024 * 1024;

/** Requests for the given pieces, in the order they are stored. Neighbours share a request. */
export function planReads<T>(pieces: readonly { range: ByteRange; piece: T }[], gapBytes = GAP_BYTES): PlannedRead<T>[] {
  const reads: PlannedRead<T>[] = [];
  for (const { range, piece } of [...pieces].sort((a, b) => a.range.offset - b.range.offset)) {
    const last = reads.at(-1);
    const end = range.offset + range.length;
    if (last && range.offset <= last.range.offset + last.range.length + gapBytes && end <= last.range.offset + READ_BYTES) {
      last.pieces.push({ at: range.offset - last.range.offset, length: range.length, piece });
      last.range.length = Math.max(last.range.length, end - last.range.offset);
    } else {
      reads.push({ range: { ...range }, pieces: [{ at: 0, length: range.length, piece }] });
    }
  }
  return reads;
}

function corrupt(name: string, message: string): EmporiumError {
  const hint = "copy the shard again: it is damaged or cut short";
  return new EmporiumError("FORMAT_CORRUPT", `${name}: ${message}`, { place: { file: name }, hint });
}
