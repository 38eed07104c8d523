import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [30, 33, 41];
const voxels = noise(SHAPE, "int16", 3) as Int16Array;

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'reduce' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, jobs = 0) =>
  runGraph(graph, { jobs, memoryBytes: 2 ** 30, workspace: join(root, "workspace"), sync: false });

function graph(name: string, block: Triple): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block },
    nodes: [
      { id: "facts", op: "statistics", in: "em" },
      { id: "limits", op: "contrast", in: "em" },
      { id: "bin", op: "threshold", in: "em", above: { of: "facts", path: "mean" } },
      { id: "auto", op: "threshold", in: "em", above: "auto" },
    ],
    outputs: {
      facts: { to: join(root, name, "facts.json"), format: "json" },
      limits: { to: join(root, name, "limits.json"), format: "json" },
      bin: { to: join(root, name, "bin.zarr"), chunk: [8, 8, 8], shard: [16, 16, 16] },
      auto: { to: join(root, name, "auto.zarr"), chunk: [8, 8, 8], shard: [16, 16, 16] },
    },
  };
}

describe("reductions of a graph", () => {
  it("are those of the whole volume, for every block, and parameters of other nodes", async () => {
    const sum = voxels.reduce((before, value) => before + value, 0);
    const texts: string[] = [];
    for (const [name, block, jobs] of [
      ["a", [8, 8, 8], 2],
      ["b", [16, 40, 16], 0],
    ] as const) {
      const report = await run(graph(name, [...block]), jobs);
      expect(report).toMatchObject({ exitStatus: 0, errors: [] });
      texts.push(readFileSync(join(root, name, "facts.json"), "utf8"), readFileSync(join(root, name, "limits.json"), "utf8"));
    }
    expect(texts.slice(2)).toEqual(texts.slice(0, 2));
    const facts = JSON.parse(texts[0]!);
    expect(facts).toMatchObject({ count: voxels.length, min: Math.min(...voxels), max: Math.max(...voxels) });
    expect(facts.mean).toBeCloseTo(sum / voxels.length, 9);
    const bin = await readImage(join(root, "a/bin.zarr"));
    expect(bin.voxels).toEqual(Uint8Array.from(voxels, (value) => (value > sum / voxels.length ? 1 : 0)));
    const [low, high] = JSON.parse(texts[1]!).limits;
    const auto = await readImage(join(root, "b/auto.zarr"));
    expect(auto.voxels).toEqual(Uint8Array.from(voxels, (value) => (value > (low + high) / 2 ? 1 : 0)));
  });

  it("are not made again", async () => {
    const first = await run(graph("a", [16, 16, 16]));
    expect(await run(graph("a", [16, 16, 16]))).toMatchObject({ done: 0, already: first.tasks, exitStatus: 0 });
  });

  it("are no volumes, and volumes are no results", async () => {
    const wrong = graph("a", [16, 16, 16]);
    const nodes = [
      ...wrong.nodes!,
      { id: "more", op: "clip", in: "facts", low: 1 },
      { id: "last", op: "threshold", in: "em", above: { of: "bin", path: "x" } },
    ];
    const outputs = { ...wrong.outputs, more: { to: join(root, "more") }, last: { to: join(root, "last") } };
    await expect(run({ ...wrong, nodes, outputs })).rejects.toMatchObject({
      message: "facts is the result of a reduction, no volume",
      facts: { others: [{ message: "bin is a volume: it has no single result" }] },
    });
  });
});
