import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/stores/memory/store.js";
import { plan, RAWTLT, smallConfig, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, treeOf } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const TOMOGRAM = tinyMrc(4, 4, 4, 10.5);
const METADATA = "{annotation_object: {name: membrane}, version: '1.0'}";
type Files = Record<string, string | Uint8Array>;

const runs = (...names: string[]) => `[{sources: [{literal: {value: [${names.map((name) => `"${name}"`).join(", ")}]}}]}]`;
const spacings = (...values: number[]) => `[{sources: [{literal: {value: [${values.join(", ")}]}}]}]`;
const frames = (glob: string, more = "") =>
  `frames: [{metadata: {dose_rate: 1}, sources: [{source_glob: {list_glob: '${glob}'}${more}}]}]\n`;
const points = (glob: string, more = "") =>
  `annotations: [{metadata: ${METADATA}, sources: [{Point: {file_format: csv, glob_string: '${glob}'}${more}}]}]\n`;
const mdocs = "collection_metadata: [{sources: [{source_glob: {list_glob: 'mdoc/{run_name}.mdoc'}}]}]\n";

/** What a plan refuses and warns of, by code; and that a refused run writes nothing. */
async function judged(config: string, files: Files, options: { strict?: boolean; compat?: boolean; target?: Files } = {}) {
  const source = await storeOf(files);
  const { strict = false, compat = false, target = {} } = options;
  const made = await plan({ config, source, target: await storeOf(target, "memory:out"), options: { strict, compat } });
  const before = await storeOf(target);
  const ran = await run({ config, source, target: before, strict, compat }).catch((error: unknown) => error);
  if (made.refusals.length > 0) {
    expect(ran).toMatchObject({ code: made.refusals[0]!.code, message: made.refusals[0]!.message });
    expect(Object.keys(await treeOf(before))).toEqual(Object.keys(target));
  } else expect(ran).toMatchObject({ exitStatus: expect.any(Number) });
  return {
    refused: made.refusals.map(({ code, message }) => `${code} ${message}`),
    warned: made.warnings.flatMap(({ code, message }) => (code === undefined ? [] : [`${code} ${message}`])),
  };
}

describe("one file for two runs", () => {
  const tomograms = { "lab/rec/A.rec": TOMOGRAM, "lab/rec/B.rec": TOMOGRAM };

  it("(34.4) a longer name that a shorter run's glob takes is an error of the plan, and of the run before it writes", async () => {
    const config = smallConfig({
      runs: runs("Position_1", "Position_1_2", "Position_1_3"),
      more: frames("frames/{run_name}_*.eer"),
    });
    const files: Files = {};
    for (const name of ["Position_1", "Position_1_2", "Position_1_3"]) {
      files[`lab/rec/${name}.rec`] = TOMOGRAM;
      for (let i = 1; i <= 2; i++) files[`lab/frames/${name}_00${i}.eer`] = "x";
    }
    expect(await judged(config, files)).toEqual({
      refused: [
        "CONFIG_SHARED frames: frames/{run_name}_*.eer of run Position_1 also finds files of run Position_1_2, and so with 1 more pair of runs: 4 files (Position_1_2_001.eer, Position_1_2_002.eer, Position_1_3_001.eer, …; --json lists all)",
      ],
      warned: [],
    });
  });

  it("(34.4) that it has more frames than images then is no second cause", async () => {
    const config = smallConfig({ runs: runs("P_1", "P_1_2"), more: frames("frames/{run_name}_*.eer") + mdocs });
    const files: Files = {};
    for (const name of ["P_1", "P_1_2"]) {
      files[`lab/rec/${name}.rec`] = TOMOGRAM;
      files[`lab/mdoc/${name}.mdoc`] = tinyMdoc((index) => `${name}_00${index}.eer`);
      for (let i = 0; i < 3; i++) files[`lab/frames/${name}_00${i}.eer`] = "x";
    }
    const { refused, warned } = await judged(config, files);
    expect([refused, warned]).toEqual([[expect.stringContaining("also finds files of run P_1_2: 3 files")], []]);
  });

  it("(34.1) a file in which the globs of two runs meet is an error", async () => {
    const config = smallConfig({ runs: runs("A", "B"), more: frames("frames/*{run_name}*.eer") });
    const files = { ...tomograms, "lab/frames/A_1.eer": "x", "lab/frames/B_1.eer": "x", "lab/frames/A_B.eer": "x" };
    expect(await judged(config, files)).toEqual({
      refused: ["CONFIG_SHARED frames: 1 file (A_B.eer) of frames/*{run_name}*.eer is used for 2 runs: A, B"],
      warned: [],
    });
  });

  it("(34.4) also where the command leaves the longer name out", async () => {
    const config = smallConfig({ runs: runs("P_1", "P_1_2"), more: frames("frames/{run_name}_*.eer") });
    const source: Files = { "lab/rec/P_1.rec": TOMOGRAM, "lab/frames/P_1_001.eer": "x", "lab/frames/P_1_2_001.eer": "x" };
    const flags = { everything: true, filter: { run: ["P_1$"] } };
    const { refusals } = await plan({ config, source, flags });
    expect(refusals.map(({ files }) => files)).toEqual([["lab/frames/P_1_2_001.eer"]]);
    // or the configuration itself
    const excluding = config.replace(
      /runs: .*/,
      "runs: [{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*).rec'}, exclude: ['P_1_2']}]}]",
    );
    const excluded = await plan({ config: excluding, source: { ...source, "lab/rec/P_1_2.rec": TOMOGRAM } });
    expect(excluded.refusals.map(({ files }) => files)).toEqual([["lab/frames/P_1_2_001.eer"]]);
    // of the run with the longer name alone there is nothing to say
    expect((await plan({ config, source, flags: { everything: true, filter: { run: ["P_1_2"] } } })).refusals).toEqual([]);
  });

  it("a glob that tells the names apart is none", async () => {
    const config = smallConfig({ runs: runs("P_1", "P_1_2"), more: frames("frames/{run_name}_[0-9][0-9][0-9].eer") });
    const files: Files = {};
    for (const name of ["P_1", "P_1_2"]) {
      files[`lab/rec/${name}.rec`] = TOMOGRAM;
      files[`lab/frames/${name}_001.eer`] = "x";
    }
    expect(await judged(config, files)).toEqual({ refused: [], warned: [] });
  });

  it("(34.1) a glob that names no run is an error: it finds the same files for all", async () => {
    const config = smallConfig({ runs: runs("A", "B"), more: frames("frames/*.eer") });
    expect(await judged(config, { ...tomograms, "lab/frames/a.eer": "x", "lab/frames/b.eer": "x" })).toEqual({
      refused: ["CONFIG_SHARED frames: frames/*.eer finds the same 2 files (a.eer, b.eer) for 2 runs: A, B"],
      warned: [],
    });
  });

  it.each<[string, string, Files]>([
    ["a gain", "gains: [{sources: [{source_glob: {list_glob: 'gain/*.mrc'}}]}]\n", { "lab/gain/g.mrc": TOMOGRAM }],
    [
      "one acquisition file of a collection",
      "collection_metadata: [{sources: [{source_glob: {list_glob: '*.mdoc'}}]}]\n",
      { "lab/all.mdoc": tinyMdoc() },
    ],
    ["a file that the glob names itself", frames("frames/all.eer"), { "lab/frames/all.eer": "x" }],
    [
      "a glob that parent filters keep to one run",
      frames("frames/*.eer", ", parent_filters: {include: {run: [A]}}"),
      { "lab/frames/a.eer": "x" },
    ],
    [
      "a list of which each run takes its rows",
      points("p/*.csv").replace(
        "Point: {file_format: csv",
        "OrientedPoint: {file_format: stopgap_star, filter_value: '{run_name}'",
      ),
      { "lab/p/all.csv": "x" },
    ],
    [
      "a list of identified objects",
      "identified_objects: [{sources: [{source_glob: {list_glob: 'o/*.csv'}}]}]\n",
      { "lab/o/all.csv": "run_name,a\nA,1\nB,2\n" },
    ],
  ])("what the configuration says is shared is no error: %s", async (_, more, files) => {
    const { refused } = await judged(smallConfig({ runs: runs("A", "B"), more }), { ...tomograms, ...files });
    expect(refused).toEqual([]);
  });

  it("(34.1) a map that gives two runs one glob is a warning, which strict refuses", async () => {
    const config = smallConfig({
      runs: runs("A", "B"),
      standardization_config: "{deposition_id: 10390, source_prefix: lab, run_data_map_file: map.csv}",
      more: frames("frames/{session}/*.eer"),
    });
    const files = { ...tomograms, "lab/map.csv": "run_name,session\nA,s1\nB,s1\n", "lab/frames/s1/a.eer": "x" };
    const told = "CONFIG_SHARED frames: 1 file (a.eer) of frames/{session}/*.eer is used for 2 runs: A, B";
    expect(await judged(config, files)).toEqual({ refused: [], warned: [told] });
    expect(await judged(config, files, { strict: true })).toEqual({ refused: [told], warned: [] });
  });

  it("(34.1) sources that are each kept to one run say for themselves what is theirs: a warning", async () => {
    const of = (run: string) => `{source_glob: {list_glob: 'frames/*.eer'}, parent_filters: {include: {run: [${run}]}}}`;
    const more = `frames: [{metadata: {dose_rate: 1}, sources: [${of("A")}, ${of("B")}]}]\n`;
    const { refused, warned } = await judged(smallConfig({ runs: runs("A", "B"), more }), {
      ...tomograms,
      "lab/frames/a.eer": "x",
    });
    expect([refused, warned]).toEqual([[], [expect.stringContaining("is used for 2 runs: A, B")]]);
  });

  it("(34.1) compat imports as it is told, with a warning", async () => {
    const config = smallConfig({ runs: runs("A", "B"), more: frames("frames/*.eer") });
    const { refused, warned } = await judged(config, { ...tomograms, "lab/frames/a.eer": "x" }, { compat: true });
    expect([refused, warned]).toEqual([[], [expect.stringContaining("finds the same 1 file")]]);
  });
});

describe("voxel spacings", () => {
  const config = (more: string, tomograms?: string) =>
    smallConfig({
      runs: runs("A", "B"),
      voxel_spacings: spacings(10, 13.5),
      ...(tomograms === undefined ? {} : { tomograms }),
      more,
    });
  const byFolder =
    "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL, processing: raw, reconstruction_method: WBP}, sources: [{source_glob: {list_glob: '{voxel_spacing_name}/{run_name}.rec'}}]}]";
  const byFilter = byFolder
    .replace("{voxel_spacing_name}", "rec")
    .replace("}}]}]", "}, parent_filters: {include: {voxel_spacing: ['13.500']}}}]}]");
  const picks = { "lab/p/A.csv": "1,1,1\n", "lab/p/B.csv": "1,1,1\n" };
  const one = { "lab/rec/A.rec": tinyMrc(4, 4, 4, 13.5), "lab/rec/B.rec": tinyMrc(4, 4, 4, 13.5) };

  it("(34.2) an annotation at a spacing without a tomogram of its run is an error that names those there are, once", async () => {
    expect(await judged(config(points("p/{run_name}.csv"), byFilter), { ...one, ...picks })).toEqual({
      refused: [
        "CONFIG_SPACING annotations: 2 files (A.csv, B.csv) are for 10.000 Å, where run A has no tomogram (it has 13.500 Å); so for 1 more run: B",
      ],
      warned: [],
    });
  });

  it("(34.2) filters on the annotation's source mend it; so does a tomogram on the target", async () => {
    const filtered = points("p/{run_name}.csv", ", parent_filters: {include: {voxel_spacing: ['13.500']}}");
    expect((await judged(config(filtered, byFilter), { ...one, ...picks })).refused).toEqual([]);
    const stored: Files = {};
    for (const name of ["A", "B"]) {
      const folder = `10700/${name}/Reconstructions/VoxelSpacing10.000/Tomograms/100`;
      stored[`${folder}/tomogram_metadata.json`] = '{"deposition_id": 10390}';
    }
    const { refused } = await judged(config(points("p/{run_name}.csv"), byFilter), { ...one, ...picks }, { target: stored });
    // the tomogram is there: what remains is that one list cannot be right at both
    expect(refused).toEqual([expect.stringContaining("are used at 2 voxel spacings")]);
  });

  it("(34.2) of a dataset of which the configuration says nothing the tomogram may be at the portal: a warning", async () => {
    const referred = config(points("p/{run_name}.csv"), byFilter).replace("{metadata: {dataset_title: D}, ", "{");
    const { refused, warned } = await judged(referred, { ...one, ...picks });
    expect([refused, warned]).toEqual([[], [expect.stringMatching(/^CONFIG_SPACING annotations: 2 files .* are for 10\.000 Å/)]]);
  });

  it("(34.1) points at two spacings that are on the target are a warning: the portal's own configurations do so", async () => {
    const folder = (spacing: string) => `10700/A/Reconstructions/VoxelSpacing${spacing}/Tomograms/100/tomogram_metadata.json`;
    const onTarget = smallConfig({
      runs: runs("A"),
      voxel_spacings:
        "[{sources: [{destination_glob: {list_glob: '{run_output_path}/Reconstructions/VoxelSpacing*', name_regex: 'VoxelSpacing(.*)'}}]}]",
      tomograms:
        "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{destination_glob: {list_glob: '{voxel_spacing_output_path}/Tomograms/*'}}]}]",
      more: points("p/{run_name}.csv"),
    });
    const target = { [folder("10.000")]: '{"deposition_id": 10390}', [folder("13.500")]: '{"deposition_id": 10390}' };
    const { refused, warned } = await judged(onTarget, { "lab/p/A.csv": "1,1,1\n" }, { target });
    expect([refused, warned]).toEqual([
      [],
      [expect.stringMatching(/^CONFIG_SHARED annotations: .* are used at 2 voxel spacings|is used at 2 voxel spacings/)],
    ]);
  });

  it("a run without any tomogram in the sources is none: it may be at the portal", async () => {
    const nowhere =
      "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{source_glob: {list_glob: 'x/*.rec'}, parent_filters: {include: {run: [Z]}}}]}]";
    expect((await judged(config(points("p/{run_name}.csv"), nowhere), picks)).refused.join()).not.toContain("CONFIG_SPACING");
  });

  it("(34.1) one tomogram at two spacings is an error", async () => {
    const { refused } = await judged(config("", byFolder.replace("{voxel_spacing_name}", "rec")), one);
    expect(refused).toEqual([
      "CONFIG_SHARED tomograms: 2 files (A.rec, B.rec) of rec/{run_name}.rec are used at 2 voxel spacings of their run: 10.000, 13.500 Å",
    ]);
  });

  it("(34.1) points at two spacings with a tomogram each are an error, masks that are rescaled are not", async () => {
    const both: Files = {};
    for (const name of ["A", "B"])
      for (const size of [10, 13.5]) both[`lab/${size.toFixed(3)}/${name}.rec`] = tinyMrc(4, 4, 4, size);
    expect((await judged(config(points("p/{run_name}.csv"), byFolder), { ...both, ...picks })).refused).toEqual([
      "CONFIG_SHARED annotations: 2 files (A.csv, B.csv) of p/{run_name}.csv are used at 2 voxel spacings of their run: 10.000, 13.500 Å",
    ]);
    // two sources say in which units each takes the list
    const source = (spacing: string) =>
      `{Point: {file_format: csv, glob_string: 'p/{run_name}.csv', binning: ${spacing}}, parent_filters: {include: {voxel_spacing: ['${spacing}']}}}`;
    const each = `annotations: [{metadata: ${METADATA}, sources: [${source("10.000")}, ${source("13.500")}]}]\n`;
    expect((await judged(config(each, byFolder), { ...both, ...picks })).refused).toEqual([]);
    // coordinates in Å are scaled to each: not sure
    const relion = points("p/{run_name}.csv").replace("file_format: csv", "file_format: relion5_star");
    const told = await judged(config(relion, byFolder), { ...both, ...picks });
    expect([told.refused, told.warned.length]).toEqual([[], 1]);
    const masks = points("p/{run_name}.mrc").replace(
      "Point: {file_format: csv",
      "SegmentationMask: {rescale: true, file_format: mrc",
    );
    const files = { ...both, "lab/p/A.mrc": TOMOGRAM, "lab/p/B.mrc": TOMOGRAM };
    expect((await judged(config(masks, byFolder), files)).refused).toEqual([]);
  });
});

describe("numbers that should be one", () => {
  const frameOf = (index: number) => `A_${index}.eer`;
  const sources = { "lab/rec/A.rec": TOMOGRAM, "lab/mdoc/A.mdoc": tinyMdoc(frameOf) };

  it("(34.4) frames that the mdoc does not have are told before the run; strict refuses them", async () => {
    const config = smallConfig({ runs: runs("A"), more: frames("frames/{run_name}_*.eer") + mdocs });
    const files: Files = { ...sources };
    for (let i = 0; i < 5; i++) files[`lab/frames/${frameOf(i)}`] = "x";
    const told = "CONFIG_COUNTS frames: numbers differ in 1 run: A has 5 frame files, but 3 images in its mdoc";
    expect(await judged(config, files)).toEqual({ refused: [], warned: [told] });
    expect((await judged(config, files, { strict: true })).refused).toEqual([told]);
    // as many as images: nothing to say
    for (const i of [3, 4]) delete files[`lab/frames/${frameOf(i)}`];
    expect(await judged(config, files)).toEqual({ refused: [], warned: [] });
  });

  it("(34.4) raw tilt angles and sections of the stack", async () => {
    const config = smallConfig({
      runs: runs("A"),
      more: `${mdocs}tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]
rawtilts: [{sources: [{source_glob: {list_glob: 'st/{run_name}.rawtlt'}}]}]\n`,
    });
    const files = { ...sources, "lab/st/A.st": tinyMrc(4, 4, 5, 2), "lab/st/A.rawtlt": RAWTLT };
    expect((await judged(config, files)).warned).toEqual([
      "CONFIG_COUNTS tiltseries: numbers differ in 1 run: A has 3 raw tilt angles, but 5 sections in its stack",
    ]);
  });
});

describe("headers and uses", () => {
  const config = smallConfig({ runs: runs("A", "B") });
  /** A header with other numbers at some of its bytes. */
  const withInts = (bytes: Uint8Array, ints: Record<number, number>): Uint8Array => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (const [at, value] of Object.entries(ints)) view.setInt32(Number(at), value, true);
    return copy;
  };
  // MRC2014: mz is word 10, the space group word 23, z of the cell word 13
  const stack = withInts(tinyMrc(8, 8, 5, 10.5), { 36: 1, 88: 0 });

  it.each<[string, Files, string[]]>([
    ["an image stack", { "lab/rec/A.rec": stack }, ["the header says image stack (ispg 0, mz 1)"]],
    [
      "an mdoc beside it",
      { "lab/rec/A.rec": TOMOGRAM, "lab/rec/A.rec.mdoc": tinyMdoc() },
      ["an mdoc with its name is in the same folder"],
    ],
    ["a spectrum", { "lab/rec/A.rec": tinyMrc(8, 8, 1, 10.5) }, ["only one section"]],
    [
      "voxels that are long along z",
      // 4 intervals over the length of 12: three times the others
      { "lab/rec/A.rec": withFloat(TOMOGRAM, 48, 4 * 10.5 * 3) },
      ["voxels more than twice as long along one axis"],
    ],
  ])("(34.3) %s as a tomogram is a warning that strict refuses", async (_, files, reasons) => {
    const all = { "lab/rec/B.rec": TOMOGRAM, ...files };
    const told = `CONFIG_ROLE tomograms: 1 file (A.rec) may be no tomogram: ${reasons.join(", ")}`;
    expect(await judged(config, all)).toEqual({ refused: [], warned: [told] });
    expect(await judged(config, all, { strict: true })).toEqual({ refused: [told], warned: [] });
  });

  it("(34.3) a stack of volumes as a tomogram is an error", async () => {
    const made = await plan({ config, source: { "lab/rec/B.rec": TOMOGRAM, "lab/rec/A.rec": withInts(TOMOGRAM, { 88: 401 }) } });
    expect(made.failures[0]!.error.message).toContain("space group 401 means a stack of volumes");
  });

  it("voxels that are a little longer along z are none", async () => {
    const files = { "lab/rec/A.rec": withFloat(TOMOGRAM, 48, 4 * 10.5 * 1.9), "lab/rec/B.rec": TOMOGRAM };
    expect((await judged(config, files)).warned).toEqual([]);
  });

  it("(34.3) a tilt series that is also used as a tomogram is a warning", async () => {
    const series =
      "tiltseries: [{metadata: {pixel_spacing: 10.5}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]\n";
    const files = { "lab/rec/A.rec": TOMOGRAM, "lab/rec/B.rec": TOMOGRAM };
    expect((await judged(config + series, files)).warned).toEqual([
      "CONFIG_ROLE tomograms: 2 files (A.rec, B.rec) may be no tomogram: also used as a tilt series",
    ]);
  });

  it("the header of a reconstruction by IMOD (ispg 0, mz as sections) says nothing against it", async () => {
    const files = { "lab/rec/A.rec": withInts(TOMOGRAM, { 88: 0 }), "lab/rec/B.rec": TOMOGRAM };
    expect(await judged(config, files)).toEqual({ refused: [], warned: [] });
  });

  describe("a stack with the header of a volume (mz as sections)", () => {
    const half = tinyMrc(16, 12, 7, 10.5);
    const mdocOf = (images: number) =>
      Array.from({ length: images }, (_, i) => `[ZValue = ${i}]\nTiltAngle = ${3 * i}\nExposureTime = 1\n`).join("\n");
    const anglesOf = (images: number) => Array.from({ length: images }, (_, i) => `${3 * i}.0\n`).join("");
    const series = "tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]\n";
    const rawtilts = "rawtilts: [{sources: [{source_glob: {list_glob: 'st/{run_name}.rawtlt'}}]}]\n";
    const headOfStack = withInts(half, { 36: 1, 88: 0 });
    /** A file beside the run's own tomogram, which the glob finds too. */
    const scenes: [string, string, Files, string][] = [
      ["the tilt series", series, { "lab/st/A.st": half }, "same size as its run's tilt series"],
      [
        "a tilt series of other pixels",
        series,
        { "lab/st/A.st": tinyMrc(32, 24, 7, 2) },
        "as many sections as its run has sections in its tilt series",
      ],
      [
        "raw tilt angles",
        series + rawtilts,
        { "lab/st/A.st": tinyMrc(32, 24, 9, 2), "lab/st/A.rawtlt": anglesOf(7) },
        "as many sections as its run has raw tilt angles",
      ],
      ["an mdoc", mdocs, { "lab/mdoc/A.mdoc": mdocOf(7) }, "as many sections as its run has images in its mdoc"],
      [
        "frames",
        frames("frames/{run_name}_*") + mdocs,
        {
          "lab/mdoc/A.mdoc": mdocOf(9),
          ...Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`lab/frames/A_${i}.tif`, "x"])),
        },
        "as many sections as its run has frame files",
      ],
      ["an mdoc beside it", "", { "lab/rec/A_ODD.mdoc": mdocOf(7) }, "as many sections as the .mdoc in its folder has images"],
      [
        "the mdoc of the whole",
        "",
        { "lab/rec/A.mrc.mdoc": mdocOf(7) },
        "as many sections as the .mdoc in its folder has images",
      ],
      [
        "raw angles of the whole",
        "",
        { "lab/rec/A.rawtlt": anglesOf(7) },
        "as many sections as the .rawtlt in its folder has angles",
      ],
      ["the whole stack", "", { "lab/rec/A.mrc": headOfStack }, "same size as the image stack in its folder"],
    ];
    const both = smallConfig({
      runs: runs("A"),
      tomograms: `[{metadata: {fiducial_alignment_status: NON_FIDUCIAL, processing: raw, reconstruction_method: WBP}, sources: [{source_glob: {list_glob: 'rec/{run_name}_ODD.rec'}}]}]`,
    });

    it.each(scenes)("(34.3) is a warning that strict refuses: %s", async (_, more, files, reason) => {
      const told = [`CONFIG_ROLE tomograms: 1 file (A_ODD.rec) may be no tomogram: ${reason}`];
      const ofRole = (all: readonly string[]) => all.filter((message) => message.startsWith("CONFIG_ROLE"));
      const { refused, warned } = await judged(both + more, { ...files, "lab/rec/A_ODD.rec": half });
      expect([refused, ofRole(warned)]).toEqual([[], told]);
      expect(ofRole((await judged(both + more, { ...files, "lab/rec/A_ODD.rec": half }, { strict: true })).refused)).toEqual(
        told,
      );
      // a half tomogram has another number of sections
      const tomogram = tinyMrc(16, 12, 8, 10.5);
      expect(ofRole((await judged(both + more, { ...files, "lab/rec/A_ODD.rec": tomogram })).warned)).toEqual([]);
    });

    it("(34.3) halves of a tomogram, with the whole one beside them, are none", async () => {
      const files = {
        "lab/rec/A_ODD.rec": half,
        "lab/rec/A_EVN.rec": half,
        "lab/rec/A.mrc": half,
        "lab/rec/A.tlt": anglesOf(41),
      };
      expect(await judged(both, files)).toEqual({ refused: [], warned: [] });
    });
  });

  function withFloat(bytes: Uint8Array, at: number, value: number): Uint8Array {
    const copy = bytes.slice();
    new DataView(copy.buffer).setFloat32(at, value, true);
    return copy;
  }
});

describe("a refused plan", () => {
  it("(34.1) has exit status 2, says so after the account, and leaves the errors to be told once", async () => {
    const config = smallConfig({ runs: runs("A", "B"), more: frames("frames/*.eer") });
    const files = { "lab/rec/A.rec": TOMOGRAM, "lab/rec/B.rec": TOMOGRAM, "lab/frames/a.eer": "x" };
    const report = await run({ config, source: await storeOf(files), target: memoryStore(), dryRun: true });
    expect([report.exitStatus, report.errors[0]!.code]).toEqual([2, "CONFIG_SHARED"]);
    const text = report.toText();
    expect(text).toMatch(/Files below[\s\S]*\n\ningest run refuses this plan$/);
    expect([report.errorsLast, text.includes("error[")]).toEqual([true, false]);
  });
});
