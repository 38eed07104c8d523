import { describe, expect, it } from "vitest";
import { runFinder } from "../run-names.js";
import { isCounted, mixesSpecimens, specimenOf, splitsSpecimens } from "./specimens.js";

describe("what a file is of", () => {
  it.each([
    ["rec/TS_01_rec_bin4 (1).mrc", "TS_01"],
    ["TS_01/rec.mrc", "TS_01"],
    ["sim/TS_100/VoxelSpacing10.200/wbp.mrc", "TS_100"],
    ["rescaled/chlamy_034b_10.00A.mrc", "chlamy_034b"],
    ["vero_2/vero_2a.st", "vero_2a"],
    ["colleague_phage/phage K7.mrc", "phage K7"],
    ["2021 Hefe/hefe 2_rec.mrc", "hefe 2"],
    ["tomo_12_SIRT.rec", "tomo_12"],
    ["denoised/denoised_TS_07_bin8.mrc", "TS_07"],
    ["rec/Lamelle_01 8bit.mrc", "Lamelle_01"],
    ["3dimage_12/MR_2_part61_16_full.rec", "MR_2"],
    ["3dimage_14/MR_2_NAD_byte.rec", "MR_2"],
    ["nad_tests/MR_2_NAD_k20n5.rec", "MR_2"],
    ["rec/lam1_part1_2.rec", "lam1_part1_2"],
  ])("%s: %s", (path, specimen) => expect(specimenOf(path)).toBe(specimen));

  it("counts where one of its words does", () => {
    expect(["TS_01", "phage K7", "chlamy_034b", "wrongvox", "int8twin"].map(isCounted)).toEqual([true, true, true, false, false]);
  });

  it("is split by names with a word for what was made of another", () => {
    expect(specimenOf("rec/cell_01_final2.rec")).toBe("cell_01");
    expect(splitsSpecimens(["cell_01", "cell_01_final2", "cell_02"])).toBe(true);
    expect(splitsSpecimens(["cell_01", "cell_02", "cell_02b"])).toBe(false);
  });

  it("is mixed by the folder of a person, and not by a run that counts itself", () => {
    const paths = ["Thesis Ann/cell 2.rec", "Thesis Ann/cell 3.rec"];
    expect(mixesSpecimens(runFinder(["Thesis Ann"]), paths)).toBe(true);
    expect(mixesSpecimens(runFinder(["TS_01"]), ["TS_01/map 2.rec", "TS_01/map 3.rec"])).toBe(false);
  });

  it("is mixed by a name that several share", () => {
    const paths = ["t/chlamy_021.mrc", "t/chlamy_034.mrc"];
    expect(mixesSpecimens(runFinder(["chlamy"]), paths)).toBe(true);
    expect(mixesSpecimens(runFinder(["chlamy_021", "chlamy_034"]), paths)).toBe(false);
  });
});

describe("the run of a path", () => {
  it("is below its folder, where two sessions have places of one name", () => {
    const find = runFinder(["2023-03-24_Position_1", "2023-05-02_Position_1", "Position_1_2"]);
    expect(find("rec/2023-03-24/Position_1_bin4.rec")).toBe("2023-03-24_Position_1");
    expect(find("rec/2023-05-02/Position_1_bin4.rec")).toBe("2023-05-02_Position_1");
    expect(find("rec/2023-03-24/Position_1_2_bin4.rec")).toBe("Position_1_2");
    // the longest name counts, wherever it stands
    expect(find("Position_1_2/2023-05-02/Position_1.rec")).toBe("Position_1_2");
  });

  it("is found under a name that is written otherwise, unless two runs are called alike", () => {
    expect(runFinder(["TS_01"])("rec/ts 01_rec.mrc")).toBe("TS_01");
    expect(runFinder(["TS_01", "ts-01"])("rec/Ts 01_rec.mrc")).toBeUndefined();
  });
});
