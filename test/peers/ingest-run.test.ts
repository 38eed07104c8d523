import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { emporium, hasEnvironment, python, type Verdict } from "./environment.js";

/** All that this version imports of a deposition. */
const SELECTION = ["depositions", "datasets", "runs", "voxel-spacings", "alignments", "tomograms"]
  .map((plural) => `--import-${plural}`)
  .concat("--import-all-metadata");
const DATASETS = { imod: "10401", traps: "10402" };
const EXTENDED = ["TS_0002", "seri"];

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasEnvironment("peers"))("the laboratory's deposits after `ingest run`", () => {
  const jobsFile = join(folder, "jobs.json");
  let names: string[];
  const statuses: Record<string, number> = {};

  beforeAll(async () => {
    const lab = await generateLab({ out: folder });
    const jobs = lab.deposits.flatMap(({ name: deposit, tomograms }) =>
      tomograms
        .filter(({ run }) => run !== "trunc")
        .map(({ run, shape, kind, runIndex, spacingAngstrom }) => {
          const spacing = `VoxelSpacing${spacingAngstrom.toFixed(3)}`;
          const stem = join(folder, "out", DATASETS[deposit], run, "Reconstructions", spacing, "Tomograms", "100", run);
          return {
            name: run,
            shape,
            kind,
            runIndex,
            spacingAngstrom,
            npy: join(folder, `${run}.npy`),
            mrc: `${stem}.mrc`,
            zarr: `${stem}.zarr`,
            extendedBytes: EXTENDED.includes(run) ? 1024 : 0,
            factors: [2, 2, 2],
            chunks: [256, 256, 256],
          };
        }),
    );
    names = jobs.map(({ name }) => name);
    writeFileSync(jobsFile, JSON.stringify(jobs));
    await python("peers", "lab_formula.py", [jobsFile]);
    for (const { name, config } of lab.deposits) {
      const places = [config, lab.input, join(folder, "out"), "--workspace", join(folder, "workspace")];
      statuses[name] = (await emporium(["ingest", "run", ...places, ...SELECTION])).status;
    }
  });

  it("is done, but for the truncated volume", () => {
    expect(statuses).toEqual({ imod: 0, traps: 3 });
  });

  it.each([
    ["MRC files that mrcfile accepts, with the formula's voxels, the configured spacing and true statistics", "check_mrc.py"],
    ["OME-Zarr that zarr-python, ome-zarr and tensorstore read, with the formula's voxels and their means", "check_zarr.py"],
  ])("has %s", async (_, script) => {
    const verdicts: Verdict[] = JSON.parse(await python("peers", script, [jobsFile]));
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(new Set(verdicts.map((verdict) => verdict.case))).toEqual(new Set(names));
  });
});
