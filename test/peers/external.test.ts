import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { noise, readImage, writeImage } from "../e2e/blocks-kit.js";
import { hasEnvironment, python } from "./environment.js";

const SHAPE: Triple = [20, 37, 50];
const repository = fileURLToPath(new URL("../..", import.meta.url));

describe.runIf(hasEnvironment("torch"))("a network of PyTorch as a node", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-external-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("gives in blocks what it gives for the whole volume", async () => {
    const voxels = noise(SHAPE, "int16", 9) as Int16Array;
    await writeImage(join(folder, "em.zarr"), SHAPE, "int16", voxels);
    writeFileSync(join(folder, "em.raw"), voxels);
    const [raw, result] = [join(folder, "em.raw"), join(folder, "whole.raw")];
    await python("torch", "external_torch.py", ["whole", raw, SHAPE.join(","), result]);
    const bytes = readFileSync(result);
    const whole = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const command = [
      join(repository, ".cache/venv-torch/bin/python"),
      join(repository, "test/peers/python/external_torch.py"),
      "predict",
    ];
    for (const block of [
      [16, 16, 16],
      [20, 40, 24],
    ] as const) {
      const to = join(folder, `${block.join("-")}.zarr`);
      const report = await runGraph(
        {
          version: 1,
          inputs: { em: join(folder, "em.zarr") },
          grid: { of: "em", block: [...block] },
          nodes: [{ id: "net", op: "external", in: "em", command, halo: 3, batch: 2, dtype: "float32" }],
          outputs: { net: { to, chunk: [4, 8, 8] } },
        },
        { jobs: 1, memoryBytes: 2 ** 28, workspace: join(folder, "workspace"), sync: false },
      );
      expect(report).toMatchObject({ exitStatus: 0, errors: [] });
      const { voxels: found } = await readImage(to);
      expect(found.length).toBe(whole.length);
      // in double precision, rounded at the end: the library may add in another order for another shape
      const worst = whole.reduce((most, value, at) => Math.max(most, Math.abs(value - Number(found[at]))), 0);
      expect(worst).toBeLessThan(1e-6);
      expect(Math.max(...whole) - Math.min(...whole)).toBeGreaterThan(0.1);
    }
  });
});
