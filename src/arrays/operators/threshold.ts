import { z } from "zod";
import { operator, parameterFault } from "./operator.js";
import { pointwise, type RowWork } from "./pointwise.js";
import type { NumberArray, VoxelArray } from "./voxels.js";

/**
 * uint8: 1 where a voxel is greater than `above` and less than `below` (either may be left out), else 0; `(x > above).astype("u1")`. Integers of
 * 64 bits are compared exactly. NaN gives 0.
 */
export const threshold = operator({
  name: "threshold",
  version: 1,
  parameters: z
    .strictObject({ above: z.number().optional(), below: z.number().optional() })
    .refine(({ above, below }) => above !== undefined || below !== undefined, "expected above, below or both")
    .refine(
      ({ above, below }) => above === undefined || below === undefined || above < below,
      "expected above to be less than below: no voxel is both",
    ),
  prepare(params, { dtype }) {
    if (dtype === "float16" || dtype === "complex64" || dtype === "uint4")
      throw parameterFault("threshold", "in", `takes no ${dtype}: put a cast before it`);
    return params;
  },
  outputDtype: () => "uint8",
  apply([block], core, { above, below }, { shape }) {
    return pointwise(
      block!,
      core,
      "uint8",
      shape,
      select(above ?? -Infinity, below ?? Infinity, above === undefined, below === undefined),
    );
  },
});

/** @param anyLow infinity is within, too; NaN never is */
function select(above: number, below: number, anyLow: boolean, anyHigh: boolean): RowWork {
  if (anyHigh && !anyLow)
    return (source, from, target, to, length) => selectAbove(source as NumberArray, from, target, to, length, above);
  return (source, from, target, to, length) => {
    // a bigint and a number are compared by value
    const voxels = source as NumberArray;
    for (let i = 0; i < length; i++) {
      const value = voxels[from + i]!;
      const isAbove = anyLow ? value >= above : value > above;
      const isBelow = anyHigh ? value <= below : value < below;
      target[to + i] = isAbove && isBelow ? 1 : 0;
    }
  };
}

function selectAbove(source: NumberArray, from: number, target: VoxelArray, to: number, length: number, above: number): void {
  for (let i = 0; i < length; i++) target[to + i] = Number(source[from + i]! > above);
}
