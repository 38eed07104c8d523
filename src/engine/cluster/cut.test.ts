import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.js";
import type { Task } from "../task.js";
import { cutPlan, type TaskGroup } from "./cut.js";

const MiB = 2 ** 20;

function task(id: string, group: string, rank: number, more: Partial<Task> = {}): Task & { group: TaskGroup } {
  return {
    ...{
      id,
      title: id,
      run: "x",
      params: {},
      inputs: [],
      outputs: [id],
      needs: [],
      bytes: 0,
      memoryBytes: 0,
      threads: 1 as const,
    },
    ...more,
    group: { name: group, rank },
  };
}
const groupOf = (one: Task) => (one as Task & { group: TaskGroup }).group;
const cut = (tasks: readonly Task[], slices = 100) =>
  cutPlan(tasks, groupOf, slices).map((stage) => stage.slices.map((slice) => slice.map(({ id }) => id)));

describe("cutting a plan for workers that share nothing", () => {
  it("keeps a group in one slice and makes a stage of each rank", () => {
    const tasks = [
      task("a1", "a", 0),
      task("b1", "b", 0),
      task("a2", "a", 0, { needs: ["a1"] }),
      task("set", "set", 1),
      task("all", "all", 2),
    ];
    expect(cut(tasks)).toEqual([[["a1", "a2"], ["b1"]], [["set"]], [["all"]]]);
  });
  it("puts a task behind those of other groups that it needs or follows, whatever its rank", () => {
    const tasks = [
      task("a", "a", 0),
      task("b", "b", 0, { needs: ["a"] }),
      task("c", "c", 0, { after: ["b"] }),
      task("d", "c", 0, { needs: ["c"] }),
    ];
    expect(cut(tasks)).toEqual([[["a"]], [["b"]], [["c", "d"]]]);
  });
  it("makes as many slices as allowed where there are more groups, none much dearer than the others", () => {
    const tasks = Array.from({ length: 12 }, (_, i) => task(`t${i}`, `g${i}`, 0, { bytes: 96 * MiB }));
    expect(
      cut(tasks, 4)
        .flat()
        .map((slice) => slice.length),
    ).toEqual([3, 3, 3, 3]);
    // one group as dear as all the others
    tasks[0] = task("t0", "g0", 0, { bytes: 12 * 96 * MiB });
    expect(cut(tasks, 2)[0]![0]).toEqual(["t0"]);
  });
  it("loses no task, repeats none and keeps to the number of slices, for 200 plans of chance", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const tasks: Task[] = [];
      for (let i = 0; i < 40; i++) {
        const needs = tasks.filter(() => random() < 0.05).map(({ id }) => id);
        const group = Math.floor(random() * 12);
        tasks.push(task(`t${i}`, `g${group}`, group % 3, { needs, bytes: Math.floor(random() * 100) * MiB }));
      }
      const slicesMax = 1 + Math.floor(random() * 6);
      const stages = cutPlan(tasks, groupOf, slicesMax);
      const place = new Map<string, [stage: number, slice: number, position: number]>();
      stages.forEach(({ slices }, stage) => {
        expect(slices.length, `seed ${seed}`).toBeLessThanOrEqual(slicesMax);
        slices.forEach((slice, number) => {
          for (const [position, { id }] of slice.entries()) place.set(id, [stage, number, position]);
        });
      });
      expect(place.size, `seed ${seed}`).toBe(tasks.length);
      expect(stages.flatMap(({ slices }) => slices.flat())).toHaveLength(tasks.length);
      for (const { id, needs } of tasks) {
        const [stage, slice, position] = place.get(id)!;
        for (const need of needs) {
          const before = place.get(need)!;
          const isBefore = before[0] < stage || (before[0] === stage && before[1] === slice && before[2] < position);
          expect(isBefore, `seed ${seed}: ${id} needs ${need}`).toBe(true);
        }
      }
    }
  });
  it("refuses a plan in which a task comes before its need", () => {
    expect(() => cut([task("b", "b", 0, { needs: ["a"] }), task("a", "a", 0)])).toThrow("comes before");
  });
});
