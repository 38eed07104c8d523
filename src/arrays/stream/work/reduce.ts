import { CONVERT, type Kernels } from "../../kernels/kernels.js";
import { FORMS, LEVELS } from "../plan/forms.js";
import type { Geometry, Strip } from "../plan/geometry.js";
import type { PrivateBuffers } from "../plan/private-buffers.js";
import type { Step, Unit } from "../plan/shard-walk.js";
import type { WorkerJob } from "./worker-job.js";

export interface ReducerOptions {
  job: WorkerJob;
  g: Geometry;
  kernels: Kernels;
  buffers: PrivateBuffers;
}

/** Where a plane of a step has the first row of a strip. */
export function ringAddress(g: Geometry, unit: Unit, level: number, plane: number, { row }: Strip, slot: 0 | 1): number {
  const ring = g.rings[level]!;
  return ring.slots[slot] + plane * ring.planeBytes + (row >> level) * unit.rowBytes[level]!;
}

/** What becomes of a strip that has been read: statistics, and the coarser levels. */
export function reducer({ job, g, kernels, buffers }: ReducerOptions) {
  const { thread } = job;
  return { measure, reduce };

  /** Statistics of voxels as they are written, and which labels are among them. */
  function measure(unit: Unit, at: number, voxels: number): void {
    if (g.itemBytes === 4) kernels.stats(at, voxels, buffers.stats);
    else kernels.statsOf(g.itemBytes === 1 ? CONVERT.int8 : CONVERT.uint16, at, voxels, buffers.stats);
    if (FORMS[g.form].counts === "labels") kernels.countLabels(at, voxels, g.counts(unit, thread));
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
    if (FORMS[g.form].counts !== "histogram") return;
    const table = g.counts(unit, thread);
    for (let plane = first; plane < first + planes; plane++) {
      kernels.histogram(ringAddress(g, unit, LEVELS - 1, plane, strip, slot), height * width, table);
    }
  }

  /** Two planes (`second` 0: one) of a level to one of the next. */
  function halve(first: number, second: number, to: number, h: number, w: number, rowBytes: number, nextRowBytes: number): void {
    const zero = job.edge === "zeros" ? 1 : 0;
    if (g.form === "volume") kernels.meanZYX(first, second, to, h, w, rowBytes, nextRowBytes, zero);
    else if (g.form === "series") kernels.meanYX(first, to, h, w, rowBytes, nextRowBytes, zero);
    // zeros beyond an edge hit nothing and are no first voxel: both edge rules give the same mask and the same labels
    else if (g.form === "mask") kernels.anyZYX(first, second, to, h, w, rowBytes, nextRowBytes);
    else kernels.strideZYX(first, second, to, h, w, rowBytes, nextRowBytes);
  }
}
