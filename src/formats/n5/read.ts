import { ITEM_BYTES } from "../../core/dtype.js";
import { LIMITS } from "../../core/limits.js";
import { chunkParts } from "../zarr/chunks.js";
import { allocateBox, copyElements, dot, type GetChunk, type NdBox, stridesOf } from "../zarr/read.js";
import type { N5Dataset } from "./attributes.js";
import { decodeN5Block } from "./block.js";

export interface N5ReadOptions {
  /** Name of the dataset in messages; the key of the block is added. */
  name?: string | undefined;
  /** Most bytes that the result may have. */
  bytesMax?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Key of a block below its dataset: grid indices, fastest axis first. @param block position in the grid, slowest axis first. */
export function n5BlockKey(block: readonly number[]): string {
  return [...block].reverse().join("/");
}

/**
 * A box of a dataset as bytes: axes slowest first, C order, host byte order. A block that is not there is zeros, and so is what a
 * block that is smaller than its place leaves open. One block is held at a time beside the result.
 *
 * @param get a block by its key below the dataset.
 * @throws {EmporiumError} USAGE (a box outside the dataset), FORMAT_LIMIT (more than `bytesMax`, default `LIMITS.memoryBytes`),
 *   FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED.
 */
export async function readN5Box(get: GetChunk, dataset: N5Dataset, box: NdBox, options: N5ReadOptions = {}): Promise<Uint8Array> {
  const { name = "dataset", bytesMax = LIMITS.memoryBytes, signal } = options;
  const itemBytes = ITEM_BYTES[dataset.dtype];
  const type = { dtype: dataset.dtype, littleEndian: false, itemBytes, swapBytes: itemBytes };
  const { result, shape } = allocateBox(box, { shape: dataset.shape, type }, bytesMax, name);
  if (result.length === 0) return result;
  const strides = stridesOf(shape, "C");
  for (const { chunk, from, to, at } of chunkParts(box.start, box.stop, dataset.blocks)) {
    signal?.throwIfAborted();
    const key = n5BlockKey(chunk);
    const stored = await get(key);
    if (stored === undefined) continue;
    const block = await decodeN5Block(stored, dataset, `${name}/${key}`);
    const extent = to.map((stop, axis) => Math.min(stop, block.shape[axis]!) - from[axis]!);
    if (extent.some((length) => length <= 0)) continue;
    const blockStrides = stridesOf(block.shape, "C");
    copyElements(
      { bytes: block.plain, strides: blockStrides, offset: dot(from, blockStrides) },
      { bytes: result, strides, offset: dot(at, strides) },
      extent,
      itemBytes,
    );
  }
  return result;
}

/** The whole dataset. */
export function readN5Dataset(get: GetChunk, dataset: N5Dataset, options?: N5ReadOptions): Promise<Uint8Array> {
  return readN5Box(get, dataset, { start: dataset.shape.map(() => 0), stop: dataset.shape }, options);
}
