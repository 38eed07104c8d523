import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openBlockVolume } from "../../src/arrays/loader/volume.js";
import type { Triple } from "../../src/core/box.js";
import { parseVolumeInfo } from "../../src/formats/precomputed/info.js";
import { viewAs } from "../../src/formats/zarr/elements.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { planGraph } from "../../src/stations/blocks/graph/plan.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [50, 61, 37];
const voxels = noise(SHAPE, "int16");

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'precomputed' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const options: GraphOptions = { jobs: 0, memoryBytes: 2 ** 28, workspace: "", sync: false };
const run = (graph: GraphGiven, more: Partial<GraphOptions> = {}) =>
  runGraph(graph, { ...options, workspace: join(root, "workspace"), ...more });

function graphOf(folder: string, format: "precomputed" | "ome-zarr-0.5"): GraphGiven {
  const to = (name: string) => join(root, folder, name);
  const nodes = [
    { id: "bin", op: "threshold", in: "em", above: 800 },
    { id: "cc", op: "components", in: "bin", connectivity: 6 },
    { id: "coarse", op: "downsample", in: "cc", method: "mode", levels: 3 },
    { id: "coarse-em", op: "downsample", in: "em", method: "mean", factor: [1, 2, 2], levels: 2 },
  ];
  const outputs = {
    cc: { to: to("cc"), format, chunk: [16, 32, 16] as Triple },
    em: { to: to("em"), format, chunk: [25, 32, 32] as Triple },
  };
  return { version: 1, inputs: { em: join(root, "em.zarr") }, grid: { of: "em", block: [32, 32, 32] }, nodes, outputs };
}

/** Every level of a volume, read whole. */
async function levelsOf(location: string) {
  const volume = await openBlockVolume(location);
  try {
    return await Promise.all(
      volume.levels.map(async ({ read, shape, dtype, voxelSizeNm, codec }) => {
        const bytes = await read({ start: [0, 0, 0], stop: [...shape] });
        return { shape, dtype, voxelSizeNm, codec, voxels: viewAs(bytes, dtype) };
      }),
    );
  } finally {
    await volume.close();
  }
}

describe("precomputed outputs of a graph", () => {
  it("have the voxels and levels of the same outputs in OME-Zarr, and say where they lie", async () => {
    expect(await run(graphOf("zarr", "ome-zarr-0.5"))).toMatchObject({ exitStatus: 0, errors: [] });
    const report = await run(graphOf("out", "precomputed"));
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    for (const [name, codec, count] of [
      ["em", "raw", 2],
      ["cc", "compressed_segmentation", 3],
    ] as const) {
      const wanted = await levelsOf(join(root, "zarr", name));
      const found = await levelsOf(join(root, "out", name));
      expect(found).toEqual(wanted.map((level) => ({ ...level, codec })));
      expect(found).toHaveLength(count);
    }
    expect((await levelsOf(join(root, "out/em")))[0]!.voxels).toEqual(voxels);
    // the centre of the first voxel lies at 0 nm, and of precomputed voxels at half their size
    expect(report.notes.filter((note) => note.includes("moved by 1, 1, 1 nm"))).toHaveLength(2);
    const info = parseVolumeInfo(readFileSync(join(root, "out/cc/info")));
    expect(info).toMatchObject({ type: "segmentation", dtype: "uint64", channels: 1 });
    expect(info.scales.map(({ key, voxelSizeNm, offset }) => [key, voxelSizeNm, offset])).toEqual([
      ["2_2_2", [2, 2, 2], [0, 0, 0]],
      ["4_4_4", [4, 4, 4], [0, 0, 0]],
      ["8_8_8", [8, 8, 8], [0, 0, 0]],
    ]);
    expect(parseVolumeInfo(readFileSync(join(root, "out/em/info")))).toMatchObject({
      type: "image",
      scales: [{}, { key: "4_4_2" }],
    });
    expect(readdirSync(join(root, "out/cc/8_8_8"))).toEqual(["0-10_0-16_0-13"]);
  });

  it("keep the place of a precomputed input, and are the same whatever the blocks and processes", async () => {
    await run(graphOf("out", "precomputed"));
    const moved = (folder: string, block: Triple): GraphGiven => ({
      version: 1,
      inputs: { em: join(root, "out/em") },
      grid: { of: "em", block },
      nodes: [{ id: "part", op: "crop", in: "em", start: [4, 5, 6], size: [40, 50, 30] }],
      outputs: { part: { to: join(root, folder, "part"), format: "precomputed", chunk: [16, 16, 16] } },
    });
    const plan = await planGraph(moved("a", [16, 16, 16]), options);
    expect(plan.notes.filter((note) => note.includes("moved"))).toEqual([]);
    expect(await run(moved("a", [16, 16, 16]))).toMatchObject({ exitStatus: 0 });
    expect(await run(moved("b", [48, 32, 32]), { jobs: 2 })).toMatchObject({ exitStatus: 0 });
    expect(treeOf(join(root, "b"))).toEqual(treeOf(join(root, "a")));
    const info = parseVolumeInfo(readFileSync(join(root, "a/part/info")));
    expect(info.scales[0]).toMatchObject({ offset: [4, 5, 6], voxelSizeNm: [2, 2, 2], shape: [40, 50, 30] });
    const [first] = await levelsOf(join(root, "a/part"));
    expect(first!.voxels[0]).toBe(voxels[(4 * 61 + 5) * 37 + 6]);
  });

  it("are refused where the voxel size is not known", async () => {
    const document = join(root, "em.zarr/zarr.json");
    writeFileSync(document, readFileSync(document, "utf8").replaceAll(/,?\s*"unit":\s*"nanometer"/g, ""));
    const bare: GraphGiven = {
      version: 1,
      inputs: { em: join(root, "em.zarr") },
      grid: { of: "em" },
      outputs: { em: { to: join(root, "out/em"), format: "precomputed" } },
    };
    await expect(run(bare)).rejects.toMatchObject({
      code: "CONFIG_RULE",
      message: expect.stringContaining("the voxel size is not known along every axis"),
      facts: { place: { path: "outputs.em.format" } },
    });
    expect(existsSync(join(root, "out"))).toBe(false);
  });

  it("do what is gone again, and nothing else", async () => {
    const first = await run(graphOf("out", "precomputed"));
    const tree = treeOf(join(root, "out"));
    rmSync(join(root, "out/em/2_2_2/0-32_0-32_25-50"));
    expect(await run(graphOf("out", "precomputed"))).toMatchObject({ done: 1, already: first.tasks - 1, exitStatus: 0 });
    expect(treeOf(join(root, "out"))).toEqual(tree);
  });
});
