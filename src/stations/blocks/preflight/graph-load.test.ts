import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { noise, writeImage } from "../../../../test/e2e/blocks-kit.js";
import type { Triple } from "../../../core/box.js";
import { systemClock } from "../../../core/clock.js";
import { preflightGraph } from "./preflight.js";

/** Ten chunks of 16³ voxels along x. */
const SHAPE: Triple = [9, 10, 160];
let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-graph-load-"));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
});
afterAll(() => rmSync(root, { recursive: true }));

it("each stage of a graph is measured by its own blocks, and what they read of another stage is made before", async () => {
  // a machine that has run for 20 s; each question takes it a millisecond, so that work takes time without a wait
  let ms = 20_000;
  const clock = { ...systemClock, monotonic: () => ms++ };
  const graph = {
    ...{ version: 1 as const, inputs: { em: join(root, "em.zarr") }, grid: { of: "em", block: [9, 10, 8] as Triple } },
    nodes: [
      { id: "smooth", op: "gaussian", in: "em", sigma: 1 },
      { id: "half", op: "downsample", in: "smooth" },
    ],
    outputs: {
      smooth: { to: join(root, "smooth.zarr"), chunk: [9, 10, 8] as Triple },
      half: { to: join(root, "half.zarr"), chunk: [5, 5, 8] as Triple },
    },
  };
  const report = await preflightGraph(graph, { jobs: 1, cores: 1, memoryBytes: 2 ** 28, residentBytes: () => 1, clock });
  const [smooth, half] = report.stages!;
  // 160 / 8 voxels, and half of them in blocks of as many
  expect([smooth, half]).toMatchObject([
    { stage: "smooth", blocks: 20, cost: { store: 0 } },
    { stage: "half", blocks: 10, cost: { store: 0, requests: 0 } },
  ]);
  expect(smooth!.cost!.requests).toBeGreaterThan(0);
  expect(report.warnings.join()).not.toContain("not measured");
});
