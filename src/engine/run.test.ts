import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultOptions, faultPlan, withFaults } from "../../test/faults/store-faults.js";
import { manualClock } from "../core/clock.js";
import { EmporiumError, type ErrorCode } from "../core/errors.js";
import { makeLog, silentLog } from "../core/log.js";
import { seededRandom } from "../core/random.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { copyObject, publishObject } from "./atomic.js";
import { uploadTree } from "./atomic-tree.js";
import type { RunEvent } from "./events.js";
import { lockKey } from "./lock.js";
import { folderReceipt } from "./receipts.js";
import { exitStatusOf, type RunOptions, runPlan } from "./run.js";
import type { Operations, Task, TaskPlan, TaskState } from "./task.js";
import { taskId } from "./task-id.js";

let root: string;
let count: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'run' "));
  count = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const fresh = (name: string) => join(root, `${name} ${++count}`);

const bytes = (length: number, seed: number) => {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};

/** What a station would have: a copy, an entity of many objects, and metadata that comes last. */
const operations: Operations = {
  async copy(task, context) {
    return { outputs: [await copyObject(context, task.inputs[0]!.key, task.outputs[0]!)] };
  },
  async pyramid(task, context) {
    const { key } = task.inputs[0]!;
    const voxels = (await context.source.read(key))!;
    const folder = join(await context.scratch(), "volume");
    await mkdir(join(folder, "0/0"), { recursive: true });
    for (let i = 0; i < 5; i++) await writeFile(join(folder, `0/0/${i}`), voxels.subarray(i * 8, i * 8 + 8));
    await writeFile(join(folder, "0/.zarray"), JSON.stringify({ shape: [5, 8] }));
    await writeFile(join(folder, ".zattrs"), JSON.stringify({ made: task.params.version ?? 1 }));
    const objects = await uploadTree(context, folder, task.outputs[0]!, { isMetadata: (name) => /(^|\/)\.z/.test(name) });
    return { outputs: task.params.fold ? [await folderReceipt(context.target, task.outputs[0]!, objects)] : objects };
  },
  async metadata(task, context) {
    const text = JSON.stringify({ last_updated_at: context.createdMs, version: task.params.version ?? 1 });
    return { outputs: [await publishObject(context, task.outputs[0]!, Buffer.from(text))] };
  },
};

async function sourceStore(): Promise<Store> {
  const source = memoryStore({ url: "memory:source" });
  await source.write("in/1.mrc", bytes(40, 1));
  await source.write("in/2.mrc", bytes(40, 2));
  return source;
}

async function makeTask(
  source: Store,
  run: string,
  input: string | undefined,
  outputs: string[],
  facts: Partial<Task> = {},
): Promise<Task> {
  const stat = input === undefined ? undefined : await source.stat(input);
  const inputs = stat ? [{ key: input!, ...stat }] : [];
  const task = {
    run,
    params: {},
    inputs,
    outputs,
    title: `${run} ${outputs[0]}`,
    needs: [],
    bytes: stat?.size ?? 0,
    memoryBytes: 0,
    threads: 1 as const,
    ...facts,
  };
  return { ...task, id: taskId(task) };
}

async function makePlan(source: Store, createdMs: number, version = 1, runs = [1, 2]): Promise<TaskPlan> {
  const tasks: Task[] = [];
  for (const n of runs) {
    const input = `in/${n}.mrc`;
    const copy = await makeTask(source, "copy", input, [`10001/TS_${n}/t.mrc`]);
    const volume = await makeTask(source, "pyramid", input, [`10001/TS_${n}/t.zarr/`], {
      params: { version, fold: n === 2 },
      threads: "all",
    });
    const metadata = await makeTask(source, "metadata", undefined, [`10001/TS_${n}/t.json`], {
      params: { version },
      needs: [copy.id, volume.id],
    });
    tasks.push(copy, volume, metadata);
  }
  return { createdMs, tasks, locks: ["10001"] };
}

function options(source: Store, target: Store, facts: Partial<RunOptions> = {}): RunOptions {
  return {
    operations,
    source,
    target,
    workspace: join(root, "workspace"),
    name: "ingest",
    jobs: 2,
    memoryBytes: 64 * 2 ** 20,
    clock: manualClock(),
    random: seededRandom(7),
    log: silentLog,
    every: () => () => {},
    sync: false,
    ...facts,
  };
}

type Tree = Record<string, string>;

/** Everything below a target: of a folder also what is hidden, of a store also what is open. */
async function treeOf(store: Store): Promise<Tree> {
  const tree: Tree = {};
  if (store.local) {
    const folder = store.local.path("");
    if (!existsSync(folder)) return tree;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) tree[path.slice(folder.length + 1)] = readFileSync(path, "latin1");
      else if (readdirSync(path).length === 0) tree[`${path.slice(folder.length + 1)}/`] = "empty folder";
    }
    return tree;
  }
  for await (const { key } of store.list("")) tree[key] = Buffer.from((await store.read(key))!).toString("latin1");
  for await (const { key, token } of store.openUploads("")) tree[`${key} ${token}`] = "open upload";
  return tree;
}

const targets: [string, () => Store][] = [
  ["memory", () => memoryStore({ url: "memory:target" })],
  ["file", () => fileStore(fresh("target"), { sync: false })],
];

describe("runPlan", () => {
  it("does all, says so, and does nothing the second time", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    const plan = await makePlan(source, 1_000);
    const events: RunEvent[] = [];
    const report = await runPlan(plan, options(source, target, { onEvent: (event) => events.push(event) }));
    expect(report).toMatchObject({
      done: 6,
      already: 0,
      failed: 0,
      blocked: 0,
      cancelled: 0,
      exitStatus: 0,
      createdMs: 1_000,
      resumed: false,
    });
    expect(report.results.map(({ task }) => task.id)).toEqual(plan.tasks.map(({ id }) => id));
    const tree = await treeOf(target);
    expect(Object.keys(tree)).toHaveLength(18);
    expect(tree["10001/TS_1/t.json"]).toBe('{"last_updated_at":1000,"version":1}');
    expect(readdirSync(join(root, "workspace"))).toEqual(["journals"]);
    expect(events.map(({ kind }) => kind).filter((kind) => kind === "start")).toHaveLength(6);
    expect(events.at(-1)).toMatchObject({ kind: "end", exitStatus: 0 });

    events.length = 0;
    const onEvent = (event: RunEvent) => events.push(event);
    const again = await runPlan(await makePlan(source, 2_000), options(source, target, { onEvent }));
    expect(events).toContainEqual(expect.objectContaining({ kind: "checked", already: 6, alreadyBytes: 4 * 40 }));
    expect(again).toMatchObject({ done: 0, already: 6, exitStatus: 0, createdMs: 2_000 });
    expect(again.results.every(({ receipt }) => receipt !== undefined)).toBe(true);
    expect(await treeOf(target)).toEqual(tree);
  });

  it("asks a remote store nothing for each finished task: one listing for all", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    const tasks = await Promise.all(
      Array.from({ length: 200 }, (_, i) => makeTask(source, "metadata", undefined, [`10001/${i}.json`])),
    );
    await runPlan({ createdMs: 1, tasks, locks: ["10001"] }, options(source, target));
    const watched = withFaults(target, {});
    const report = await runPlan({ createdMs: 2, tasks, locks: ["10001"] }, options(source, watched));
    expect(report.already).toBe(200);
    expect(watched.plan.log.length).toBeLessThan(10);
  });

  it.each(targets)("finds what is missing, altered or replaced in the target (%s)", async (_, make) => {
    const source = await sourceStore();
    const target = make();
    await runPlan(await makePlan(source, 1_000), options(source, target));
    const tree = await treeOf(target);
    await target.remove("10001/TS_1/t.mrc");
    await target.remove("10001/TS_1/t.zarr/0/0/3");
    await target.write("10001/TS_2/t.zarr/0/0/9", Buffer.from("stranger"));
    await target.write("10001/TS_2/t.json", Buffer.from('{"last_updated_at":9999,"version":1}'));
    const report = await runPlan(await makePlan(source, 1_000), options(source, target));
    expect(report.results.map(({ state }) => state)).toEqual(["done", "done", "already", "already", "done", "done"]);
    expect(await treeOf(target)).toEqual(tree);
  });

  it("finds bytes that changed silently, when asked to read them", async () => {
    const source = await sourceStore();
    const folder = fresh("target");
    const target = fileStore(folder);
    await runPlan(await makePlan(source, 1), options(source, target));
    const tree = await treeOf(target);
    const store: Store = {
      ...target,
      // A disk that lies: same size, same time, other bytes.
      read: async (key, range, given) => {
        const read = await target.read(key, range, given);
        if (read && (key === "10001/TS_1/t.mrc" || key === "10001/TS_2/t.zarr/0/0/1")) read[0]! ^= 1;
        return read;
      },
    };
    expect(await runPlan(await makePlan(source, 1), options(source, store))).toMatchObject({ already: 6 });
    const warnings: string[] = [];
    const log = makeLog((level, message) => level === "warn" && warnings.push(message));
    const report = await runPlan(await makePlan(source, 1), options(source, store, { verify: true, log }));
    expect(report.results.map(({ state }) => state)).toEqual(["done", "already", "already", "already", "done", "already"]);
    expect(warnings).toHaveLength(2);
    expect(await treeOf(target)).toEqual(tree);
  });

  it("makes anew what comes after something that is made anew", async () => {
    const source = await sourceStore();
    const target = memoryStore({ url: "memory:target" });
    const first = await makeTask(source, "copy", "in/1.mrc", ["10001/a"]);
    const other = await makeTask(source, "copy", "in/2.mrc", ["10001/b"]);
    const last = await makeTask(source, "metadata", undefined, ["10001/c.json"], { needs: [other.id], after: [first.id] });
    const plan = { createdMs: 1, tasks: [first, other, last], locks: ["10001"] };
    expect(await runPlan(plan, options(source, target))).toMatchObject({ done: 3, already: 0 });
    expect(await runPlan(plan, options(source, target))).toMatchObject({ done: 0, already: 3 });
    await target.remove("10001/b");
    expect(await runPlan(plan, options(source, target))).toMatchObject({ done: 1, already: 2 });
    await target.remove("10001/a");
    expect(await runPlan(plan, options(source, target))).toMatchObject({ done: 2, already: 1 });
  });

  it("does all again when forced, and a forced run that was stopped goes on where it was", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    await runPlan(await makePlan(source, 1), options(source, target));
    const stop = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.kind === "settled" && event.task.run === "pyramid") stop.abort();
    };
    const stopped = await runPlan(
      await makePlan(source, 2),
      options(source, target, { force: true, signal: stop.signal, onEvent, jobs: 1 }),
    );
    expect(stopped).toMatchObject({ done: 2, already: 0, cancelled: 4, exitStatus: 130 });
    const report = await runPlan(await makePlan(source, 3), options(source, target, { force: true }));
    expect(report).toMatchObject({ done: 4, already: 2, createdMs: 2, resumed: true });
    expect((await treeOf(target))["10001/TS_2/t.json"]).toBe('{"last_updated_at":2,"version":1}');
  });

  it("refuses a plan that cannot be run before anything is touched", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    const twice = {
      createdMs: 1,
      locks: [],
      tasks: [await makeTask(source, "copy", "in/1.mrc", ["x"]), await makeTask(source, "copy", "in/2.mrc", ["X"])],
    };
    await expect(runPlan(twice, options(source, target))).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
    const unknown = { createdMs: 1, locks: [], tasks: [await makeTask(source, "fly", "in/1.mrc", ["x"])] };
    await expect(runPlan(unknown, options(source, target))).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await treeOf(target)).toEqual({});
    expect(existsSync(join(root, "workspace"))).toBe(false);
  });

  it("refuses a target that another process works on, and lets plans of other names through", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    const holder = { host: "cryo-2", pid: 4, token: "t", job: "ingest", startedMs: 0, heartbeatMs: 0 };
    await target.write(lockKey("10001"), Buffer.from(JSON.stringify(holder)));
    await expect(runPlan(await makePlan(source, 1), options(source, target))).rejects.toMatchObject({
      code: "TARGET_LOCKED",
      message: expect.stringContaining("process 4 on cryo-2"),
    });
    const other = { createdMs: 1, locks: ["10002"], tasks: [await makeTask(source, "copy", "in/1.mrc", ["10002/x"])] };
    expect((await runPlan(other, options(source, target))).exitStatus).toBe(0);
  });

  it("stops when somebody takes its lock over", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    let beat = () => {};
    const slow: Operations = {
      async wait(_task, { signal }) {
        await target.write(
          lockKey("10001"),
          Buffer.from(JSON.stringify({ host: "b", pid: 1, token: "x", job: "j", startedMs: 0, heartbeatMs: 0 })),
        );
        beat();
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        return { outputs: [] };
      },
    };
    const tasks = [
      await makeTask(source, "wait", "in/1.mrc", ["10001/x"]),
      await makeTask(source, "wait", "in/1.mrc", ["10001/y"]),
    ];
    const every = (_ms: number, given: () => void) => {
      beat = given;
      return () => {};
    };
    const report = await runPlan(
      { createdMs: 1, tasks, locks: ["10001"] },
      options(source, target, { operations: slow, every, jobs: 1 }),
    );
    expect(report).toMatchObject({ cancelled: 2, exitStatus: 11, error: { code: "TARGET_LOCKED" } });
    expect(await target.stat(lockKey("10001"))).toBeDefined(); // it is the other's now
  });
});

describe("failures", () => {
  const broken = new EmporiumError("FORMAT_CORRUPT", "bad block", { place: { file: "x.mrc", byte: 7 } });

  async function partly(facts: Partial<RunOptions> = {}) {
    const source = await sourceStore();
    const target = memoryStore();
    const failing: Operations = {
      ...operations,
      copy: async (task, context) => {
        if (task.outputs[0]!.includes("TS_1")) throw broken;
        return operations.copy!(task, context);
      },
    };
    const plan = await makePlan(source, 1);
    return {
      source,
      target,
      plan,
      report: await runPlan(plan, options(source, target, { operations: failing, jobs: 1, ...facts })),
    };
  }

  it("take what needs them and nobody else: the rest is done and kept, exit 3", async () => {
    const { source, target, plan, report } = await partly();
    expect(report.results.map(({ state }) => state)).toEqual(["failed", "done", "blocked", "done", "done", "done"]);
    expect(report).toMatchObject({ done: 4, failed: 1, blocked: 1, exitStatus: 3 });
    expect(report.results[0]!.error).toEqual({ code: "FORMAT_CORRUPT", message: "bad block", file: "x.mrc", byte: 7 });
    expect(report.results[2]!.error).toMatchObject({
      code: "TASK_BLOCKED",
      message: expect.stringContaining(plan.tasks[0]!.title),
    });
    const mended = await runPlan(plan, options(source, target));
    expect(mended).toMatchObject({ done: 2, already: 4, exitStatus: 0, resumed: false });
  });

  it("end the run at once with fail-fast, exit 1, and the same job goes on later", async () => {
    const { source, target, plan, report } = await partly({ keepGoing: false });
    expect(report.results.map(({ state }) => state)).toEqual([
      "failed",
      "cancelled",
      "blocked",
      "cancelled",
      "cancelled",
      "cancelled",
    ]);
    expect(report).toMatchObject({ exitStatus: 1, error: { code: "FORMAT_CORRUPT" } });
    const later = await runPlan({ ...plan, createdMs: 2 }, options(source, target));
    expect(later).toMatchObject({ done: 6, exitStatus: 0, createdMs: 1, resumed: true });
  });

  it.each(targets)("leave no parts behind once other tasks have written the same keys (%s)", async (_, make) => {
    const source = await sourceStore();
    const target = make();
    let away = true;
    const half: Operations = {
      ...operations,
      async half(task, context) {
        for (const key of task.outputs) {
          const upload = await target.create(key, {});
          await context.note({ token: upload.token });
        }
        await context.scratch();
        if (away) throw new EmporiumError("STORE_UNAVAILABLE", "away");
        return operations.metadata!(task, context);
      },
    };
    const given = () => options(source, target, { operations: half });
    const plan = async (createdMs: number, version: number, key: string) => {
      const tasks = [await makeTask(source, "half", undefined, [key], { params: { version } })];
      return { createdMs, tasks, locks: [key.split("/")[0]!] };
    };
    const scratch = join(root, "workspace", "scratch");
    const old = await plan(1, 1, "10001/x.json");
    const foreign = await plan(2, 1, "10002/y.json");
    expect(await runPlan(old, given())).toMatchObject({ failed: 1 });
    expect(await runPlan(foreign, given())).toMatchObject({ failed: 1 });
    expect(readdirSync(scratch).sort()).toEqual([old.tasks[0]!.id, foreign.tasks[0]!.id].sort());
    away = false;
    const done = await plan(3, 2, "10001/x.json");
    done.tasks[0] = await makeTask(source, "metadata", undefined, ["10001/x.json"], { params: { version: 2 } });
    expect(await runPlan(done, given())).toMatchObject({ done: 1, exitStatus: 0 });
    const open = [];
    for await (const { key } of target.openUploads("")) open.push(key);
    expect(open).toEqual(["10002/y.json"]); // this run held no lock of it
    expect(readdirSync(scratch)).toEqual([foreign.tasks[0]!.id]);
    const notes: number[] = [];
    const onEvent = (event: RunEvent) => event.kind === "start" && notes.push(event.notes);
    await runPlan(await plan(4, 1, "10001/x.json"), { ...given(), onEvent });
    await runPlan(await plan(5, 1, "10002/y.json"), { ...given(), onEvent });
    expect(notes).toEqual([0, 1]); // the first was forgotten with its parts, the second goes on
  });

  it("of a full disk start nothing more, remove parts, keep what is complete, and resume with the same bytes", async () => {
    const source = await sourceStore();
    const reference = fileStore(fresh("reference"), { sync: false });
    await runPlan(await makePlan(source, 5), options(source, reference, { workspace: fresh("workspace") }));
    const target = fileStore(fresh("target"), { sync: false });
    let room = 8;
    const full: Store = {
      ...target,
      local: {
        ...target.local,
        async adopt(part, key) {
          if (--room < 0) throw new EmporiumError("DISK_FULL", "no room");
          return target.local.adopt(part, key);
        },
      },
    };
    room = 1;
    const report = await runPlan(await makePlan(source, 5), options(source, full, { jobs: 1 }));
    expect(report.results.map(({ state }) => state)).toEqual(["done", "done", "done", "done", "failed", "blocked"]);
    expect(report.exitStatus).toBe(3);
    expect(Object.keys(await treeOf(target)).filter((name) => /\.part|\.emporium/.test(name))).toEqual([]);
    expect(existsSync(join(root, "workspace", "scratch"))).toBe(false);
    const resumed = await runPlan(await makePlan(source, 6), options(source, target));
    expect(resumed).toMatchObject({ done: 2, already: 4, resumed: true, createdMs: 5 });
    expect(await treeOf(target)).toEqual(await treeOf(reference));
  });

  it("of a full disk in the middle leave the rest for later, exit 1", async () => {
    const source = await sourceStore();
    const target = memoryStore();
    const full: Operations = {
      ...operations,
      pyramid: async () => Promise.reject(Object.assign(new Error("write"), { code: "ENOSPC", path: "/scratch/x" })),
    };
    const report = await runPlan(await makePlan(source, 5), options(source, target, { operations: full, jobs: 1 }));
    expect(report).toMatchObject({ done: 1, failed: 1, blocked: 1, cancelled: 3, exitStatus: 1 });
    expect(report.results[1]!.error).toMatchObject({
      code: "DISK_FULL",
      message: expect.stringContaining("/scratch/x"),
      hint: expect.any(String),
    });
  });

  it("of the memory ceiling concern the task alone; exit 2 when there was nothing else", async () => {
    const source = await sourceStore();
    const big = await makeTask(source, "copy", "in/1.mrc", ["x"], { memoryBytes: 2 ** 40, place: { file: "c.yaml", line: 3 } });
    const small = await makeTask(source, "copy", "in/2.mrc", ["y"]);
    const both = await runPlan({ createdMs: 1, tasks: [big, small], locks: [] }, options(source, memoryStore()));
    expect(both).toMatchObject({ done: 1, failed: 1, exitStatus: 3 });
    expect(both.results[0]!.error).toMatchObject({ code: "MEMORY_LIMIT", file: "c.yaml", line: 3 });
    expect((await runPlan({ createdMs: 1, tasks: [big], locks: [] }, options(source, memoryStore()))).exitStatus).toBe(2);
  });

  it("of an operation that forgets a receipt are found", async () => {
    const source = await sourceStore();
    const forgetful: Operations = { forget: async () => ({ outputs: [] }) };
    const tasks = [await makeTask(source, "forget", undefined, ["x"])];
    const report = await runPlan({ createdMs: 1, tasks, locks: [] }, options(source, memoryStore(), { operations: forgetful }));
    expect(report.results[0]!.error).toMatchObject({ code: "INTERNAL", message: expect.stringContaining("no receipt for x") });
  });
});

/** 0 done, 1 failed, 2 nothing touched, 3 done in part, 11 the target is held, 130 stopped: the table of the command line. */
describe("exitStatusOf", () => {
  const task = {} as Task;
  const result = (state: TaskState, code?: ErrorCode) => ({ task, state, ...(code ? { error: { code, message: "" } } : {}) });
  const refused = result("failed", "MEMORY_LIMIT"); // before it touched anything
  const broken = result("failed", "FORMAT_CORRUPT");

  it.each([
    ["nothing to do", [], 0],
    ["all done, now or before", [result("done"), result("already")], 0],
    ["all refused", [refused, refused], 2],
    ["all refused, and what needs them", [refused, result("blocked", "TASK_BLOCKED")], 2],
    ["one refused, one broken", [refused, broken], 1],
    ["one broken, one refused", [broken, refused], 1],
    ["all broken", [broken, broken], 1],
    ["one done, one broken", [result("done"), broken], 3],
    ["one done before, one broken", [result("already"), broken], 3],
    ["one done, one refused", [result("done"), refused], 3],
    ["ended by a failure, with others done", [result("done"), broken, result("cancelled")], 1],
    ["ended by a refusal, with others done", [result("done"), refused, result("cancelled")], 1],
    ["ended by a refusal at once", [refused, result("cancelled")], 2],
    ["none begun", [result("cancelled")], 1],
  ])("%s", (_, results, status) => {
    expect(exitStatusOf(results, undefined)).toBe(status);
  });

  it.each([
    ["CANCELLED", 130],
    ["TARGET_LOCKED", 11],
  ] as const)("a stop has its own: %s", (code, status) => {
    expect(exitStatusOf([result("done")], new EmporiumError(code, ""))).toBe(status);
  });
});

describe("cancellation", () => {
  it("starts nothing new, tells what runs, exits 130, and resumes with the same bytes", async () => {
    const source = await sourceStore();
    const reference = memoryStore();
    await runPlan(await makePlan(source, 1), options(source, reference, { workspace: fresh("workspace") }));
    for (let after = 1; after <= 6; after++) {
      const workspace = fresh("workspace");
      const target = memoryStore();
      const stop = new AbortController();
      let starts = 0;
      const stopping: unknown[] = [];
      const onEvent = (event: RunEvent) => {
        if (event.kind === "start" && ++starts === after) stop.abort();
        if (event.kind === "stopping") stopping.push(event.error.code);
      };
      const report = await runPlan(
        await makePlan(source, 1),
        options(source, target, { workspace, jobs: 1, signal: stop.signal, onEvent }),
      );
      expect(report).toMatchObject({ exitStatus: 130, error: { code: "CANCELLED" } });
      expect(stopping).toEqual(["CANCELLED"]);
      expect(starts).toBe(after);
      const resumed = await runPlan(await makePlan(source, 99), options(source, target, { workspace }));
      expect(resumed).toMatchObject({ exitStatus: 0, resumed: true, createdMs: 1 });
      expect(await treeOf(target)).toEqual(await treeOf(reference));
      expect(readdirSync(workspace)).toEqual(["journals"]);
    }
  });

  it("before the start throws", async () => {
    const source = await sourceStore();
    await expect(
      runPlan(await makePlan(source, 1), options(source, memoryStore(), { signal: AbortSignal.abort() })),
    ).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

/** As a new process would open it. */
const reopen = (store: Store): Store => (store.local ? fileStore(store.local.path(""), { sync: false }) : store);

type When = NonNullable<FaultOptions["when"]>;
const WHENS: readonly When[] = ["before", "during", "after"];

/**
 * One life: runs the plan until its process dies at operation `dieAt` of the target. Whatever it would still write to its workspace then,
 * no dead process could: the answer is a copy of the workspace as it was in that moment.
 */
async function liveUntil(plan: TaskPlan, target: Store, given: RunOptions, dieAt: number, when: When) {
  const workspace = fresh("survivor");
  const fate = faultPlan({ dieAt, when });
  let dead = false;
  Object.defineProperty(fate, "dead", {
    get: () => dead,
    set() {
      dead = true;
      if (existsSync(given.workspace)) cpSync(given.workspace, workspace, { recursive: true });
    },
  });
  await runPlan(plan, { ...given, target: withFaults(reopen(target), fate) }).catch(() => {});
  return { workspace, died: dead, operation: `${when} operation ${dieAt}, ${fate.log[dieAt - 1]}` };
}

/** The moment of the job that a workspace remembers, if a run came so far as to note it. */
function momentIn(workspace: string): number | undefined {
  const folder = join(workspace, "journals");
  const texts = existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")) : [];
  const moments = [...texts.join("").matchAll(/"record":"plan".*?"createdMs":(\d+)/g)].map((match) => Number(match[1]));
  return moments.at(-1);
}

const withMoment = (tree: Tree, moment: number): Tree =>
  Object.fromEntries(
    Object.entries(tree).map(([key, text]) => [key, text.replace(/"last_updated_at":\d+/, `"last_updated_at":${moment}`)]),
  );

describe.each(targets)("death at every operation (%s)", (_, make) => {
  // One run of each kind of receipt is enough of a plan: every operation of it is tried.
  const planOf = (source: Store, createdMs: number, version = 1) => makePlan(source, createdMs, version, [version]);

  it("leaves nothing half, and the next run ends as if it had never been", async () => {
    const source = await sourceStore();
    const reference = make();
    await runPlan(await planOf(source, 1), options(source, reference, { workspace: fresh("workspace") }));
    const whole = await treeOf(reference);
    let points = 0;
    for (let at = 1, alive = false; !alive; at++) {
      for (const when of WHENS) {
        const target = make();
        const given = options(source, target, { workspace: fresh("workspace"), jobs: 1 });
        const { workspace, died, operation: label } = await liveUntil(await planOf(source, 1), target, given, at, when);
        alive = !died;
        points++;
        for await (const { key } of target.list("10001/")) {
          expect(Buffer.from((await target.read(key))!).toString("latin1"), `${label}: ${key}`).toBe(whole[key]);
          if (key.endsWith("t.zarr/.zattrs"))
            for (let i = 0; i < 5; i++) expect(await target.stat(key.replace(".zattrs", `0/0/${i}`)), label).toBeDefined();
        }
        const moment = momentIn(workspace) ?? 50;
        const report = await runPlan(await planOf(source, 50), options(source, reopen(target), { workspace }));
        expect(report.exitStatus, label).toBe(0);
        expect(await treeOf(target), label).toEqual(withMoment(whole, moment));
        expect(existsSync(join(workspace, "scratch")), label).toBe(false);
      }
    }
    expect(points).toBeGreaterThan(40);
  });

  it("of an overwriting run never shows a mixture of old and new", async () => {
    const source = await sourceStore();
    const reference = make();
    const before = fresh("workspace");
    await runPlan(await makePlan(source, 1, 1, [2]), options(source, reference, { workspace: before }));
    await runPlan(await planOf(source, 2, 2), options(source, reference, { workspace: before }));
    const whole = await treeOf(reference);
    for (let at = 1, alive = false; !alive; at += 2) {
      for (const when of WHENS) {
        const target = make();
        const workspaceBefore = fresh("workspace");
        await runPlan(await makePlan(source, 1, 1, [2]), options(source, target, { workspace: workspaceBefore }));
        const given = options(source, target, { workspace: workspaceBefore, jobs: 1 });
        const { workspace, died, operation: label } = await liveUntil(await planOf(source, 2, 2), target, given, at, when);
        alive = !died;
        const folder = "10001/TS_2/t.zarr/";
        if (await target.stat(`${folder}.zattrs`)) {
          for (let i = 0; i < 5; i++) expect(await target.stat(`${folder}0/0/${i}`), label).toBeDefined();
        }
        const moment = momentIn(workspace) === 2 ? 2 : 50;
        const report = await runPlan(await planOf(source, 50, 2), options(source, reopen(target), { workspace }));
        expect(report.exitStatus, label).toBe(0);
        expect(await treeOf(target), label).toEqual(withMoment(whole, moment));
      }
    }
  });

  it("three times in a row is no worse", async () => {
    const source = await sourceStore();
    const reference = make();
    await runPlan(await planOf(source, 1), options(source, reference, { workspace: fresh("workspace") }));
    const whole = await treeOf(reference);
    const random = seededRandom(20_240_229);
    for (let round = 0; round < 20; round++) {
      const target = make();
      let workspace = fresh("workspace");
      for (let death = 0; death < 3; death++) {
        const given = options(source, target, { workspace, jobs: 1 });
        const at = 1 + Math.floor(random() * 25);
        const when = WHENS[Math.floor(random() * 3)]!;
        ({ workspace } = await liveUntil(await planOf(source, 1 + death), target, given, at, when));
      }
      await runPlan(await planOf(source, 50), options(source, reopen(target), { workspace }));
      // A life may have ended its job, so whose moment it is depends on the round; but it is one for all.
      const tree = await treeOf(target);
      const moment = JSON.parse(tree["10001/TS_1/t.json"]!).last_updated_at as number;
      expect([1, 2, 3, 50]).toContain(moment);
      expect(tree, `round ${round}`).toEqual(withMoment(whole, moment));
    }
  });
});
