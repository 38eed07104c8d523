import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { type Block, eachRow } from "../block.js";
import type { Connectivity } from "../schemas.js";
import { DisjointSets } from "./disjoint-sets.js";

/** Components of one block, before they are joined with those of its neighbours. */
export interface LabelledBlock {
  /** Label of each voxel of the box in C order: 0, or 1 … `count` by the order of first voxels. */
  readonly labels: Uint32Array;
  readonly components: BlockComponents;
}

/** Plain data: what the following stages need of a block beside its faces. */
export interface BlockComponents {
  readonly box: Box;
  readonly count: number;
  /** First voxel of each component, counted in C order of the whole volume. Exact up to 2⁵³. */
  readonly first: Float64Array;
  /** Voxels of each component. */
  readonly sizes: Float64Array;
}

/**
 * Labels the connected components of a block's voxels that are not 0, without its neighbours.
 *
 * @param core the wanted voxels; the block needs no halo.
 * @param connectivity neighbours that share a face (6), also an edge (18), also a corner (26)
 *
 * Cost: two passes, 4 bytes a voxel and 4 bytes a run of voxels along x.
 */
export function labelBlock(block: Block, core: Box, connectivity: Connectivity): LabelledBlock {
  const shape = boxShape(core);
  const labels = new Uint32Array(volumeOf(shape));
  const sets = new DisjointSets();
  const before = rowsBefore(connectivity);
  const zero = typeof block.data[0] === "bigint" ? 0n : 0;
  eachRow(block.box, core, (from, to, length) => {
    labelRow(block.data, from, labels, to, length, zero, sets);
    joinRows(labels, to, shape, before, sets);
  });
  return { labels, components: numberComponents(labels, core, block.whole, sets) };
}

/** A row that was labelled before: where it lies, and whether its voxels one to the left and to the right touch as well. */
interface RowBefore {
  readonly dz: number;
  readonly dy: number;
  readonly wide: boolean;
}

function rowsBefore(connectivity: Connectivity): readonly RowBefore[] {
  const rows: RowBefore[] = [];
  for (const [dz, dy] of [
    [-1, -1],
    [-1, 0],
    [-1, 1],
    [0, -1],
  ] as const) {
    const off = Math.abs(dz) + Math.abs(dy);
    const most = connectivity === 6 ? 1 : connectivity === 18 ? 2 : 3;
    if (off <= most) rows.push({ dz, dy, wide: off < most });
  }
  return rows;
}

/** One label a run of voxels that are not 0. */
function labelRow(
  data: Block["data"],
  from: number,
  labels: Uint32Array,
  to: number,
  length: number,
  zero: number | bigint,
  sets: DisjointSets,
): void {
  let label = 0;
  for (let i = 0; i < length; i++) {
    if (data[from + i] === zero) label = 0;
    else {
      if (label === 0) label = sets.add();
      labels[to + i] = label;
    }
  }
}

function joinRows(labels: Uint32Array, at: number, [, ny, nx]: Triple, before: readonly RowBefore[], sets: DisjointSets): void {
  const row = Math.floor(at / nx);
  const [z, y] = [Math.floor(row / ny), row % ny];
  for (const { dz, dy, wide } of before) {
    if (z + dz < 0 || y + dy < 0 || y + dy >= ny) continue;
    joinRow(labels, at, ((z + dz) * ny + y + dy) * nx, nx, wide, sets);
  }
}

function joinRow(labels: Uint32Array, at: number, other: number, length: number, wide: boolean, sets: DisjointSets): void {
  for (let i = 0; i < length; i++) {
    const label = labels[at + i]!;
    if (label === 0) continue;
    const above = labels[other + i]!;
    // a run above that reaches here has been joined by the voxel before
    if (above !== 0) {
      if (i === 0 || labels[at + i - 1] === 0 || labels[other + i - 1] === 0) sets.join(label, above);
    } else if (wide) {
      if (i > 0 && labels[other + i - 1] !== 0) sets.join(label, labels[other + i - 1]!);
    }
    if (wide && i + 1 < length && labels[other + i + 1] !== 0 && above === 0) sets.join(label, labels[other + i + 1]!);
  }
}

/** Gives the labels their final numbers in this block, by the order of first voxels. */
function numberComponents(labels: Uint32Array, box: Box, whole: Triple, sets: DisjointSets): BlockComponents {
  const numbers = new Uint32Array(sets.count + 1);
  const [, ny, nx] = boxShape(box);
  const first: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < labels.length; at++) {
    if (labels[at] === 0) continue;
    const root = sets.find(labels[at]!);
    if (numbers[root] === 0) {
      const row = Math.floor(at / nx);
      const [z, y, x] = [Math.floor(row / ny) + box.start[0], (row % ny) + box.start[1], (at % nx) + box.start[2]];
      first.push((z * whole[1] + y) * whole[2] + x);
      sizes.push(0);
      numbers[root] = first.length;
    }
    const number = numbers[root]!;
    labels[at] = number;
    sizes[number - 1]!++;
  }
  return { box, count: first.length, first: Float64Array.from(first), sizes: Float64Array.from(sizes) };
}
