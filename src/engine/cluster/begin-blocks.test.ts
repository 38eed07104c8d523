import { describe, expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { blockSource } from "../blocks/block-source.js";
import type { BlockStage } from "../blocks/block-stage.js";
import { envOf } from "../env.js";
import { taskStates } from "../executors/schedule.js";
import { beginBlockRun, cutBlocks, setOf } from "./begin-blocks.js";

const executor = (arrayMax: number) => ({ limits: async () => ({ arrayMax }) }) as never;
/** Blocks in a row that read so many bytes each. */
const stage = (name: string, blocks: number, bytes: number): BlockStage => ({
  ...{ name, run: "x", params: {}, needs: [], shape: [blocks, 1, 1], block: [1, 1, 1], bytes, memoryBytes: 0, threads: 1 },
});

async function cut(stages: readonly BlockStage[], place: { slots?: number; slices?: number; arrayMax?: number } = {}) {
  const { arrayMax = 1000, ...given } = place;
  const source = blockSource({ createdMs: 0, locks: [], stages });
  const found = await cutBlocks(source, memoryStore(), "blocks", { executor: executor(arrayMax), ...given } as never);
  return found.map(({ name, slices }) => [name, slices.length - 1, slices[0], slices.at(-1)]);
}

describe("a graph of blocks in slices", () => {
  it("of about two minutes by the stated rate, and as many as run side by side where they take five seconds", async () => {
    // 1,000 × (40 MB + 4 MiB) at 20 MB/s: 2,210 s, which is 19 times two minutes
    const large = [stage("a", 1000, 40e6)];
    expect(await cut(large, { slots: 4 })).toEqual([["a", 19, 0, 1000]]);
    expect(await cut(large, { slots: 32 })).toEqual([["a", 32, 0, 1000]]);
    expect(await cut(large, { slots: 2 })).toEqual([["a", 16, 0, 1000]]); // eight for each
    expect(await cut(large, { slots: 32, arrayMax: 10 })).toEqual([["a", 10, 0, 1000]]);
    expect(await cut(large, { slices: 7 })).toEqual([["a", 7, 0, 1000]]);
    // 100 × (1 MB + 4 MiB): 26 s, which is six times five seconds
    expect(await cut([stage("a", 100, 1e6)], { slots: 32 })).toEqual([["a", 6, 0, 100]]);
  });
  it("stages that are one slice each and follow each other are one stage", async () => {
    const stages = [stage("a", 1000, 40e6), stage("b", 2, 0), stage("c", 1, 0), stage("d", 1000, 40e6), stage("e", 1, 0)];
    expect(await cut(stages, { slices: 5 })).toEqual([
      ["a", 5, 0, 1000],
      ["c", 1, 1000, 1003],
      ["d", 5, 1003, 2003],
      ["e", 1, 2003, 2004],
    ]);
  });
  it("no slice is empty, and their lengths differ by one block", async () => {
    const source = blockSource({ createdMs: 0, locks: [], stages: [stage("a", 7, 1)] });
    const place = { executor: executor(1000), slices: 3 } as never;
    const found = await cutBlocks(source, memoryStore(), "blocks", place);
    expect(found).toEqual([{ name: "a", slices: [0, 2, 4, 7] }]);
    expect(await cut([stage("a", 7, 1)], { slices: 100 })).toEqual([["a", 7, 0, 7]]);
  });
});

describe("a run", () => {
  const begin = (store: Store) => {
    const job = {
      ...{
        station: "blocks",
        name: "blocks run",
        blocks: { createdMs: 0, locks: ["a"], stages: [stage("a", 3, 1)] },
        params: {},
      },
      ...{ source: store, target: store, outputs: store, anonymous: false, sync: false },
    };
    const resources = { cpus: 1, gpus: 0, memoryBytes: 2 ** 30, walltimeMinutes: 1, words: [] };
    const place = {
      executor: { ...(executor(9) as object), name: "slurm" },
      resources,
      prologue: [],
      command: ["x"],
      program: "1",
    };
    return beginBlockRun(job, place as never, envOf({}));
  };

  it("of which nothing is done is begun, and says of each of its blocks that it is to be done", async () => {
    const store = memoryStore();
    const run = await begin(store);
    expect(run?.record).toMatchObject({ tasks: 3, bytes: 3, stages: [{ name: "a" }] });
    expect(await store.read(`${run!.folder}already.bin`)).toEqual(Uint8Array.of(0));
  });

  it("that cannot be recorded leaves nothing behind, and the target free", async () => {
    const store = memoryStore();
    const full: Store = {
      ...store,
      write: (key, ...more) => (key.endsWith("/run.json") ? Promise.reject(new Error("full")) : store.write(key, ...more)),
    };
    await expect(begin(full)).rejects.toThrow("full");
    const left: string[] = [];
    for await (const { key } of store.list(".emporium/runs/")) left.push(key);
    expect(left).toEqual([]);
    expect((await begin(store))?.record.tasks).toBe(3);
  });
});

it("of the blocks that were looked at, those that are done already are kept, a bit each", () => {
  const states = taskStates(4);
  for (const done of [0, 3]) states.set(done, "already");
  states.set(1, "cancelled");
  expect([...setOf(states, 4).bytes]).toEqual([0b1001]);
});
