import { z } from "zod";
import { operator } from "./operator.js";
import { pointwise } from "./pointwise.js";
import { needNumbers } from "./schemas.js";
import type { NumberArray } from "./voxels.js";

/** `x · scale + offset` in float64, rounded once to `dtype` (float32 by default): `(x.astype("f8") * scale + offset).astype(dtype)`. */
export const affine = operator({
  name: "affine",
  version: 1,
  parameters: z.strictObject({
    scale: z.number().default(1),
    offset: z.number().default(0),
    dtype: z.enum(["float32", "float64"]).default("float32"),
  }),
  prepare(params, { dtype }) {
    needNumbers("affine", dtype);
    return params;
  },
  outputDtype: (_, { dtype }) => dtype,
  apply([block], core, { dtype, scale, offset }, { shape }) {
    return pointwise(block!, core, dtype, shape, (source, from, target, to, length) => {
      for (let i = 0; i < length; i++) target[to + i] = (source as NumberArray)[from + i]! * scale + offset;
    });
  },
});
