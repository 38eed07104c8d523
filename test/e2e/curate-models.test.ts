import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateArchive } from "../../examples/archive/generate.mjs";
import { model, sidecar, tomogram } from "../../examples/archive/model.mjs";
import { REAL_DATA } from "../real-data.js";
import { emporium } from "./cli-host.js";

const data = fileURLToPath(REAL_DATA);
const present = existsSync(join(data, "expected.json"));
const base = mkdtempSync(join(tmpdir(), "emporium-models-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const json = async (...words: string[]) => {
  const { status, out, err } = await emporium([...words, "--json"]);
  return { status, err, result: JSON.parse(out) };
};

interface Facts {
  max_xyz: number[];
  units: number;
  objects: { name: string; contours: number; total_points: number; flags: number; rgb: number[]; mesh_sizes?: number[][] }[];
  slicer_angles: { time: number; angles: number[]; center: number[]; label: string }[];
  chunks: Record<string, number>;
  minx?: { cscale: number[]; ctrans: number[]; otrans: number[] };
}
const listed = present
  ? Object.entries(
      JSON.parse(readFileSync(join(data, "expected.json"), "utf8")) as Record<string, { facts?: Facts; bytes: number }>,
    ).flatMap(([path, { facts, bytes }]) => (path.endsWith(".mod") && facts ? [{ path, facts, bytes }] : []))
  : [];

describe("curate modinfo: real models", () => {
  it.skipIf(!present)("are there to be read", () => expect(listed.length).toBeGreaterThanOrEqual(6));

  it.each(listed)("$path", async ({ path, facts, bytes }) => {
    const { status, result } = await json("curate", "modinfo", join(data, path));
    const [found] = result.models;
    const nine = (values: readonly number[] = []) => values.map((value) => Number(value.toPrecision(9)));
    expect([status, result.errors, result.models.length]).toEqual([0, [], 1]);
    expect(found).toMatchObject({
      max: facts.max_xyz,
      size: bytes,
      chunks: facts.chunks,
      units: facts.units === 0 ? "pixels" : "nm",
    });
    expect(
      found.objects.map((one: Record<string, never>) => [
        one.name,
        one.contours,
        one.points,
        one.flags,
        nine(one.color),
        one.meshes,
      ]),
    ).toEqual(
      facts.objects.map((one) => [one.name, one.contours, one.total_points, one.flags, one.rgb, one.mesh_sizes?.length ?? 0]),
    );
    expect(
      found.slicer_angles.map((one: Facts["slicer_angles"][number]) => ({
        ...one,
        angles: nine(one.angles),
        center: nine(one.center),
      })),
    ).toEqual(facts.slicer_angles);
    const { cscale, ctrans, otrans } = facts.minx ?? { cscale: [], ctrans: [], otrans: [] };
    expect([found.image?.scale ?? [], found.image?.translation ?? [], found.image?.old_translation ?? []].map(nine)).toEqual([
      cscale,
      ctrans,
      otrans,
    ]);
  });

  it.skipIf(!present)("slicer angles as the reference wants them, whatever their labels hold", async () => {
    const { status, out } = await emporium(["curate", "modinfo", join(data, "mod/slicer_angle_example.mod"), "--slicer"]);
    expect([status, out]).toEqual([
      0,
      [
        "13.1 0 -30.2 235.52 682.744 302\tlabel1",
        "-41.4 0 -47.7 221.942 661.193 327\t",
        "-41.4 0 -41.8 232.791 671.332 327\tlabel3",
        "-35.5 0 -36 240.129 679.928 324\t",
        "",
      ].join("\n"),
    ]);
    const none = await emporium(["curate", "modinfo", join(data, "mod/two_contour_example.mod"), "--slicer"]);
    expect([none.status, none.out, none.err]).toEqual([0, "", ""]);
  });
});

describe("curate modinfo: a run's folder", () => {
  const run = join(base, "mka2019-11-19-73");
  const at = (name: string) => join(run, name);
  const points = [[16, 12, 6]];
  beforeAll(() => {
    mkdirSync(join(run, "models"), { recursive: true });
    const MS = model({ name: "MS", max: [32, 24, 12], points });
    writeFileSync(at("MS.mod"), MS);
    writeFileSync(
      at("models/hat.mod"),
      model({ name: "hat", max: [32, 24, 12], slicers: [{ angles: [1, 2, 3], center: [4, 5, 6], label: "a b" }] }),
    );
    writeFileSync(at("PL.mod"), model({ name: "PL", max: [64, 48, 24], points }));
    writeFileSync(at("rod.mod"), model({ name: "rod", max: [32, 24, 12] }));
    writeFileSync(at("full.rec"), tomogram([32, 24, 12], 10, 1));
    writeFileSync(at("bin2.rec"), tomogram([16, 12, 6], 20, 2));
    writeFileSync(at("._full.rec"), sidecar());
    writeFileSync(at("broken.rec"), "no volume");
    writeFileSync(at("._MS.mod"), sidecar());
    writeFileSync(at("short.mod"), MS.subarray(0, 500));
    writeFileSync(at("text.mod"), "# imod ascii file version 2.0\nimod 0\n");
    writeFileSync(at("empty.mod"), "");
  });

  it("says on which volume a model was drawn, and how sure that is", async () => {
    const { status, result } = await json("curate", "modinfo", at("MS.mod"), at("models/hat.mod"), at("PL.mod"));
    expect(status).toBe(0);
    const [MS, hat, PL] = result.models;
    expect(MS).toMatchObject({
      kind: "points",
      empty: false,
      drawn_on: { path: at("full.rec"), size_match: true, pixel_match: true },
    });
    // (34.silence) a volume that cannot be read may be the one that a model was drawn on
    const unread = expect.stringMatching(/^a volume near the model was not compared: .*broken\.rec/);
    expect([MS, hat, PL].map(({ warnings }) => warnings)).toEqual([[unread], [unread], [unread]]);
    expect(MS.drawn_on.candidates.map(({ path }: { path: string }) => path)).toEqual([at("full.rec"), at("bin2.rec")]);
    // the folder of models lies in the run's
    expect(hat).toMatchObject({ kind: "slicer", drawn_on: { path: at("full.rec") } });
    expect(hat.drawn_on.score).toBeLessThan(MS.drawn_on.score);
    expect(PL.drawn_on.path).toBeUndefined();
    expect(PL.drawn_on).toMatchObject({ size_match: false, reason: expect.stringContaining("none of 2 volumes fits") });
  });

  it("lists what is no model, and does the others", async () => {
    const files = ["._MS.mod", "short.mod", "MS.mod", "text.mod", "empty.mod", "absent.mod", "rod.mod"].map(at);
    const { status, result, err } = await json("curate", "modinfo", ...files);
    expect([status, result.models.map(({ file }: { file: string }) => file)]).toEqual([3, [at("MS.mod"), at("rod.mod")]]);
    expect(result.models[1]).toMatchObject({ kind: "empty", empty: true, bounding_box: null });
    expect(result.errors.map(({ code, file }: { code: string; file: string }) => [code, file])).toEqual([
      ["NOT_IMOD", at("._MS.mod")],
      ["TRUNCATED", at("short.mod")],
      ["NOT_IMOD", at("text.mod")],
      ["NOT_IMOD", at("empty.mod")],
      ["STORE_ABSENT", at("absent.mod")],
    ]);
    expect(err).toContain("AppleDouble");
    expect(result.errors[1].byte).toBeGreaterThan(0);
    expect((await emporium(["curate", "modinfo", at("short.mod")])).status).toBe(1);
    expect((await emporium(["curate", "modinfo", at("short.mod"), at("MS.mod"), "--ascii"])).status).toBe(3);
  });

  it("shows a table, the text form and slicer angles", async () => {
    const table = await emporium(["curate", "modinfo", at("MS.mod")]);
    expect(table.out.split("\n")).toEqual([
      `${at("MS.mod")}: points`,
      "  volume      32 × 24 × 12, 10 Å a pixel",
      "  image       scale 10, 10, 10 Å, translation 0, 0, 0 Å, rotation 0, 0, 0°, origin 0, 0, 0 Å",
      `  drawn on    ${at("full.rec")} (1: size 32 × 24 × 12, pixel 10 Å)`,
      "  holds       1 object, 1 contour, 1 point, 0 meshes, 0 slicer angles",
      "",
      "  object  name  kind       contours  points  meshes  colour   x   y   z",
      "  1       MS    scattered  1         1       0       #00ff00  16  12  6",
      expect.stringMatching(
        /^ {2}warning: a volume near the model was not compared: .*broken\.rec: an MRC header has 1024 bytes/,
      ),
      "",
    ]);
    const ascii = await emporium(["curate", "modinfo", at("MS.mod"), "--ascii"]);
    expect(ascii.out.split("\n").slice(-5)).toEqual(["contour 0 0 1", "16 12 6", "conttime 1", "# end of IMOD model", ""]);
    expect(ascii.out).toContain("\nobject 0 1 0\nname MS\ncolor 0 1 0 0\nscattered\nlinewidth 1\nsurfsize  0\npointsize 3\n");
    const several = await emporium(["curate", "modinfo", at("MS.mod"), at("models/hat.mod"), "--slicer"]);
    expect(several.out).toBe(`# ${at("MS.mod")}\n# ${at("models/hat.mod")}\n1 2 3 4 5 6\ta b\n`);
  });

  it("wants one form of output", async () => {
    expect((await emporium(["curate", "modinfo", at("MS.mod"), "--ascii", "--slicer"])).status).toBe(2);
    expect((await emporium(["curate", "modinfo"])).status).toBe(2);
  });
});

describe("curate missing", () => {
  const drives: string[] = [];
  const matches = join(base, "tables", "matching_runs.csv");
  const words = ["--workspace", join(base, "work"), "--matches", matches];
  beforeAll(async () => {
    const { drives: made, portal } = await generateArchive({ out: join(base, "archive"), drives: [2] });
    drives.push(...made);
    // a portal that has nothing of two species, and not one run of a third
    const runs = (JSON.parse(readFileSync(portal, "utf8")) as { name: string }[]).filter(
      ({ name }) => !/^(?:mba|qya)/.test(name),
    );
    const fewer = join(base, "runs.json");
    writeFileSync(
      fewer,
      JSON.stringify(runs.filter(({ name }) => name !== runs.find((run) => run.name.startsWith("etl"))!.name)),
    );
    const { status } = await emporium([
      "curate",
      "match",
      ...drives,
      "--runs",
      fewer,
      "--out",
      matches,
      "--workspace",
      join(base, "work"),
    ]);
    expect(status).toBe(0);
  });

  it("lists runs that the portal does not have, by species, the largest first", async () => {
    const out = join(base, "missing.csv");
    const { status, result } = await json("curate", "missing", ...drives, ...words, "--out", out);
    expect(status).toBe(0);
    expect(result.species.map(({ species, runs, models }: Record<string, unknown>) => [species, runs, models])).toEqual([
      ["Campylobacter", 74, 20],
      ["Proteus", 21, 1],
      ["Legionella", 1, 0],
    ]);
    expect(result.counts).toMatchObject({ runs: 96, folders: 96 });
    const lines = readFileSync(out, "utf8").trim().split("\n");
    expect([lines[0], lines.length]).toEqual(["species,run,path,drive,files,bytes,tomograms,tilt_series,models,perhaps", 97]);
    const [campylobacter] = result.species;
    expect(campylobacter.folders.every(({ path }: { path: string }) => path.startsWith(`${drives[0]}/`))).toBe(true);
  });

  it("what it names becomes a configuration that is valid and has those runs", async () => {
    const { result } = await json("curate", "missing", ...drives, ...words);
    const [{ places, folders }] = result.species;
    const config = join(base, "new.yaml");
    const made = await json("ingest", "new", "--from", places[0].path, "--out", config);
    expect([made.status, made.result.errors]).toEqual([0, []]);
    const withVolumes = folders
      .filter(({ tomograms }: { tomograms: number }) => tomograms > 0)
      .map(({ run }: { run: string }) => run);
    expect([...made.result.runs].sort()).toEqual([...withVolumes].sort());
    expect((await emporium(["ingest", "check", config])).status).toBe(0);
  });

  it("refuses a table that was made of other drives", async () => {
    const other = join(base, "other");
    mkdirSync(join(other, "qya2015-11-19-99"), { recursive: true });
    const { status, err } = await emporium(["curate", "missing", other, ...words]);
    expect([status, err.split("\n")[0]]).toEqual([2, expect.stringContaining("error[CONFIG_RULE]")]);
    expect((await emporium(["curate", "missing", other, "--matches", join(base, "none.csv")])).status).toBe(2);
  });

  it("goes by names where the table has no paths", async () => {
    const table = join(base, "three.csv");
    copyFileSync(matches, table);
    const three = readFileSync(matches, "utf8")
      .split("\n")
      .map((line) => line.split(",").slice(0, 3).join(","));
    writeFileSync(table, three.join("\n"));
    const { result } = await json("curate", "missing", ...drives, "--workspace", join(base, "work"), "--matches", table);
    expect(result.species.map(({ runs }: { runs: number }) => runs)).toEqual([74, 21, 1]);
  });
});
