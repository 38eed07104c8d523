import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTable } from "../../src/formats/table/delimited.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { copyTree, documentOf, plan, RAWTLT, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

const configs = new URL("ingest-configs/", REAL_DATA);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const config = (name: string) => readFileSync(new URL(name, configs));

describe.skipIf(!hasRealData)("public configurations", () => {
  const files = hasRealData
    ? (readdirSync(configs, { recursive: true }) as string[]).filter((name) => name.endsWith(".yaml") && name !== "template.yaml")
    : [];

  it(`are understood, all ${files.length}`, () => {
    const faults: string[] = [];
    for (const name of files.sort()) {
      try {
        readStructure(config(name), name);
      } catch (error) {
        faults.push(`${name}: ${String(error)}`);
      }
    }
    // three configurations of the reference's tests have an empty glob in a section that these tests do not import
    const hasEmptyGlob = (fault: string) =>
      /^fixtures\/(annotations|voxel_spacing)\/\w+\.yaml: EmporiumError: an empty glob$/.test(fault);
    expect(faults.filter((fault) => !hasEmptyGlob(fault))).toEqual([]);
    expect(faults).toHaveLength(3);
    expect(files.length).toBeGreaterThan(200);
  });

  it("one of the Jensen batch: runs by a long alternation, values from three maps", async () => {
    const maps = new URL("run-data-maps/gjensen/", REAL_DATA);
    const source = memoryStore();
    for (const kind of ["run_data_map", "run_tomo_map", "run_frames_map"]) {
      await source.write(`GJensen_full/${kind}/10023.csv`, readFileSync(new URL(`${kind}/10023.csv`, maps)));
    }
    const tomograms = parseTable(readFileSync(new URL("run_tomo_map/10023.csv", maps), "utf8"), ",", "map");
    for (const { cells } of tomograms) {
      await source.write(`GJensen_full/${cells[0]}/${cells[1]}`, tinyMrc(4, 4, 2, 17.976));
      await source.write(`GJensen_full/${cells[0]}/generated/a.mdoc`, bytesOf(tinyMdoc()));
      await source.write(`GJensen_full/${cells[0]}/generated/a.rawtlt`, bytesOf(RAWTLT));
      await source.write(`GJensen_full/${cells[0]}/rawdata/a.st`, tinyMrc(4, 4, 3, 1));
      await source.write(`GJensen_full/${cells[0]}/rawdata/._a.st`, tinyMrc(4, 4, 3, 1));
    }
    for (const name of ["", "_s"]) await source.write(`GJensen_full/wnj2019-09-08-1/keyimg_wnj2019-09-08-1${name}.jpg`, JPEG);
    await source.write("GJensen_full/wnj2019-09-08-100/rawdata/x.mrc", tinyMrc(2, 2, 1, 1));
    const made = await plan({ config: config("gjensen/10023.yaml"), source });

    // 24 runs, of which three have no spacing (parent_filters) and so no tomogram; -100 ends like none of the names
    expect(made.tasks.filter(({ params }) => params.kind === "run")).toHaveLength(23);
    const volumes = made.tasks.filter(({ params }) => params.kind === "tomogram");
    const series = made.tasks.filter(({ params }) => params.kind === "tiltseries");
    expect(series.map(({ params }) => params.source)).toEqual(
      tomograms.map(({ cells }) => `GJensen_full/${cells[0]}/rawdata/a.st`).sort(),
    );
    const excluded = ["wnj2019-09-08-8", "wnj2019-09-08-11", "wnj2019-09-08-25"];
    expect(volumes.map(({ params }) => String(params.source).split("/")[1])).toEqual(
      tomograms
        .map(({ cells }) => cells[0])
        .filter((run) => !excluded.includes(run!))
        .sort(),
    );
    expect(
      documentOf(made, "10023/wnj2019-09-08-1/Reconstructions/VoxelSpacing17.976/Tomograms/100/tomogram_metadata.json"),
    ).toMatchObject({
      align_software: "IMOD",
      fiducial_alignment_status: "FIDUCIAL",
      voxel_spacing: 17.976,
      run_name: "wnj2019-09-08-1",
      deposition_id: 10018,
      alignment_metadata_path: "10023/wnj2019-09-08-1/Alignments/100/alignment_metadata.json",
    });
    expect(documentOf(made, "10023/wnj2019-09-08-1/Alignments/100/alignment_metadata.json")).toMatchObject({
      files: [null],
      volume_dimension: { x: 4 * 17.976, y: 4 * 17.976, z: 2 * 17.976 },
    });
    expect(made.failures).toEqual([]);
    expect(documentOf(made, "10023/wnj2019-09-08-1/Frames/frames_metadata.json")).toMatchObject({
      frames: [
        { acquisition_order: 0, accumulated_dose: 0, path: null },
        { acquisition_order: 1, path: null },
        { acquisition_order: 2, path: null },
      ],
      frames_acquisition_file: "10023/wnj2019-09-08-1/Frames/wnj2019-09-08-1.mdoc",
    });
    expect(documentOf(made, "10023/dataset_metadata.json").key_photos).toEqual({
      snapshot: "10023/Images/snapshot.jpg",
      thumbnail: "10023/Images/thumbnail.jpg",
    });
    // the map gives six overview tomograms another spacing than the headers made here, and every tilt series another pixel size
    expect(
      made.warnings
        .filter(({ message }) => !message.includes("pixel_spacing"))
        .map(({ message }) => /_ts_ov\.rec: the header's voxel size is 17\.976 Å, the configured spacing 56\.12 Å/.test(message)),
    ).toEqual(Array(6).fill(true));
  });

  it("a contributed one: two spacings, tomograms told apart by processing", async () => {
    const names =
      "run_name\tmapped_run_name\tdose_rate\ttilt_series_min_tilt\ttilt_series_max_tilt\ttilt_series_quality\ttilt_series_total_flux\tgain_file";
    const text = config("10440.yaml").toString("utf8");
    const map = /run_data_map_file: (\S+)/.exec(text)![1]!;
    const prefix = /source_prefix: (\S+)/.exec(text)![1]!;
    const parsed = readStructure(config("10440.yaml"), "10440.yaml");
    const tomograms = parsed.sections
      .get("tomograms")!
      .blocks.flatMap(({ sources }) => sources.map(({ finder }) => finder as { glob: { value: string } }));
    const source = memoryStore();
    await source.write(
      `${prefix}/${map}`,
      new TextEncoder().encode(`${names}\nTS_1\t25jul_pos1\t1.0\t-60\t60\t4\t120\tg.gain\n`),
    );
    const runs = parsed.sections.get("runs")!.blocks[0]!.sources[0]!.finder as { glob: { value: string } };
    await source.write(`${prefix}/${runs.glob.value.replace("*", "TS_1")}/x.json`, Uint8Array.of(1));
    for (const { glob } of tomograms) {
      const key = glob.value.replaceAll("{mapped_run_name}", "25jul_pos1").replaceAll("{run_name}", "TS_1").replaceAll("*", "");
      await source.write(`${prefix}/${key}`, tinyMrc(8, 8, 4, 4.99));
    }
    await source.write(`${prefix}/25jul_pos1.mdoc`, bytesOf(tinyMdoc()));
    await source.write(`${prefix}/25jul_pos1_st.rawtlt`, bytesOf(RAWTLT));
    await source.write(`${prefix}/25jul_pos1_TS.mrc`, tinyMrc(8, 8, 3, 1.54));
    await source.write(`${prefix}/25jul_pos1/25jul_pos1_001.eer`, Uint8Array.of(1));
    for (const name of ["snapshot", "thumbnail"])
      await source.write(`cryoetportal-rawdatasets-dev/deposition_key_photos/deposition_10310_${name}.png`, PNG);
    const made = await plan({ config: config("10440.yaml"), source });
    expect(made.failures).toEqual([]);
    expect(made.tasks.filter(({ params }) => params.kind === "tomogram").length).toBe(tomograms.length);
    expect(documentOf(made, "depositions_metadata/10310/deposition_metadata.json").key_photos).toEqual({
      snapshot: "depositions_metadata/10310/Images/snapshot.png",
      thumbnail: "depositions_metadata/10310/Images/thumbnail.png",
    });
    expect(documentOf(made, "10440/TS_1/TiltSeries/100/tiltseries_metadata.json")).toMatchObject({
      frames_count: 1,
      raw_tlt_path: "10440/TS_1/TiltSeries/100/TS_1.rawtlt",
      ctf_path: null,
    });
    expect(new Set(made.tasks.flatMap(({ outputs }) => outputs)).size).toBe(made.tasks.flatMap(({ outputs }) => outputs).length);
  });

  it("a deposition on what is published already: nothing of it is written twice", async () => {
    const source = await storeOf({
      "robert_kiewisz_tardis_01_2024/10047/run_a/run_a_instance.csv": "0,1,2,3\n",
      "robert_kiewisz_tardis_01_2024/10047/run_a/run_a_semantic.mrc": tinyMrc(2, 2, 2, 1),
    });
    const target = await storeOf({
      "10047/run_a/run_metadata.json": "{}",
      "10047/run_a/Reconstructions/VoxelSpacing7.840/Tomograms/100/tomogram_metadata.json": "{}",
      "10047/run_a/Alignments/100/alignment_metadata.json": "{}",
    });
    const made = await plan({
      config: config("deposition_10301.yaml"),
      source,
      target,
      flags: { items: ["annotations"], metadata: ["annotation", "deposition"] },
    });
    const annotation = "10047/run_a/Reconstructions/VoxelSpacing7.840/Annotations/100/membrane-1.0";
    expect(made.tasks.map(({ outputs }) => outputs)).toEqual([
      [`${annotation}_instancesegmentation.ndjson`],
      [`${annotation}.json`],
      ["depositions_metadata/10301/deposition_metadata.json"],
    ]);
    // the mask is all zero: it holds nothing of the membrane
    expect(made.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("no voxels of label 1 in")]);
    expect(made.failures).toEqual([]);
  });
});

describe.skipIf(!hasRealData)("the tiny bucket of the reference's tests", () => {
  const bucket = async () => {
    const source = memoryStore();
    await copyTree(new URL("lab-mini/", REAL_DATA), source, "input_bucket/", (name) => !name.includes("annotations/"));
    return source;
  };
  const spacing = "10001/TS_run1/Reconstructions/VoxelSpacing13.480/Tomograms/100";

  it("gives two runs with their tomograms, sizes read from the headers", async () => {
    const exclude = { dataset_keyphoto: [""], deposition_keyphoto: [""] };
    const made = await plan({
      config: config("fixtures/dataset1.yaml"),
      source: await bucket(),
      flags: { everything: true, exclude },
    });
    expect(made.tasks.filter(({ params }) => params.kind === "run").map(({ title }) => title)).toEqual([
      "metadata of run TS_run1",
      "metadata of run TS_run2",
    ]);
    expect(documentOf(made, `${spacing}/tomogram_metadata.json`)).toMatchObject({
      scales: [
        { z: 10, y: 8, x: 6 },
        { z: 5, y: 4, x: 3 },
        { z: 3, y: 2, x: 2 },
      ],
      size: { z: 10, y: 8, x: 6 },
      omezarr_dir: `${spacing}/TS_run1.zarr`,
      mrc_file: `${spacing}/TS_run1.mrc`,
      voxel_spacing: 13.48,
      deposition_id: "10301",
    });
    expect(documentOf(made, "10001/TS_run1/run_metadata.json")).toEqual({
      run_name: "TS_run1",
      deposition_id: "10301",
      last_updated_at: 1_790_000_000,
    });
    expect(made.failures).toEqual([]);
    // the second run of the bucket has a tomogram and nothing else
    expect(made.warnings.map(({ message }) => message)).toEqual([
      "memory:/input_bucket/10001_input/metadata/mdocs_modified/foo-TS_run1.mdoc: 1 of 5 images have another dose than time × dose_rate, the first 2.35936 where 1 s × 1.881 is 1.881 e⁻/Å²; the mdoc's are written",
      "memory:/input_bucket/10001_input/metadata/TS_run1.st: the header's pixel size is 5.678 Å, the configured pixel_spacing 3.3702 Å is used",
      ...["collection_metadata", "frames", "tiltseries", "alignments"].map(
        (section) => `${section}: nothing is found for 1 of 2 runs: TS_run2`,
      ),
      "annotations: nothing is found by particle_lists/{run_name}_fas.csv for any of 2 runs",
      "alignments: numbers differ in 1 run: TS_run1 has 3 sections in its alignment, but 4 sections in its stack",
      "tiltseries: numbers differ in 1 run: TS_run1 has 5 images in its mdoc, but 4 sections in its stack",
    ]);
  });

  it("fills in what a dataset does not tell of its sample", async () => {
    const made = await plan({
      config: config("fixtures/dataset1.yaml"),
      source: await bucket(),
      flags: { metadata: ["dataset"] },
    });
    expect(made.tasks).toHaveLength(1);
    expect(documentOf(made, "10001/dataset_metadata.json")).toMatchObject({
      cell_component: { id: "not_reported", name: "not_reported" },
      cell_type: { id: "CL:0000000", name: "not_reported" },
      development_stage: { name: "unknown", id: "unknown" },
      organism: { name: "Organism 1", taxonomy_id: null },
      key_photos: { snapshot: null, thumbnail: null },
    });
  });

  const alignment = "10001/TS_run1/Alignments/100/alignment_metadata.json";

  it("gives a run without alignments the default one, in Å of its tomogram", async () => {
    const flags = { metadata: ["alignment"] };
    const made = await plan({ config: config("fixtures/alignments/alignment1.yaml"), source: await bucket(), flags });
    const document = documentOf(made, alignment);
    expect(Object.keys(document)).toEqual([
      "affine_transformation_matrix",
      "alignment_type",
      "is_portal_standard",
      "volume_offset",
      "tilt_offset",
      "x_rotation_offset",
      "method_type",
      "per_section_alignment_parameters",
      "alignment_path",
      "tilt_path",
      "tiltx_path",
      "tiltseries_path",
      "files",
      "volume_dimension",
      "deposition_id",
      "last_updated_at",
    ]);
    expect(document).toMatchObject({
      files: [null],
      alignment_path: null,
      volume_dimension: { x: 4.123 * 6, y: 4.123 * 8, z: 4.123 * 10 },
    });
    expect(made.tasks).toHaveLength(2);
  });

  it("gives a run without a tomogram no alignment", async () => {
    const made = await plan({
      config: config("fixtures/alignments/alignment2.yaml"),
      source: await bucket(),
      flags: { metadata: ["alignment"] },
    });
    expect(made.tasks).toEqual([]);
    expect(made.failures).toEqual([]);
  });

  it.each([
    ["a run data map, rounded", "tomo_run_data_map.yaml", "4.568"],
    ["a tomogram's header", "mrc_header.yaml", "14.080"],
  ])("takes a voxel spacing from %s", async (_what, name, expected) => {
    const made = await plan({
      // the sections of globs that are empty are not what the reference's tests import
      config: String(config(`fixtures/voxel_spacing/${name}`))
        .replace("list_glob: ''", "list_glob: none")
        .replace("list_glob: []", "list_globs: [none]"),
      source: await bucket(),
      flags: { items: ["tomograms"], metadata: ["tomogram"] },
    });
    expect(made.tasks.map(({ outputs }) => outputs.at(-1))).toEqual([
      `20002/run1/Reconstructions/VoxelSpacing${expected}/Tomograms/100/tomogram_metadata.json`,
    ]);
  });
});
