import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../src/core/errors.js";
import { checkPlan } from "../../src/engine/plan.js";
import { plannedReport } from "../../src/stations/ingest/ingest-report.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { copyTree, documentOf, documentsOf, plan, RAWTLT, smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { run } from "./ingest-run-kit.js";

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
    expect(made.failures.map(({ error, entity }) => [error.code, entity])).toEqual([
      ["CONFIG_COLLISION", "alignment 100 of a"],
      ["TASK_BLOCKED", "tomogram a.rec of a (10.500 Å)"],
    ]);
    expect(made.failures[0]!.error.message).toMatch(/a\.xf and .*a_old\.xf/);
    expect(made.tasks.some(({ params }) => params.kind === "tomogram")).toBe(false);
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

  it("a file that cannot be read fails the alignment and what names it", async () => {
    const made = await plan({
      config: smallConfig({ alignments: `[${block(globs("ali/{run_name}.xf", "ali/{run_name}.tlt"))}]` }),
      source: { ...source, "lab/ali/a.xf": "1 0 0\n" },
    });
    expect(made.failures[0]!.error.line).toBe(1);
    expect(made.failures.map(({ error, entity }) => [error.code, entity])).toEqual([
      ["FORMAT_FIELD", "alignment 100 of a"],
      ["TASK_BLOCKED", "tomogram a.rec of a (10.500 Å)"],
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
  });

  it("(34.14) waits for the tilt series that it names, and is not made where that one cannot be", async () => {
    const config = smallConfig({
      more: "tiltseries: [{metadata: {pixel_spacing: 2}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]\n",
    });
    const made = await plan({ config, source: { ...source, "lab/st/a.st": tinyMrc(6, 4, 3, 2) } });
    const maker = made.tasks.find(({ outputs }) => outputs.includes("10700/a/TiltSeries/100/tiltseries_metadata.json"))!;
    expect(made.tasks.find(({ outputs }) => outputs.includes(key()))!.needs).toContain(maker.id);

    const broken = await plan({ config, source: { ...source, "lab/st/a.st": new Uint8Array(3) } });
    expect(documentsOf(broken).has(key())).toBe(false);
    expect(broken.failures.map(({ error }) => error.code)).toEqual([
      expect.stringMatching(/^FORMAT_/),
      // the tomogram is what it is without a default alignment
      "TASK_BLOCKED",
    ]);
    expect(broken.failures[1]!.error.message).toBe("default alignment of a cannot be made, because tilt series 100 of a failed");
    const report = plannedReport(
      broken,
      { of: () => "new", ofAll: () => "new" },
      { warnings: [], account: await broken.account() },
    );
    expect([report.failed, report.blocked, report.exitStatus]).toEqual([1, 1, 3]);
  });

  it("(34.14) that a disk does not read leaves neither tomogram nor annotation that names it", async () => {
    const more = `annotations:
- metadata:
    annotation_object: {name: ribosome, id: "GO:0005840"}
    annotation_method: by hand
    authors: []
    dates: {deposition_date: "2024-01-01", last_modified_date: "2024-01-01", release_date: "2024-01-01"}
    method_type: manual
    version: 1.0
  sources: [{Point: {file_format: csv, glob_string: 'p/{run_name}.csv'}}]
`;
    const config = smallConfig({ more, alignments: `[${block(globs("ali/{run_name}.xf", "ali/{run_name}.tlt"))}]` });
    const files = { ...source, "lab/p/a.csv": "1,1,1\n", "lab/p/b.csv": "1,1,1\n" };
    const all = { ...files, "lab/rec/b.rec": volume, "lab/ali/b.xf": XF, "lab/ali/b.tlt": RAWTLT };
    const disk = await storeOf(all);
    const failing: Store = {
      ...disk,
      read: async (key, ...rest) => {
        if (key === "lab/ali/a.xf") throw new EmporiumError("STORE_FAILED", `${key} cannot be read: input/output error (EIO)`);
        return disk.read(key, ...rest);
      },
    };
    const flags = { everything: true };
    const report = await run({ config, source: failing, target: memoryStore({ url: "memory:out" }), flags });
    const told = report.errors.map(({ code, entity, also = [] }) => [code, entity, ...also]);
    expect([report.failed, report.blocked, report.exitStatus, told.map(([code]) => code)]).toEqual([
      1,
      2,
      3,
      ["STORE_FAILED", "TASK_BLOCKED", "TASK_BLOCKED"],
    ]);
    expect(report.errors[1]!.message).toContain("cannot be made, because the alignment 100 of a failed");
    const written = report.outputs.map(({ key }) => key);
    expect(written.filter((key) => /^10700\/a\/.*(Tomograms|Alignments|Annotations)/.test(key))).toEqual([]);
    // the other run has all
    for (const part of ["Tomograms", "Alignments", "Annotations"])
      expect(written.filter((key) => key.startsWith("10700/b/") && key.includes(part))).not.toEqual([]);
  });
});

describe.skipIf(!hasRealData)("the facts of the reference's own tests", () => {
  it("an IMOD triple: three files, six offsets, dimensions of 13.48 × (6, 8, 10)", async () => {
    const bucket = memoryStore();
    await copyTree(new URL("lab-mini/", REAL_DATA), bucket, "input_bucket/");
    const made = await plan({
      config: readFileSync(new URL("ingest-configs/fixtures/dataset1.yaml", REAL_DATA)),
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
