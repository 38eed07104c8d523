import { z } from "zod";
import { boxShape, type Triple, volumeOf } from "../../core/box.js";
import { correlateAxis, type Weights } from "./correlate.js";
import { edgeRule } from "./edge.js";
import { filteredDtype, toField } from "./field.js";
import { inVoxels, lengthTriple } from "./lengths.js";
import { operator } from "./operator.js";
import { pointwise } from "./pointwise.js";
import { needNumbers } from "./schemas.js";
import type { NumberArray } from "./voxels.js";

/** Below it an axis is not filtered, as in scipy. */
const SIGMA_MIN = 1e-15;

/**
 * `scipy.ndimage.gaussian_filter(x, sigma, output="f4", mode=edge, cval=value, truncate=truncate)`; of float64 `output="f8"`. Axes are filtered in
 * the order z, y, x, with float32 between them.
 *
 * `sigma` is in voxels, or `{ nm: … }`; one number, or one for each of `[z, y, x]`. The bits are scipy's but for the last bit of a weight.
 */
export const gaussian = operator({
  name: "gaussian",
  version: 1,
  parameters: z.strictObject({
    sigma: lengthTriple,
    truncate: z.number().positive().default(4),
    edge: edgeRule.default("reflect"),
    value: z.number().default(0),
  }),
  prepare(params, input) {
    needNumbers("gaussian", input.dtype);
    return { ...params, sigma: inVoxels("gaussian", "sigma", params.sigma, input) };
  },
  halo: ({ sigma, truncate }) => (sigma as Triple).map((one) => radius(one, truncate)) as Triple,
  outputDtype: filteredDtype,
  apply([block], core, { sigma, truncate, edge, value }, { dtype, shape }) {
    const to = filteredDtype(dtype);
    let field = toField(block!, block!.box);
    for (const axis of [0, 1, 2] as const) {
      const one = (sigma as Triple)[axis];
      if (one > SIGMA_MIN)
        field = correlateAxis(field, axis, core, gaussianWeights(one, radius(one, truncate)), { rule: edge, value }, to);
    }
    if (field.data !== block!.data && volumeOf(boxShape(field.box)) === volumeOf(boxShape(core)))
      return { data: field.data, dtype: to, box: core, whole: shape };
    const found = { data: field.data, dtype: block!.dtype, box: field.box, whole: shape };
    return pointwise(found, core, to, shape, (source, from, target, at, length) => {
      for (let i = 0; i < length; i++) target[at + i] = (source as NumberArray)[from + i]!;
    });
  },
});

/** Voxels on each side that count: `int(truncate * sigma + 0.5)`. */
function radius(sigma: number, truncate: number): number {
  return sigma > SIGMA_MIN ? Math.floor(truncate * sigma + 0.5) : 0;
}

function gaussianWeights(sigma: number, reach: number): Weights {
  const values = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp((-0.5 / (sigma * sigma)) * (i - reach) ** 2));
  const sum = values.reduce((before, value) => before + value, 0);
  const sides = Array.from(values.subarray(reach + 1), (value) => value / sum);
  return { middle: values[reach]! / sum, sides, isOdd: false };
}
