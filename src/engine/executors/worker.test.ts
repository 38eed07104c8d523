import { expect, it } from "vitest";
import type { Asked } from "./asked-tasks.js";
import { BATCH_MAX, endStalled, roomOf, type Worker } from "./worker.js";

const room = (taskMs: number, ...alone: Asked["alone"][]) =>
  roomOf({ taskMs, sent: new Map(alone.map((how, at) => [at, { alone: how }])) } as unknown as Worker);
const none = (count: number) => Array.from({ length: count }, () => "no" as const);

it("a process gets tasks for 50 ms, one at least and a bounded number", () => {
  expect(room(10)).toEqual({ tasks: 5, isIdle: true });
  expect(room(1000)).toEqual({ tasks: 1, isIdle: true });
  expect(room(0.001)).toEqual({ tasks: BATCH_MAX, isIdle: true });
});

it("the next ones come before it has done half of them, and none beside one that is done alone", () => {
  expect(room(5, ...none(5))).toEqual({ tasks: 10, isIdle: false });
  expect(room(5, ...none(6))).toEqual({ tasks: 0, isIdle: false });
  expect(room(5, "no")).toEqual({ tasks: 10, isIdle: false });
  expect(room(5, "process")).toEqual({ tasks: 0, isIdle: false });
  expect(room(5, "run")).toEqual({ tasks: 0, isIdle: false });
});

it("a process that says nothing or gets no further is ended, and one with nothing to do is left alone", () => {
  const endings = (facts: Partial<Worker>) => {
    let kills = 0;
    const worker = {
      ...{ heardMs: 1_000_000, sinceMs: 1_000_000, isAlive: true, isBusy: true, ...facts },
      process: { kill: () => kills++ },
    } as unknown as Worker;
    endStalled([worker], 1_000_000, { silenceMs: 500, taskMs: 5_000 });
    return [worker.ending, kills];
  };
  expect(endings({})).toEqual([undefined, 0]);
  expect(endings({ heardMs: 999_500, sinceMs: 995_000 })).toEqual([undefined, 0]);
  expect(endings({ heardMs: 999_499 })).toEqual(["silent", 1]);
  expect(endings({ sinceMs: 994_999 })).toEqual(["stalled", 1]);
  expect(endings({ sinceMs: 994_999, isBusy: false } as Partial<Worker>)).toEqual([undefined, 0]);
  // it takes longer to begin
  expect(endings({ heardMs: 999_499, isAlive: false })).toEqual([undefined, 0]);
});
