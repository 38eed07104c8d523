import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { silentLog } from "../core/log.js";
import { seededRandom } from "../core/random.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { copyObject, publishObject } from "./atomic.js";
import { othersOutputs } from "./others-outputs.js";
import { type RunOptions, runPlan } from "./run.js";
import type { Operations, Task, TaskContext } from "./task.js";
import { taskId } from "./task-id.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium perform "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = (length: number, seed: number) => {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};

async function sourceStore(): Promise<Store> {
  const source = memoryStore({ url: "memory:source" });
  await source.write("in/1.mrc", bytes(40, 1));
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
    title: run,
    needs: [],
    bytes: 0,
    memoryBytes: 0,
    threads: 1 as const,
    ...facts,
  };
  return { ...task, id: taskId(task) };
}

function options(source: Store, target: Store, facts: Partial<RunOptions>): RunOptions {
  return {
    operations: {},
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

describe("failures", () => {
  const broken = new EmporiumError("FORMAT_CORRUPT", "bad block", { place: { file: "x.mrc", byte: 7 } });

  it("that may pass are tried again with a pause, a few times", async () => {
    const source = await sourceStore();
    const clock = manualClock();
    const tries: number[] = [];
    const attempts: number[] = [];
    const flaky: Operations = {
      async flaky(task, context) {
        tries.push(context.notes.length);
        await context.note({ tried: tries.length });
        if (tries.length < 3)
          throw new EmporiumError("STORE_UNAVAILABLE", "away", {
            retry: "later",
            ...(tries.length === 2 ? { retryAfterMs: 12_345 } : {}),
          });
        return { outputs: [await publishObject(context, task.outputs[0]!, Buffer.from("x"))] };
      },
    };
    const tasks = [await makeTask(source, "flaky", undefined, ["x"])];
    const report = await runPlan(
      { createdMs: 1, tasks, locks: [] },
      options(source, memoryStore(), {
        operations: flaky,
        clock,
        onEvent: (event) => event.kind === "retry" && attempts.push(event.attempt),
      }),
    );
    expect(report.exitStatus).toBe(0);
    expect(tries).toEqual([0, 1, 2]); // each attempt sees the notes of those before
    expect(attempts).toEqual([2, 3]); // which one follows
    expect(clock.sleeps).toHaveLength(2);
    expect(clock.sleeps[0]).toBeLessThanOrEqual(2_000);
    expect(clock.sleeps[1]).toBe(12_345);
  });

  it("that stay are given up after three attempts", async () => {
    const source = await sourceStore();
    let tries = 0;
    const away: Operations = {
      async away() {
        tries++;
        throw new EmporiumError("STORE_UNAVAILABLE", "away", { retry: "later" });
      },
    };
    const tasks = [await makeTask(source, "away", undefined, ["x"])];
    const report = await runPlan({ createdMs: 1, tasks, locks: [] }, options(source, memoryStore(), { operations: away }));
    expect(tries).toBe(3);
    expect(report).toMatchObject({ failed: 1, exitStatus: 1 });
  });

  it("of any kind have the place of their task where they have none of their own", async () => {
    const source = await sourceStore();
    const odd: Operations = {
      odd: async () => Promise.reject(new TypeError("x is not a function")),
      bare: async () => Promise.reject(new EmporiumError("FORMAT_CORRUPT", "bad block")),
      placed: async () => Promise.reject(broken),
      disk: async () => Promise.reject(Object.assign(new Error("open"), { code: "EACCES", path: "/data/x" })),
    };
    const tasks = await Promise.all(
      Object.keys(odd).map((run) => makeTask(source, run, undefined, [run], { place: { file: "c.yaml", line: 3 } })),
    );
    tasks.push(await makeTask(source, "bare", undefined, ["nowhere"]));
    const report = await runPlan({ createdMs: 1, tasks, locks: [] }, options(source, memoryStore(), { operations: odd }));
    expect(report.results.map(({ error }) => error)).toEqual([
      expect.objectContaining({ code: "TASK_FAILED", file: "c.yaml", line: 3 }),
      { code: "FORMAT_CORRUPT", message: "bad block", file: "c.yaml", line: 3 },
      { code: "FORMAT_CORRUPT", message: "bad block", file: "x.mrc", byte: 7 },
      expect.objectContaining({ code: "STORE_DENIED", message: expect.stringContaining("/data/x") }),
      { code: "FORMAT_CORRUPT", message: "bad block" },
    ]);
  });

  it("of a store leave what was sent for the next run, which sees its notes; others, or if told so, leave nothing", async () => {
    const source = await sourceStore();
    const seen: number[] = [];
    const outcomes: [code: "STORE_FAILED" | "FORMAT_CORRUPT", discardFailed: boolean, notes: number][] = [
      ["STORE_FAILED", false, 1],
      ["STORE_FAILED", true, 0],
      ["FORMAT_CORRUPT", false, 0],
    ];
    for (const [i, [code, discardFailed, notes]] of outcomes.entries()) {
      const target = memoryStore({ url: `memory:${i}` });
      const half: Operations = {
        async half(task, context) {
          seen.push(context.notes.length);
          if (seen.length % 2 === 0) return { outputs: [await publishObject(context, task.outputs[0]!, Buffer.from("x"))] };
          const { token } = await target.create(task.outputs[0]!, {});
          await context.note({ token });
          throw new EmporiumError(code, "away");
        },
      };
      const plan = { createdMs: 1, tasks: [await makeTask(source, "half", undefined, ["x"])], locks: [] };
      expect(await runPlan(plan, options(source, target, { operations: half, discardFailed }))).toMatchObject({ failed: 1 });
      let open = 0;
      for await (const _ of target.openUploads("")) open++;
      expect(open).toBe(notes);
      expect(await runPlan(plan, options(source, target, { operations: half }))).toMatchObject({ done: 1 });
      for await (const { key } of target.openUploads("")) throw new Error(`an upload of ${key} is open`);
    }
    expect(seen).toEqual(outcomes.flatMap(([, , notes]) => [0, notes]));
  });
});

describe("outputs that were whole when a run ended before its time", () => {
  it.each(["stopped", "failed"])("are the task's own for the next run: %s; what others put beside them is not", async (how) => {
    const source = await sourceStore();
    const target = memoryStore();
    const stop = new AbortController();
    const half: Operations = {
      async half(task, context) {
        await publishObject(context, task.outputs[0]!, Buffer.from("whole"));
        if (how === "failed") throw new EmporiumError("DISK_FULL", "no room");
        stop.abort(new EmporiumError("CANCELLED", "stopped"));
        throw stop.signal.reason;
      },
    };
    const plan = { createdMs: 1, tasks: [await makeTask(source, "half", undefined, ["x.mrc", "x.zarr/"])], locks: [] };
    await runPlan(plan, options(source, target, { operations: half, discardFailed: true, signal: stop.signal }));
    await target.write("x.zarr/.zgroup", Buffer.from("somebody's"));
    const outputs = ["x.mrc", "x.zarr/"];
    expect(await othersOutputs(target, outputs, { workspace: join(root, "workspace") })).toEqual(["x.zarr/"]);
  });
});

describe("a source that changes while it is read", () => {
  async function changing(times: number, change: (source: Store) => Promise<unknown>) {
    const source = await sourceStore();
    const target = memoryStore();
    let left = times;
    const reading: Operations = {
      async copy(task, context: TaskContext) {
        const receipt = await copyObject(context, "in/1.mrc", task.outputs[0]!);
        await context.note({ seen: true });
        if (left-- > 0) await change(source);
        return { outputs: [receipt] };
      },
    };
    const tasks = [await makeTask(source, "copy", "in/1.mrc", ["t.mrc"])];
    const report = await runPlan({ createdMs: 1, tasks, locks: [] }, options(source, target, { operations: reading }));
    return { source, target, report, reading };
  }

  it("is read once more, and the next plan finds it done", async () => {
    const { source, target, report, reading } = await changing(1, (store) => store.write("in/1.mrc", bytes(50, 9)));
    expect(report).toMatchObject({ done: 1, exitStatus: 0 });
    expect(report.results[0]!.receipt?.warnings).toEqual([expect.stringContaining("changed")]);
    expect(await target.read("t.mrc")).toEqual(bytes(50, 9));
    const tasks = [await makeTask(source, "copy", "in/1.mrc", ["t.mrc"])];
    expect(await runPlan({ createdMs: 2, tasks, locks: [] }, options(source, target, { operations: reading }))).toMatchObject({
      already: 1,
    });
  });

  it("fails when it changes twice", async () => {
    let n = 0;
    const { report } = await changing(2, (store) => store.write("in/1.mrc", bytes(50, ++n)));
    expect(report.results[0]).toMatchObject({
      state: "failed",
      error: { code: "SOURCE_CHANGED", url: "memory:source/in/1.mrc" },
    });
  });

  it("fails when it is gone", async () => {
    const { report } = await changing(1, (store) => store.remove("in/1.mrc"));
    expect(report.results[0]!.error).toMatchObject({ code: "SOURCE_CHANGED", message: expect.stringContaining("is gone") });
  });
});
