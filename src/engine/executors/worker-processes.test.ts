import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError, toErrorRecord } from "../../core/errors.js";
import type { ProcessListener, startProcess } from "../../system/processes.js";
import type { BlockJournal } from "../blocks/block-journal.js";
import { ROW_BYTES } from "../blocks/receipt-table.js";
import type { RunEvent } from "../events.js";
import type { Task } from "../task.js";
import type { Performed } from "./schedule.js";
import type { FromProcess, ToProcess } from "./worker-process-side.js";
import { type WorkerProcessesOptions, workerProcesses } from "./worker-processes.js";

const MIB = 2 ** 20;
const stopReason = new EmporiumError("CANCELLED", "stopped");
const fault = (retry?: "now") => ({ error: toErrorRecord(new EmporiumError("FORMAT_CORRUPT", "broken")), again: { retry } });

/** A process that says what a test has it say. */
interface Process {
  readonly pid: number;
  readonly got: ToProcess[];
  readonly listener: ProcessListener<FromProcess>;
  isKilled: boolean;
}

/** Processes, the tasks that were asked of them, and what was told of both. */
function laboratory(options: Partial<WorkerProcessesOptions> = {}) {
  const started: Process[] = [];
  const events: RunEvent[] = [];
  const clock = manualClock(1_000);
  const ticks: [ms: number, tick: () => void][] = [];
  const start = ((_options: unknown, listener: ProcessListener<FromProcess>) => {
    const one: Process = { pid: 100 + started.length, got: [], listener, isKilled: false };
    started.push(one);
    const kill = () => {
      one.isKilled = true;
    };
    return { pid: one.pid, send: (message: ToProcess) => void one.got.push(message), kill };
  }) as typeof startProcess;
  const workers = workerProcesses({
    ...{ processes: 2, module: "m", data: {}, scratch: "s", createdMs: 5, clock, startProcess: start, random: () => 0 },
    every: (ms, tick) => {
      ticks.push([ms, tick]);
      return () => ticks.splice(0);
    },
    onEvent: (event) => events.push(event),
    ...options,
  });
  const receipts: [string, number][] = [];
  const failures: string[] = [];
  const journal = {
    done: async (id: string, row: Buffer) => void receipts.push([id, row[0]!]),
    failed: async (id: string) => void failures.push(id),
  } as unknown as BlockJournal;
  const stop = new AbortController();
  const results = new Map<number, Performed>();
  const perform = async (count: number, memoryBytes = 0, first = 0) => {
    for (let i = first; i < first + count; i++) {
      const task = { id: `t${i}`, title: `block ${i}`, memoryBytes } as Task;
      void workers.perform(i, task, journal, stop.signal).then((result) => results.set(i, result));
    }
    await settled();
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const say = async (process: Process, ...messages: FromProcess[]) => {
    for (const message of messages) process.listener.heard(message);
    await settled();
  };
  const end = async (process: Process, how = "SIGSEGV", tail = "") => {
    process.listener.ended(how, tail);
    await settled();
  };
  /** Numbers of the tasks that a process has got, in their order. */
  const had = ({ got }: Process) => got.flatMap((message) => (message.kind === "do" ? message.tasks : []));
  const tick = async (wanted: number) => {
    for (const [ms, one] of ticks) if (ms === wanted) one();
    await settled();
  };
  return { workers, started, events, clock, stop, results, receipts, failures, ticks, perform, say, end, had, tick };
}
const READY: FromProcess = { kind: "ready" };
const done = (...tasks: number[]): FromProcess => ({
  ...{ kind: "done", tasks, figures: tasks.map((task) => [task]) },
  rows: Buffer.concat(tasks.map((task) => Buffer.alloc(ROW_BYTES, task))),
});

describe("worker processes", () => {
  it("begin with the first tasks, get some when they are ready, and more as they are done", async () => {
    const { workers, started, clock, results, receipts, perform, say, had } = laboratory();
    await perform(7);
    expect(started.map(({ got }) => got)).toEqual(
      Array.from({ length: 2 }, () => [{ kind: "begin", module: "m", data: {}, scratch: "s", createdMs: 5, threads: 2 }]),
    );
    expect([workers.pids, workers.capacity]).toEqual([[100, 101], 1024]);
    const [a, b] = started as [Process, Process];
    await say(a, READY);
    await say(b, READY);
    // 50 ms a task is a batch of one
    expect([had(a), had(b)]).toEqual([[0], [1]]);
    clock.advance(10);
    await say(a, done(0));
    // (50 + 10) / 2 ms a task: still one
    expect([had(a), had(b)]).toEqual([[0, 2], [1]]);
    await say(a, done(2));
    // 15 ms: three, of which there is a half for each
    expect(had(a)).toEqual([0, 2, 3, 4]);
    await say(a, done(3, 4));
    await say(b, done(1));
    expect(receipts).toEqual([0, 2, 3, 4, 1].map((i) => [`t${i}`, i]));
    expect(results.get(4)).toEqual({ state: "done", figures: [4], again: 0 });
    // one worked for 10 ms, the other all the time, and nobody measures memory
    expect(workers.use!()).toEqual({ busySeconds: 0.02, idleShare: 0, rssBytesMax: 0 });
    expect(started.length).toBe(2);
  });

  it("are told to stop with the run: what nobody has begun is cancelled, and what they have when they say so", async () => {
    const { started, events, stop, results, perform, say, end, had } = laboratory({ processes: 1 });
    await perform(3);
    const [a] = started as [Process];
    await say(a, READY);
    stop.abort(stopReason);
    await say(a);
    expect([a.got.at(-1), had(a)]).toEqual([{ kind: "stop" }, [0]]);
    const cancelled = { state: "cancelled", error: stopReason };
    expect([results.get(0), results.get(1), results.get(2)]).toEqual([undefined, cancelled, cancelled]);
    await say(a, { kind: "cancelled", tasks: [0] });
    expect(results.get(0)).toEqual(cancelled);
    await end(a);
    expect([events, started.length]).toEqual([[], 1]);
  });

  it("end the run where they end three times before they begin, or say that they cannot begin", async () => {
    const first = laboratory({ processes: 1 });
    await first.perform(1);
    for (const i of [0, 1]) {
      await first.end(first.started[i]!);
      expect(first.workers.broken).toBe(undefined);
    }
    await first.end(first.started[2]!, "exit 1", "no such module");
    expect(first.workers.broken).toMatchObject({
      code: "ENGINE_LOST",
      message: "worker processes end before they begin (exit 1)",
    });
    expect(first.results.get(0)).toEqual({ state: "failed", error: first.workers.broken });
    await first.perform(1, 0, 1);
    expect([first.results.get(1)?.state, first.started.length]).toEqual(["failed", 3]);

    const second = laboratory({ processes: 1 });
    await second.perform(1);
    for (const i of [0, 1]) await second.end(second.started[i]!);
    // one that begins takes the others' blame away
    await second.say(second.started[2]!, READY, done(0));
    await second.end(second.started[2]!);
    await second.perform(1, 0, 1);
    await second.end(second.started[3]!);
    expect([second.workers.broken, second.started.length]).toEqual([undefined, 5]);
    await second.say(second.started[4]!, { kind: "broken", error: fault().error });
    expect(second.workers.broken).toMatchObject({ code: "FORMAT_CORRUPT" });
    expect(second.results.get(1)?.state).toBe("failed");
  });

  it("leave a task at which one died to one that has nothing else, then to one beside which nothing runs; after the third it has failed", async () => {
    const { workers, started, events, results, failures, perform, say, end, had } = laboratory({ processes: 3 });
    await perform(3);
    const [a, b, c] = started as [Process, Process, Process];
    for (const one of [a, b, c]) await say(one, READY);
    await end(a);
    const another = started[3]!;
    await say(another, READY);
    expect([had(another), had(b), had(c)]).toEqual([[0], [1], [2]]);
    await end(another);
    await say(c, done(2));
    // one has not come to an end
    expect([started.length, had(b), had(c)]).toEqual([4, [1], [2]]);
    await say(b, done(1));
    // what the other keeps is in its way
    expect([b.isKilled, c.isKilled, had(b)]).toEqual([false, true, [1]]);
    await end(c, "SIGKILL");
    expect(had(b)).toEqual([1, 0]);
    await end(b, "SIGABRT", "assertion failed");
    expect(failures).toEqual(["t0"]);
    expect(results.get(0)).toMatchObject({
      ...{ state: "failed", again: 2 },
      error: {
        code: "ENGINE_LOST",
        message: "block 0: 3 processes ended in the middle of it (SIGABRT)",
        facts: { hint: "see its last output: assertion failed" },
      },
    });
    expect([workers.broken, started.length]).toEqual([undefined, 4]);
    // the one that had nothing to do was ended by us
    expect(events.map((event) => event.kind === "worker" && [event.ended, event.tasks])).toEqual([
      ["SIGSEGV", 1],
      ["SIGSEGV", 1],
      ["SIGABRT", 1],
    ]);
  });

  it("that die with several tasks are at fault for none of them: each is done by itself", async () => {
    const { started, results, perform, say, end, had } = laboratory({ processes: 1 });
    await perform(6);
    const [a] = started as [Process];
    await say(a, READY);
    await say(a, done(0));
    // (50 + 0) / 2 ms a task
    expect(had(a)).toEqual([0, 1, 2]);
    await end(a);
    const b = started[1]!;
    await say(b, READY);
    expect(had(b)).toEqual([1]);
    await say(b, done(1));
    expect(had(b)).toEqual([1, 2]);
    await say(b, done(2));
    expect([1, 2].map((i) => results.get(i))).toEqual([1, 2].map((i) => ({ state: "done", figures: [i], again: 0 })));
  });

  it("leave a task that failed to another process where that may help", async () => {
    const { started, events, results, failures, perform, say, had } = laboratory();
    await perform(2);
    const [a, b] = started as [Process, Process];
    await say(a, READY);
    await say(b, READY);
    await say(a, { kind: "failed", tasks: [0], ...fault("now") });
    expect([had(a), events.at(-1)]).toEqual([[0], expect.objectContaining({ kind: "retry", id: "t0", attempt: 2 })]);
    await say(b, done(1));
    expect(had(b)).toEqual([1, 0]);
    await say(b, { kind: "failed", tasks: [0], ...fault() });
    expect([failures, results.get(0)]).toEqual([
      ["t0"],
      expect.objectContaining({ state: "failed", error: expect.objectContaining({ code: "FORMAT_CORRUPT" }) }),
    ]);
  });

  it("that fail three tasks one after the other are replaced", async () => {
    const failing = async (isDone: boolean) => {
      const { clock, started, ...more } = laboratory({ processes: 1 });
      await more.perform(5);
      const [a] = started as [Process];
      const say = (message: FromProcess) => {
        // 50 ms a task: one at a time
        clock.advance(50);
        return more.say(a, message);
      };
      await say(READY);
      for (const task of [0, 1]) await say({ kind: "failed", tasks: [task], ...fault() });
      if (isDone) await say(done(2));
      else await say({ kind: "failed", tasks: [2], ...fault() });
      return { a, started, ...more };
    };
    // one that is done in between takes the blame away
    const one = await failing(true);
    expect([one.a.isKilled, one.had(one.a)]).toEqual([false, [0, 1, 2, 3]]);
    const other = await failing(false);
    expect([other.a.isKilled, other.had(other.a)]).toEqual([true, [0, 1, 2]]);
    await other.end(other.a, "SIGKILL");
    const told = { kind: "worker", pid: 100, ended: "SIGKILL: it failed one task after the other", tasks: 0 };
    expect(other.events.at(-1)).toMatchObject(told);
    await other.say(other.started[1]!, READY);
    expect(other.had(other.started[1]!)).toEqual([3]);
  });

  it("that say nothing, or get no further, are ended", async () => {
    const { started, clock, ticks, workers, perform, say, tick } = laboratory({ silenceMs: 100, taskMs: 1_000 });
    await perform(2);
    const [a, b] = started as [Process, Process];
    for (const one of [a, b]) {
      one.listener.wrote!("5\n");
      await say(one, READY);
    }
    clock.advance(101);
    b.listener.wrote!("5\n");
    await tick(5_000);
    expect([a.isKilled, b.isKilled]).toEqual([true, false]);
    workers.close();
    expect([b.isKilled, ticks.length]).toEqual([true, 0]);
  });

  it("get no more tasks than there is memory for, one of them always", async () => {
    const { started, perform, say, had } = laboratory({ processes: 3, memory: { bytes: 1000 * MIB, taskBytes: 100 } });
    await perform(4, 60);
    const [a, b] = started as [Process, Process];
    await say(a, READY);
    await say(b, READY);
    expect([had(a), had(b)]).toEqual([[0], []]);
    await say(a, done(0));
    expect(had(a).length + had(b).length).toBe(2);
    const small = laboratory({ processes: 3, memory: { bytes: 1000 * MIB, taskBytes: 100 } });
    await small.perform(3, 40);
    for (const one of small.started) await small.say(one, READY);
    expect(small.started.map(small.had)).toEqual([[0], [1], []]);
  });

  it("tell their memory themselves where the system does not, the last line of what they wrote", async () => {
    const memory = { bytes: 1000 * MIB, taskBytes: MIB };
    const { started, events, perform, tick } = laboratory({ memory, rssOf: () => undefined });
    await perform(2);
    const [a, b] = started as [Process, Process];
    a.listener.wrote!("5\n7\n");
    b.listener.wrote!("100\n");
    await tick(250);
    expect(events.at(-1)).toMatchObject({ kind: "measured", rssBytes: 107 });
  });

  it("begin nothing while the memory is full; what took more than is allowed runs when as much is free", async () => {
    const rss = new Map<number, number>();
    const memory = { bytes: 1000 * MIB, taskBytes: 800 * MIB };
    const { workers, started, events, results, failures, perform, say, end, had, tick } = laboratory({
      memory,
      rssOf: (pid) => rss.get(pid) ?? 0,
    });
    await perform(4, MIB);
    const [a, b] = started as [Process, Process];
    await say(a, READY);
    await say(b, READY);
    // 150 MiB of each process are the program's own
    rss.set(a.pid, (150 + 950) * MIB);
    await tick(250);
    expect(events.at(-1)).toMatchObject({ kind: "measured", rssBytes: 1100 * MIB });
    await say(b, done(1));
    expect([had(b), a.isKilled]).toEqual([[1], false]);
    rss.set(a.pid, (150 + 100) * MIB);
    await tick(250);
    expect(had(b)).toEqual([1, 2]);
    await say(b, done(2));
    rss.set(a.pid, (150 + 1000) * MIB);
    await tick(250);
    // b has nothing of its own, and a goes on alone: then a is ended
    expect([a.isKilled, workers.use!().rssBytesMax]).toEqual([true, 1150 * MIB]);
    await end(a, "SIGKILL");
    rss.delete(a.pid);
    await tick(250);
    expect(events.filter(({ kind }) => kind === "worker")).toEqual([
      expect.objectContaining({ pid: 100, ended: "SIGKILL: it took more memory than is allowed", tasks: 1 }),
    ]);
    expect([failures, results.has(0)]).toEqual([[], false]);
  });
});
