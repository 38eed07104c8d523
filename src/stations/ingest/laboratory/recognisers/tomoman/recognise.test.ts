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

  it("is not seen where only the weighted stack was kept", async () => {
    const { "lam8_ts_001/lam8_ts_001.st": _, ...others } = LAB;
    expect(await tomoman.recognise(await laboratoryWith(others))).toBeUndefined();
  });
});
