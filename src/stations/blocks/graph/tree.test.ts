import { expect, it } from "vitest";
import type { BlockStage } from "../../../engine/blocks/block-stage.js";
import { treeKeys, treeStages } from "./tree.js";

const leaves = (shape: [number, number, number]) =>
  ({ name: "count", shape, block: [10, 10, 10], outputs: { prefix: "out/count/" } }) as unknown as BlockStage;
const merged = (shape: [number, number, number]) =>
  treeStages(leaves(shape), {
    name: "count",
    run: "merge",
    folder: "out/",
    params: {},
    memoryBytes: 7,
  } as unknown as Parameters<typeof treeStages>[1]);

it("merges results 64 at a time until there is one", () => {
  expect(merged([10, 10, 10])).toEqual([]);
  // 65 blocks are merged to 2, and those to one
  const stages = merged([50, 130, 5]);
  expect(stages.map(({ name, shape, needs, outputs, memoryBytes }) => ({ name, shape, needs, outputs, memoryBytes }))).toEqual([
    {
      name: "count-1",
      shape: [2, 1, 1],
      needs: [{ kind: "tree", stage: "count", fanIn: 64 }],
      outputs: { prefix: "out/count-1/", chunk: [1, 1, 1], separator: "/" },
      memoryBytes: 7,
    },
    {
      name: "count-2",
      shape: [1, 1, 1],
      needs: [{ kind: "tree", stage: "count-1", fanIn: 64 }],
      outputs: { prefix: "out/count-2/", chunk: [1, 1, 1], separator: "/" },
      memoryBytes: 7,
    },
  ]);
  expect(stages.map(({ params }) => params?.["tree"])).toEqual([
    { prefix: "out/count/", grid: [5, 13, 1], count: 65, fanIn: 64 },
    { prefix: "out/count-1/", grid: [2, 1, 1], count: 2, fanIn: 64 },
  ]);
});

it("reads the objects of a number, along x first, then y, then z", () => {
  const params = { prefix: "out/count/", grid: [2, 2, 3], count: 12, fanIn: 5 } as const;
  expect(treeKeys(params, 0)).toEqual(["0/0/0", "0/0/1", "0/0/2", "0/1/0", "0/1/1"].map((place) => `out/count/${place}`));
  expect(treeKeys(params, 2)).toEqual(["1/1/1", "1/1/2"].map((place) => `out/count/${place}`));
});
