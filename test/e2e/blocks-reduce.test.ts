import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { inMemory } from "../../src/core/bytes.js";
import { readCsvWithHeader } from "../../src/formats/points/csv.js";
import { readPointLines } from "../../src/formats/points/ndjson.js";
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

describe("local maxima", () => {
  it("are those of the whole volume for every block, as points that ingest reads", async () => {
    // by hand: two of one value, the second too near; one in the last voxel; one below the limit
    const peaks = new Int16Array(voxels.length);
    const [, ny, nx] = SHAPE;
    const put = (z: number, y: number, x: number, value: number) => {
      peaks[(z * ny + y) * nx + x] = value;
    };
    put(7, 8, 15, 90);
    put(8, 8, 16, 90);
    put(29, 32, 40, 50);
    put(20, 3, 3, 10);
    await writeImage(join(root, "peaks.zarr"), SHAPE, "int16", peaks);
    for (const [name, block] of [
      ["a", [8, 8, 16]],
      ["b", [30, 40, 48]],
    ] as const) {
      const report = await run({
        version: 1,
        inputs: { em: join(root, "peaks.zarr") },
        grid: { of: "em", block: [...block] },
        nodes: [{ id: "spots", op: "maxima", in: "em", above: 10, distance: { nm: 4 } }],
        outputs: {
          spots: { to: join(root, name, "spots.csv"), format: "csv" },
          lines: { of: "spots", to: join(root, name, "spots.ndjson"), format: "ndjson" },
        },
      });
      expect(report).toMatchObject({ exitStatus: 0, errors: [] });
      // voxels of 2 nm
      const csv = readFileSync(join(root, name, "spots.csv"), "utf8");
      expect(csv).toBe("x,y,z,value,x_nm,y_nm,z_nm\n15,8,7,90,30,16,14\n40,32,29,50,80,64,58\n");
      const lines = inMemory(readFileSync(join(root, name, "spots.ndjson")), "spots.ndjson");
      for await (const { positions, kind } of readPointLines(lines)) {
        expect(kind).toBe("point");
        expect([...positions]).toEqual([15, 8, 7, 40, 32, 29]);
      }
    }
  });
});

describe("points of labels", () => {
  it("are files that ingest reads: the places of components, the same for every block", async () => {
    // two boxes and a voxel, by hand
    const labels = new Int16Array(voxels.length);
    const [, ny, nx] = SHAPE;
    const fill = (start: Triple, stop: Triple) => {
      for (let z = start[0]; z < stop[0]; z++)
        for (let y = start[1]; y < stop[1]; y++) labels.fill(1, (z * ny + y) * nx + start[2], (z * ny + y) * nx + stop[2]);
    };
    fill([2, 3, 4], [6, 13, 37]);
    fill([10, 0, 0], [30, 2, 1]);
    fill([29, 32, 40], [30, 33, 41]);
    await writeImage(join(root, "bin.zarr"), SHAPE, "int16", labels);
    const found: string[] = [];
    for (const [name, block] of [
      ["a", [8, 8, 8]],
      ["b", [30, 40, 48]],
    ] as const) {
      const report = await run({
        version: 1,
        inputs: { bin: join(root, "bin.zarr") },
        grid: { of: "bin", block: [...block] },
        nodes: [
          { id: "cc", op: "components", in: "bin" },
          { id: "cells", op: "points", in: "cc", minVoxels: 2 },
        ],
        outputs: {
          cells: { to: join(root, name, "cells.csv"), format: "csv" },
          lines: { of: "cells", to: join(root, name, "cells.ndjson"), format: "ndjson" },
        },
      });
      expect(report).toMatchObject({ exitStatus: 0, errors: [] });
      found.push(readFileSync(join(root, name, "cells.csv"), "utf8"), readFileSync(join(root, name, "cells.ndjson"), "utf8"));
    }
    expect(found.slice(2)).toEqual(found.slice(0, 2));
    // voxels of 2 nm
    expect(found[0]).toBe(
      `x,y,z,label,voxels,x_nm,y_nm,z_nm,x_min,y_min,z_min,x_max,y_max,z_max
20,7.5,3.5,1,1320,40,15,7,4,3,2,36,12,5
0,0.5,19.5,2,40,0,1,39,0,0,10,0,1,29
`,
    );
    const options = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," } as const;
    const places: number[][] = [];
    for await (const { positions } of readCsvWithHeader(inMemory(Buffer.from(found[0]!), "cells.csv"), options))
      places.push([...positions]);
    for await (const { positions, instanceIds, kind } of readPointLines(inMemory(Buffer.from(found[1]!), "cells.ndjson")))
      places.push([...positions], [...instanceIds!], [kind === "instancePoint" ? 1 : 0]);
    const positions = [20, 7.5, 3.5, 0, 0.5, 19.5];
    expect(places).toEqual([positions, positions, [1, 2], [1]]);
  });

  it("are refused as volumes, and other results as tables", async () => {
    const refused = (format: "csv" | "ome-zarr-0.5", op: string) =>
      run({
        version: 1,
        inputs: { em: join(root, "em.zarr") },
        grid: { of: "em" },
        nodes: [{ id: "facts", op, in: "em" }],
        outputs: { facts: { to: join(root, "out/facts"), format } },
      });
    await expect(refused("csv", "statistics")).rejects.toMatchObject({
      code: "CONFIG_RULE",
      message: "statistics is written as json",
    });
    await expect(refused("ome-zarr-0.5", "points")).rejects.toMatchObject({ message: "facts is a result, no volume" });
  });
});
