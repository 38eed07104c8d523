import { CONVERT, type Kernels } from "../../kernels/kernels.js";
import { BLOCK_BYTES, FORMS, LEVELS } from "../plan/forms.js";
import type { Geometry, Strip } from "../plan/geometry.js";
import type { PrivateBuffers } from "../plan/private-buffers.js";
import type { Step, Unit } from "../plan/shard-walk.js";
import type { WorkerJob } from "./worker-job.js";

/** Voxels that the block buffer holds as float32. */
const PIECE_VOXELS = BLOCK_BYTES / 4;

export interface ReducerOptions {
  job: WorkerJob;
  g: Geometry;
  kernels: Kernels;
  buffers: PrivateBuffers;
}

/** Address of a strip's first row in one plane of a step. */
export function ringAddress(g: Geometry, unit: Unit, level: number, plane: number, { row }: Strip, slot: 0 | 1): number {
  const ring = g.rings[level]!;
  return ring.slots[slot] + plane * ring.planeBytes + (row >> level) * unit.rowBytes[level]!;
}

/** Processing of a strip that has been read: statistics, and the rows of the coarser levels. */
export function reducer({ job, g, kernels, buffers }: ReducerOptions) {
  const { thread } = job;
  const { dtype, counts, reduce: rule, integers } = FORMS[g.form];
  return { measure, reduce };

  /** Statistics of voxels as they are written, and which labels are among them. */
  function measure(unit: Unit, at: number, voxels: number): void {
    kernels.statsOf(CONVERT[dtype], at, voxels, buffers.stats);
    if (counts === "labels") kernels.countLabels(at, voxels, g.counts(unit, thread));
  }

  /** Rows of the coarser levels that this strip gives, and the coarsest level's histogram. */
  function reduce(step: Step, strip: Strip, slot: 0 | 1): void {
    const { unit } = step;
    let { plane: first, planes, rows: height } = strip;
    let width = unit.x1 - unit.x0;
    for (let level = 0; level + 1 < LEVELS; level++) {
      const rowBytes = unit.rowBytes[level]!;
      const nextRowBytes = unit.rowBytes[level + 1]!;
      const address = (at: number, plane: number) => ringAddress(g, unit, at, plane, strip, slot);
      const pairs = g.halvesZ ? Math.ceil(planes / 2) : 1;
      const next = g.halvesZ ? first / 2 : first;
      for (let pair = 0; pair < pairs; pair++) {
        const second = g.halvesZ && 2 * pair + 1 < planes ? address(level, first + 2 * pair + 1) : 0;
        const from = address(level, first + (g.halvesZ ? 2 : 1) * pair);
        halve(from, second, address(level + 1, next + pair), height, width, rowBytes, nextRowBytes);
      }
      first = next;
      planes = pairs;
      height = Math.ceil(height / 2);
      width = Math.ceil(width / 2);
    }
    if (counts !== "histogram") return;
    for (let plane = first; plane < first + planes; plane++) {
      count(ringAddress(g, unit, LEVELS - 1, plane, strip, slot), height * width, g.counts(unit, thread));
    }
  }

  /** Adds voxels of the coarsest level to the table, integers by way of float32. */
  function count(at: number, voxels: number, table: number): void {
    if (integers === undefined) {
      kernels.histogram(at, voxels, table);
      return;
    }
    for (let done = 0; done < voxels; done += PIECE_VOXELS) {
      const some = Math.min(PIECE_VOXELS, voxels - done);
      kernels.convert(integers, at + done * g.itemBytes, buffers.block, some);
      kernels.histogram(buffers.block, some, table);
    }
  }

  /** Reduces two planes of a level (one if `second` is 0) to one of the next. */
  function halve(first: number, second: number, to: number, h: number, w: number, rowBytes: number, nextRowBytes: number): void {
    const zero = job.edge === "zeros" ? 1 : 0;
    if (integers !== undefined && g.halvesZ)
      kernels.roundedMeanZYX(integers, first, second, to, h, w, rowBytes, nextRowBytes, zero);
    else if (integers !== undefined) kernels.roundedMeanYX(integers, first, to, h, w, rowBytes, nextRowBytes, zero);
    else if (rule === "mean" && g.halvesZ) kernels.meanZYX(first, second, to, h, w, rowBytes, nextRowBytes, zero);
    else if (rule === "mean") kernels.meanYX(first, to, h, w, rowBytes, nextRowBytes, zero);
    // zeros beyond an edge hit nothing and are no first voxel: both edge rules give the same mask and the same labels
    else if (rule === "any") kernels.anyZYX(first, second, to, h, w, rowBytes, nextRowBytes);
    else kernels.strideZYX(first, second, to, h, w, rowBytes, nextRowBytes);
  }
}
