import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { seeming } from "./kinds.js";

const of = (path: string, format: "text" | "tiff" | "eer" = "text") => {
  const seen = seeming({ path, size: 10, format }, { tiltCounts: new Set(), has: () => false });
  return [seen?.role, seen?.details?.format];
};

describe("what names suggest", () => {
  it("tells estimates of Gctf from lists of particles, and emClarity's tables from lists of angles", () => {
    expect(of("ctf/TS_01_gctf.star")).toEqual(["ctf", "RELION"]);
    expect(of("picks/TS_01.star")).toEqual(["points", undefined]);
    expect(of("ctf/TS_01_ali1_ctf.tlt")).toEqual(["left out", undefined]);
    expect(of("TS_01_ali1.tlt")).toEqual(["alignment", "IMOD"]);
  });

  it("says of compressed volumes and lists that they have to be unpacked; of movies those of bzip2 are read", () => {
    const seen = (path: string) => seeming({ path, size: 10, format: undefined }, { tiltCounts: new Set(), has: () => false });
    for (const path of [
      "rec/TS_01_rec.mrc.gz",
      "rec/TS_01.rec.bz2",
      "TS_01.st.zst",
      "frames/a.tif.gz",
      "rec/TS_01.mrc.bz2",
      "labels/TS_01.nii.gz",
      "picks/TS_01.csv.gz",
    ])
      expect(seen(path)).toMatchObject({ role: "left out", because: expect.stringContaining("unpack it first") });
    expect([seen("frames/TS_01_001.mrc.bz2")?.role, seen("a/TS_01_001.frames.mrc.bz2")?.role]).toEqual(["frame", "frame"]);
    expect(seen("data.tar.gz")).toBeUndefined();
  });

  it("takes for a movie what is one, and not what only is called so", () => {
    expect([of("frames/TS_01_001.tif", "tiff")[0], of("frames/TS_01_001.eer", "eer")[0]]).toEqual(["frame", "frame"]);
    expect([of("frames/TS_01_001.tif")[0], of("frames/TS_01_001.eer")[0]]).toEqual([undefined, undefined]);
    expect(of("dragonfly/TS_01_membrane/TS_01_membrane_0001.tif", "tiff")[0]).toBe("left out");
    expect(of("frames/membrane_01_0001.tif", "tiff")[0]).toBe("frame");
    expect([of("gain.tiff", "tiff")[0], of("gain.tiff")[0]]).toEqual(["gain", undefined]);
  });

  it("takes what has as many sections as there are tilts for a tilt series, and not a crop for a figure", async () => {
    const role = async (path: string) => {
      const bytes = mrcFile([4, 6, 6], 2);
      // what says neither that it is a volume nor that it is a stack
      new DataView(bytes.buffer).setInt32(88, 0, true);
      const { files } = await laboratoryWith({ [path]: bytes });
      return seeming(files[0]!, { tiltCounts: new Set([4]), has: () => false })?.role;
    };
    expect([await role("TS_01.mrc"), await role("for_paper/Fig4_crop.mrc")]).toEqual(["tilt series", undefined]);
  });

  it("takes a stack with its angles for a tilt series though it lies below frames, and movies for frames", async () => {
    const beside = new Set(["frames/imod/TS_02/TS_02.rawtlt"]);
    const role = async (path: string) => {
      const { files } = await laboratoryWith({ [path]: mrcFile([4, 6, 6], 2, { kind: "stack" }) });
      return seeming(files[0]!, { tiltCounts: new Set(), has: (one) => beside.has(one) })?.role;
    };
    expect(await role("frames/imod/TS_01/TS_01.st")).toBe("tilt series");
    expect(await role("frames/imod/TS_02/TS_02.mrc")).toBe("tilt series");
    expect(await role("frames/TS_01_001.mrc")).toBe("frame");
  });

  it("takes no volume of fractions for a mask, whatever it is called", async () => {
    const role = async (path: string, bytes: Uint8Array) =>
      seeming((await laboratoryWith({ [path]: bytes })).files[0]!, { tiltCounts: new Set(), has: () => false })?.role;
    expect(await role("segmentation/TS_01_ribosome.mrc", mrcFile([4, 6, 6], 8, { value: 1 }))).toBe("mask");
    expect(await role("segmentation/TS_01_ribosome.mrc", mrcFile([4, 6, 6], 8, { seed: 1 }))).toBe("left out");
    expect(await role("TS_01_membrane_mask.mrc", mrcFile([4, 6, 6], 8, { seed: 1 }))).toBe("left out");
    expect(await role("deepfinder/TS_01_labelmap.mrc", mrcFile([4, 6, 6], 8, { value: 1 }))).toBe("mask");
  });
});
