import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../core/clock.js";
import { silentLog } from "../core/log.js";
import { markSecret } from "../core/redact.js";
import type { RunEvent } from "./events.js";
import { advance, noProgress, viewProgress } from "./progress.js";
import { EVENTS, recordRun } from "./run-events.js";
import { lifeOf, RunTail } from "./run-tail.js";

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "emporium-run-events-"));
});
afterEach(() => rm(workspace, { recursive: true }));

function laboratory(command = ["ingest", "run", "lab.yaml"]) {
  let nowMs = 0;
  let tick = () => {};
  const said: string[] = [];
  const clock: Clock = { now: () => 1_795_000_000_000 + nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve() };
  const recorder = recordRun({
    ...{ workspace, command, folder: "/lab", version: "1.2.3", clock, log: { ...silentLog, warn: (text) => said.push(text) } },
    every: (_, act) => {
      tick = act;
      return () => {};
    },
  });
  const events: RunEvent[] = [];
  return {
    recorder,
    events,
    said,
    tell(event: Record<string, unknown>) {
      const whole = { ...event, atMs: nowMs } as RunEvent;
      events.push(whole);
      recorder.onEvent(whole);
    },
    pass(ms: number) {
      nowMs += ms;
      tick();
    },
    now: () => clock.now(),
  };
}

const task = (id: string, bytes = 100) => ({ id, title: `volume ${id}`, run: "TS_1", bytes });
const plan = { kind: "plan", tasks: 3, bytes: 300, resumed: false, createdMs: 0 };
const homes = async () => (await readdir(join(workspace, "runs"))).map((name) => join(workspace, "runs", name));
const linesOf = async (home: string) =>
  (await readFile(join(home, EVENTS), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("what a run tells", () => {
  it.each([
    ["is made", undefined, 0o700],
    ["was open to all", 0o755, 0o700],
    ["was opened to a group by its owner", 0o770, 0o770],
  ])("(34.26) is for nobody else: a folder of runs that %s", async (_, before, wanted) => {
    const folder = join(workspace, "runs");
    await rm(folder, { recursive: true, force: true });
    if (before !== undefined) {
      await mkdir(folder);
      await chmod(folder, before);
    }
    const { recorder, tell } = laboratory();
    tell(plan);
    await recorder.end(0);
    expect((await stat(folder)).mode & 0o777).toBe(wanted);
  });

  it("is seen by others while it works and when it has ended, as its own progress says it", async () => {
    const { recorder, tell, pass, events } = laboratory();
    tell(plan);
    tell({ kind: "start", task: task("a"), threads: 1, notes: 0 });
    for (let bytesDone = 0; bytesDone <= 50; bytesDone++) tell({ kind: "progress", id: "a", bytesDone });
    pass(250);
    tell({ kind: "settled", task: task("b"), state: "failed", seconds: 1, error: { code: "FORMAT_CORRUPT", message: "no" } });
    pass(250);
    await recorder.end(2);
    const [home] = await homes();
    const tail = new RunTail(home!);
    expect(await tail.poll()).toBe(true);
    expect(await tail.poll()).toBe(false);
    const { begin, state, failures, over } = tail.seen!;
    expect(begin).toMatchObject({ command: ["ingest", "run", "lab.yaml"], folder: "/lab", pid: process.pid, version: "1.2.3" });
    expect(viewProgress(state, 500)).toEqual(viewProgress(events.reduce(advance, noProgress), 500));
    expect([failures.map(({ error }) => error?.code), over?.exitStatus]).toEqual([["FORMAT_CORRUPT"], 2]);
    // of the reports of a quarter of a second the first and the last
    expect((await linesOf(home!)).filter(({ kind }) => kind === "progress").map(({ bytesDone }) => bytesDone)).toEqual([0, 50]);
  });

  it("has what a command says that it could not do, beside what failed in a task, and once", async () => {
    const { recorder, tell, pass } = laboratory();
    const error = (message: string) => ({ code: "FORMAT_CORRUPT", message }) as const;
    recorder.told(error("before the plan"));
    tell(plan);
    pass(250);
    const told = async () => {
      const [home] = await homes().catch(() => []);
      const seen = new RunTail(home ?? "none");
      await seen.poll();
      return seen.seen?.told.map(({ message }) => message);
    };
    await expect.poll(told).toEqual(["before the plan"]);
    tell({ kind: "settled", task: task("a"), state: "failed", seconds: 1, error: error("in a task") });
    tell({ kind: "settled", task: task("b"), state: "failed", seconds: 1, error: error("in another") });
    recorder.told(error("in a task"));
    recorder.told(error("behind it"));
    await recorder.end(3);
    const tail = new RunTail((await homes())[0]!);
    await tail.poll();
    expect(tail.seen!.told.map(({ message }) => message)).toEqual(["before the plan", "behind it"]);
    expect(tail.seen!.failures).toHaveLength(2);
  });

  it("of a command that needs no workspace makes none", async () => {
    await rm(workspace, { recursive: true });
    const { recorder, tell, said } = laboratory();
    tell(plan);
    await recorder.end(0);
    expect([await homes().catch(() => "none"), said]).toEqual(["none", []]);
    await mkdir(workspace);
  });

  it("has its rates, one a second, for ten minutes", async () => {
    const { recorder, tell, pass } = laboratory();
    tell({ ...plan, bytes: 1e9 });
    tell({ kind: "start", task: task("a", 1e9), threads: 1, notes: 0 });
    for (let second = 1; second <= 700; second++) {
      pass(1000);
      tell({ kind: "progress", id: "a", bytesDone: second * 1_000_000 });
    }
    pass(250);
    await expect.poll(() => homes().catch(() => [])).toHaveLength(1);
    const [home] = await homes();
    const tail = new RunTail(home!);
    await expect.poll(async () => (await tail.poll(), tail.seen?.state.nowMs)).toBe(700_000);
    const { rates } = tail.seen!;
    expect([rates.length, rates[0]!.atMs, rates.at(-1)!.atMs]).toEqual([600, 101_000, 700_000]);
    expect(rates.every(({ perSecond }) => Math.abs(perSecond - 1e6) < 1)).toBe(true);
    await recorder.end(0);
  });

  it("that waits for more is seen before its first plan, is never all, and is all once it has ended well", async () => {
    const all = () => ["a", "b", "c"].map((id) => ({ kind: "settled", task: task(id), state: "done", seconds: 1 }));
    const waiting = { kind: "waiting", taken: 1, count: 1, lines: ["a.mrc is still growing"] };
    const ended = async (exitStatus: number, ...told: Record<string, unknown>[]) => {
      await rm(join(workspace, "runs"), { recursive: true, force: true });
      const { recorder, tell } = laboratory();
      for (const event of told) tell(event);
      await recorder.end(exitStatus);
      const tail = new RunTail((await homes())[0]!);
      await tail.poll();
      const { fraction, waits } = viewProgress(tail.seen!.state);
      return [fraction, waits?.lines];
    };
    expect(await ended(3, waiting)).toEqual([0.99, ["a.mrc is still growing"]]);
    expect(await ended(3, waiting, { ...plan, isPart: true }, ...all())).toEqual([0.99, undefined]);
    expect(await ended(0, { ...plan, isPart: true }, ...all(), waiting)).toEqual([1, undefined]);
  });

  it("of a command without a plan is nothing", async () => {
    const { recorder, pass } = laboratory();
    pass(20_000);
    await recorder.end(0);
    expect(await readdir(workspace)).toEqual([]);
  });

  it("has no secrets", async () => {
    markSecret("hunter22");
    const { recorder, tell } = laboratory(["publish", "run", "--token", "hunter22", "https://me:pass@lab.example.org/x"]);
    tell(plan);
    tell({ kind: "stopping", error: { code: "NETWORK", message: "no answer from https://x?token=hunter22" } });
    await recorder.end(1);
    const text = await readFile(join((await homes())[0]!, EVENTS), "utf8");
    expect([text.includes("hunter22"), text.includes("me:pass")]).toEqual([false, false]);
  });

  it("is two files of some MiB at most, of which the last one alone says all", async () => {
    const { recorder, tell, pass, events } = laboratory();
    tell({ ...plan, tasks: 60_000 });
    for (let i = 0; i < 60_000; i++) {
      tell({ kind: "settled", task: task(`${i}`), state: i % 1000 === 7 ? "failed" : "done", seconds: 1 });
      if (i % 100 === 99) {
        pass(250);
        await new Promise(setImmediate);
      }
    }
    await recorder.end(2);
    const [home] = await homes();
    expect((await readdir(home!)).length).toBe(2);
    // neither of them is held open
    const held = await Promise.all(
      (await readdir("/proc/self/fd").catch(() => [])).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    expect(held.filter((path) => path.startsWith(home!))).toEqual([]);
    expect((await linesOf(home!)).map(({ kind }) => kind)).toEqual(["begin", "state", "over"]);
    for (const name of await readdir(home!)) expect((await readFile(join(home!, name))).length).toBeLessThan(5 * 2 ** 20);
    const tail = new RunTail(home!);
    await tail.poll();
    expect(tail.seen!.state.counts).toEqual(events.reduce(advance, noProgress).counts);
    expect(tail.seen!.failures.length).toBe(60);
  });

  it("is followed while its file grows, is cut off in a line, and is begun anew", async () => {
    const home = join(workspace, "runs", "one");
    await mkdir(home, { recursive: true });
    const path = join(home, EVENTS);
    const begin = {
      kind: "begin",
      atMs: 0,
      nowMs: 0,
      id: "one",
      command: [],
      folder: "/",
      host: "elsewhere",
      pid: 1,
      version: "1",
    };
    const tail = new RunTail(home);
    expect(await tail.poll()).toBe(false);
    const text = [begin, { ...plan, atMs: 0 }, { kind: "checked", atMs: 1, already: 2, alreadyBytes: 20 }]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    for (const [i, sign] of [...text].entries()) {
      await appendFile(path, sign);
      if (i % 40 === 0) await tail.poll();
    }
    await appendFile(path, '{"kind":"heart');
    await tail.poll();
    expect(tail.seen!.state).toMatchObject({ tasksTotal: 3, bytesResumed: 20 });
    await rm(path);
    expect(await tail.poll()).toBe(false);
    await writeFile(path, `${JSON.stringify(begin)}\nno line\n${JSON.stringify({ ...plan, tasks: 9, atMs: 5 })}\n`);
    await tail.poll();
    expect(tail.seen!.state.tasksTotal).toBe(9);
  });

  it("tells who lives: by a heartbeat elsewhere, by its process on this machine", async () => {
    const { recorder, tell, pass } = laboratory();
    tell(plan);
    pass(10_000);
    pass(250);
    const kinds = async () => (await linesOf((await homes())[0]!)).map(({ kind }) => kind);
    await expect.poll(() => kinds().catch(() => [])).toEqual(["begin", "plan", "heartbeat"]);
    const [home] = await homes();
    const tail = new RunTail(home!);
    await tail.poll();
    const seen = tail.seen!;
    const at = (ms: number, changed = {}) => lifeOf({ ...seen, ...changed }, seen.heardMs + ms);
    expect([at(24_000), at(26_000)]).toEqual(["running", "silent"]);
    expect(at(0, { begin: { ...seen.begin, pid: 2 ** 30 } })).toBe("died");
    expect(at(0, { begin: { ...seen.begin, pid: 2 ** 30, host: `not-${hostname()}` } })).toBe("running");
    await recorder.end(0);
    await tail.poll();
    expect(lifeOf(tail.seen!, seen.heardMs + 1e9)).toBe("ended");
  });

  it("goes with the oldest runs, never with one that somebody may still write", async () => {
    for (let i = 0; i < 203; i++) {
      const home = join(workspace, "runs", `20250101T${String(100_000 + i)}-00000a`);
      await mkdir(home, { recursive: true });
      await writeFile(join(home, EVENTS), "");
      if (i !== 1) await utimes(join(home, EVENTS), 1e9, 1e9);
    }
    await mkdir(join(workspace, "runs", "of-somebody-else"));
    const { recorder, tell } = laboratory();
    tell(plan);
    await recorder.end(0);
    const names = (await readdir(join(workspace, "runs"))).sort();
    expect([names.length, names[0], names.at(-1)]).toEqual([202, "20250101T100001-00000a", "of-somebody-else"]);
  });

  it("stops no run where it cannot be written, which is said once", async () => {
    await writeFile(join(workspace, "runs"), "");
    const { recorder, tell, pass, said } = laboratory();
    tell(plan);
    pass(250);
    tell({ kind: "settled", task: task("a"), state: "done", seconds: 1 });
    pass(250);
    await recorder.end(0);
    expect(said).toEqual([expect.stringContaining("others cannot see this run")]);
  });
});
