import { z } from "zod";
import type { Box } from "../../core/box.js";
import { type Block, cutBlock, eachRow } from "./block.js";
import { operator, parameterFault } from "./operator.js";
import { integerRange, isInteger64, type VoxelArray } from "./voxels.js";

/** The volume where `mask` is not 0 (where it is, with `invert`), and `fill` elsewhere: `np.where(mask != 0, x, fill)`. */
export const mask = operator({
  name: "mask",
  version: 1,
  inputs: ["in", "mask"],
  parameters: z.strictObject({ fill: z.number().default(0), invert: z.boolean().default(false) }),
  prepare(params, { dtype, shape }, inputs) {
    const other = inputs[1]!.shape;
    if (shape.some((length, axis) => length !== other[axis]))
      throw parameterFault("mask", "mask", `has ${other.join("×")} voxels, the volume ${shape.join("×")}`);
    const [low, high] = isInteger64(dtype) ? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : (integerRange(dtype) ?? []);
    const { fill } = params;
    if (
      low !== undefined &&
      high !== undefined &&
      !(Number.isInteger(fill) && fill >= low && fill <= high && (fill >= 0 || dtype !== "uint64"))
    )
      throw parameterFault("mask", "fill", `${fill} is not a value of ${dtype}`);
    return params;
  },
  outputDtype: (dtype) => dtype,
  apply([block, by], core, { fill, invert }, { dtype, shape }) {
    const result = cutBlock(block!, core);
    const value = isInteger64(dtype) ? BigInt(fill) : fill;
    fillWhere(result.data, by!, core, invert, value);
    return { ...result, whole: shape };
  },
});

function fillWhere(data: VoxelArray, by: Block, core: Box, invert: boolean, value: number | bigint): void {
  const zero = typeof by.data[0] === "bigint" ? 0n : 0;
  const target = data as { [at: number]: number | bigint };
  eachRow(by.box, core, (from, to, length) => {
    for (let i = 0; i < length; i++) if ((by.data[from + i] === zero) !== invert) target[to + i] = value;
  });
}
