import type { Triple } from "../../../src/core/box.js";
import type { VolumeFacts } from "../../../src/model/page-api.js";
import type { PlaneSource } from "../planes.js";
import { passes } from "../served.js";

/** Most bytes of a volume in the memory of the graphics card: a byte a voxel. */
export const TEXTURE_BYTES = 64 * 2 ** 20;
/** The level that is shown until the fitting one has come has no more voxels. */
export const FIRST_BYTES = 2 * 2 ** 20;
/** Sections that are asked for at a time: the panes beside it ask, too. */
const FLIGHTS = 3;
/** A busy server is asked again so often, a second after each time. */
const TRIES = 30;
const RETRY_MS = 1000;

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

/**
 * Reads a grid, section after section, as bytes: 0 at the low end of the window, 255 at the high one.
 *
 * @throws what the source throws; a busy server is asked again first
 */
export async function readGrid(
  source: PlaneSource,
  { level, stride, shape, step }: Grid,
  window: readonly [low: number, high: number],
  took: (section: number, voxels: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const [sections, rows, columns] = shape;
  const [, allRows, allColumns] = source.facts.levels[level]!.shape;
  const last = source.facts.shape[0] - 1;
  let next = 0;
  const flight = async () => {
    while (next < sections) {
      const section = next++;
      const at = Math.min(Math.floor(section * step[0]), last);
      const ask = { axis: "z", at, level, box: [0, 0, allRows, allColumns], slab: 1, as: "u8", window } as const;
      const { data } = await again(() => source.read(ask, signal), signal);
      signal.throwIfAborted();
      took(section, stride === 1 ? (data as Uint8Array) : thinned(data as Uint8Array, allColumns, rows, columns, stride));
    }
  };
  await Promise.all(Array.from({ length: FLIGHTS }, flight));
}

async function again<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      if (!passes(error) || n === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      signal.throwIfAborted();
    }
  }
}

function thinned(all: Uint8Array, width: number, rows: number, columns: number, stride: number): Uint8Array {
  const kept = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) kept[row * columns + column] = all[(row * width + column) * stride]!;
  return kept;
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
