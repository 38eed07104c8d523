import { z } from "zod";
import { operator, parameterFault } from "./operator.js";
import { pointwise } from "./pointwise.js";
import { needNumbers } from "./schemas.js";
import { integerRange, type NumberArray } from "./voxels.js";

/** No voxel below `low`, none above `high`: `np.clip(x, low, high)`. The type stays, so integers need whole limits. NaN stays NaN. */
export const clip = operator({
  name: "clip",
  version: 1,
  parameters: z
    .strictObject({ low: z.number().optional(), high: z.number().optional() })
    .refine(({ low, high }) => low !== undefined || high !== undefined, "expected low, high or both")
    .refine(({ low, high }) => low === undefined || high === undefined || low <= high, "expected low to be at most high"),
  prepare(params, { dtype }) {
    needNumbers("clip", dtype);
    const isWhole = integerRange(dtype) !== undefined;
    for (const [name, limit] of Object.entries(params))
      if (isWhole && limit !== undefined && !Number.isInteger(limit))
        throw parameterFault("clip", name, `expected a whole number for voxels of ${dtype}, found ${limit}`);
    return params;
  },
  outputDtype: (dtype) => dtype,
  apply([block], core, params, { dtype, shape }) {
    const [least, most] = integerRange(dtype) ?? [-Infinity, Infinity];
    // a limit beyond the type's range would wrap around
    const low = Math.min(Math.max(params.low ?? -Infinity, least), most);
    const high = Math.max(Math.min(params.high ?? Infinity, most), least);
    return pointwise(block!, core, dtype, shape, (source, from, target, to, length) => {
      for (let i = 0; i < length; i++) {
        let value = (source as NumberArray)[from + i]!;
        if (value < low) value = low;
        else if (value > high) value = high;
        target[to + i] = value;
      }
    });
  },
});
