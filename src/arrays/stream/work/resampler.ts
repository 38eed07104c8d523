import { CONVERT, type Kernels } from "../../kernels/kernels.js";
import type { Geometry, Strip } from "../plan/geometry.js";
import { type PrivateBuffers, RAW_ROWS } from "../plan/private-buffers.js";
import { MEAN_ROWS, nearestIndices, overlap, overlapping } from "../plan/resampling.js";
import type { Step } from "../plan/shard-walk.js";
import type { StripReader } from "./strip-reader.js";
import type { WorkerJob } from "./worker-job.js";

/** Fills all planes and rows of a strip. */
export type Resampler = (step: Step, strip: Strip, slot: 0 | 1) => void;

export interface ResamplerOptions {
  job: WorkerJob;
  g: Geometry;
  kernels: Kernels;
  reader: StripReader;
  buffers: PrivateBuffers;
}

/**
 * Mask or labels in another shape, strip by strip. Reads the source rows that a strip needs, in file order, and holds only some
 * rows. Rows at the border of two strips or steps are read twice.
 */
export function resampler(options: ResamplerOptions): Resampler {
  const { job } = options;
  switch (job.geometry.resampling!.method) {
    case "any":
      return anyResampler(options);
    case "mean":
      return meanResampler(options);
    case "nearest":
      return nearestResampler(options);
  }
}

/** Address of a row in the step buffer of level 0; plane and row count from the strip's own first ones. */
function rowAddress(g: Geometry, { unit }: Step, strip: Strip, plane: number, row: number, slot: 0 | 1): number {
  const ring = g.rings[0]!;
  return ring.slots[slot] + (strip.plane + plane) * ring.planeBytes + (strip.row + row) * unit.rowBytes[0]!;
}

/** Reads the source rows that overlap target planes and rows, in file order; `take` gets the target rows that each overlaps. */
function overlapWalk({ job, reader, buffers }: ResamplerOptions) {
  const [sz, sy] = job.geometry.resampling!.shape;
  const [tz, ty] = job.geometry.shape;
  return (
    [z0, z1]: [number, number],
    [y0, y1]: [number, number],
    read: (raw: number) => boolean,
    take: (z: number, y: number, targetZ: number, targetY: number) => void,
  ): void => {
    const planes = overlapping(sz, tz, z0, z1);
    const band = overlapping(sy, ty, y0, y1);
    for (let z = planes.first; z < planes.end; z++) {
      const inZ = overlapping(tz, sz, z);
      for (let first = band.first; first < band.end; first += RAW_ROWS) {
        const count = Math.min(RAW_ROWS, band.end - first);
        reader.rows(z, first, count, buffers.raw);
        for (let y = first; y < first + count; y++) {
          if (!read(buffers.raw + (y - first) * job.source.rowBytes)) continue;
          const inY = overlapping(ty, sy, y);
          for (let p = Math.max(inZ.first, z0); p < Math.min(inZ.end, z1); p++) {
            for (let t = Math.max(inY.first, y0); t < Math.min(inY.end, y1); t++) take(z, y, p, t);
          }
        }
      }
    }
  };
}

function anyResampler(options: ResamplerOptions): Resampler {
  const { job, g, kernels, reader, buffers } = options;
  const bytes = new Uint8Array(job.memory.buffer);
  const sx = job.geometry.resampling!.shape[2];
  const tx = job.geometry.shape[2];
  const walk = overlapWalk(options);
  return (step, strip, slot) => {
    const { unit } = step;
    const width = unit.x1 - unit.x0;
    const { planes, rows } = strip;
    const [z0, y0] = [step.z0 + strip.plane, step.y0 + strip.row];
    for (let p = 0; p < planes; p++) {
      const at = rowAddress(g, step, strip, p, 0, slot);
      bytes.fill(0, at, at + rows * width);
    }
    const read = (raw: number): boolean => {
      // most rows of most masks are empty
      if (reader.select(raw, sx, buffers.row, job.select!) === 0) return false;
      kernels.overlapAny(buffers.row, buffers.line, sx, tx, unit.x0, width);
      return true;
    };
    walk([z0, z0 + planes], [y0, y0 + rows], read, (_z, _y, p, t) => {
      kernels.addAny(buffers.line, rowAddress(g, step, strip, p - z0, t - y0, slot), width);
    });
  };
}

/** Sums of overlap × voxel in float64. Their mean is compared as float32, so a constant volume keeps its exact value. */
function meanResampler(options: ResamplerOptions): Resampler {
  const { job, g, kernels, buffers } = options;
  const doubles = new Float64Array(job.memory.buffer);
  const [sz, sy, sx] = job.geometry.resampling!.shape;
  const [tz, ty, tx] = job.geometry.shape;
  const threshold = (job.select as { atLeast: number }).atLeast;
  const whole = sz * sy * sx;
  const walk = overlapWalk(options);

  return (step, strip, slot) => {
    for (let from = 0; from < strip.rows; from += MEAN_ROWS)
      band(step, strip, from, Math.min(MEAN_ROWS, strip.rows - from), slot);
  };

  function band(step: Step, strip: Strip, from: number, rows: number, slot: 0 | 1): void {
    const { unit } = step;
    const width = unit.x1 - unit.x0;
    const { planes } = strip;
    const z0 = step.z0 + strip.plane;
    const top = step.y0 + strip.row + from;
    const sums = (plane: number, row: number) => buffers.sums + (plane * rows + row) * width * 8;
    doubles.fill(0, sums(0, 0) / 8, sums(planes, 0) / 8);
    const read = (raw: number): boolean => {
      kernels.convert(CONVERT[job.source.convert], raw, buffers.row, sx);
      kernels.overlapSum(buffers.row, buffers.line, sx, tx, unit.x0, width);
      return true;
    };
    walk([z0, z0 + planes], [top, top + rows], read, (z, y, p, t) => {
      const weight = overlap(sz, tz, z, p) * overlap(sy, ty, y, t);
      kernels.addScaled(buffers.line, sums(p - z0, t - top), width, weight);
    });
    for (let p = 0; p < planes; p++) {
      for (let t = 0; t < rows; t++) {
        kernels.selectMean(sums(p, t), rowAddress(g, step, strip, p, from + t, slot), width, whole, threshold);
      }
    }
  }
}

function nearestResampler({ job, g, reader, buffers }: ResamplerOptions): Resampler {
  const bytes = new Uint8Array(job.memory.buffer);
  const shorts = new Uint16Array(job.memory.buffer);
  const [inZ, inY, inX] = job.geometry.resampling!.shape.map((n, axis) => nearestIndices(n, job.geometry.shape[axis]!));
  const sx = job.geometry.resampling!.shape[2];
  const { rowBytes } = job.source;
  return (step, strip, slot) => {
    const { unit } = step;
    const width = unit.x1 - unit.x0;
    const { rows } = strip;
    const [z0, y0] = [step.z0 + strip.plane, step.y0 + strip.row];
    for (let p = 0; p < strip.planes; p++) {
      const z = inZ![z0 + p]!;
      const plane = rowAddress(g, step, strip, p, 0, slot);
      if (p > 0 && z === inZ![z0 + p - 1]) {
        const before = rowAddress(g, step, strip, p - 1, 0, slot);
        bytes.copyWithin(plane, before, before + rows * width * 2);
        continue;
      }
      let held = { first: 0, end: 0 };
      for (let t = 0; t < rows; t++) {
        const y = inY![y0 + t]!;
        const to = plane + t * width * 2;
        if (t > 0 && y === inY![y0 + t - 1]) {
          bytes.copyWithin(to, to - width * 2, to);
          continue;
        }
        if (y >= held.end) {
          held = { first: y, end: Math.min(y + RAW_ROWS, inY![y0 + rows - 1]! + 1) };
          reader.rows(z, held.first, held.end - held.first, buffers.raw);
        }
        reader.label(buffers.raw + (y - held.first) * rowBytes, sx, buffers.picked, [z, y, 0]);
        for (let x = 0; x < width; x++) shorts[to / 2 + x] = shorts[buffers.picked / 2 + inX![unit.x0 + x]!]!;
      }
    }
  };
}
