import { type Box, boxShape, intersect, type Triple, volumeOf } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { type NumberArray, viewAs } from "../../formats/zarr/elements.js";
import { fillElement } from "../../formats/zarr/fill-element.js";
import { boxBytes } from "./box-bytes.js";
import type { EdgeRule } from "./grid.js";
import type { BlockLevel } from "./volume.js";

/** Voxels of a box. */
export interface BlockData {
  /** Voxels in C order. float16 is given as its 16 bits, complex64 as pairs. */
  readonly data: NumberArray;
  readonly dtype: DType;
  /** `[z, y, x]` of `data`. */
  readonly shape: Triple;
  /** The box that `data` covers, in voxels of the level; it may reach over the level's edges. */
  readonly box: Box;
  /** The part of `box` that was read and not padded. Undefined where the box lies outside the level altogether. */
  readonly valid: Box | undefined;
}

export interface ReadBoxOptions {
  /** Rule for voxels beyond the level's edges. Default `reflect`; `shrink` gives the part of the box that lies in the level. */
  readonly edge?: EdgeRule | undefined;
  readonly constant?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A box of a level, which may reach over the level's edges: one read of what lies inside, padded by the edge rule.
 *
 * @throws what `BlockLevel.read` throws
 */
export async function readBox(level: BlockLevel, box: Box, options: ReadBoxOptions = {}): Promise<BlockData> {
  const { edge = "reflect", constant = 0, signal } = options;
  const valid = intersect(box, { start: [0, 0, 0], stop: [...level.shape] });
  const { dtype } = level;
  if (edge === "shrink" || (valid && volumeOf(boxShape(valid)) === volumeOf(boxShape(box)))) {
    const inside = valid ?? { start: box.start, stop: box.start };
    const bytes = valid ? await level.read(inside, { signal }) : new Uint8Array(0);
    return { data: viewAs(bytes, dtype), dtype, shape: boxShape(inside), box: inside, valid };
  }
  const shape = boxShape(box);
  const bytes = edge === "reflect" ? await reflected(level, box, signal) : await surrounded(level, box, valid, constant, signal);
  return { data: viewAs(bytes, dtype), dtype, shape, box, valid };
}

/** The index inside an axis that scipy.ndimage's `reflect` takes for `index` outside of it: `d c b a | a b c d | d c b a`. */
export function reflectIndex(index: number, length: number): number {
  const period = 2 * length;
  const at = ((index % period) + period) % period;
  return at < length ? at : period - 1 - at;
}

async function reflected(level: BlockLevel, box: Box, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const shape = boxShape(box);
  const sources = box.start.map((start, axis) =>
    Int32Array.from({ length: shape[axis]! }, (_, i) => reflectIndex(start + i, level.shape[axis]!)),
  );
  const start = sources.map((indices) => indices.reduce((least, index) => Math.min(least, index))) as Triple;
  const stop = sources.map((indices) => indices.reduce((most, index) => Math.max(most, index)) + 1) as Triple;
  const source: Box = { start, stop };
  const bytes = await level.read(source, { signal });
  const from = sources.map((indices, axis) => indices.map((index) => index - start[axis]!));
  return gather(bytes, boxShape(source), from, level.dtype);
}

/** One voxel after the other: `out[z, y, x] = bytes[from[0][z], from[1][y], from[2][x]]`. */
function gather(bytes: Uint8Array, [, height, width]: Triple, from: readonly Int32Array[], dtype: DType): Uint8Array {
  const [zs, ys, xs] = from as [Int32Array, Int32Array, Int32Array];
  const out = new Uint8Array(zs.length * ys.length * xs.length * ITEM_BYTES[dtype]);
  const [source, target] = [bitsOf(bytes, dtype), bitsOf(out, dtype)];
  let at = 0;
  for (const z of zs) {
    for (const y of ys) {
      const row = (z * height + y) * width;
      for (let x = 0; x < xs.length; x++) target[at++] = source[row + xs[x]!]!;
    }
  }
  return out;
}

/** Elements as whole numbers of their size, so that a copy changes no bit: not even that of a NaN. */
export function bitsOf(bytes: Uint8Array, dtype: DType): Uint8Array | BigUint64Array {
  const size = ITEM_BYTES[dtype];
  const whole = size === 8 ? "uint64" : size === 4 ? "uint32" : size === 2 ? "uint16" : "uint8";
  return viewAs(bytes, whole) as Uint8Array | BigUint64Array;
}

/** The value as one element in the form of `bitsOf`. */
export function constantBits(constant: number, dtype: DType): number | bigint {
  return bitsOf(fillElement(constant, dtype), dtype)[0]!;
}

async function surrounded(
  level: BlockLevel,
  box: Box,
  valid: Box | undefined,
  constant: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const shape = boxShape(box);
  const itemBytes = ITEM_BYTES[level.dtype];
  const out = boxBytes(shape, itemBytes);
  if (constant !== 0) bitsOf(out, level.dtype).fill(constantBits(constant, level.dtype) as never);
  if (valid) pasteBox(out, box, await level.read(valid, { signal }), valid, itemBytes);
  return out;
}

/** Copies the voxels of `part` to their place in `box`, which holds it. */
function pasteBox(target: Uint8Array, box: Box, bytes: Uint8Array, part: Box, itemBytes: number): void {
  const [depth, height, width] = boxShape(part);
  const [, outHeight, outWidth] = boxShape(box);
  const [dz, dy, dx] = part.start.map((start, axis) => start - box.start[axis]!) as Triple;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const from = (z * height + y) * width * itemBytes;
      const to = (((z + dz) * outHeight + y + dy) * outWidth + dx) * itemBytes;
      target.set(bytes.subarray(from, from + width * itemBytes), to);
    }
  }
}
