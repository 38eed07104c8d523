import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import type { Facts } from "./nodes.js";
import type { OutputPlan } from "./outputs.js";
import { precomputedNotes, voxelOffset } from "./precomputed-array.js";

/** Levels of voxels of 2 nm, 4 nm, …; each with the centre of its first voxel. */
const factsOf = (level: number, offsetNm: Triple) => {
  const nm = 2 * 2 ** level;
  return { voxelSizeNm: [nm, nm, nm], offsetNm } as unknown as Facts;
};

function notesOf(...offsetsNm: Triple[]): string[] {
  const [finest, ...coarser] = offsetsNm.map((offsetNm, level) => {
    const facts = factsOf(level, offsetNm);
    const offset = voxelOffset(factsOf(0, offsetsNm[0]!), facts);
    return { node: { facts }, array: { format: "precomputed", offset } };
  });
  return precomputedNotes({ name: "em", ...finest, coarser } as unknown as OutputPlan);
}

const WHY = "em: voxels of precomputed volumes begin at multiples of their size";

describe("a volume whose format knows places by whole voxels alone", () => {
  it("is said to be moved only where it is", () => {
    // voxels that begin at 0: centres are half a voxel behind
    expect(notesOf([1, 1, 1], [2, 2, 2], [4, 4, 4])).toEqual([]);
    expect(notesOf([0, 1, 1])).toEqual([`${WHY}: its own are moved by 1, 0, 0 nm (z, y, x)`]);
  });

  it("has levels that are named where they are moved in another way than the finest", () => {
    expect(notesOf([1, 1, 1], [2, 2, 2.5])).toEqual([`${WHY}: level 1 is moved by 0, 0, -0.5 nm (z, y, x)`]);
    // of a level that is not moved there is nothing to say
    expect(notesOf([0, 1, 1], [2, 2, 2])).toEqual([`${WHY}: its own are moved by 1, 0, 0 nm (z, y, x)`]);
    expect(notesOf([0, 1, 1], [1, 2, 2])).toEqual([`${WHY}: its own are moved by 1, 0, 0 nm (z, y, x)`]);
  });
});
