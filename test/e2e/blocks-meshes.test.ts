import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { decodeMeshFragment, parseMeshManifest } from "../../src/formats/precomputed/legacy-mesh.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [12, 20, 27];

/** A voxel, a box through all blocks that ends at the border, and a ball; by hand. */
function labelled(): Int32Array {
  const [nz, ny, nx] = SHAPE;
  const voxels = new Int32Array(nz * ny * nx);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) {
        const at = (z * ny + y) * nx + x;
        if (z >= 2 && z < 5 && y < 3) voxels[at] = 7;
        if ((z - 7) ** 2 + (y - 11) ** 2 + (x - 13) ** 2 < 20) voxels[at] = 2_000_000_000;
        if (z === 9 && y === 16 && x === 24) voxels[at] = 3;
      }
  return voxels;
}

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'meshes' "));
  await writeImage(join(root, "labels.zarr"), SHAPE, "int32", labelled());
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const graph = (folder: string, block: Triple): GraphGiven => ({
  version: 1,
  inputs: { labels: join(root, "labels.zarr") },
  grid: { of: "labels", block },
  nodes: [{ id: "cells", op: "meshes", in: "labels" }],
  outputs: { cells: { to: join(root, folder), format: "precomputed-mesh" } },
});
const run = (given: GraphGiven, jobs = 0) =>
  runGraph(given, { jobs, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false });

function meshOf(folder: string, label: number) {
  const manifest = readFileSync(join(root, folder, `${label}:0`));
  const [fragment] = parseMeshManifest(manifest);
  return decodeMeshFragment(readFileSync(join(root, folder, fragment!)));
}

describe("surfaces of labels", () => {
  it("are those of the whole volume, closed, and the same for every block", async () => {
    for (const [name, block, jobs] of [
      ["a", [4, 4, 4], 2],
      ["b", [12, 20, 27], 0],
      ["c", [5, 20, 6], 0],
    ] as const) {
      expect(await run(graph(`${name}/cells`, [...block]), jobs)).toMatchObject({ exitStatus: 0, errors: [] });
    }
    const tree = treeOf(join(root, "b"));
    expect([...tree.keys()]).toEqual(
      ["2000000000:0", "3:0", "7:0", "info", "mesh.2000000000.2000000000", "mesh.3.3", "mesh.7.7"].map((key) => `cells/${key}`),
    );
    expect(JSON.parse(tree.get("cells/info")!)).toEqual({ "@type": "neuroglancer_legacy_mesh" });
    expect(treeOf(join(root, "a"))).toEqual(tree);
    expect(treeOf(join(root, "c"))).toEqual(tree);
    for (const label of [3, 7, 2_000_000_000]) {
      const { vertices, triangles } = meshOf("a/cells", label);
      const edges = new Map<string, number>();
      for (let at = 0; at < triangles.length; at += 3)
        for (let i = 0; i < 3; i++) {
          const edge = `${triangles[at + i]} ${triangles[at + ((i + 1) % 3)]}`;
          edges.set(edge, (edges.get(edge) ?? 0) + 1);
        }
      // each edge once in each direction; a body without holes has as many corners and triangles as edges, and two more
      for (const [edge, count] of edges) expect([count, edges.get(edge.split(" ").reverse().join(" "))]).toEqual([1, 1]);
      expect(vertices.length / 3 - edges.size / 2 + triangles.length / 3).toBe(2);
    }
  });

  it("lie in nanometers where the voxels are", async () => {
    await run(graph("cells", [8, 8, 8]));
    // an octahedron around the middle of a voxel of 2 nm: half a voxel to each side
    const { vertices, triangles } = meshOf("cells", 3);
    const corners = Array.from({ length: 6 }, (_, at) => [...vertices.subarray(3 * at, 3 * at + 3)].join());
    expect(corners.sort()).toEqual(["48,33,19", "50,33,19", "49,32,19", "49,34,19", "49,33,18", "49,33,20"].sort());
    expect(triangles).toHaveLength(3 * 8);
    // a box of 3 × 3 × 27 voxels ends at its faces
    const box = meshOf("cells", 7).vertices;
    const along = (axis: number) => box.filter((_, at) => at % 3 === axis);
    expect([0, 1, 2].map((axis) => [Math.min(...along(axis)), Math.max(...along(axis))])).toEqual([
      [0, 54],
      [0, 6],
      [4, 10],
    ]);
  });

  it("are not made again", async () => {
    const first = await run(graph("cells", [8, 8, 8]));
    const again = await run(graph("cells", [8, 8, 8]));
    expect(again).toMatchObject({ done: 0, exitStatus: 0, failed: 0 });
    expect(first.done).toBeGreaterThan(again.done);
  });

  it("are refused where voxels are no labels", async () => {
    await writeImage(join(root, "em.zarr"), SHAPE, "float32", new Float32Array(12 * 20 * 27));
    const given = { ...graph("cells", [8, 8, 8]), inputs: { labels: join(root, "em.zarr") } };
    await expect(run(given)).rejects.toMatchObject({
      code: "CONFIG_FIELD",
      message: "meshes: in: takes integers, not float32: put components before it",
    });
  });
});
