import { systemClock } from "../../../src/core/clock.js";
import type { PlaneSource } from "../planes.js";
import { passes } from "../served.js";
import type { Grid } from "./grid.js";

/** Sections that are asked for at a time: the panes beside it ask, too. */
const FLIGHTS = 3;
/** A busy server is asked again so often, a second after each time. */
const TRIES = 30;
const RETRY_MS = 1000;

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
      await systemClock.sleep(RETRY_MS, signal);
    }
  }
}

function thinned(all: Uint8Array, width: number, rows: number, columns: number, stride: number): Uint8Array {
  const kept = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) kept[row * columns + column] = all[(row * width + column) * stride]!;
  return kept;
}
