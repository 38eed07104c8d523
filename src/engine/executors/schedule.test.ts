import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../core/errors.js";
import { type Random, seededRandom } from "../../core/random.js";
import type { Task, TaskState } from "../task.js";
import { listSource } from "../task-source.js";
import { readySet } from "./ready-set.js";
import { type Performed, schedule, taskStates } from "./schedule.js";

const fail = new EmporiumError("FORMAT_CORRUPT", "broken");
const MEMORY = 100;

/** Some tasks that need, and some that merely follow, earlier ones. */
function graph(random: Random, count: number): Task[] {
  const earlier = (i: number, share: number) => Array.from({ length: i }, (_, j) => `${j}`).filter(() => random() < share);
  return Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    title: `${i}`,
    run: "x",
    params: {},
    inputs: [],
    outputs: [],
    needs: earlier(i, 0.12),
    after: earlier(i, 0.04),
    bytes: 0,
    memoryBytes: Math.floor(random() * 104),
    threads: random() < 0.15 ? "all" : 1,
  }));
}

/** What happened, in order: `start 3`, `3 done`. */
type Story = string[];

/** Which running task ends next, and how: the same for both schedulers while they run the same tasks. */
function fate(random: Random): (running: readonly number[]) => { index: number; state: "done" | "failed" } {
  return (running) => {
    const index = [...running].sort((a, b) => a - b)[Math.floor(random() * running.length)]!;
    return { index, state: random() < 0.15 ? "failed" : "done" };
  };
}

/** The rules as one would say them, with no thought of speed. */
function naive(tasks: readonly Task[], already: ReadonlySet<number>, jobs: number, next: ReturnType<typeof fate>): Story {
  const story: Story = [];
  const states = new Map<number, TaskState>([...already].map((index) => [index, "already"]));
  const running = new Map<number, { threads: number; memory: number }>();
  const used = (what: "threads" | "memory") => [...running.values()].reduce((sum, one) => sum + one[what], 0);
  const isDone = (id: string) => ["done", "already"].includes(states.get(Number(id)) ?? "");
  const isReady = ({ id, needs, after }: Task) =>
    !states.has(Number(id)) &&
    !running.has(Number(id)) &&
    needs.every(isDone) &&
    after!.every((first) => states.has(Number(first)));
  function settle(index: number, state: TaskState): void {
    states.set(index, state);
    story.push(`${index} ${state}`);
    if (state !== "failed") return;
    for (let wave = [index]; wave.length > 0; ) {
      const blocked: number[] = [];
      for (const lost of wave) {
        for (const { id, needs } of tasks) {
          if (!needs.includes(`${lost}`) || states.has(Number(id))) continue;
          states.set(Number(id), "blocked");
          story.push(`${id} blocked`);
          blocked.push(Number(id));
        }
      }
      wave = blocked;
    }
  }
  for (;;) {
    for (;;) {
      const task = tasks.find(isReady);
      if (!task) break;
      const index = Number(task.id);
      if (task.memoryBytes > MEMORY) {
        settle(index, "failed");
        continue;
      }
      const grant = task.threads === "all" ? { threads: jobs, memory: MEMORY } : { threads: 1, memory: task.memoryBytes };
      if (used("threads") + grant.threads > jobs || used("memory") + grant.memory > MEMORY) break;
      running.set(index, grant);
      story.push(`start ${index}`);
    }
    if (running.size === 0) return story;
    const { index, state } = next([...running.keys()]);
    running.delete(index);
    settle(index, state);
  }
}

async function ours(tasks: readonly Task[], already: ReadonlySet<number>, jobs: number, next: ReturnType<typeof fate>) {
  const story: Story = [];
  const ends = new Map<number, (performed: Performed) => void>();
  const states = taskStates(tasks.length);
  for (const index of already) states.set(index, "already");
  let over = false;
  const run = schedule(
    listSource({ createdMs: 0, locks: [], tasks }),
    states,
    (_task, _grant, index) => {
      story.push(`start ${index}`);
      return new Promise((resolve) => ends.set(index, resolve));
    },
    (index, state) => story.push(`${index} ${state}`),
    { jobs, memoryBytes: MEMORY, signal: new AbortController().signal, endsRun: () => false },
  ).then(() => {
    over = true;
  });
  for (;;) {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    if (over) break;
    const { index, state } = next([...ends.keys()]);
    const end = ends.get(index)!;
    ends.delete(index);
    end(state === "failed" ? { state, error: fail } : { state: "done" });
  }
  await run;
  return { story, states };
}

describe("schedule", () => {
  it("for any plan: does what the plain rules say, in the same order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 60 }),
        async (seed, jobs, count) => {
          const random = seededRandom(seed);
          const tasks = graph(random, count);
          // what was done by an earlier run: any tasks, whatever they need
          const already = new Set(tasks.flatMap((_, index) => (random() < 0.2 ? [index] : [])));
          const { story, states } = await ours(tasks, already, jobs, fate(seededRandom(seed + 1)));
          expect(story).toEqual(naive(tasks, already, jobs, fate(seededRandom(seed + 1))));
          expect(Object.values(states.counts).reduce((sum, some) => sum + some, 0)).toBe(count);
          expect(states.counts.already).toBe(already.size);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("readySet", () => {
  it("gives the smallest of any numbers, whatever came and went", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(4999)), { maxLength: 200 }), (steps) => {
        const set = readySet(5000);
        const plain = new Set<number>();
        for (const [adds, index] of steps) {
          if (adds) set.add(index);
          else set.remove(index);
          if (adds) plain.add(index);
          else plain.delete(index);
          expect(set.first()).toBe(plain.size === 0 ? -1 : Math.min(...plain));
        }
      }),
    );
  });
});
