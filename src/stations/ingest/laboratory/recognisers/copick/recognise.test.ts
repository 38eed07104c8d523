import { describe, expect, it } from "vitest";
import { laboratoryWith } from "../../../../../../test/laboratory-kit.js";
import { copick } from "./recognise.js";

const PROJECT = {
  "k/copick.json": '{ "config_type": "filesystem", "pickable_objects": [] }',
  "k/ExperimentRuns/TS_5_4/VoxelSpacing10.012/wbp.zarr/.zattrs": "{}",
  "k/ExperimentRuns/TS_5_4/VoxelSpacing10.012/denoised.zarr/.zattrs": "{}",
  "k/ExperimentRuns/TS_5_4/VoxelSpacing10.012/wbp_sobel_features.zarr/.zattrs": "{}",
  "k/ExperimentRuns/TS_5_4/Picks/curation_0_virus-like-particle.json": '{ "points": [] }',
  "k/ExperimentRuns/TS_5_4/Segmentations/10.012_membrain_0_membrane.zarr/.zattrs": "{}",
  "k/ExperimentRuns/TS_5_4/Segmentations/10.012_unet_1_all-multilabel.zarr/.zattrs": "{}",
  "k/ExperimentRuns/TS_5_4/Meshes/anna_0_membrane.glb": "glTF",
  "k/Objects/ribosome.zarr/.zattrs": "{}",
};

describe("a project of copick", () => {
  // names as in README.md of copick/copick
  it("is told by the places of its files", async () => {
    const found = await copick.recognise(await laboratoryWith(PROJECT));
    const at = (end: string) => found!.claims.find(({ path }) => path.endsWith(end));
    expect(at("/wbp.zarr")).toMatchObject({
      role: "tomogram",
      run: "TS_5_4",
      details: { processing: "raw", reconstructionMethod: "WBP", spacingAngstrom: 10.012 },
    });
    expect(at("/denoised.zarr")).toMatchObject({ role: "tomogram", details: { processing: "denoised" } });
    expect(at("_features.zarr")).toMatchObject({ role: "left out" });
    expect(at("particle.json")).toMatchObject({ role: "points", run: "TS_5_4", details: { object: "virus like particle" } });
    expect(at("membrane.zarr")).toMatchObject({
      role: "mask",
      details: { object: "membrane", label: 1, spacingAngstrom: 10.012 },
    });
    expect(at(".glb")).toMatchObject({ role: "mesh", details: { object: "membrane" } });
    expect(at("copick.json")).toMatchObject({ role: "left out", because: "the configuration of copick" });
    expect(at("ribosome.zarr")).toMatchObject({ role: "left out" });
  });

  it("with several objects in one volume says what to save", async () => {
    const { notes } = (await copick.recognise(await laboratoryWith(PROJECT)))!;
    expect(notes!.join()).toContain("10.012_unet_1_all-multilabel.zarr: several objects in one volume of labels; save each");
  });

  it("without tomograms names no run of its own", async () => {
    const picks = { "ExperimentRuns/TS_1/Picks/anna_0_ribosome.json": '{ "points": [] }' };
    const { claims } = (await copick.recognise(await laboratoryWith(picks)))!;
    expect(claims).toMatchObject([{ role: "points", run: undefined, details: { object: "ribosome" } }]);
  });

  it("(36) has one run in its static root and its overlay, and in the only other root with a tomogram of that name", async () => {
    const tomogram = (root: string, run: string) => ({
      [`${root}/ExperimentRuns/${run}/VoxelSpacing10.000/wbp.zarr/.zattrs`]: "{}",
    });
    const picks = (root: string, run: string) => `${root}/ExperimentRuns/${run}/Picks/anna_0_ribosome.json`;
    const runsOf = async (files: Record<string, string>) => {
      const { claims } = (await copick.recognise(await laboratoryWith(files)))!;
      return Object.fromEntries(
        claims.filter(({ role }) => role !== "left out").map(({ path, run }) => [path.split("/Exp")[0], run]),
      );
    };
    const overlay = { ...tomogram("d/static", "TS_1"), [picks("d/overlay", "TS_1")]: '{ "points": [] }' };
    expect(await runsOf({ ...overlay, "d/copick_config.json": "{}" })).toEqual({ "d/static": "TS_1", "d/overlay": "TS_1" });
    const denoised = { ...overlay, "d/overlay/ExperimentRuns/TS_1/VoxelSpacing10.000/denoised.zarr/.zattrs": "{}" };
    expect(await runsOf(denoised)).toEqual({ "d/static": "TS_1", "d/overlay": "TS_1" });
    expect(await runsOf({ ...tomogram("a", "TS_1"), [picks("b", "TS_1")]: "{}" })).toEqual({ a: "TS_1", b: "TS_1" });
    const two = { ...tomogram("a", "TS_1"), ...tomogram("c", "TS_1"), [picks("b", "TS_1")]: "{}" };
    expect(await runsOf(two)).toEqual({ a: "a_TS_1", c: "c_TS_1", b: undefined });
  });

  it("is no folder that is only called so", async () => {
    expect(await copick.recognise(await laboratoryWith({ "ExperimentRuns/TS_1/notes.txt": "x" }))).toBeUndefined();
  });
});
