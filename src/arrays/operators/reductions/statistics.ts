import { z } from "zod";
import type { Box } from "../../../core/box.js";
import { type Block, eachRow } from "../block.js";
import { needNumbers } from "../schemas.js";
import { integerRange, type NumberArray } from "../voxels.js";
import { addSums, ExactSum, type SumRecord, sumToNumber, varianceOf } from "./exact-sum.js";
import { reduction } from "./reduction.js";

type Part = {
  readonly count: number;
  readonly notFinite: number;
  /** Null where there is no finite voxel. */
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: SumRecord;
  readonly squares: SumRecord;
};

/**
 * Statistics of the finite voxels: `count`, `min`, `max`, `sum`, `mean`, `rms` (the root of the mean of squares) and
 * `standardDeviation`; `notFinite` is the number of the others. Sums are exact and rounded once, so they are the same bits
 * however the volume is cut; a square is rounded to float64 before it is added, which matters for float64 and 32-bit integers
 * only.
 */
export const statistics = reduction({
  name: "statistics",
  version: 1,
  parameters: z.strictObject({}),
  prepare(params, { dtype }) {
    needNumbers("statistics", dtype);
    return params;
  },
  partial: (block, core): Part => (isSmallInteger(block) ? ofIntegers(block, core) : ofNumbers(block, core)),
  merge: (parts) => ({
    count: parts.reduce((sum, part) => sum + part.count, 0),
    notFinite: parts.reduce((sum, part) => sum + part.notFinite, 0),
    min: extreme(
      parts.map((part) => part.min),
      Math.min,
    ),
    max: extreme(
      parts.map((part) => part.max),
      Math.max,
    ),
    sum: addSums(parts.map((part) => part.sum)),
    squares: addSums(parts.map((part) => part.squares)),
  }),
  finish({ count, notFinite, min, max, sum, squares }) {
    if (count === 0) return { count, notFinite, min, max, sum: 0, mean: null, rms: null, standardDeviation: null };
    const standardDeviation = Math.sqrt(Math.max(0, varianceOf(sum, squares, count)));
    const total = sumToNumber(sum);
    return {
      count,
      notFinite,
      min,
      max,
      sum: total,
      mean: total / count,
      rms: Math.sqrt(sumToNumber(squares) / count),
      standardDeviation,
    };
  },
});

function extreme(values: readonly (number | null)[], pick: (a: number, b: number) => number): number | null {
  return values.reduce((before, value) => (before === null || value === null ? (before ?? value) : pick(before, value)), null);
}

function isSmallInteger({ dtype }: Block): boolean {
  const range = integerRange(dtype);
  return range !== undefined && range[1] <= 65535;
}

/** Integers of 16 bits: the sums of a row are exact in float64. */
function ofIntegers(block: Block, core: Box): Part {
  const [sums, squares] = [new ExactSum(), new ExactSum()];
  const data = block.data as NumberArray;
  let [count, min, max] = [0, Infinity, -Infinity];
  eachRow(block.box, core, (from, _, length) => {
    let [sum, square] = [0, 0];
    for (let i = from; i < from + length; i++) {
      const value = data[i]!;
      sum += value;
      square += value * value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    sums.add(sum);
    squares.add(square);
    count += length;
  });
  return { count, notFinite: 0, min, max, sum: sums.toRecord(), squares: squares.toRecord() };
}

function ofNumbers(block: Block, core: Box): Part {
  const [sums, squares] = [new ExactSum(), new ExactSum()];
  const data = block.data as NumberArray;
  let [count, notFinite, min, max] = [0, 0, Infinity, -Infinity];
  eachRow(block.box, core, (from, _, length) => {
    for (let i = from; i < from + length; i++) {
      const value = data[i]!;
      // Infinity - Infinity and NaN - NaN are NaN
      if (value - value !== 0) {
        notFinite++;
        continue;
      }
      sums.add(value);
      squares.add(value * value);
      if (value < min) min = value;
      if (value > max) max = value;
      count++;
    }
  });
  const [least, most] = count > 0 ? [min + 0, max + 0] : [null, null];
  return { count, notFinite, min: least, max: most, sum: sums.toRecord(), squares: squares.toRecord() };
}
