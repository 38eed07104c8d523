import { z } from "zod";
import { type Box, boxShape, type Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import type { Block } from "./block.js";
import { castRow } from "./cast.js";
import { withoutBigints } from "./narrow.js";
import { operator } from "./operator.js";
import { pointwise } from "./pointwise.js";
import { needNumbers, tripleOf } from "./schemas.js";
import { type NumberArray, newVoxels, type VoxelArray } from "./voxels.js";

const METHODS = ["mean", "mode", "max", "min", "stride"] as const;
type Method = (typeof METHODS)[number];

/** 1 or 2 voxels along an axis become one. */
const factor = z.union([z.literal(1), z.literal(2)], { error: "expected 1 or 2" });

/**
 * A volume with half the voxels along each axis whose `factor` is 2 (all by default): the next level of a pyramid. An odd last voxel is alone in
 * its window: only voxels that exist count.
 *
 * - `mean`: float32, summed as the kernels of ingest do (x, then y, then z, rounded at each step); with `dtype: input` rounded to the type
 *   of the volume, ties to even.
 * - `mode`: the most frequent, of several the smallest.
 * - `max`, `min`: order does not matter. `stride`: the first voxel.
 *
 * All but `mean` keep the type, 64-bit labels included.
 */
export const downsample = operator({
  name: "downsample",
  version: 1,
  parameters: z.strictObject({
    method: z.enum(METHODS).default("mean"),
    factor: tripleOf(factor, "times 1 or 2").default([2, 2, 2]),
    dtype: z.enum(["float32", "input"]).default("float32"),
  }),
  prepare(params, { dtype }) {
    if (params.method === "mean") needNumbers("downsample", dtype);
    return params;
  },
  scale: (params) => params.factor,
  outputDtype: (dtype, params) => (params.method === "mean" && params.dtype === "float32" ? "float32" : dtype),
  outputShape: (shape, params) => shape.map((length, axis) => Math.ceil(length / params.factor[axis]!)) as Triple,
  apply([block], core, params, { dtype, shape }) {
    if (params.method !== "mean") return reduced(block!, core, params.factor, params.method, dtype, shape);
    const isExact = block!.dtype !== "float32" && params.dtype === "input";
    const means = reduced(block!, core, params.factor, "mean", isExact ? "float64" : "float32", shape);
    return means.dtype === dtype ? means : pointwise(means, core, dtype, shape, castRow(means.dtype, dtype, true, true));
  },
});

type RowReduction = (
  source: NumberArray,
  rows: readonly number[],
  pairs: boolean,
  length: number,
  odd: boolean,
  out: Float64Array,
) => void;

const REDUCTIONS: Readonly<Record<Method, RowReduction>> = {
  mean: meanRow,
  mode: modeRow,
  max: pickRow(Math.max, -Infinity),
  min: pickRow(Math.min, Infinity),
  stride: strideRow,
};

/** Computes the output row by row, from the up to four rows of the block that each is made of. */
function reduced(block: Block, core: Box, [fz, fy, fx]: Triple, method: Method, dtype: DType, whole: Triple): Block {
  const source = withoutBigints(block);
  const [nz, ny, nx] = boxShape(core);
  const [, rowsY, rowsX] = boxShape(block.box);
  const data = newVoxels(dtype, nz * ny * nx);
  const out = new Float64Array(nx);
  const firstX = core.start[2] * fx - block.box.start[2];
  const odd = fx === 2 && core.stop[2] * 2 > block.whole[2];
  const rows: number[] = [];
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      rows.length = 0;
      for (let dz = 0; dz < fz; dz++)
        for (let dy = 0; dy < fy; dy++) {
          const [atZ, atY] = [(z + core.start[0]) * fz + dz, (y + core.start[1]) * fy + dy];
          if (atZ < block.whole[0] && atY < block.whole[1])
            rows.push(((atZ - block.box.start[0]) * rowsY + atY - block.box.start[1]) * rowsX + firstX);
        }
      const to = (z * ny + y) * nx;
      if (typeof source[0] === "bigint")
        bigintRow(source as BigUint64Array, rows, fx, nx, odd, method, data as BigUint64Array, to);
      else {
        REDUCTIONS[method](source as NumberArray, rows, fx === 2, nx, odd, out);
        put(out, data, to);
      }
    }
  return { data, dtype, box: core, whole };
}

function put(out: Float64Array, data: VoxelArray, to: number): void {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) data.set(out, to);
  else for (let i = 0; i < out.length; i++) data[to + i] = BigInt(out[i]!);
}

/** Sums of float32 are rounded at each step; those of integers are exact either way, and float64 is not rounded before the end. */
function meanRow(
  source: NumberArray,
  rows: readonly number[],
  pairs: boolean,
  length: number,
  odd: boolean,
  out: Float64Array,
): void {
  if (source instanceof Float32Array) singleMeanRow(source, rows, pairs, length, odd, out);
  else {
    out.fill(0);
    for (const from of rows)
      for (let x = 0; x < length; x++)
        out[x]! += pairs ? source[from + 2 * x]! + (odd && x === length - 1 ? 0 : source[from + 2 * x + 1]!) : source[from + x]!;
    divide(out, rows.length, pairs, odd);
  }
}

function singleMeanRow(
  source: Float32Array,
  rows: readonly number[],
  pairs: boolean,
  length: number,
  odd: boolean,
  out: Float64Array,
): void {
  out.fill(0);
  const full = odd || !pairs ? length - 1 : length;
  for (const from of rows) {
    if (pairs)
      for (let x = 0; x < full; x++)
        out[x] = Math.fround(out[x]! + Math.fround(source[from + 2 * x]! + source[from + 2 * x + 1]!));
    else for (let x = 0; x < full; x++) out[x] = Math.fround(out[x]! + source[from + x]!);
    if (full < length) out[full] = Math.fround(out[full]! + source[from + (pairs ? 2 : 1) * full]!);
  }
  divide(out, rows.length, pairs, odd);
}

function divide(out: Float64Array, rows: number, pairs: boolean, odd: boolean): void {
  const count = pairs ? 2 * rows : rows;
  for (let x = 0; x < out.length; x++) out[x] = out[x]! / (odd && x === out.length - 1 ? rows : count);
}

/** @param none initial value, over which every voxel is picked */
function pickRow(pick: (a: number, b: number, c: number) => number, none: number): RowReduction {
  return (source, rows, pairs, length, odd, out) => {
    const step = pairs ? 2 : 1;
    out.fill(none);
    for (const from of rows)
      for (let x = 0; x < length; x++) {
        const first = source[from + step * x]!;
        const second = pairs && !(odd && x === length - 1) ? source[from + 2 * x + 1]! : first;
        out[x] = pick(out[x]!, first, second);
      }
  };
}

function strideRow(
  source: NumberArray,
  rows: readonly number[],
  pairs: boolean,
  length: number,
  _odd: boolean,
  out: Float64Array,
): void {
  for (let x = 0; x < length; x++) out[x] = source[rows[0]! + (pairs ? 2 * x : x)]!;
}

const window = new Float64Array(8);

function modeRow(
  source: NumberArray,
  rows: readonly number[],
  pairs: boolean,
  length: number,
  odd: boolean,
  out: Float64Array,
): void {
  const step = pairs ? 2 : 1;
  for (let x = 0; x < length; x++) {
    const width = odd && x === length - 1 ? 1 : step;
    const first = source[rows[0]! + step * x]!;
    let count = 0;
    let differs = false;
    for (const from of rows)
      for (let i = 0; i < width; i++) {
        const value = source[from + step * x + i]!;
        window[count++] = value;
        if (value !== first) differs = true;
      }
    out[x] = differs ? modeOf(window, count) : first;
  }
}

function modeOf(values: ArrayLike<number>, count: number): number {
  let best = values[0]!;
  let bestCount = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    let same = 0;
    for (let j = 0; j < count; j++) if (values[j] === value) same++;
    if (same > bestCount || (same === bestCount && value < best)) [best, bestCount] = [value, same];
  }
  return best;
}

/** Reduces a row of labels that may exceed 2⁵³. */
function bigintRow(
  source: BigUint64Array,
  rows: readonly number[],
  step: number,
  length: number,
  odd: boolean,
  method: Method,
  data: BigUint64Array,
  to: number,
): void {
  for (let x = 0; x < length; x++) {
    const width = odd && x === length - 1 ? 1 : step;
    const values = rows.flatMap((from) => Array.from(source.subarray(from + step * x, from + step * x + width)));
    data[to + x] = ofBigints(values, method);
  }
}

function ofBigints(values: readonly bigint[], method: Method): bigint {
  if (method === "stride") return values[0]!;
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (method !== "mode") return method === "max" ? sorted.at(-1)! : sorted[0]!;
  const counts = new Map<bigint, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return sorted.find((value) => counts.get(value) === most)!;
}
