import { type NumberArray, viewAs } from "../../../formats/zarr/elements.js";
import { FORMS } from "../plan/forms.js";
import type { Geometry, Slab, Strip } from "../plan/geometry.js";
import type { Step } from "../plan/shard-walk.js";
import type { Signals } from "./signals.js";
import type { WorkerJob, WorkerMessage } from "./worker-job.js";

/** The sum of the planes of a slab, strip by strip. */
export interface SlabSum {
  /** Waits until the planes before the strip are added. */
  begin(step: Step, index: number, number: number): void;
  /** Adds a plane at an address, if it is one of the slab. */
  add(step: Step, plane: number, strip: Strip, at: number, voxels: number): void;
  end(step: Step, strip: Strip, voxels: number): void;
}

export interface SlabSumOptions {
  job: WorkerJob;
  g: Geometry;
  slab: Slab;
  atLeast: Signals["atLeast"];
  post(message: WorkerMessage): void;
}

type Voxels = Exclude<NumberArray, BigInt64Array | BigUint64Array>;

export function overlaps(z0: number, planes: number, slab: Slab): boolean {
  return z0 < slab.z1 && z0 + planes > slab.z0;
}

export function slabSum({ job, g, slab, atLeast, post }: SlabSumOptions): SlabSum {
  const { control } = g;
  const bytes = new Uint8Array(job.memory.buffer);
  return { begin: beginSum, add: addToSum, end: endSum };

  /** Planes are added in their order, whichever worker reads them: sums of float32 depend on the order. */
  function beginSum(step: Step, index: number, number: number): void {
    const { plane, row } = g.strip(step, number);
    const before = g.steps[index - 1];
    // all units use the same room, and this one may be read while the one before is still being added up
    if (before && before.unit !== step.unit) atLeast(control.read[1 - (index & 1)]!, before.slotStripsBefore + before.strips);
    // The earlier planes are in this step, the one before, or already added: buffers are reused after two steps.
    if (plane > 0) atLeast(control.strip(index & 1, stripAt(step, number, row)), index + 1);
    if (plane > 0 || before?.y0 !== step.y0 || !overlaps(before.z0, before.planes, slab)) return;
    const above = stripAt(before, before.strips, row);
    if (above >= 0) atLeast(control.strip(1 - (index & 1), above), index);
  }

  /** The last strip of a step before strip `end` that begins at a row; −1 where there is none. */
  function stripAt(step: Step, end: number, row: number): number {
    let number = end - 1;
    while (number >= 0 && g.strip(step, number).row !== row) number--;
    return number;
  }

  function addToSum(step: Step, plane: number, strip: Strip, at: number, voxels: number): void {
    const z = step.z0 + plane;
    if (z < slab.z0 || z >= slab.z1) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(step, strip), voxels);
    const voxel = viewAs(bytes.subarray(at, at + voxels * g.itemBytes), FORMS[g.form].dtype) as Voxels;
    if (z === Math.max(slab.z0, step.unit.z0)) sum.set(voxel);
    else for (let i = 0; i < voxels; i++) sum[i]! += voxel[i]!;
  }

  /** The unit's last plane of the slab is in: what there is of these rows goes to the main thread. */
  function endSum(step: Step, strip: Strip, voxels: number): void {
    const { unit } = step;
    if (step.z0 + strip.plane + strip.planes < Math.min(slab.z1, unit.z1)) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(step, strip), voxels).slice();
    post({ kind: "slab", y: step.y0 + strip.row, x: unit.x0, width: unit.x1 - unit.x0, sum });
  }
}
