import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { parseTiltAngles } from "../tilt-angles/read.js";
import { aretomoSections, parseAln } from "./aretomo.js";
import { newstCom, parseComFile, tiltCom, tiltComGeometry } from "./com-file.js";
import { imodSections, parseXf } from "./imod.js";

const refusal = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    if (isEmporiumError(error)) return { code: error.code, line: error.facts.place?.line };
  }
  return undefined;
};

const XF = "1 0 0 1 0.25 -0.75\n0 1 -1 0 1.5 0.5\n";

describe("IMOD transforms", () => {
  it("are six numbers a line", () => {
    expect(parseXf("\n  1.0 -0.5 .5 1. 1e1 -2\r\n", "x.xf")).toEqual([
      {
        matrix: [
          [1, -0.5],
          [0.5, 1],
        ],
        shift: [10, -2],
        line: 2,
      },
    ]);
    expect(parseXf("", "x.xf")).toEqual([]);
  });

  it.each([
    ["1 0 0 1 0\n", 1],
    ["1 0 0 1 0 0\n1 0 0 1 0 0 0\n", 2],
    ["1 0 0 1 0 nan\n", 1],
  ])("are refused as %j, with the line", (text, line) => {
    expect(refusal(() => parseXf(text, "x.xf"))).toEqual({ code: "FORMAT_FIELD", line });
  });

  it("of another number than the tilt angles are refused, or read as far as both go", () => {
    const files = { name: "x", transforms: parseXf(XF, "x.xf"), tilts: parseTiltAngles("1\n2\n3\n", "x.tlt") };
    expect(refusal(() => imodSections(files))).toEqual({ code: "FORMAT_FIELD", line: undefined });
    expect(imodSections(files, "reference").map(({ zIndex }) => zIndex)).toEqual([0, 1]);
    const xTilts = parseTiltAngles("0.5\n", "x.xtilt");
    expect(imodSections({ ...files, xTilts }, "reference")).toHaveLength(1);
  });

  it("seam 18: give numpy's offsets to the last digit with --compat reference", () => {
    const text =
      "-0.0906326 0.9958844 -0.9958844 -0.0906326 -3.000 0.700\n-0.0888943 0.9960411 -0.9960411 -0.0888943 -1.5 -0.3\n1 0 0 1 0 0\n";
    const files = { name: "x", transforms: parseXf(text, "x.xf"), tilts: parseTiltAngles("1\n2\n3\n", "x.tlt") };
    // numpy 1.26.4: matrix.T @ -shift
    expect(imodSections(files, "reference").map(({ xOffset, yOffset }) => [xOffset, yOffset])).toEqual([
      [0.42522128, 3.05109602],
      [-0.43215378, 1.46739336],
      [0, 0],
    ]);
  });
});

describe("AreTomo alignments", () => {
  const head = "# SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT\n";
  const row = (sec: number) => `${sec} 90 1 1.5 -2.5 1 1 1 0 -3\n`;

  it("of version 1 have no RawSize: the rows are all sections but the dark ones", () => {
    const aln = parseAln(
      `# AreTomo Alignment / Priims bprmMn\r\n# 3  0\r\n# DarkFrame = 1 0 -60\r\n${head}${row(0)}${row(2)}`,
      "x.aln",
    );
    expect([aln.rawSize, aln.numPatches]).toEqual([undefined, undefined]);
    expect(aretomoSections(aln).map(({ zIndex, xOffset, yOffset }) => [zIndex, xOffset, yOffset])).toEqual([
      [0, 1.5, -2.5],
      [2, 1.5, -2.5],
    ]);
  });

  it("name dark frames with or without the number in the middle; intensities may be no numbers", () => {
    const bright = row(0).replace("1 1 1 0 -3", "nan -nan inf 0.0 -3");
    const aln = parseAln(`# DarkFrame =   1    3   -60.5\n# DarkFrame = 2 61\n${head}${bright}`, "x.aln");
    expect(aln.darkFrames.map(({ section, tiltAngleDegrees }) => [section, tiltAngleDegrees])).toEqual([
      [1, -60.5],
      [2, 61],
    ]);
    expect(aretomoSections(aln).map(({ zIndex, tiltAngleDegrees }) => [zIndex, tiltAngleDegrees])).toEqual([[0, -3]]);
  });

  it.each([
    ["rows that are missing", `# RawSize = 8 8 4\n${head}${row(0)}`, undefined],
    ["a dark frame outside of the series", `# RawSize = 8 8 2\n# DarkFrame = 2 0 9\n${head}${row(0)}`, 2],
  ])("with %s have no sections", (_, text, line) => {
    const aln = parseAln(text, "x.aln");
    expect(refusal(() => aretomoSections(aln))).toEqual({ code: "FORMAT_FIELD", line });
  });

  it.each([
    ["a short row", `${head}0 90 1 1.5\n`, 2],
    ["a word in a row", `${head}${row(0)}${row(1).replace("-2.5", "n/a")}`, 3],
    ["a row before the heading", row(0), 1],
    ["no heading", "# RawSize = 8 8 2\n", undefined],
    ["a size that is none", `# RawSize = 8 8.5 2\n${head}`, 1],
    ["a short patch", `${head}${row(0)}# Local Alignment\n0 0 1 2 3\n`, 4],
  ])("with %s are refused", (_, text, line) => {
    expect(refusal(() => parseAln(text, "x.aln"))).toEqual({ code: "FORMAT_FIELD", line });
  });
});

describe("command files of IMOD", () => {
  it("are options below a command; the names' case does not matter, the first of each counts", () => {
    const file = parseComFile(
      "# comment\n$setenv X 1\n$tilt -StandardInput\nthickness\t900\nTHICKNESS 5\nOFFSET 1.5,2\n\n",
      "tilt.com",
    );
    expect([file.program, file.options]).toEqual([
      "tilt",
      [
        { key: "thickness", value: "900", line: 4 },
        { key: "THICKNESS", value: "5", line: 5 },
        { key: "OFFSET", value: "1.5,2", line: 6 },
      ],
    ]);
    const { thicknessPixels, offsetDegrees, excluded } = tiltCom(file);
    expect([thicknessPixels, offsetDegrees, excluded]).toEqual([900, 1.5, []]);
  });

  it("name left-out sections under three names, once each", () => {
    const text = "EXCLUDELIST2 2-6,9\nExcludeList 1, 9\nEXCLUDE 30\n";
    expect(tiltCom(parseComFile(text, "tilt.com")).excluded).toEqual([1, 2, 3, 4, 5, 6, 9, 30]);
  });

  it("say all that Etomo writes, in any case, with tabs or blanks, behind comments", () => {
    const text =
      "# Command file to run Tilt\n####CreatedVersion#### 4.0.15\n$setenv IMOD_OUTPUT_FORMAT MRC\n$tilt -StandardInput\nLOCALFILE alocal.xf\nLOG 0.0\nZFACTORFILE a.zfac\nPERPENDICULAR \nAdjustOrigin 0\nRADIAL\t.35,.05\nSHIFT 0.0 28.9\nEXCLUDELIST 1, 3 - 4\n$if (-e ./savework) ./savework\n";
    const com = tiltCom(parseComFile(text.replaceAll("\n", "\r\n"), "tilta.com"));
    expect(com).toMatchObject({
      localFile: "alocal.xf",
      zFactorFile: "a.zfac",
      perpendicular: true,
      adjustOrigin: false,
      radial: [0.35, 0.05],
      shift: [0, 28.9],
      excluded: [1, 3, 4],
      included: undefined,
    });
  });

  it("may name the sections that are used, in place of those that are not", () => {
    const com = tiltComGeometry(parseComFile("$tilt -StandardInput\nINCLUDE 2-3\nRADIAL none\n", "tilt.com"));
    expect([com.included, com.excluded]).toEqual([[2, 3], []]);
    const files = { name: "x", transforms: parseXf(XF + XF, "x.xf"), tilts: parseTiltAngles("1\n2\n3\n4\n", "x.tlt") };
    expect(imodSections({ ...files, included: com.included }).map(({ zIndex }) => zIndex)).toEqual([1, 2]);
  });

  it.each([
    ["EXCLUDELIST2 0", 1],
    ["\nEXCLUDELIST 5-2", 2],
    ["EXCLUDE 1-100001", 1],
    [`EXCLUDE ${Array(5).fill("1-100000").join(",")}`, 1],
    ["EXCLUDELIST2 a", 1],
    ["THICKNESS thick", 1],
    ["FULLIMAGE 4092", 1],
  ])("are refused as %j, with the line", (text, line) => {
    expect(refusal(() => tiltCom(parseComFile(text, "tilt.com")))).toEqual({ code: "FORMAT_FIELD", line });
  });

  it("of newstack give the stack's names and binning", () => {
    const text = "$newstack -StandardInput\nInputFile\ta.mrc\nTransformFile a.xf\nOffsetsInXandY\t0.0,0.5\nBinByFactor 2\n";
    expect(newstCom(parseComFile(text, "newst.com"))).toEqual({
      inputFile: "a.mrc",
      outputFile: undefined,
      transformFile: "a.xf",
      distortionField: undefined,
      gradientFile: undefined,
      antialiasFilter: undefined,
      taperAtFill: undefined,
      adjustOrigin: false,
      imagesAreBinned: undefined,
      binByFactor: 2,
      offsetsInXandY: [0, 0.5],
    });
  });
});
