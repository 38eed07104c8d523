import { combineCrc32 } from "../../../core/crc32.js";
import { type Geometry, SUMS } from "../plan/geometry.js";
import type { Unit } from "../plan/shard-walk.js";
import type { WorkerJob, WorkerMessage } from "./worker-job.js";

/** Adds up the unit in the order of its task list, so the sums do not depend on who did what: a message for the main thread. */
export function sumsOfUnit(job: WorkerJob, g: Geometry, unit: Unit): WorkerMessage {
  const words = new Int32Array(job.memory.buffer);
  const doubles = new Float64Array(job.memory.buffer);
  const sums = [Infinity, -Infinity, 0, 0, 0];
  const checksums: number[] = [];
  const width = unit.x1 - unit.x0;
  for (let s = unit.firstStep; s < unit.firstStep + unit.steps; s++) {
    const step = g.steps[s]!;
    for (let strip = 0; strip < step.strips; strip++) {
      const at = g.sums(step, strip);
      sums[0] = Math.min(sums[0]!, doubles[at]!);
      sums[1] = Math.max(sums[1]!, doubles[at + 1]!);
      for (let i = 2; i < SUMS; i++) sums[i]! += doubles[at + i]!;
    }
    const planes = new Array<number>(step.planes).fill(0);
    for (let number = 0; number < step.strips; number++) {
      const strip = g.strip(step, number);
      for (let p = 0; p < strip.planes; p++) {
        const crc = words[g.checksums(step, number) + p]! >>> 0;
        planes[strip.plane + p] = combineCrc32(planes[strip.plane + p]!, crc, strip.rows * width * g.mrcItemBytes);
      }
    }
    checksums.push(...planes);
  }
  const counts = new Uint32Array(g.countsBytes / 4);
  for (let t = 0; t < job.geometry.threads; t++) {
    const table = new Uint32Array(job.memory.buffer, g.counts(unit, t), counts.length);
    for (let bin = 0; bin < table.length; bin++) counts[bin] = Math.min(counts[bin]! + table[bin]!, 0xffff_ffff);
    table.fill(0);
  }
  return { kind: "unit", unit: unit.index, sums, checksums, counts };
}
