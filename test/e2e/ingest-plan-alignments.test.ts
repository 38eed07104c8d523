import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkPlan } from "../../src/engine/plan.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import {
  copyTree,
  DATA,
  documentOf,
  documentsOf,
  hasData,
  plan,
  RAWTLT,
  smallConfig,
  storeOf,
  tinyMrc,
} from "./ingest-plan-kit.js";

const volume = tinyMrc(6, 4, 2, 10.5);
const XF = "1 0 0 1 0.5 -0.25\n".repeat(3);
const source = { "lab/rec/a.rec": volume, "lab/ali/a.xf": XF, "lab/ali/a.tlt": RAWTLT };
const folder = "10700/a/Alignments";
const key = (id = 100) => `${folder}/${id}/alignment_metadata.json`;
const globs = (...list: string[]) => `{source_multi_glob: {list_globs: [${list.map((glob) => `'${glob}'`).join(", ")}]}}`;
const block = (sources: string, metadata = "{format: IMOD}") => `{metadata: ${metadata}, sources: [${sources}]}`;
const copies = (made: Awaited<ReturnType<typeof plan>>) =>
  made.tasks.filter(({ run, params }) => run === "ingest/copy" && params.kind === "alignment").map(({ outputs }) => outputs[0]);

describe("an alignment of files", () => {
  it("IMOD: files under the run's name, where each section lies, then the defaults", async () => {
    const made = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/{run_name}.xf", "ali/{run_name}.tlt"))}]` }),
      source,
    });
    expect(made.failures).toEqual([]);
    const document = documentOf(made, key());
    expect(Object.keys(document)).toEqual([
      "format",
      "per_section_alignment_parameters",
      "alignment_path",
      "tilt_path",
      "tiltx_path",
      "tiltseries_path",
      "files",
      "volume_dimension",
      "affine_transformation_matrix",
      "alignment_type",
      "is_portal_standard",
      "volume_offset",
      "tilt_offset",
      "x_rotation_offset",
      "method_type",
      "deposition_id",
      "last_updated_at",
    ]);
    expect(document).toMatchObject({
      per_section_alignment_parameters: [-3, 0, 3].map((angle, z) => ({
        z_index: z,
        tilt_angle: angle,
        x_offset: -0.5,
        y_offset: 0.25,
      })),
      alignment_path: `${folder}/100/a.xf`,
      tilt_path: `${folder}/100/a.tlt`,
      tiltx_path: null,
      tiltseries_path: null,
      files: [`${folder}/100/a.xf`, `${folder}/100/a.tlt`],
      volume_dimension: { x: 6 * 10.5, y: 4 * 10.5, z: 2 * 10.5 },
      method_type: "undefined",
    });
    expect(copies(made)).toEqual([`${folder}/100/a.xf`, `${folder}/100/a.tlt`]);
    const metadata = made.tasks.find(({ outputs }) => outputs.includes(key()))!;
    expect(metadata.needs).toHaveLength(2);
    expect(made.tasks.find(({ params }) => params.kind === "tomogram")!.needs).toEqual([metadata.id]);
  });

  it("two entries of one block that bring different kinds of files are one alignment", async () => {
    const one = (extension: string) => `{source_glob: {list_glob: 'ali/{run_name}.${extension}'}}`;
    const alignments = `[${block(`${one("xf")}, ${one("tlt")}`)}]`;
    const made = await plan({ config: smallConfig({ alignments }), source });
    expect(documentOf(made, key())).toMatchObject({
      files: [`${folder}/100/a.xf`, `${folder}/100/a.tlt`],
      tilt_path: `${folder}/100/a.tlt`,
    });
    expect(documentsOf(made).has(key(101))).toBe(false);
    // the reference lists the last entry's files alone, and finds the others in the folder
    const compat = await plan({ config: smallConfig({ alignments }), source, options: { compat: true } });
    expect(documentOf(compat, key())).toMatchObject({ files: [`${folder}/100/a.tlt`], alignment_path: `${folder}/100/a.xf` });
    expect(() => checkPlan(compat)).not.toThrow();
  });

  it("command files are called after the run and themselves, and what tilt.com leaves out is left out (compat: all become the run's)", async () => {
    const alignments = `[${block(globs("ali/{run_name}.*", "ali/*.com"))}]`;
    const more = {
      ...source,
      "lab/ali/tilt.com": "$tilt -StandardInput\nEXCLUDELIST 2\n",
      "lab/ali/newst.com": "$newstack -StandardInput\n",
    };
    const made = await plan({ config: smallConfig({ alignments }), source: more });
    expect(copies(made)).toEqual(["a.tlt", "a.xf", "a_newst.com", "a_tilt.com"].map((name) => `${folder}/100/${name}`));
    const sections = documentOf(made, key()).per_section_alignment_parameters as { z_index: number }[];
    expect(sections.map(({ z_index }) => z_index)).toEqual([0, 2]);
    const compat = await plan({ config: smallConfig({ alignments }), source: more, options: { compat: true } });
    expect(copies(compat)).toEqual(["a.tlt", "a.xf", "a.com"].map((name) => `${folder}/100/${name}`));
    expect((documentOf(compat, key()).per_section_alignment_parameters as unknown[]).length).toBe(3);
  });

  it("two files of one kind are refused, with both names", async () => {
    const made = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/*.xf", "ali/a.tlt"))}]` }),
      source: { ...source, "lab/ali/a_old.xf": XF },
    });
    expect(made.failures.map(({ error, entity }) => [error.code, entity])).toEqual([["CONFIG_COLLISION", "alignment 100 of a"]]);
    expect(made.failures[0]!.error.message).toMatch(/a\.xf and .*a_old\.xf/);
    expect(made.tasks.some(({ params }) => params.kind === "tomogram")).toBe(true);
  });

  it("a second one of the deposition gets an id of its own and keeps it; tomograms name the first", async () => {
    const alignments = `[${block(globs("ali/a.xf", "ali/a.tlt"))}, ${block(globs("ali/b.xf", "ali/b.tlt"), "{format: IMOD, method_type: patch_tracking}")}]`;
    const scene = { config: smallConfig({ alignments }), source: { ...source, "lab/ali/b.xf": XF, "lab/ali/b.tlt": RAWTLT } };
    const made = await plan(scene);
    expect(documentOf(made, key(101))).toMatchObject({
      method_type: "patch_tracking",
      files: [`${folder}/101/a.xf`, `${folder}/101/a.tlt`],
    });
    expect(
      documentOf(made, "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/100/tomogram_metadata.json").alignment_metadata_path,
    ).toBe(key());
    const target = await storeOf(Object.fromEntries(documentsOf(made)));
    const again = await plan({ ...scene, target });
    expect(again.tasks.map(({ id }) => id)).toEqual(made.tasks.map(({ id }) => id));
    const compat = await plan({ ...scene, options: { compat: true } });
    expect([...documentsOf(compat).keys()].filter((name) => name.includes("Alignments"))).toEqual([key()]);
    expect(documentOf(compat, key()).method_type).toBe("patch_tracking");
    expect(() => checkPlan(compat)).not.toThrow();
  });

  it("ARETOMO3, dark sections left out; other formats are copied and not read", async () => {
    const aln = `# AreTomo Alignment / Priims bprmMn
# RawSize = 10 20 3
# NumPatches = 0
# DarkFrame =     1    2     0.00
# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT
    0     0.0    1.00000      1.000      2.000     1.00     1.00     1.00     0.00     -3.00
    2     0.0    1.00000      3.000      4.000     1.00     1.00     1.00     0.00      3.00
`;
    const files = { "lab/rec/a.rec": volume, "lab/ali/a.aln": aln };
    const made = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/*"), "{format: ARETOMO3}")}]` }),
      source: files,
    });
    expect(documentOf(made, key())).toMatchObject({
      alignment_path: `${folder}/100/a.aln`,
      tilt_path: null,
      per_section_alignment_parameters: [
        { z_index: 0, tilt_angle: -3, x_offset: 1 },
        { z_index: 2, tilt_angle: 3, y_offset: 4 },
      ],
    });
    const other = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/*"), "{method_type: simulated}")}]` }),
      source: files,
    });
    expect(documentOf(other, key())).toMatchObject({
      alignment_path: null,
      per_section_alignment_parameters: [],
      files: [`${folder}/100/a.aln`],
    });
  });

  it("a file that cannot be read fails the alignment alone", async () => {
    const made = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/{run_name}.xf", "ali/{run_name}.tlt"))}]` }),
      source: { ...source, "lab/ali/a.xf": "1 0 0\n" },
    });
    expect(made.failures.map(({ error, entity }) => [error.code, entity, error.line])).toEqual([
      ["FORMAT_FIELD", "alignment 100 of a", 1],
    ]);
    expect(documentsOf(made).has("10700/a/run_metadata.json")).toBe(true);
  });

  it("without a tomogram and without dimensions nothing is written; with dimensions it is", async () => {
    const files = { "lab/ali/a.xf": XF, "lab/ali/a.tlt": RAWTLT };
    const scene = (metadata: string) => ({
      config: smallConfig({
        runs: "[{sources: [{literal: {value: [a]}}]}]",
        voxel_spacings: "[]",
        tomograms: "[]",
        alignments: `[${block(globs("ali/{run_name}.*"), metadata)}]`,
      }),
      source: files,
      flags: { items: ["alignments"], metadata: ["alignment"] },
    });
    const none = await plan(scene("{format: IMOD}"));
    expect([none.tasks, none.failures]).toEqual([[], []]);
    expect(none.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("no tomogram gives its dimensions")]);
    const made = await plan(scene("{format: IMOD, volume_dimension: {x: 10, y: 20.5, z: 30}}"));
    expect(documentsOf(made).get(key())).toMatch(/"volume_dimension": \{\s*"x": 10,\s*"y": 20\.5,\s*"z": 30\s*\}/);
    expect(copies(made)).toHaveLength(2);
  });

  it("names the tilt series of this plan", async () => {
    const made = await plan({
      config: smallConfig({
        more: "tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]\n",
      }),
      source: { ...source, "lab/st/a.st": tinyMrc(6, 4, 3, 2) },
    });
    expect(documentOf(made, key()).tiltseries_path).toBe("10700/a/TiltSeries/100/tiltseries_metadata.json");
    const broken = await plan({
      config: smallConfig({
        more: "tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]\n",
      }),
      source: { ...source, "lab/st/a.st": new Uint8Array(3) },
    });
    expect(documentOf(broken, key()).tiltseries_path).toBe(null);
  });
});

describe.skipIf(!hasData)("the facts of the reference's own tests", () => {
  it("an IMOD triple: three files, six offsets, dimensions of 13.48 × (6, 8, 10)", async () => {
    const bucket = memoryStore();
    await copyTree(new URL("lab-mini/", DATA), bucket, "input_bucket/");
    const made = await plan({
      config: readFileSync(new URL("ingest-configs/fixtures/dataset1.yaml", DATA)),
      source: bucket,
      flags: { items: ["alignments"], metadata: ["alignment"], filter: { run: ["TS_run1"] } },
    });
    const base = "10001/TS_run1/Alignments/100";
    expect(copies(made)).toEqual(["xf", "tlt", "xtilt"].map((extension) => `${base}/TS_run1.${extension}`));
    const document = documentOf(made, `${base}/alignment_metadata.json`);
    expect(document).toMatchObject({
      volume_dimension: { x: 13.48 * 6, y: 13.48 * 8, z: 13.48 * 10 },
      tiltx_path: `${base}/TS_run1.xtilt`,
    });
    const offsets = (document.per_section_alignment_parameters as { x_offset: number; y_offset: number }[]).flatMap((section) => [
      section.x_offset,
      section.y_offset,
    ]);
    for (const [index, wanted] of [23.95253, -56.17124, 57.29936, 74.2421, 80.5102, 91.54409].entries())
      expect(offsets[index]).toBeCloseTo(wanted, 5);
  });
});
