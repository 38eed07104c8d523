import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import { REAL_DATA_FOLDER } from "../real-data.js";
import { RAWTLT, tinyMdoc } from "./ingest-plan-kit.js";

/**
 * Real configs of public depositions whose runs and tomograms are laid out as a small tree: paths, mapped names, voxel spacings and ids must
 * come out as the config says. Other sections are named as not built, so the exit status is 3.
 */
const DATA = REAL_DATA_FOLDER;
const here = existsSync(DATA);
const root = mkdtempSync(join(tmpdir(), "emporium-configs-"));
afterAll(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function tinyMrc(voxelSizeAngstrom: number, shape: [number, number, number] = [8, 6, 10]): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape,
    dtype: "int16",
    voxelSizeAngstrom,
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const voxels = Int16Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => (i % 251) - 125);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)]));
}

/** A run data map with every column that the config names. */
function runDataMap(config: string, runs: Record<string, Record<string, string>>): string {
  const builtIn =
    /^(run_name|dataset_name|deposition_name|mapped_(tomo|frame|ts)_name|output_path|.*_output_path|voxel_spacing_name|int_run_name|[0-9]+)$/;
  const named = [...readFileSync(config, "utf8").matchAll(/\{([A-Za-z0-9_-]+)\}/g)].map((match) => match[1]!);
  const columns = ["run_name", ...new Set(named.filter((name) => !builtIn.test(name)))];
  const row = (run: string, values: Record<string, string>) =>
    columns.map((column) => (column === "run_name" ? run : (values[column] ?? "1"))).join("\t");
  return [columns.join("\t"), ...Object.entries(runs).map(([run, values]) => row(run, values)), ""].join("\n");
}

async function run(config: string, input: string) {
  const output = join(input, "..", "out");
  const report = await ingest({
    config,
    input,
    output,
    // pictures that the configs name by address stay where they are
    selection: { everything: true, exclude: { dataset_keyphoto: [""], deposition_keyphoto: [""] } },
    workspace: join(input, "..", "workspace"),
    jobs: 2,
    memoryBytes: 2 ** 28,
    keepGoing: true,
    writeMrc: true,
    writeZarr: true,
    forceOverwrite: false,
    compat: false,
    anonymous: false,
    sync: false,
    verify: false,
    dryRun: false,
    log: silentLog,
    signal: new AbortController().signal,
  });
  const files = readdirSync(output, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(output.length + 1))
    .sort();
  const json = (key: string) => JSON.parse(readFileSync(join(output, key), "utf8"));
  return { report, files, json, entities: files.filter((file) => !/\.zarr\//.test(file)) };
}

describe.skipIf(!here)("real configs", () => {
  it("10001: runs by an unescaped name_regex, one voxel spacing", async () => {
    const config = join(DATA, "ingest-configs/10001.yaml");
    const lab = join(root, "a/in/julia/VPP");
    put(join(lab, "run_data_map_vali.tsv"), runDataMap(config, { TS_0001: {}, TS_0002: {} }));
    put(join(lab, "tomograms/TS_0001.rec"), tinyMrc(13.48));
    put(join(lab, "tomograms/TS_0002.rec"), tinyMrc(0));
    put(join(lab, "tomograms/notes.txt"), "not a run");
    for (const name of ["TS_0001", "TS_0002"]) {
      put(
        join(lab, `metadata/mdocs_vali/${name}.mdoc`),
        tinyMdoc((index) => `${name}_${index}.tif`),
      );
      put(join(lab, `metadata/${name}_vali.rawtlt`), RAWTLT);
      put(join(lab, `metadata/${name}.st`), tinyMrc(3.37, [3, 6, 10]));
      for (const index of [0, 1, 2]) put(join(lab, `frames/${name}_${index}.tif`), `frame ${index}`);
      put(join(lab, `metadata/${name}.xf`), "1 0 0 1 0.5 0\n".repeat(3));
      put(join(lab, `metadata/${name}.tlt`), RAWTLT);
    }
    const { report, entities, json } = await run(config, join(root, "a/in"));
    expect(report.errors).toEqual([]);
    expect(report.exitStatus).toBe(0);
    const tomogram = (name: string, file: string) => `10001/${name}/Reconstructions/VoxelSpacing13.480/Tomograms/100/${file}`;
    expect(entities.filter((file) => file.includes("Tomograms"))).toEqual(
      ["TS_0001", "TS_0002"].flatMap((name) => [tomogram(name, `${name}.mrc`), tomogram(name, "tomogram_metadata.json")]),
    );
    expect(json(tomogram("TS_0002", "tomogram_metadata.json"))).toMatchObject({
      run_name: "TS_0002",
      voxel_spacing: 13.48,
      size: { z: 8, y: 6, x: 10 },
    });
    const folder = "10001/TS_0001";
    expect(entities.filter((file) => /TS_0001\/(Frames|TiltSeries|Alignments)/.test(file))).toEqual([
      `${folder}/Alignments/100/TS_0001.tlt`,
      `${folder}/Alignments/100/TS_0001.xf`,
      `${folder}/Alignments/100/alignment_metadata.json`,
      `${folder}/Frames/TS_0001.mdoc`,
      `${folder}/Frames/TS_0001_0.tif`,
      `${folder}/Frames/TS_0001_1.tif`,
      `${folder}/Frames/TS_0001_2.tif`,
      `${folder}/Frames/frames_metadata.json`,
      `${folder}/TiltSeries/100/TS_0001.mrc`,
      `${folder}/TiltSeries/100/TS_0001.rawtlt`,
      `${folder}/TiltSeries/100/tiltseries_metadata.json`,
    ]);
    expect(json(`${folder}/TiltSeries/100/tiltseries_metadata.json`).per_section_parameter).toMatchObject([
      { z_index: 0, frame_acquisition_order: 2, raw_angle: -3 },
      { z_index: 1, frame_acquisition_order: 0, raw_angle: 0 },
      { z_index: 2, frame_acquisition_order: 1, raw_angle: 3 },
    ]);
    expect(json(`${folder}/Frames/frames_metadata.json`).frames[2]).toMatchObject({
      accumulated_dose: 2 * 1.5 * 2.392,
      path: `${folder}/Frames/TS_0001_2.tif`,
    });
  });

  it("10440: two voxel spacings, two kinds of tomogram in each, names through the run data map", async () => {
    const config = join(DATA, "ingest-configs/10440.yaml");
    const lab = join(root, "b/in/CZII/202502_competition_correct_hand/Train");
    put(
      join(lab, "run_to_data_map_updated_quality_updated.tsv"),
      runDataMap(config, { run_001: { mapped_run_name: "25jul_pos1" }, run_002: { mapped_run_name: "25jul_pos2" } }),
    );
    for (const name of ["run_001", "run_002"]) mkdirSync(join(lab, "copick/ExperimentRuns", name), { recursive: true });
    for (const mapped of ["25jul_pos1", "25jul_pos2"]) {
      for (const [suffix, voxel] of [
        ["_Vol", 4.99],
        ["_dctf_Vol", 4.99],
        ["_Vol_10A", 10.012],
        ["_dctf_Vol_10A", 10.012],
      ] as const) {
        put(join(lab, `${mapped}${suffix}.mrc`), tinyMrc(voxel));
      }
    }
    for (const mapped of ["25jul_pos1", "25jul_pos2"]) put(join(lab, `${mapped}.mdoc`), tinyMdoc());
    const { report, entities, json } = await run(config, join(root, "b/in"));
    expect(report.errors).toEqual([]);
    const metadata = entities.filter((file) => file.endsWith("tomogram_metadata.json"));
    expect(metadata).toEqual(
      ["run_001", "run_002"].flatMap((name) =>
        [
          ["10.012", [100, 101]],
          ["4.990", [102, 103]],
        ].flatMap(([spacing, ids]) =>
          (ids as number[]).map(
            (id) => `10440/${name}/Reconstructions/VoxelSpacing${spacing}/Tomograms/${id}/tomogram_metadata.json`,
          ),
        ),
      ),
    );
    expect(json(metadata[2]!).voxel_spacing).toBe(4.99);
    const told = (report.warnings as { message: string }[]).map(({ message }) => message);
    expect(told.filter((message) => message.startsWith("annotations: nothing is found by "))).toHaveLength(7);
    // what was looked for and what is beside it follows
    expect(
      told.filter((message) => !message.startsWith("annotations: ")).map((message) => message.split(": looked for ")[0]),
    ).toEqual(["gains", "frames", "tiltseries", "alignments"].map((section) => `${section}: nothing is found for any of 2 runs`));
  });

  it("10023 of the Jensen batch: run data map, mapped tomogram names, spacings by template, a run without one", async () => {
    const config = join(DATA, "ingest-configs/gjensen/10023.yaml");
    const lab = join(root, "c/in/GJensen_full");
    for (const map of ["run_data_map", "run_tomo_map", "run_frames_map"]) {
      mkdirSync(join(lab, map), { recursive: true });
      cpSync(join(DATA, `run-data-maps/gjensen/${map}/10023.csv`), join(lab, map, "10023.csv"));
    }
    const mapped = new Map(
      readFileSync(join(lab, "run_tomo_map/10023.csv"), "utf8")
        .trim()
        .split(/\r?\n/)
        .map((line) => line.split(",") as [string, string]),
    );
    const [header, ...rows] = readFileSync(join(lab, "run_data_map/10023.csv"), "utf8")
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(","));
    const spacing = (name: string) =>
      Number(rows.find((row) => row[header!.indexOf("run_name")] === name)![header!.indexOf("tomo-voxel_spacing")]);
    const names = ["wnj2019-09-08-1", "wnj2019-09-08-4", "wnj2019-09-08-8"];
    for (const name of names) {
      put(join(lab, name, mapped.get(name) ?? "none.rec"), tinyMrc(name.endsWith("-8") ? 1 : spacing(name)));
      put(join(lab, name, "generated/a.mdoc"), tinyMdoc());
    }
    const { report, entities, json } = await run(config, join(root, "c/in"));
    expect(report.errors).toEqual([]);
    expect(entities.filter((file) => file.endsWith("run_metadata.json"))).toEqual(
      names.map((name) => `10023/${name}/run_metadata.json`),
    );
    // the third run is excluded from every voxel spacing, so it has no tomogram
    const tomograms = names
      .slice(0, 2)
      .map(
        (name) => `10023/${name}/Reconstructions/VoxelSpacing${spacing(name).toFixed(3)}/Tomograms/100/tomogram_metadata.json`,
      );
    expect(entities.filter((file) => file.endsWith("tomogram_metadata.json"))).toEqual(tomograms);
    expect(json(tomograms[0]!)).toMatchObject({ tomogram_version: 1, processing: "raw", deposition_id: 10018 });
    expect(json("10023/dataset_metadata.json").cell_strain).toEqual({ name: "ATCC 23769", id: "not_reported" });
  });
});
