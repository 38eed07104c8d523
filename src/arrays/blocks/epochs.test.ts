import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../test/memory-volume.js";
import { idsOf, shareOf } from "./epoch.js";
import { gridOf } from "./grid.js";
import { orderOf } from "./order.js";

const BLOCKS = 1_000_000;
const RANKS = 4;
const BINS = 100;

/** Upper 0.1 % point of χ² with 9801 degrees of freedom: 9801 + 3.0902 · √(2 · 9801) + ⅔ · (3.0902² − 1), which is 10239. */
const CHI_SQUARE_9801 = 10_239;

describe("A5: three epochs of a million blocks by four ranks", () => {
  const { levels } = memoryVolume([{ shape: [100, 100, 100] }]);
  const grid = gridOf(levels, { shape: [1, 1, 1] });
  const idsOfRank = (epoch: number, rank: number, position = 0) =>
    idsOf(
      orderOf(grid, { chunk: [10, 10, 10] }, { order: "shuffle", seed: 17, epoch }),
      shareOf(BLOCKS, { rank, world: RANKS }),
      position,
    );

  it.each([0, 1, 2])("epoch %i: each block once, and everywhere equally often, by χ²", (epoch) => {
    const seen = new Uint8Array(BLOCKS);
    const table = new Float64Array(BINS * BINS);
    let position = 0;
    for (let rank = 0; rank < RANKS; rank++) {
      for (const id of idsOfRank(epoch, rank)) {
        seen[id]!++;
        table[Math.floor((position * BINS) / BLOCKS) * BINS + Math.floor((id * BINS) / BLOCKS)]!++;
        position++;
      }
    }
    expect(position).toBe(BLOCKS);
    expect(seen.every((count) => count === 1)).toBe(true);
    const expected = BLOCKS / BINS ** 2;
    const chiSquare = table.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(CHI_SQUARE_9801);
  });

  it("goes on in the middle of an epoch as it would have", () => {
    const all = [...idsOfRank(1, 2)];
    for (const position of [1, 123_456, 249_999]) expect([...idsOfRank(1, 2, position)]).toEqual(all.slice(position));
  });

  it("epochs differ: hardly a block keeps its place", () => {
    const [first, second] = [[...idsOfRank(0, 0)], [...idsOfRank(1, 0)]];
    // one of a million expected for each place: 0.25 in all
    expect(first.filter((id, at) => id === second[at]).length).toBeLessThan(6);
  });
});
