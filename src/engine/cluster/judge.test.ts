import { describe, expect, it } from "vitest";
import type { ErrorRecord } from "../../core/errors.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Task } from "../task.js";
import { writeGraph } from "./graph.js";
import { judge } from "./judge.js";
import type { OpenRun } from "./run-record.js";
import type { AttemptFacts, StageJournals } from "./stage-journals.js";
import type { Submission } from "./submissions.js";

/** Two stages: `a` of two slices (t1 t2 | t3), then `b` (t4, which needs t2). */
const STAGES = [
  { name: "a", slices: [0, 2, 3] },
  { name: "b", slices: [3, 4] },
] as const;
const tasks = ["t1", "t2", "t3", "t4"].map((id) => ({ id, title: `task ${id}`, needs: id === "t4" ? ["t2"] : [], outputs: [] }));

async function scene({ logs, t3Needs = [] }: { logs?: string; t3Needs?: string[] } = {}) {
  const store = memoryStore();
  const folder = ".emporium/runs/r/";
  const graph = tasks.map((task) => (task.id === "t3" ? { ...task, needs: t3Needs } : task));
  await writeGraph(store, folder, graph as unknown as Task[]);
  const run = { store, folder, record: { stages: STAGES, logs } } as unknown as OpenRun;
  const judged = (stage: 0 | 1, what: Facts) => judge(run, STAGES[stage] as never, what.submissions ?? [], journals(what));
  return { store, folder, judged };
}

interface Facts {
  done?: string[];
  failed?: string[];
  deaths?: Record<string, number>;
  submissions?: Submission[];
  /** By slice and submission: tasks done and failed. */
  attempts?: Record<number, Record<number, [number, number]>>;
}
const FAULT = { code: "INTERNAL", message: "broken" } as unknown as ErrorRecord;
function journals({ done = [], failed = [], deaths = {}, attempts = {} }: Facts): StageJournals {
  const facts = Object.entries(attempts).map(([slice, all]) => {
    const each = Object.entries(all).map(([n, [ok, bad]]) => [Number(n), { done: ok, failed: bad } as AttemptFacts] as const);
    return [Number(slice), new Map(each)] as const;
  });
  return {
    done: new Set(done),
    failed: new Map(failed.map((id) => [id, FAULT])),
    deaths: new Map(Object.entries(deaths)),
    attempts: new Map(facts),
  } as unknown as StageJournals;
}
const submitted = (number: number, slices: number[], twin?: true): Submission => ({
  number,
  slices,
  job: "j",
  by: "me",
  engine: "e",
  twin,
});
const told = ({ open, dead }: Awaited<ReturnType<typeof judge>>) => [
  open,
  dead.map(({ task, state, error }) => `${task} ${state} ${error.code}`),
];

describe("(35.2) what is left of a stage when none of its jobs is alive", () => {
  it("are the slices that have a task which is neither done nor dead", async () => {
    const { judged } = await scene();
    expect(told(await judged(0, {}))).toEqual([[0, 1], []]);
    expect(told(await judged(0, { done: ["t1", "t3"] }))).toEqual([[0], []]);
    expect(told(await judged(0, { done: ["t1", "t2", "t3"] }))).toEqual([[], []]);
    expect(told(await judged(0, { done: ["t1", "t3"], failed: ["t2"] }))).toEqual([[], ["t2 failed INTERNAL"]]);
    expect(told(await judged(0, { failed: ["t2"] }))).toEqual([[0, 1], ["t2 failed INTERNAL"]]);
  });

  it("is no task at which three processes died; two may", async () => {
    const { judged } = await scene({ logs: "/logs" });
    expect(told(await judged(0, { deaths: { t1: 2 } }))).toEqual([[0, 1], []]);
    const three = await judged(0, { deaths: { t1: 3 } });
    expect(told(three)).toEqual([[0, 1], ["t1 failed ENGINE_LOST"]]);
    expect(three.dead[0]).toMatchObject({
      title: "task t1",
      error: { message: "task t1: 3 processes ended in the middle of it", hint: expect.stringMatching(/^look into \/logs:/) },
    });
  });

  it("is no slice whose last three submissions brought nothing; a twin counts for none, and what one brought begins the count anew", async () => {
    const { judged } = await scene();
    const three = [0, 1, 2].map((number) => submitted(number, [0, 1]));
    const lost = await judged(0, { submissions: three, attempts: { 1: { 0: [0, 0], 1: [1, 0], 2: [0, 0] } } });
    expect(told(lost)).toEqual([[1], ["t1 failed ENGINE_LOST", "t2 failed ENGINE_LOST"]]);
    expect(lost.dead[0]!.error).toMatchObject({
      message: "task t1: 3 jobs ended without beginning it",
      hint: expect.stringMatching(/^ask the engine how its jobs ended:/),
    });
    expect(told(await judged(0, { submissions: three.slice(1) }))).toEqual([[0, 1], []]);
    expect(told(await judged(0, { submissions: [...three.slice(1), submitted(2, [0, 1], true)] }))).toEqual([[0, 1], []]);
    expect(told(await judged(0, { submissions: [...three.slice(1), submitted(2, [1])] }))).toEqual([
      [0],
      ["t3 failed ENGINE_LOST"],
    ]);
    // a task that failed is something, too
    const failures = { 0: { 2: [0, 1] }, 1: { 0: [0, 1] } } as Facts["attempts"];
    expect(told(await judged(0, { submissions: [...three, submitted(3, [0, 1])], attempts: failures! }))).toEqual([
      [0],
      ["t3 failed ENGINE_LOST"],
    ]);
  });

  it("is no task that needs one that is dead, of the stages before or of its own", async () => {
    const { store, folder, judged } = await scene();
    expect(told(await judged(1, {}))).toEqual([[0], []]);
    const line = { task: "t2", title: "task t2", state: "failed", error: FAULT };
    await store.write(`${folder}dead/a.ndjson`, new TextEncoder().encode(`${JSON.stringify(line)}\n`));
    const { open, dead } = await judged(1, { failed: ["t4"] });
    // blocked, whatever it said itself
    expect([open, dead]).toEqual([
      [],
      [expect.objectContaining({ task: "t4", state: "blocked", error: expect.objectContaining({ code: "TASK_BLOCKED" }) })],
    ]);
    const own = await scene({ t3Needs: ["t2"] });
    expect(told(await own.judged(0, { failed: ["t2"] }))).toEqual([[0], ["t2 failed INTERNAL", "t3 blocked TASK_BLOCKED"]]);
    // what its own stage's file says is of an earlier judgement: somebody may have asked to try again
    await own.store.write(`${folder}dead/a.ndjson`, new TextEncoder().encode(`${JSON.stringify(line)}\n`));
    expect(told(await own.judged(0, { done: ["t1"] }))).toEqual([[0, 1], []]);
  });
});
