import { z } from "zod";
import type { Triple } from "../../../core/box.js";
import type { InputFacts } from "../operator.js";

const size = z.tuple([z.number(), z.number(), z.number()]);

/** Parameters of reductions whose result says where things are in the world, `[z, y, x]` in nm; null where nobody knows how large voxels are. */
export const worldFields = { voxelSizeNm: size.nullable().default(null), offsetNm: size.default([0, 0, 0]) };

/** The same parameters with what the volume says of itself, where they do not say it and it does. */
export function withSizes<T extends { readonly voxelSizeNm: Triple | null; readonly offsetNm: Triple }>(
  params: T,
  { voxelSizeNm: [z, y, x], offsetNm = [0, 0, 0] }: InputFacts & { readonly offsetNm?: Triple },
): T {
  if (params.voxelSizeNm !== null || z === undefined || y === undefined || x === undefined) return params;
  return { ...params, voxelSizeNm: [z, y, x], offsetNm };
}
