import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../../know.js";

const { signal } = new AbortController();
const volume = (spacing: number, seed: number) => mrcFile([6, 12, 12], spacing, { seed });
const stack = (seed: number) => mrcFile([5, 48, 48], 2, { kind: "stack", seed });
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const TOMOGRAPHY = { "TS_01.st": stack(1), "TS_01_rec.mrc": volume(8, 1), "TS_02.st": stack(2), "TS_02_rec.mrc": volume(8, 2) };

async function decided(files: Record<string, Uint8Array>) {
  const laboratory = await laboratoryWith({ ...TOMOGRAPHY, ...files });
  const { files: all, runs, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  const fates = Object.fromEntries(Object.keys(files).map((path) => [path, all.get(path)?.because ?? "undecided"]));
  return {
    fates,
    runs,
    questions: questions.map(({ id, answer }) => `${id}: ${answer}`),
    roleOf: (path: string) => all.get(path)?.role,
  };
}

describe("what a light microscope recorded", () => {
  it("is no tomogram, by its folder or by its voxels and its name, and makes no run", async () => {
    const { fates, runs, questions } = await decided({
      "clem/flm/grid_zstack.mrc": volume(8, 3),
      "clem/flm/grid_zstack.tif": tiff,
      "clem/L1_zstack_deconvolved.mrc": volume(1080, 4),
      "L1_mCherry_deconvolved.mrc": volume(1080, 5),
    });
    expect(fates).toEqual({
      "clem/flm/grid_zstack.mrc": "recorded with light, by its folder",
      "clem/flm/grid_zstack.tif": "recorded with light, by its folder",
      "clem/L1_zstack_deconvolved.mrc": "recorded with light, by its name or folder and its voxel size",
      "L1_mCherry_deconvolved.mrc": "recorded with light, by its name or folder and its voxel size",
    });
    expect([runs, questions]).toEqual([["TS_01", "TS_02"], []]);
  });

  it("is asked about on the grid of a tomogram, and left out until then: no tomogram waits for the answer", async () => {
    const { fates, questions, roleOf } = await decided({ "clem/overlay/TS_01_rec_GFP.mrc": volume(8, 6) });
    expect(fates).toEqual({ "clem/overlay/TS_01_rec_GFP.mrc": "recorded with light, by its name" });
    expect([questions, roleOf("TS_01_rec.mrc")]).toEqual([["light: leave-out"], "tomogram"]);
  });

  it("is no tomogram of a correlative project, and no specimen with such a protein", async () => {
    const { questions, roleOf } = await decided({
      "clem/TS_03.st": stack(7),
      "clem/TS_03_rec.mrc": volume(8, 7),
      "GFP_TS_04.st": stack(8),
      "GFP_TS_04_rec.mrc": volume(8, 8),
    });
    expect([questions, roleOf("clem/TS_03_rec.mrc"), roleOf("GFP_TS_04_rec.mrc")]).toEqual([[], "tomogram", "tomogram"]);
  });
});
