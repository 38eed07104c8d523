import { describe, expect, it } from "vitest";
import { labelInBlocks } from "../../../../test/blocks.js";
import type { Triple } from "../../../core/box.js";
import { neighboursBefore } from "./faces.js";
import { mergeUnions } from "./merge.js";

/** Rows of planes: `#` is a voxel. */
function volume(...planes: readonly string[][]): { data: Uint8Array; shape: Triple } {
  const text = planes.flat().join("");
  return {
    data: Uint8Array.from(text, (letter) => (letter === "#" ? 1 : 0)),
    shape: [planes.length, planes[0]!.length, planes[0]![0]!.length],
  };
}

const labels = (of: { data: Uint8Array; shape: Triple }, block: Triple, connectivity: 6 | 18 | 26, minVoxels = 1) =>
  Array.from(labelInBlocks(of.data, "uint8", of.shape, block, { connectivity, minVoxels }).labels, Number);

describe("components", () => {
  const diagonal = volume(["#..", "...", "..."], ["...", ".#.", "..."], ["...", "...", "..#"]);
  const stairs = volume(["#..", ".#.", "..#"], ["...", "...", "..."]);

  it("touch by faces, edges or corners, across blocks as well as within one", () => {
    for (const block of [
      [3, 3, 3],
      [1, 1, 1],
      [2, 1, 3],
      [1, 2, 2],
    ] as Triple[]) {
      expect(Math.max(...labels(diagonal, block, 26))).toBe(1);
      expect(Math.max(...labels(diagonal, block, 18))).toBe(3);
      expect(Math.max(...labels(stairs, block, 18))).toBe(1);
      expect(Math.max(...labels(stairs, block, 6))).toBe(3);
    }
  });

  it("are numbered by their first voxel, small ones are not", () => {
    const several = volume(["..##", "#...", "#.##"]);
    expect(labels(several, [1, 2, 2], 6)).toEqual([0, 0, 1, 1, 2, 0, 0, 0, 2, 0, 3, 3]);
    const sizes = volume(["#.##", "#...", "#.#."]);
    expect(labels(sizes, [1, 1, 2], 6, 2)).toEqual([1, 0, 2, 2, 1, 0, 0, 0, 1, 0, 0, 0]);
  });

  it("need 3, 9 or 13 neighbours before a block", () => {
    expect([6, 18, 26].map((connectivity) => neighboursBefore(connectivity as 6).length)).toEqual([3, 9, 13]);
  });
});

describe("unions", () => {
  const parts = [
    [0, 1, 1, 1],
    [1, 1, 2, 4],
    [0, 1, 2, 4, 2, 5, 3, 1],
    [3, 1, 0, 1],
  ].map((part) => Float64Array.from(part));

  it("are the same merged at once, two by two or one after the other", () => {
    const once = mergeUnions(parts);
    expect(mergeUnions([mergeUnions(parts.slice(0, 2)), mergeUnions(parts.slice(2))])).toEqual(once);
    expect(parts.reduce<Float64Array>((before, part) => mergeUnions([before, part]), new Float64Array(0))).toEqual(once);
    // the third part's first follows from those before it
    expect([...once]).toEqual([0, 1, 1, 1, 1, 1, 2, 4, 2, 5, 3, 1, 3, 1, 0, 1]);
  });
});
