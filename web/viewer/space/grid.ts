import type { Triple } from "../../../src/core/box.js";
import type { VolumeFacts } from "../../../src/model/page-api.js";

/** Most bytes of a volume in the memory of the graphics card: a byte a voxel. */
export const TEXTURE_BYTES = 64 * 2 ** 20;
/** The level that is shown until the fitting one has come has no more voxels. */
export const FIRST_BYTES = 2 * 2 ** 20;

/** Voxels that are read: every `stride`-th one of a level. */
export interface Grid {
  readonly level: number;
  readonly stride: number;
  /** Number of voxels, `[z, y, x]`. */
  readonly shape: Triple;
  /** Voxels of level 0 that each stands for. */
  readonly step: Triple;
}

/** The finest level of which there are no more than so many voxels; of volumes without one, every n-th voxel of the coarsest. */
export function gridFor({ levels }: VolumeFacts, voxelsMax: number, sideMax = Number.POSITIVE_INFINITY): Grid {
  const fits = (shape: Triple) => shape[0] * shape[1] * shape[2] <= voxelsMax && Math.max(...shape) <= sideMax;
  const fitting = levels.findIndex(({ shape }) => fits(shape));
  const level = fitting < 0 ? levels.length - 1 : fitting;
  const { shape, scale } = levels[level]!;
  for (let stride = 1; ; stride++) {
    const strided = shape.map((count) => Math.ceil(count / stride)) as Triple;
    if (fits(strided)) return { level, stride, shape: strided, step: scale.map((one) => one * stride) as Triple };
  }
}

/** Makes each voxel the mean of itself, twice, and both neighbours, along each axis after another. */
export function even(voxels: Uint8Array, [sections, rows, columns]: Triple): void {
  for (const [step, count] of [
    [1, columns],
    [columns, rows],
    [rows * columns, sections],
  ] as const) {
    const last = step * (count - 1);
    for (let block = 0; block < voxels.length; block += step * count) {
      for (let line = block; line < block + step; line++) {
        let before = voxels[line]!;
        for (let i = line; i <= line + last; i += step) {
          const here = voxels[i]!;
          const next = i < line + last ? voxels[i + step]! : here;
          voxels[i] = (before + 2 * here + next + 2) >> 2;
          before = here;
        }
      }
    }
  }
}
