import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { hasEnvironment, python } from "./environment.js";

describe.skipIf(!hasEnvironment("neuroglancer"))("precomputed volumes that a graph wrote", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-precomputed-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are read by tensorstore and cloud-volume: voxels, levels, sizes and places", async () => {
    await python("neuroglancer", "precomputed_outputs.py", ["write", folder]);
    const to = (name: string) => join(folder, "out", name);
    const report = await runGraph(
      {
        version: 1,
        inputs: { em: join(folder, "em"), labels: join(folder, "labels") },
        grid: { of: "em", block: [32, 32, 32] },
        nodes: [
          { id: "half", op: "downsample", in: "em", method: "stride", factor: [1, 2, 2], levels: 2 },
          { id: "coarse", op: "downsample", in: "labels", method: "stride", levels: 2 },
        ],
        outputs: {
          em: { to: to("em"), format: "precomputed", chunk: [16, 32, 32] },
          labels: { to: to("labels"), format: "precomputed", chunk: [32, 32, 32] },
          plain: { of: "labels", to: to("plain"), format: "precomputed", codec: "raw", dtype: "uint32" as const },
          narrow: {
            of: "labels",
            to: to("narrow"),
            format: "precomputed",
            dtype: "uint32" as const,
            chunk: [16, 64, 64] as Triple,
          },
        },
      },
      { jobs: 2, memoryBytes: 2 ** 28, workspace: join(folder, "workspace"), sync: false },
    );
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    // 3 voxels of 40 nm are one and a half of 80 nm
    expect(report.notes.filter((note) => note.includes("moved"))).toEqual([
      expect.stringContaining(
        "labels: voxels of precomputed volumes begin at multiples of their size: level 1 is moved by -40, 0, 0 nm",
      ),
    ]);
    const found = JSON.parse(await python("neuroglancer", "precomputed_outputs.py", ["check", folder]));
    const both = { tensorstore: true, cloudvolume: true };
    expect(found).toEqual({
      "em/0": { ...both, dtype: "uint8", type: "image", resolution: [4, 4, 40], offset: [10, -64, 3] },
      "em/1": { ...both, dtype: "uint8", type: "image", resolution: [8, 8, 40], offset: [5, -32, 3] },
      "labels/0": { ...both, dtype: "uint64", type: "segmentation", resolution: [4, 4, 40], offset: [10, -64, 3] },
      "labels/1": { ...both, dtype: "uint64", type: "segmentation", resolution: [8, 8, 80], offset: [5, -32, 1] },
      "plain/0": { ...both, dtype: "uint32", type: "segmentation", resolution: [4, 4, 40], offset: [10, -64, 3] },
      "narrow/0": { ...both, dtype: "uint32", type: "segmentation", resolution: [4, 4, 40], offset: [10, -64, 3] },
    });
  });
});
