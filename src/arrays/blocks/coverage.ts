import { type Box, intersect, type Triple, volumeOf } from "../../core/box.js";
import { type NumberArray, viewAs } from "../../formats/zarr/elements.js";
import { forEachLimited } from "../../system/parallel.js";
import type { ReadGrid } from "./grid.js";
import { type Lattice, latticeOf } from "./lattice.js";
import type { BlockLevel, BlockVolume } from "./volume.js";

/**
 * Voxels that a block spans along each axis of the mask at the chosen level: 8³ of them give its coverage as finely as a byte
 * does.
 */
const ENOUGH_VOXELS = 8;

/** Chunks of the mask that are read at a time. */
const AT_ONCE = 4;

/** The share of each block that a mask covers: 0 for none and 255 for all, by id. */
export type Coverage = Uint8Array;

/** The coarsest level of a mask in which blocks still span 8 voxels along each axis; the finest where none has as many. */
export function sufficientLevel(mask: BlockVolume, grid: ReadGrid, gridLevel: BlockLevel, gridName: string): number {
  const names = { grid: gridName, array: mask.name };
  for (let index = mask.levels.length - 1; index > 0; index--) {
    const { scale } = latticeOf(gridLevel, mask.levels[index]!, names);
    if (grid.shape.every((length, axis) => Math.abs(length * scale[axis]!) >= Math.min(ENOUGH_VOXELS, length))) return index;
  }
  return 0;
}

/**
 * Computes the fraction of each block that a mask covers: the share of its voxels that are not 0; voxels outside the mask count
 * as 0. A voxel of the mask belongs to the blocks that hold its center; where none has its center in a block, the one that holds
 * the block's center counts.
 *
 * Every chunk of the level is read once, layer by layer. In memory: a byte a block, four for the blocks of the layers that are being counted.
 */
export async function countCoverage(
  grid: ReadGrid,
  level: BlockLevel,
  lattice: Lattice,
  signal?: AbortSignal,
): Promise<Coverage> {
  const spans = ([0, 1, 2] as const).map((axis) => spansOf(grid, lattice, axis)) as [Span[], Span[], Span[]];
  const coverage = new Uint8Array(grid.count);
  const layers = new Map<number, Uint32Array>();
  const all = reachOf(spans, level.shape);
  for (const slab of all ? tilesOf(all, level.chunk) : []) {
    await forEachLimited(slab, AT_ONCE, async (tile) => {
      const bytes = await level.read(tile, { signal });
      countTile(viewAs(bytes, level.dtype), tile, { spans, grid, layers });
    });
    const stop = slab[0]!.stop[0];
    for (const [z, counts] of layers) if (spans[0][z]!.stop <= stop) finishLayer(z, counts, coverage, spans, layers);
  }
  for (const [z, counts] of layers) finishLayer(z, counts, coverage, spans, layers);
  return coverage;
}

/** Voxels of the mask, along one axis, that a block spans. */
interface Span {
  readonly start: number;
  readonly stop: number;
}

function spansOf(grid: ReadGrid, { scale, shift }: Lattice, axis: 0 | 1 | 2): Span[] {
  return Array.from({ length: grid.counts[axis] }, (_, at) => {
    const start = grid.roi.start[axis] + at * grid.step[axis];
    const stop = Math.min(start + grid.shape[axis], grid.roi.stop[axis]);
    const ends = [start - 0.5, stop - 0.5]
      .map((edge) => Math.ceil(scale[axis] * edge + shift[axis] - 1e-6))
      .sort((a, b) => a - b);
    if (ends[1]! > ends[0]!) return { start: ends[0]!, stop: ends[1]! };
    const middle = Math.floor((scale[axis] * (start + stop - 1)) / 2 + shift[axis] + 0.5);
    return { start: middle, stop: middle + 1 };
  });
}

/** The box of the mask that encloses the spans of all blocks, clipped at the mask's edges; undefined where they do not meet. */
function reachOf(spans: readonly Span[][], shape: Triple): Box | undefined {
  const start = spans.map((axis) => axis.reduce((least, span) => Math.min(least, span.start), Number.POSITIVE_INFINITY));
  const stop = spans.map((axis) => axis.reduce((most, span) => Math.max(most, span.stop), 0));
  return intersect({ start: start as Triple, stop: stop as Triple }, { start: [0, 0, 0], stop: [...shape] });
}

/** The chunks of a box, layer by layer. */
function* tilesOf(all: Box, chunk: Triple): Generator<Box[]> {
  const along = (axis: 0 | 1 | 2) => {
    const pieces: Span[] = [];
    for (let at = Math.floor(all.start[axis] / chunk[axis]) * chunk[axis]; at < all.stop[axis]; at += chunk[axis])
      pieces.push({ start: Math.max(at, all.start[axis]), stop: Math.min(at + chunk[axis], all.stop[axis]) });
    return pieces;
  };
  const [ys, xs] = [along(1), along(2)];
  for (const z of along(0))
    yield ys.flatMap((y) => xs.map((x): Box => ({ start: [z.start, y.start, x.start], stop: [z.stop, y.stop, x.stop] })));
}

interface Counting {
  readonly spans: readonly [Span[], Span[], Span[]];
  readonly grid: ReadGrid;
  readonly layers: Map<number, Uint32Array>;
}

function countTile(voxels: NumberArray, tile: Box, { spans, grid, layers }: Counting): void {
  const [, ny, nx] = grid.counts;
  const near = spans.map((axis, at) => touching(axis, tile.start[at]!, tile.stop[at]!)) as [number[], number[], number[]];
  for (const z of near[0]) {
    const layer = layers.get(z) ?? new Uint32Array(ny * nx);
    layers.set(z, layer);
    for (const y of near[1]) {
      for (const x of near[2]) {
        const part = intersect(tile, boxOfSpans(spans, z, y, x))!;
        layer[y * nx + x]! += countBox(voxels, tile, part);
      }
    }
  }
}

function boxOfSpans([zs, ys, xs]: readonly [Span[], Span[], Span[]], z: number, y: number, x: number): Box {
  const [a, b, c] = [zs[z]!, ys[y]!, xs[x]!];
  return { start: [a.start, b.start, c.start], stop: [a.stop, b.stop, c.stop] };
}

function touching(spans: readonly Span[], start: number, stop: number): number[] {
  return spans.flatMap((span, at) => (span.start < stop && span.stop > start ? at : []));
}

/** Voxels of `part` that are not 0. */
function countBox(voxels: NumberArray, tile: Box, part: Box): number {
  const [height, width] = [tile.stop[1] - tile.start[1], tile.stop[2] - tile.start[2]];
  const [x0, x1] = [part.start[2] - tile.start[2], part.stop[2] - tile.start[2]];
  let count = 0;
  for (let z = part.start[0] - tile.start[0]; z < part.stop[0] - tile.start[0]; z++) {
    for (let y = part.start[1] - tile.start[1]; y < part.stop[1] - tile.start[1]; y++) {
      const row = (z * height + y) * width;
      for (let x = row + x0; x < row + x1; x++) if (voxels[x]) count++;
    }
  }
  return count;
}

function finishLayer(
  z: number,
  counts: Uint32Array,
  coverage: Coverage,
  spans: readonly [Span[], Span[], Span[]],
  layers: Map<number, Uint32Array>,
): void {
  const [, ys, xs] = spans;
  for (const [at, count] of counts.entries()) {
    const { start, stop } = boxOfSpans(spans, z, Math.floor(at / xs.length), at % xs.length);
    const total = volumeOf([stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]]);
    coverage[z * ys.length * xs.length + at] = byteOf(count, total);
  }
  layers.delete(z);
}

/** Coverage as a byte: 0 stands for none and 255 for all, and for nothing else. */
function byteOf(count: number, total: number): number {
  if (count === 0 || count === total) return count === 0 ? 0 : 255;
  return Math.min(254, Math.max(1, Math.round((255 * count) / total)));
}
