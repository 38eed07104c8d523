import { type ArrayDocument, openZarrArray } from "../../../../arrays/stream/source/zarr-level.js";
import type { Triple } from "../../../../core/box.js";
import { Undecided } from "./fact.js";
import type { Tree } from "./tree.js";

/** Voxels of an array that are NaN or infinite. */
export interface OddVoxels {
  readonly notFinite: number;
  /** `[z, y, x]` of the first of them. */
  readonly first: Triple | undefined;
}

/** Voxels that are read. */
const VOXELS_MOST = 16 * 2 ** 20;

/**
 * Reads an array of floating-point voxels. Arrays of other types have none, and are not read.
 *
 * @throws {Undecided} above 16 million voxels and for other than three axes, {EmporiumError} FORMAT_…, STORE_…
 */
export async function oddVoxels({ store, signal }: Tree, array: ArrayDocument): Promise<OddVoxels> {
  const { shape, dtype, read } = openZarrArray(store, array, signal);
  if (!dtype.startsWith("float")) return { notFinite: 0, first: undefined };
  const [nz = 0, ny = 0, nx = 0] = shape;
  if (shape.length !== 3) throw new Undecided("an array of other than three axes");
  if (nz * ny * nx > VOXELS_MOST) throw new Undecided("a coarsest level of more than 16 million voxels");
  const voxels = await read({ start: [0, 0, 0], stop: [nz, ny, nx] });
  let notFinite = 0;
  let first: Triple | undefined;
  for (let i = 0; i < voxels.length; i++) {
    if (Number.isFinite(Number(voxels[i]))) continue;
    notFinite++;
    first ??= [Math.floor(i / (ny * nx)), Math.floor(i / nx) % ny, i % nx];
  }
  return { notFinite, first };
}
