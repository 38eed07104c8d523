import { expect, it } from "vitest";
import type { Triple } from "../../../../core/box.js";
import { meshStages } from "./stages.js";

const BASE = { name: "cells", shape: [64, 64, 64], needs: [], inputs: [], bytes: 1, memoryBytes: 1000, threads: 1 as const };
const stagesOf = (block: Triple) =>
  meshStages("cells", {} as never, { ...BASE, block } as never, [], { between: "b/", output: "o/" });

it("surfaces take memory for each voxel of a block, whatever its edges are", () => {
  const more = (block: Triple) => stagesOf(block)[0]!.memoryBytes - BASE.memoryBytes;
  expect([more([8, 2, 4]), more([4, 8, 2]), more([2, 4, 8])]).toEqual([1, 1, 1].map((one) => one * more([4, 4, 4])));
  expect(more([4, 4, 8])).toBe(2 * more([4, 4, 4]));
});

it("parts of labels are put together side by side: one for 64 blocks, 64 at most, an object each", () => {
  // 64, 128 and 262,144 blocks
  for (const [block, parts] of [[[16, 16, 16], 1] as const, [[8, 16, 16], 2] as const, [[1, 1, 1], 64] as const]) {
    const [, merging] = stagesOf([...block]);
    expect(merging).toMatchObject({ shape: [parts, 1, 1], block: [1, 1, 1], needs: [{ kind: "all", stage: "cells-surfaces" }] });
  }
});
