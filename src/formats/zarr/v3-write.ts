import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { JsonObject } from "../../core/json.js";
import { counted } from "../../core/units.js";
import { encodeSteps } from "./apply-steps.js";
import { chunkGrid, positions } from "./chunks.js";
import type { CodecRegistry } from "./codecs.js";
import { product } from "./metadata.js";
import { copyElements, dot, stridesOf } from "./read.js";
import { emptyShardIndex, encodeShard, encodeShardIndex } from "./shard.js";
import type { CodecChain } from "./v3-codecs.js";
import { parseZarrV3Array, printZarrV3, v3ChunkKey, type ZarrV3Array } from "./v3-metadata.js";
import type { PutChunk } from "./write.js";

/**
 * A Zarr v3 array that is in memory already: masks, small volumes, fixtures. (Volumes that are not go through the streaming
 * writer.) Every object is written, so that one that is lost is missed; chunks of a shard that hold nothing but the fill value
 * are left out of it, and its index says so. `zarr.json` comes last: an array that can be opened is whole.
 *
 * @param document from `zarrV3ArrayMetadata`.
 * @param voxels C order, host byte order.
 * @throws {EmporiumError} FORMAT_FIELD when `voxels` has another length than the metadata say.
 */
export async function writeZarrV3Array(
  put: PutChunk,
  document: JsonObject,
  voxels: Uint8Array,
  codecs?: CodecRegistry,
): Promise<void> {
  const text = new TextEncoder().encode(printZarrV3(document));
  const meta = parseZarrV3Array(text);
  const { itemBytes, dtype } = meta.type;
  const wanted = product(meta.shape) * itemBytes;
  if (voxels.length !== wanted) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${counted(voxels.length, "byte")} given, ${meta.shape.join("×")} ${dtype} are ${wanted}`,
    );
  }
  const strides = stridesOf(meta.shape, "C");
  const grid = chunkGrid(meta.shape, meta.chunks);
  for (const chunk of positions(
    grid.map(() => 0),
    grid,
  )) {
    const plain = filled(meta);
    const origin = chunk.map((c, i) => c * meta.chunks[i]!);
    const shape = origin.map((from, i) => Math.min(meta.chunks[i]!, meta.shape[i]! - from));
    const target = { bytes: plain, strides: stridesOf(meta.chunks, "C"), offset: 0 };
    copyElements({ bytes: voxels, strides, offset: dot(origin, strides) }, target, shape, itemBytes);
    await put(v3ChunkKey(chunk, meta.keys), await encodeV3Chunk(plain, meta, codecs));
  }
  await put("zarr.json", text);
}

/**
 * The stored form of what one key holds, a chunk or a shard.
 *
 * @param plain all of its elements, padding included: C order, host byte order. Not changed.
 */
export function encodeV3Chunk(plain: Uint8Array, meta: ZarrV3Array, codecs?: CodecRegistry): Promise<Uint8Array> {
  return encodePart(plain, meta.chunks, meta.codecs, meta, codecs);
}

/** The chunks of a shard, one by one: for shards that never sit whole in memory. Written one after another, in C order, they are the shard. */
export interface ShardEncoder {
  /** Chunks along each axis, and elements of one. */
  readonly grid: readonly number[];
  readonly chunk: readonly number[];
  /** @param plain all elements of a chunk, padding included. @returns undefined where all are the fill value: it is left out */
  encode(plain: Uint8Array): Promise<Uint8Array | undefined>;
  /** The index behind the chunks. @param lengths length of each chunk in C order; undefined: left out */
  index(lengths: readonly (number | undefined)[]): Uint8Array;
}

/** As `encodeV3Chunk`, the same bytes. Undefined where keys hold no shards, or shards with another layout. */
export function shardEncoder(meta: ZarrV3Array, codecs?: CodecRegistry): ShardEncoder | undefined {
  const { serializer, order } = meta.codecs;
  if (serializer.kind !== "shard" || serializer.location !== "end" || order) return undefined;
  return {
    grid: serializer.grid,
    chunk: serializer.chunks,
    encode: async (plain) =>
      isFill(plain, meta) ? undefined : encodePart(plain, serializer.chunks, serializer.codecs, meta, codecs),
    index(lengths) {
      const index = emptyShardIndex(serializer.grid);
      let end = 0;
      for (const [i, length] of lengths.entries()) {
        if (length === undefined) continue;
        index.offsets[i] = end;
        index.lengths[i] = length;
        end += length;
      }
      return encodeShardIndex(index, serializer);
    },
  };
}

async function encodePart(
  plain: Uint8Array,
  shape: readonly number[],
  { order, serializer, steps }: CodecChain,
  meta: ZarrV3Array,
  codecs?: CodecRegistry,
): Promise<Uint8Array> {
  const { itemBytes, swapBytes: swapped } = meta.type;
  const encodedShape = order ? order.map((axis) => shape[axis]!) : shape;
  const turned = order ? transposed(plain, shape, order, itemBytes) : plain;
  if (serializer.kind === "bytes") {
    const swap = serializer.littleEndian !== HOST_LITTLE_ENDIAN && swapped > 1;
    const ordered = swap ? new Uint8Array(turned) : turned;
    if (swap) swapBytes(ordered, swapped);
    return encodeSteps(ordered, steps, codecs);
  }
  const strides = stridesOf(encodedShape, "C");
  const pieces: (Uint8Array | undefined)[] = [];
  for (const position of positions(
    serializer.grid.map(() => 0),
    serializer.grid,
  )) {
    const offset = dot(
      position.map((p, i) => p * serializer.chunks[i]!),
      strides,
    );
    const piece = new Uint8Array(product(serializer.chunks) * itemBytes);
    const target = { bytes: piece, strides: stridesOf(serializer.chunks, "C"), offset: 0 };
    copyElements({ bytes: turned, strides, offset }, target, serializer.chunks, itemBytes);
    pieces.push(isFill(piece, meta) ? undefined : await encodePart(piece, serializer.chunks, serializer.codecs, meta, codecs));
  }
  return encodeShard(pieces, serializer);
}

function filled({ chunks, type, fillElement }: ZarrV3Array): Uint8Array {
  const bytes = new Uint8Array(product(chunks) * type.itemBytes);
  if (fillElement.some((byte) => byte !== 0)) {
    for (let at = 0; at < bytes.length; at += type.itemBytes) bytes.set(fillElement, at);
  }
  return bytes;
}

/** Bit for bit: −0 is no 0, and a NaN only the same NaN. */
function isFill(bytes: Uint8Array, { fillElement }: ZarrV3Array): boolean {
  return bytes.every((byte, i) => byte === fillElement[i % fillElement.length]);
}

function transposed(plain: Uint8Array, shape: readonly number[], order: readonly number[], itemBytes: number): Uint8Array {
  const result = new Uint8Array(plain.length);
  const strides = stridesOf(shape, "C");
  const encodedShape = order.map((axis) => shape[axis]!);
  const source = { bytes: plain, strides: order.map((axis) => strides[axis]!), offset: 0 };
  copyElements(source, { bytes: result, strides: stridesOf(encodedShape, "C"), offset: 0 }, encodedShape, itemBytes);
  return result;
}
