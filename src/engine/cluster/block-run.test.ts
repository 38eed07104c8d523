import { expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import { blockSource } from "../blocks/block-source.js";
import type { BlockStage } from "../blocks/block-stage.js";
import { readBlockJournals } from "./block-run.js";
import type { OpenRun, RunStage } from "./run-record.js";
import { nameOf } from "./run-tasks.js";

it("blocks that were done when the run began are done in their own stage, whatever its slices are", async () => {
  const stage = (name: string, blocks: number): BlockStage => ({
    ...{ name, run: "x", params: {}, needs: [], shape: [blocks, 1, 1], block: [1, 1, 1], bytes: 1, memoryBytes: 0, threads: 1 },
  });
  const source = blockSource({ createdMs: 0, locks: [], stages: [stage("a", 3), stage("b", 9)] });
  const stages: RunStage[] = [
    { name: "a", slices: [0, 2, 3] },
    { name: "b", slices: [3, 5, 12] },
  ];
  const store = memoryStore();
  // blocks 0 and 2 of a, 1 and 8 of b: a bit each, the lowest first
  await store.write("r/already.bin", Uint8Array.of(0b0001_0101, 0b0000_1000));
  const run = { store, folder: "r/", record: { stages } } as unknown as OpenRun;
  const doneOf = async (at: number) => {
    const { done, doneBefore } = await readBlockJournals(run, source, stages[at]!);
    const { first, count } = source.stages[at]!;
    const own = Array.from({ length: count }, (_, block) => first + block);
    return { doneBefore, done: own.filter((number) => done.has(nameOf(source, number))) };
  };
  expect(await doneOf(0)).toEqual({ doneBefore: 2, done: [0, 2] });
  expect(await doneOf(1)).toEqual({ doneBefore: 2, done: [4, 11] });
});
