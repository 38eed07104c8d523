import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { pythonWithNumpy } from "../python-with-numpy.js";
import { noise, readImage, writeImage } from "./blocks-kit.js";

const SHAPE: Triple = [9, 40, 70];
const voxels = noise(SHAPE, "int16", 5) as Int16Array;
const repository = fileURLToPath(new URL("../..", import.meta.url));
const EM = "demo-out/portal/10407/cell_01/Reconstructions/VoxelSpacing10.800/Tomograms/100/cell_01.zarr";
const python = pythonWithNumpy();

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-examples-"));
  cpSync(join(repository, "examples/blocks"), join(root, "examples/blocks"), { recursive: true });
  await writeImage(join(root, EM), SHAPE, "int16", voxels);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs a graph of examples/blocks in a folder like that of the demo. */
async function run(graph: string): Promise<Float32Array> {
  const words = [
    join(repository, "dist/cli/main.js"),
    "blocks",
    "run",
    `examples/blocks/${graph}.yaml`,
    "--jobs",
    "1",
    "--no-sync",
  ];
  // the tests' Python comes first
  const path = python?.includes("/") ? `${join(python, "..")}:${process.env.PATH}` : process.env.PATH;
  await promisify(execFile)(process.execPath, words, { cwd: root, env: { ...process.env, PATH: path } });
  const name = graph === "predict" ? "net" : graph;
  return (await readImage(join(root, `demo-out/${name}.zarr`))).voxels as Float32Array;
}

/** A value of each voxel, which sees others by their places: what is outside is `inside` of the volume. */
function each(
  inside: (at: number, length: number) => number,
  of: (at: (dz: number, dy: number, dx: number) => number) => number,
) {
  const [nz, ny, nx] = SHAPE;
  return Float32Array.from(voxels, (_, index) => {
    const [z, y, x] = [Math.floor(index / (ny * nx)), Math.floor(index / nx) % ny, index % nx];
    return of((dz, dy, dx) => voxels[(inside(z + dz, nz) * ny + inside(y + dy, ny)) * nx + inside(x + dx, nx)]!);
  });
}

describe("examples/blocks", () => {
  it("are what the guide shows", () => {
    const guide = readFileSync(join(repository, "docs/guides/blocks-operators.md"), "utf8");
    for (const name of ["ridges.mjs", "predict.py"])
      expect(guide).toContain(readFileSync(join(repository, "examples/blocks", name), "utf8"));
  });

  it("ridges.yaml: a module", async () => {
    const nearest = (at: number, length: number) => Math.min(length - 1, Math.max(0, at));
    expect(await run("ridges")).toEqual(each(nearest, (at) => 3 * (at(0, 0, -1) - 2 * at(0, 0, 0) + at(0, 0, 1))));
  });

  it.runIf(python)("predict.yaml: a program", async () => {
    const reflect = (at: number, length: number) => (at < 0 ? -1 - at : at >= length ? 2 * length - 1 - at : at);
    const near = [-2, -1, 0, 1, 2];
    const wanted = each(reflect, (at) => {
      const sum = near.reduce(
        (all, dz) => all + near.reduce((row, dy) => row + near.reduce((a, dx) => a + at(dz, dy, dx), 0), 0),
        0,
      );
      return at(0, 0, 0) - sum / 125;
    });
    const found = await run("predict");
    expect(found.length).toBe(wanted.length);
    // NumPy adds in another order, in double precision
    const worst = wanted.reduce((most, value, at) => Math.max(most, Math.abs(value - found[at]!)), 0);
    expect(worst).toBeLessThan(1e-3);
  });
});
