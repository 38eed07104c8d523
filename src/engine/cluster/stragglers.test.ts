import { expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import type { Task } from "../task.js";
import { writeGraph } from "./graph.js";
import type { OpenRun, RunStage } from "./run-record.js";
import { openSegments } from "./segments.js";
import { stragglers } from "./stragglers.js";
import type { Submission } from "./submissions.js";

/** Slices of a stage, each of one task. */
const SLICES = 40;
const stage = { name: "a", slices: Array.from({ length: SLICES + 1 }, (_, i) => i) } as unknown as RunStage;
const submission = (slices: number[], twin?: true): Submission => ({ number: 0, slices, job: "j", by: "me", engine: "e", twin });

/** What processes wrote, each at its time by the store's clock; then the store's clock is at `nowS`. */
async function scene(processes: readonly [slice: number, atS: number, ...records: object[]][], nowS: number) {
  let seconds = 0;
  const store = memoryStore({ now: () => seconds * 1000 });
  const folder = ".emporium/runs/r/";
  const tasks = Array.from({ length: SLICES }, (_, i) => ({ id: `t${i}`, title: "", needs: [], outputs: [] }));
  await writeGraph(store, folder, tasks as unknown as Task[]);
  for (const [i, [slice, atS, ...records]] of processes.entries()) {
    seconds = atS;
    const segments = await openSegments(store, folder, "a", { slice, attempt: 0, token: `p${i}` }, () => () => undefined);
    for (const record of records) await segments.add(JSON.stringify(record), true);
    await segments.close();
  }
  seconds = nowS;
  const run = { store, folder, record: {} } as unknown as OpenRun;
  const count = (running: number, waiting = 0, held = 0) => ({ running, waiting, held });
  return { of: (submissions: Submission[], counts = count(3)) => stragglers(run, stage, submissions, counts), count };
}
const worker = { record: "worker", host: "h", startedMs: 0 };
const start = (task: number) => ({ record: "start", task: `t${task}` });
const done = (task: number) => ({
  record: "done",
  receipt: { task: `t${task}`, title: "", inputs: [], outputs: [], seconds: 1 },
});
const ended = (seconds: number) => ({ record: "end", complete: true, seconds });
const beat = (seconds: number) => ({ record: "heartbeat", atMs: 1000 * seconds });

it("slices that take three times the median and two minutes at least, of which something is left and no twin was begun", async () => {
  const quick = [0, 1, 2].map((i) => [i, 60, worker, start(i), done(i), ended(50)] as [number, number, ...object[]]);
  const { of, count } = await scene(
    [
      ...quick,
      // silent for 100 s after 60 s: 160 s in all, more than 150 s
      [3, 60, worker, start(3), beat(60)],
      [4, 60, worker, start(4), beat(60)],
      // 140 s
      [5, 60, worker, start(5), beat(40)],
      // of this one nothing is left
      [6, 60, worker, start(6), done(6), beat(60)],
      [7, 60, worker, start(7), { record: "failed", task: "t7", error: { code: "INTERNAL", message: "x" } }, beat(60)],
      // this one has ended
      [8, 60, worker, start(8), beat(60), ended(1000)],
    ],
    160,
  );
  expect(await of([submission([3, 4, 5, 6, 7, 8])])).toEqual([3, 4]);
  expect(await of([submission([3, 4]), submission([3], true)])).toEqual([4]);
  // a stage is near its end when nothing waits, and less than a tenth of its slices run
  for (const [running, waiting, held] of [
    [4, 0, 0],
    [3, 1, 0],
    [3, 0, 1],
  ] as const)
    expect(await of([submission([3])], count(running, waiting, held))).toEqual([]);
});

it("none before two minutes, however quick the others were", async () => {
  const records: [number, number, ...object[]][] = [
    [0, 1, worker, start(0), done(0), ended(1)],
    [1, 1, worker, start(1), beat(1)],
  ];
  expect(await (await scene(records, 120)).of([submission([0, 1])])).toEqual([]);
  expect(await (await scene(records, 121)).of([submission([0, 1])])).toEqual([1]);
});

it("the slow ones may go where twins have done all", async () => {
  const all = Array.from({ length: SLICES }, (_, i) => [i, 1, worker, done(i), ended(1)] as [number, number, ...object[]]);
  const twin = [submission([3]), submission([3], true)];
  const whole = await scene(all, 500);
  expect(await whole.of(twin, whole.count(30))).toBe("over");
  expect(await whole.of([submission([3])])).toEqual([]);
  const part = await scene(all.slice(1), 500);
  expect(await part.of(twin)).toEqual([]);
});
