import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, treeOf, writeImage } from "./blocks-kit.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'components' "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function components(
  name: string,
  block: Triple,
  connectivity: 6 | 18 | 26,
  facts: { above?: number; minVoxels?: number; jobs?: number } = {},
) {
  const { above = 0, minVoxels = 1, jobs = 0 } = facts;
  const report = await runGraph(
    {
      version: 1,
      inputs: { em: join(root, "em.zarr") },
      grid: { of: "em", block },
      nodes: [
        { id: "bin", op: "threshold", in: "em", above },
        { id: "cc", op: "components", in: "bin", connectivity, minVoxels },
      ],
      outputs: { cc: { to: join(root, name, "cc.zarr"), chunk: [4, 4, 4], shard: [8, 8, 8] } },
    },
    { jobs, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false },
  );
  expect(report).toMatchObject({ exitStatus: 0, errors: [] });
  return (await readImage(join(root, name, "cc.zarr"))).voxels as BigUint64Array;
}

/** Labels by a flood from each voxel that has none yet, in C order. */
function flooded(shape: Triple, isSet: (at: number) => boolean, connectivity: 6 | 18 | 26): BigUint64Array {
  const [nz, ny, nx] = shape;
  const labels = new BigUint64Array(nz * ny * nx);
  let count = 0n;
  for (let first = 0; first < labels.length; first++) {
    if (!isSet(first) || labels[first] !== 0n) continue;
    labels[first] = ++count;
    for (const open = [first]; open.length > 0; ) {
      const at = open.pop()!;
      const [z, y, x] = [Math.floor(at / (ny * nx)), Math.floor(at / nx) % ny, at % nx];
      for (let dz = -1; dz <= 1; dz++)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) {
            if (Math.abs(dz) + Math.abs(dy) + Math.abs(dx) > (connectivity === 6 ? 1 : connectivity === 18 ? 2 : 3)) continue;
            const [oz, oy, ox] = [z + dz, y + dy, x + dx];
            if (oz < 0 || oy < 0 || ox < 0 || oz >= nz || oy >= ny || ox >= nx) continue;
            const other = (oz * ny + oy) * nx + ox;
            if (!isSet(other) || labels[other] !== 0n) continue;
            labels[other] = count;
            open.push(other);
          }
    }
  }
  return labels;
}

describe("components of a graph", () => {
  it("are those of a flood through the whole volume, for every connectivity", async () => {
    const shape: Triple = [17, 21, 19];
    const voxels = noise(shape, "int16", 5);
    await writeImage(join(root, "em.zarr"), shape, "int16", voxels);
    for (const [connectivity, above] of [
      [6, 350],
      [18, 650],
      [26, 720],
    ] as const) {
      const wanted = flooded(shape, (at) => Number(voxels[at]) > above, connectivity);
      expect(new Set(wanted).size).toBeGreaterThan(50);
      expect(await components(`of-${connectivity}`, [8, 8, 8], connectivity, { above })).toEqual(wanted);
    }
  });

  it("have the same bytes for all blocks and numbers of processes, also where one winds through all blocks", async () => {
    const shape: Triple = [16, 17, 24];
    const voxels = new Int16Array(shape[0] * shape[1] * shape[2]);
    // lines along x in every second row, joined at alternating ends: one component
    for (let z = 0; z < shape[0]; z += 2)
      for (let y = 0; y < shape[1]; y++)
        for (let x = 0; x < shape[2]; x++) {
          const isEnd = y % 4 === 1 ? x === shape[2] - 1 : x === 0;
          if (y % 2 === 0 || isEnd) voxels[(z * shape[1] + y) * shape[2] + x] = 1;
        }
    for (let z = 1; z < shape[0]; z += 2) voxels[(z * shape[1] + (z % 4 === 1 ? shape[1] - 1 : 0)) * shape[2]] = 1;
    await writeImage(join(root, "em.zarr"), shape, "int16", voxels);
    const labels = await components("a", [8, 8, 8], 6);
    expect([...new Set(labels)].sort()).toEqual([0n, 1n]);
    expect(labels).toEqual(BigUint64Array.from(voxels, BigInt));
    await components("b", [16, 8, 24], 6, { jobs: 2 });
    await components("c", [24, 24, 8], 6);
    expect(treeOf(join(root, "b"))).toEqual(treeOf(join(root, "a")));
    expect(treeOf(join(root, "c"))).toEqual(treeOf(join(root, "a")));
  });

  it("that are too small have no label, and empty volumes have none", async () => {
    const voxels = Int16Array.of(1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0);
    await writeImage(join(root, "em.zarr"), [1, 1, 18], "int16", voxels);
    expect([...(await components("a", [1, 1, 8], 26, { minVoxels: 2 }))]).toEqual(
      [...voxels].map((_, at) => (at === 2 || at === 3 ? 1n : 0n)),
    );
    expect(new Set(await components("b", [1, 1, 8], 26, { above: 9 }))).toEqual(new Set([0n]));
  });
});
