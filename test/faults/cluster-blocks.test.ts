import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../src/core/errors.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { publishObject } from "../../src/engine/atomic.js";
import { type BlockGraph, blockSource } from "../../src/engine/blocks/block-source.js";
import type { BlockParams } from "../../src/engine/blocks/block-stage.js";
import { beginBlockRun } from "../../src/engine/cluster/begin-blocks.js";
import { cancelRun } from "../../src/engine/cluster/cancel.js";
import { retryDead } from "../../src/engine/cluster/drive.js";
import { mergeBlocks } from "../../src/engine/cluster/end-blocks.js";
import { readDead } from "../../src/engine/cluster/judge.js";
import type { OpenRun } from "../../src/engine/cluster/run-record.js";
import { runStatus } from "../../src/engine/cluster/status.js";
import type { BlockStation } from "../../src/engine/cluster/work.js";
import { workBlocks } from "../../src/engine/cluster/work-blocks.js";
import type { ArrayJob } from "../../src/engine/executors/engine-executor.js";
import type { Operations } from "../../src/engine/task.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { THOROUGH } from "../thorough.js";
import {
  elementOf,
  type Fate,
  type Player,
  type PlayerOptions,
  playEngine,
  toyEnv,
  toyPlace,
  untilEnded,
} from "./cluster-kit.js";

/** As for lists of tasks (cluster.test.ts): whatever happens to workers, each object holds what it must, and each block has its receipt. */
const SEEDS = THOROUGH ? 1000 : 25;
const BLOCKS = 8;
const TASKS = 2 * BLOCKS + 1;
const FACTS = { run: "toy", params: {}, block: [2, 2, 2], bytes: 1000, memoryBytes: 0, threads: 1 } as const;
const ROW = { ...FACTS, shape: [2, 2, 2 * BLOCKS] } as const;
const outputs = (name: string) => ({ prefix: `${name}/`, chunk: [2, 2, 2], separator: "/" }) as const;

/** Eight blocks in a row, then each with its neighbors, then all of these together. */
const blocks: BlockGraph = {
  createdMs: 0,
  locks: ["toy"],
  stages: [
    { ...ROW, name: "a", needs: [], outputs: outputs("a") },
    { ...ROW, name: "b", needs: [{ kind: "box", stage: "a", halo: [1, 1, 1] }], outputs: outputs("b") },
    { ...FACTS, name: "c", shape: [2, 2, 2], needs: [{ kind: "all", stage: "b" }], outputs: outputs("c") },
  ],
};

const digest = (texts: readonly string[]) => createHash("sha256").update(texts.join("\n")).digest("hex");
const keyOf = (name: string, index: number) => `${name}/0/0/${index}`;
const ROW_OF_NUMBERS = Array.from({ length: BLOCKS }, (_, index) => index);
const around = (index: number) => [index - 1, index, index + 1].filter((other) => other >= 0 && other < BLOCKS);

/** What a block is made of, written down by hand. */
function readBy(name: string, index: number): string[] {
  if (name === "a") return [];
  return name === "b" ? around(index).map((other) => keyOf("a", other)) : ROW_OF_NUMBERS.map((other) => keyOf("b", other));
}

function contents(): Map<string, string> {
  const made = new Map<string, string>();
  for (const { name } of blocks.stages) {
    for (const index of name === "c" ? [0] : ROW_OF_NUMBERS) {
      const read = readBy(name, index).map((key) => made.get(key)!);
      made.set(keyOf(name, index), digest([name, String(index), ...read]));
    }
  }
  return made;
}

interface Watch {
  began?(title: string): void;
  fails?(title: string): boolean;
  /** The process ends in the middle of it. */
  dies?(title: string): boolean;
  /** Makes the blocks of `a` others each time. */
  chance?(): number;
  readonly graph?: BlockGraph;
}

/** @param die ends the process */
function station(
  store: Store,
  { began = () => {}, fails = () => false, dies = () => false, chance, graph = blocks }: Watch = {},
  die = () => {},
): BlockStation {
  const operations: Operations = {
    async toy(task, context) {
      began(task.title);
      if (dies(task.title)) {
        die();
        await new Promise(() => {}); // it never goes on
      }
      if (fails(task.title)) throw new EmporiumError("TASK_FAILED", `${task.title} cannot be made`);
      const name = task.outputs[0]!.split("/")[0]!;
      const { index } = task.params.block as BlockParams;
      const read: string[] = [];
      for (const key of readBy(name, index)) {
        const bytes = await context.target.read(key);
        if (!bytes) throw new EmporiumError("STORE_ABSENT", `${key} is not there`);
        read.push(new TextDecoder().decode(bytes));
      }
      const extra = chance && name === "a" ? [String(chance())] : [];
      const text = new TextEncoder().encode(digest([name, String(index), ...read, ...extra]));
      return { outputs: [await publishObject(context, task.outputs[0]!, text)] };
    },
  };
  const source = blockSource(graph);
  return {
    openBlocks: async () => ({
      ...{ blocks: source, operations, source: store, target: store, module: "", data: {}, processes: 1, cacheBytes: 0 },
    }),
    async finish() {
      await mergeBlocks(source, store, silentLog);
      return undefined;
    },
    async cancelled() {},
  };
}

interface Scene {
  readonly store: Store;
  run: OpenRun;
  readonly player: Player;
}

async function begun(store: Store, player: Player, seed: number, graph = blocks): Promise<OpenRun | undefined> {
  const facts = {
    station: "toy",
    name: "toy",
    blocks: graph,
    params: {},
    source: { url: "toy:" },
    target: store,
    outputs: store,
  };
  return beginBlockRun({ ...facts, anonymous: false, sync: false }, { ...toyPlace(player), slices: 3 }, toyEnv(seed));
}

async function scene(seed: number, fates: Omit<PlayerOptions, "run">, watch: Watch = {}): Promise<Scene> {
  const store = memoryStore({ now: () => 5 });
  const player = playEngine({
    ...fates,
    async run(job, slice, wrap) {
      const seen = wrap(store);
      const options = { ...elementOf(job), slice, jobs: 1, memoryBytes: 2 ** 26 };
      await new Promise<void>((over, failed) => {
        const work = workBlocks({ ...made.run, store: seen }, station(seen, watch, over), options, toyEnv(seed), () => () => {});
        work.then(() => over(), failed);
      });
    },
  });
  const made: Scene = { store, run: (await begun(store, player, seed, watch.graph))!, player };
  return made;
}

async function holds(store: Store): Promise<void> {
  for (const [key, text] of contents()) expect(new TextDecoder().decode(await store.read(key)), key).toBe(text);
}

const lives: Fate = { kind: "lives" };

/** Two attempts of each job may end badly; the third lives. */
function fates(random: () => number) {
  const kinds = ["lives", "dies", "stalls", "twice"] as const;
  return (job: ArrayJob): Fate => {
    const kind = elementOf(job).attempt < 2 ? kinds[Math.floor(random() * kinds.length)]! : "lives";
    return kind === "dies" || kind === "stalls" ? { kind, after: Math.floor(random() * 40) } : { kind };
  };
}

describe("blocks on a cluster", () => {
  it(`whose workers die, stand still, come back and are started twice, ${SEEDS} times`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const fateOf = fates(random);
      const losesReply = () => random() < 0.2;
      const forgets = (job: ArrayJob) => elementOf(job).attempt === 0 && random() < 0.1;
      const made = await scene(seed, { fateOf, losesReply, forgets });
      const { store, run, player } = made;
      const end = await untilEnded(run, player, station(store));
      expect(end, `seed ${seed}`).toMatchObject({ tasks: TASKS, done: TASKS, exitStatus: 0 });
      await holds(store);
      expect(await runStatus(run, player), `seed ${seed}`).toMatchObject({ status: "done", done: TASKS });
      // processes that stood still go on: they do no harm any more
      await player.wake();
      await holds(store);
      // what they wrote again may be done once more by the next run; it ends with the same
      const next = await begun(store, player, seed);
      if (!next) continue;
      made.run = next;
      expect(await untilEnded(next, player, station(store)), `seed ${seed}, again`).toMatchObject({ done: TASKS, exitStatus: 0 });
      await holds(store);
    }
  }, 300_000);

  it(`whose blocks are others each time: what was made of them is what is there, ${SEEDS} times`, async () => {
    const [first, ...rest] = blocks.stages;
    const graph: BlockGraph = { ...blocks, stages: [{ ...first!, deterministic: false }, ...rest] };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const fateOf = fates(random);
      const watch: Watch = { graph, chance: random };
      const { store, run, player } = await scene(seed, { fateOf, losesReply: () => random() < 0.2 }, watch);
      const there = async () => {
        const made = new Map<string, string>();
        for (const { name } of graph.stages)
          for (const index of name === "c" ? [0] : ROW_OF_NUMBERS) {
            const text = new TextDecoder().decode(await store.read(keyOf(name, index)));
            if (name !== "a")
              expect(text, `seed ${seed}`).toBe(
                digest([name, String(index), ...readBy(name, index).map((key) => made.get(key)!)]),
              );
            made.set(keyOf(name, index), text);
          }
        return made;
      };
      const end = await untilEnded(run, player, station(store, watch));
      expect(end, `seed ${seed}`).toMatchObject({ tasks: TASKS, done: TASKS, exitStatus: 0 });
      const before = await there();
      await player.wake();
      expect(await there(), `seed ${seed}`).toEqual(before);
    }
  }, 300_000);

  it("does nothing twice when nothing goes wrong, and nothing of a stage before the one before it is over", async () => {
    const titles: string[] = [];
    const { store, run, player } = await scene(1, { fateOf: () => lives }, { began: (title) => titles.push(title) });
    await untilEnded(run, player, station(store));
    expect(titles).toHaveLength(TASKS);
    expect(new Set(titles).size).toBe(TASKS);
    const stages = titles.map((title) => title.split(" ")[0]!).filter((name, at, all) => name !== all[at - 1]);
    expect(stages).toEqual(["a", "b", "c"]);
    expect(player.submitted.map(({ indices }) => indices?.length)).toEqual([3, 3, 1]);
  });

  it("a block that fails is listed with those that need it, the others are done; it is tried again when somebody asks", async () => {
    let isBroken = true;
    const fails = (title: string) => isBroken && title === "a 0,0,2";
    const { store, run, player } = await scene(2, { fateOf: () => lives }, { fails });
    const end = await untilEnded(run, player, station(store));
    // of b those at 1, 2 and 3 touch it, and c needs them
    expect(end).toMatchObject({ tasks: TASKS, done: TASKS - 5, failed: 1, blocked: 4, exitStatus: 3 });
    const dead = await readDead(run, run.record.stages);
    expect(dead.map(({ title, state }) => [title, state])).toEqual([
      ["a 0,0,2", "failed"],
      ["b 0,0,1", "blocked"],
      ["b 0,0,2", "blocked"],
      ["b 0,0,3", "blocked"],
      ["c 0,0,0", "blocked"],
    ]);
    isBroken = false;
    await retryDead(run, toyEnv(2));
    expect(await untilEnded(run, player, station(store))).toMatchObject({ done: TASKS, failed: 0, exitStatus: 0 });
    await holds(store);
  });

  it("a block at which processes die is tried behind the others of its slice, and given up the third time", async () => {
    const titles: string[] = [];
    const dies = (title: string) => title === "a 0,0,0";
    const { store, run, player } = await scene(3, { fateOf: () => lives }, { dies, began: (title) => titles.push(title) });
    // of b those at 0 and 1 touch it, and c needs them
    const end = await untilEnded(run, player, station(store));
    expect(end).toMatchObject({ done: TASKS - 4, failed: 1, blocked: 3, exitStatus: 3 });
    expect((await readDead(run, run.record.stages))[0]).toMatchObject({ title: "a 0,0,0", error: { code: "ENGINE_LOST" } });
    const others = titles.filter((title) => !dies(title));
    expect(new Set(others).size).toBe(others.length);
    expect(others).toHaveLength(TASKS - 4);
    expect(titles.lastIndexOf("a 0,0,0")).toBeGreaterThan(titles.indexOf("a 0,0,1"));
  });

  it("a run that was cancelled leaves what is done to the next one", async () => {
    const titles: string[] = [];
    const { store, run, player } = await scene(4, { fateOf: () => lives }, { began: (title) => titles.push(title) });
    const options = { stage: "a", slice: 0, attempt: 0, jobs: 1, memoryBytes: 2 ** 26 };
    const watched = station(store, { began: (title) => titles.push(title) });
    expect(await workBlocks(run, watched, options, toyEnv(4), () => () => {})).toBe(0);
    expect(titles).toEqual(["a 0,0,0", "a 0,0,1"]);
    expect(await cancelRun(run, watched, async () => player, toyEnv(4))).toEqual({ left: 0, errors: [] });
    const next = (await begun(store, player, 4))!;
    expect(next.record.id).not.toBe(run.record.id);
    expect(await runStatus(next)).toMatchObject({ status: "prepared", done: 2, tasks: TASKS });
  });
});
