import { describe, expect, it } from "vitest";
import type { BlockJournal } from "../blocks/block-journal.js";
import type { Task } from "../task.js";
import { type Asked, askedTasks } from "./asked-tasks.js";

const asked = (index: number): Asked => ({
  index,
  task: {} as Task,
  journal: {} as BlockJournal,
  isSuspect: false,
  deaths: 0,
  resolve: () => {},
});
const indexes = (some: readonly Asked[]) => some.map(({ index }) => index);
const busy = (tasks: number) => ({ tasks, isIdle: false });

describe("askedTasks", () => {
  it("gives tasks in their order, and leaves some for the other processes", () => {
    const queue = askedTasks();
    for (let index = 0; index < 10; index++) queue.add(asked(index));
    expect(indexes(queue.next(busy(100), 2))).toEqual([0, 1, 2, 3, 4]);
    expect(indexes(queue.next(busy(2), 2))).toEqual([5, 6]);
    expect(queue.size).toBe(3);
    expect(indexes(queue.next(busy(0), 2))).toEqual([]);
    expect(indexes(queue.next(busy(9), 1))).toEqual([7, 8, 9]);
    expect(queue.size).toBe(0);
  });

  it("gives a suspect to a process that has nothing else, alone", () => {
    const queue = askedTasks();
    queue.add(asked(1));
    const suspect = asked(7);
    queue.addAlone(suspect);
    expect(suspect.isSuspect).toBe(true);
    expect(queue.size).toBe(2);
    expect(indexes(queue.next(busy(9), 1))).toEqual([1]);
    expect(indexes(queue.next(busy(9), 1))).toEqual([]);
    expect(indexes(queue.next({ tasks: 9, isIdle: true }, 1))).toEqual([7]);
  });

  it("loses none among many, and gives up all that wait", () => {
    const queue = askedTasks();
    const found: number[] = [];
    for (let index = 0; index < 30_000; index++) {
      queue.add(asked(index));
      if (index % 2 === 1) found.push(...indexes(queue.next(busy(1), 1)));
    }
    queue.addAlone(asked(30_000));
    found.push(...indexes(queue.drain()));
    expect(found).toEqual(Array.from({ length: 30_001 }, (_, i) => i));
    expect(queue.size).toBe(0);
  });
});
