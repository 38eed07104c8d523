import { describe, expect, it } from "vitest";
import { bucketed, decodeOverlay, encodeOverlay, NO_SHAPES } from "./overlay-bytes.js";

describe("bytes of an overlay", () => {
  const shapes = {
    ...NO_SHAPES,
    xyz: Float32Array.of(1, 2, 30, 4, 5, 10, 7, 8, 20),
    directions: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    radii: Float32Array.of(3, 1, 2),
    instances: Uint32Array.of(3, 1, 2),
  };

  it("are read as they were written", () => {
    const bytes = encodeOverlay({ ...shapes, contours: Uint32Array.of(0, 3), closed: Uint32Array.of(1), zMin: 0.5, zStep: 0.25 });
    const read = decodeOverlay(bytes.buffer);
    expect({ ...read }).toEqual({ ...shapes, contours: Uint32Array.of(0, 3), closed: Uint32Array.of(1), zMin: 0.5, zStep: 0.25 });
    expect(() => decodeOverlay(bytes.buffer.slice(0, -4))).toThrow(/announced/);
    expect(() => decodeOverlay(new ArrayBuffer(60))).toThrow(/not an overlay/);
  });

  it("have points by z, with all that belongs to each", () => {
    const sorted = bucketed(shapes);
    expect([...sorted.xyz]).toEqual([4, 5, 10, 7, 8, 20, 1, 2, 30]);
    expect([...sorted.places]).toEqual([1, 2, 0]);
    expect([...sorted.radii]).toEqual([1, 2, 3]);
    expect([...sorted.instances]).toEqual([1, 2, 3]);
    expect([...sorted.directions]).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0]);
    expect([sorted.buckets[0], sorted.buckets.at(-1), sorted.zMin]).toEqual([0, 3, 10]);
    const bucket = Math.floor((20 - sorted.zMin) / sorted.zStep);
    expect([sorted.buckets[bucket], sorted.buckets[bucket + 1]]).toEqual([1, 2]);
  });

  it("have no points, or points of one section", () => {
    expect(bucketed(NO_SHAPES).places.length).toBe(0);
    expect([...bucketed({ ...NO_SHAPES, xyz: Float32Array.of(1, 2, 3, 4, 5, 3) }).places]).toEqual([0, 1]);
  });
});
