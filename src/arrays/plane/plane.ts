import { type Box, boxShape, ceilDiv, type Triple, volumeOf } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { PLANE_BYTES_MAX, type StoredNumber } from "../../model/page-api.js";
import { numbersOf } from "./convert.js";

/** Axes by their place in `[z, y, x]`. */
export const PLANE_AXES = { z: 0, y: 1, x: 2 } as const;
export type PlaneAxis = keyof typeof PLANE_AXES;

/** One resolution from which planes are cut. */
export interface PlaneLevel {
  readonly shape: Triple;
  /** Voxels of level 0 along each axis for one of this level. */
  readonly scale: Triple;
  /** The stored resolution that it is read of, and how many of its voxels make a step. */
  readonly stored: number;
  readonly step: Triple;
  /** The level has every n-th voxel of a stored one, not means. */
  readonly virtual: boolean;
}

export interface BoxReadOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the chunks of a box that are not stored: their voxels have the fill value. Such volumes are sound, or have lost
   * some chunks.
   */
  readonly absent?: ((chunks: AbsentChunks) => void) | undefined;
}

export interface AbsentChunks {
  readonly count: number;
  /** Key of one of them, or its place in the grid of chunks. */
  readonly first: string;
}

export interface PlaneReadOptions extends BoxReadOptions {
  /** Most bytes of a slab's sections that are in memory at once, and are added up without a pause; so many more take their sums. Default 32 MiB. */
  readonly sectionsBytes?: number | undefined;
}

/** A volume that planes can be cut of. */
export interface PlaneSource {
  readonly name: string;
  /** Type of the voxels that `readBox` returns; packed ones are unpacked. */
  readonly dtype: DType;
  /** Resolutions of the volume, finest first. */
  readonly levels: readonly PlaneLevel[];
  /**
   * Every `step`-th voxel of a box of a stored resolution, from its first one: C order, the host's byte order, memory of its own.
   *
   * @throws {EmporiumError} errors of formats and stores
   */
  readBox(stored: number, box: Box, step: Triple, options?: BoxReadOptions): Promise<Uint8Array>;
  /**
   * The place of a voxel of a stored resolution in its file; undefined where none is stored, and the voxel has the fill value.
   */
  locate?(stored: number, voxel: Triple, signal?: AbortSignal): Promise<VoxelPlace | undefined>;
}

/** `key` is absent where the volume is one file. */
export type VoxelPlace = Omit<StoredNumber, "key"> & { readonly key?: string | undefined };

export interface PlaneChoice {
  readonly axis: PlaneAxis;
  /** Section of level 0. */
  readonly at: number;
  readonly level?: number | undefined;
  /** Part of the plane, in voxels of the level, u along the faster axis; the end is excluded. Default: all of the plane. */
  readonly box?: readonly [u0: number, v0: number, u1: number, v1: number] | undefined;
  /** Mean of so many sections of level 0, from `at - floor(slab / 2)`, those that there are. Default 1: the section as it is. */
  readonly slab?: number | undefined;
}

export interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
  /** Voxels row by row, in the host's byte order. */
  readonly bytes: Uint8Array;
}

const SECTIONS_BYTES = 32 * 2 ** 20;

/**
 * Cuts a plane. Of the axes z, y, x that are left, the faster one runs along rows: an xz plane has z down and x across, a yz plane z down
 * and y across.
 *
 * A virtual level has every n-th voxel of the plane at `at` itself; a stored one the section that covers `at`.
 *
 * @throws {EmporiumError} USAGE for a section, level, slab or box outside of the volume
 */
export async function readPlane(source: PlaneSource, choice: PlaneChoice, options: PlaneReadOptions = {}): Promise<Plane> {
  const { level, axis, box, from, to } = planned(source, choice);
  const [rows, columns] = boxShape(box).filter((_, i) => i !== axis) as [number, number];
  const read = (part: Box, start: number, stop: number) => {
    const whole = levelBox(level, part);
    whole.start[axis] = start;
    whole.stop[axis] = stop;
    const step = level.step.map((n, i) => (i === axis ? 1 : n)) as Triple;
    return source.readBox(level.stored, whole, step, options);
  };
  if ((choice.slab ?? 1) === 1) return { rows, columns, dtype: source.dtype, bytes: await read(box, from, from + 1) };
  const means = new Float32Array(rows * columns);
  const bytesMax = options.sectionsBytes ?? SECTIONS_BYTES;
  const rowsAtOnce = Math.max(1, Math.floor(bytesMax / (8 * Math.max(1, columns))));
  const down = axis === 0 ? 1 : 0;
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const part: Box = { start: [...box.start], stop: [...box.stop] };
    part.start[down] += row;
    part.stop[down] = Math.min(box.stop[down], part.start[down] + rowsAtOnce);
    const shape = boxShape(part);
    const sums = new Float64Array(volumeOf(shape));
    const atOnce = Math.max(1, Math.floor(bytesMax / Math.max(1, sums.length * ITEM_BYTES[source.dtype])));
    for (let start = from; start < to; start += atOnce) {
      const stop = Math.min(to, start + atOnce);
      addSections(sums, numbersOf(await read(part, start, stop), source.dtype), shape, axis, stop - start);
    }
    for (let i = 0; i < sums.length; i++) means[row * columns + i] = sums[i]! / (to - from);
  }
  return { rows, columns, dtype: "float32", bytes: new Uint8Array(means.buffer) };
}

/** Bytes of the answer, before it is read. @throws {EmporiumError} USAGE where a page is not given so many, and as `readPlane` */
export function planeBytes(source: PlaneSource, choice: PlaneChoice, bytesMax = PLANE_BYTES_MAX): number {
  const { box } = planned(source, choice);
  const bytes = volumeOf(boxShape(box)) * ((choice.slab ?? 1) === 1 ? ITEM_BYTES[source.dtype] : ITEM_BYTES.float32);
  if (bytes <= bytesMax) return bytes;
  throw new EmporiumError("USAGE", `a plane of ${counted(bytes, "byte")} is too large; ${bytesMax} is the most`, {
    hint: "ask for a box of it, or for a coarser level",
  });
}

/** The voxels of a stored resolution that a box of a level is made of. */
export function levelBox({ step }: PlaneLevel, { start, stop }: Box): Box {
  return {
    start: start.map((at, i) => at * step[i]!) as Triple,
    // the last one counts, not those that its step passes over
    stop: stop.map((at, i) => (at === start[i] ? at * step[i]! : (at - 1) * step[i]! + 1)) as Triple,
  };
}

/** Levels of every 2ⁿ-th voxel, until none is longer than 256. An axis that is short already keeps its voxels, and so do those of `kept`. */
export function virtualLevels(shape: Triple, kept: readonly number[] = []): PlaneLevel[] {
  const levels: PlaneLevel[] = [];
  for (let n = 0; ; n++) {
    const step = shape.map((length, i) => (kept.includes(i) ? 1 : Math.min(2 ** n, stepMax(length)))) as Triple;
    const now = shape.map((length, i) => ceilDiv(length, step[i]!)) as Triple;
    if (n > 0 && step.join() === levels.at(-1)!.step.join()) return levels;
    levels.push({ shape: now, scale: step, stored: 0, step, virtual: n > 0 });
    if (now.every((length, i) => length <= COARSEST || kept.includes(i))) return levels;
  }
}

const COARSEST = 256;
const SHORTEST = 64;

function stepMax(length: number): number {
  let step = 1;
  while (length / (2 * step) >= SHORTEST) step *= 2;
  return step;
}

function planned(source: PlaneSource, { axis: name, at, level: index = 0, box: wanted, slab = 1 }: PlaneChoice) {
  const axis = PLANE_AXES[name];
  const finest = source.levels[0]!;
  const level = source.levels[index];
  const fault = (what: string) => new EmporiumError("USAGE", `${source.name}: ${what}`, { place: { file: source.name } });
  if (!level) throw fault(`the volume has no level ${index}; its levels are 0 to ${source.levels.length - 1}`);
  const sections = finest.shape[axis];
  if (!isWithin(at, 0, sections - 1)) throw fault(`section ${at} is outside of ${name}, which has 0 to ${sections - 1}`);
  if (!isWithin(slab, 1, SLAB_MAX)) throw fault(`a slab of ${counted(slab, "section")} is impossible; expected 1 to ${SLAB_MAX}`);
  const [across, down] = [axis === 2 ? 1 : 2, axis === 0 ? 1 : 0];
  const [u0, v0, u1, v1] = wanted ?? [0, 0, level.shape[across]!, level.shape[down]!];
  if (
    !(
      isWithin(u0, 0, u1) &&
      isWithin(v0, 0, v1) &&
      isWithin(u1, u0, level.shape[across]!) &&
      isWithin(v1, v0, level.shape[down]!)
    )
  ) {
    throw fault(`box ${u0},${v0},${u1},${v1} is outside of the plane of ${level.shape[across]}×${level.shape[down]} voxels`);
  }
  const box: Box = { start: [0, 0, 0], stop: [1, 1, 1] };
  [box.start[across], box.stop[across]] = [u0, u1];
  [box.start[down], box.stop[down]] = [v0, v1];
  const first = Math.max(0, at - Math.floor(slab / 2));
  const last = Math.min(sections, at - Math.floor(slab / 2) + slab) - 1;
  const each = level.scale[axis] / level.step[axis];
  const section = (n: number) => Math.min(Math.floor(n / each), storedSections(level, axis) - 1);
  return { level, axis, box, from: section(slab === 1 ? at : first), to: section(slab === 1 ? at : last) + 1 };
}

/** Sections of the stored resolution, at least so many. */
function storedSections({ shape, step }: PlaneLevel, axis: number): number {
  return step[axis] === 1 ? shape[axis]! : Number.POSITIVE_INFINITY;
}

export const SLAB_MAX = 512;

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Adds up a box of sections along its axis. */
function addSections(sums: Float64Array, values: ArrayLike<number>, shape: Triple, axis: number, sections: number): void {
  const own = shape.map((length, i) => (i === axis ? sections : length)) as Triple;
  const inner = own.slice(axis + 1).reduce((product, length) => product * length, 1);
  const outer = own.slice(0, axis).reduce((product, length) => product * length, 1);
  for (let o = 0; o < outer; o++)
    for (let s = 0; s < sections; s++) {
      const at = (o * sections + s) * inner;
      for (let i = 0; i < inner; i++) sums[o * inner + i]! += values[at + i]!;
    }
}
