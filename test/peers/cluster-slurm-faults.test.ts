import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { openRun } from "../../src/engine/cluster/run-record.js";
import { type RunStatus, runStatus } from "../../src/engine/cluster/status.js";
import { commandExecutor } from "../../src/engine/executors/by-command.js";
import { engineCommand } from "../../src/engine/executors/engine-command.js";
import { SLURM } from "../../src/engine/executors/words/slurm.js";
import { hasEnded, leftovers, namesOfJobs, program, tree } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

const RUNS = 3;
const EPOCH = "1767225600";
/** Jobs may be slow to begin beside other suites. */
const TEST_MS = 300_000;
/** Looks for jobs, and at a run: each of the second starts a program. */
const POLL_MS = 200;
const LOOK_MS = 1_000;
const LOOKS_UNTIL_TOLD_ANEW = 45;
/** Of the profile "slow". */
const PROLOGUE_MS = 2_000;

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
    const isFirst = `[ -n "$SLURM_ARRAY_TASK_ID" ] && mkdir ${folder}/slow.$SLURM_ARRAY_TASK_ID 2>/dev/null`;
    profile("long", `walltime: 1, prologue: ['if ${isFirst}; then exec sleep 200; fi']`);
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
  // in this process: a program's start for each look would be most of the work
  const executor = () => commandExecutor(SLURM, engineCommand({ ...process.env, ...slurm.env }));
  const status = async (target: string) => runStatus(await openRun(join(folder, target)), executor());
  async function until(target: string, holds: (now: RunStatus) => boolean): Promise<RunStatus> {
    for (; ; await sleep(LOOK_MS)) {
      // a run that is just being begun is not there yet
      const now = await status(target).catch(() => undefined);
      if (now && holds(now)) return now;
    }
  }
  // what a failure leaves unsaid
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    console.error(await slurm.command("squeue", ["-r"]), await slurm.command("scontrol", ["show", "node"]));
    for (const target of readdirSync(folder).filter((name) => existsSync(join(folder, name, ".emporium/runs"))))
      console.error(target, (await status(target)).toText());
  });
  const isOver = ({ status: now }: RunStatus) => !["running", "stopped", "unknown"].includes(now);
  async function ended(target: string): Promise<RunStatus> {
    while (!hasEnded(join(folder, target))) await sleep(POLL_MS);
    return status(target);
  }
  /** Jobs of the newest run of a target, by squeue's words. */
  async function jobs(target: string, format: string, states = "R"): Promise<string[]> {
    const names = namesOfJobs(join(folder, target));
    const listed = await slurm.command("squeue", ["-h", "-r", "-t", states, "-o", `%j ${format}`]);
    return listed
      .split("\n")
      .filter((line) => names !== undefined && line.startsWith(names))
      .map((line) => line.slice(line.indexOf(" ") + 1));
  }

  /** Elements that Slurm keeps back, of all runs. */
  async function held(): Promise<string[]> {
    const waiting = await slurm.command("squeue", ["-h", "-r", "-t", "PD", "-o", "%i %r"]);
    return waiting.split("\n").flatMap((line) => /^(\S+) launch failed requeued held/.exec(line)?.[1] ?? []);
  }

  async function isLikeLocal(target: string): Promise<void> {
    const found = tree(join(folder, target));
    expect([...found.keys()]).toEqual([...local.keys()]);
    expect(found).toEqual(local);
    expect(leftovers(join(folder, target))).toEqual([]);
  }

  describe.concurrent("by what happens to one run", () => {
    it("processes of jobs killed, and killed again: their slices are submitted until they are done", async () => {
      await ingest("killed", ["--executor", "slurm"]);
      for (const round of [0, 1]) {
        let killed = 0;
        for (const end = Date.now() + 60_000; killed === 0 && Date.now() < end; await sleep(POLL_MS)) {
          const [id] = await jobs("killed", "%A %j", "R").then((lines) =>
            lines.filter((line) => line.endsWith(`-runs-${round}`)),
          );
          if (id !== undefined) killed = await slurm.killJob(id.split(" ")[0]!);
        }
        expect(killed).toBeGreaterThan(0);
      }
      const over = await ended("killed");
      expect(over).toMatchObject({ status: "done", done: over.tasks });
      expect(over.stages[0]!.submissions).toBe(3);
      await isLikeLocal("killed");
    });

    it("Slurm's own clock ends jobs: their slices are submitted again", async () => {
      // a minute is the shortest time that Slurm gives; the first job of each slice would take longer
      await ingest("clock", ["--executor", "slurm"], "long");
      const over = await ended("clock");
      expect(over).toMatchObject({ status: "done", done: over.tasks });
      // a busy machine may need longer than a minute for a second job too
      expect(over.stages[0]!.submissions).toBeGreaterThan(1);
      await isLikeLocal("clock");
    });

    it("the gate killed: nothing is lost, resume goes on", async () => {
      await ingest("gate", ["--executor", "slurm"]);
      const [gate] = await jobs("gate", "%A %j", "PD,R").then((lines) => lines.filter((line) => line.endsWith("-gate")));
      await slurm.command("scancel", [gate!.split(" ")[0]!]);
      await until("gate", (now) => now.status === "stopped");
      expect((await engine("resume", "gate")).status).toBe(0);
      expect(await ended("gate")).toMatchObject({ status: "done" });
      await isLikeLocal("gate");
    });

    it("one plan for two folders at once: each is a run of its own, and cancelling one leaves the other", async () => {
      await ingest("left", ["--executor", "slurm"]);
      await ingest("right", ["--executor", "slurm"]);
      expect(JSON.parse((await engine("cancel", "right")).stdout)).toMatchObject({ left: 0 });
      expect(await ended("left")).toMatchObject({ status: "done" });
      await isLikeLocal("left");
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
        const [id] = await jobs("time", "%A");
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
      expect(await jobs("cancelled", "%j", "PD,R,CG")).toEqual([]);
      // ids that it was given wait for whoever begins it again, as those of a local import that was stopped
      expect(leftovers(join(folder, "cancelled"))).toEqual([".emporium/ids.json"]);
      expect((await ingest("cancelled", ["--executor", "slurm", "--driver", "here"])).status).toBe(0);
      await isLikeLocal("cancelled");
    });

    it("another engine goes on: half on Slurm, the rest here", async () => {
      await ingest("two", ["--executor", "slurm"]);
      await until("two", (now) => now.done > 0);
      for (const id of new Set(await jobs("two", "%A", "PD,R"))) await slurm.command("scancel", [id]);
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
      expect(await slurm.command("squeue", ["-h", "-o", "%P"])).not.toContain("nowhere");
      expect(leftovers(join(folder, "queue"))).toEqual([]);
      // with a queue that is there, the same command begins
      expect((await ingest("queue", ["--executor", "slurm", "--driver", "here"])).status).toBe(0);
      await isLikeLocal("queue");
    });
  });

  describe("by what happens to the whole cluster", () => {
    it("the controller killed in the middle of a stage: elements that it holds are released, receipts count", async () => {
      const driver = start(words("controller", ["--executor", "slurm", "--driver", "here"]));
      await until("controller", (now) => now.done > 0);
      await slurm.restartController();
      // Slurm may start elements again that it has forgotten to have started, and then takes the node out of service: "Duplicate jobid"
      for (let looks = 1, isOver = false; !isOver; looks++) {
        isOver = await Promise.race([driver.ended.then(() => true), sleep(LOOK_MS, false)]);
        await slurm.repairNode();
        // an element that ended while nobody listened runs for ever in its books, until nodes tell anew what they run
        if (looks % LOOKS_UNTIL_TOLD_ANEW === 0) await slurm.command("scontrol", ["reconfigure"]);
      }
      expect(await status("controller")).toMatchObject({ status: "done" });
      await isLikeLocal("controller");
    });

    it("(34.15) the controller dead while jobs run: status says in 15 s that Slurm does not answer, resume refuses, nothing is lost", async () => {
      await ingest("dead", ["--executor", "slurm"]);
      await until("dead", (now) => (now.stages[0]!.jobs?.running ?? 0) > 0);
      await slurm.killController();
      const timed = async (verb: string) => {
        const begun = performance.now();
        const { status: exit, stdout, stderr } = await emporium(["engine", verb, join(folder, "dead")], environment());
        return { exit, text: stdout + stderr, ms: performance.now() - begun };
      };
      for (const verb of ["status", "resume"]) {
        const { exit, text, ms } = await timed(verb);
        expect([verb, exit]).toEqual([verb, 12]);
        expect(text).toContain("Slurm does not answer (squeue: ");
        expect(text).not.toContain("no job of it is left");
        // squeue itself would ask for two minutes; some 10 s on two cores beside other suites, and twice that on slower ones
        console.info(`engine ${verb}: ${(ms / 1000).toFixed(1)} s`);
        expect(ms).toBeLessThan(45_000);
      }
      await slurm.restartController();
      // elements that ended while nobody listened, and those that Slurm holds: as after any death of it
      for (let looks = 1; !hasEnded(join(folder, "dead")); looks++) {
        await sleep(LOOK_MS);
        await slurm.repairNode();
        for (const id of await held()) await slurm.command("scontrol", ["release", id]);
        if (looks % LOOKS_UNTIL_TOLD_ANEW === 0) await slurm.command("scontrol", ["reconfigure"]);
        // a controller that lost its memory has forgotten the gate too: now that it answers, what is said of the run is true
        if ((await status("dead")).status === "stopped") expect((await engine("resume", "dead")).status).toBe(0);
      }
      expect(await status("dead")).toMatchObject({ status: "done", stages: [{ failed: 0 }, {}, {}] });
      await isLikeLocal("dead");
    });

    it("a node that stands still, is given up and comes back: both did the work, the tree is one", async () => {
      await ingest("stalled", ["--executor", "slurm"]);
      await until("stalled", (now) => now.stages[0]!.jobs!.running > 0);
      await sleep(PROLOGUE_MS); // the programs themselves have begun
      const node = await slurm.stallNode();
      await until("stalled", (now) => now.stages[0]!.jobs!.running === 0);
      node.wake();
      await until("stalled", (now) => now.stages[0]!.done > 0);
      await node.repair();
      // a start that was on its way to the node when it stood still fails late, and Slurm keeps its element: no driver is there to release it
      while (!hasEnded(join(folder, "stalled"))) {
        for (const id of await held()) await slurm.command("scontrol", ["release", id]);
        await sleep(LOOK_MS);
      }
      expect(await status("stalled")).toMatchObject({ status: "done", stages: [{ failed: 0 }, {}, {}] });
      // whoever came back may outlive the run; what it then leaves unfinished is never seen, and goes with engine gc
      await node.gone();
      expect((await engine("gc", "stalled", ["--older-than", "0d"])).status).toBe(0);
      await isLikeLocal("stalled");
    });

    it("a node that is out of service: why jobs wait is told, and they go on when it is back", async () => {
      const { name } = await slurm.drainNode();
      const driver = start(words("drained", ["--executor", "slurm", "--driver", "here"]));
      const waiting = await until("drained", (now) => now.stages[0]!.jobs?.why !== undefined);
      expect(waiting.stages[0]!.jobs!.why).toMatch(new RegExp(`DRAINED|UnavailableNodes:${name}`));
      await slurm.repairNode();
      expect(await driver.ended).toBe(0);
      await isLikeLocal("drained");
    });
  });

  function start(args: readonly string[]): { child: ChildProcess; ended: Promise<number | null> } {
    const child = spawn(process.execPath, [program, ...args], { env: environment(), stdio: "ignore" });
    return { child, ended: new Promise((done) => child.once("exit", done)) };
  }
});
