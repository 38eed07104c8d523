import type { Triple } from "../../../src/core/box.js";
import type { VolumeFacts } from "../../../src/model/page-api.js";
import { extentOf, middleOf, voxelOf } from "../geometry.js";
import type { PlaneSource } from "../planes.js";
import type { Vector } from "./camera.js";
import { even, FIRST_BYTES, type Grid, gridFor, TEXTURE_BYTES } from "./grid.js";
import { type Ground, makeVolume, sideMaxOf, type Volume } from "./scene.js";
import { readGrid } from "./voxels.js";

export type Window = readonly [low: number, high: number];

/** Milliseconds after which a contrast that was moved is read anew: until then bytes are stretched. */
const WINDOW_MS = 600;
/** Sections after each of which it is told how many have come. */
const TOLD_SECTIONS = 8;

/** `[z, y, x]` as x, y, z. */
export const vectorOf = ([z, y, x]: Triple): Vector => [x, y, z];

/** Where the voxels of a grid lie, from a point of the world. */
export function groundOf(facts: VolumeFacts, { shape, step }: Grid, middle: Vector): Ground {
  const edge = voxelOf(facts);
  const extents = ([0, 1, 2] as const).map((axis) => extentOf(facts, axis));
  const from = (values: readonly number[]): Vector => {
    const [x, y, z] = vectorOf(values as Triple);
    return [x - middle[0], y - middle[1], z - middle[2]];
  };
  const voxel = vectorOf(edge.map((size, i) => size * step[i]!) as Triple);
  const [columns, rows, sections] = vectorOf(shape);
  return {
    low: from(extents.map(({ low }) => low)),
    high: from(extents.map(({ high }) => high)),
    first: from(extents.map(({ low }) => low)),
    extent: [voxel[0] * columns, voxel[1] * rows, voxel[2] * sections],
    voxel,
  };
}

export interface VolumeTexture {
  /** The best that is there, and the numbers of which its bytes are 0 and 255. */
  readonly shown: { readonly volume: Volume; readonly window: Window; readonly isFinest: boolean } | undefined;
  /** Share of what is read that has come; undefined: nothing is read. */
  readonly progress: number | undefined;
  readonly error: unknown;
  /** Bytes in the memory of the card. */
  readonly bytes: number;
  /** Another contrast: read anew, once it has come to rest. */
  want(window: Window): void;
  retry(): void;
  close(): void;
}

/**
 * Reads a volume into the memory of the graphics card: a coarse level, which is there soon, then the finest that fits.
 *
 * @param changed something else is there to be drawn, or more of it is
 */
export function volumeTexture(
  gl: WebGL2RenderingContext,
  source: PlaneSource,
  {
    middle = vectorOf(middleOf(source.facts)),
    bytesMax = TEXTURE_BYTES,
    ...options
  }: {
    middle?: Vector;
    bytesMax?: number;
    window: Window;
    /** Voxels are evened out: of masks, whose surfaces would be stairs. */
    isEven?: boolean;
    changed: () => void;
    progressed?: () => void;
  },
): VolumeTexture {
  const { facts } = source;
  let window = options.window;
  let stop = new AbortController();
  let timer: number | undefined;
  let shown: VolumeTexture["shown"];
  let coming: Volume | undefined;
  let progress: number | undefined;
  let error: unknown;

  const fits = gridFor(facts, bytesMax, sideMaxOf(gl));
  // a compressed file is read from its front each time
  const rough = facts.isSequential ? fits : gridFor(facts, FIRST_BYTES, sideMaxOf(gl));
  const grids = rough.level === fits.level && rough.stride === fits.stride ? [fits] : [rough, fits];

  async function load(wanted: readonly Grid[]): Promise<void> {
    stop.abort();
    const mine = new AbortController();
    stop = mine;
    const { signal } = mine;
    const asked = window;
    error = undefined;
    try {
      for (const grid of wanted) {
        coming?.free();
        const volume = makeVolume(gl, grid, groundOf(facts, grid, middle));
        coming = volume;
        const came = (share: number) => {
          progress = share;
          options.progressed?.();
        };
        progress = 0;
        await fill(volume, source, asked, { isEven: options.isEven === true, came, signal });
        shown?.volume.free();
        shown = { volume, window: asked, isFinest: grid === wanted.at(-1) };
        coming = undefined;
        options.changed();
      }
      progress = undefined;
    } catch (failure) {
      if (signal.aborted) return;
      // other sections may be on their way
      mine.abort();
      coming?.free();
      coming = undefined;
      progress = undefined;
      error = failure;
    }
    options.changed();
  }
  const begin = () => void load(grids);
  begin();

  return {
    get shown() {
      return shown;
    },
    get progress() {
      return progress;
    },
    get error() {
      return error;
    },
    get bytes() {
      return (shown?.volume.bytes ?? 0) + (coming?.bytes ?? 0);
    },
    want(next) {
      if (next.join() === window.join()) return;
      window = next;
      clearTimeout(timer);
      timer = globalThis.setTimeout(() => void load(shown?.isFinest ? [fits] : grids), WINDOW_MS) as never;
    },
    retry: begin,
    close() {
      stop.abort();
      clearTimeout(timer);
      coming?.free();
      shown?.volume.free();
      [coming, shown] = [undefined, undefined];
    },
  };
}

/** Reads a grid into a texture. */
async function fill(
  volume: Volume,
  source: PlaneSource,
  window: Window,
  { isEven, came, signal }: { isEven: boolean; came: (share: number) => void; signal: AbortSignal },
): Promise<void> {
  const { grid } = volume;
  const [sections, rows, columns] = grid.shape;
  const whole = isEven ? new Uint8Array(volume.bytes) : undefined;
  let count = 0;
  const took = (section: number, voxels: Uint8Array) => {
    if (whole) whole.set(voxels, section * voxels.length);
    else volume.write(section, voxels);
    if (++count % TOLD_SECTIONS === 0) came(count / sections);
  };
  await readGrid(source, grid, window, took, signal);
  signal.throwIfAborted();
  if (!whole) return;
  even(whole, grid.shape);
  const size = rows * columns;
  for (let section = 0; section < sections; section++)
    volume.write(section, whole.subarray(section * size, (section + 1) * size));
}
