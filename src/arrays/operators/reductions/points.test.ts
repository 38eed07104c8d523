import { describe, expect, it } from "vitest";
import { reduceInBlocks, wholeBlock } from "../../../../test/blocks.js";
import type { Triple } from "../../../core/box.js";
import { points } from "./points.js";

const SHAPE: Triple = [2, 3, 4];
// by hand: 7 is an L in the first plane, 2⁶⁰ a rod through both
const LABELS = BigInt64Array.from(
  [
    [7, 7, 7, 0],
    [7, 0, 0, -3],
    [0, 0, 0, 1],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 1],
  ]
    .flat()
    .map((value) => (value === 1 ? 2n ** 60n : BigInt(value))),
);
const facts = { dtype: "int64", shape: SHAPE, voxelSizeNm: [2, 1, 0.5], offsetNm: [10, 0, 0] } as const;
const input = { ...facts, shape: SHAPE };

describe("points", () => {
  it("are centroids, sizes and boxes of labels, however the volume is cut", () => {
    const wanted = {
      points: [
        { label: "-3", voxels: 1, centroid: [0, 1, 3], centroidNm: [10, 1, 1.5], box: { start: [0, 1, 3], stop: [1, 2, 4] } },
        {
          label: "7",
          voxels: 4,
          centroid: [0, 0.25, 0.75],
          centroidNm: [10, 0.25, 0.375],
          box: { start: [0, 0, 0], stop: [1, 2, 3] },
        },
        {
          label: String(2n ** 60n),
          voxels: 2,
          centroid: [0.5, 2, 3],
          centroidNm: [11, 2, 1.5],
          box: { start: [0, 2, 3], stop: [2, 3, 4] },
        },
      ],
    };
    for (const block of [
      [2, 3, 4],
      [1, 1, 1],
      [2, 2, 2],
      [1, 3, 3],
    ] as Triple[])
      expect(reduceInBlocks(points.bind({}, input), wholeBlock(LABELS, "int64", SHAPE), block, 2)).toEqual(wanted);
    const few = points.bind({ minVoxels: 3 }, { ...input, voxelSizeNm: [undefined, 1, 1] });
    const { points: left } = reduceInBlocks(few, wholeBlock(LABELS, "int64", SHAPE), [1, 1, 2], 3) as typeof wanted;
    expect(left).toEqual([{ ...wanted.points[1], centroidNm: null }]);
  });

  it("bind to the same from what a plan holds", () => {
    const bound = points.bind({}, input);
    const again = points.bind(bound.params, { ...input, voxelSizeNm: [undefined, undefined, undefined] });
    expect(again.params).toEqual(bound.params);
  });

  it("refuse floats and more labels than are allowed", () => {
    expect(() => points.bind({}, { ...input, dtype: "float32" })).toThrow("takes integers, not float32");
    const bound = points.bind({ labelsMax: 2 }, input);
    expect(() => reduceInBlocks(bound, wholeBlock(LABELS, "int64", SHAPE), [1, 1, 1], 2)).toThrow("more than 2 labels");
  });

  it("keep sums beyond 2⁵³ to the last unit", () => {
    const bound = points.bind({}, input);
    const part = { labels: ["1"], voxels: [2 ** 52], sums: [String(2n ** 72n + 2n ** 51n), "0", "0"], boxes: [0, 0, 0, 0, 0, 0] };
    expect(bound.finish(part)).toMatchObject({ points: [{ centroid: [2 ** 20 + 0.5, 0, 0] }] });
  });
});
