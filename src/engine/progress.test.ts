import { describe, expect, it } from "vitest";
import type { RunEvent } from "./events.js";
import { advance, noProgress, type ProgressState, viewProgress } from "./progress.js";

const brief = (id: string, bytes: number) => ({ id, title: `tomogram ${id}`, run: "copy", bytes });
const fold = (events: RunEvent[], state: ProgressState = noProgress) => events.reduce(advance, state);

const begin: RunEvent[] = [
  { atMs: 1_000, kind: "plan", tasks: 4, bytes: 1_000, resumed: false, createdMs: 0 },
  { atMs: 1_000, kind: "checked", already: 1, alreadyBytes: 400 },
  { atMs: 1_000, kind: "settled", task: brief("z", 400), state: "already", seconds: 0 },
];

describe("progress", () => {
  it("has what the plan cannot make: it has failed before anything begins, and is no part that is done", () => {
    const unplanned = { failed: 1, blocked: 8 };
    const planned = fold([{ atMs: 0, kind: "plan", tasks: 1, bytes: 0, resumed: false, createdMs: 0, unplanned }]);
    const done = advance(planned, { atMs: 1, kind: "settled", task: brief("a", 0), state: "done", seconds: 1 });
    const counts = (state: ProgressState) => {
      const { tasksTotal, tasksDone, tasksFailed, tasksBlocked, fraction } = viewProgress(state);
      return { tasksTotal, tasksDone, tasksFailed, tasksBlocked, fraction };
    };
    expect(counts(planned)).toEqual({ tasksTotal: 10, tasksDone: 0, tasksFailed: 9, tasksBlocked: 8, fraction: 0.9 });
    expect(counts(done)).toEqual({ tasksTotal: 10, tasksDone: 1, tasksFailed: 9, tasksBlocked: 8, fraction: 1 });
  });

  it("counts what earlier runs had done, but not into the rate", () => {
    const state = fold([
      ...begin,
      { atMs: 1_000, kind: "start", task: brief("a", 200), threads: 1, notes: 0 },
      { atMs: 6_000, kind: "progress", id: "a", bytesDone: 100 },
    ]);
    expect(viewProgress(state)).toEqual({
      tasksTotal: 4,
      tasksDone: 1,
      tasksFailed: 0,
      tasksBlocked: 0,
      tasksPerSecond: undefined,
      bytesTotal: 1_000,
      bytesDone: 500,
      bytesResumed: 400,
      bytesLeft: 500,
      bytesAgain: 0,
      unsized: 0,
      fraction: 0.5,
      bytesPerSecond: 20,
      secondsLeft: 25,
      seconds: 5,
      running: [{ title: "tomogram a", bytes: 200, bytesDone: 100 }],
    });
  });

  it("takes counts as they come, and failures between them", () => {
    const counts = { done: 0, already: 1, failed: 0, blocked: 0, cancelled: 0 };
    const counted = (atMs: number, done: number, failed: number): RunEvent => {
      return { atMs, kind: "counted", counts: { ...counts, done, failed }, bytesDone: done * 200 };
    };
    const failure: RunEvent = { atMs: 2_500, kind: "settled", task: brief("b", 0), state: "failed", seconds: 0 };
    const between = fold([...begin.slice(0, 2), counted(2_000, 1, 0), failure]);
    expect(viewProgress(between)).toMatchObject({ tasksDone: 2, tasksFailed: 1, bytesDone: 600 });
    const after = fold([counted(6_000, 2, 1)], between);
    expect(viewProgress(after)).toMatchObject({ tasksDone: 3, tasksFailed: 1, bytesDone: 800, bytesPerSecond: 80 });
  });

  it("takes the first report of a task with notes as resumed", () => {
    const state = fold([
      ...begin,
      { atMs: 1_000, kind: "start", task: brief("a", 200), threads: 1, notes: 3 },
      { atMs: 1_000, kind: "progress", id: "a", bytesDone: 150 },
      { atMs: 3_000, kind: "progress", id: "a", bytesDone: 200 },
    ]);
    expect(viewProgress(state)).toMatchObject({ bytesDone: 600, bytesResumed: 550, bytesPerSecond: 25 });
    const after = advance(state, { atMs: 3_000, kind: "settled", task: brief("a", 200), state: "done", seconds: 2 });
    expect(viewProgress(after)).toMatchObject({ bytesDone: 600, bytesResumed: 550, tasksDone: 2, running: [] });
  });

  it("reaches the end though a task failed, and says which share was done", () => {
    const state = fold([
      ...begin,
      { atMs: 1_000, kind: "start", task: brief("a", 200), threads: 1, notes: 0 },
      { atMs: 2_000, kind: "progress", id: "a", bytesDone: 120 },
      { atMs: 2_000, kind: "settled", task: brief("a", 200), state: "failed", seconds: 1 },
      { atMs: 2_000, kind: "settled", task: brief("b", 100), state: "blocked", seconds: 0 },
      { atMs: 2_000, kind: "start", task: brief("c", 300), threads: 1, notes: 0 },
      { atMs: 5_000, kind: "settled", task: brief("c", 300), state: "done", seconds: 3 },
    ]);
    expect(viewProgress(state)).toMatchObject({ fraction: 1, bytesDone: 700, tasksDone: 2, tasksFailed: 2, secondsLeft: 0 });
  });

  it("has come to its end with its only task, though the target had some of the bytes", () => {
    const state = fold([
      { atMs: 0, kind: "plan", tasks: 1, bytes: 100, resumed: false, createdMs: 0 },
      { atMs: 0, kind: "start", task: brief("a", 100), threads: 1, notes: 0 },
      { atMs: 1_000, kind: "settled", task: brief("a", 40), state: "done", seconds: 1 },
    ]);
    expect(viewProgress(state)).toMatchObject({ fraction: 1, tasksDone: 1 });
  });

  it("follows the rate of the last half minute", () => {
    let state = fold([...begin, { atMs: 1_000, kind: "start", task: brief("a", 1_000_000), threads: 1, notes: 0 }]);
    for (let second = 1; second <= 60; second++) {
      state = advance(state, {
        atMs: 1_000 + second * 1_000,
        kind: "progress",
        id: "a",
        bytesDone: Math.min(second, 30) * 1_000,
      });
    }
    expect(viewProgress(state).bytesPerSecond).toBeUndefined(); // nothing moved for as long as it looks back
    state = advance(state, { atMs: 62_000, kind: "progress", id: "a", bytesDone: 60_000 });
    expect(viewProgress(state).bytesPerSecond).toBeCloseTo(1_000, 0);
  });

  it("keeps a bounded number of samples, however many events come", () => {
    let state = fold([...begin, { atMs: 1_000, kind: "start", task: brief("a", 1e9), threads: 1, notes: 0 }]);
    for (let i = 0; i < 20_000; i++) state = advance(state, { atMs: 1_000 + i, kind: "progress", id: "a", bytesDone: i });
    expect(state.samples.length).toBeLessThan(130);
    expect(viewProgress(state).bytesPerSecond).toBeCloseTo(1_000, -1);
  });

  it("is nothing before anything is known, and all of nothing is done", () => {
    expect(viewProgress(noProgress)).toEqual({
      tasksTotal: 0,
      tasksDone: 0,
      tasksFailed: 0,
      tasksBlocked: 0,
      bytesTotal: 0,
      bytesDone: 0,
      bytesResumed: 0,
      bytesLeft: 0,
      bytesAgain: 0,
      unsized: 0,
      fraction: 0,
      bytesPerSecond: undefined,
      tasksPerSecond: undefined,
      secondsLeft: undefined,
      seconds: 0,
      running: [],
    });
  });

  it("goes by tasks where a plan has no bytes", () => {
    const state = fold([
      { atMs: 0, kind: "plan", tasks: 2, bytes: 0, resumed: false, createdMs: 0 },
      { atMs: 0, kind: "settled", task: brief("a", 0), state: "done", seconds: 0 },
    ]);
    expect(viewProgress(state)).toMatchObject({
      bytesDone: 0,
      bytesResumed: 0,
      fraction: 0.5,
      bytesPerSecond: undefined,
      secondsLeft: undefined,
    });
    const one = fold([{ atMs: 0, kind: "plan", tasks: 1, bytes: 0, resumed: false, createdMs: 0 }]);
    expect(viewProgress(one).fraction).toBe(0);
    // the other is taken to last as long, once there is a time to speak of
    expect(viewProgress(state, 4_000)).toMatchObject({ fraction: 0.5, secondsLeft: 4 });
  });

  it("learns sizes as they come, and keeps what was done twice apart", () => {
    const state = fold([
      { atMs: 0, kind: "plan", tasks: 2, bytes: 100, resumed: false, createdMs: 0, unsized: 1 },
      { atMs: 0, kind: "start", task: brief("a", 0), threads: 1, notes: 0 },
      { atMs: 1_000, kind: "progress", id: "a", bytesDone: 0 },
    ]);
    expect(viewProgress(state)).toMatchObject({ bytesTotal: 100, unsized: 1, fraction: 0, secondsLeft: undefined });
    expect(
      viewProgress(fold([...begin, { atMs: 2_000, kind: "start", task: brief("a", 200), threads: 1, notes: 0 }])),
    ).toMatchObject({
      bytesDone: 400,
      bytesResumed: 400,
      bytesAgain: 0,
      running: [{ bytes: 200, bytesDone: 0 }],
    });
    const sized = [
      { atMs: 1_000, kind: "sized", id: "a", bytes: 300 },
      { atMs: 2_000, kind: "progress", id: "a", bytesDone: 200, bytesAgain: 50 },
    ] as const;
    const later = sized.reduce(advance, state);
    expect(viewProgress(later)).toMatchObject({
      bytesTotal: 400,
      bytesDone: 200,
      bytesLeft: 200,
      bytesAgain: 50,
      unsized: 0,
      fraction: 0.5,
    });
    const after = advance(later, { atMs: 3_000, kind: "settled", task: brief("a", 300), state: "done", seconds: 3 });
    expect(viewProgress(after)).toMatchObject({ bytesDone: 300, bytesLeft: 100, bytesAgain: 50, tasksDone: 1 });
  });

  it("tells tasks a second, memory and idle time where worker processes tell of them", () => {
    const counts = (done: number, blocked = 0) => ({ done, already: 0, failed: blocked > 0 ? 1 : 0, blocked, cancelled: 0 });
    const state = fold([
      { atMs: 0, kind: "plan", tasks: 100, bytes: 0, resumed: false, createdMs: 0 },
      { atMs: 0, kind: "counted", counts: counts(10), bytesDone: 0 },
      { atMs: 4_000, kind: "counted", counts: counts(30, 5), bytesDone: 0 },
      { atMs: 4_000, kind: "measured", rssBytes: 77, idleShare: 0.25 },
    ]);
    const { tasksPerSecond, tasksFailed, tasksBlocked, rssBytes, idleShare } = viewProgress(state);
    expect([tasksPerSecond, tasksFailed, tasksBlocked, rssBytes, idleShare]).toEqual([5, 6, 5, 77, 0.25]);
  });

  it("(37.5) a run that was stopped stands where its work stands, and one whose tasks failed has come to its end", () => {
    const ended = (outcome: "cancelled" | "failed") =>
      fold([
        { atMs: 0, kind: "plan", tasks: 2, bytes: 400, resumed: false, createdMs: 0 },
        { atMs: 1_000, kind: "settled", task: brief("a", 100), state: "done", seconds: 1 },
        { atMs: 2_000, kind: "settled", task: brief("b", 300), state: outcome, seconds: 1 },
      ]);
    expect(viewProgress(ended("cancelled"))).toMatchObject({ fraction: 0.25, bytesLeft: 300, tasksDone: 1, tasksFailed: 0 });
    expect(viewProgress(ended("failed"))).toMatchObject({ fraction: 1, bytesLeft: 0, tasksDone: 1, tasksFailed: 1 });
  });
});
