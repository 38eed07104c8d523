import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { pythonWithNumpy } from "../python-with-numpy.js";
import { noise, readImage, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [20, 24, 37];
const voxels = noise(SHAPE, "int16") as Int16Array;
const script = fileURLToPath(new URL("./external-programs.py", import.meta.url));
const python = pythonWithNumpy();

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'external' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

interface Facts {
  readonly words: readonly string[];
  readonly block?: Triple;
  readonly [field: string]: unknown;
}

/** A graph of one program. */
function graph(folder: string, { words, block = [8, 8, 8], ...fields }: Facts): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block },
    nodes: [{ id: "net", op: "external", in: "em", command: [python!, script, ...words], ...fields }],
    outputs: { net: { to: join(root, folder, "net.zarr"), chunk: [4, 8, 8], shard: [8, 8, 8] } },
  };
}

/** Sums of 27 neighbors; beyond the border the nearest rows are mirrored: d c b a | a b c d | d c b a. */
function sumsOf27(): Int32Array {
  const [nz, ny, nx] = SHAPE;
  const inside = (at: number, length: number) => (at < 0 ? -1 - at : at >= length ? 2 * length - 1 - at : at);
  const value = (z: number, y: number, x: number) => voxels[(inside(z, nz) * ny + inside(y, ny)) * nx + inside(x, nx)]!;
  const near = [-1, 0, 1];
  return Int32Array.from(voxels, (_, at) => {
    const [z, y, x] = [Math.floor(at / (ny * nx)), Math.floor(at / nx) % ny, at % nx];
    return near.reduce(
      (sum, dz) => sum + near.reduce((row, dy) => row + near.reduce((a, dx) => a + value(z + dz, y + dy, x + dx), 0), 0),
      0,
    );
  });
}

describe.runIf(python)("a person's program", () => {
  it("computes the volume, the same for every block, batch, transport and number of processes", async () => {
    const trees: Map<string, string>[] = [];
    for (const [name, block, batch, jobs, transport] of [
      ["a", [8, 8, 8], 1, 0, "shared"],
      ["b", [8, 16, 8], 4, 2, "inline"],
      ["c", [20, 24, 40], 1, 1, "shared"],
    ] as const) {
      const facts = { words: ["sums", transport], block: [...block] as Triple, batch, halo: 1, dtype: "int32" };
      expect(await run(graph(name, facts), { jobs })).toMatchObject({ exitStatus: 0, errors: [] });
      trees.push(treeOf(join(root, name)));
    }
    expect((await readImage(join(root, "a/net.zarr"))).voxels).toEqual(sumsOf27());
    expect(trees[1]).toEqual(trees[0]);
    expect(trees[2]).toEqual(trees[0]);
  });

  it("is started once, and gets whole batches of one shape, with the halo around them", async () => {
    const log = join(root, "log");
    const report = await run(graph("out", { words: ["whole", log], batch: 5, halo: [0, 2, 1] }));
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    expect((await readImage(join(root, "out/net.zarr"))).voxels).toEqual(voxels);
    const calls = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number));
    expect(new Set(calls.map(([pid]) => pid)).size).toBe(1);
    // 3 × 3 rows of 5 blocks: each row a task, and a batch
    expect(calls).toHaveLength(9);
    for (const [, ...shape] of calls) expect(shape.slice(0, 4)).toEqual([5, 8, 12, 10]);
    expect(calls[0]!.slice(5)).toEqual([0, -2, -1, 0, -2, 7, 0, -2, 15, 0, -2, 23, 0, -2, 31]);
  });

  it("gets the blocks of the plan where a shard of the output has several chunks, and no halo keeps it whole", async () => {
    const log = join(root, "log");
    expect(await run(graph("out", { words: ["whole", log] }))).toMatchObject({ exitStatus: 0, errors: [] });
    expect((await readImage(join(root, "out/net.zarr"))).voxels).toEqual(voxels);
    const calls = readFileSync(log, "utf8").trim().split("\n");
    // blocks of 8³, shards of 2 chunks: 3 × 3 × 5 calls
    expect(calls).toHaveLength(45);
    expect(calls[0]).toMatch(/^\d+ 1 8 8 8 0 0 0$/);
  });

  it("gets no voxels beyond the volume where the edge is none", async () => {
    const log = join(root, "log");
    await run(graph("out", { words: ["whole", log], block: [20, 24, 24], halo: 3, edge: "none" }));
    expect((await readImage(join(root, "out/net.zarr"))).voxels).toEqual(voxels);
    const shapes = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ").slice(1).map(Number));
    expect(shapes).toEqual([
      [1, 20, 24, 27, 0, 0, 0],
      [1, 20, 24, 16, 0, 0, 21],
    ]);
  });

  it("takes several inputs by their names", async () => {
    const two = graph("out", { words: ["two"] });
    const nodes = [
      { id: "bin", op: "threshold", in: "em", above: 0 },
      { ...two.nodes![0]!, in: { image: "em", mask: "bin" } },
    ];
    expect(await run({ ...two, nodes })).toMatchObject({ exitStatus: 0, errors: [] });
    expect((await readImage(join(root, "out/net.zarr"))).voxels).toEqual(voxels.map((value) => Math.max(0, value)));
  });

  it.each<[string, Facts, RegExp, RegExp]>([
    [
      "raises an exception",
      { words: ["raise"] },
      /voxels \[0:8, 0:8, 0:8\]: the program failed: ZeroDivisionError: division by zero/,
      /line \d+, in <lambda>/,
    ],
    ["gives another type", { words: ["type"] }, /TypeError: a result of float64; expected int16/, /astype/],
    ["gives another shape", { words: ["shape"] }, /a result of shape \(1, 7, 8, 8\); expected \(1, 8, 8, 8\)/, /ValueError/],
    ["is none", { words: ["nothing"] }, /the program ended with 1/, /no program nothing/],
  ])("that %s fails its block, with its place and what it printed", async (_, facts, message, hint) => {
    const report = await run(graph("out", facts), { keepGoing: false, only: ["net/0"] });
    expect(report).toMatchObject({ exitStatus: 3, failed: 1 });
    expect(report.errors[0]).toMatchObject({ code: "PROGRAM_FAILED" });
    expect(report.errors[0]!.message).toMatch(message);
    expect(report.errors[0]!.hint).toMatch(hint);
  });

  it("that dies or hangs is started again, and the block is done", async () => {
    for (const [what, timeout] of [
      ["leave", 60],
      ["hang", 10],
    ] as const) {
      const folder = join(root, what);
      mkdirSync(folder);
      expect(await run(graph(`out-${what}`, { words: [what, folder], timeout }))).toMatchObject({ exitStatus: 0, errors: [] });
      expect(existsSync(join(folder, "done"))).toBe(true);
      expect((await readImage(join(root, `out-${what}/net.zarr`))).voxels).toEqual(voxels);
    }
    expect(isRunning(Number(readFileSync(join(root, "hang/pid"), "utf8")))).toBe(false);
  });

  it("has GPUs of its own, and no more run at once than there are", async () => {
    const before = process.env.CUDA_VISIBLE_DEVICES;
    // names that no other program of this machine has
    const names = [0, 1, 2].map((at) => `emporium-test-${process.pid}-${at}`);
    process.env.CUDA_VISIBLE_DEVICES = names.join(",");
    try {
      const folder = join(root, "seen");
      mkdirSync(folder);
      const report = await run(graph("out", { words: ["gpu", folder], gpu: 1 }), { jobs: 8 });
      expect(report).toMatchObject({
        exitStatus: 0,
        notes: expect.arrayContaining([expect.stringMatching(/^3 of 8 processes work/)]),
      });
      const seen = readdirSync(folder).map((pid) => readFileSync(join(folder, pid), "utf8"));
      expect(names).toEqual(expect.arrayContaining(seen));
      expect(new Set(seen).size).toBe(seen.length);
      const many = await run(graph("more", { words: ["gpu", folder], gpu: 4 }), { only: ["net/0"] });
      expect(many.errors[0]).toMatchObject({ code: "PROGRAM_FAILED", message: "net/0: 4 GPUs needed, 3 found" });
    } finally {
      if (before === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
      else process.env.CUDA_VISIBLE_DEVICES = before;
    }
  });

  it("ends with its process, in the middle of whatever it does", async () => {
    const folder = join(root, "hang");
    mkdirSync(folder);
    const file = join(root, "graph.json");
    writeFileSync(file, JSON.stringify(graph("out", { words: ["hang", folder] })));
    const child = spawn(process.execPath, [program, "blocks", "run", file, "--jobs", "1", "--no-sync"], {
      cwd: root,
      stdio: "ignore",
    });
    const ended = new Promise((done) => child.once("exit", done));
    const pidFile = join(folder, "pid");
    const pid = await until(() => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0));
    // the run's own process: its worker notices, and with that the program
    child.kill("SIGKILL");
    await ended;
    await until(() => !isRunning(pid));
  });

  it("that says nothing is ended after its time", async () => {
    const report = await run(graph("out", { words: ["silent"], timeout: 1 }), { only: ["net/0"] });
    expect(report.errors[0]).toMatchObject({ code: "PROGRAM_FAILED", message: expect.stringContaining("gave no answer in 1 s") });
  });
});

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Waits for a fact; the test's own time ends it. */
async function until<T>(fact: () => T): Promise<T> {
  for (;;) {
    const found = fact();
    if (found) return found;
    await sleep(50);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
  } catch {
    return false;
  }
}
