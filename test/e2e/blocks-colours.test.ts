import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { planGraph } from "../../src/stations/blocks/graph/plan.js";
import { type GraphOptions, type GraphSource, runGraph } from "../../src/stations/blocks/graph/run.js";
import { pythonWithNumpy } from "../python-with-numpy.js";
import { noise, readImage, writeImage } from "./blocks-kit.js";
import { killOnce, locksIn, playedCluster } from "./cluster-stations-kit.js";

const SHAPE: Triple = [20, 24, 37];
/** No divisor of the volume, nor of the output's shards. */
const BLOCK: Triple = [8, 8, 12];
const programs = fileURLToPath(new URL("./external-programs.py", import.meta.url));
const serial = fileURLToPath(new URL("./serial-colours.py", import.meta.url));
const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const python = pythonWithNumpy();

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-colours-"));
  const voxels = noise(SHAPE, "int16") as Int16Array;
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
  writeFileSync(join(root, "em.raw"), voxels);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphSource, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

function graph(folder: string, words: readonly string[], fields: Record<string, unknown> = {}): GraphGiven {
  const own = { after: "neighbours-26", fill: -7, halo: 1, dtype: "int32", ...fields };
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block: BLOCK },
    nodes: [{ id: "net", op: "external", in: "em", command: [python!, programs, ...words], ...own }],
    outputs: { net: { to: join(root, folder, "net.zarr"), chunk: [4, 8, 8], shard: [8, 8, 8] } },
  };
}

/** What NumPy gives where blocks are computed one after the other. */
function expected(neighbours: number): Int32Array {
  const raw = join(root, `serial-${neighbours}.raw`);
  if (!existsSync(raw)) execFileSync(python!, [serial, join(root, "em.raw"), raw, `${neighbours}`, SHAPE.join(), BLOCK.join()]);
  const bytes = readFileSync(raw);
  return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const written = async (folder: string) => (await readImage(join(root, folder, "net.zarr"))).voxels;

describe.runIf(python)("a program that is handed what neighbours have written", () => {
  it.each([
    [6, 2, 0],
    [18, 4, 0],
    [26, 8, 2],
  ])("after neighbours-%i: as if blocks were computed one by one, in %i colours", async (neighbours, colours, jobs) => {
    const fields = { after: `neighbours-${neighbours}` };
    const folder = `out-${neighbours}`;
    const report = await run(graph(folder, ["spread"], fields), { jobs });
    expect(report).toMatchObject({ exitStatus: 0, errors: [], tasks: 36 + 3 * 3 * 3 });
    expect(await written(folder)).toEqual(expected(neighbours));
    const plan = await planGraph(graph("planned", ["spread"], fields), { jobs: 1, memoryBytes: 2 ** 28 });
    expect(plan.stages.map(({ name }) => name)).toHaveLength(colours + 1);
  });

  it("sees nothing beyond its neighbours, whatever the halo and the edge", async () => {
    const fields = { halo: [9, 9, 13], edge: "none", dtype: "uint64", fill: 5 };
    const log = join(root, "seen");
    expect(await run(graph("far", ["written", log], fields), { jobs: 0 })).toMatchObject({ exitStatus: 0, errors: [] });
    const lines = readFileSync(log, "utf8").trim().split("\n");
    // the first voxel of each block, how many of its neighbours it sees, and how many voxels of these
    const seen = new Map(
      lines.map((line) => line.split(" ").map(Number)).map(([z, y, x, ...counts]) => [`${z},${y},${x}`, counts]),
    );
    expect(seen.size).toBe(36);
    expect(seen.get("0,0,0")).toEqual([0, 0]);
    expect(seen.get("0,0,12")).toEqual([2, 2 * 8 * 8 * 12]);
    // the last colour: 26 neighbours, those behind it along z end with the volume
    expect(seen.get("8,8,12")).toEqual([26, 20 * 24 * 36 - 8 * 8 * 12]);
  });

  it("gives the same after its worker process was killed, and after the whole run was", async () => {
    const marks = [join(root, "killed"), join(root, "stopped")] as const;
    for (const mark of marks) mkdirSync(mark);
    const killed = await run(graph("killed-out", ["spread-once", "kill", marks[0]]), { jobs: 2 });
    expect(killed).toMatchObject({ exitStatus: 0, errors: [] });
    expect(existsSync(join(marks[0], "done"))).toBe(true);
    expect(await written("killed-out")).toEqual(expected(26));
    const stopped = graph("stopped-out", ["spread-once", "stay", marks[1]]);
    const file = join(root, "stopped.json");
    const text = JSON.stringify(stopped);
    writeFileSync(file, text);
    const child = spawn(process.execPath, [cli, "blocks", "run", file, "--jobs", "2", "--no-sync"], {
      cwd: root,
      stdio: "ignore",
    });
    const ended = new Promise((done) => child.once("exit", done));
    while (!existsSync(join(marks[1], "done"))) await sleep(50);
    child.kill("SIGKILL");
    await ended;
    const again = await run({ text, file }, { jobs: 1 });
    expect(again).toMatchObject({ exitStatus: 0, errors: [] });
    expect(again.already).toBeGreaterThan(0);
    expect(await written("stopped-out")).toEqual(expected(26));
  });

  it("gives the same on a cluster, a stage for each colour, though a job is killed", { timeout: 240_000 }, async () => {
    const file = join(root, "played.json");
    writeFileSync(file, JSON.stringify(graph("played", ["spread"], { after: "neighbours-18" })));
    const engine = join(root, "engine");
    const cluster = playedCluster(engine, [killOnce(engine, `${root}/played/.emporium-graphs/*/net-colour-1/c/*/*/*`)]);
    const { run: url } = await cluster.submit(["blocks", "run", file, "--workspace", join(root, "played.work")]);
    const over = await cluster.ended(join(root, "played"), url);
    expect(over).toMatchObject({ status: "done", exitStatus: 0, report: { done: 63, failed: 0 } });
    expect(over.stages).toMatchObject([0, 1, 2, 3].map((colour) => ({ name: `net-colour-${colour}` })).concat({ name: "net" }));
    expect(existsSync(join(engine, "killed"))).toBe(true);
    expect(await written("played")).toEqual(expected(18));
    expect(locksIn(join(root, "played"))).toEqual([]);
  });

  it.each([
    ["blocks of several at once", { batch: 4 }, "CONFIG_FIELD", /would not see each other/],
    ["an input of that name", { in: { written: "em" } }, "CONFIG_FIELD", /written is what neighbours have written/],
    ["a fill of another type", { fill: 0.5 }, "CONFIG_FIELD", /fill: 0.5 is no int32/],
    ["a fill without it", { after: undefined }, "CONFIG_FIELD", /there is no after/],
    ["a value that is not stored", { fuse: true }, "CONFIG_RULE", /always stored/],
  ])("%s is refused", async (_, fields, code, message) => {
    await expect(run(graph("refused", ["spread"], fields))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("a block that depends on the memory is refused", async () => {
    const auto = { ...graph("refused", ["spread"]), grid: { of: "em" } };
    await expect(run(auto)).rejects.toMatchObject({ code: "CONFIG_RULE", message: expect.stringContaining("size of blocks") });
  });
});
