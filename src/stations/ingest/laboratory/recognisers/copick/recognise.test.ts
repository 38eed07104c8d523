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

  it("is no folder that is only called so", async () => {
    expect(await copick.recognise(await laboratoryWith({ "ExperimentRuns/TS_1/notes.txt": "x" }))).toBeUndefined();
  });
});
