import { describe, expect, it } from "vitest";
import { boxShape, type Triple, volumeOf } from "../../../../core/box.js";
import { colourOf, latticesOf, type Neighbours, writtenBefore } from "./colours.js";

const STEPS = [-1, 0, 1];
const PLACES = [2, 3].flatMap((z) => [2, 3].flatMap((y) => [2, 3].map((x): Triple => [z, y, x])));

describe("colours of blocks", () => {
  it.each<[Neighbours, sides: number, colours: number]>([
    [6, 1, 2],
    [18, 2, 4],
    [26, 3, 8],
  ])("no two of %s neighbours have the same", (neighbours, sides, colours) => {
    for (const [z, y, x] of PLACES)
      for (const dz of STEPS)
        for (const dy of STEPS)
          for (const dx of STEPS) {
            const apart = Math.abs(dz) + Math.abs(dy) + Math.abs(dx);
            if (apart === 0 || apart > sides) continue;
            const both = [colourOf(neighbours, [z, y, x]), colourOf(neighbours, [z + dz, y + dy, x + dx])];
            if (both[0] === both[1]) expect.fail(`${[z, y, x]} and ${[z + dz, y + dy, x + dx]} are ${both[0]}`);
          }
    const seen = [...new Set(PLACES.map((place) => colourOf(neighbours, place)))].sort();
    expect(seen).toEqual(Array.from({ length: colours }, (_, colour) => colour));
  });

  it("come with the lattices of that colour that a grid has", () => {
    expect(latticesOf(6, [1, 1, 5])).toEqual([
      [0, [[0, 0, 0]]],
      [1, [[0, 0, 1]]],
    ]);
    expect(latticesOf(18, [2, 1, 1])).toEqual([
      [0, [[0, 0, 0]]],
      [3, [[1, 0, 0]]],
    ]);
    // each of the eight kinds of place is in one lattice
    for (const neighbours of [6, 18, 26] as const)
      expect(latticesOf(neighbours, [2, 2, 2]).flatMap(([, parities]) => parities)).toHaveLength(8);
  });

  it.each<[what: string, Neighbours, at: Triple, voxels: number]>([
    ["six faces of four voxels", 6, [1, 1, 1], 6 * 4],
    ["no colour is before the first", 6, [2, 1, 1], 0],
    ["six faces of four and twelve edges of two voxels", 18, [2, 1, 1], 6 * 4 + 12 * 2],
    ["at the near end of the grid one face and four edges fewer", 18, [0, 1, 1], 5 * 4 + 8 * 2],
    ["the whole rim, with eight corners", 26, [1, 1, 1], 4 ** 3 - 2 ** 3],
  ])("of a block's halo that is written before: %s", (_, neighbours, at, voxels) => {
    const start = at.map((place) => place * 2 - 1) as unknown as Triple;
    const stop = start.map((from) => from + 4) as unknown as Triple;
    const boxes = [...writtenBefore(neighbours, at, [2, 2, 2], { start, stop })];
    expect(boxes.reduce((sum, box) => sum + volumeOf(boxShape(box)), 0)).toBe(voxels);
  });
});
