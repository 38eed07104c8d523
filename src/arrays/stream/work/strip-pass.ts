import { crc32 } from "node:zlib";
import { type DirectFile, writeAll, writeLong } from "../../../stores/file/direct.js";
import { FORMS } from "../plan/forms.js";
import { SUMS } from "../plan/geometry.js";
import { WINDOW_BYTES } from "../plan/private-buffers.js";
import type { Step } from "../plan/shard-walk.js";
import { type ReducerOptions, reducer, ringAddress } from "./reduce.js";
import { resampler } from "./resampler.js";
import type { Signals } from "./signals.js";
import { overlaps, slabSum } from "./slab-sum.js";
import type { StripReader } from "./strip-reader.js";
import type { WorkerMessage } from "./worker-job.js";

export interface StripPassOptions extends ReducerOptions {
  reader: StripReader;
  /** The MRC file; undefined where none is written. */
  output: DirectFile | undefined;
  atLeast: Signals["atLeast"];
  post(message: WorkerMessage): void;
}

/** Reads a strip of a step, measures it, writes it to the MRC file, and makes the coarser levels of it. */
export type StripPass = (step: Step, index: number, number: number, slot: 0 | 1) => void;

export function stripPass({ job, g, kernels, reader, buffers, output, atLeast, post }: StripPassOptions): StripPass {
  const bytes = new Uint8Array(job.memory.buffer);
  const words = new Int32Array(job.memory.buffer);
  const doubles = new Float64Array(job.memory.buffer);
  const { control, mrcItemBytes: itemBytes } = g;
  const { integers } = FORMS[g.form];
  const { slab } = job.geometry;
  const { measure, reduce } = reducer({ job, g, kernels, buffers });
  const sum = slab && slabSum({ job, g, slab, atLeast, post });
  const window = { memory: bytes, at: buffers.window, bytes: WINDOW_BYTES };
  const resample = job.geometry.resampling && resampler({ job, g, kernels, reader, buffers });
  return readStrip;

  function readStrip(step: Step, index: number, number: number, slot: 0 | 1): void {
    const { unit } = step;
    const [, ny, nx] = job.geometry.shape;
    const strip = g.strip(step, number);
    const { rows } = strip;
    const y = step.y0 + strip.row;
    const width = unit.x1 - unit.x0;
    const whole = width === nx;
    const voxels = rows * width;
    const sums = g.sums(step, number);
    const crcs = g.checksums(step, number);
    doubles.set([Infinity, -Infinity, 0, 0, 0], sums);
    resample?.(step, strip, slot);
    const summing = slab && overlaps(step.z0 + strip.plane, strip.planes, slab) ? sum : undefined;
    summing?.begin(step, index, number);
    for (let plane = strip.plane; plane < strip.plane + strip.planes; plane++) {
      const at = ringAddress(g, unit, 0, plane, strip, slot);
      if (!resample) reader.load(step, index, strip, plane, at);
      measure(unit, at, voxels);
      summing?.add(step, plane, strip, at, voxels);
      const s = buffers.stats / 8;
      doubles[sums] = Math.min(doubles[sums]!, doubles[s]!);
      doubles[sums + 1] = Math.max(doubles[sums + 1]!, doubles[s + 1]!);
      for (let i = 2; i < SUMS; i++) doubles[sums + i]! += doubles[s + i]!;
      if (output === undefined) continue;
      const first = ((step.z0 + plane) * ny + y) * nx + unit.x0;
      const position = job.mrc!.dataOffset + first * itemBytes;
      // the MRC is float32, whatever the Zarr keeps
      if (integers !== undefined) kernels.convert(integers, at, buffers.floats, voxels);
      const out = integers === undefined ? at : buffers.floats;
      if (whole) writeLong(output, bytes, window, { at: out, length: voxels * itemBytes, position });
      else {
        for (let row = 0; row < rows; row++) {
          const from = out + row * width * itemBytes;
          writeAll(output.fd, bytes, from, width * itemBytes, position + row * nx * itemBytes);
        }
      }
      words[crcs + plane - strip.plane] = whole ? crc32(bytes.subarray(out, out + voxels * itemBytes)) | 0 : 0;
    }
    reduce(step, strip, slot);
    summing?.end(step, strip, voxels);
    Atomics.add(words, control.rowsRead, rows * strip.planes);
  }
}
