import { describe, expect, it } from "vitest";
import { ITSELF, joined, needed, type Reach, through } from "./reach.js";

const half = { scale: [2, 2, 2], origin: [0, 0, 1], halo: [1, 0, 3] } as const;
const bound = (of: Pick<Reach, "scale" | "origin" | "halo">) => of as Parameters<typeof through>[1];

describe("(35.2) what a box of one array needs of another", () => {
  it("is what the operator needs, of its own input: scales multiply, origins and halos are counted in finer voxels", () => {
    const once = through(ITSELF, bound({ scale: [2, 2, 2], origin: [0, 0, 1], halo: [1, 0, 3] }));
    expect(once).toEqual(half);
    // voxel i of the second needs 2i+1 of the first and 3 beside it, each of which needs 2(2i+1)+1 of the input, and 3 beside that: 4i+3, 9 around
    const twice = through(once, bound({ scale: [2, 2, 2], origin: [0, 0, 1], halo: [1, 0, 3] }));
    expect(twice).toEqual({ scale: [4, 4, 4], origin: [0, 0, 3], halo: [3, 0, 9] });
  });

  it("of two is the wider one, axis by axis, where both lie alike", () => {
    const wide = { ...ITSELF, halo: [5, 0, 1] } as Reach;
    const flat = { ...ITSELF, halo: [2, 7, 1] } as Reach;
    expect(joined(wide, flat)).toEqual({ ...ITSELF, halo: [5, 7, 1] });
    for (const axis of [0, 1, 2]) {
      const other = (name: "scale" | "origin") =>
        ({ ...ITSELF, [name]: ITSELF[name].map((value, i) => (i === axis ? value + 1 : value)) }) as unknown as Reach;
      expect([joined(ITSELF, other("scale")), joined(other("origin"), ITSELF)], `axis ${axis}`).toEqual([undefined, undefined]);
    }
  });

  it("is the block in voxels of the other, with a halo on both of its sides", () => {
    expect(needed([10, 20, 30], { scale: [1, 2, 3], origin: [4, 4, 4], halo: [0, 1, 5] })).toEqual([10, 42, 100]);
  });
});
