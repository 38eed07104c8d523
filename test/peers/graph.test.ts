import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGraph } from "../../src/stations/blocks/graph/run.js";
import { hasEnvironment, python } from "./environment.js";

describe.skipIf(!hasEnvironment("zarr3"))("volumes that a graph wrote", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "emporium-graph-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are read by zarr-python and tensorstore, and are what scipy makes", async () => {
    await python("zarr3", "graph_volumes.py", ["write", folder]);
    const to = (name: string) => join(folder, "out", `${name}.zarr`);
    const report = await runGraph(
      {
        version: 1,
        inputs: { em: join(folder, "em.zarr") },
        grid: { of: "em", block: [32, 64, 64] },
        nodes: [
          { id: "smooth", op: "gaussian", in: "em", sigma: 1.2 },
          { id: "bin", op: "threshold", in: "smooth", above: 100 },
          { id: "cc", op: "components", in: "bin", connectivity: 26 },
        ],
        outputs: {
          em: { to: to("em"), chunk: [16, 32, 32], shard: [32, 64, 64], codec: "zstd" },
          old: { of: "em", to: to("old"), format: "ome-zarr-0.4", chunk: [32, 32, 32] },
          smooth: { to: to("smooth"), chunk: [32, 32, 32] },
          cc: { to: to("cc"), chunk: [16, 32, 32], shard: [32, 64, 64] },
        },
      },
      { jobs: 2, memoryBytes: 2 ** 28, workspace: join(folder, "workspace"), sync: false },
    );
    expect(report).toMatchObject({ exitStatus: 0, errors: [] });
    const found = JSON.parse(await python("zarr3", "graph_volumes.py", ["check", folder]));
    expect(found).toMatchObject({
      ...{ zarr: true, tensorstore: true, shards: [32, 64, 64], chunks: [16, 32, 32], old: true, oldTensorstore: true },
      ordered: true,
    });
    expect(found.smooth).toBeLessThan(1e-6);
    expect(found.components).toBeGreaterThan(20);
    expect(found.pairs).toBe(found.components + 1);
  });
});
