import { describe, expect, it } from "vitest";
import { type Box, boxShape, ceilDiv, intersect, type Triple, volumeOf } from "./box.js";

const box = (start: Triple, stop: Triple): Box => ({ start, stop });

describe("intersect", () => {
  const brick = box([0, 0, 0], [4, 6, 8]);

  it("is the part that both have, whichever comes first", () => {
    const other = box([2, 5, -3], [9, 7, 1]);
    const shared = box([2, 5, 0], [4, 6, 1]);
    expect(intersect(brick, other)).toEqual(shared);
    expect(intersect(other, brick)).toEqual(shared);
    expect(intersect(brick, brick)).toEqual(brick);
  });

  it.each<[string, Box]>([
    ["z", box([4, 0, 0], [8, 6, 8])],
    ["y", box([0, 6, 0], [4, 12, 8])],
    ["x", box([0, 0, 8], [4, 6, 16])],
  ])("boxes that only touch along %s share no voxel: `stop` is not inside", (_, next) => {
    expect(intersect(brick, next)).toBeUndefined();
    expect(intersect(next, brick)).toBeUndefined();
  });

  it("boxes that overlap along two axes and not along the third share nothing", () => {
    expect(intersect(brick, box([0, 0, 9], [4, 6, 12]))).toBeUndefined();
    expect(intersect(brick, box([7, 0, 0], [9, 6, 8]))).toBeUndefined();
  });

  it("one voxel is a box, none is not", () => {
    expect(intersect(brick, box([3, 5, 7], [4, 6, 8]))).toEqual(box([3, 5, 7], [4, 6, 8]));
    expect(intersect(brick, box([2, 2, 2], [2, 3, 3]))).toBeUndefined();
  });
});

it("shape and volume count voxels of `[start, stop)`", () => {
  expect(boxShape(box([1, 2, 3], [4, 8, 13]))).toEqual([3, 6, 10]);
  expect(volumeOf([3, 6, 10])).toBe(180);
  expect(volumeOf([3, 0, 10])).toBe(0);
});

it("ceilDiv counts the parts, the last one short", () => {
  expect([0, 1, 63, 64, 65].map((length) => ceilDiv(length, 64))).toEqual([0, 1, 1, 1, 2]);
});
