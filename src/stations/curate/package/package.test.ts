import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../../test/real-data.js";
import { inMemory } from "../../../core/bytes.js";
import { readMod } from "../../../formats/mod/read.js";
import type { NewMod } from "../../../formats/mod/write.js";
import { encodeMod } from "../../../formats/mod/write.js";
import { checkProfile, parseDepositionProfile } from "../../../formats/yaml/deposition-profile.js";
import { classifier } from "../labels/classify.js";
import { defaultVocabulary } from "../labels/vocabulary.js";
import { summariseModel } from "../models/summary.js";
import { chooseSpacing } from "./choose-spacing.js";
import { configText, type PackagedRun } from "./config-text.js";
import { joinModels, modelParts, trianglesOf } from "./model-parts.js";
import { objectOf, slugOf } from "./objects.js";
import type { PortalTomogram } from "./tree-tomograms.js";

const SIZE = [40, 30, 20] as const;
const partsOf = async (mod: Omit<NewMod, "max">) =>
  modelParts(await readMod(inMemory(encodeMod({ max: SIZE, ...mod })), { meshes: true }), "x.mod");

describe("what an ingestion takes of a model", () => {
  const contour = (points: number) => ({ xyz: Array.from({ length: 3 * points }, (_, at) => at) });

  it("points of scattered and open objects, and single points of closed ones", async () => {
    const parts = await partsOf({
      objects: [
        { contourKind: "scattered", contours: [contour(4)] },
        { contourKind: "open", contours: [contour(3), contour(2)] },
        { contourKind: "closed", contours: [contour(1), contour(2)] },
      ],
    });
    expect(parts).toMatchObject({ points: 12, surfaces: [], asItIs: true });
    // two points may be meant as a line
    expect(parts.notes).toEqual(["x.mod: 1 closed contour of two points is no outline; the points are packaged with the others"]);
  });

  it("(34.silence) says nothing of two points in open contours, or beside none", async () => {
    const open = await partsOf({ objects: [{ contourKind: "open", contours: [contour(2), contour(2)] }] });
    const single = await partsOf({ objects: [{ contourKind: "closed", contours: [contour(1), contour(1)] }] });
    expect([open.notes, single.notes]).toEqual([[], []]);
  });

  it("corners of outlines, and says so", async () => {
    const parts = await partsOf({ objects: [{ contourKind: "closed", contours: [contour(5), contour(1)] }] });
    expect(parts).toMatchObject({ points: 6, asItIs: true });
    expect(parts.notes).toEqual([expect.stringContaining("1 closed contour is an outline; their 5 corners")]);
  });

  it("the surface of an outlined object in place of its outlines", async () => {
    const vertices = [0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 0, 1, 0, 9, 0, 0, 0, 1];
    const mesh = { vertices, indices: [-25, 0, 2, 4, -22, -1] };
    const parts = await partsOf({
      objects: [
        { contourKind: "closed", name: "hull", contours: [contour(5)], meshes: [mesh] },
        { contourKind: "scattered", contours: [contour(2)], meshes: [mesh] },
      ],
    });
    expect(parts).toMatchObject({ points: 2, asItIs: false, notes: [] });
    expect(parts.surfaces).toEqual([
      { name: "hull", positions: Float32Array.of(0, 0, 0, 9, 0, 0, 0, 9, 0), triangles: Uint32Array.of(0, 1, 2) },
    ]);
  });

  it("reads both ways of triangles, and refuses what it cannot read", () => {
    expect(trianglesOf(Int32Array.of(-25, 0, 2, 4, 4, 2, 6, -22, -1), 8)).toEqual([0, 2, 4, 4, 2, 6]);
    expect(trianglesOf(Int32Array.of(-23, 1, 0, 3, 2, 5, 4, -22, -1), 8)).toEqual([0, 2, 4]);
    expect(trianglesOf(Int32Array.of(-21, 0, 2, 4, 6, -22, -1), 8)).toBeUndefined();
    expect(trianglesOf(Int32Array.of(-25, 0, 2, 9, -22, -1), 8)).toBeUndefined();
    expect(trianglesOf(Int32Array.of(-25, 0, 2, -22, -1), 8)).toBeUndefined();
  });

  it("joins the models of a run: points and slicer angles in their order", async () => {
    const slicer = (x: number) => ({ time: 1, angles: [x, 0, 0] as const, center: [x, x, x] as const, label: `s ${x}` });
    const mods = await Promise.all(
      [1, 2].map((x) =>
        readMod(inMemory(encodeMod({ max: SIZE, objects: [{ contours: [{ xyz: [x, x, x] }] }], slicerAngles: [slicer(x)] }))),
      ),
    );
    const joined = await readMod(inMemory(joinModels(mods.map((mod) => ({ mod, parts: modelParts(mod, "x") })))));
    expect(joined.objects.map(({ contours }) => [...contours[0]!.xyz])).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(joined.slicerAngles).toEqual([slicer(1), slicer(2)]);
    expect(joined.header.max).toEqual(SIZE);
  });

  const data = new URL("mod/", REAL_DATA);
  it.skipIf(!existsSync(data))("of real models: counts that are known of them", async () => {
    const real = async (name: string) =>
      modelParts(await readMod(inMemory(readFileSync(new URL(name, data)), name), { meshes: true }), name);
    expect(await real("two_contour_example.mod")).toMatchObject({ points: 25, slicerAngles: 0, surfaces: [] });
    expect(await real("slicer_angle_example.mod")).toMatchObject({ points: 4, slicerAngles: 4, notes: [] });
    const curved = await real("meshed_curvature_example.mod");
    for (const { positions, triangles } of curved.surfaces) {
      expect(Math.max(...triangles)).toBeLessThan(positions.length / 3);
      for (let at = 0; at < positions.length; at += 3) expect(positions[at]).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("on which of the portal's tomograms a model was drawn", () => {
  const tomogram = (spacing: string, [x, y, z]: readonly number[], alignment = "100", id = 100): PortalTomogram => ({
    path: `10052/r/Reconstructions/VoxelSpacing${spacing}/Tomograms/${id}/tomogram_metadata.json`,
    shape: [z!, y!, x!],
    voxelAngstrom: Number(spacing),
    spacing,
    alignment,
  });
  const drawn = (mod: Partial<NewMod> = {}) =>
    summariseModel(
      inMemory(encodeMod({ max: SIZE, pixelSizeAngstrom: 10, objects: [{ contours: [{ xyz: [1, 2, 3] }] }], ...mod })),
    );
  const choose = (model: Awaited<ReturnType<typeof drawn>>, tomograms: readonly PortalTomogram[] | undefined, more = {}) =>
    chooseSpacing(model, "x.mod", { tomograms, voxelSpacing: undefined, binning: 1, ...more });

  it("is told by size and spacing", async () => {
    const half = tomogram("20.000", [20, 15, 10]);
    expect(choose(await drawn(), [half, tomogram("10.000", SIZE, "101")])).toMatchObject({ spacing: "10.000", alignment: "101" });
    const other = await drawn({ max: [7, 7, 7] });
    expect(() => choose(other, [half])).toThrow(/not certain/);
  });

  it("may be any of several of one spacing, and none of several spacings", async () => {
    const twins = [tomogram("10.000", SIZE, "102", 101), tomogram("10.000", SIZE, "100", 100)];
    expect(choose(await drawn(), twins)).toMatchObject({ spacing: "10.000", alignment: "100" });
    const other = tomogram("10.010", SIZE);
    const model = await drawn();
    expect(() => choose(model, [twins[0]!, other])).toThrow(/not certain/);
    expect(choose(model, [twins[0]!, other], { voxelSpacing: 10.01 })).toMatchObject({ spacing: "10.010" });
  });

  it("(34.silence) tells which of several alignments is taken, and where none is named", async () => {
    const twins = [tomogram("10.000", SIZE, "102", 101), tomogram("10.000", SIZE, "100", 100)];
    expect(choose(await drawn(), twins).notes).toEqual([
      "x.mod: tomograms of alignments 100, 102 fit as well as each other: 100 is taken",
    ]);
    const unnamed = { ...tomogram("10.000", SIZE), alignment: undefined };
    expect(choose(await drawn(), [unnamed]).notes).toEqual(["x.mod: the tomogram's metadata name no alignment: 100 is taken"]);
    expect(choose(await drawn(), [tomogram("10.000", SIZE)]).notes).toEqual([]);
  });

  it("is not known of a model whose pixel of 1 Å is that of an image without one, as for ingest new", async () => {
    const model = { ...(await drawn()), scale_A: [1, 1, 1] as const };
    expect(choose(model, undefined)).toMatchObject({ spacing: "10.000" });
    expect(() => choose({ ...model, pixsize_nm: null }, undefined)).toThrow(/has no pixel size/);
    expect(choose({ ...model, pixsize_nm: null }, undefined, { voxelSpacing: 1 })).toMatchObject({ spacing: "1.000" });
  });

  it("(34.silence) tells of a pixel that is not the same along each axis", async () => {
    const model = { ...(await drawn()), scale_A: [10, 10, 20] as const };
    expect(choose(model, undefined)).toMatchObject({
      spacing: "10.000",
      notes: [
        "x.mod: the pixel is 10 × 10 × 20 Å (x, y, z), and the voxel spacing is that along x: --voxel-spacing gives another one",
      ],
    });
    expect(choose(model, undefined, { voxelSpacing: 10 }).notes).toEqual([]);
  });

  it("(34.silence) tells of a given spacing that is not the model's own", async () => {
    expect(choose(await drawn(), undefined, { voxelSpacing: 7.84 }).notes).toEqual([
      "x.mod: taken as voxels of 7.840 Å, as --voxel-spacing says; by the model they are of 10.000 Å",
    ]);
    expect(choose(await drawn(), undefined, { voxelSpacing: 20, binning: 2 }).notes).toEqual([]);
  });

  it("has a finer volume where a person says so", async () => {
    const model = await drawn();
    const binned = [tomogram("20.000", [20, 15, 10])];
    expect(() => choose(model, binned)).toThrow(/not certain/);
    expect(choose(model, binned, { binning: 2 })).toMatchObject({ spacing: "20.000" });
    expect(choose(await drawn({ max: [41, 30, 20] }), binned, { binning: 2 })).toMatchObject({ spacing: "20.000" });
  });

  it("is refused where the model was saved on a view with y and z exchanged", async () => {
    const model = await drawn({ max: [40, 20, 30], flags: 1 << 16 });
    expect(() => choose(model, [tomogram("10.000", SIZE)])).toThrow(/y and z exchanged/);
  });

  it("is the model's own pixel where no tree is known, or what a person says", async () => {
    expect(choose(await drawn({ pixelSizeAngstrom: 13.4799 }), undefined)).toEqual({
      spacing: "13.480",
      alignment: "100",
      notes: [],
    });
    expect(choose(await drawn(), undefined, { voxelSpacing: 7.84 })).toMatchObject({ spacing: "7.840" });
    const unknown = await drawn({ pixelSizeAngstrom: undefined });
    expect(() => choose(unknown, undefined)).toThrow(/no pixel size/);
  });
});

describe("what a label shows", () => {
  const object = (label: string, objects = {}) =>
    objectOf(classifier(defaultVocabulary())(label), defaultVocabulary(), { objects });

  it("is the ontology's name, the vocabulary's words, or a person's", () => {
    expect(object("MS")).toMatchObject({ name: "bacterial-type flagellum basal body, MS ring", id: "GO:0009431" });
    expect(object("hat")).toEqual({ name: "hat-like structure", id: undefined });
    expect(object("TP", { tp: { name: "a thing", id: "GO:0000001" } })).toEqual({ name: "a thing", id: "GO:0000001" });
    expect(slugOf("bacterial-type flagellum basal body, MS ring")).toBe("bacterial-type-flagellum-basal-body-ms-ring");
    expect(slugOf("…")).toBe("annotation");
  });

  it("is required where it has no definition", () => {
    expect(() => object("TP")).toThrow(/without a definition/);
    expect(() => object("vesicle")).toThrow(/in no vocabulary/);
  });
});

describe("the configuration of a package", () => {
  const run = (name: string, alignment = "100"): PackagedRun => ({
    dataset: "10052",
    run: name,
    alignment,
    forms: new Set(["points"]),
  });
  const text = (runs: readonly PackagedRun[], profile = checkProfile({}, "x"), binning = 1) =>
    configText({ batch: "b", object: { name: "thing", id: undefined }, profile, runs, binning, notes: ["a\nb: c"] });

  it("marks every value that nobody has given, and none besides", () => {
    const { yaml, toFill } = text([run("a")]);
    expect(toFill.map(({ what }) => what.split(/[,:;]/)[0])).toContain("full name");
    expect(yaml).toContain("# a b: c\n");
    const profile = parseDepositionProfile(
      `deposition_id: 10302
title: T
description: D
authors: [{name: Ada Lovelace}, {name: B, corresponding_author_status: true}]
dates: {deposition_date: 2026-01-02, release_date: 2026-02-03}
ground_truth_status: true
is_curator_recommended: false
`,
      "p.yaml",
    );
    const given = configText({
      batch: "b",
      object: { name: "thing", id: "GO:0000001" },
      profile,
      runs: [run("a")],
      binning: 2,
      notes: [],
    });
    expect(given.toFill).toEqual([]);
    expect(given.yaml).toContain("binning: 2");
    expect(given.yaml).toMatch(/name: Ada Lovelace, primary_author_status: true/);
  });

  it("names the alignment of each run where they differ, and takes names as they are", () => {
    const { yaml } = text([run("a.1"), run("b", "101"), { ...run("c"), dataset: "x[1]{y}" }]);
    expect(yaml).toContain("Alignments/101/alignment_metadata.json");
    expect(yaml).toContain("^a\\.1$");
    expect(yaml).toContain("{output_path}/x[[]1]{{y}}");
  });

  it("says what is wrong with a profile, and where", () => {
    const fault = (source: string) => {
      try {
        parseDepositionProfile(source, "p.yaml");
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(fault("deposition: 1\n")).toMatchObject({ code: "CONFIG_FIELD" });
    expect(fault("dates:\n  deposition_date: 2026-02-30\n  release_date: 2026-02-03\n")).toMatchObject({
      code: "CONFIG_FIELD",
      facts: { place: { line: 2, path: "dates.deposition_date" } },
    });
    expect(fault("a: [\n")).toMatchObject({ code: "CONFIG_SYNTAX" });
  });
});
