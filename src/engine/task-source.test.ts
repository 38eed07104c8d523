import { describe, expect, it } from "vitest";
import type { Task } from "./task.js";
import { listSource } from "./task-source.js";

const task = (id: string, facts: Partial<Task> = {}): Task => ({
  id,
  title: `task ${id}`,
  run: "x",
  params: {},
  inputs: [],
  outputs: [],
  needs: [],
  bytes: 0,
  memoryBytes: 0,
  threads: 1,
  ...facts,
});
const visited = (visit: (note: (index: number) => void) => void) => {
  const found: number[] = [];
  visit((index) => found.push(index));
  return found;
};

describe("listSource", () => {
  const tasks = [task("a"), task("b", { needs: ["a"] }), task("c", { needs: ["a", "b"], after: ["a"] })];
  const source = listSource({ createdMs: 5, locks: ["l"], tasks });

  it("names tasks by their places, both ways", () => {
    expect([source.createdMs, source.locks, source.count]).toEqual([5, ["l"], 3]);
    expect(source.task(1)).toBe(tasks[1]);
    expect(visited((note) => source.needs(2, note))).toEqual([0, 1]);
    expect(visited((note) => source.needers(0, note))).toEqual([1, 2]);
    expect(visited((note) => source.needers(2, note))).toEqual([]);
    expect(visited((note) => source.follows!(2, note))).toEqual([0]);
    expect(visited((note) => source.followers!(0, note))).toEqual([2]);
  });

  it("is named by the ids of its tasks in their order", () => {
    // sha256sum of "a\nb\nc\n"
    expect(source.idsHash()).toBe("880553fca8fcea94e325ee2cfb48e5a9");
  });

  it("refuses a need that is not in the list", () => {
    expect(() => listSource({ createdMs: 0, locks: [], tasks: [task("a", { needs: ["z"] })] })).toThrow("task a needs task z");
  });
});
