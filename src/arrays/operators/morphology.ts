import { z } from "zod";
import { type Box, boxShape, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { type Block, growBox } from "./block.js";
import type { Edge } from "./correlate.js";
import { edgeRule } from "./edge.js";
import { operator } from "./operator.js";
import { type Padded, pad } from "./padded.js";
import { pointwise } from "./pointwise.js";
import { type Connectivity, connectivity, needNumbers } from "./schemas.js";
import { type NumberArray, newVoxels } from "./voxels.js";

/** `[z, y]` of the rows around a voxel: of wide ones its three voxels along x count, of narrow ones that of the same x. */
interface Element {
  readonly wide: readonly (readonly [number, number])[];
  readonly narrow: readonly (readonly [number, number])[];
}

const MIDDLE: Element["wide"] = [[0, 0]];
const CROSS: Element["wide"] = [
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, 0],
];
const CORNERS: Element["wide"] = [
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
];

/** `scipy.ndimage.generate_binary_structure(3, 1 … 3)`. */
const ELEMENTS: Readonly<Record<Connectivity, Element>> = {
  6: { wide: MIDDLE, narrow: CROSS },
  18: { wide: [...MIDDLE, ...CROSS], narrow: CORNERS },
  26: { wide: [...MIDDLE, ...CROSS, ...CORNERS], narrow: [] },
};

const STEPS = {
  erode: ["least"],
  dilate: ["greatest"],
  open: ["least", "greatest"],
  close: ["greatest", "least"],
} as const;

/**
 * Erosion, dilation, opening or closing with the neighbours that share a face (6), an edge too (18) or a corner too (26), `iterations` times.
 *
 * Grey: `scipy.ndimage.grey_erosion(x, footprint=…, mode=edge, cval=value)` and its siblings, each applied `iterations` times; the type stays,
 * `edge` is `reflect` by default. `binary: true`: `binary_erosion(x != 0, structure, iterations, border_value=value)` and its siblings as
 * uint8; beyond the border is `value`, 0 by default.
 */
export const morphology = operator({
  name: "morphology",
  version: 1,
  parameters: z.strictObject({
    operation: z.enum(["erode", "dilate", "open", "close"]),
    connectivity: connectivity.default(6),
    iterations: z.int().min(1).max(64).default(1),
    binary: z.boolean().default(false),
    edge: edgeRule.optional(),
    value: z.number().default(0),
  }),
  prepare(params, { dtype }) {
    needNumbers("morphology", dtype);
    return { ...params, edge: params.edge ?? (params.binary ? "constant" : "reflect") };
  },
  halo({ operation, iterations }) {
    const reach = STEPS[operation].length * iterations;
    return [reach, reach, reach];
  },
  outputDtype: (dtype, { binary }) => (binary ? "uint8" : dtype),
  apply([block], core, params, { shape }) {
    const value = params.binary ? Number(params.value !== 0) : params.value;
    const edge: Edge = { rule: params.edge!, value };
    const element = ELEMENTS[params.connectivity];
    const steps = STEPS[params.operation].flatMap((step) => Array.from({ length: params.iterations }, () => step));
    let found = params.binary ? notZero(block!) : block!;
    for (const [at, step] of steps.entries()) {
      const left = steps.length - 1 - at;
      found = extreme(found, growBox(core, [left, left, left], shape), element, step === "least", edge);
    }
    return found;
  },
});

function notZero(block: Block): Block {
  return pointwise(block, block.box, "uint8", block.whole, (source, from, target, to, length) => {
    for (let i = 0; i < length; i++) target[to + i] = source[from + i] === 0 ? 0 : 1;
  });
}

/** The least or the greatest voxel of each neighbourhood. */
function extreme(block: Block, core: Box, element: Element, isLeast: boolean, edge: Edge): Block {
  const padded = pad(block, core, [1, 1, 1], edge);
  const dtype: DType = block.dtype;
  const data = newVoxels(dtype, volumeOf(boxShape(core))) as NumberArray;
  const [nz, ny, nx] = boxShape(core);
  const wide = new Float64Array(nx + 2);
  const row = new Float64Array(nx);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      gather(padded, z, y, element.wide, 0, wide, isLeast);
      threeWide(wide, row, isLeast);
      for (const at of element.narrow) take(padded, z, y, at, 1, row, isLeast);
      data.set(row, (z * ny + y) * nx);
    }
  return { data, dtype, box: core, whole: block.whole };
}

function gather(
  padded: Padded,
  z: number,
  y: number,
  rows: Element["wide"],
  shift: number,
  into: Float64Array,
  isLeast: boolean,
): void {
  into.fill(isLeast ? Infinity : -Infinity);
  for (const at of rows) take(padded, z, y, at, shift, into, isLeast);
}

function take(
  { data, shape }: Padded,
  z: number,
  y: number,
  [dz, dy]: readonly [number, number],
  shift: number,
  into: Float64Array,
  isLeast: boolean,
): void {
  const from = ((z + 1 + dz) * shape[1] + y + 1 + dy) * shape[2] + shift;
  if (isLeast) leastOf(data, from, into);
  else greatestOf(data, from, into);
}

function leastOf(data: NumberArray, from: number, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = Math.min(into[i]!, data[from + i]!);
}

function greatestOf(data: NumberArray, from: number, into: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] = Math.max(into[i]!, data[from + i]!);
}

function threeWide(wide: Float64Array, row: Float64Array, isLeast: boolean): void {
  if (isLeast) leastOfThree(wide, row);
  else greatestOfThree(wide, row);
}

function leastOfThree(wide: Float64Array, row: Float64Array): void {
  let [left, middle] = [wide[0]!, wide[1]!];
  for (let i = 0; i < row.length; i++) {
    const right = wide[i + 2]!;
    const first = Math.min(middle, left);
    row[i] = Math.min(right, first);
    left = middle;
    middle = right;
  }
}

function greatestOfThree(wide: Float64Array, row: Float64Array): void {
  let [left, middle] = [wide[0]!, wide[1]!];
  for (let i = 0; i < row.length; i++) {
    const right = wide[i + 2]!;
    const first = Math.max(middle, left);
    row[i] = Math.max(right, first);
    left = middle;
    middle = right;
  }
}
