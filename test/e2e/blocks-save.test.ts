import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import type { GraphGiven } from "../../src/stations/blocks/graph/document.js";
import { type GraphOptions, runGraph } from "../../src/stations/blocks/graph/run.js";
import { pythonWithNumpy } from "../python-with-numpy.js";
import { noise, treeOf, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [20, 24, 37];
const voxels = noise(SHAPE, "int16") as Int16Array;
const reader = fileURLToPath(new URL("./read-saved.py", import.meta.url));
const python = pythonWithNumpy();

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'save' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", voxels);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = (graph: GraphGiven, options: Partial<GraphOptions> = {}) =>
  runGraph(graph, { jobs: 0, memoryBytes: 2 ** 28, workspace: join(root, "workspace"), sync: false, ...options });

/** Twice the voxels, as floats, in files. */
function graph(folder: string, fields: Record<string, unknown>, block: Triple = [8, 8, 8]): GraphGiven {
  return {
    version: 1,
    inputs: { em: join(root, "em.zarr") },
    grid: { of: "em", block },
    nodes: [
      { id: "double", op: "affine", in: "em", scale: 2, dtype: "float32" },
      { id: "patches", op: "save", in: "double", ...fields },
    ],
    outputs: { patches: { to: join(root, folder), format: "files" } },
  };
}

const FORMATS = [
  ["npy", { as: "npy", block: [8, 16, 16] }, { samples: 18, files: 18 }],
  ["safetensors", { as: "safetensors", block: [20, 8, 37] }, { samples: 3, files: 3 }],
  ["webdataset", { as: "webdataset", block: [8, 8, 8], shard: [16, 16, 32] }, { samples: 45, files: 8 }],
] as const;

describe("a volume saved in files", () => {
  it.runIf(python).each(FORMATS)(
    "as %s is read by NumPy and others, whole, and is the same for every block of the grid",
    async (_, fields, counts) => {
      const [own, other] = ["a/patches", "b/patches"];
      expect(await run(graph(own, fields), { jobs: 2 })).toMatchObject({ exitStatus: 0, errors: [] });
      expect(await run(graph(other, fields, [20, 16, 24]))).toMatchObject({ exitStatus: 0, errors: [] });
      expect(treeOf(join(root, own))).toEqual(treeOf(join(root, other)));
      const raw = join(root, "found.raw");
      const said = execFileSync(python!, [reader, join(root, own), raw], { encoding: "utf8" });
      expect(JSON.parse(said)).toEqual(counts);
      const bytes = readFileSync(raw);
      expect(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)).toEqual(
        Float32Array.from(voxels, (value) => 2 * value),
      );
    },
  );

  it.runIf(python).each([FORMATS[1], FORMATS[2]])(
    "as %s with its labels: each sample has all of them, of the same voxels",
    async (_, fields, counts) => {
      const labelled = (folder: string, block?: Triple): GraphGiven => {
        const { nodes, ...rest } = graph(folder, fields, block);
        const [double, patches] = nodes!;
        const smooth = { id: "smooth", op: "gaussian", in: "em", sigma: 1 };
        const bin = { id: "bin", op: "threshold", in: "smooth", above: 0 };
        return {
          ...rest,
          nodes: [double!, smooth, bin, { ...patches!, in: { raw: "em", image: "double", label: "bin", smooth: "smooth" } }],
        };
      };
      expect(await run(labelled("a/patches"), { jobs: 2 })).toMatchObject({ exitStatus: 0, errors: [] });
      expect(await run(labelled("b/patches", [20, 16, 24]))).toMatchObject({ exitStatus: 0, errors: [] });
      expect(treeOf(join(root, "a/patches"))).toEqual(treeOf(join(root, "b/patches")));
      const raw = join(root, "found.raw");
      expect(JSON.parse(execFileSync(python!, [reader, join(root, "a/patches"), raw], { encoding: "utf8" }))).toEqual(counts);
      const bytes = readFileSync(raw);
      const count = voxels.length;
      expect(new Int16Array(bytes.buffer.slice(bytes.byteOffset), 0, count)).toEqual(voxels);
      const image = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 2 * count), 0, count);
      expect(image).toEqual(Float32Array.from(voxels, (value) => 2 * value));
      const label = bytes.subarray(6 * count, 7 * count);
      const smooth = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 7 * count), 0, count);
      expect([...label]).toEqual(Array.from(smooth, (value) => Number(value > 0)));
    },
  );

  it("is made again only where a file is gone, and is never written over another's", async () => {
    const [, fields] = FORMATS[0];
    const first = await run(graph("patches", fields));
    const tree = treeOf(join(root, "patches"));
    rmSync(join(root, "patches/1.1.0.npy"));
    expect(await run(graph("patches", fields))).toMatchObject({ done: 1, already: first.tasks - 1, exitStatus: 0 });
    expect(treeOf(join(root, "patches"))).toEqual(tree);
    const other = graph("patches", { as: "npy", block: [20, 24, 37] });
    await expect(run(other)).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
    expect(await run(other, { force: true })).toMatchObject({ exitStatus: 0 });
    expect([...treeOf(join(root, "patches")).keys()]).toEqual(["0.0.0.npy", "manifest.json"]);
  });

  it.each([
    ["a shard of another format", { as: "npy", block: [8, 8, 8], shard: [8, 8, 8] }, /shard: npy has a file for each block/],
    ["a shard of parts", { as: "webdataset", block: [8, 8, 8], shard: [8, 8, 12] }, /not a whole number of blocks of 8×8×8/],
    ["no block", { as: "npy" }, /save: block is missing/],
    [
      "several in a file of one",
      { in: ["em", "double"], as: "npy", block: [8, 8, 8] },
      /numpy.load has one array: take safetensors/,
    ],
    [
      "a name that is no part of a file's",
      { in: { "a/b": "double" }, as: "webdataset", block: [8, 8, 8] },
      /"a\/b" becomes part/,
    ],
    ["another format", { as: "zip", block: [8, 8, 8] }, /save: as: expected one of npy, safetensors, webdataset, found "zip"/],
  ])("%s is refused", async (_, fields, message) => {
    await expect(run(graph("patches", fields))).rejects.toMatchObject({
      code: "CONFIG_FIELD",
      message: expect.stringMatching(message),
    });
  });
});
