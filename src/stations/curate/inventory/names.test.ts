import { describe, expect, it } from "vitest";
import { peetName } from "../../../formats/points/peet-name.js";
import { kindOf } from "./kind.js";
import { folderPlace, isSkipped } from "./place.js";
import { looseRunName, normalised, parseRunName, runNaming } from "./run-name.js";

describe("names of runs", () => {
  it.each([
    ["mka2019-05-25-10", "mka", "2019-05-25", "10"],
    ["mk2019-11-19-73", "mk", "2019-11-19", "73"],
    ["ycw2017-12-01-007", "ycw", "2017-12-01", "007"],
  ])("%s is one", (name, who, date, count) => {
    expect(parseRunName(name)).toEqual({ who, date, count });
  });

  it.each([
    "m2019-05-25-10",
    "mkaa2019-05-25-10",
    "mka2019-5-25-10",
    "mka2019-05-25",
    "MKA2019-05-25-10",
    "mka2019-05-25-10b",
    "TS_01",
  ])("%s is none", (name) => {
    expect(parseRunName(name)).toBeUndefined();
  });

  it.each(["MKA2019-05-25-10", "mka_2019_05_25_10", " mka 2019-05-25 10 ", "Mka-2019-05-25-10"])(
    "%s is one in another spelling",
    (name) => {
      expect(looseRunName(name)).toEqual({ who: "mka", date: "2019-05-25", count: "10" });
    },
  );

  it("are normalised", () => {
    expect(normalised(" TS_ 01--a ")).toBe("ts-01-a");
  });
});

describe("what a path says", () => {
  const drive = "/mnt/grp_tomo_db1_d1";
  const below = "compute/TomoDB1_d1/FlagellarMotor_P1/CaulobacterCrescentus_UnpluggedPL/MoreTomo/ycw2017-12-01-35";

  it("of the archive's own layout", () => {
    expect(folderPlace(drive, `${below}/PEET/run2`)).toEqual({
      drive: "grp_tomo_db1_d1",
      species: "CaulobacterCrescentus",
      run: "ycw2017-12-01-35",
      runPath: below,
    });
  });

  it("whatever part of the drive is scanned", () => {
    const root = `${drive}/compute/TomoDB1_d1/FlagellarMotor_P1`;
    expect(folderPlace(root, "Proteus mirabilis/qya2015-11-19-14")).toMatchObject({
      drive: "grp_tomo_db1_d1",
      species: "Proteus",
      run: "qya2015-11-19-14",
      runPath: "Proteus mirabilis/qya2015-11-19-14",
    });
    expect(folderPlace(`${root}/Proteus_mirabilis/qya2015-11-19-14`, "sub")).toMatchObject({
      run: "qya2015-11-19-14",
      runPath: undefined,
    });
  });

  it("of a drive by its inner name alone", () => {
    expect(folderPlace("/data/TomoDB1_d3", "P2/Vibrio cholerae/dga2018-02-05-1")).toMatchObject({
      drive: "TomoDB1_d3",
      species: "Vibrio",
    });
  });

  it("of any other archive: the root is the drive, the first folder the species", () => {
    expect(folderPlace("/data/old disk", "Ecoli_K12/x/mka2019-05-25-10")).toMatchObject({ drive: "old disk", species: "Ecoli" });
    expect(folderPlace("/data/old disk", "mka2019-05-25-10/x")).toMatchObject({ species: undefined, run: "mka2019-05-25-10" });
    expect(folderPlace("", "")).toEqual({
      drive: "/",
      species: undefined,
      run: undefined,
      author: undefined,
      date: undefined,
      runPath: undefined,
    });
  });

  it("takes the nearest run, also of a pattern of one's own", () => {
    expect(folderPlace("/a", "s/mka2019-05-25-10/mka2019-05-25-11/x")).toMatchObject({ run: "mka2019-05-25-11" });
    expect(folderPlace("/a", "s/TS_01/x", runNaming(["TS_\\d+"]))).toMatchObject({
      run: "TS_01",
      runPath: "s/TS_01",
      species: "s",
    });
    expect(folderPlace("/a", "s/TS_01/x")).toMatchObject({ run: undefined });
  });

  it("seam 33: patterns match whole names; their groups say run, author and date", () => {
    const naming = runNaming(["TS_\\d+", "(?<author>[A-Z]{2})_(?<date>\\d{8})_(?P<run>pos\\d+)"]);
    expect(["TS_01", "TS_01_old", "AB_20240131_pos7", "mka2019-05-25-10"].map((name) => naming(name))).toEqual([
      { run: "TS_01", author: undefined, date: undefined },
      undefined,
      { run: "pos7", author: "AB", date: "20240131" },
      { run: "mka2019-05-25-10" },
    ]);
    expect(() => runNaming(["("])).toThrow(expect.objectContaining({ code: "CONFIG_REGEX" }));
  });

  it("leaves out folders by their whole name, and words inside names as the reference", () => {
    const paths = ["a/Figures/x", "a/newspaper/x", "a/figures_raw", "PEET", "a/mk_application"];
    expect(paths.map((path) => isSkipped(path, false))).toEqual([true, false, false, true, true]);
    expect(paths.map((path) => isSkipped(path, true))).toEqual([true, true, true, true, true]);
  });
});

describe("kinds of files", () => {
  it.each([
    ["MS.mod", 100, "model"],
    ["Hat.MOD", 100, "model"],
    ["._MS.mod", 4096, "sidecar"],
    ["MS.mod~", 100, "trash"],
    ["MS.mod", 0, "trash"],
    [".DS_Store", 6148, "trash"],
    ["raw.st", 9, "tilt"],
    ["raw.mrc", 9, "tilt"],
    ["full.rec", 9, "rec"],
    ["flagellum_AvgVol_4P120.mrc", 9, "peet"],
    ["flagellum_Ref4.mrc", 9, "peet"],
    ["flagellum_MOTL_Tom1_Iter4.csv", 9, "peet"],
    ["flagellum.prm", 9, "peet"],
    ["notes.txt", 9, "aux"],
    [".mod", 9, "aux"],
  ])("%s of %i bytes is %s", (name, size, kind) => {
    expect(kindOf(name, size)).toBe(kind);
  });

  it("PEET's names hold object, iteration and particles", () => {
    expect(peetName("flagellum_AvgVol_4P120.mrc")).toEqual({
      kind: "average",
      object: "flagellum",
      iteration: 4,
      particles: 120,
    });
    expect(peetName("a_b_MOTL_Tom12_Iter3.csv")).toEqual({ kind: "motives", object: "a_b", tomogram: 12, iteration: 3 });
    expect(peetName("initMOTL.csv")).toEqual({ kind: "other" });
    expect(peetName("table.csv")).toBeUndefined();
  });
});
