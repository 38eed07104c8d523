import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });
const angles = "-6\n-3\n0\n3\n6\n";
/** Two batches with series of the same names: their images tell them apart. */
const batches = Object.fromEntries(
  ["spring", "autumn"].flatMap((folder, n) =>
    ["TS_01", "TS_02"].flatMap((name, at) => [
      [`${folder}/stacks/${name}.st`, stack(2 * n + at + 1)],
      [`${folder}/stacks/${name}.rawtlt`, angles],
      [`${folder}/tomograms/${name}.mrc`, volume(2 * n + at + 5)],
    ]),
  ),
);
const particles = (column: string, more: readonly string[], row: string) =>
  `data_\n\nloop_\n${["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", column, ...more].map((name) => `_${name}\n`).join("")}1 2 1 ${row}\n9 3 2 ${row}\n4 10 4 ${row}\n`;
const matched = particles(
  "rlnMicrographName",
  ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnLCCmax", "rlnDetectorPixelSize"],
  "TS_01 10 20 30 0.4 10",
);

async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith({ ...batches, ...files });
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}

describe("a list that calls a series by a name which two folders have", () => {
  it("means the one whose tomogram lies nearest to it", async () => {
    const { runs, files } = await decided({ "spring/picks/all.star": particles("rlnTomoName", [], "TS_01") });
    expect(runs).toEqual(["autumn_TS_01", "autumn_TS_02", "spring_TS_01", "spring_TS_02"]);
    expect(files.get("spring/picks/all.star")).toMatchObject({
      role: "points",
      details: { points: { rowValues: { "spring/tomograms/TS_01.mrc": "TS_01" } } },
    });
  });

  it("is left out where both lie as near", async () => {
    const { files } = await decided({ "picks/all.star": particles("rlnTomoName", [], "TS_01") });
    expect(files.get("picks/all.star")).toMatchObject({ role: "left out" });
  });

  it("means the only one that has a tomogram with voxels of its pixels", async () => {
    const path = "matching/TS_01_particles.star";
    const coarse = { "spring/tomograms/TS_01.mrc": mrcFile([6, 12, 12], 7.5, { seed: 5 }) };
    expect((await decided({ ...coarse, [path]: matched })).files.get(path)).toMatchObject({
      role: "points",
      details: { points: { rowValues: { "autumn/tomograms/TS_01.mrc": "TS_01" }, inSpacingAngstrom: 10 } },
    });
    expect((await decided({ [path]: matched })).files.get(path)).toMatchObject({ role: "left out" });
  });

  it("may call it by the name of its tomogram", async () => {
    const path = "spring/picks/all_particles.star";
    const fine = { "spring/tomograms/TS_01_rec.mrc": 9, "autumn/tomograms/TS_01_rec.mrc": 10 };
    const { files } = await decided({
      ...Object.fromEntries(Object.entries(fine).map(([one, seed]) => [one, mrcFile([12, 24, 24], 5, { seed })])),
      [path]: matched.replaceAll("TS_01 ", "TS_01_rec "),
    });
    const rowValues = { "spring/tomograms/TS_01.mrc": "TS_01_rec", "spring/tomograms/TS_01_rec.mrc": "TS_01_rec" };
    expect(files.get(path)).toMatchObject({ role: "points", details: { points: { rowValues, inSpacingAngstrom: 10 } } });
  });

  it("is of no run that is called after what was looked for, and has no tomogram", async () => {
    const { files } = await decided({
      "20S/notes.rawtlt": angles,
      "20S/20S.mdoc": "[ZValue = 0]\nTiltAngle = 0\n[ZValue = 1]\nTiltAngle = 3\n[ZValue = 2]\nTiltAngle = 6\n",
      "spring/matching_20S/TS_01_particles.star": matched,
    });
    expect(files.get("spring/matching_20S/TS_01_particles.star")).toMatchObject({ role: "points", runs: ["spring_TS_01"] });
  });

  it("is of the tomogram that the file of its job names", async () => {
    const { files } = await decided({
      "matching/TS_01_particles.star": matched,
      "matching/TS_01_job.json": JSON.stringify({ template: "/data/ribosome.mrc", tomogram: "/data/autumn/tomograms/TS_01.mrc" }),
    });
    expect(files.get("matching/TS_01_particles.star")).toMatchObject({
      role: "points",
      run: "autumn_TS_01",
      details: { object: "ribosome" },
    });
  });

  it("is so, too, in a folder below that of its job", async () => {
    const job = { template: "/data/ribosome.mrc", tomogram: "/data/autumn/tomograms/TS_01.mrc" };
    const { files } = await decided({
      "matching/cutoff_0.2/TS_01_particles.star": matched,
      "matching/TS_01_job.json": JSON.stringify(job),
    });
    expect(files.get("matching/cutoff_0.2/TS_01_particles.star")).toMatchObject({ role: "points", run: "autumn_TS_01" });
  });

  it("is so in the columns of RELION 5, too", async () => {
    const columns = ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"];
    const { files } = await decided({
      "matching/TS_01_particles.star": `data_\n\nloop_\n${[...columns, "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnLCCmax", "rlnTomoName"].map((name) => `_${name}\n`).join("")}10 -20 5 0 0 0 0.4 TS_01\n-30 20 -5 0 0 0 0.3 TS_01\n`,
      "matching/TS_01_job.json": JSON.stringify({ template: "/data/ribosome.mrc", tomogram: "/data/autumn/tomograms/TS_01.mrc" }),
    });
    expect(files.get("matching/TS_01_particles.star")).toMatchObject({
      role: "points",
      run: "autumn_TS_01",
      details: { object: "ribosome", points: { format: "relion5_star" } },
    });
  });
});
