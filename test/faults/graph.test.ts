import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, treeOf, writeImage } from "../e2e/blocks-kit.js";

const SHAPE: Triple = [16, 16, 32];
const voxels = noise(SHAPE, "int16") as Int16Array;
const module = fileURLToPath(new URL("./graph-block.mjs", import.meta.url));

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'faults' "));
  mkdirSync(join(root, "once"));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 2, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

/** 16 blocks: each has one added by a person's module, and then those around it are smoothed. */
function graph(
  name: string,
  options: { dieAt?: string[]; throwAt?: string[]; largeAt?: string[]; hugeAt?: string[]; once?: string } = {},
): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block: [8, 8, 8] },
    nodes: [
      { id: "more", op: "map", in: "em", module, options },
      { id: "largest", op: "morphology", in: "more", operation: "dilate", connectivity: 26 },
    ],
    outputs: {
      more: { to: join(root, name, "more.zarr"), chunk: [8, 8, 8] },
      largest: { to: join(root, name, "largest.zarr"), chunk: [8, 8, 8] },
    },
  };
}

describe("faults of a graph's blocks", () => {
  it("processes that die at some blocks cost nothing but time", async () => {
    await run(graph("wanted"));
    const dying = graph("out", { dieAt: ["0-0-8", "8-8-16", "8-0-0"], once: join(root, "once") });
    expect(await run(dying)).toMatchObject({ exitStatus: 0, failed: 0, tasks: 32, done: 32 });
    expect(readdirSync(join(root, "once"))).toHaveLength(3);
    expect(treeOf(join(root, "out"))).toEqual(treeOf(join(root, "wanted")));
    expect((await readImage(join(root, "out/more.zarr"))).voxels).toEqual(voxels.map((value) => value + 1));
  });

  it("a poisoned block is given up, those that need it are not done, all others are, and the list says how to do it alone", async () => {
    const report = await run(graph("out", { dieAt: ["0-0-0"] }));
    // of two blocks along z and y and four along x, eight touch the one in the corner
    expect(report).toMatchObject({ exitStatus: 3, tasks: 32, done: 23, failed: 1, blocked: 8 });
    const command = "emporium blocks run GRAPH --only more/0";
    expect(report.errors).toEqual([expect.objectContaining({ code: "ENGINE_LOST", hint: expect.stringContaining(command) })]);
    expect(report.errors[0]!.hint).toContain("the last words of 0-0-0");
    const list = readFileSync(join(root, "out/.emporium/graphs", `${report.run}.dead.ndjson`), "utf8")
      .trim()
      .split("\n");
    expect(list.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        block: "more/0",
        start: [0, 0, 0],
        shape: [8, 8, 8],
        reads: ["em/em.zarr/0/zarr.json", "em/em.zarr/zarr.json", "em/em.zarr/0/"],
        command,
      }),
    ]);
    // nobody can open what is not whole
    expect(readdirSync(join(root, "out/more.zarr"))).toEqual(["0"]);
  });

  it("a block that throws is given up at once, and done when its reason is gone", async () => {
    const throwing = graph("out", { throwAt: ["8-8-24"], once: join(root, "once") });
    const report = await run(throwing);
    expect(report).toMatchObject({ exitStatus: 3, failed: 1, blocked: 8, done: 23 });
    expect(report.errors[0]).toMatchObject({ code: "TASK_FAILED", message: "more/15: no answer for 8-8-24" });
    expect(await run(throwing, { only: ["more/15"] })).toMatchObject({ exitStatus: 0, done: 1, already: 23, skipped: 8 });
    expect(await run(throwing)).toMatchObject({ exitStatus: 0, done: 8, already: 24 });
    expect((await readImage(join(root, "out/more.zarr"))).voxels).toEqual(voxels.map((value) => value + 1));
  });

  it("a process that fails one block after the other is replaced, and every block is told", async () => {
    const places = ["0-0-0", "0-0-8", "0-0-16", "0-0-24", "0-8-0", "0-8-8", "0-8-16"];
    const report = await run(graph("out", { throwAt: places }), { jobs: 1 });
    expect(report).toMatchObject({ exitStatus: 3, failed: 7 });
    expect(report.done + report.blocked).toBe(25);
  });

  it("blocks that take more memory than they say are ended, and done when there is room", async () => {
    await run(graph("wanted"));
    // either fits, both do not
    const large = graph("out", { largeAt: ["0-0-0", "0-0-8"], once: join(root, "once") });
    expect(await run(large, { memoryBytes: 2 ** 28 })).toMatchObject({ exitStatus: 0, failed: 0, tasks: 32, done: 32 });
    const attempts = readdirSync(join(root, "once")).flatMap((name) =>
      readFileSync(join(root, "once", name), "utf8")
        .trim()
        .split("\n"),
    );
    expect(attempts.length).toBeGreaterThan(2);
    expect(treeOf(join(root, "out"))).toEqual(treeOf(join(root, "wanted")));
  });

  it("a block that does not fit the memory by itself is given up, and says so", async () => {
    const report = await run(graph("out", { hugeAt: ["0-0-0"] }), { memoryBytes: 2 ** 28 });
    expect(report).toMatchObject({ exitStatus: 3, failed: 1, blocked: 8, done: 23 });
    expect(report.errors).toEqual([expect.objectContaining({ code: "MEMORY_LIMIT", hint: expect.stringContaining("--memory") })]);
  });

  it("stages and blocks that are not there are named", async () => {
    await expect(run(graph("out"), { only: ["mor"] })).rejects.toMatchObject({
      code: "USAGE",
      facts: { hint: "did you mean more?" },
    });
    await expect(run(graph("out"), { only: ["more/16"] })).rejects.toMatchObject({ code: "USAGE" });
  });
});
