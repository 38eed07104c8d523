import { z } from "zod";
import type { Box } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { float16ToNumber } from "../../formats/mrc/read.js";
import { operator, parameterFault } from "./operator.js";
import { pointwise, type RowWork } from "./pointwise.js";
import { writtenDtype } from "./schemas.js";
import { integerRange, isInteger64, type NumberArray } from "./voxels.js";

type Integers64 = BigInt64Array | BigUint64Array;

/**
 * Another type. To integers:
 *
 * - `saturate` (default): the nearest value of the type. `round: even` (default) is `np.rint(np.clip(x, low, high)).astype(t)`, `round: zero`
 *   is `np.clip(x, low, high).astype(t)`. NaN becomes 0.
 * - `wrap`: fractions are cut off, then modulo 2ⁿ: `x.astype(t)` of numpy for integers, and for floats within the type's range. Beyond it
 *   numpy's answer depends on the processor; ours is modulo 2ⁿ, and 0 for NaN and infinities.
 *
 * To `bool`: whether it is not 0. To floats: the nearest.
 */
export const cast = operator({
  name: "cast",
  version: 1,
  parameters: z.strictObject({
    dtype: writtenDtype,
    rule: z.enum(["saturate", "wrap"]).default("saturate"),
    round: z.enum(["even", "zero"]).default("even"),
  }),
  prepare(params, { dtype }) {
    if (dtype === "complex64" || dtype === "uint4") throw parameterFault("cast", "in", `takes no ${dtype}`);
    return params;
  },
  outputDtype: (_, { dtype }) => dtype,
  apply([block], core, { dtype, rule, round }, { shape }) {
    // nothing to do: what stores a volume anew is such a cast
    if (block!.dtype === dtype && dtype !== "bool" && isSameBox(block!.box, core)) return { ...block!, whole: shape };
    return pointwise(block!, core, dtype, shape, castRow(block!.dtype, dtype, rule === "saturate", round === "even"));
  },
});

function isSameBox(a: Box, b: Box): boolean {
  return a.start.every((at, axis) => at === b.start[axis]) && a.stop.every((at, axis) => at === b.stop[axis]);
}

/** The function that converts rows of one type to another. */
export function castRow(from: DType, to: DType, saturates: boolean, rounds: boolean): RowWork {
  if (from === "float16") return halves(castRow("float64", to, saturates, rounds));
  const range = integerRange(to);
  if (to === "bool") return (source, at, target, out, n) => notZero(source as NumberArray, at, target as Uint8Array, out, n);
  if (isInteger64(from)) return from64(to, saturates);
  if (isInteger64(to)) return to64(to, saturates, rounds);
  const [low, high] = integerRange(from) ?? [-Infinity, Infinity];
  const fits = range !== undefined && low >= range[0] && high <= range[1];
  if (!range || !saturates || fits)
    return (source, at, target, out, n) => assign(source as NumberArray, at, target as NumberArray, out, n);
  return (source, at, target, out, n) =>
    saturate(source as NumberArray, at, target as NumberArray, out, n, range[0], range[1], rounds);
}

function notZero(source: ArrayLike<number | bigint>, at: number, target: Uint8Array, out: number, n: number): void {
  for (let i = 0; i < n; i++) target[out + i] = Number(source[at + i]!) !== 0 ? 1 : 0;
}

/** A typed array's own conversion cuts fractions off and is modulo 2ⁿ, or rounds to float32. */
function assign(source: NumberArray, at: number, target: NumberArray, out: number, n: number): void {
  for (let i = 0; i < n; i++) target[out + i] = source[at + i]!;
}

function saturate(
  source: NumberArray,
  at: number,
  target: NumberArray,
  out: number,
  n: number,
  low: number,
  high: number,
  rounds: boolean,
): void {
  for (let i = 0; i < n; i++) {
    let value = source[at + i]!;
    // NaN is neither: the array makes 0 of it
    if (value < low) value = low;
    else if (value > high) value = high;
    target[out + i] = rounds ? roundEven(value) : value;
  }
}

/** Adding 1.5 · 2⁵² leaves no bits for a fraction, and rounds ties to even. For |value| < 2⁵¹; larger floats of the caller are whole. */
const WHOLE = 6755399441055744;
const roundEven = (value: number): number => (Math.abs(value) < 2 ** 51 ? value + WHOLE - WHOLE : value);

const RANGES_64 = { int64: [-(2n ** 63n), 2n ** 63n - 1n], uint64: [0n, 2n ** 64n - 1n] } as const;

function from64(to: DType, saturates: boolean): RowWork {
  const range = integerRange(to);
  if (isInteger64(to)) {
    const [low, high] = RANGES_64[to as keyof typeof RANGES_64];
    const within = (value: bigint) => (!saturates ? value : value < low ? low : value > high ? high : value);
    return (source, at, target, out, n) => {
      for (let i = 0; i < n; i++) (target as Integers64)[out + i] = within((source as Integers64)[at + i]!);
    };
  }
  const number = (value: bigint) => {
    if (!range) return Number(value);
    if (!saturates) return Number(BigInt.asIntN(32, value));
    if (value < range[0]) return range[0];
    return value > range[1] ? range[1] : Number(value);
  };
  return (source, at, target, out, n) => {
    for (let i = 0; i < n; i++) (target as NumberArray)[out + i] = number((source as Integers64)[at + i]!);
  };
}

function to64(to: DType, saturates: boolean, rounds: boolean): RowWork {
  const [low, high] = RANGES_64[to as keyof typeof RANGES_64];
  const whole = (value: number): bigint => {
    if (Number.isNaN(value)) return 0n;
    if (!Number.isFinite(value)) return !saturates ? 0n : value < 0 ? low : high;
    const integer = BigInt(saturates && rounds ? roundEven(value) : Math.trunc(value));
    return !saturates ? integer : integer < low ? low : integer > high ? high : integer;
  };
  return (source, at, target, out, n) => {
    for (let i = 0; i < n; i++) (target as Integers64)[out + i] = whole((source as NumberArray)[at + i]!);
  };
}

function halves(next: RowWork): RowWork {
  let row = new Float64Array(0);
  return (source, at, target, out, n) => {
    if (row.length < n) row = new Float64Array(n);
    for (let i = 0; i < n; i++) row[i] = float16ToNumber((source as Uint16Array)[at + i]!);
    next(row, 0, target, out, n);
  };
}
