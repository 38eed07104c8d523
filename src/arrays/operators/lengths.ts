import { z } from "zod";
import type { Triple } from "../../core/box.js";
import { type InputFacts, parameterFault } from "./operator.js";

const same = (all: number): Triple => [all, all, all];

/** One whole number for all axes, or one for each, `[z, y, x]`. */
export const wholeTriple = (least: number) => {
  const item = z.int().min(least);
  const error = `expected a whole number from ${least} on, or three of them, [z, y, x]`;
  return z.union([item.transform(same), z.tuple([item, item, item])], { error });
};

const lengthsError = "expected a number that is not negative, or three of them, [z, y, x], in voxels or as { nm: … }";
const length = z.number().min(0);
const lengths = z.union([length.transform(same), z.tuple([length, length, length])], { error: lengthsError });

/** A length for all axes or for each of `[z, y, x]`, in voxels; `{ nm: … }` for one in the world. */
export const lengthTriple = z.union(
  [lengths, z.strictObject({ voxels: lengths }).transform(({ voxels }) => voxels), z.strictObject({ nm: lengths })],
  { error: lengthsError },
);

/** @throws {EmporiumError} CONFIG_FIELD where the voxel size of an axis is not known */
export function inVoxels(name: string, path: string, given: z.infer<typeof lengthTriple>, input: InputFacts): Triple {
  if (Array.isArray(given)) return given;
  return given.nm.map((nm, axis) => {
    const size = input.voxelSizeNm[axis];
    if (nm === 0) return 0;
    if (size === undefined || !(size > 0))
      throw parameterFault(name, `${path}.nm`, `the volume has no voxel size along ${"zyx"[axis]}: give voxels`);
    return nm / size;
  }) as Triple;
}
