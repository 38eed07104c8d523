import { describe, expect, it } from "vitest";
import type { BlockJournal } from "../blocks/block-journal.js";
import type { Task } from "../task.js";
import { type Asked, askedTasks, type Room } from "./asked-tasks.js";

const asked = (index: number, facts: Partial<Asked> = {}): Asked => ({
  index,
  task: { memoryBytes: 10 } as Task,
  journal: {} as BlockJournal,
  alone: "no",
  deaths: 0,
  tries: 0,
  needBytes: 10,
  resolve: () => {},
  ...facts,
});
const indexes = (some: readonly Asked[]) => some.map(({ index }) => index);
const room = (tasks: number, facts: Partial<Room> = {}): Room => ({
  who: {},
  tasks,
  isIdle: false,
  isOnly: false,
  freeBytes: Number.POSITIVE_INFINITY,
  processes: 1,
  ...facts,
});
const idle = { isIdle: true, processes: 2 };

describe("askedTasks", () => {
  it("gives tasks in their order, and leaves some for the other processes", () => {
    const queue = askedTasks();
    for (let index = 0; index < 10; index++) queue.add(asked(index));
    expect(indexes(queue.next(room(100, { processes: 2 })))).toEqual([0, 1, 2, 3, 4]);
    expect(indexes(queue.next(room(2, { processes: 2 })))).toEqual([5, 6]);
    expect(queue.size).toBe(3);
    expect(indexes(queue.next(room(0, { processes: 2 })))).toEqual([]);
    expect(indexes(queue.next(room(9)))).toEqual([7, 8, 9]);
    expect(queue.size).toBe(0);
  });

  it("gives a task that was tried before to a process that has nothing else, by itself", () => {
    const queue = askedTasks();
    queue.add(asked(1));
    queue.addAgain(asked(7, { alone: "process" }));
    expect(queue.size).toBe(2);
    expect(indexes(queue.next(room(9)))).toEqual([1]);
    expect(indexes(queue.next(room(9)))).toEqual([]);
    expect(indexes(queue.next(room(9, { isIdle: true })))).toEqual([7]);
  });

  it("keeps a task from the process at which it failed, where there is another one", () => {
    const [first, second] = [{}, {}];
    const queue = askedTasks();
    queue.addAgain(asked(3, { avoid: first }));
    expect(indexes(queue.next(room(9, { ...idle, who: first })))).toEqual([]);
    expect(indexes(queue.next(room(9, { ...idle, who: second })))).toEqual([3]);
    queue.addAgain(asked(4, { avoid: first }));
    expect(indexes(queue.next(room(9, { isIdle: true, who: first, processes: 1 })))).toEqual([4]);
  });

  it("lets a task that needs more than is free wait, and nobody overtakes it", () => {
    const queue = askedTasks();
    queue.add(asked(1));
    queue.addAgain(asked(5, { needBytes: 80 }));
    expect(indexes(queue.next(room(9, { ...idle, freeBytes: 79 })))).toEqual([]);
    expect(indexes(queue.next(room(9, { ...idle, freeBytes: 80 })))).toEqual([5]);
    // it takes what others are planned to have
    expect(indexes(queue.next(room(9, { ...idle, freeBytes: 9 })))).toEqual([]);
    queue.add(asked(2));
    queue.add(asked(3));
    expect(indexes(queue.next(room(9, { isIdle: true, freeBytes: 29 })))).toEqual([1, 2]);
    expect(indexes(queue.next(room(9, { ...idle, isOnly: true, freeBytes: 0 })))).toEqual([3]);
    // it has all that there is where nothing else runs
    queue.addAgain(asked(6, { needBytes: 1000 }));
    expect(indexes(queue.next(room(9, { ...idle, isOnly: true, freeBytes: 100 })))).toEqual([6]);
  });

  it("gives a task that must be alone when there is one process, which does nothing; nobody overtakes it", () => {
    const queue = askedTasks();
    queue.add(asked(1));
    queue.addAgain(asked(5, { alone: "run" }));
    expect(queue.wantsAll).toBe(true);
    expect(indexes(queue.next(room(9, { ...idle, isOnly: true })))).toEqual([]);
    expect(indexes(queue.next(room(9, { isIdle: true, isOnly: true })))).toEqual([5]);
    expect(queue.wantsAll).toBe(false);
  });

  it("loses none among many, and gives up all that wait", () => {
    const queue = askedTasks();
    const found: number[] = [];
    for (let index = 0; index < 30_000; index++) {
      queue.add(asked(index));
      if (index % 2 === 1) found.push(...indexes(queue.next(room(1))));
    }
    queue.addAgain(asked(30_000));
    found.push(...indexes(queue.drain()));
    expect(found).toEqual(Array.from({ length: 30_001 }, (_, i) => i));
    expect(queue.size).toBe(0);
  });
});
