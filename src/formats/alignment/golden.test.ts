import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTiltAngles } from "../tilt-angles/read.js";
import { aretomoSections, parseAln } from "./aretomo.js";
import { parseComFile, tiltCom } from "./com-file.js";
import { imodSections, parseXf } from "./imod.js";
import type { SectionAlignment } from "./sections.js";

interface GoldenSection {
  z_index: number;
  tilt_angle: number;
  volume_x_rotation: number;
  in_plane_rotation: number[][];
  x_offset: number;
  y_offset: number;
}

const golden = JSON.parse(readFileSync(new URL("../../../test/golden/alignment/sections.json", import.meta.url), "utf8")) as {
  texts: { xf: string; tlt: string; xtilt: string; tiltCom: string; aln: string };
  imod: GoldenSection[];
  imodWithXTilt: GoldenSection[];
  imodWithExclusion: GoldenSection[];
  aretomo: GoldenSection[];
  tiltCom: Record<string, unknown>;
  aln: {
    RawSize: number[];
    NumPatches: number;
    DarkFrames: { section_idx: number; angle: number }[];
    AlphaOffset: number;
    BetaOffset: number;
    Thickness: number;
    GlobalAlignments: Record<string, number>[];
    LocalAlignments: Record<string, number>[];
  };
};
const { texts } = golden;

const inGoldenWords = (section: SectionAlignment): GoldenSection => ({
  z_index: section.zIndex,
  tilt_angle: section.tiltAngleDegrees,
  volume_x_rotation: section.volumeXRotationDegrees,
  in_plane_rotation: section.inPlaneRotation,
  x_offset: section.xOffset,
  y_offset: section.yOffset,
});

describe("sections as the portal's converter makes them", () => {
  const files = { name: "grid", transforms: parseXf(texts.xf, "grid.xf"), tilts: parseTiltAngles(texts.tlt, "grid.tlt") };
  const xTilts = parseTiltAngles(texts.xtilt, "grid.xtilt");
  const com = tiltCom(parseComFile(texts.tiltCom, "tilt.com"));

  it("from .xf and .tlt", () => {
    expect(imodSections(files).map(inGoldenWords)).toEqual(golden.imod);
  });
  it("with .xtilt", () => {
    expect(imodSections({ ...files, xTilts }).map(inGoldenWords)).toEqual(golden.imodWithXTilt);
  });
  it("without the sections that tilt.com leaves out", () => {
    expect(imodSections({ ...files, xTilts, excluded: com.excluded }).map(inGoldenWords)).toEqual(golden.imodWithExclusion);
  });
  it("from .aln", () => {
    expect(aretomoSections(parseAln(texts.aln, "grid.aln")).map(inGoldenWords)).toEqual(golden.aretomo);
  });
});

describe("fields as cryoet-alignment reads them", () => {
  it("of tilt.com", () => {
    const com = tiltCom(parseComFile(texts.tiltCom, "tilt.com"));
    const want = golden.tiltCom;
    expect(com).toEqual({
      inputProjections: want.InputProjections,
      outputFile: want.OutputFile,
      tiltFile: want.TILTFILE,
      xTiltFile: want.XTILTFILE,
      imageBinned: want.IMAGEBINNED,
      thicknessPixels: want.THICKNESS,
      fullImage: want.FULLIMAGE,
      subsetStart: want.SUBSETSTART,
      shift: want.SHIFT,
      offsetDegrees: want.OFFSET,
      xAxisTiltDegrees: want.XAXISTILT,
      radial: want.RADIAL,
      falloffIsTrueSigma: want.FalloffIsTrueSigma,
      scale: want.SCALE,
      perpendicular: want.PERPENDICULAR,
      mode: want.MODE,
      adjustOrigin: want.AdjustOrigin,
      actionIfGpuFails: want.ActionIfGPUFails,
      excluded: want.EXCLUDELIST2,
    });
  });

  it("of .aln, patches included", () => {
    const aln = parseAln(texts.aln, "grid.aln");
    const want = golden.aln;
    expect([aln.rawSize, aln.numPatches, aln.alphaOffsetDegrees, aln.betaOffsetDegrees, aln.thicknessPixels]).toEqual([
      want.RawSize,
      want.NumPatches,
      want.AlphaOffset,
      want.BetaOffset,
      want.Thickness,
    ]);
    expect(aln.darkFrames.map(({ section, tiltAngleDegrees }) => [section, tiltAngleDegrees])).toEqual(
      want.DarkFrames.map(({ section_idx, angle }) => [section_idx, angle]),
    );
    const rows = aln.sections.map((row) => [
      row.sec,
      row.rotationDegrees,
      row.magnification,
      row.tx,
      row.ty,
      ...row.intensity,
      row.tiltAngleDegrees,
    ]);
    expect(rows).toEqual(want.GlobalAlignments.map((row) => Object.values(row)));
    const patches = aln.patches.map((row) => [row.section, row.patch, ...row.centre, ...row.shift, row.reliable ? 1 : 0]);
    expect(patches).toEqual(want.LocalAlignments.map((row) => Object.values(row)));
  });
});
