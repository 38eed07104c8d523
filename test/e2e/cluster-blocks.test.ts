import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { emporium } from "../peers/environment.js";
import { componentsGraph, noise, treeOf, writeImage } from "./blocks-kit.js";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";

const SHAPE: Triple = [16, 32, 32];

/** A graph is computed by the jobs of a cluster as by one machine: the same bytes. */
describe("a graph of blocks on a cluster", { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-blocks-"));
  let local: Map<string, string>;

  const write = (name: string) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, componentsGraph(folder, name, ["smooth", "cc"]));
    return file;
  };
  const words = (name: string) => ["blocks", "run", write(name), "--workspace", join(folder, `${name}.work`)];

  beforeAll(async () => {
    await writeImage(join(folder, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
    const { status, stderr } = await emporium([...words("local"), "-q", "--json"]);
    if (status !== 0) throw new Error(stderr);
    local = treeOf(join(folder, "local"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const answer = async (args: readonly string[], env: NodeJS.ProcessEnv) => {
    const { stdout, stderr } = await emporium([...args, "-q", "--json"], env);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it("gives the bytes of one machine, and is done the second time, here and there", async () => {
    const cluster = playedCluster(join(folder, "engine"));
    const { status, run } = await cluster.submit(words("played"));
    expect(status).toBe("submitted");
    const over = await cluster.ended(join(folder, "played"), run);
    // 2 blocks along z, 4 along y, 2 along x; what joins the faces and ranks the components is little, so one slice of one stage
    expect(over.stages).toMatchObject([
      { name: "smooth", slices: 3, tasks: 16, done: 16 },
      { name: "cc-labels", slices: 3, tasks: 16 },
      { name: "cc-ranks", slices: 1, tasks: 18 },
      { name: "cc", slices: 3, tasks: 16 },
    ]);
    expect(over).toMatchObject({ status: "done", exitStatus: 0, report: { tasks: 66, done: 66, failed: 0, already: 0 } });
    expect(treeOf(join(folder, "played"))).toEqual(local);
    expect(locksIn(join(folder, "played"))).toEqual([]);
    const again = await answer([...words("played"), "--executor", "sge"], cluster.env);
    expect(again).toMatchObject({ tasks: 66, done: 0, already: 66, exitStatus: 0 });
    expect(await answer(words("played"), cluster.env)).toMatchObject({ done: 0, already: 66, exitStatus: 0 });
    const gone = await answer(["engine", "gc", run], cluster.env);
    expect(gone).toMatchObject({ runs: [{ receipts: 66 }] });
    expect(await answer(words("played"), cluster.env)).toMatchObject({ done: 0, already: 66, exitStatus: 0 });
    expect(treeOf(join(folder, "played"))).toEqual(local);
    const plan = await answer(["blocks", "plan", write("played"), "--executor", "sge"], cluster.env);
    expect(plan).toMatchObject({ cluster: { engine: "sge", cpus: 1, estimate: { tasks: 66, stages: { length: 4 } } } });
  });

  it("one machine goes on with what a cluster has begun, though a job is killed", async () => {
    const engine = join(folder, "killed");
    const out = join(folder, "moved");
    const cluster = playedCluster(engine, [killOnce(engine, `${out}/smooth.zarr/0/c/*/*/*`)]);
    const { run } = await cluster.submit([...words("moved"), "--driver", "none"]);
    const work = ["engine", "work", run, "--stage", "smooth", "--slice", "1"];
    expect((await emporium(work, cluster.env)).status).toBe(0);
    await expect(answer(words("moved"), cluster.env)).resolves.toMatchObject({ errors: [{ code: "TARGET_LOCKED" }] });
    const resumed = await answer(["engine", "resume", run, "--executor", "local"], cluster.env);
    expect(resumed).toMatchObject({ status: "done", done: 66 });
    expect(existsSync(join(engine, "killed"))).toBe(true);
    expect(treeOf(out)).toEqual(local);
  });

  it("a shell does the slices that engine export writes down", async () => {
    const env = { SOURCE_DATE_EPOCH: "0" };
    const out = join(folder, "shell");
    const { run, status } = await answer([...words("shell"), "--driver", "none", "--jobs", "1"], env);
    expect(status).toBe("prepared");
    const script = join(folder, "shell.sh");
    await answer(["engine", "export", String(run), "--as", "sh", "--output", script], env);
    const { status: exitStatus, stderr } = spawnSync("sh", [script, "2"], { cwd: folder, encoding: "utf8" });
    expect(exitStatus, stderr).toBe(0);
    expect(treeOf(out)).toEqual(local);
    expect(locksIn(out)).toEqual([]);
  });

  it("a cancelled run leaves what is done to the next one", async () => {
    const cluster = playedCluster(join(folder, "cancelled.engine"));
    const out = join(folder, "cancelled");
    const { run } = await cluster.submit([...words("cancelled"), "--driver", "none"]);
    for (const slice of ["0", "1", "2"])
      expect((await emporium(["engine", "work", run, "--stage", "smooth", "--slice", slice], cluster.env)).status).toBe(0);
    expect(await answer(["engine", "cancel", run], cluster.env)).toMatchObject({ left: 0 });
    expect(locksIn(out)).toEqual([]);
    expect(await answer(words("cancelled"), cluster.env)).toMatchObject({ done: 50, already: 16 });
    expect(treeOf(out)).toEqual(local);
  });

  it("is not given to the cluster where an input is broken, unless the check is left out", async () => {
    const broken = join(folder, "broken");
    await writeImage(join(broken, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
    const chunk = join(broken, "em.zarr/0/c/0/1/1");
    truncateSync(chunk, statSync(chunk).size / 2);
    const file = join(broken, "graph.yaml");
    writeFileSync(file, componentsGraph(broken, "out", ["cc"]));
    const cluster = playedCluster(join(broken, "engine"));
    const given = ["blocks", "run", file, "--workspace", join(broken, "work"), "--executor", "sge", "--driver", "none"];
    expect(await answer(given, cluster.env)).toMatchObject({ errors: [{ code: "INPUT_UNSOUND" }] });
    expect(existsSync(join(broken, "out"))).toBe(false);
    const { run } = await answer([...given, "--no-check"], cluster.env);
    expect(await answer(["engine", "cancel", String(run)], cluster.env)).toMatchObject({ left: 0 });
  });

  it("programs that need a GPU get one from the profile, or the run is refused", async () => {
    const file = join(folder, "gpu.yaml");
    const net = "{ id: net, op: external, in: em, command: [cat], gpu: 2, dtype: int16 }";
    writeFileSync(
      file,
      `version: 1\ninputs: { em: '${join(folder, "em.zarr")}' }\ngrid: { of: em, block: [8, 8, 16] }\nnodes: [${net}]\noutputs: { net: { to: '${join(folder, "gpu")}/net.zarr' } }\n`,
    );
    const cluster = playedCluster(join(folder, "gpu.engine"));
    for (const command of ["plan", "run"])
      expect(await answer(["blocks", command, file, "--executor", "sge"], cluster.env)).toMatchObject({
        errors: [{ code: "ENGINE_REFUSED", hint: "write gpus: 2 in the engine's profile" }],
      });
    const home = join(folder, "gpu.home");
    mkdirSync(join(home, "emporium"), { recursive: true });
    writeFileSync(join(home, "emporium/emporium.engines.yaml"), "profiles:\n  big: { engine: sge, gpus: 5, cpus: 8 }\n");
    const profiled = ["--executor", "sge", "--engine-profile", "big", "--jobs", "4", "--memory", "1GiB"];
    const planned = await answer(["blocks", "plan", file, ...profiled], { ...cluster.env, XDG_CONFIG_HOME: home });
    expect(planned).toMatchObject({ notes: expect.arrayContaining(["2 of 4 processes work: each needs 2 GPUs, 5 for a job"]) });
  });
});
