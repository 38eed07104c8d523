import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { componentsGraph, noise, treeOf, writeImage } from "../e2e/blocks-kit.js";
import { killOnce } from "../e2e/cluster-stations-kit.js";
import { hasEnded, leftovers, type RunStatus } from "./cluster-kit.js";
import { emporium } from "./environment.js";
import { hasSlurm, type Slurm, startSlurm } from "./slurm-kit.js";

// a slice of 171 blocks takes long enough to be killed in the middle
const SHAPE: Triple = [64, 64, 128];
/** Of 8 × 8 × 16. */
const BLOCKS = 8 ** 3;
/** Labels, their faces and the output are a task for each block; faces are merged by 64, then by 8, then ranked. */
const TASKS = 3 * BLOCKS + 8 + 1 + 1;
const POLL_MS = 100;
const TEST_MS = 300_000;

describe.runIf(hasSlurm())("a graph of blocks on a Slurm cluster", { timeout: TEST_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-blocks-"));
  let slurm: Slurm;
  let local: Map<string, string>;

  beforeAll(async () => {
    await writeImage(join(folder, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
    slurm = await startSlurm();
    expect((await run("local", [])).exitStatus).toBe(0);
    local = treeOf(join(folder, "local"));
  }, TEST_MS);
  afterAll(async () => {
    await slurm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function profile(name: string, fields: string, prologue: readonly string[] = []): void {
    const path = join(folder, `config-${name}/emporium`);
    mkdirSync(path, { recursive: true });
    const lines = prologue.map((line) => JSON.stringify(line)).join(", ");
    writeFileSync(
      join(path, "emporium.engines.yaml"),
      `profiles:\n  one: {engine: slurm, memory: 1GiB, ${fields}, prologue: [${lines}]}\n`,
    );
  }
  const answer = async (name: string, words: readonly string[]) => {
    const env = { ...slurm.env, XDG_CONFIG_HOME: join(folder, `config-${name}`) };
    const { stdout, stderr } = await emporium([...words, "-q", "--json"], env);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  function run(name: string, flags: readonly string[]) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, componentsGraph(folder, name, ["cc"]));
    return answer(name, ["blocks", "run", file, "--workspace", join(folder, `${name}.work`), ...flags]);
  }
  const status = async (name: string) =>
    (await answer(name, ["engine", "status", join(folder, name)])) as unknown as RunStatus & { report: unknown };

  it("gives the bytes of one machine stage by stage, though an element is killed in the middle", async () => {
    const out = join(folder, "gates");
    profile("gates", "cpus: 1, slices: 3", [
      killOnce(folder, `${out}/.emporium/runs/*/journal/cc-labels/$SLURM_ARRAY_TASK_ID.*`),
    ]);
    expect(await run("gates", ["--executor", "slurm"])).toMatchObject({ status: "submitted", tasks: TASKS });
    while (!hasEnded(out)) await sleep(POLL_MS);
    const over = await status("gates");
    // what merges the faces and ranks the components is one slice, so one stage
    expect(over.stages.map(({ name, slices }) => [name, slices])).toEqual([
      ["cc-labels", 3],
      ["cc-unions", 3],
      ["cc-ranks", 1],
      ["cc", 3],
    ]);
    expect(over).toMatchObject({ status: "done", exitStatus: 0, report: { tasks: TASKS, done: TASKS, failed: 0 } });
    expect(existsSync(join(folder, "killed"))).toBe(true);
    expect(over.stages[0]!.slicesBegunAgain).toBe(1);
    expect(treeOf(out)).toEqual(local);
    expect(leftovers(out)).toEqual([]);
    expect(await slurm.command("squeue", ["-h"])).toBe("");
    expect(await run("gates", ["--executor", "slurm"])).toMatchObject({ done: 0, already: TASKS, exitStatus: 0 });
  });

  it("one machine goes on behind the first stage when all jobs are killed: the same bytes", async () => {
    const out = join(folder, "moved");
    profile("moved", "cpus: 2, slices: 2");
    const { run: address } = await run("moved", ["--executor", "slurm"]);
    const first = join(out, ".emporium/runs", String(address).split("/").at(-1)!, "stages/cc-labels/end.json");
    while (!existsSync(first)) await sleep(POLL_MS);
    await slurm.command("scancel", ["--signal=KILL", "--full", "--state=RUNNING"]);
    await slurm.command("scancel", ["--user", String(process.env.USER ?? "root")]);
    while ((await slurm.command("squeue", ["-h"])) !== "") await sleep(POLL_MS);
    expect((await status("moved")).stages[0]).toMatchObject({ name: "cc-labels", done: BLOCKS });
    const resumed = await answer("moved", ["engine", "resume", out, "--executor", "local"]);
    expect(resumed).toMatchObject({ status: "done", done: TASKS });
    expect(treeOf(out)).toEqual(local);
    expect(leftovers(out)).toEqual([]);
  });
});
