import type { Triple } from "../../core/box.js";
import { swapBytes } from "../../core/dtype.js";
import { decodeN5Block } from "../../formats/n5/block.js";
import { decodePrecomputedChunk } from "../../formats/precomputed/read.js";
import { decodeSteps } from "../../formats/zarr/apply-steps.js";
import type { CodecRegistry } from "../../formats/zarr/codecs.js";
import { stridesOf } from "../../formats/zarr/read.js";
import { brotli } from "./brotli.js";
import type { ChunkCoding, Layout, N5Coding, PrecomputedCoding, StepCoding } from "./chunked.js";

/** A decoded chunk, host byte order. */
export interface PlainChunk extends Layout {
  readonly bytes: Uint8Array;
  /** Voxels `[z, y, x]` that it holds; the rest of the chunk's shape is zeros. Undefined: all of them. */
  readonly extent?: Triple | undefined;
}

/**
 * Decodes a whole chunk.
 *
 * @param cell position of the chunk in the grid.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED
 */
export async function plainChunk(
  stored: Uint8Array,
  coding: ChunkCoding,
  cell: Triple,
  name: string,
  codecs: CodecRegistry,
): Promise<PlainChunk> {
  switch (coding.kind) {
    case "steps":
      return plainSteps(stored, coding, name, codecs);
    case "n5":
      return plainN5(stored, coding, name);
    case "precomputed":
      return plainPrecomputed(stored, coding, cell, name);
  }
}

async function plainSteps(stored: Uint8Array, coding: StepCoding, name: string, codecs: CodecRegistry): Promise<PlainChunk> {
  const { steps, plainBytes, swapBytes: swapped, flipSign, offset, strides } = coding;
  let bytes = await decodeSteps(stored, steps, plainBytes, { codecs, name });
  if (swapped > 1 || flipSign) {
    bytes = new Uint8Array(bytes); // the chunk may be the store's own memory
    swapBytes(bytes, swapped);
    if (flipSign) for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0x80;
  }
  return { bytes, offset, strides };
}

async function plainN5(stored: Uint8Array, { dataset, axes, at }: N5Coding, name: string): Promise<PlainChunk> {
  const { shape, plain } = await decodeN5Block(stored, dataset, name);
  const strides = stridesOf(shape, "C");
  // a block that ends before the wanted channel has none of it
  const missing = at.some((position, axis) => position >= shape[axis]!);
  return {
    bytes: plain,
    offset: at.reduce((sum, position, axis) => sum + position * strides[axis]!, 0),
    strides: axes.map((axis) => (axis === undefined ? 0 : strides[axis]!)) as Triple,
    extent: missing ? [0, 0, 0] : (axes.map((axis) => (axis === undefined ? 1 : shape[axis]!)) as Triple),
  };
}

async function plainPrecomputed(stored: Uint8Array, coding: PrecomputedCoding, cell: Triple, name: string): Promise<PlainChunk> {
  const { info, scale, channel, shape, chunk } = coding;
  const own = chunk.map((length, axis) => Math.min(length, shape[axis]! - cell[axis]! * length)) as Triple;
  const bytes = await decodePrecomputedChunk(stored, info, scale, own, { name, brotli });
  const strides: Triple = [own[1] * own[2], own[2], 1];
  return { bytes, offset: channel * own[0] * strides[0], strides, extent: own };
}
