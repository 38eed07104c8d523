import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { tomoman } from "./recognise.js";

const stack = mrcFile([3, 8, 8], 1.7, { kind: "stack" });
const LAB = {
  "lam8_ts_001/lam8_ts_001.st": stack,
  "lam8_ts_001/lam8_ts_001.rawtlt": "-3\n0\n3\n",
  "lam8_ts_001/lam8_ts_001_dose-filt.st": stack,
  "lam8_ts_001/imod/lam8_ts_001_dose-filt.xf": "1 0 0 1 0 0\n",
  "bin8/lam8_ts_001_dose-filt.rec": mrcFile([4, 8, 8], 13.6),
  "tomoman.log": "TOMOMAN",
};

describe("TOMOMAN", () => {
  it("publishes the series as recorded, with what was made of the one that is weighted by dose", async () => {
    const found = await tomoman.recognise(await laboratoryWith(LAB));
    expect(Object.fromEntries(found!.claims.map(({ path, role, run }) => [path, `${role} ${run ?? ""}`]))).toEqual({
      "lam8_ts_001/lam8_ts_001.st": "tilt series lam8_ts_001",
      "lam8_ts_001/lam8_ts_001.rawtlt": "raw tilts lam8_ts_001",
      "lam8_ts_001/lam8_ts_001_dose-filt.st": "left out lam8_ts_001",
      "lam8_ts_001/imod/lam8_ts_001_dose-filt.xf": "alignment lam8_ts_001",
      "bin8/lam8_ts_001_dose-filt.rec": "tomogram lam8_ts_001",
      "tomoman.log": "left out ",
    });
    expect(found!.claims.find(({ role }) => role === "tomogram")!.details).toEqual({ processing: "raw" });
  });

  it("publishes the series with all its images where bad ones were taken out into stacks of other names", async () => {
    const fewer = mrcFile([2, 8, 8], 1.7, { kind: "stack" });
    const name = "lam8_ts_001/lam8_ts_001";
    const cleaned = {
      [`${name}_good.st`]: fewer,
      [`${name}_good.rawtlt`]: "-3\n0\n",
      [`${name}_dose-filt.rawtlt`]: "-3\n0\n3\n",
      [`${name}_dose-filt_good.st`]: fewer,
      [`${name}_dose-filt_good.rawtlt`]: "-3\n0\n",
      "lam8_ts_001/AreTomo/lam8_ts_001_dose-filt_good_bin4.st": fewer,
      "lam8_ts_001/AreTomo/lam8_ts_001_dose-filt_good.xf": "1 0 0 1 0 0\n",
      "bin8/lam8_ts_001_dose-filt_good.rec": mrcFile([4, 8, 8], 13.6),
      // of no stack, and of another project
      "lam8_ts_001_dose-filt_goods.rec": mrcFile([4, 8, 8], 13.6),
      "old/lam8_ts_001.st": stack,
    };
    const found = await tomoman.recognise(await laboratoryWith({ ...LAB, ...cleaned }));
    const roles = new Map(found!.claims.map(({ path, role, run }) => [path, `${role} ${run}`]));
    expect(Object.keys(cleaned).map((path) => roles.get(path))).toEqual([
      ...Array(7).fill("left out lam8_ts_001"),
      "tomogram lam8_ts_001",
      undefined,
      undefined,
    ]);
    expect(roles.get(`${name}.st`)).toBe("tilt series lam8_ts_001");
  });

  it("knows what is called by the number of a series by lists of tomograms, and otherwise leaves it out with the reason", async () => {
    const volume = mrcFile([4, 8, 8], 13.6);
    const made = { "oddeven/3_EVN.rec": volume, "cryocare/3_denoised.rec": volume, "cryocare/4_denoised.rec": volume };
    const lists = { "sg/lists/tomolist.txt": "3 lam8_ts_001_dose-filt.rec\n" };
    const claimsOf = async (files: Record<string, string | Uint8Array>) => {
      const found = await tomoman.recognise(await laboratoryWith({ ...LAB, ...made, ...files }));
      return Object.keys(made).map((path) => found!.claims.find((claim) => claim.path === path));
    };
    expect(await claimsOf(lists)).toMatchObject([
      { role: "half map", run: "lam8_ts_001" },
      { role: "tomogram", run: "lam8_ts_001", details: { processing: "denoised" } },
      { role: "left out", because: expect.stringContaining("write tomolist.txt") },
    ]);
    const contradicted = await claimsOf({ ...lists, "other/tomolist.txt": "3 TS_99.rec\n" });
    expect(contradicted.map((claim) => claim?.role)).toEqual(["left out", "left out", "left out"]);
  });

  it("has the CTF of all images, and not that of a stack without the bad ones", async () => {
    const table = "# Output from CTFFind\n1 3 3 4 0 0.1 7\n";
    const folder = "lam8_ts_001/ctffind4/diagnostic_lam8_ts_001_dose-filt";
    const files = { [`${folder}.txt`]: table, [`${folder}_clean.txt`]: table, "diagnostic_lam8_ts_001_dose-filt.txt": table };
    const { claims } = (await tomoman.recognise(await laboratoryWith({ ...LAB, ...files })))!;
    expect(Object.keys(files).map((path) => claims.find((claim) => claim.path === path)?.role)).toEqual([
      "ctf",
      "left out",
      undefined,
    ]);
  });

  it("is not seen where only the weighted stack was kept", async () => {
    const { "lam8_ts_001/lam8_ts_001.st": _, ...others } = LAB;
    expect(await tomoman.recognise(await laboratoryWith(others))).toBeUndefined();
  });
});
