import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { aretomo } from "./recognise.js";

/** Lines as CSaveAlnFile.cpp of AreTomo2 and CSaveAlignFile.cpp of AreTomo3 write them. */
const aln = (size: string, sections: number, { isThird = false, rotation = -1, patches = 0 } = {}) =>
  `# AreTomo Alignment / Priims bprmMn\n# RawSize = ${size}\n# NumPatches = ${patches}\n${
    isThird ? "# AlphaOffset =     0.00\n# BetaOffset =     0.00\n# Thickness = 10\n" : ""
  }# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n${Array.from(
    { length: sections },
    (_, i) => `${i} ${rotation} 1.00000 0.000 0.000 1.00 1.00 1.00 0.00 ${3 * i - 60}\n`,
  ).join("")}`;

const CTF = "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism\n1 1 1 1 1 1 1\n";

async function rolesOf(files: Record<string, string | Uint8Array>) {
  const recognised = await aretomo.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run }) => [path, run === undefined ? role : `${role} ${run}`]),
  );
  return { recognised, claims };
}

describe("AreTomo", () => {
  it("knows what AreTomo3 writes of a series, and its session", async () => {
    // names: DataUtil/CTsPackage.cpp, CAsyncSaveVol.cpp; session: CAreTomo3Json.cpp
    const { claims, recognised } = await rolesOf({
      "out/Position_1.mrc": mrcFile([5, 40, 40], 2, { kind: "stack" }),
      "out/Position_1_EVN.mrc": mrcFile([5, 40, 40], 2, { kind: "stack" }),
      "out/Position_1.aln": aln("40 40 5", 5, { isThird: true, patches: 4 }),
      "out/Position_1_TLT.txt": "-6.00 1 3.00\n",
      "out/Position_1_CTF.txt": CTF,
      "out/Position_1_CTF.mrc": mrcFile([5, 8, 8], 1, { kind: "stack" }),
      "out/Position_1_CTF_Imod.txt": "1 0 0.0 0.0 0.0 3\n",
      "out/Position_1_Vol.mrc": mrcFile([6, 10, 10], 8),
      "out/Position_1_2ND_Vol.mrc": mrcFile([3, 5, 5], 16),
      "out/Position_1_ODD_Vol.mrc": mrcFile([6, 10, 10], 8),
      "out/Position_1_Imod/tilt.com": "$tilt\n",
      "out/Position_1_Log/Position_1_MC_GL.csv": "0\n",
      "out/TiltSeries_Metrics.csv": "Tilt_Series,Pix_Size(A)\nPosition_1.mrc, 2.00\n",
      "out/MdocDone.txt": "Position_1.mdoc\n",
      "out/AreTomo3_Session.json":
        '{"software": {"name": "AreTomo3", "version": "2.1.1"}, "input": {"Gain": "/data/x/gain.mrc"}, "parameters": {"Wbp": 1, "CorrCTF": [1, 15]}}',
      "frames/gain.mrc": mrcFile([1, 40, 40], 1),
      "frames/Position_1_001.mrc": mrcFile([6, 40, 40], 1, { kind: "stack" }),
    });
    expect(claims).toEqual({
      "out/Position_1.mrc": "tilt series Position_1",
      "out/Position_1_EVN.mrc": "left out Position_1",
      "out/Position_1.aln": "alignment Position_1",
      "out/Position_1_TLT.txt": "alignment Position_1",
      "out/Position_1_CTF.txt": "ctf Position_1",
      "out/Position_1_CTF.mrc": "left out Position_1",
      "out/Position_1_CTF_Imod.txt": "left out Position_1",
      "out/Position_1_Vol.mrc": "tomogram Position_1",
      "out/Position_1_2ND_Vol.mrc": "tomogram Position_1",
      "out/Position_1_ODD_Vol.mrc": "half map Position_1",
      "out/Position_1_Imod/tilt.com": "left out Position_1",
      "out/Position_1_Log/Position_1_MC_GL.csv": "left out Position_1",
      "out/TiltSeries_Metrics.csv": "left out",
      "out/MdocDone.txt": "left out",
      "out/AreTomo3_Session.json": "left out",
      "frames/gain.mrc": "gain",
    });
    expect(recognised!.software).toBe("AreTomo3 2.1.1");
    expect(recognised!.claims.find(({ path }) => path === "out/Position_1_Vol.mrc")!.details).toEqual({
      processing: "raw",
      reconstructionSoftware: "AreTomo3 2.1.1",
      reconstructionMethod: "WBP",
      ctfCorrected: true,
      fiducial: false,
    });
    expect(recognised!.claims.find(({ role }) => role === "alignment")!.details).toMatchObject({ alignmentType: "LOCAL" });
  });

  it("knows volumes of AreTomo2, whose names somebody chose, by the size of the stack", async () => {
    const { claims, recognised } = await rolesOf({
      "stacks/TS_01_st.mrc": mrcFile([7, 60, 40], 2, { kind: "stack" }),
      "stacks/TS_01_st.mrc.mdoc": "PixelSpacing = 2\nImageFile = TS_01.mrc\n",
      "raw/TS_01.mrc.mdoc": "PixelSpacing = 2\nImageFile = TS_01.mrc\n",
      "out/TS_01_st.aln": aln("40 60 7", 6, { rotation: 85 }).replace("# SEC", "# DarkFrame = 6 6 60.00\n# SEC"),
      "out/TS_01_st_rec.mrc": mrcFile([8, 20, 30], 4),
      "out/TS_01_st_rec_projXY.mrc": mrcFile([1, 20, 30], 4),
      "out/TS_01_st_rec_Imod/TS_01_st_rec_st.xf": "1 0 0 1 0 0\n",
      "out/TS_01_st_even.mrc": mrcFile([8, 20, 30], 4),
      "out/TS_01_st_ali.mrc": mrcFile([6, 20, 30], 4, { kind: "stack" }),
      "out/TS_01_st_deconv.mrc": mrcFile([8, 21, 70], 4),
      "out/TS_01_st.xf": "1 0 0 1 0 0\n",
    });
    expect(claims).toEqual({
      "stacks/TS_01_st.mrc": "tilt series TS_01_st",
      "out/TS_01_st.aln": "alignment TS_01_st",
      "out/TS_01_st_rec.mrc": "tomogram TS_01_st",
      "out/TS_01_st_rec_projXY.mrc": "left out TS_01_st",
      "out/TS_01_st_rec_Imod/TS_01_st_rec_st.xf": "left out TS_01_st",
      "out/TS_01_st_even.mrc": "half map TS_01_st",
      "out/TS_01_st_ali.mrc": "left out TS_01_st",
      "out/TS_01_st.xf": "left out TS_01_st",
    });
    expect(recognised!.software).toBe("AreTomo2");
  });

  it("calls a run as the acquisition does, where a script added a word to its stack", async () => {
    const { claims } = await rolesOf({
      "raw/TS_01.mrc.mdoc": "PixelSpacing = 2\n",
      "raw/TS_1.mrc.mdoc": "PixelSpacing = 2\n",
      "out/TS_01_bin4.aln": aln("40 60 7", 7),
      "out/TS_1_2.aln": aln("40 60 7", 7),
    });
    expect(claims).toEqual({ "out/TS_01_bin4.aln": "alignment TS_01", "out/TS_1_2.aln": "alignment TS_1_2" });
  });

  it("asks about volumes whose sections run along y", async () => {
    // CInput.cpp of AreTomo2, -FlipVol: "The default is xzy"
    const { claims, recognised } = await rolesOf({
      "a.aln": aln("40 60 7", 7),
      "a_rec.mrc": mrcFile([30, 8, 20], 4),
    });
    expect(claims).toEqual({ "a.aln": "alignment a" });
    expect(recognised!.questions).toMatchObject([{ files: ["a_rec.mrc"], guess: "leave-out" }]);
  });

  it("tells of a stack of another size, and of files that are broken or of other programs", async () => {
    const { claims, recognised } = await rolesOf({
      "x.aln": aln("40 60 7", 7),
      "x.mrc": mrcFile([7, 30, 20], 4, { kind: "stack" }),
      "y.aln": "# AreTomo Alignment\n# RawSize = 4 x\n# SEC\n",
      "proteins.aln": "CLUSTAL W (1.83) multiple sequence alignment\n\nA  MKV\n",
      "empty.aln": "",
    });
    expect(claims).toEqual({ "x.aln": "alignment x", "y.aln": "left out" });
    expect(recognised!.notes).toEqual([
      "y.aln: 2 columns, RawSize has 3 in line 2. The alignment is left out.",
      "The alignments of AreTomo are not used for these stacks, whose size is not the one in the .aln file: x.mrc (40×60, 7 sections in x.aln).",
    ]);
    expect((await rolesOf({ "p.aln": "CLUSTAL\n" })).recognised).toBeUndefined();
  });

  it("(34.silence) leaves out an alignment that cannot be read: its name would make it one", async () => {
    const { claims, recognised } = await rolesOf({ "TS_01.aln": "# AreTomo Alignment\n# RawSize = x y z\n1 2\n" });
    expect(claims).toEqual({ "TS_01.aln": "left out" });
    expect(recognised!.notes!.join()).toContain("The alignment is left out");
  });

  it("(34.silence) tells of a gain reference of the session that is not in the folder", async () => {
    const { recognised } = await rolesOf({
      "out/TS_01.aln": aln("40 40 5", 5),
      "out/AreTomo3_Session.json": '{"input": {"Gain": "/data/gain_1.mrc"}, "parameters": {"Wbp": [1]}}',
    });
    expect(recognised!.goneGains).toEqual([{ by: "out/AreTomo3_Session.json", named: "/data/gain_1.mrc" }]);
  });
});
