import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { silentLog } from "../../core/log.js";
import { seededRandom } from "../../core/random.js";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { publishObject } from "../atomic.js";
import type { RunEvent } from "../events.js";
import type { Operations } from "../task.js";
import { type BlockGraph, blockSource } from "./block-source.js";
import type { BlockParams, BlockStage } from "./block-stage.js";
import { type RunBlocksOptions, runBlocks } from "./run-blocks.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'blocks' "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const GRID = { shape: [6, 4, 4], block: [2, 2, 2], bytes: 8, memoryBytes: 1, threads: 1 } as const;
const outputs = (folder: string) => ({ prefix: `${folder}/0/`, chunk: [1, 2, 2], separator: "/" }) as const;

/** Each block of `a` is written, then each of `b`, which needs those around it. 12 blocks each, of two chunks. */
function graph(facts: Partial<BlockStage> = {}, createdMs = 1_000): BlockGraph {
  return {
    createdMs,
    locks: ["x.zarr"],
    stages: [
      { ...GRID, name: "a", run: "write", params: {}, needs: [], outputs: outputs("a.zarr"), ...facts },
      {
        ...GRID,
        name: "b",
        run: "write",
        params: {},
        needs: [{ kind: "box", stage: "a", halo: [1, 1, 1] }],
        outputs: outputs("b.zarr"),
      },
    ],
  };
}

/** Writes the block's place into its chunks; notes what it did. */
function writing(done: string[] = []): Operations {
  return {
    async write(task, context) {
      const { start } = task.params.block as BlockParams;
      const objects = [];
      for (const key of task.outputs)
        objects.push(await publishObject(context, key, Buffer.from(`${key} ${start} ${context.createdMs}`)));
      done.push(task.title);
      return { outputs: objects };
    },
  };
}

function options(target: Store, facts: Partial<RunBlocksOptions> = {}): RunBlocksOptions {
  return {
    operations: writing(),
    source: memoryStore(),
    target,
    workspace: join(root, "workspace"),
    name: "blocks",
    jobs: 2,
    memoryBytes: 100,
    clock: manualClock(),
    random: seededRandom(7),
    log: silentLog,
    every: () => () => {},
    sync: false,
    ...facts,
  };
}

async function treeOf(store: Store): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for await (const { key } of store.list("")) {
    if (!key.startsWith(".emporium/")) tree[key] = Buffer.from((await store.read(key))!).toString();
  }
  return tree;
}

describe("runBlocks", () => {
  it.each<[string, () => Store]>([
    ["memory", () => memoryStore()],
    ["file", () => fileStore(join(root, "target"), { sync: false })],
  ])("does all, does nothing the second time, and again only what is gone or altered (%s)", async (_, make) => {
    const target = make();
    const report = await runBlocks(blockSource(graph()), options(target));
    expect(report).toMatchObject({ tasks: 24, done: 24, already: 0, failed: 0, exitStatus: 0, createdMs: 1_000, resumed: false });
    expect([...report.notDone()]).toEqual([]);
    const tree = await treeOf(target);
    expect(Object.keys(tree)).toHaveLength(48);
    expect(tree["b.zarr/0/5/1/1"]).toBe("b.zarr/0/5/1/1 4,2,2 1000");

    const again = await runBlocks(blockSource(graph({}, 2_000)), options(target));
    expect(again).toMatchObject({ done: 0, already: 24, exitStatus: 0, createdMs: 1_000, resumed: true });

    await target.remove("a.zarr/0/0/0/0");
    await target.write("b.zarr/0/5/1/1", Buffer.from("b.zarr/0/5/1/1 4,2,2 1001"));
    const done: string[] = [];
    const third = await runBlocks(blockSource(graph()), options(target, { operations: writing(done) }));
    expect(third).toMatchObject({ done: 2, already: 22, exitStatus: 0 });
    // they do not need each other: which is first is chance
    expect(done.sort()).toEqual(["a 0,0,0", "b 2,1,1"]);
    expect(await treeOf(target)).toEqual(tree);
  });

  it("tells of the plan, of what is done already, of counts and of the end", async () => {
    const target = memoryStore();
    await runBlocks(blockSource(graph()), options(target));
    await target.remove("a.zarr/0/0/0/0");
    const events: RunEvent[] = [];
    await runBlocks(blockSource(graph()), options(target, { onEvent: (event) => events.push(event) }));
    const counts = { done: 1, already: 23, failed: 0, blocked: 0, cancelled: 0 };
    expect(events).toEqual([
      { atMs: 0, kind: "plan", tasks: 24, bytes: 192, resumed: true, createdMs: 1_000 },
      { atMs: 0, kind: "checked", already: 23, alreadyBytes: 184 },
      expect.objectContaining({ atMs: 0, kind: "stage", name: "a", blocks: 1, again: 0 }),
      { atMs: 0, kind: "counted", counts, bytesDone: 8 },
      { atMs: 0, kind: "end", exitStatus: 0, seconds: 0 },
    ]);
  });

  it("makes what is temporary again only where something that needs it is not done", async () => {
    const target = memoryStore();
    const stages = graph({ isTemporary: true });
    await runBlocks(blockSource(stages), options(target));
    await target.remove("a.zarr/");
    expect(await runBlocks(blockSource(stages), options(target))).toMatchObject({ done: 0, already: 24, exitStatus: 0 });
    await target.remove("b.zarr/0/0/0/0");
    const done: string[] = [];
    const again = await runBlocks(blockSource(stages), options(target, { operations: writing(done) }));
    expect(again).toMatchObject({ exitStatus: 0, failed: 0 });
    // the block at the corner needs those around it: all of one half along z
    expect(done.toSorted()).toEqual([
      "a 0,0,0",
      "a 0,0,1",
      "a 0,1,0",
      "a 0,1,1",
      "a 1,0,0",
      "a 1,0,1",
      "a 1,1,0",
      "a 1,1,1",
      "b 0,0,0",
    ]);
  });

  it("does some blocks alone, with what they need", async () => {
    const target = memoryStore();
    const done: string[] = [];
    const given = { operations: writing(done), only: (index: number) => index === 12 };
    const report = await runBlocks(blockSource(graph()), options(target, given));
    expect(report).toMatchObject({ tasks: 24, done: 9, already: 0, skipped: 15, exitStatus: 0 });
    expect(done.toSorted()).toEqual([
      "a 0,0,0",
      "a 0,0,1",
      "a 0,1,0",
      "a 0,1,1",
      "a 1,0,0",
      "a 1,0,1",
      "a 1,1,0",
      "a 1,1,1",
      "b 0,0,0",
    ]);
    expect(await runBlocks(blockSource(graph()), options(target))).toMatchObject({ done: 15, already: 9, skipped: 0 });
  });

  it("is another run when the blocks are others", async () => {
    const target = memoryStore();
    await runBlocks(blockSource(graph()), options(target));
    expect(await runBlocks(blockSource(graph({ params: { sigma: 2 } })), options(target))).toMatchObject({
      done: 24,
      already: 0,
    });
  });

  it("does all again when forced", async () => {
    const target = memoryStore();
    await runBlocks(blockSource(graph()), options(target));
    expect(await runBlocks(blockSource(graph({}, 5_000)), options(target, { force: true }))).toMatchObject({
      done: 24,
      createdMs: 5_000,
    });
  });

  it("lets a failure take those that need it, tells why, and goes on from there the next time", async () => {
    const target = memoryStore();
    const broken: Operations = {
      async write(task, context) {
        if (task.title === "a 0,0,0") throw new EmporiumError("FORMAT_CORRUPT", "bad block");
        return writing().write!(task, context);
      },
    };
    const events: RunEvent[] = [];
    const report = await runBlocks(
      blockSource(graph()),
      options(target, { operations: broken, onEvent: (event) => events.push(event) }),
    );
    // the blocks of b that touch the corner: two along each axis
    expect(report).toMatchObject({ done: 15, failed: 1, blocked: 8, exitStatus: 3 });
    const left = [...report.notDone()];
    expect(left).toHaveLength(9);
    expect(left[0]).toMatchObject({ index: 0, title: "a 0,0,0", state: "failed", error: { code: "FORMAT_CORRUPT" } });
    expect(left[1]).toMatchObject({ title: "b 0,0,0", state: "blocked", because: "a 0,0,0" });
    expect(events.filter(({ kind }) => kind === "settled")).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === "start")).toEqual([]);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: "counted", counts: expect.objectContaining({ done: 15, blocked: 8 }) }),
    );
    expect(await runBlocks(blockSource(graph()), options(target))).toMatchObject({ done: 9, already: 15, exitStatus: 0 });
  });

  it("ends at the first failure when asked to, and when stopped; the same blocks go on", async () => {
    const target = memoryStore();
    const failing: Operations = {
      write: async () => {
        throw new EmporiumError("FORMAT_CORRUPT", "bad block");
      },
    };
    const first = await runBlocks(blockSource(graph()), options(target, { operations: failing, keepGoing: false, jobs: 1 }));
    expect(first).toMatchObject({ failed: 1, done: 0, exitStatus: 1, error: { code: "FORMAT_CORRUPT" } });
    expect(first.blocked + first.cancelled).toBe(23);

    const stop = new AbortController();
    const done: string[] = [];
    const stopping: Operations = {
      async write(task, context) {
        if (done.length === 5) stop.abort();
        return writing(done).write!(task, context);
      },
    };
    const second = await runBlocks(blockSource(graph()), options(target, { operations: stopping, signal: stop.signal, jobs: 1 }));
    expect(second).toMatchObject({ done: 5, cancelled: 19, interrupted: 1, exitStatus: 130 });
    expect(await runBlocks(blockSource(graph()), options(target))).toMatchObject({ done: 19, already: 5, exitStatus: 0 });
  });

  it("tries again what may succeed later, and tells of it", async () => {
    let failures = 0;
    const events: RunEvent[] = [];
    const flaky: Operations = {
      async write(task, context) {
        if (task.title === "a 0,0,1" && failures++ === 0) throw new EmporiumError("STORE_FAILED", "slow", { retry: "later" });
        return writing().write!(task, context);
      },
    };
    const report = await runBlocks(
      blockSource(graph()),
      options(memoryStore(), { operations: flaky, onEvent: (event) => events.push(event) }),
    );
    expect(report).toMatchObject({ done: 24, exitStatus: 0 });
    expect(events.filter(({ kind }) => kind === "retry")).toHaveLength(1);
  });

  it("refuses what a stage reads when it is not what it was, before and after", async () => {
    const source = memoryStore();
    const { etag } = await source.write("in/.zarray", Buffer.from("{}"));
    const inputs = [{ key: "in/.zarray", size: 2, etag }];
    const target = memoryStore();
    const changing: Operations = {
      async write(task, context) {
        if (task.title === "b 2,1,1") await source.write("in/.zarray", Buffer.from("[]"));
        return writing().write!(task, context);
      },
    };
    const report = await runBlocks(blockSource(graph({ inputs })), options(target, { source, operations: changing }));
    expect(report).toMatchObject({ done: 24, exitStatus: 1, error: { code: "SOURCE_CHANGED" } });
    await expect(runBlocks(blockSource(graph({ inputs })), options(target, { source }))).rejects.toMatchObject({
      code: "SOURCE_CHANGED",
    });
  });

  it("removes what a run left unfinished that did not come to its first receipt", async () => {
    const target = fileStore(join(root, "target"), { sync: false });
    const stop = new AbortController();
    const cut: Operations = {
      async write(task) {
        writeFileSync(await target.local!.partPath(task.outputs[0]!, "x"), "half");
        stop.abort();
        throw new Error("cut");
      },
    };
    await runBlocks(blockSource(graph()), options(target, { operations: cut, signal: stop.signal, jobs: 1 }));
    const parts = () => readdirSync(join(root, "target"), { recursive: true }).filter((name) => String(name).endsWith(".part"));
    expect(parts()).toHaveLength(1);
    expect(await runBlocks(blockSource(graph()), options(target))).toMatchObject({ done: 24, exitStatus: 0 });
    expect(parts()).toEqual([]);
  });

  it("gives scratch folders to those who ask, and leaves none", async () => {
    const target = memoryStore();
    const scratching: Operations = {
      async write(task, context) {
        expect(readdirSync(await context.scratch())).toEqual([]);
        return writing().write!(task, context);
      },
    };
    const source = blockSource(graph());
    const left = join(root, "workspace", "scratch", source.idsHash(), source.task(3).id); // of a run that was killed
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "half"), "");
    expect(await runBlocks(source, options(target, { operations: scratching }))).toMatchObject({ done: 24 });
    expect(readdirSync(join(root, "workspace"))).toEqual([]);
  });
});
