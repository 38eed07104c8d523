import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box, Triple } from "../../../core/box.js";
import { chunkBoxes } from "../../../formats/precomputed/grid.js";
import { haloed } from "./halo.js";

/** A label that tells where it stands. */
const labelAt = ([nz, ny, nx]: Triple, z: number, y: number, x: number) =>
  z < 0 || y < 0 || x < 0 || z >= nz || y >= ny || x >= nx ? 0 : 1 + (z * ny + y) * nx + x;

function labelsOf(shape: Triple, { start, stop }: Box): Uint32Array {
  const labels: number[] = [];
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++) for (let x = start[2]; x < stop[2]; x++) labels.push(labelAt(shape, z, y, x));
  return Uint32Array.from(labels);
}

const length = fc.integer({ min: 1, max: 9 });

describe("chunks with what lies before them", () => {
  it("hold every sample of their box, zeros outside of the volume, and read each once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(length, length, length), fc.tuple(length, length, length), async (shape, chunk) => {
        const boxes = [...chunkBoxes(shape, chunk)].map((box, at) => ({ ...box, key: `${at}` }));
        const read: Box[] = [];
        const keys: string[] = [];
        const found = haloed(shape, boxes, async (box) => {
          read.push(box);
          return labelsOf(shape, box);
        });
        for await (const { key, chunk: own, samples, labels } of found) {
          keys.push(key);
          expect(own).toEqual({ start: boxes[Number(key)]!.start, stop: boxes[Number(key)]!.stop });
          expect(samples.start).toEqual(own.start.map((at) => at - 1));
          expect(samples.stop).toEqual(own.stop.map((at, axis) => at + (at === shape[axis] ? 1 : 0)));
          expect(labels).toEqual(labelsOf(shape, samples));
          expect(labels.byteLength).toBe(labels.buffer.byteLength);
        }
        expect(keys).toEqual(boxes.map((box) => box.key));
        expect(read.length).toBe(boxes.length);
      }),
      { numRuns: 200 },
    );
  });
});
