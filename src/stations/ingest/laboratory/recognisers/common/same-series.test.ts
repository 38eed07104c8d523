import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { NOTHING_GIVEN } from "../../decide.js";
import { givenOf, readDecisions, writeDecisions } from "../../decisions-file.js";
import { decisionsOf, recognisedIn } from "../../know.js";
import { runsOfSeries } from "./same-series.js";

const { signal } = new AbortController();
const stack = (seed: number, images = 5) => mrcFile([images, 48, 48], 2.5, { kind: "stack", seed });
const volume = (seed: number, spacing = 10) => mrcFile([6, 12, 12], spacing, { seed });
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const angles = "-6\n-3\n0\n3\n6\n";
const edf = (name: string) => ({
  [`${name}.edf`]: `Setup.DatasetName=${name}\nSetup.Version.Etomo.Created=4.11.12\n`,
  [`${name}.xf`]: "1 0 0 1 0 0\n".repeat(5),
  [`${name}.tlt`]: angles,
});
const aln = (shift = 0) =>
  `# AreTomo Alignment / Priims bprmMn\n# RawSize = 48 48 5\n# NumPatches = 0\n# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n${[0, 1, 2, 3, 4].map((n) => `${n} 0 1.0 ${shift * (n % 2)} ${-shift * (n % 3)} 1.0 1.0 1.0 0.0 ${-6 + 3 * n}`).join("\n")}\n`;
const mdoc = (name: string, minute: number) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${name}\n\n${[-6, -3, 0, 3, 6].map((tilt, z) => `[ZValue = ${z}]\nTiltAngle = ${tilt}\nDateTime = 12-Mar-24  10:${minute + z}:12\n`).join("\n")}`;
const below = <T>(folder: string, files: Record<string, T>) =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content]));

type Files = Record<string, string | Uint8Array>;

async function decided(files: Files, yaml?: string) {
  const laboratory = await laboratoryWith(files);
  const given = yaml === undefined ? NOTHING_GIVEN : givenOf(readDecisions(yaml, "x"), laboratory);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  const of = (path: string) => decisions.files.get(path);
  const whose = decisions.questions.filter(({ isOfRuns }) => isOfRuns);
  return { ...decisions, of, whose, laboratory, text: await writeDecisions(laboratory, decisions) };
}

describe("copies of one stack", () => {
  it("under several folders are one run, with what was made of each", async () => {
    const { runs, of, questions } = await decided({
      "stacks/TS_01.mrc": stack(1),
      "stacks/TS_01.mrc.mdoc": mdoc("TS_01.mrc", 10),
      ...below("etomo_v1/TS_01", { ...edf("TS_01"), "TS_01.st": stack(1), "TS_01_rec.mrc": volume(5) }),
      ...below("etomo_v2/TS_01", { ...edf("TS_01"), "TS_01.st": stack(1), "TS_01_rec.mrc": mrcFile([3, 6, 6], 20, { seed: 6 }) }),
      ...below("aretomo", { "TS_01.aln": aln(), "TS_01.mrc": stack(1) }),
    });
    expect(runs).toEqual(["TS_01"]);
    expect(questions).toEqual([]);
    expect(of("etomo_v2/TS_01/TS_01_rec.mrc")).toMatchObject({ role: "tomogram", run: "TS_01" });
  });

  it.each(["TS_01.st.aln", "TS_01_bin4.aln"])(
    "are one run with %s, which lies beside them and is called after them",
    async (name) => {
      const one = { "tiltstack/TS_01/TS_01.st": stack(1), [`tiltstack/TS_01/${name}`]: aln() };
      const other = { "tiltstack/TS_01/TS_01.st": stack(1), [`tiltstack/TS_01/${name}`]: aln(40) };
      const { runs, whose } = await decided({
        "mdoc/TS_01.mrc.mdoc": mdoc("TS_01.mrc", 10),
        ...below("processed", one),
        ...below("processed_first", other),
      });
      expect(runs).toEqual(["TS_01"]);
      expect(whose).toEqual([]);
    },
  );

  it("are one run with mdocs beside each of them", async () => {
    const one = { "TS_01.mrc": stack(1), "TS_01.mrc.mdoc": mdoc("TS_01.mrc", 10) };
    const { runs } = await decided({ ...below("grid1", one), ...below("backup of anna", one) });
    expect(runs).toEqual(["TS_01"]);
  });
});

it("what was made on a copy of a stack is of the series of that, though another session has one of its name", async () => {
  const session = (seed: number, minute: number) => ({
    "TS_01.mrc": stack(seed),
    "TS_01.mrc.mdoc": mdoc("TS_01.mrc", minute),
    "live/TS_01_bin8.aln": aln(seed),
  });
  const { of, whose } = await decided({
    ...below("data/20240918_Glacios", session(9, 40)),
    ...below("data/20240925_Krios", session(1, 10)),
    ...below("work/user_a/TS_01", { ...edf("TS_01"), "TS_01.st": stack(1), "TS_01_rec.mrc": volume(5) }),
    ...below("work/user_b/try", { "TS_01.mrc": stack(1), "TS_01_bin4.aln": aln(40), "TS_01_bin4.mrc": volume(8) }),
  });
  expect(whose).toEqual([]);
  expect(
    ["user_b/try/TS_01_bin4.aln", "user_b/try/TS_01_bin4.mrc", "user_a/TS_01/TS_01.st"].map((path) => of(`work/${path}`)?.run),
  ).toEqual(Array(3).fill("20240925_Krios_TS_01"));
});

describe("the only stack of a name that two sessions have", () => {
  const session = (names: readonly string[], hour: number) =>
    Object.fromEntries(names.map((name, at) => [`${name}.mdoc`, mdoc(`${name}.mrc`, 10 * at).replaceAll("  10:", `  ${hour}:`)]));
  const made = (name: string, seed: number) =>
    below(name, { [`${name}.mrc`]: stack(seed), [`${name}.rawtlt`]: angles, [`${name}_rec.mrc`]: volume(seed + 1) });

  it("is of neither where nothing tells of which, whatever the order of their names", async () => {
    const { of } = await decided({
      ...below("data/day1", session(["TS_01"], 10)),
      ...below("data/day2", session(["TS_01"], 15)),
      ...below("anna", made("TS_01", 1)),
    });
    for (const path of ["anna/TS_01/TS_01.mrc", "anna/TS_01/TS_01_rec.mrc"]) expect(of(path)?.run).toBeUndefined();
  });

  it("is of the one that the other series of its folder are of, which is told", async () => {
    const { of, notes } = await decided({
      ...below("data/day1", session(["TS_01", "TS_03"], 10)),
      ...below("data/day2", session(["TS_01", "TS_02"], 15)),
      ...below("anna", { ...made("TS_01", 1), ...made("TS_02", 3) }),
    });
    for (const path of ["anna/TS_01/TS_01.mrc", "anna/TS_01/TS_01_rec.mrc", "data/day2/TS_01.mdoc"])
      expect([path, of(path)?.run]).toEqual([path, "day2_TS_01"]);
    expect(of("data/day1/TS_01.mdoc")?.run).toBe("day1_TS_01");
    expect(notes.join("\n")).toContain("Several sessions have series called TS_01");
  });
});

describe("stacks of one name with other images", () => {
  const own = (seed: number) => ({
    "TS_01.mrc": stack(seed),
    "TS_01.rawtlt": angles,
    "rec/TS_01.rec": volume(seed + 10),
    "TS_02.mrc": stack(seed + 1),
    "TS_02.rawtlt": angles,
  });

  it("have what lies elsewhere and is called after one of their folders, whatever program made it", async () => {
    const { runs, of } = await decided({
      ...below("tomograms/wt/TS_01", { ...edf("TS_01"), "TS_01.st": stack(1), "TS_01_rec.mrc": volume(11) }),
      ...below("tomograms/dko", { "TS_01.aln": aln(40), "TS_01.mrc": stack(3), "TS_01_rec.mrc": volume(13) }),
      "meshes/wt/predicted/TS_01_pores.csv": "x_nm,y_nm,z_nm\n2,3,1\n",
      "meshes/dko/predicted/TS_01_pores.csv": "x_nm,y_nm,z_nm\n3,2,4\n",
      "picks/dko_TS_01_ribosomes.csv": "x_nm,y_nm,z_nm\n1,2,3\n",
      "picks/TS_01_ribosomes.csv": "x_nm,y_nm,z_nm\n3,2,1\n",
      "unrolled/wt_TS_01_M1.mrc": mrcFile([4, 20, 9], 10, { seed: 9 }),
    });
    expect(runs).toEqual(["dko_TS_01", "wt_TS_01"]);
    expect(of("meshes/wt/predicted/TS_01_pores.csv")).toMatchObject({ role: "points", run: "wt_TS_01" });
    expect(of("meshes/dko/predicted/TS_01_pores.csv")).toMatchObject({ role: "points", run: "dko_TS_01" });
    expect(of("picks/dko_TS_01_ribosomes.csv")).toMatchObject({ role: "points", run: "dko_TS_01" });
    expect(of("picks/TS_01_ribosomes.csv")).toMatchObject({ role: "left out" });
    expect(of("unrolled/wt_TS_01_M1.mrc")?.run ?? "wt_TS_01").toBe("wt_TS_01");
  });

  it("are no series of their own where an alignment has turned them", async () => {
    const person = (seed: number) => ({
      "raw/TS_01.st": stack(seed),
      "imod/TS_01/TS_01.ali": stack(seed + 20),
      "imod/TS_01/TS_01.xf": "1 0 0 1 0 0\n".repeat(5),
      "imod/TS_01/TS_01.tlt": angles,
      "imod/TS_01/TS_01_bin4.rec": volume(seed + 10),
    });
    const { runs, of, questions } = await decided({ ...below("anna", person(1)), ...below("bo", person(2)) });
    expect(runs).toEqual(["anna_TS_01", "bo_TS_01"]);
    expect(questions).toEqual([]);
    expect(of("bo/imod/TS_01/TS_01.ali")).toMatchObject({ role: "left out" });
    expect(of("bo/imod/TS_01/TS_01_bin4.rec")).toMatchObject({ role: "tomogram", run: "bo_TS_01" });
  });

  it("are those of several people, with all that lies in their folders", async () => {
    const { runs, of, questions, notes } = await decided({ ...below("anna", own(1)), ...below("ben", own(21)) });
    expect(runs).toEqual(["anna_TS_01", "anna_TS_02", "ben_TS_01", "ben_TS_02"]);
    expect(of("ben/rec/TS_01.rec")).toMatchObject({ role: "tomogram", run: "ben_TS_01" });
    expect(of("anna/TS_01.rawtlt")).toMatchObject({ role: "raw tilts", run: "anna_TS_01" });
    expect(questions).toEqual([]);
    expect(notes.join()).toContain("Files called TS_01 and TS_02, are of several series".replace(" and TS_02,", ", TS_02"));
  });

  it("are apart though their mdocs have the same times", async () => {
    const of = (seed: number) => ({ "mdocs/TS_01.mrc.mdoc": mdoc("TS_01.mrc", 10), "stacks/TS_01.mrc": stack(seed) });
    const { runs, of: file } = await decided({ ...below("anna", of(1)), ...below("ben", of(2)) });
    expect(runs).toEqual(["anna_TS_01", "ben_TS_01"]);
    expect(file("ben/mdocs/TS_01.mrc.mdoc")).toMatchObject({ role: "acquisition", run: "ben_TS_01" });
  });

  it("are not one by times that several series of a folder have, nor by equal times of other pixels", async () => {
    const framed = (name: string, minute: number) =>
      mdoc(name, minute).replaceAll(/\[ZValue = (\d+)\]/g, (line, z) => `${line}\nSubFramePath = X:\\frames\\${name}_${z}.tif`);
    const of = (seed: number, minute: number) => ({
      ...{ "TS_01.mdoc": framed("TS_01", minute), "TS_02.mdoc": framed("TS_02", minute) },
      ...{ "rec/TS_01.rec": volume(seed), "rec/TS_02.rec": volume(seed + 1) },
    });
    const template = await decided({ ...below("may", of(1, 10)), ...below("june", of(21, 10)) });
    expect(template.runs).toEqual(["june_TS_01", "june_TS_02", "may_TS_01", "may_TS_02"]);
    const mine = (seed: number, pixel: string) => ({
      "TS_01.mdoc": mdoc("TS_01.mrc", 10).replace("= 2.5", `= ${pixel}`),
      "rec/TS_01.rec": volume(seed),
    });
    expect((await decided({ ...below("may", mine(1, "2.5")), ...below("june", mine(21, "2.5")) })).runs).toEqual(["TS_01"]);
    expect((await decided({ ...below("may", mine(1, "2.5")), ...below("june", mine(21, "3.4")) })).runs).toEqual([
      "june_TS_01",
      "may_TS_01",
    ]);
  });

  it("tell of a whole folder: a series without a stack is apart, too", async () => {
    const { runs, whose } = await decided({
      ...below("anna", { ...own(1), "rec/TS_02.rec": volume(31) }),
      ...below("ben", { "TS_01.mrc": stack(21), "rec/TS_01.rec": volume(32), "rec/TS_02.rec": volume(33) }),
    });
    expect(whose).toEqual([]);
    expect(runs).toEqual(["anna_TS_01", "anna_TS_02", "ben_TS_01", "ben_TS_02"]);
  });

  it("are apart within the folders of one person, too, each with what lies nearest", async () => {
    const { runs, of } = await decided({
      ...below("ben", {
        "pilot_2022/TS_01.st": stack(1),
        "project/stacks/TS_01.mrc": stack(2),
        "project/recons/TS_01_rec.mrc": volume(3),
      }),
      ...below("anna", own(21)),
    });
    expect(runs).toEqual(["anna_TS_01", "ben_pilot_2022_TS_01", "ben_project_TS_01", "TS_02"]);
    expect(of("ben/project/recons/TS_01_rec.mrc")).toMatchObject({ run: "ben_project_TS_01" });
  });

  it("have what lies elsewhere by what it holds, before what another series of that folder tells", async () => {
    const sample = (seed: number) => ({
      ...{ "TS_01.mrc": stack(seed), "rec/TS_01.rec": volume(seed + 10) },
      ...{ "TS_02.mrc": stack(seed + 1), "rec/TS_02.rec": volume(seed + 11) },
    });
    const { runs, of } = await decided({
      ...below("screen2/dko", sample(1)),
      ...below("screen2/wt", sample(31)),
      "earlier/wt/TS_01.rec": volume(41, 12),
      "earlier/dko/TS_02.rec": volume(12, 12),
    });
    expect(runs).toEqual(["dko_TS_01", "dko_TS_02", "wt_TS_01", "wt_TS_02"]);
    expect(of("earlier/wt/TS_01.rec")?.run).toBe("wt_TS_01");
    expect(of("earlier/dko/TS_02.rec")?.run).toBe("dko_TS_02");
  });

  it("are of the samples that folders for archives and folders of a warning have within them", async () => {
    const { runs, of } = await decided({
      ...below("empiar/data/dko", own(1)),
      ...below("empiar/data/wt", own(31)),
      "emdb/EMD-51234/map/emd_51234.map": mrcFile([7, 13, 12], 10, { seed: 77 }),
      "old_recs_DO_NOT_UPLOAD/wt/TS_02.rec": volume(91),
    });
    expect(runs.filter((run) => run.includes("TS"))).toEqual(["dko_TS_01", "dko_TS_02", "wt_TS_01", "wt_TS_02"]);
    expect(of("old_recs_DO_NOT_UPLOAD/wt/TS_02.rec")?.run).toBe("wt_TS_02");
  });

  it("are those of two places of which each folder of work has its own folders, and one may have a single one", async () => {
    const { runs, of, whose } = await decided({
      ...below("serialem", { "L03/ts_001.mrc": stack(1), "L07/ts_001.mrc": stack(2) }),
      ...below("aretomo3", { "L03/ts_001.aln": aln(3), "L07/ts_001.aln": aln(9) }),
      "tomograms/L03/ts_001_rec.mrc": volume(3),
      "tomograms/L07/ts_001_rec.mrc": volume(4),
      "denoised/L07/ts_001_rec.mrc": volume(5),
    });
    expect(whose).toEqual([]);
    expect(runs).toEqual(["L03_ts_001", "L07_ts_001"]);
    expect(of("denoised/L07/ts_001_rec.mrc")).toMatchObject({ run: "L07_ts_001" });
    expect(of("aretomo3/L03/ts_001.aln")).toMatchObject({ run: "L03_ts_001" });
  });

  it("are not put together since nothing tells of a third thing which of them it is of", async () => {
    const place = (seed: number) => ({
      "ts_001.mrc": stack(seed),
      "ts_001.mrc.mdoc": mdoc("ts_001.mrc", 10 * seed),
      "ts_001_rec.mrc": volume(seed + 2),
    });
    const { whose, of } = await decided({
      ...{ ...below("L03", place(1)), ...below("L07", place(2)) },
      "tomograms/ts_001_rec.mrc": mrcFile([3, 6, 6], 20, { seed: 9 }),
    });
    expect(whose).toMatchObject([
      {
        text: "Are the files called ts_001 in these 3 places of the same tilt series?",
        why: "Such as L03/ts_001.mrc.mdoc, L07/ts_001.mrc.mdoc, tomograms/ts_001_rec.mrc. Not all of them have images to compare.",
        answer: "separate-runs",
      },
    ]);
    expect([of("L03/ts_001.mrc")?.run, of("L07/ts_001.mrc")?.run]).toEqual(["L03_ts_001", "L07_ts_001"]);
  });

  it("have the frames that their mdocs name, though these lie in one folder", async () => {
    const of = (name: string, minute: number) =>
      mdoc("ts_001.mrc", minute).replaceAll(/DateTime = .*/g, (line, at) => `${line}\nSubFramePath = D:\\x\\${name}_${at}.tif`);
    const texts = { "serialem/L03/ts_001.mrc.mdoc": of("a", 10), "serialem/L07/ts_001.mrc.mdoc": of("b", 40) };
    const frames = Object.values(texts).flatMap((text) => [...text.matchAll(/D:\\x\\(.*)/g)].map(([, name]) => `frames/${name}`));
    const { runs, of: file } = await decided({
      ...texts,
      "serialem/L03/ts_001.mrc": stack(1),
      "serialem/L07/ts_001.mrc": stack(2),
      "tomograms/L03/ts_001_rec.mrc": volume(3),
      "tomograms/L07/ts_001_rec.mrc": volume(4),
      ...Object.fromEntries(frames.map((path) => [path, tiff])),
    });
    expect(runs).toEqual(["L03_ts_001", "L07_ts_001"]);
    expect(frames.map((path) => file(path)?.run)).toEqual([...Array(5).fill("L03_ts_001"), ...Array(5).fill("L07_ts_001")]);
  });

  it("leave alone what lies in neither folder: nobody is told to own it", async () => {
    const { of } = await decided({
      ...below("anna", own(1)),
      ...below("ben", own(21)),
      "tables/TS_01.rawtlt": angles,
    });
    expect(of("tables/TS_01.rawtlt")).toMatchObject({
      role: "left out",
      because: expect.stringContaining("nothing tells whether"),
    });
  });

  it("are of several series where no binning makes one pixel of the other, though folders are called after what was done", async () => {
    const other = (pixel: number) => ({
      "work/TS_01/TS_01.st": stack(1),
      "work/TS_01/TS_01.rawtlt": angles,
      "work/TS_01/TS_01_rec.mrc": volume(4),
      "old_2019/TS_01/TS_01.st": mrcFile([5, 48, 48], pixel, { kind: "stack", seed: 2 }),
      "old_2019/TS_01/TS_01_rec.mrc": volume(5, 4 * pixel),
    });
    const apart = await decided(other(3.1));
    expect(apart.of("old_2019/TS_01/TS_01_rec.mrc")?.run).not.toBe(apart.of("work/TS_01/TS_01_rec.mrc")?.run);
    const binned = await decided(other(5));
    expect(binned.of("old_2019/TS_01/TS_01_rec.mrc")?.run).toBe("TS_01");
    expect(binned.questions.filter(({ id }) => id.startsWith("series"))).toMatchObject([
      {
        text: "Which of these 2 stacks is the tilt series of run TS_01?",
        files: ["old_2019/TS_01/TS_01.st", "work/TS_01/TS_01.st"],
      },
    ]);
  });

  it("have what the bookkeeping of the program that knows one of them alone says of it, wherever it lies", async () => {
    const { of, whose } = await decided({
      "TS_01/TS_01.st": stack(1),
      "TS_01/TS_01_dose-filt.st": stack(1),
      "TS_01/TS_01.rawtlt": angles,
      "novactf_bin4/TS_01_dose-filt.rec": volume(4),
      "old_2019/TS_01/TS_01.st": mrcFile([5, 48, 48], 3.1, { kind: "stack", seed: 2 }),
      "old_2019/TS_01/TS_01.rawtlt": angles,
      "old_2019/TS_01/TS_01_bin4.rec": volume(5, 12.4),
    });
    expect(of("novactf_bin4/TS_01_dose-filt.rec")).toMatchObject({ role: "tomogram", run: of("TS_01/TS_01.st")!.run });
    expect(of("old_2019/TS_01/TS_01_bin4.rec")).toMatchObject({ role: "tomogram", run: of("old_2019/TS_01/TS_01.st")!.run });
    expect(of("old_2019/TS_01/TS_01.st")!.run).not.toBe(of("TS_01/TS_01.st")!.run);
    expect(whose).toEqual([]);
  });

  it("are one run, asked which is published, where folders are called after what was done", async () => {
    const { runs, questions } = await decided({
      ...{ "stacks/TS_01.mrc": stack(1), "stacks/TS_02.mrc": stack(3) },
      ...{ "aligned_stacks/TS_01.mrc": stack(2), "rec/TS_01.rec": volume(4) },
    });
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(questions.map(({ id }) => id.replace(/-.*/, ""))).toEqual(["series"]);
  });
});

describe("tomograms in the folder of another person on somebody's drive", () => {
  const own = (name: string, seed: number) => ({
    [`LaCie/yeast/${name}.mrc`]: stack(seed),
    [`LaCie/yeast/${name}_rec.mrc`]: volume(seed + 10),
  });
  const again = (name: string, seed: number) => ({
    [`Elements/again/${name}.mrc`]: stack(seed),
    [`Elements/again/${name}_rec.mrc`]: volume(seed + 20, 20),
  });
  const files = { ...own("TS_01", 1), ...own("TS_02", 2), ...again("TS_02", 2) };

  it("are asked about where no binning makes their voxels of the pixels, though the drive has the same series elsewhere", async () => {
    const { whose, of } = await decided({ ...files, "Elements/from_Marek/TS_01/TS_01_rec.mrc": volume(40, 6.84) });
    expect(whose.map(({ answer, text }) => [answer, text])).toEqual([
      ["separate-runs", "Are the files called TS_01 in these 2 places of the same tilt series?"],
    ]);
    expect([of("LaCie/yeast/TS_01.mrc"), of("Elements/from_Marek/TS_01/TS_01_rec.mrc")]).toMatchObject([
      { run: "TS_01" },
      { run: "Elements_from_Marek_TS_01" },
    ]);
  });

  it.each([
    ["on a drive that is called a backup", "WD_backup/from_Jonas/TS_01_bin4.mrc", 13.68],
    ["by the binning in its name, though five pixels are nearly as long", "from_Jonas/TS_01_bin4.mrc", 12.6],
    ["beside folders that are called after what was done", "from_Jonas/TS_01_rec.mrc", 6.84],
  ])("are asked about where a stack is the only other thing of that name: %s", async (_, path, spacing) => {
    const recorded = { "Elements_4TB/raw/TS_01.mrc": stack(1), "Elements_4TB/raw/TS_02.mrc": stack(2) };
    const { whose, of } = await decided({ ...recorded, [path]: volume(40, spacing) });
    expect(whose.map(({ answer, why }) => [answer, why])).toEqual([
      [
        "separate-runs",
        expect.stringContaining(`The voxel size of ${path} is no binning of the pixels of a stack of that name.`),
      ],
    ]);
    expect(of(path)?.run).not.toBe(of("Elements_4TB/raw/TS_01.mrc")?.run);
  });

  it("are of the same series where the pixel may have been calibrated since", async () => {
    const recorded = { "Elements_4TB/raw/TS_01.mrc": stack(1), "Elements_4TB/raw/TS_02.mrc": stack(2) };
    const { whose, of } = await decided({ ...recorded, "WD_backup/from_Jonas/TS_01_bin4.mrc": volume(40, 10.4) });
    expect([whose, of("WD_backup/from_Jonas/TS_01_bin4.mrc")?.run]).toEqual([[], "TS_01"]);
  });

  it("are of the same series where a binning does", async () => {
    const { whose, of } = await decided({ ...files, "Elements/from_Marek/TS_01/TS_01_rec.mrc": volume(40, 5) });
    expect([whose, of("Elements/from_Marek/TS_01/TS_01_rec.mrc")?.run]).toEqual([[], "TS_01"]);
  });
});

describe("series of one name without a stack", () => {
  const made = (seed: number) => ({
    "TS_01.aln": aln(),
    "TS_01_Vol.mrc": volume(seed),
    "TS_02.aln": aln(),
    "TS_02_Vol.mrc": volume(seed + 1),
  });
  const files = { ...below("anna", made(1)), ...below("ben", made(21)) };

  it("are asked about, all of two folders at once, and are apart until then", async () => {
    const { runs, whose, text } = await decided(files);
    expect(whose).toMatchObject([
      {
        text: "Are the files called TS_01 in these 2 places of the same tilt series? The answer is for TS_02, too.",
        why: "Such as anna/TS_01.aln, ben/TS_01.aln. None of them has images to compare. Their folders may be of different people or sessions.",
        options: [
          { answer: "one-run", says: "the same: published as run TS_01" },
          { answer: "separate-runs", says: "different ones: published as anna_TS_01, ben_TS_01" },
        ],
        ...{ answer: "separate-runs", isAnswered: false },
      },
    ]);
    expect(runs).toEqual(["anna_TS_01", "anna_TS_02", "ben_TS_01", "ben_TS_02"]);
    const again = await decided(files, text);
    expect([again.runs, again.whose.length]).toEqual([runs, 1]);
  });

  it("are one where a person says so, also in rows that were written before", async () => {
    const { text } = await decided(files);
    const { runs, questions, of } = await decided(files, text.replace("answer: null", "answer: one-run"));
    expect(runs).toEqual(["TS_01", "TS_02"]);
    expect(of("ben/TS_01.aln")).toMatchObject({ run: "TS_01" });
    expect(questions.map(({ id, isAnswered }) => [id.replace(/-.*/, ""), isAnswered])).toEqual([
      ["whose", true],
      ["twins", false],
    ]);
  });

  it("leave rows of a person in force that name their files by a glob", async () => {
    const { text } = await decided(files);
    const { of, whose } = await decided(
      files,
      text.replace(/^files:$/m, 'files:\n  - files: "anna/*_Vol.mrc"\n    is: left out'),
    );
    expect(whose.length).toBe(1);
    expect(of("anna/TS_01_Vol.mrc")).toMatchObject({ role: "left out", strength: "person" });
    expect(of("ben/TS_01_Vol.mrc")?.role).toBe("tomogram");
  });

  it("are one where folders are called after the alignments of which they are", async () => {
    const series = (at: number) => ({
      ...{ [`raw/TS_0${at}.st`]: stack(at), [`raw/TS_0${at}.rawtlt`]: angles },
      ...{ [`align1/TS_0${at}.rec`]: volume(10 + at), [`align2/TS_0${at}.rec`]: volume(20 + at) },
    });
    const { whose, runs } = await decided({ ...series(1), ...series(2) });
    expect([whose, runs]).toEqual([[], ["TS_01", "TS_02"]]);
  });

  it("are asked about where one of them alone has an mdoc, and are one where folders are those of programs", async () => {
    const one = await decided({ ...files, "anna/TS_01.mdoc": mdoc("TS_01.mrc", 10) });
    expect(one.whose).toMatchObject([{ answer: "separate-runs" }]);
    const programs = await decided({ ...below("aretomo_1", made(1)), ...below("aretomo_2", made(21)) });
    expect(programs.whose).toMatchObject([{ answer: "one-run" }]);
    expect(programs.runs).toEqual(["TS_01", "TS_02"]);
  });

  it("are one where their volumes are the same, or their images are moved alike", async () => {
    const volumes = await decided({ ...below("anna", made(1)), ...below("ben", made(1)) });
    expect(volumes.whose).toEqual([]);
    expect(volumes.runs).toEqual(["TS_01", "TS_02"]);
    const moved = (shift: number) => ({ "TS_01.aln": aln(shift), "TS_01_Vol.mrc": volume(shift) });
    const alike = await decided({ ...below("anna", moved(20)), ...below("ben", moved(21)) });
    expect([alike.whose, alike.runs]).toEqual([[], ["TS_01"]]);
    const unlike = await decided({ ...below("anna", moved(20)), ...below("ben", moved(-20)) });
    expect(unlike.whose.length).toBe(1);
  });
});

it("pieces that a model learns from, and references, are no evidence of a series", async () => {
  const cube = (seed: number) => mrcFile([8, 8, 8], 10, { seed });
  const tomogram = { "tiltseries/TS_01.mdoc": mdoc("TS_01.mrc", 10), "rec/TS_01.mrc": volume(1) };
  const pieces = {
    "train/patches/TS_01_000.mrc": cube(2),
    "train/TS_01_target.mrc": cube(3),
    "picker/TS_01/reference/a_0.mrc": cube(4),
  };
  const { whose, runs } = await decided({ ...tomogram, ...pieces });
  expect([whose, runs]).toEqual([[], ["TS_01"]]);
});

it("what was made for a figure makes no question of series that are known apart", async () => {
  const day = (seed: number) => ({
    ...{ "TS_01.st": stack(seed), "TS_01_rec.mrc": volume(seed + 1) },
    ...{ "TS_02.st": stack(seed + 2), "TS_02_rec.mrc": volume(seed + 3) },
  });
  const { whose, runs, of } = await decided({
    ...below("2022-11-03", day(1)),
    ...below("2022-11-17", day(11)),
    "thesis/figures/TS_02_crop.mrc": mrcFile([3, 6, 6], 10, { seed: 21 }),
  });
  expect(whose).toEqual([]);
  expect(runs).toEqual(["2022-11-03_TS_01", "2022-11-03_TS_02", "2022-11-17_TS_01", "2022-11-17_TS_02"]);
  expect(of("thesis/figures/TS_02_crop.mrc")?.because).toBe(
    "named after TS_02, and nothing tells whether it belongs to run 2022-11-03_TS_02 or 2022-11-17_TS_02",
  );
});

it("the frames that are not there are told once, whether mdocs or lists of Warp name them", async () => {
  const named = (name: string, minute: number) =>
    mdoc(`${name}.mrc`, minute).replace(/DateTime/g, () => `SubFramePath = D:\\x\\${name}.tif\nDateTime`);
  const list = (name: string) => `data_\n\nloop_\n_wrpMovieName #1\n_wrpAngleTilt #2\n../frames/${name}.tif 1\n`;
  const { notes } = await decided(
    Object.fromEntries(
      ["TS_2", "TS_1", "TS_3", "TS_4"].flatMap((name, at) => [
        [`mdocs/${name}.mrc.mdoc`, named(name, 10 * at)],
        [`tomostar/${name}.tomostar`, list(name)],
        [`warp_tiltseries/reconstruction/${name}_10.00Apx.mrc`, volume(at + 1)],
      ]),
    ),
  );
  expect(notes.filter((note) => /frames of/.test(note))).toEqual([
    "The frames of TS_1, TS_2, TS_3 and 1 more run are not in the folder: none of them is published.",
  ]);
});

it("blocks of a nextPYP project, and folders called after programs, are steps of the work on the same series", async () => {
  const series = { "raw/TS_01.st": stack(1), "raw/TS_01.rawtlt": angles };
  const { runs, whose } = await decided({
    ...series,
    "next/tomo-preprocessing-fqK2vY1xGJ9aCwYn/mrc/TS_01.rec": volume(11),
    "next/tomo-coarse-refinement-fiEWHJe7bXSTZLEV/mrc/TS_01.rec": volume(12),
    "pytom/TS_01_WBP.mrc": volume(13),
    "pyseg/TS_01.mrc": volume(14),
    "recons_protomo/TS_01.mrc": volume(15),
    "recons_tomo3d_SIRT/TS_01.mrc": volume(16),
  });
  expect([runs, whose]).toEqual([["TS_01"], []]);
});

describe("protocols of a Scipion project", () => {
  const project = (folder: string) =>
    below(folder, {
      "000002_ProtImportTs/extra/TS_01.mrc": stack(1),
      "000301_ProtImodTomoReconstruction/extra/TS_01/TS_01.mrc": volume(5),
      "000655_DynamoBinTomograms/extra/TS_01/TS_01.mrc": mrcFile([3, 6, 6], 20, { seed: 6 }),
    });

  it("are steps of the work on the same series, and no sessions", async () => {
    const { runs, questions } = await decided(project("er/Runs"));
    expect(runs).toEqual(["TS_01"]);
    expect(questions).toEqual([]);
  });

  it("lie in the folder of its runs", async () => {
    expect((await decided(project("er/people"))).whose).toMatchObject([{ answer: "separate-runs" }]);
  });
});

it("runs of one name are called after the folder in which most of their files lie, whatever copies lie elsewhere", async () => {
  const batch = (folder: string, seed: number) =>
    [1, 2].reduce(
      (all, n) => ({
        ...all,
        [`${folder}/work/stacks/TS_0${n}.st`]: stack(seed + n),
        [`${folder}/work/stacks/TS_0${n}.rawtlt`]: angles,
        [`${folder}/work/rec/TS_0${n}.mrc`]: volume(seed + n + 20),
      }),
      {},
    );
  const { runs } = await decided({
    ...batch("2022_yeast", 1),
    ...batch("2024_yeast", 5),
    "for_isabel/TS_01.mrc": volume(22),
  });
  expect(runs).toEqual(["2022_yeast_TS_01", "2022_yeast_TS_02", "2024_yeast_TS_01", "2024_yeast_TS_02"]);
});

it("a name with the folder of a project before it is known as such, however many frames of the run lie elsewhere", async () => {
  const frames = Array.from({ length: 10 }, (_, at) => `raw/TS_01_${at}.tif`);
  const st = "warp/tiltstack/TS_01/TS_01.st";
  const laboratory = await laboratoryWith({ [st]: stack(1), "first/TS_01_rec.mrc": volume(7) });
  const claim = (path: string, role: "frame" | "tilt series" | "tomogram", run: string) =>
    ({ path, role, run, because: "", strength: "bookkeeping" }) as const;
  const recognised = [
    {
      ...{ software: "WarpTools", by: [] },
      claims: [
        ...frames.map((path) => claim(path, "frame", "warp_TS_01")),
        claim(st, "tilt series", "warp_TS_01"),
        claim("first/TS_01_rec.mrc", "tomogram", "first_TS_01"),
      ],
    },
    { software: "IMOD", by: [], claims: [claim(st, "tilt series", "TS_01")] },
  ];
  const claims = (await runsOfSeries(laboratory, recognised)).flatMap((one) => one.claims);
  const runsOf = (path: string) => [...new Set(claims.flatMap((one) => (one.path === path ? [one.run] : [])))];
  expect(runsOf(st)).toHaveLength(1);
  expect(runsOf(frames[3]!)).toEqual(runsOf(st));
});

it("a run of several is called after the folder that has most of it", async () => {
  const rec = ["old/warp_2023-06/TS_01_rec.mrc", "warp/tilts/TS_01_rec.mrc"];
  const stacks = { "warp/tilts/TS_01.st": stack(1), "yeast/TS_01.st": stack(9), "bob/TS_01.st": stack(10) };
  const laboratory = await laboratoryWith({ ...stacks, ...Object.fromEntries(rec.map((path) => [path, volume(7)])) });
  const claim = (path: string, role: "tilt series" | "tomogram") =>
    ({ path, role, run: "TS_01", because: "", strength: "bookkeeping" }) as const;
  const claims = [
    ...rec.map((path) => claim(path, "tomogram")),
    ...Object.keys(stacks).map((path) => claim(path, "tilt series")),
  ];
  const after = await runsOfSeries(laboratory, [{ software: "IMOD", by: [], claims }]);
  const runs = new Map(after.flatMap((one) => one.claims.map(({ path, run }) => [path, run])));
  expect([...Object.keys(stacks), ...rec].map((path) => runs.get(path))).toEqual([
    ...["warp_tilts_TS_01", "yeast_TS_01", "bob_TS_01", "warp_tilts_TS_01", "warp_tilts_TS_01"],
  ]);
});

it("an alignment is of the stack beside it that it is called after with more words", async () => {
  const [one, copy] = ["work/user_a/TS_01.st", "work/user_b/try/TS_01.mrc"];
  const other = "data/20240918_Glacios/TS_01.mrc";
  const aligned = "work/user_b/try/TS_01_bin4.aln";
  const laboratory = await laboratoryWith({ [one]: stack(1), [copy]: stack(1), [other]: stack(9), [aligned]: aln(40) });
  const claim = (path: string, role: "tilt series" | "alignment", run: string) =>
    ({ path, role, run, because: "", strength: "contents" }) as const;
  const claims = [
    claim(one, "tilt series", "TS_01"),
    claim(copy, "tilt series", "TS_01"),
    claim(other, "tilt series", "20240918_Glacios_TS_01"),
    claim(aligned, "alignment", "work_user_b_try_TS_01"),
  ];
  const after = await runsOfSeries(laboratory, [{ software: "", by: [], claims }]);
  const runs = new Map(after.flatMap((all) => all.claims.map(({ path, run }) => [path, run])));
  expect([one, copy, aligned].map((path) => runs.get(path))).toEqual(Array(3).fill("work_TS_01"));
  expect(runs.get(other)).toBe("data_20240918_Glacios_TS_01");
});

describe("the name of a run that its folder tells", () => {
  const volumeOf = (seed: number) => mrcFile([6, 24, 24], 10, { seed });
  const recorded = (folder: string, seed: number) =>
    Object.fromEntries(
      ["TS_01", "TS_02"].flatMap((name, at) => [
        [`${folder}/${name}.st`, stack(seed + at)],
        [`${folder}/${name}.rawtlt`, angles],
        [`${folder}/${name}_rec.mrc`, volumeOf(seed + at + 10)],
      ]),
    );
  const others = { ...recorded("krios/march", 1), ...recorded("jonas", 3) };
  const named = ["jonas_TS_01", "jonas_TS_02", "krios_march_TS_01", "krios_TS_02"];

  it("is not that of what an earlier ingestion wrote of it", async () => {
    const run = "publish/10302/TS_01";
    const spacing = `${run}/Reconstructions/VoxelSpacing10.000`;
    const { runs } = await decided({
      ...others,
      [`${run}/run_metadata.json`]: "{}",
      [`${run}/TiltSeries/100/TS_01.mrc`]: stack(1),
      [`${run}/TiltSeries/100/tiltseries_metadata.json`]: `{"pixel_spacing": 2.5}`,
      [`${run}/Alignments/100/alignment_metadata.json`]: "{}",
      [`${run}/Alignments/100/TS_01.xf`]: "1 0 0 1 0 0\n".repeat(5),
      [`${spacing}/Tomograms/100/TS_01.mrc`]: volumeOf(11),
      [`${spacing}/Tomograms/100/tomogram_metadata.json`]: `{"voxel_spacing": 10}`,
      [`${spacing}/Annotations/100/ribosome-1.0_point.ndjson`]: "{}",
    });
    expect(runs).toEqual(named);
  });

  it("is not that of a project that has picks of it, where its stack lies elsewhere", async () => {
    const { runs } = await decided({
      ...others,
      "mehmet/TS_01_denoised.mrc": volumeOf(11),
      "mehmet/TS_01_ribosome.csv": "x,y,z\n5,5,3\n",
    });
    expect(runs).toEqual(named);
  });
});

it("the stack of another project is not that of an mdoc which has more images", async () => {
  const files = (images: number) => ({
    "relion5/mdoc/TS_01.mdoc": mdoc("TS_01.mrc", 10),
    "relion4/tomograms/TS_01.mrc": stack(1, images),
  });
  const because = async (images: number) => (await decided(files(images))).of("relion4/tomograms/TS_01.mrc")?.because;
  expect(await because(5)).toBe("TS_01.mdoc describes its images");
  expect(await because(3)).not.toBe("TS_01.mdoc describes its images");
});
