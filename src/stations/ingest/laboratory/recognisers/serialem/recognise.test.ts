import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { serialem } from "./recognise.js";

/** Keys as in https://bio3d.colorado.edu/SerialEM/hlp/html/about_formats.htm */
const mdoc = (image: string, tilts: readonly number[], frame: ((at: number) => string) | undefined, more = "", minute = 10) =>
  `PixelSpacing = 2.1\nVoltage = 300\nVersion = SerialEM Version 4.0.20 64-bit,  built Feb 17 2023  20:15:15\nImageFile = ${image}\nImageSize = 8 6\nDataMode = 1\n${more}\n[T = SerialEM: Titan Krios]\n\n[T =     Tilt axis angle = 84.9, binning = 1  spot = 8  camera = 1]\n\n${tilts
    .map(
      (tilt, z) =>
        `[ZValue = ${z}]\nTiltAngle = ${tilt}\nPixelSpacing = 2.1\n${frame ? `SubFramePath = X:\\data\\session 1\\frames\\${frame(z)}\nNumSubFrames = 8\n` : ""}DateTime = 12-Mar-24  ${minute}:${10 + z}:12\n`,
    )
    .join("\n")}`;
/** As SerialEM writes beside frames that are not normalised. */
const frameSet = (gain: string) =>
  `T = SerialEM: Krios\nVoltage = 300\n\n[FrameSet = 0]\nGainReference = ${gain}\nDefectFile = defects_a.txt\nTiltAngle = 3\nSubFramePath = X:\\f\\a.tif\nNumSubFrames = 8\n`;
const TILTS = [-3, 0, 3];
const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const stack = mrcFile([3, 6, 8], 2.1, { kind: "stack" });

async function recognise(files: Record<string, string | Uint8Array>) {
  const recognised = await serialem.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run }) => [path, run === undefined ? role : `${role} ${run}`]),
  );
  return { recognised, claims };
}

describe("SerialEM", () => {
  it("takes each stack with an mdoc of several tilts for a tilt series, with its frames and their gain reference", async () => {
    const frames = (name: string) => Object.fromEntries(TILTS.map((_, z) => [`frames/${name}_${z}.tif`, tiff]));
    const { recognised, claims } = await recognise({
      "lam1_pos1.mrc": stack,
      "lam1_pos1.mrc.mdoc": mdoc("lam1_pos1.mrc", TILTS, (z) => `lam1_pos1_${z}.tif`),
      "lam1_pos1_2.mrc": stack,
      "lam1_pos1_2.mrc.mdoc": mdoc("lam1_pos1_2.mrc", TILTS, (z) => `lam1_pos1_2_${z}.tif`).replaceAll("\n", "\r\n"),
      ...frames("lam1_pos1"),
      ...frames("lam1_pos1_2"),
      "frames/lam1_pos1_0.tif.mdoc": frameSet("CountRef_a.dm4"),
      "frames/CountRef_a.dm4": mrcFile([1, 6, 8], 1),
      "frames/SuperRef_other.dm4": mrcFile([1, 6, 8], 1),
      "frames/defects_a.txt": "CameraSizeX 8\n",
    });
    expect(recognised!.software).toBe("SerialEM 4.0.20");
    expect(claims).toEqual({
      "lam1_pos1.mrc": "tilt series lam1_pos1",
      "lam1_pos1.mrc.mdoc": "acquisition lam1_pos1",
      "lam1_pos1_2.mrc": "tilt series lam1_pos1_2",
      "lam1_pos1_2.mrc.mdoc": "acquisition lam1_pos1_2",
      ...Object.fromEntries(
        ["lam1_pos1", "lam1_pos1_2"].flatMap((name) => TILTS.map((_, z) => [`frames/${name}_${z}.tif`, `frame ${name}`])),
      ),
      "frames/lam1_pos1_0.tif.mdoc": "left out",
      "frames/CountRef_a.dm4": "gain lam1_pos1",
      "frames/SuperRef_other.dm4": "gain",
      "frames/defects_a.txt": "left out",
    });
    expect(recognised!.notes).toEqual([]);
  });

  it("leaves maps, views and navigators out", async () => {
    const { claims } = await recognise({
      "LMM.mrc": stack,
      "LMM.mrc.mdoc": mdoc("LMM.mrc", [0, 0, 0], undefined, "Montage = 1\n"),
      "views.mrc": stack,
      "views.mrc.mdoc": mdoc("views.mrc", [8, 8.01, 7.99], undefined),
      "short.mrc": mrcFile([2, 6, 8], 2.1, { kind: "stack" }),
      "short.mrc.mdoc": mdoc("short.mrc", [0, 3], undefined),
      "grid.nav":
        "AdocVersion = 2.00\n\n[Item = 1-A]\nType = 2\nMapFile = D:\\maps\\square.mrc\n\n[Item = 2]\nType = 2\nMapFile = D:\\maps\\TS.mrc\n",
      "square.mrc": mrcFile([1, 6, 8], 90),
      "TS.mrc": stack,
      "TS.mrc.mdoc": mdoc("TS.mrc", TILTS, undefined),
    });
    expect(claims).toMatchObject({
      "LMM.mrc": "left out",
      "LMM.mrc.mdoc": "left out",
      "views.mrc": "left out",
      "short.mrc": "left out",
      "grid.nav": "left out",
      "square.mrc": "left out",
      "TS.mrc": "tilt series TS",
    });
  });

  it("finds frames by the ends of their paths: not averages called alike, and none that two files could be", async () => {
    const { claims, recognised } = await recognise({
      "mdocs/017.mdoc": mdoc("TS_017.mrc", TILTS, (z) => `017_0${z}.mrc`),
      "stacks/TS_017.mrc": stack,
      "frames/017_00.mrc": mrcFile([8, 6, 8], 2.1, { kind: "stack" }),
      "average/017_00.mrc": mrcFile([1, 6, 8], 2.1),
      "old/017_01.mrc": stack,
      "new/017_01.mrc": stack,
      "frames/017_02.tif": tiff,
    });
    expect(claims).toEqual({
      "mdocs/017.mdoc": "acquisition 017",
      "stacks/TS_017.mrc": "tilt series 017",
      "frames/017_00.mrc": "frame 017",
      "frames/017_02.tif": "frame 017",
    });
    expect(recognised!.missingFrames).toEqual([{ run: "017", by: "mdocs/017.mdoc", found: 2, of: 3 }]);
  });

  it("takes no tomogram for a stack that is called like it", async () => {
    const { claims } = await recognise({
      "mdocs/TS_01.mdoc": mdoc("TS_01.mrc", TILTS, undefined),
      "reconstruction/TS_01.mrc": mrcFile([4, 6, 8], 10),
    });
    expect(claims).toEqual({ "mdocs/TS_01.mdoc": "acquisition TS_01" });
  });

  it("joins mdocs of the same exposures, and keeps series of one name apart", async () => {
    const { claims } = await recognise({
      "grid1/TS_01.mrc": stack,
      "grid1/TS_01.mrc.mdoc": mdoc("TS_01.mrc", TILTS, (z) => `g1_${z}.tif`),
      "for_warp/TS_01.mdoc": mdoc("TS_01.mrc", TILTS.slice(0, 3), (z) => `g1_${z}.tif`),
      "grid2/TS_01.mrc": mrcFile([3, 6, 8], 2.1, { kind: "stack", value: 3 }),
      "grid2/TS_01.mrc.mdoc": mdoc("TS_01.mrc", TILTS, (z) => `g2_${z}.tif`, "", 11),
    });
    expect(claims).toEqual({
      "grid1/TS_01.mrc": "tilt series grid1_TS_01",
      "grid1/TS_01.mrc.mdoc": "acquisition grid1_TS_01",
      "for_warp/TS_01.mdoc": "left out grid1_TS_01",
      "grid2/TS_01.mrc": "tilt series grid2_TS_01",
      "grid2/TS_01.mrc.mdoc": "acquisition grid2_TS_01",
    });
  });

  it("leaves the mdoc of before out, where a program has sorted a stack in place and kept it under another name", async () => {
    // as sortTS of PACEtomo leaves them
    const recorded = mdoc("L1_ts_001.mrc", [0, 3, -3], (z) => `L1_ts_001_${z}.tif`);
    const sorted = mdoc("L1_ts_001.mrc", [-3, 0, 3], (z) => `L1_ts_001_${[2, 0, 1][z]}.tif`);
    const frames = Object.fromEntries(TILTS.map((_, z) => [`frames/L1_ts_001_${z}.tif`, tiff]));
    const files = {
      "L1_ts_001.mrc": stack,
      "L1_ts_001.mrc.mdoc": sorted,
      "L1_ts_001_unsorted.mrc.mdoc": recorded,
      ...frames,
    };
    expect((await recognise(files)).claims).toEqual({
      "L1_ts_001.mrc": "tilt series L1_ts_001",
      "L1_ts_001.mrc.mdoc": "acquisition L1_ts_001",
      "L1_ts_001_unsorted.mrc.mdoc": "left out L1_ts_001",
      ...Object.fromEntries(Object.keys(frames).map((path) => [path, "frame L1_ts_001"])),
    });
    // with a stack of its own it is a series, such as one of a part of the frames
    const { claims } = await recognise({ ...files, "L1_ts_001_unsorted.mrc": stack });
    expect(claims["L1_ts_001_unsorted.mrc.mdoc"]).toBe("acquisition L1_ts_001_unsorted");
  });

  it("joins mdocs that lie beside stacks of the same images, summed anew", async () => {
    const text = mdoc("TS_01.mrc", TILTS, (z) => `f_${z}.tif`);
    const [camera, corrected] = [1, 1].map((seed) => mrcFile([3, 48, 48], 2.1, { kind: "stack", seed }));
    const files = { "raw/TS_01.mrc": camera!, "raw/TS_01.mrc.mdoc": text, "stacks/TS_01.mrc.mdoc": text };
    expect((await recognise({ ...files, "stacks/TS_01.mrc": corrected! })).claims).toEqual({
      "raw/TS_01.mrc": "tilt series TS_01",
      "raw/TS_01.mrc.mdoc": "acquisition TS_01",
      "stacks/TS_01.mrc": "tilt series TS_01",
      "stacks/TS_01.mrc.mdoc": "left out TS_01",
    });
    const { claims } = await recognise({ ...files, "stacks/TS_01.mrc": mrcFile([3, 48, 48], 2.1, { kind: "stack", seed: 2 }) });
    expect(claims["stacks/TS_01.mrc.mdoc"]).toBe("acquisition stacks_TS_01");
  });

  it("calls a series as its stack where the mdoc beside it was renamed", async () => {
    const described = mdoc("TS_01.mrc", TILTS, (z) => `TS_01_${z}.tif`);
    expect((await recognise({ "TS_01.mrc": stack, "TS_01.mrc_neu.mdoc": described })).claims).toEqual({
      "TS_01.mrc": "tilt series TS_01",
      "TS_01.mrc_neu.mdoc": "acquisition TS_01",
    });
    const both = { "TS_01.mrc": stack, "TS_01.mrc.mdoc": described, "TS_01_2.mdoc": described.replaceAll("TS_01_", "other_") };
    expect((await recognise(both)).claims["TS_01_2.mdoc"]).toBe("acquisition TS_01_2");
  });

  it("gives an mdoc whose stack is gone no stack of the same name with an mdoc of its own", async () => {
    const runsOf = async (described: string) => {
      const { recognised } = await recognise({
        "stacks/wt/TS_01.mrc": stack,
        [`${described}/TS_01.mrc.mdoc`]: mdoc("TS_01.mrc", TILTS, (z) => `wt_${z}.tif`),
        "dko/TS_01.mrc.mdoc": mdoc("TS_01.mrc", TILTS, (z) => `dko_${z}.tif`, "", 31),
      });
      return recognised!.claims.flatMap(({ role, run }) => (role === "tilt series" ? [run] : []));
    };
    expect(await runsOf("stacks/wt")).toEqual(["stacks_wt_TS_01"]);
    // of two that both may describe it neither does
    expect(await runsOf("wt")).toEqual([]);
  });

  it("lets axes that etomo joins be one run", async () => {
    const { claims } = await recognise({
      "BB/BB.edf": "Setup.DatasetName=BB\nSetup.AxisType=Dual Axis\n",
      "BB/BBa.st": stack,
      "BB/BBa.st.mdoc": mdoc("BBa.st", TILTS, undefined),
      "BB/BBb.st": stack,
      "BB/BBb.st.mdoc": mdoc("BBb.st", TILTS, undefined, "", 11),
    });
    expect(claims).toEqual({
      "BB/BBa.st": "tilt series BB",
      "BB/BBa.st.mdoc": "acquisition BB",
      "BB/BBb.st": "left out BB",
      "BB/BBb.st.mdoc": "left out BB",
    });
  });

  it("tells of mdocs that it cannot read, and gives the size of pixels where a header has none", async () => {
    const { recognised, claims } = await recognise({
      "a.mrc.mdoc": "[ZValue = 0]\nTiltAngle = flat\n",
      "b.mrc.mdoc": "[ZValue",
      "c.mrc.mdoc": "",
      "d.mrc": mrcFile([3, 6, 8], 1, { kind: "stack" }),
      "d.mrc.mdoc": mdoc("d.mrc", TILTS, undefined),
    });
    expect(recognised!.notes).toEqual([expect.stringContaining('a.mrc.mdoc: TiltAngle is "flat"')]);
    expect(claims).toEqual({ "b.mrc.mdoc": "left out", "d.mrc": "tilt series d", "d.mrc.mdoc": "acquisition d" });
    expect(recognised!.claims.find(({ path }) => path === "d.mrc")?.details).toEqual({ spacingAngstrom: 2.1 });
  });

  it("leaves mdocs of Tomography 5 and folders without mdocs to others", async () => {
    const { recognised } = await recognise({
      "Position_1.mdoc": mdoc("Position_1.mrc", TILTS, (z) => `Position_1_00${z}_${z}.00_20250715_01243${z}_EER.eer`),
      "x.nav": "not a navigator",
      "y.mrc": stack,
    });
    expect(recognised).toBeUndefined();
  });

  it("(34.silence) tells of a gain reference that frames need and that is not in the folder", async () => {
    const { recognised } = await recognise({
      "TS_01.mrc": stack,
      "TS_01.mrc.mdoc": mdoc("TS_01.mrc", TILTS, (z) => `TS_01_${z}.tif`),
      "frames/TS_01_0.tif": tiff,
      "frames/TS_01_1.tif": tiff,
      "frames/TS_01_2.tif": tiff,
      "frames/TS_01_0.tif.mdoc": frameSet("CountRef_a.dm4"),
    });
    expect(recognised!.goneGains).toEqual([{ by: "frames/TS_01_0.tif.mdoc", named: "CountRef_a.dm4" }]);
  });
});
