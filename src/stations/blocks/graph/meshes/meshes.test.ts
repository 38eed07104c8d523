import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { treeOf, writeImage } from "../../../../../test/e2e/blocks-kit.js";
import type { Block } from "../../../../arrays/operators/block.js";
import type { Triple } from "../../../../core/box.js";
import { decodeMeshFragment } from "../../../../formats/precomputed/legacy-mesh.js";
import { runGraph } from "../run.js";
import { blockSurfaces } from "./block-surfaces.js";

const SHAPE: Triple = [6, 9, 11];
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-meshes-"));
  const [nz, ny, nx] = SHAPE;
  const voxels = new Int32Array(nz * ny * nx);
  const put = (z: number, y: number, x: number, label: number) => {
    voxels[(z * ny + y) * nx + x] = label;
  };
  // a box through several blocks up to the border, and one voxel
  for (let z = 1; z < 5; z++) for (let y = 0; y < 3; y++) for (let x = 2; x < 9; x++) put(z, y, x, 70);
  put(4, 6, 9, 3);
  await writeImage(join(root, "labels.zarr"), SHAPE, "int32", voxels);
});
afterAll(() => rmSync(root, { recursive: true }));

async function meshes(folder: string, block: Triple): Promise<Map<string, string>> {
  const report = await runGraph(
    {
      ...{ version: 1, inputs: { labels: join(root, "labels.zarr") }, grid: { of: "labels", block } },
      nodes: [{ id: "cells", op: "meshes", in: "labels" }],
      outputs: { cells: { to: join(root, folder, "cells"), format: "precomputed-mesh" } },
    },
    { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, check: false },
  );
  expect(report).toMatchObject({ exitStatus: 0, errors: [] });
  return treeOf(join(root, folder));
}

it("surfaces are the same for every block, and lie between voxels", async () => {
  const whole = await meshes("whole", SHAPE);
  expect([...whole.keys()]).toEqual(["3:0", "70:0", "info", "mesh.3.3", "mesh.70.70"].map((name) => `cells/${name}`));
  // more blocks than one task puts together
  expect(await meshes("blocks", [1, 3, 3])).toEqual(whole);
  const { vertices, triangles } = decodeMeshFragment(readFileSync(join(root, "blocks/cells/mesh.3.3")));
  const corners = Array.from({ length: vertices.length / 3 }, (_, at) => [...vertices.subarray(3 * at, 3 * at + 3)].join());
  // half a voxel of 2 nm around the middle of the voxel, along x, y and z
  expect(corners.sort()).toEqual(["18,13,9", "20,13,9", "19,12,9", "19,14,9", "19,13,8", "19,13,10"].sort());
  expect(triangles.length).toBe(3 * 8);
});

it("the surfaces of a block come by their labels, not by where they begin", () => {
  const data = BigUint64Array.of(9n, 0n, 2n ** 63n, 0n, 4n);
  const box = { start: [0, 0, 0] as Triple, stop: [1, 1, 5] as Triple };
  const found = blockSurfaces({ data, dtype: "uint64", box, whole: [1, 1, 5] } as Block, box);
  expect(found.map(({ label }) => label)).toEqual([4n, 9n, 2n ** 63n]);
});
