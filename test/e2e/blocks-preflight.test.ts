import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { systemClock } from "../../src/core/clock.js";
import type { PreflightReport } from "../../src/stations/blocks/preflight/preflight.js";
import { noise, treeOf, writeImage } from "./blocks-kit.js";
import { emporium } from "./cli-host.js";

const SHAPE: Triple = [48, 64, 64];

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium 'preflight' "));
  await writeImage(join(root, "em.zarr"), SHAPE, "int16", noise(SHAPE, "int16"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function preflight(...words: string[]): Promise<PreflightReport> {
  const env = { ...process.env, EMPORIUM_WORKSPACE: join(root, "workspace") };
  const { status, out } = await emporium(["blocks", "preflight", ...words, "--json"], { env, clock: systemClock });
  expect(status).toBe(0);
  return JSON.parse(out) as PreflightReport;
}

const sumOf = (shares: Readonly<Record<string, number>>) => Object.values(shares).reduce((sum, share) => sum + share, 0);

describe("blocks preflight", () => {
  it("measures blocks of a volume and writes nothing", async () => {
    const before = treeOf(root);
    const report = await preflight(join(root, "em.zarr"), "--block", "16", "--halo", "0,2,2", "--consumer-ms", "100000");
    // 3 × 4 × 4 blocks; 100 s of the consumer are more than all the rest
    expect([report.blocks, report.measured, report.now.bound]).toEqual([48, 8, "compute"]);
    expect(report.cost.compute).toBe(100);
    expect(report.now.seconds).toBe(4800);
    expect(sumOf(report.shares)).toBeCloseTo(1, 9);
    expect(report.residentBytes).toBeGreaterThan(2 ** 20);
    expect(treeOf(root)).toEqual(before);
  });

  it("(34.16) measures each stage of a graph, also those that read what others write, and adds them up", async () => {
    const graph = {
      version: 1,
      inputs: { em: join(root, "em.zarr") },
      grid: { of: "em", block: [16, 16, 16] },
      nodes: [
        { id: "smooth", op: "gaussian", in: "em", sigma: 1 },
        { id: "half", op: "downsample", in: "smooth" },
      ],
      outputs: {
        smooth: { to: join(root, "out/smooth.zarr"), chunk: [16, 16, 16] },
        half: { to: join(root, "out/half.zarr"), chunk: [8, 8, 8] },
      },
    };
    // JSON is YAML as well
    writeFileSync(join(root, "graph.yaml"), JSON.stringify(graph));
    const before = treeOf(root);
    const report = await preflight(join(root, "graph.yaml"), "--jobs", "2");
    const stages = report.stages!;
    // 48 × 64 × 64 voxels in blocks of 16³, and the half of that in blocks of 8³
    expect(stages.map(({ stage, blocks }) => [stage, blocks])).toEqual([
      ["smooth", 48],
      ["half", 48],
    ]);
    for (const { seconds, measured } of stages) expect([seconds! > 0, measured >= 8]).toEqual([true, true]);
    expect(report.seconds).toBeCloseTo(stages[0]!.seconds! + stages[1]!.seconds!, 9);
    const longest = stages.reduce((most, one) => (one.seconds! > most.seconds! ? one : most));
    expect(report.location).toBe(`stage ${longest.stage}`);
    expect([report.blocks, report.measured >= 8]).toEqual([48, true]);
    expect(report.cost.compute).toBeGreaterThan(0);
    expect(sumOf(report.shares)).toBeCloseTo(1, 9);
    expect(report.warnings.join()).not.toMatch(/not measured/);
    expect(treeOf(root)).toEqual(before);
  });

  it("refuses a level that is not there", async () => {
    const { status, err } = await emporium(["blocks", "preflight", join(root, "em.zarr"), "--level", "3"], { env: process.env });
    expect(status).toBe(2);
    expect(err).toMatch(/has 1 level, no level 3/);
  });
});
