import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { denoisers } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);
/** A label as cryoCARE_predict.py writes it into the header. */
function withLabel(label: string): Uint8Array {
  const bytes = volume.slice();
  new DataView(bytes.buffer).setInt32(220, 1, true);
  bytes.set(new TextEncoder().encode(label.padEnd(80)), 224);
  return bytes;
}

async function claimsOf(files: Record<string, string | Uint8Array>) {
  const claims = (await denoisers.recognise(await laboratoryWith(files)))?.claims ?? [];
  return Object.fromEntries(
    claims.map(({ path, role, strength, details }) => [
      path,
      role === "left out" ? role : `${details?.processing}, ${details?.processingSoftware}, by ${strength}`,
    ]),
  );
}

describe("denoisers", () => {
  it("are of the tomogram in folders of the same names, and of none where two lie as near", async () => {
    const laboratory = await laboratoryWith({
      ...{ "rec/L03/TS_01.mrc": volume, "rec/L07/TS_01.mrc": volume },
      ...{ "denoised/L07/TS_01.mrc": volume, "denoised/TS_01.mrc": volume },
    });
    const claims = (await denoisers.recognise(laboratory))!.claims;
    const of = (path: string) => claims.find((claim) => claim.path === path);
    expect(of("denoised/L07/TS_01.mrc")).toMatchObject({ sameRunAs: "rec/L07/TS_01.mrc" });
    expect(of("denoised/TS_01.mrc")!.sameRunAs).toBeUndefined();
  });

  it("are told by files of the programs that are named", async () => {
    const laboratory = await laboratoryWith({
      ...{ "rec/TS_01.mrc": volume, "a/denoised/TS_01.mrc": volume, "isonet/deconv/TS_01.mrc": volume },
      "isonet/corrected_tomos/TS_01_corrected.mrc": volume,
    });
    expect(await denoisers.recognise(laboratory)).toMatchObject({
      software: "IsoNet",
      by: ["isonet/corrected_tomos/TS_01_corrected.mrc"],
    });
  });

  it("have the name of their input in DenoisET's folder", async () => {
    const files = { "aretomo/TS_01_Vol.mrc": volume, "DenoisET/TS_01_Vol.mrc": volume, "denoiset_out/TS_01_Vol.mrc": volume };
    expect(await claimsOf(files)).toEqual({
      "DenoisET/TS_01_Vol.mrc": "denoised, DenoisET, by contents",
      "denoiset_out/TS_01_Vol.mrc": "denoised, DenoisET, by contents",
    });
  });

  it("are not of another session's tomogram where that of their own is gone", async () => {
    const laboratory = await laboratoryWith({
      "aretomo/L03/TS_02_Vol.mrc": volume,
      "aretomo/L07/TS_01_Vol.mrc": volume,
      "denoised/L03/TS_01_Vol.denoised.mrc": volume,
    });
    const claims = (await denoisers.recognise(laboratory))!.claims;
    expect(claims.map(({ path, sameRunAs }) => [path, sameRunAs])).toEqual([["denoised/L03/TS_01_Vol.denoised.mrc", undefined]]);
  });

  it("are of the tomogram beside them, though one of its name lies in a folder below", async () => {
    const laboratory = await laboratoryWith({
      ...{ "a/TS_01.rec": volume, "a/old/TS_01.rec": volume, "a/TS_01_nad20.rec": volume },
    });
    const claims = (await denoisers.recognise(laboratory))!.claims.map(({ path, sameRunAs }) => [path, sameRunAs]);
    expect(claims).toEqual([["a/TS_01_nad20.rec", "a/TS_01.rec"]]);
  });

  it("have halves as what was put in, though these lie below a folder of their name", async () => {
    const laboratory = await laboratoryWith({
      "tomograms/TS_01.mrc": volume,
      ...{ "cryocare/EVN/TS_01.mrc": volume, "cryocare/ODD/TS_01.mrc": volume, "cryocare/denoised.rec/TS_01.mrc": volume },
      "half1/denoised/TS_02.mrc": volume,
    });
    const claims = (await denoisers.recognise(laboratory))!.claims.map(({ path, sameRunAs }) => [path, sameRunAs]);
    expect(claims).toEqual([
      ["cryocare/denoised.rec/TS_01.mrc", "tomograms/TS_01.mrc"],
      ["half1/denoised/TS_02.mrc", undefined],
    ]);
  });

  it("leave a volume of the name, size and spacing of a tomogram", async () => {
    expect(
      await claimsOf({
        "TS_01.mrc": volume,
        "TS_01.denoised.mrc": volume,
        "TS_01_EVN.mrc": volume,
        "TS_01_ODD.mrc": volume,
        "cryocare/TS_01.mrc": volume,
        "out/TS_01_EVN.mrc": withLabel("cryoCARE   01-Jan-23  12:00:00"),
        "isonet/corrected_tomos/TS_01_corrected.mrc": volume,
        "ddw/refined_tomograms/TS_01_EVN_refined.mrc": volume,
        "deconv/TS_01.mrc": volume,
        "isonet/ts_deconv/TS_01.mrc": volume,
        "topaz/TS_01_topaz.mrc": mrcFile([6, 10, 10], 1),
        "other/TS_01_bin2.mrc": volume,
      }),
    ).toEqual({
      "TS_01.denoised.mrc": "denoised, Topaz-Denoise, by contents",
      "cryocare/TS_01.mrc": "denoised, cryoCARE, by contents",
      "out/TS_01_EVN.mrc": "denoised, cryoCARE, by contents",
      "isonet/corrected_tomos/TS_01_corrected.mrc": "denoised, IsoNet, by contents",
      "ddw/refined_tomograms/TS_01_EVN_refined.mrc": "denoised, DeepDeWedge, by contents",
      "deconv/TS_01.mrc": "filtered, undefined, by contents",
      "isonet/ts_deconv/TS_01.mrc": "filtered, undefined, by contents",
      "topaz/TS_01_topaz.mrc": "denoised, Topaz-Denoise, by contents",
    });
  });

  it("are believed less where there is no such tomogram, and not at all where another word says more", async () => {
    expect(
      await claimsOf({
        "TS_01.mrc": volume,
        "denoised/TS_02.mrc": volume,
        "p/mask/TS_01_mask.mrc": volume,
        "p/subtomo/list.xml": "x",
        "denoised/TS_01.mrc": mrcFile([3, 5, 5], 16),
        "isonet/TS_01_mask.mrc": volume,
        "p/mask/TS_02_mask neu.mrc": volume,
        "denoised/TS_01.st": mrcFile([6, 10, 10], 8, { kind: "stack" }),
        "M/isoneter_01.mrc": volume,
      }),
    ).toEqual({
      "denoised/TS_02.mrc": "denoised, undefined, by name",
      "p/mask/TS_01_mask.mrc": "left out",
      "p/mask/TS_02_mask neu.mrc": "left out",
      "denoised/TS_01.mrc": "denoised, undefined, by name",
    });
  });

  it("has its own tables in IsoNet", async () => {
    // columns as util/metadata.py of IsoNet writes them
    const star = `data_\n\nloop_\n_rlnIndex #1\n_rlnMicrographName #2\n_rlnPixelSize #3\n_rlnSnrFalloff #4\n_rlnDeconvTomoName #5\n_rlnMaskBoundary #6\n_rlnMaskName #7\n_rlnCorrectedTomoName #8\n1 tomograms/TS_01.rec 8 1.0 ./deconv/TS_01.rec None mask/TS_01_mask.mrc ./corrected_tomos/TS_01_corrected.mrc\n`;
    expect(
      await claimsOf({
        "p/tomograms/TS_01.rec": volume,
        "p/tomograms.star": star,
        "p/deconv/TS_01.rec": volume,
        "p/mask/TS_01_mask.mrc": volume,
        "p/corrected_tomos/TS_01_corrected.mrc": volume,
        "p/subtomo/TS_01_0001.mrc": mrcFile([4, 4, 4], 8),
        "p/results/model_iter30.h5": "x",
        "q/mask/a.mrc": volume,
        "q/particles.star": "data_\n\nloop_\n_rlnMaskName #1\nmask/a.mrc\n",
      }),
    ).toEqual({
      "p/tomograms.star": "left out",
      "p/deconv/TS_01.rec": "filtered, IsoNet, by bookkeeping",
      "p/mask/TS_01_mask.mrc": "left out",
      "p/corrected_tomos/TS_01_corrected.mrc": "denoised, IsoNet, by bookkeeping",
      "p/subtomo/TS_01_0001.mrc": "left out",
      "p/results/model_iter30.h5": "left out",
    });
  });

  it("are told by the tables of IsoNet2, wherever they lie and whatever the folders are called", async () => {
    // columns and names as prepare_star, deconv, make_mask and predict of IsoNet2 write them
    const columns = [
      ...["rlnIndex", "rlnTomoName", "rlnTomoReconstructedTomogramHalf1", "rlnTomoReconstructedTomogramHalf2", "rlnPixelSize"],
      ...["rlnDeconvTomoName", "rlnMaskBoundary", "rlnMaskName", "rlnNumberSubtomo", "rlnCorrectedTomoName"],
    ];
    const star = (row: string) => `data_\n\nloop_\n${columns.map((column, at) => `_${column} #${at + 1}\n`).join("")}${row}\n`;
    const files = {
      "r/TS_01.mrc": volume,
      "r/TS_01_a.mrc": volume,
      "r/TS_01_b.mrc": volume,
      "i/one/TS_01.mrc": volume,
      "i/two/TS_01_m.mrc": volume,
      "i/three/corrected_isonet2-n2n_unet-medium_TS_01.mrc": volume,
    };
    const row = "1 r/TS_01.mrc r/TS_01_a.mrc r/TS_01_b.mrc 8 one/TS_01.mrc None two/TS_01_m.mrc 100";
    const corrected = "three/corrected_isonet2-n2n_unet-medium_TS_01.mrc";
    expect(await claimsOf({ ...files, "i/tomograms.star": star(`${row} ${corrected}`) })).toEqual({
      "i/tomograms.star": "left out",
      "r/TS_01.mrc": "raw, undefined, by contents",
      "r/TS_01_a.mrc": "undefined, undefined, by bookkeeping",
      "r/TS_01_b.mrc": "undefined, undefined, by bookkeeping",
      "i/one/TS_01.mrc": "filtered, IsoNet2, by bookkeeping",
      "i/two/TS_01_m.mrc": "left out",
      [`i/${corrected}`]: "denoised, IsoNet2, by bookkeeping",
    });
    const recognised = await denoisers.recognise(
      await laboratoryWith({ ...files, "i/tomograms.star": star(`${row} ${corrected}`) }),
    );
    expect(recognised!.claims.find(({ path }) => path === `i/${corrected}`)!.sameRunAs).toBe("r/TS_01.mrc");
    expect(recognised!.claims.find(({ path }) => path === "r/TS_01_a.mrc")!.role).toBe("half map");
    // a half that the table names may be gone since
    const { "r/TS_01_b.mrc": _gone, ...rest } = files;
    expect(await claimsOf({ ...rest, "i/tomograms.star": star(`${row} ${corrected}`) })).toMatchObject({
      "r/TS_01.mrc": "raw, undefined, by contents",
    });
    // without the table by its name
    expect((await claimsOf(files))[`i/${corrected}`]).toBe("denoised, IsoNet, by contents");
  });

  it("leave out the masks that say where DeepDeWedge takes its pieces, and what was segmented in its tomograms", async () => {
    const config = `shared:\n  project_dir: "./p"\n  tomo0_files: ["even/TS_01_e.mrc"]\n  tomo1_files: ["odd/TS_01_o.mrc"]\nprepare_data:\n  mask_files:\n    - "./masks/TS_01_mask.mrc"\nfit_model:\n  num_epochs: 10\n`;
    const recognised = await denoisers.recognise(
      await laboratoryWith({
        "TS_01.mrc": volume,
        "ddw/config.yaml": config,
        "ddw/masks/TS_01_mask.mrc": volume,
        "ddw/p/refined_tomograms/TS_01_e+TS_01_o_refined.mrc": volume,
        "ddw/p/refined_tomograms/Predictions/TS_01_e+TS_01_o_refined_semantic.mrc": volume,
        "ddw/p/refined_tomograms/Predictions/TS_01_e+TS_01_o_refined_instance.mrc": volume,
      }),
    );
    expect(recognised!.claims.map(({ path, role, because, strength }) => [path, role, because, strength])).toEqual([
      ["ddw/config.yaml", "left out", "the configuration of DeepDeWedge", "bookkeeping"],
      [
        "ddw/p/refined_tomograms/TS_01_e+TS_01_o_refined.mrc",
        "tomogram",
        "config.yaml names the halves that it is called after",
        "bookkeeping",
      ],
      ["ddw/masks/TS_01_mask.mrc", "left out", "where DeepDeWedge takes its pieces from: no annotation", "bookkeeping"],
    ]);
  });

  it("are told by the configurations of cryoCARE, under the name of the even half", async () => {
    const halves = { even: ["../grid2/TS_01_EVN_Vol.mrc"], odd: ["../grid2/TS_01_ODD_Vol.mrc"] };
    const recognised = await denoisers.recognise(
      await laboratoryWith({
        ...{ "grid1/TS_01_EVN_Vol.mrc": volume, "grid1/TS_01_ODD_Vol.mrc": volume, "grid1/TS_01_Vol.mrc": volume },
        ...{ "grid2/TS_01_EVN_Vol.mrc": volume, "grid2/TS_01_ODD_Vol.mrc": volume, "grid2/TS_01_Vol.mrc": volume },
        "care/out/TS_01_EVN_Vol.mrc": volume,
        "care/train_data_config.json": JSON.stringify({ ...halves, patch_shape: [72, 72, 72], path: "./" }),
        "care/predict_config.json": JSON.stringify({ path: "model.tar.gz", ...halves, n_tiles: [1, 1, 1], output: "out" }),
        "care/other_config.json": JSON.stringify({ even: 2, odd: 3 }),
      }),
    );
    const claims = recognised!.claims.filter(({ strength }) => strength === "bookkeeping");
    expect(
      claims.map(({ path, role, sameRunAs }) => `${path}: ${[role, sameRunAs].filter(Boolean).join(" of ")}`).sort(),
    ).toEqual([
      "care/out/TS_01_EVN_Vol.mrc: tomogram of grid2/TS_01_EVN_Vol.mrc",
      "care/predict_config.json: left out",
      "care/train_data_config.json: left out",
      "grid2/TS_01_EVN_Vol.mrc: half map",
      "grid2/TS_01_EVN_Vol.mrc: half map",
      "grid2/TS_01_ODD_Vol.mrc: half map",
      "grid2/TS_01_ODD_Vol.mrc: half map",
    ]);
  });

  it("have no pieces for a training among them, in whatever folders DeepDeWedge puts these", async () => {
    const files = { "ddw/subtomos/fitting_subtomos/subtomo0/0.mrc": mrcFile([4, 4, 4], 8), "ddw/val_subtomos/7.mrc": volume };
    expect(await claimsOf({ "TS_01.mrc": volume, ...files })).toEqual({
      "ddw/subtomos/fitting_subtomos/subtomo0/0.mrc": "left out",
      "ddw/val_subtomos/7.mrc": "left out",
    });
  });

  it("call a box of a folder `subtomo`, which RELION's particles are in, too, no piece for a training alone", async () => {
    const recognised = await denoisers.recognise(
      await laboratoryWith({ "TS_01.mrc": volume, "relion/subtomo/TS_01/0000001.mrc": mrcFile([4, 4, 4], 8) }),
    );
    expect(recognised!.claims.map(({ path, because }) => [path, because])).toEqual([
      ["relion/subtomo/TS_01/0000001.mrc", "a piece of a tomogram, for a training or of one particle"],
    ]);
  });

  it("are told by the configuration of DeepDeWedge, and by the names of both halves", async () => {
    const config = `shared:\n  project_dir: "./p"\n  tomo0_files:\n    - "/gone/even/TS_01_e.mrc"\n  tomo1_files: ["/gone/odd/TS_01_o.mrc"]\nfit_model:\n  unet_params_dict: {chans: 64}\nrefine_tomogram:\n  subtomo_overlap: 32\n`;
    const files = {
      "ddw.yaml": config,
      "even/TS_01_e.mrc": volume,
      "odd/TS_01_o.mrc": volume,
      "out/TS_01_e+TS_01_o_refined.mrc": volume,
      "other.yaml": "shared: {a: 1}\n",
    };
    const recognised = await denoisers.recognise(await laboratoryWith(files));
    const claims = recognised!.claims.map(({ path, role, details, sameRunAs }) => [
      path,
      role,
      details?.processingSoftware,
      sameRunAs,
    ]);
    expect(claims).toEqual([
      ["ddw.yaml", "left out", undefined, undefined],
      ["even/TS_01_e.mrc", "half map", undefined, undefined],
      ["odd/TS_01_o.mrc", "half map", undefined, undefined],
      ["out/TS_01_e+TS_01_o_refined.mrc", "tomogram", "DeepDeWedge", "even/TS_01_e.mrc"],
    ]);
    const byName = { "TS_01.mrc": volume, "x/TS_01_ODD+TS_01_EVN_refined.mrc": volume };
    expect(await claimsOf(byName)).toEqual({ "x/TS_01_ODD+TS_01_EVN_refined.mrc": "denoised, DeepDeWedge, by contents" });
    // of a tomogram that was given twice there are no halves
    const twice = await claimsOf({
      ...files,
      "ddw.yaml": config.replace("even/TS_01_e", "odd/TS_01_o"),
      "out/TS_01_o+TS_01_o_refined.mrc": volume,
    });
    expect([twice["odd/TS_01_o.mrc"], twice["out/TS_01_o+TS_01_o_refined.mrc"]]).toEqual([
      undefined,
      "denoised, DeepDeWedge, by bookkeeping",
    ]);
  });

  it("are left out where IsoNet2 has made them while it learnt, and later ones are there", async () => {
    const found = await denoisers.recognise(
      await laboratoryWith({
        "p/isonet_maps/corrected_epochs10_isonet2-n2n_unet-medium_TS_01_EVN.mrc": volume,
        "p/isonet_maps/corrected_epochs20_isonet2-n2n_unet-medium_TS_01_EVN.mrc": volume,
        "p/isonet_maps/corrected_epochs10_isonet2-n2n_unet-medium_TS_02_EVN.mrc": volume,
        "p/isonet_maps/corrected_epochs10_isonet2-n2n_unet-medium_TS_03_EVN.mrc": volume,
        "p/corrected_tomos/_isonet2-n2n_unet-medium_TS_02_EVN.mrc": volume,
        "other/corrected_tomos/_isonet2-n2n_unet-medium_TS_03_EVN.mrc": volume,
      }),
    );
    const left = found!.claims.filter(({ role }) => role === "left out");
    expect(left.map(({ path, because }) => `${path.slice(14)}: ${because}`)).toEqual([
      "corrected_epochs10_isonet2-n2n_unet-medium_TS_01_EVN.mrc: of the training of IsoNet, after 10 epochs: p/isonet_maps/corrected_epochs20_isonet2-n2n_unet-medium_TS_01_EVN.mrc is there",
      "corrected_epochs10_isonet2-n2n_unet-medium_TS_02_EVN.mrc: of the training of IsoNet, after 10 epochs: p/corrected_tomos/_isonet2-n2n_unet-medium_TS_02_EVN.mrc is there",
    ]);
  });
});
