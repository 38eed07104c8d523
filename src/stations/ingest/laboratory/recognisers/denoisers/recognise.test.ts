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
        "denoised/TS_01.st": mrcFile([6, 10, 10], 8, { kind: "stack" }),
        "M/isoneter_01.mrc": volume,
      }),
    ).toEqual({
      "denoised/TS_02.mrc": "denoised, undefined, by name",
      "p/mask/TS_01_mask.mrc": "left out",
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
});
