import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tomogram } from "../../examples/archive/model.mjs";
import { curate, portalRuns, put, remove, SIZE, type SmallModel, SPACING, smallArchive } from "./curate-kit.js";

/** Points of a run by a formula: what the models are written with, and what must come out at the far end. */
const pointsOf = (run: number, count: number) =>
  Array.from({ length: count }, (_, at): [number, number, number] => [
    1.5 + ((7 * run + 5 * at) % 29),
    2.25 + ((3 * run + 11 * at) % 20),
    (run + 2 * at) % 11,
  ]);

const ANGLES: [number, number, number] = [13.1, 0, -30.2];
const slicer = (center: [number, number, number], label = "") => ({ angles: ANGLES, center, label });

const RUNS = ["mka2019-11-19-65", "mka2019-11-19-73", "ycw2017-12-01-35", "qya2015-11-19-14"];
const MODELS: SmallModel[] = [
  { run: RUNS[0]!, points: pointsOf(0, 5) },
  // the laboratory's two initials, and a model in a folder of the run
  { run: RUNS[1]!, folder: "mk2019-11-19-73", file: "models/MS.mod", points: pointsOf(1, 3) },
  { run: RUNS[2]!, species: "Caulobacter", slicers: [slicer([16, 12, 6], "upper ring, good"), slicer([4, 5, 6])] },
  { run: RUNS[3]!, species: "Proteus", points: pointsOf(3, 2), slicers: [slicer([16, 12, 6])] },
];

const folder = smallArchive(MODELS);
afterAll(() => remove(folder));
const at = (...names: string[]) => join(folder, ...names);

/** The portal as it is: two datasets of four runs, each with a tomogram. */
async function makePortal(): Promise<void> {
  for (const run of RUNS) put(at("deposited/rec", `${run}.rec`), tomogram(SIZE, SPACING, 7));
  for (const [dataset, runs] of [
    ["10052", RUNS.slice(0, 2)],
    ["10056", RUNS.slice(2)],
  ] as const) {
    put(
      at(`deposited-${dataset}.yaml`),
      `version: 1.3.0
standardization_config: {deposition_id: 10001, source_prefix: rec}
depositions: [{sources: [{literal: {value: [10001]}}]}]
datasets: [{sources: [{literal: {value: ['${dataset}']}}]}]
runs: [{sources: [{literal: {value: [${runs.join(", ")}]}}]}]
voxel_spacings: [{sources: [{literal: {value: [${SPACING}]}}]}]
tomograms:
  - metadata:
      voxel_spacing: ${SPACING}
      fiducial_alignment_status: NON_FIDUCIAL
      ctf_corrected: false
      reconstruction_method: WBP
      reconstruction_software: IMOD
      processing: raw
      tomogram_version: 1
      offset: {x: 0, y: 0, z: 0}
      is_visualization_default: true
      authors: [{name: Ada Lovelace, primary_author_status: true, corresponding_author_status: true}]
      dates: {deposition_date: 2026-01-01, release_date: 2026-01-02, last_modified_date: 2026-01-02}
    sources: [{source_glob: {list_glob: '{run_name}.rec'}}]
`,
    );
    const { status, err } = await curate(folder, [
      "ingest",
      "run",
      at(`deposited-${dataset}.yaml`),
      at("deposited"),
      at("portal"),
      "--import-runs",
      "--import-run-metadata",
      "--import-tomograms",
      "--import-tomogram-metadata",
      "--import-alignments",
      "--import-alignment-metadata",
      "--no-write-zarr",
    ]);
    expect([status, err]).toEqual([0, ""]);
  }
}

function linesOf(run: string, shape: string): unknown[] {
  const spacing = at(
    "portal",
    run < "q" && run !== RUNS[2] ? "10052" : "10056",
    run,
    "Reconstructions/VoxelSpacing10.000/Annotations/100",
  );
  const name = readdirSync(spacing).find((file) => file.endsWith(`_${shape}.ndjson`));
  if (name === undefined) return [];
  return readFileSync(join(spacing, name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

const point = ([x, y, z]: readonly number[]) => ({ type: "point", location: { x, y, z } });

describe("from the drives to the portal", () => {
  it("carries the points of every model to the annotations of its run", async () => {
    await makePortal();
    const runs = portalRuns(folder, {
      10052: [
        { name: RUNS[0]!, id: 6501 },
        { name: RUNS[1]!, id: 7301 },
      ],
      10056: [
        { name: RUNS[2]!, id: 8538 },
        { name: RUNS[3]!, id: 7250 },
      ],
    });
    const before = treeBelow(at("grp_tomo_db1_d3"));
    const matched = await curate(folder, [
      "curate",
      "match",
      at("grp_tomo_db1_d3"),
      "--runs",
      runs,
      "--out",
      at("matching_runs.csv"),
    ]);
    expect([matched.status, matched.err]).toEqual([0, ""]);
    const collected = await curate(folder, [
      "curate",
      "collect",
      at("grp_tomo_db1_d3"),
      "--matches",
      at("matching_runs.csv"),
      "--label",
      "MS",
      "--dest",
      at("batch"),
      "--batch",
      "d3-MS",
    ]);
    expect([collected.status, collected.err]).toEqual([0, ""]);
    expect(treeBelow(at("batch"))).toEqual([
      "10052/mka2019-11-19-65_6501_MS.mod",
      "10052/mka2019-11-19-73_7301_MS.mod",
      "10056/qya2015-11-19-14_7250_MS.mod",
      "10056/ycw2017-12-01-35_8538_MS.mod",
      "manifest.json",
    ]);
    const packaged = await curate(folder, [
      "curate",
      "package",
      at("batch"),
      "--dest",
      at("package"),
      "--tree",
      at("portal"),
      "--deposition",
      "10302",
      "--author",
      "Ada Lovelace",
      "--date",
      "2026-02-01",
    ]);
    expect([packaged.status, packaged.err]).toEqual([0, ""]);
    expect(packaged.report).toMatchObject({
      object: { name: "bacterial-type flagellum basal body, MS ring", id: "GO:0009431" },
      counts: { runs: 4, datasets: 2, points: 10, oriented_points: 3, left_out: 0 },
    });
    const checked = await curate(folder, ["ingest", "check", at("package/config.yaml")]);
    expect([checked.status, checked.err, checked.report]).toMatchObject([0, "", [{ ok: true, errors: [] }]]);

    const untouched = treeBelow(at("portal")).map((key) => [key, readFileSync(at("portal", key), "latin1")]);
    const ingested = await curate(folder, [
      "ingest",
      "run",
      at("package/config.yaml"),
      at("package"),
      at("portal"),
      "--import-everything",
      "--exclude-key-image-name=.*",
    ]);
    expect([ingested.status, ingested.err]).toEqual([0, ""]);
    for (const [key, body] of untouched) expect(readFileSync(at("portal", key!), "latin1") === body, key).toBe(true);

    expect(linesOf(RUNS[0]!, "point")).toEqual(pointsOf(0, 5).map(point));
    expect(linesOf(RUNS[1]!, "point")).toEqual(pointsOf(1, 3).map(point));
    expect(linesOf(RUNS[2]!, "point")).toEqual([]);
    expect(linesOf(RUNS[2]!, "orientedpoint")).toMatchObject([
      { location: { x: 16, y: 12, z: 6 } },
      { location: { x: 4, y: 5, z: 6 } },
    ]);
    // the matrix of these angles, to four digits, as IMOD's own rotation of the volume has it
    const [first] = linesOf(RUNS[2]!, "orientedpoint") as { xyz_rotation_matrix: number[][] }[];
    expect(first!.xyz_rotation_matrix.map((row) => row.map((value) => Math.round(1e4 * value) / 1e4))).toEqual([
      [0.8643, -0.4899, -0.114],
      [0.503, 0.8418, 0.1959],
      [0, -0.2267, 0.974],
    ]);
    expect(linesOf(RUNS[3]!, "point")).toEqual(pointsOf(3, 2).map(point));
    expect(linesOf(RUNS[3]!, "orientedpoint")).toHaveLength(1);
    expect(treeBelow(at("grp_tomo_db1_d3"))).toEqual(before);
  });
});

function treeBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .filter((name) => !name.includes(".emporium"))
    .sort();
}
