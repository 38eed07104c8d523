import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { hasEnded, leftovers, program, type RunStatus, tree } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const RUNS = 3;
const EPOCH = "1767225600";
/** Jobs may be slow to begin beside other suites. */
const TEST_MS = 300_000;
/** Looks for jobs, and at a run: each of the second starts a program. */
const POLL_MS = 200;
const LOOK_MS = 1_000;

describe.runIf(hasSlurm())("an import on a Slurm cluster that is disturbed", { timeout: TEST_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-disturbed-"));
  const lab = join(folder, "lab");
  let slurm: Slurm;
  let local: Map<string, string>;

  beforeAll(async () => {
    await generateLab({ out: lab, deposits: ["imod"], runs: RUNS, shape: [8, 32, 24] });
    // jobs take long enough to be disturbed
    profile("slow", "prologue: [sleep 2]");
    profile("brief", "prologue: [sleep 1]");
    slurm = await startSlurm({ MaxArraySize: 50, SelectTypeParameters: "CR_Core_Memory" });
    expect((await ingest("local", [])).status).toBe(0);
    local = tree(join(folder, "local"));
  }, TEST_MS);
  afterAll(async () => {
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function profile(name: string, fields: string): void {
    const path = join(folder, `config-${name}/emporium`);
    mkdirSync(path, { recursive: true });
    writeFileSync(
      join(path, "emporium.engines.yaml"),
      `profiles:\n  ${name}: {engine: slurm, memory: 1GiB, cpus: 1, ${fields}}\n`,
    );
  }
  const words = (target: string, flags: readonly string[]) => [
    ...["ingest", "run", join(lab, "imod.yaml"), join(lab, "input"), join(folder, target), "--import-everything", "-q", "--json"],
    ...["--workspace", join(folder, `${target}.work`), ...flags],
  ];
  const environment = (name = "slow") => ({
    ...slurm.env,
    SOURCE_DATE_EPOCH: EPOCH,
    XDG_CONFIG_HOME: join(folder, `config-${name}`),
  });
  const ingest = (target: string, flags: readonly string[], name?: string) => emporium(words(target, flags), environment(name));
  const engine = (verb: string, target: string, flags: readonly string[] = []) =>
    emporium(["engine", verb, join(folder, target), "--json", ...flags], environment());
  const status = async (target: string) => JSON.parse((await engine("status", target)).stdout) as RunStatus;
  async function until(target: string, holds: (now: RunStatus) => boolean): Promise<RunStatus> {
    for (;;) {
      // a run that is just being begun is not there yet
      const { stdout } = await engine("status", target);
      const now = JSON.parse(stdout) as RunStatus;
      if (now.stages && holds(now)) return now;
      await sleep(LOOK_MS);
    }
  }
  const isOver = ({ status: now }: RunStatus) => now !== "running" && now !== "stopped";
  async function ended(target: string): Promise<RunStatus> {
    while (!hasEnded(join(folder, target))) await sleep(POLL_MS);
    return status(target);
  }
  const jobs = async (format: string, states = "R") =>
    (await slurm.command("squeue", ["-h", "-r", "-t", states, "-o", format])).split("\n").filter((line) => line !== "");

  async function isLikeLocal(target: string): Promise<void> {
    expect(tree(join(folder, target))).toEqual(local);
    expect(leftovers(join(folder, target))).toEqual([]);
  }

  it("the controller killed in the middle of a stage: elements that it holds are released, receipts count", async () => {
    const driver = start(words("controller", ["--executor", "slurm", "--driver", "here"]));
    await until("controller", (now) => now.done > 0);
    await slurm.restartController();
    await driver.ended;
    expect(await status("controller")).toMatchObject({ status: "done" });
    await isLikeLocal("controller");
  });

  it("processes of jobs killed: their slices are submitted again", async () => {
    await ingest("killed", ["--executor", "slurm"]);
    let killed = 0;
    for (const end = Date.now() + 60_000; killed === 0 && Date.now() < end; await sleep(POLL_MS)) {
      const [id] = await jobs("%A");
      if (id !== undefined) killed = await slurm.killJob(id);
    }
    expect(killed).toBeGreaterThan(0);
    const over = await ended("killed");
    expect(over).toMatchObject({ status: "done", done: over.tasks });
    expect(over.stages[0]!.submissions).toBe(2);
    await isLikeLocal("killed");
  });

  it("the gate killed: nothing is lost, resume goes on", async () => {
    await ingest("gate", ["--executor", "slurm"]);
    const [gate] = await jobs("%A %j", "PD,R").then((lines) => lines.filter((line) => line.endsWith("-gate")));
    await slurm.command("scancel", [gate!.split(" ")[0]!]);
    await until("gate", (now) => now.status === "stopped");
    expect((await engine("resume", "gate")).status).toBe(0);
    expect(await ended("gate")).toMatchObject({ status: "done" });
    await isLikeLocal("gate");
  });

  it("two gates at once: each stage is submitted once", async () => {
    await ingest("gates", ["--executor", "slurm"]);
    for (let over = false; !over; ) {
      await Promise.all([engine("gate", "gates"), engine("gate", "gates"), engine("gate", "gates")]);
      over = isOver(await status("gates"));
    }
    const over = await status("gates");
    expect(over).toMatchObject({ status: "done" });
    expect(over.stages.map(({ submissions }) => submissions)).toEqual(over.stages.map(() => 1));
    await isLikeLocal("gates");
  });

  it("the driver stopped and started: the same run goes on", async () => {
    const flags = ["--executor", "slurm", "--driver", "here"];
    const first = start(words("driver", flags));
    await until("driver", (now) => now.stages[0]!.submissions > 0);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(130);
    const second = await ingest("driver", flags);
    expect(JSON.parse(second.stdout)).toMatchObject({ status: "done" });
    await isLikeLocal("driver");
  });

  it("walltime is over: the worker stops in time, the rest is submitted again", async () => {
    await ingest("time", ["--executor", "slurm"]);
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(POLL_MS)) {
      const [id] = await jobs("%A");
      if (id === undefined) continue;
      await slurm.command("scancel", ["--batch", "--signal=TERM", id]); // as --signal=B:TERM@120 does two minutes before the end
      break;
    }
    const over = await ended("time");
    expect(over).toMatchObject({ status: "done", done: over.tasks });
    await isLikeLocal("time");
  });

  it("cancel leaves no job, and a target that is free", async () => {
    await ingest("cancelled", ["--executor", "slurm"]);
    const cancelled = await engine("cancel", "cancelled");
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ left: 0 });
    expect(await jobs("%j", "PD,R,CG")).toEqual([]);
    // ids that it was given wait for whoever begins it again, as those of a local import that was stopped
    expect(leftovers(join(folder, "cancelled"))).toEqual([".emporium/ids.json"]);
    expect((await ingest("cancelled", ["--executor", "slurm", "--driver", "here"])).status).toBe(0);
    await isLikeLocal("cancelled");
  });

  it("another engine goes on: half on Slurm, the rest here", async () => {
    await ingest("two", ["--executor", "slurm"]);
    await until("two", (now) => now.done > 0);
    for (const id of new Set(await jobs("%A", "PD,R"))) await slurm.command("scancel", [id]);
    await until("two", (now) => now.status === "stopped");
    expect((await engine("resume", "two", ["--executor", "local"])).status).toBe(0);
    await isLikeLocal("two");
  });

  it("a queue that is not there is named, nothing is submitted, the target stays free", async () => {
    const refused = await ingest("queue", ["--executor", "slurm", "--queue", "nowhere"]);
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      errors: [{ code: "ENGINE_REFUSED", hint: expect.stringContaining("sinfo") }],
    });
    expect(await jobs("%j", "PD,R")).toEqual([]);
    expect(leftovers(join(folder, "queue"))).toEqual([]);
    // with a queue that is there, the same command begins
    expect((await ingest("queue", ["--executor", "slurm", "--driver", "here"])).status).toBe(0);
    await isLikeLocal("queue");
  });

  function start(args: readonly string[]): { child: ChildProcess; ended: Promise<number | null> } {
    const child = spawn(process.execPath, [program, ...args], { env: environment(), stdio: "ignore" });
    return { child, ended: new Promise((done) => child.once("exit", done)) };
  }
});
