import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { documentOf, documentsOf, plan, RAWTLT, smallConfig, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

const { texts } = JSON.parse(readFileSync(new URL("../golden/alignment/programs.json", import.meta.url), "utf8")) as {
  texts: Record<"relion5Global" | "relion5" | "relion4" | "warp", string>;
};
const volume = tinyMrc(6, 4, 2, 10.5);
const key = "10700/a/Alignments/100/alignment_metadata.json";
const tiltseriesKey = "10700/a/TiltSeries/100/tiltseries_metadata.json";
const globs = (...list: string[]) => `{source_multi_glob: {list_globs: [${list.map((glob) => `'${glob}'`).join(", ")}]}}`;
const block = (metadata: string, ...list: string[]) => `[{metadata: ${metadata}, sources: [${globs(...list)}]}]`;
const XF = "0.1 0.995 -0.995 0.1 0.5 -0.25\n".repeat(3);
const source = { "lab/rec/a.rec": volume, "lab/ali/a.xf": XF, "lab/ali/a.tlt": RAWTLT };
/** A tilt series of three sections at −3, 0 and 3 degrees, its axis at 84.5, 2 Å a pixel. */
const acquired = {
  "lab/st/a.st": tinyMrc(401, 300, 3, 2),
  "lab/st/a.rawtlt": RAWTLT,
  "lab/st/a.mdoc": tinyMdoc((index) => `TS_01_${index}.eer`),
};
const acquisition = `tiltseries: [{metadata: {pixel_spacing: 2}, sources: [${globs("st/a.st")}]}]
rawtilts: [{sources: [${globs("st/a.rawtlt")}]}]
collection_metadata: [{sources: [${globs("st/a.mdoc")}]}]
frames: [{metadata: {dose_rate: 1, is_gain_corrected: true}, sources: [{literal: {value: [default]}}]}]
`;

interface Section {
  z_index: number;
  tilt_angle: number;
  volume_x_rotation: number;
  x_offset: number;
  y_offset: number;
}
const sectionsOf = (document: Record<string, unknown>) => document.per_section_alignment_parameters as Section[];
const copies = (made: Awaited<ReturnType<typeof plan>>) =>
  made.tasks
    .filter(({ run, params }) => run === "ingest/copy" && params.kind === "alignment")
    .map(({ outputs }) => outputs[0]!.split("/").at(-1));
const messages = (made: Awaited<ReturnType<typeof plan>>) => made.warnings.map(({ message }) => message);

describe("alignments of programs that the portal does not know", () => {
  const relion = (...rows: string[]) =>
    `data_TS_01\n\nloop_\n_rlnMicrographMovieName\n_rlnTomoNominalStageTiltAngle\n_rlnTomoXTilt\n_rlnTomoYTilt\n_rlnTomoZRot\n_rlnTomoXShiftAngst\n_rlnTomoYShiftAngst\n${rows.join("\n")}\n`;
  const alignments = block("{format: RELION, method_type: patch_tracking}", "ali/*.star");

  it("RELION: named in a key of its own, files under their names, shifts in pixels of the tilt series", async () => {
    const star = relion("frames/TS_01_1.eer 0.0 0.5 0.2 85 -3 7", "frames/TS_01_2.eer 0.0 0.5 -2.9 85 4 6");
    const made = await plan({
      config: smallConfig({ alignments, more: acquisition }),
      source: { "lab/rec/a.rec": volume, ...acquired, "lab/ali/TS_01.star": star, "lab/ali/tomograms.star": texts.relion5Global },
    });
    expect(made.failures).toEqual([]);
    const document = documentOf(made, key);
    expect(Object.keys(document).slice(0, 2)).toEqual(["source_format", "method_type"]);
    expect(document).toMatchObject({
      source_format: "RELION",
      alignment_path: "10700/a/Alignments/100/TS_01.star",
      tilt_path: null,
      alignment_type: "GLOBAL",
    });
    // the movies' names say which sections they are, whatever the order of the rows: −3° is image 2 of the mdoc, 3° is image 1
    expect(sectionsOf(document)).toMatchObject([
      { z_index: 0, tilt_angle: -2.9, volume_x_rotation: 0.5, x_offset: 2, y_offset: 3 },
      { z_index: 2, tilt_angle: 0.2, x_offset: -1.5, y_offset: 3.5 },
    ]);
    expect(copies(made)).toEqual(["TS_01.star", "tomograms.star"]);
    expect(messages(made)).toEqual([expect.stringContaining("its pixel size is 1.35 Å, that of the tilt series 2 Å")]);
  });

  it("RELION: by the angles of the stage where names do not tell, else by the rows, with a warning", async () => {
    const config = smallConfig({ alignments, more: acquisition });
    const files = { "lab/rec/a.rec": volume, ...acquired };
    const rows = (nominal: string[]) => relion(...nominal.map((angle) => `x.eer ${angle} 0 ${angle} 85 0 0`));
    const byAngle = await plan({ config, source: { ...files, "lab/ali/t.star": rows(["3.01", "-3.0"]) } });
    expect(sectionsOf(documentOf(byAngle, key)).map(({ z_index }) => z_index)).toEqual([0, 2]);
    expect(messages(byAngle)).toEqual([]);
    const byRow = await plan({ config, source: { ...files, "lab/ali/t.star": rows(["13.01", "-3.0"]) } });
    expect(sectionsOf(documentOf(byRow, key)).map(({ z_index, tilt_angle }) => [z_index, tilt_angle])).toEqual([
      [0, 13.01],
      [1, -3],
    ]);
    expect(messages(byRow)).toEqual([
      expect.stringContaining("its rows are assigned to the sections of the tilt series in order"),
      "alignments: numbers differ in 1 run: a has 2 sections in its alignment, but 3 sections in its stack",
    ]);
  });

  it("RELION 4: matrices are read with the size of the tilt series", async () => {
    const made = await plan({
      config: smallConfig({
        alignments,
        more: acquisition,
        runs: "[{sources: [{literal: {value: [TS_02]}}]}]",
        tomograms: "[{metadata: {fiducial_alignment_status: NON_FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/a.rec'}}]}]",
      }),
      source: { "lab/rec/a.rec": volume, ...acquired, "lab/ali/t.star": texts.relion4 },
    });
    expect(made.failures).toEqual([]);
    const sections = sectionsOf(documentOf(made, "10700/TS_02/Alignments/100/alignment_metadata.json"));
    expect(sections).toHaveLength(3);
    expect(sections[0]!.tilt_angle).toBeCloseTo(-29.87, 9);
    expect(sections[0]!.volume_x_rotation).toBeCloseTo(0.5, 9);
  });

  it("Warp: sections that are used, offsets of the levelled volume, and what is local", async () => {
    const local = texts.warp.replace(/(<GridMovementX[\s\S]*?Value=")0"/, '$11.5"');
    const scene = (xml: string, options = {}) =>
      plan({
        config: smallConfig({ alignments: block("{format: WARP}", "ali/*.xml") }),
        source: { "lab/rec/a.rec": volume, "lab/ali/TS_01.xml": xml },
        options,
      });
    const made = await scene(texts.warp);
    expect(documentOf(made, key)).toMatchObject({
      source_format: "WARP",
      alignment_path: "10700/a/Alignments/100/TS_01.xml",
      alignment_type: "GLOBAL",
      tilt_offset: -1.5,
      x_rotation_offset: 0.25,
    });
    expect(sectionsOf(documentOf(made, key)).map(({ z_index, tilt_angle }) => [z_index, tilt_angle])).toEqual([
      [0, -29.87],
      [1, 0.21],
    ]);
    expect(documentOf(await scene(local), key).alignment_type).toBe("LOCAL");
    const compat = documentOf(await scene(texts.warp, { compat: true }), key);
    expect(compat).toMatchObject({
      format: "WARP",
      per_section_alignment_parameters: [],
      tilt_offset: 0,
      files: ["10700/a/Alignments/100/a.xml"],
    });
  });

  it("a pixel size that nobody knows fails the alignment, and blocks the tomogram that names it", async () => {
    const made = await plan({
      config: smallConfig({ alignments: block("{format: WARP}", "ali/*.xml") }),
      source: { "lab/rec/a.rec": volume, "lab/ali/TS_01.xml": texts.warp.replace('Name="PixelSize"', 'Name="Pixel"') },
    });
    expect(made.failures.map(({ error, entity }) => [error.code, entity])).toEqual([
      ["CONFIG_FIELD", "alignment 100 of a"],
      ["TASK_BLOCKED", "tomogram a.rec of a (10.500 Å)"],
    ]);
    expect(made.tasks.some(({ params }) => params.kind === "tomogram")).toBe(false);
  });
});

describe("what files of an alignment tell beside its sections", () => {
  const aln = (head = "") =>
    `# AreTomo Alignment / Priims bprmMn\n# RawSize = 401 300 3\n# NumPatches = 4\n# AlphaOffset =    -9.50\n# BetaOffset = 0.75\n${head}# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${[
      -3, 0, 3,
    ]
      .map((tilt, z) => `${z} 84.1 1 1 2 1 1 1 0 ${tilt}\n`)
      .join("")}# Local Alignment\n 0 0 -558.42 -802.0 -100.07 24.43 1.0\n`;
  const scene = (metadata: string, compat = false) =>
    plan({
      config: smallConfig({ alignments: block(metadata, "ali/a.aln") }),
      source: { "lab/rec/a.rec": volume, "lab/ali/a.aln": aln() },
      options: { compat },
    });

  it("AreTomo's offsets and patches stand where the configuration is silent (compat: they do not)", async () => {
    expect(documentOf(await scene("{format: ARETOMO3}"), key)).toMatchObject({
      tilt_offset: -9.5,
      x_rotation_offset: 0.75,
      alignment_type: "LOCAL",
    });
    expect(
      documentOf(await scene("{format: ARETOMO3, tilt_offset: 1.0, x_rotation_offset: 2, alignment_type: GLOBAL}"), key),
    ).toMatchObject({
      tilt_offset: 1,
      x_rotation_offset: 2,
      alignment_type: "GLOBAL",
    });
    expect(documentOf(await scene("{format: ARETOMO3}", true), key)).toMatchObject({
      tilt_offset: 0,
      x_rotation_offset: 0,
      alignment_type: "GLOBAL",
    });
  });

  it("offsets of 0 are printed as the default's", async () => {
    const made = await plan({
      config: smallConfig({ alignments: block("{format: ARETOMO3}", "ali/a.aln") }),
      source: { "lab/rec/a.rec": volume, "lab/ali/a.aln": aln().replace("-9.50", "0.00") },
    });
    expect(documentsOf(made).get(key)).toMatch(/"tilt_offset": 0,\s+"x_rotation_offset": 0\.75,/);
  });

  it("tilt.com: its offsets, what it leaves out, and its local alignment; the one of the axis of two", async () => {
    const com = (list: string) => `$tilt -StandardInput\nOFFSET 2.5\nXAXISTILT -1.75\nLOCALFILE alocal.xf\n${list}\n`;
    const files = { ...source, "lab/ali/stacka.xf": XF };
    const made = await plan({
      config: smallConfig({ alignments: block("{format: IMOD}", "ali/stacka.xf", "ali/a.tlt", "ali/*.com") }),
      source: { ...files, "lab/ali/tilta.com": com("EXCLUDELIST 2"), "lab/ali/tiltb.com": com("EXCLUDELIST 1") },
    });
    expect(documentOf(made, key)).toMatchObject({ tilt_offset: 2.5, x_rotation_offset: -1.75, alignment_type: "LOCAL" });
    expect(sectionsOf(documentOf(made, key)).map(({ z_index }) => z_index)).toEqual([0, 2]);
    expect(copies(made)).toEqual(["a.xf", "a.tlt", "a_tilta.com", "a_tiltb.com"]);
  });

  it.each([
    ["a_tilt.com", "a_tilt.com"],
    ["stack_tilt.com", "a_tilt.com"],
    ["tilt_3dfind.com", "a_tilt_3dfind.com"],
    ["newst.com", "a_newst.com"],
    ["stack-TiltA_for_sirt.com", "a_TiltA_for_sirt.com"],
    ["My-Recon.COM", "a_My-Recon.COM"],
    ["pos 1.com", "a_pos 1.com"],
  ])("the command file %s is kept as %s", async (name, wanted) => {
    const made = await plan({
      config: smallConfig({ alignments: block("{format: IMOD}", "ali/a.*", "com/*") }),
      source: { ...source, [`lab/com/${name}`]: "$x -StandardInput\n" },
    });
    expect(copies(made)).toContain(wanted);
  });

  it("Etomo's list of what is to be left out is told where no tilt.com is", async () => {
    const edf = "Setup.DatasetName=a\nSetup.AxisA.ExcludeProjections=3\n";
    const config = smallConfig({ alignments: block("{format: IMOD}", "ali/*") });
    const made = await plan({ config, source: { ...source, "lab/ali/a.edf": edf } });
    expect(messages(made)).toEqual([expect.stringContaining("leaves out the sections 3, but no tilt.com among the files does")]);
    expect(sectionsOf(documentOf(made, key))).toHaveLength(3);
    const both = { ...source, "lab/ali/a.edf": edf, "lab/ali/tilt.com": "EXCLUDELIST2 3\n" };
    expect(messages(await plan({ config, source: both }))).toEqual([]);
  });
});

describe("what does not fit together is told", () => {
  const scene = (metadata: string, files: Record<string, string> = {}) =>
    plan({
      config: smallConfig({ alignments: block(metadata, "ali/a.xf", "ali/a.tlt"), more: acquisition }),
      source: { ...source, ...acquired, ...files },
    });

  it("nothing of an alignment that fits", async () => {
    const made = await scene("{format: IMOD, volume_dimension: {x: 63, y: 42.0, z: 31}}");
    expect([made.failures, messages(made)]).toEqual([[], []]);
  });

  it("dimensions that are not the tomogram's, to one voxel", async () => {
    const made = await scene("{format: IMOD, volume_dimension: {x: 63, y: 42.0, z: 210}}");
    expect(messages(made)).toEqual([expect.stringContaining("volume_dimension is configured as z 210 Å, the tomogram has 21 Å")]);
    expect(documentOf(made, key).volume_dimension).toEqual({ x: 63, y: 42, z: 210 });
  });

  it("a tilt axis that is not the microscope's; a section or two may differ", async () => {
    const turned = await scene("{format: IMOD}", { "lab/ali/a.xf": "0.995 0.1 -0.1 0.995 0 0\n".repeat(3) });
    expect(messages(turned)).toEqual([
      expect.stringContaining("the tilt axis of section 0 is at 5.7391°, the mdoc says 84.5° (3 of 3 sections"),
    ]);
    const around = await scene("{format: IMOD}", { "lab/ali/a.xf": "-0.1 -0.995 0.995 -0.1 0 0\n".repeat(3) });
    expect(messages(around)).toEqual([expect.stringContaining("the same axis, the other way round")]);
    const one = await scene("{format: IMOD}", { "lab/ali/a.xf": XF.replace("0.1 0.995 -0.995 0.1", "1 0 0 1") });
    expect(messages(one)).toEqual([]);
  });
});

describe("CTF of sections", () => {
  const scene = (format: string, text: string, compat = false) =>
    plan({
      config: smallConfig({ more: `${acquisition}ctfs: [{metadata: {format: ${format}}, sources: [${globs("st/a.ctf")}]}]\n` }),
      source: { "lab/rec/a.rec": volume, ...acquired, "lab/st/a.ctf": text },
      options: { compat },
    });
  const defoci = (made: Awaited<ReturnType<typeof plan>>) =>
    (documentOf(made, tiltseriesKey).per_section_parameter as { major_defocus: number | null }[]).map((one) => one.major_defocus);
  const row = (section: number, defocus: number) => `${section} ${defocus} ${defocus} 0 0 0.1 5\n`;

  it("entries of no section are told, the others count", async () => {
    const made = await scene("CTFFIND", `# h\n${row(0, 9)}${row(1, 10)}${row(3, 30)}${row(7, 70)}`);
    expect(defoci(made)).toEqual([10, null, 30]);
    expect(messages(made)).toEqual([expect.stringContaining("2 of 4 entries belong to no section (0, 7); there are 3, from 1")]);
    expect(messages(await scene("CTFFIND", `# h\n${row(1, 10)}${row(7, 70)}`, true))).toEqual([]);
  });

  it("a table that counts all sections from 0 is read as such", async () => {
    expect(defoci(await scene("CTFFIND", `# h\n${row(0, 10)}${row(1, 20)}${row(2, 30)}`))).toEqual([10, 20, 30]);
  });

  it("RELION: fits go with the image that they name", async () => {
    const star = `data_a\n\nloop_\n_rlnMicrographMovieName\n_rlnDefocusU\n_rlnDefocusV\n_rlnDefocusAngle\nm/TS_01_0.eer 10 9 8\nm/TS_01_1.eer 20 19 18\nm/TS_01_2.eer 30 29 28\n`;
    const made = await scene("RELION", star);
    // taken at 0, 3 and −3 degrees
    expect([made.failures, messages(made), defoci(made)]).toEqual([[], [], [30, 10, 20]]);
    expect(documentOf(made, tiltseriesKey).ctf_path).toBe("10700/a/TiltSeries/100/a_RELION_ctf.txt");
    expect(defoci(await scene("RELION", star, true))).toEqual([null, null, null]);
    const unknown = await scene("RELION", star.replaceAll("TS_01_", "other"));
    expect(defoci(unknown)).toEqual([10, 20, 30]);
    expect(messages(unknown)).toEqual([expect.stringContaining("its rows are assigned to the sections in order")]);
  });

  it("Warp: fits go with the movie that they name, else with the angle", async () => {
    const named = texts.warp.replace(/TS_01_00(\d)_[\d.-]+\.eer/g, "TS_01_$1.eer");
    const made = await scene("WARP", named);
    expect([made.failures, messages(made)]).toEqual([[], []]);
    const found = defoci(made);
    expect(found[0]).toBeNull();
    expect(found[1]).toBeCloseTo(39227, 6);
    expect(found[2]).toBeCloseTo(38900, 6);
    const angles = texts.warp.replace("-29.87\n0.21\n30.24", "-3.01\n0.1\n3").replace(/<MoviePath>[\s\S]*<\/MoviePath>/, "");
    expect(defoci(await scene("WARP", angles))[0]).toBeCloseTo(39227, 6);
  });
});

describe("identified objects", () => {
  it("filter_value names the rows of a run (compat: the run's name does)", async () => {
    const scene = (compat: boolean) =>
      plan({
        config: smallConfig({
          more: `identified_objects: [{metadata: {filter_value: 'pos_{run_name}'}, sources: [${globs("objects.csv")}]}]\n`,
        }),
        source: { "lab/rec/a.rec": volume, "lab/objects.csv": "run_name,object_id\npos_a,GO:1\na,GO:2\na,GO:3\n" },
        options: { compat },
      });
    const metadata = "10700/a/IdentifiedObjects/identified_objects_metadata.json";
    expect(documentOf(await scene(false), metadata)).toMatchObject({ filter_value: "pos_{run_name}", object_count: 1 });
    expect(documentOf(await scene(true), metadata)).toMatchObject({ object_count: 2 });
  });
});
