import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import { recognisedIn } from "./know.js";

const stack = mrcFile([5, 20, 20], 4, { kind: "stack", seed: 1 });
const boxes = JSON.stringify({ apix_unbin: 4, boxes_3d: [[1, 2, 3, "manual", 1, 0]], class_list: { 0: { name: "vault" } } });

async function runsOf(files: Record<string, string | Uint8Array>): Promise<string[]> {
  const found = await recognisedIn(await laboratoryWith(files), new AbortController().signal);
  return [
    ...new Set(found.flatMap(({ recognised }) => recognised.flatMap(({ claims }) => claims.flatMap(({ run }) => run ?? [])))),
  ].sort();
}

describe("runs that a program calls after a tomogram's file", () => {
  it("are those of the series", async () => {
    const lab = {
      "tilts/ld_05.st": stack,
      "tilts/ld_12.st": mrcFile([5, 20, 20], 4, { kind: "stack", seed: 2 }),
      "tomograms/ld_05_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 3 }),
      "tomograms/ld_12_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 4 }),
      "eman2/info/ld_12_rec_info.json": boxes,
    };
    expect(await runsOf(lab)).toEqual(["ld_05", "ld_12"]);
  });

  it("are those of the series, too, where they are called after a stack that other bookkeeping knows", async () => {
    const lab = {
      "TS_01/TS_01.st": stack,
      "TS_01/TS_01_dose-filt.st": stack,
      "TS_01/imod/TS_01_dose-filt.edf": "Setup.DatasetName=TS_01_dose-filt\nSetup.Version.Etomo.Created=4.11.12\n",
      "TS_01/imod/TS_01_dose-filt.xf": "1 0 0 1 0 0\n".repeat(5),
      "TS_01/imod/TS_01_dose-filt.tlt": "-6\n-3\n0\n3\n6\n",
    };
    expect(await runsOf(lab)).toEqual(["TS_01"]);
  });

  it("are those of the series, too, where the stack that they are called after is gone, and has left its angles", async () => {
    const lab = {
      "TS_01/TS_01.st": stack,
      "TS_01/TS_01_dose-filt.rawtlt": "-6\n-3\n0\n3\n6\n",
      "bin8/TS_01_dose-filt.rec": mrcFile([6, 10, 10], 8, { seed: 3 }),
    };
    expect(await runsOf(lab)).toEqual(["TS_01"]);
  });

  it("stay as they are where nothing has the shorter name", async () => {
    const lab = { "tomograms/ld_12_rec.mrc": mrcFile([6, 10, 10], 8, { seed: 4 }), "eman2/info/ld_12_rec_info.json": boxes };
    expect(await runsOf(lab)).toEqual(["ld_12_rec"]);
  });
});
