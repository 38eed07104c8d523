import { z } from "zod";
import { type Box, boxShape, type Triple } from "../../core/box.js";
import { correlateAxis, type Edge, type Weights } from "./correlate.js";
import { edgeRule } from "./edge.js";
import { type Field, type FloatArray, filteredDtype, newFloats, toField } from "./field.js";
import { operator, parameterFault } from "./operator.js";
import { needNumbers } from "./schemas.js";

type Axis = 0 | 1 | 2;
type FloatType = "float32" | "float64";

const DIFFERENCE: Weights = { middle: 0, sides: [1], isOdd: true };
const SMOOTHING: Record<"sobel" | "prewitt", Weights> = {
  sobel: { middle: 2, sides: [1], isOdd: false },
  prewitt: { middle: 1, sides: [1], isOdd: false },
};

/**
 * Gradient of a volume, per voxel.
 *
 * - `sobel`, `prewitt`: `scipy.ndimage.sobel(x, axis, output="f4", mode=edge, cval=value)`; `magnitude` is `generic_gradient_magnitude` of it.
 * - `central`: `np.gradient(x.astype("f4"))[axis]`: half the difference of the neighbours, one-sided at the border, where `edge` does not
 *   count; `magnitude` is the root of the sum of squares, z first.
 *
 * `component` is `z`, `y`, `x` or `magnitude` (default). float64 of float64, float32 of all other types, rounded at each step.
 */
export const gradient = operator({
  name: "gradient",
  version: 1,
  parameters: z.strictObject({
    method: z.enum(["sobel", "prewitt", "central"]).default("sobel"),
    component: z.enum(["z", "y", "x", "magnitude"]).default("magnitude"),
    edge: edgeRule.default("reflect"),
    value: z.number().default(0),
  }),
  prepare(params, { dtype, shape }) {
    needNumbers("gradient", dtype);
    const flat = axesOf(params.component).find((axis) => shape[axis] < 2);
    if (params.method === "central" && flat !== undefined)
      throw parameterFault("gradient", "method", `central needs 2 voxels along ${"zyx"[flat]}, the volume has 1`);
    return params;
  },
  halo: () => [1, 1, 1],
  outputDtype: filteredDtype,
  apply([block], core, { method, component, edge, value }, { dtype, shape }) {
    const to = filteredDtype(dtype);
    const field = toField(block!, block!.box);
    const along = (axis: Axis) =>
      method === "central"
        ? central(field, axis, core, to)
        : smoothed(field, axis, core, SMOOTHING[method], { rule: edge, value }, to);
    const parts = axesOf(component).map(along);
    const data = component === "magnitude" ? magnitude(parts.map((part) => part.data)) : parts[0]!.data;
    return { data, dtype: to, box: core, whole: shape };
  },
});

function axesOf(component: "z" | "y" | "x" | "magnitude"): readonly Axis[] {
  return component === "magnitude" ? [0, 1, 2] : ["zyx".indexOf(component) as Axis];
}

/** The difference along one axis, then smoothing along the others. */
function smoothed(field: Field, axis: Axis, core: Box, smoothing: Weights, edge: Edge, to: FloatType): Field {
  let result = correlateAxis(field, axis, core, DIFFERENCE, edge, to);
  for (const other of [0, 1, 2] as const) if (other !== axis) result = correlateAxis(result, other, core, smoothing, edge, to);
  return result;
}

/** Central differences of float32 as in numpy: the difference is rounded, then divided. */
function central(field: Field, axis: Axis, core: Box, to: FloatType): Field {
  const { box, whole } = field;
  const data = to === "float32" && field.data instanceof Float64Array ? Float32Array.from(field.data) : field.data;
  const [nz, ny, nx] = boxShape(core);
  const [, rowsY, rowsX] = boxShape(box);
  const stride = [rowsY * rowsX, rowsX, 1][axis]!;
  const [dz, dy, dx] = core.start.map((at, i) => at - box.start[i]!) as Triple;
  const differences = newFloats(to, nz * ny * nx);
  for (let z = 0, at = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const from = ((z + dz) * rowsY + y + dy) * rowsX + dx;
      for (let x = 0; x < nx; x++, at++) {
        const place = axis === 0 ? z + core.start[0] : axis === 1 ? y + core.start[1] : x + core.start[2];
        const low = place > 0 ? 1 : 0;
        const high = place < whole[axis] - 1 ? 1 : 0;
        differences[at] = data[from + x + high * stride]! - data[from + x - low * stride]!;
        if (low + high === 2) differences[at]! /= 2;
      }
    }
  return { data: differences, box: core, whole };
}

/** The root of the sum of squares; each step is rounded to the arrays' type. */
function magnitude(parts: readonly FloatArray[]): FloatArray {
  const [sum, ...others] = parts as [FloatArray, ...FloatArray[]];
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! * sum[i]!;
  const isSingle = sum instanceof Float32Array;
  for (const other of others)
    for (let i = 0; i < sum.length; i++) {
      const square = other[i]! * other[i]!;
      sum[i] = sum[i]! + (isSingle ? Math.fround(square) : square);
    }
  for (let i = 0; i < sum.length; i++) sum[i] = Math.sqrt(sum[i]!);
  return sum;
}
