import { z } from "zod";
import { boxShape, type Triple, volumeOf } from "../../core/box.js";
import { edgeRule } from "./edge.js";
import { wholeTriple } from "./lengths.js";
import { operator, parameterFault } from "./operator.js";
import { type Padded, pad } from "./padded.js";
import { needNumbers } from "./schemas.js";
import { type NumberArray, newVoxels } from "./voxels.js";

/** Voxels of a window: beyond it a median takes longer than anybody waits. */
const WINDOW_MAX = 4096;

/**
 * `scipy.ndimage.median_filter(x, size=size, mode=edge, cval=value)`. `size` is odd, one number or one for each of `[z, y, x]`; the type stays.
 * Volumes with NaN give what scipy does not define either.
 */
export const median = operator({
  name: "median",
  version: 1,
  parameters: z.strictObject({
    size: wholeTriple(1),
    edge: edgeRule.default("reflect"),
    value: z.number().default(0),
  }),
  prepare(params, { dtype }) {
    needNumbers("median", dtype);
    if (params.size.some((one) => one % 2 === 0))
      throw parameterFault("median", "size", `expected odd numbers, found ${params.size.join(", ")}`);
    if (volumeOf(params.size) > WINDOW_MAX) throw parameterFault("median", "size", `a window has ${WINDOW_MAX} voxels at most`);
    return params;
  },
  halo: ({ size }) => halves(size),
  outputDtype: (dtype) => dtype,
  apply([block], core, { size, edge, value }, { dtype, shape }) {
    const padded = pad(block!, core, halves(size), { rule: edge, value });
    const data = newVoxels(dtype, volumeOf(boxShape(core))) as NumberArray;
    medians(padded, boxShape(core), size, data);
    return { data, dtype, box: core, whole: shape };
  },
});

const halves = (size: Triple) => size.map((one) => (one - 1) / 2) as Triple;

/**
 * A window's columns (the voxels of one x) are sorted once for all windows that they are in; the median is found by merging as many columns
 * as the window is wide. What comes out depends on the window's voxels alone.
 */
function medians(padded: Padded, [nz, ny, nx]: Triple, [sizeZ, sizeY, sizeX]: Triple, data: NumberArray): void {
  const [, rowsY, rowsX] = padded.shape;
  const height = sizeZ * sizeY;
  const columns = new Float64Array(rowsX * height);
  const heads = new Int32Array(sizeX);
  const rank = Math.floor((height * sizeX) / 2);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      for (let k = 0; k < height; k++) {
        const row = (z + Math.floor(k / sizeY)) * rowsY + y + (k % sizeY);
        insertRow(padded.data, row * rowsX, columns, k, height, rowsX);
      }
      const to = (z * ny + y) * nx;
      for (let x = 0; x < nx; x++)
        data[to + x] = sizeX === 1 ? columns[x * height + rank]! : merged(columns, x, height, heads, rank);
    }
}

/** Puts a row's voxels into sorted columns that have `held` voxels each. */
function insertRow(source: NumberArray, from: number, columns: Float64Array, held: number, height: number, length: number): void {
  for (let x = 0; x < length; x++) {
    const value = source[from + x]!;
    const first = x * height;
    let at = first + held;
    while (at > first && columns[at - 1]! > value) {
      columns[at] = columns[at - 1]!;
      at--;
    }
    columns[at] = value;
  }
}

/** The voxel of a rank among the sorted columns from `first` on, one for each head. */
function merged(columns: Float64Array, first: number, height: number, heads: Int32Array, rank: number): number {
  const width = heads.length;
  for (let i = 0; i < width; i++) heads[i] = (first + i) * height;
  for (let taken = 0; ; taken++) {
    let least = -1;
    for (let i = 0; i < width; i++) {
      if (heads[i]! === (first + i + 1) * height) continue;
      if (least < 0 || columns[heads[i]!]! < columns[heads[least]!]!) least = i;
    }
    const value = columns[heads[least]!]!;
    if (taken === rank) return value;
    heads[least]!++;
  }
}
