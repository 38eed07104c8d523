import { z } from "zod";
import { type Box, boxShape, type Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { type Block, eachRow } from "../block.js";
import { inVoxels, lengthTriple } from "../lengths.js";
import { type InputFacts, parameterFault } from "../operator.js";
import { isInteger64, type NumberArray } from "../voxels.js";
import { withSizes, worldFields } from "./in-world.js";
import { reduction } from "./reduction.js";

/** Voxels by their numbers in C order of the volume, and their values. */
type Part = { readonly at: readonly number[]; readonly values: readonly number[] };

/** A local maximum. Axes are `[z, y, x]`. */
export type Maximum = {
  /** Indices of the voxel in the volume, from 0. */
  readonly position: Triple;
  /** World coordinates in nm; null where the volume has no voxel size. */
  readonly positionNm: Triple | null;
  readonly value: number;
};

/**
 * Local maxima: finite voxels above `above` of which no voxel within `distance` is larger, nor as large and before them in C
 * order. `distance` is the half axes of an ellipsoid, in voxels or as `{ nm: … }`; what is as far away belongs to it. Beyond the
 * border of the volume there is nothing. The result is that of `scipy.ndimage.maximum_filter` with this footprint over the ranks
 * of the voxels by value, and by descending number where values are equal. Maxima come in C order; more than `maximaMax` (default
 * ten million) are refused.
 *
 * Cost: for each voxel above `above` those within the distance, nearest first, until one is larger.
 */
export const maxima = reduction({
  name: "maxima",
  version: 1,
  parameters: z.strictObject({
    above: z.number(),
    distance: lengthTriple,
    maximaMax: z.int().min(1).default(10_000_000),
    ...worldFields,
  }),
  prepare(params, input: InputFacts & { readonly offsetNm?: Triple }) {
    const { dtype } = input;
    if (isInteger64(dtype) || dtype === "complex64" || dtype === "uint4")
      throw parameterFault("maxima", "in", `takes numbers of up to 32 bits and floats, not ${dtype}: put a cast before it`);
    const distance = inVoxels("maxima", "distance", params.distance, input);
    if (distance.some((length) => length > 64))
      throw parameterFault("maxima", "distance", `expected at most 64 voxels, found ${distance.join(", ")}`);
    return withSizes({ ...params, distance }, input);
  },
  halo: ({ distance }) => (distance as Triple).map(Math.floor) as Triple,
  partial: (block, core, { above, distance, maximaMax }) => ofBlock(block, core, above, distance as Triple, maximaMax),
  merge(parts, { maximaMax }): Part {
    needFew(
      parts.reduce((sum, { at }) => sum + at.length, 0),
      maximaMax,
    );
    return { at: parts.flatMap(({ at }) => at), values: parts.flatMap(({ values }) => values) };
  },
  finish({ at, values }, { voxelSizeNm, offsetNm }, { shape: [, ny, nx] }) {
    const found = at.map((number, i): Maximum => {
      const row = Math.floor(number / nx);
      const position: Triple = [Math.floor(row / ny), row % ny, number % nx];
      const positionNm = voxelSizeNm && (position.map((place, axis) => offsetNm[axis]! + place * voxelSizeNm[axis]!) as Triple);
      return { position, positionNm, value: values[i]! };
    });
    const numberOf = ({ position: [z, y, x] }: Maximum) => (z * ny + y) * nx + x;
    return { maxima: found.sort((a, b) => numberOf(a) - numberOf(b)) };
  },
});

/** A voxel within the distance: as steps along the axes, and whether it comes before in C order. */
interface Near {
  readonly step: Triple;
  readonly isBefore: boolean;
}

/** Nearest first: there a larger voxel is found soonest. */
function nearOf(distance: Triple): Near[] {
  const reach = distance.map(Math.floor) as Triple;
  const near: (Near & { readonly far: number })[] = [];
  for (let z = -reach[0]; z <= reach[0]; z++)
    for (let y = -reach[1]; y <= reach[1]; y++)
      for (let x = -reach[2]; x <= reach[2]; x++) {
        const far = [z, y, x].reduce((sum, step, axis) => sum + (step === 0 ? 0 : (step / distance[axis]!) ** 2), 0);
        const isBefore = z < 0 || (z === 0 && (y < 0 || (y === 0 && x < 0)));
        if (far <= 1 && (z !== 0 || y !== 0 || x !== 0)) near.push({ step: [z, y, x], isBefore, far });
      }
  return near.sort((a, b) => a.far - b.far);
}

function ofBlock(block: Block, core: Box, above: number, distance: Triple, most: number): Part {
  const data = block.data as NumberArray;
  const [nz, ny, nx] = boxShape(block.box);
  const [, wholeY, wholeX] = block.whole;
  const near = nearOf(distance);
  const offsets = near.map(({ step: [z, y, x] }) => (z * ny + y) * nx + x);
  const isMaximum = (from: number, z: number, y: number, x: number): boolean => {
    const value = data[from]!;
    for (let i = 0; i < near.length; i++) {
      const { step, isBefore } = near[i]!;
      const [oz, oy, ox] = [z + step[0], y + step[1], x + step[2]];
      if (oz < 0 || oy < 0 || ox < 0 || oz >= nz || oy >= ny || ox >= nx) continue; // beyond the volume
      const other = data[from + offsets[i]!]!;
      if (other > value || (isBefore && other === value)) return false;
    }
    return true;
  };
  const [at, values]: [number[], number[]] = [[], []];
  eachRow(block.box, core, (from, _, length) => {
    const [z, y, x] = [Math.floor(from / (ny * nx)), Math.floor(from / nx) % ny, from % nx];
    for (let i = 0; i < length; i++) {
      const value = data[from + i]!;
      if (!(value > above) || value === Infinity || !isMaximum(from + i, z, y, x + i)) continue;
      const [ownZ, ownY, ownX] = block.box.start;
      at.push(((z + ownZ) * wholeY + y + ownY) * wholeX + x + i + ownX);
      values.push(value);
    }
  });
  needFew(at.length, most);
  return { at, values };
}

function needFew(count: number, most: number): void {
  if (count <= most) return;
  throw new EmporiumError("MEMORY_LIMIT", `maxima: more than ${most} maxima`, {
    hint: "raise above or distance, smooth the volume first, or raise maximaMax",
  });
}
