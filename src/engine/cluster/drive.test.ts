import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { makeLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Env } from "../env.js";
import type { ArrayJob, EngineExecutor } from "../executors/engine-executor.js";
import type { Task } from "../task.js";
import { callerName, drive } from "./drive.js";
import type { Advance } from "./gate.js";
import { writeGraph } from "./graph.js";
import type { OpenRun } from "./run-record.js";
import { openSegments } from "./segments.js";
import type { AnyStation } from "./work.js";

/** A run of one task, and an engine that answers each question for its states by the next of these: the last means that the job has done its work. */
async function driven(looks: readonly (string | EmporiumError)[], more: { name?: string; submit?: () => void } = {}) {
  const store = memoryStore();
  const folder = ".emporium/runs/r/";
  await writeGraph(store, folder, [{ id: "t1", title: "t1", needs: [], outputs: [] }] as unknown as Task[]);
  const record = {
    id: "r",
    name: "n",
    stages: [{ name: "a", slices: [0, 1] }],
    resources: {},
    prologue: [],
    command: ["emporium"],
    locks: [],
    tasks: 1,
  };
  const run = { store, folder, url: "u", record } as unknown as OpenRun;
  let look = 0;
  const executor = {
    ...{ name: more.name ?? "slurm", find: async () => [] },
    async submit({ name }: ArrayJob) {
      more.submit?.();
      return { name, id: "1" };
    },
    async states(jobs: readonly object[]) {
      if (jobs.length === 0) return new Map();
      const now = looks[look++];
      if (now instanceof EmporiumError) throw now;
      if (now !== undefined) return new Map([["1", { waiting: 1, running: 0, held: 0, ...(now !== "" && { why: now }) }]]);
      const segments = await openSegments(store, folder, "a", { slice: 0, attempt: 0, token: "p" }, () => () => undefined);
      const receipt = { task: "t1", title: "t1", inputs: [], outputs: [], seconds: 1 };
      for (const line of [
        { record: "done", receipt },
        { record: "end", complete: true },
      ])
        await segments.add(JSON.stringify(line), true);
      await segments.close();
      return new Map();
    },
  } as unknown as EngineExecutor;
  const clock = manualClock();
  const said: string[] = [];
  const env = { clock, log: makeLog((level, message) => said.push(`${level}: ${message}`)) } as unknown as Env;
  const steps: Advance["state"][] = [];
  const end = drive(run, {} as AnyStation, executor, env, ({ state }) => void steps.push(state));
  return { end, clock, said, steps };
}
const fault = (code: ErrorCode) => new EmporiumError(code, `it is ${code}`);
const DONE = { tasks: 1, done: 1, failed: 0, blocked: 0, exitStatus: 0 };

describe("who stays until a run has ended", () => {
  it("looks less and less often, and says once why jobs wait", async () => {
    const { end, clock, said, steps } = await driven(["", "a limit", "a limit", "", "a limit", "another"]);
    expect(await end).toEqual(DONE);
    expect(steps).toEqual(["submitted", ...Array(6).fill("waiting"), "ended"]);
    expect(clock.sleeps).toEqual([1000, 1500, 2250, 3375, 5062.5, 7593.75, 10_000]);
    const line = (why: string) =>
      `warning: slurm: jobs wait: ${why}. If that does not end, ask the administrators of the cluster`;
    expect(said).toEqual(["a limit", "a limit", "another"].map((why) => expect.stringContaining(line(why).slice(9))));
    const here = await driven([""], { name: "local" });
    await here.end;
    expect(here.clock.sleeps).toEqual([200, 300]);
  });

  it("asks again where the engine does not answer, ten minutes for one that is silent", async () => {
    const silent = Array<EmporiumError>(59).fill(fault("ENGINE_SILENT"));
    const few = await driven([...silent, "", ...silent]);
    expect(await few.end).toEqual(DONE);
    expect(few.said.length).toBe(2 * 59);
    const many = await driven([...silent, fault("ENGINE_SILENT")]);
    await expect(many.end).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    expect(many.clock.sleeps.slice(1)).toEqual(Array(59).fill(10_000));
    const absent = await driven(Array<EmporiumError>(10).fill(fault("ENGINE_ABSENT")));
    await expect(absent.end).rejects.toMatchObject({ code: "ENGINE_ABSENT" });
  });

  it("gives up at once where the engine takes no job, and where anything else is wrong", async () => {
    const refused = await driven([], {
      submit() {
        throw fault("ENGINE_REFUSED");
      },
    });
    await expect(refused.end).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
    const other = await driven([fault("STORE_DENIED")]);
    await expect(other.end).rejects.toMatchObject({ code: "STORE_DENIED" });
    expect([refused.said, other.said]).toEqual([[], []]);
  });
});

it("a job of an engine is called the same when it is started again; others are told apart", () => {
  expect(callerName({ SLURM_JOB_ID: "7", JOB_ID: "8" })).toBe("job 7");
  expect(callerName({ AWS_BATCH_JOB_ID: "a:1" })).toBe("job a:1");
  expect(callerName({})).not.toBe(callerName({}));
});
