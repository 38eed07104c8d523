import { type Box, boxShape, ceilDiv, intersect, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { BlockLevel } from "./volume.js";
import { filledBy, type NmBox, voxelSizeOf, voxelsIn } from "./world.js";

/**
 * Contents of a block beyond the edge of the volume.
 *
 * - `reflect`: the volume mirrored at the outer side of its last voxel, `d c b a | a b c d | d c b a`. This is scipy.ndimage's `reflect`, which
 *   numpy.pad calls `symmetric`; it is not numpy's `reflect` (scipy's `mirror`), which does not repeat the last voxel.
 * - `constant`: `constant` of the request, default 0 (scipy.ndimage's `constant`, or numpy.pad's).
 * - `shrink`: nothing. The box ends where the volume ends, so blocks at the edges are smaller.
 */
export type EdgeRule = "reflect" | "constant" | "shrink";

/** A region: in nanometers of the world, or in voxels of a level (default: the level that is read). */
export type Roi =
  | { readonly nm: NmBox }
  | {
      readonly voxel: { readonly start: Readonly<Triple>; readonly size: Readonly<Triple> };
      readonly level?: number | undefined;
    };

export interface GridRequest {
  /** Region of interest. Default: the whole level. Parts outside the level are left out. */
  readonly roi?: Roi | undefined;
  /** Level whose voxels are read. Default 0, the finest. */
  readonly level?: number | undefined;
  /** Voxels of a block without its halo. */
  readonly shape: Readonly<Triple>;
  /** Voxels from one block to the next. Default: `shape`. */
  readonly step?: Readonly<Triple> | undefined;
  /** Voxels around the block that are read with it. One number holds for every axis. Default 0. */
  readonly halo?: number | Readonly<Triple> | undefined;
  /** Rule for voxels beyond the level's edges. Default `reflect`. */
  readonly edge?: EdgeRule | undefined;
  /** The value outside the volume for the edge rule `constant`. Default 0. */
  readonly constant?: number | undefined;
}

/** Blocks as a formula: block `id` lies at the `id`-th place in C order of `counts`. In voxels of one level. */
export interface ReadGrid {
  /** Shape of the level. */
  readonly bounds: Triple;
  readonly roi: Box;
  readonly shape: Triple;
  readonly step: Triple;
  readonly halo: Triple;
  readonly edge: EdgeRule;
  readonly constant: number;
  /** Blocks along each axis, and all of them. */
  readonly counts: Triple;
  readonly count: number;
}

/**
 * The grid of a request. Blocks follow each other by `step` from the beginning of the region, until one reaches its end.
 *
 * @throws {EmporiumError} USAGE: sizes that are no whole numbers > 0, a level that is not there, a region outside the volume
 */
export function gridOf(levels: readonly BlockLevel[], request: GridRequest, name = "the volume"): ReadGrid {
  const level = levelAt(levels, request.level ?? 0, name);
  const shape = wholeTriple(request.shape, "shape of a block", 1);
  const step = wholeTriple(request.step ?? shape, "step of the blocks", 1);
  const { halo = 0 } = request;
  const roi = roiOf(levels, request, name);
  const size = boxShape(roi);
  const counts = size.map((length, axis) => {
    const toEnd = ceilDiv(Math.max(0, length - shape[axis]!), step[axis]!) + 1;
    return Math.min(toEnd, ceilDiv(length, step[axis]!));
  }) as Triple;
  const count = counts[0] * counts[1] * counts[2];
  if (count > Number.MAX_SAFE_INTEGER) throw usage(`${counts.join("×")} blocks are more than can be numbered`);
  return {
    bounds: [...level.shape],
    roi,
    shape,
    step,
    halo: wholeTriple(typeof halo === "number" ? [halo, halo, halo] : halo, "halo", 0),
    edge: request.edge ?? "reflect",
    constant: request.constant ?? 0,
    counts,
    count,
  };
}

/** A region in voxels of the level that is read, without what lies outside the level. @throws {EmporiumError} USAGE */
function roiOf(levels: readonly BlockLevel[], { roi, level: index = 0 }: GridRequest, name: string): Box {
  const level = levelAt(levels, index, name);
  const bounds: Box = { start: [0, 0, 0], stop: [...level.shape] };
  if (roi === undefined) return bounds;
  const box = boxOfRoi(levels, roi, index, name);
  const inside = intersect(box, bounds);
  if (inside) return inside;
  throw usage(
    `${name}: the region from ${box.start.join(",")} to ${box.stop.join(",")} holds no voxel of ${level.shape.join("×")}`,
  );
}

function boxOfRoi(levels: readonly BlockLevel[], roi: Roi, index: number, name: string): Box {
  const inNm = (box: NmBox) => voxelsIn(box, voxelSizeOf(levels[index]!, name), levels[index]!.offsetNm);
  if ("nm" in roi) return inNm(roi.nm);
  const start = wholeTriple(roi.voxel.start, "start of a region", Number.MIN_SAFE_INTEGER);
  const size = wholeTriple(roi.voxel.size, "size of a region", 1);
  const box: Box = { start, stop: start.map((from, axis) => from + size[axis]!) as Triple };
  if (roi.level === undefined || roi.level === index) return box;
  const given = levelAt(levels, roi.level, name);
  return inNm(filledBy(box, voxelSizeOf(given, name), given.offsetNm));
}

/** @throws {EmporiumError} USAGE */
export function levelAt(levels: readonly BlockLevel[], index: number, name: string): BlockLevel {
  const level = levels[index];
  if (level) return level;
  throw usage(`${name} has no level ${index}; it has ${levels.length}`);
}

function wholeTriple(values: Readonly<Triple>, what: string, min: number): Triple {
  if (values.length === 3 && values.every((value) => Number.isSafeInteger(value) && value >= min)) return [...values];
  throw usage(
    `${what}: expected three whole numbers${min > Number.MIN_SAFE_INTEGER ? ` of ${min} or more` : ""}, found ${values.join(",")}`,
  );
}

function usage(message: string): EmporiumError {
  return new EmporiumError("USAGE", message);
}

/** Place of a block in its grid. */
export function placeOf({ counts: [, y, x] }: Pick<ReadGrid, "counts">, id: number): Triple {
  const row = Math.floor(id / x);
  return [Math.floor(row / y), row % y, id % x];
}

/** A block without its halo: its part of the region of interest. With `step` below `shape`, blocks overlap. */
export function coreOf(grid: ReadGrid, id: number): Box {
  const start = startOf(grid, id);
  return { start, stop: start.map((from, axis) => Math.min(from + grid.shape[axis]!, grid.roi.stop[axis]!)) as Triple };
}

/**
 * The box that is read for a block, halo included. With the edge rule `shrink` it ends where the level ends and spans the core
 * and the halo. Otherwise every box of a grid has the same shape, `shape + 2 · halo`, and may reach over the level's edges.
 */
export function boxOf(grid: ReadGrid, id: number): Box {
  const { bounds, shape, halo, edge } = grid;
  if (edge !== "shrink") {
    const start = startOf(grid, id).map((from, axis) => from - halo[axis]!) as Triple;
    return { start, stop: start.map((from, axis) => from + shape[axis]! + 2 * halo[axis]!) as Triple };
  }
  const core = coreOf(grid, id);
  return {
    start: core.start.map((from, axis) => Math.max(0, from - halo[axis]!)) as Triple,
    stop: core.stop.map((to, axis) => Math.min(bounds[axis]!, to + halo[axis]!)) as Triple,
  };
}

function startOf(grid: ReadGrid, id: number): Triple {
  return placeOf(grid, id).map((at, axis) => grid.roi.start[axis]! + at * grid.step[axis]!) as Triple;
}
