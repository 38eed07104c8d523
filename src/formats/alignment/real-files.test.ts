import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formatXf, imodFromSections } from "../../../test/imod-write.js";
import { REAL_DATA } from "../../../test/real-data.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseTiltAngles } from "../tilt-angles/read.js";
import { aretomoSections, parseAln } from "./aretomo.js";
import { newstCom, parseComFile, tiltCom } from "./com-file.js";
import { parseEdf } from "./edf.js";
import { imodSections, parseXf } from "./imod.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));
/** Without the name of the program that found them. */
const withoutTool = ({ tool, ...facts }: Facts & { tool?: string }): Facts => facts;
const bytesOf = (path: string) => readFileSync(new URL(path, data));

/** Facts of a plain scan of the text, from `expected.json`. */
interface Facts {
  data_rows?: number;
  first?: number[];
  last?: number[];
  raw_size?: number[] | null;
  num_patches?: number | null;
  dark_frames?: number;
  global_rows?: number;
  local_rows?: number;
  first_row?: number[];
  tilt_min_max?: number[];
}

const listed = (suffix: string): [string, Facts][] =>
  present
    ? Object.entries(
        JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>,
      ).flatMap(([path, { facts }]) => (facts && path.endsWith(suffix) ? [[path, withoutTool(facts)] as [string, Facts]] : []))
    : [];

describe("real alignment files", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect([listed(".xf").length, listed(".aln").length]).toEqual([expect.any(Number), 3]);
    expect(listed(".xf").length).toBeGreaterThanOrEqual(3);
  });

  for (const [path, facts] of listed(".xf")) {
    it(`${path} has the facts of the inventory`, () => {
      const rows = parseXf(bytesOf(path), path).map(({ matrix, shift }) => [...matrix.flat(), ...shift]);
      expect([rows.length, rows[0], rows.at(-1)]).toEqual([facts.data_rows, facts.first, facts.last]);
    });
  }

  for (const [path, facts] of listed(".aln")) {
    it(`${path} has the facts of the inventory`, () => {
      const aln = parseAln(bytesOf(path), path);
      const { sec, rotationDegrees, magnification, tx, ty, intensity, tiltAngleDegrees } = aln.sections[0]!;
      const tilts = aln.sections.map((section) => section.tiltAngleDegrees);
      expect({
        raw_size: aln.rawSize ?? null,
        num_patches: aln.numPatches ?? null,
        dark_frames: aln.darkFrames.length,
        global_rows: aln.sections.length,
        local_rows: aln.patches.length,
        first_row: [sec, rotationDegrees, magnification, tx, ty, ...intensity, tiltAngleDegrees],
        tilt_min_max: [Math.min(...tilts), Math.max(...tilts)],
      }).toEqual(facts);
    });
  }

  it.skipIf(!present)("of IMOD and AreTomo for one run give the same sections", () => {
    const folder = "lab-mini/10001_input/alignments/";
    const sections = imodSections({
      name: "TS_run1",
      transforms: parseXf(bytesOf(`${folder}TS_run1.xf`), "TS_run1.xf"),
      tilts: parseTiltAngles(bytesOf(`${folder}TS_run1.tlt`), "TS_run1.tlt"),
      xTilts: parseTiltAngles(bytesOf(`${folder}TS_run1.xtilt`), "TS_run1.xtilt"),
    });
    // the portal's own test has these six numbers
    const wanted = [
      [23.95253, -56.17124],
      [57.29936, 74.2421],
      [80.5102, 91.54409],
    ];
    for (const [z, { xOffset, yOffset }] of sections.entries()) {
      expect(xOffset).toBeCloseTo(wanted[z]![0]!, 5);
      expect(yOffset).toBeCloseTo(wanted[z]![1]!, 5);
    }
    expect(sections.map((section) => section.volumeXRotationDegrees)).toEqual([0.23, 2.12, 1.97]);
    const others = aretomoSections(parseAln(bytesOf(`${folder}TS_run1.aln`), "TS_run1.aln"));
    expect(others).toHaveLength(sections.length);
    for (const [z, other] of others.entries()) {
      const section = sections[z]!;
      expect([other.zIndex, other.tiltAngleDegrees]).toEqual([section.zIndex, section.tiltAngleDegrees]);
      const numbers = ({ inPlaneRotation, xOffset, yOffset }: typeof other) => [...inPlaneRotation.flat(), xOffset, yOffset];
      for (const [at, value] of numbers(other).entries()) expect(Math.abs(value - numbers(section)[at]!)).toBeLessThan(1e-3);
    }
  });

  const folder = "worked-example/input/lab/b7/ali/";
  it.skipIf(!existsSync(new URL(folder, data)))("of the worked example give the sections of its metadata", () => {
    const sections = imodSections({
      name: "pos_01",
      transforms: parseXf(bytesOf(`${folder}pos_01.xf`), "pos_01.xf"),
      tilts: parseTiltAngles(bytesOf(`${folder}pos_01.tlt`), "pos_01.tlt"),
    });
    const metadata = JSON.parse(
      readFileSync(new URL("worked-example/output/10700/pos_01/Alignments/100/alignment_metadata.json", data), "utf8"),
    ) as { per_section_alignment_parameters: unknown[] };
    expect(
      sections.map((section) => ({
        z_index: section.zIndex,
        tilt_angle: section.tiltAngleDegrees,
        volume_x_rotation: section.volumeXRotationDegrees,
        in_plane_rotation: section.inPlaneRotation,
        x_offset: section.xOffset,
        y_offset: section.yOffset,
      })),
    ).toEqual(metadata.per_section_alignment_parameters);
  });

  it.skipIf(!present)("cut short are read, but give no sections", () => {
    const aln = parseAln(bytesOf("alignment/test.aln"), "test.aln");
    let thrown: unknown;
    try {
      aretomoSections(aln);
    } catch (error) {
      thrown = error;
    }
    expect(isEmporiumError(thrown) ? [thrown.code, thrown.message] : thrown).toEqual([
      "FORMAT_FIELD",
      "test.aln: 4 rows and 4 dark frames; RawSize has 90 sections",
    ]);
  });

  it.skipIf(!present)("of Etomo's commands are read", () => {
    const tilt = tiltCom(parseComFile(bytesOf("alignment/tilt.com"), "tilt.com"));
    expect(tilt).toMatchObject({
      tiltFile: "mba2012-02-01-1.tlt",
      xTiltFile: "mba2012-02-01-1.xtilt",
      imageBinned: 2,
      thicknessPixels: 900,
      fullImage: [2032, 2032],
      offsetDegrees: 0,
      excluded: [],
    });
    expect(tilt).toMatchObject({
      inputProjections: "mba2012-02-01-1_ali.mrc",
      outputFile: "mba2012-02-01-1_full_rec.mrc",
      radial: [0.35, 0.035],
      falloffIsTrueSigma: 1,
      scale: [0, 0.1],
      perpendicular: true,
      mode: 2,
      subsetStart: [0, 0],
      adjustOrigin: true,
      actionIfGpuFails: [1, 2],
      shift: [0, 0],
      xAxisTiltDegrees: 0,
    });
    const newst = newstCom(parseComFile(bytesOf("alignment/newst.com"), "newst.com"));
    expect(newst).toMatchObject({
      transformFile: "mba2012-02-01-1.xf",
      imagesAreBinned: 1,
      binByFactor: 2,
      offsetsInXandY: [0, 0],
      antialiasFilter: -1,
      taperAtFill: [1, 1],
      adjustOrigin: true,
      // behind a # they are not given
      distortionField: undefined,
      gradientFile: undefined,
    });
  });

  it.skipIf(!present)("of Etomo's data file name dataset, axis and pixel", () => {
    const path = "alignment/TS_001/TS_001.edf";
    expect(parseEdf(bytesOf(path), path)).toMatchObject({
      datasetName: "TS_001",
      isDualAxis: false,
      stackExtension: "st",
      pixelSizeAngstrom: 6.192,
      fiducialDiameterNanometre: 6,
      tiltAxisDegrees: { a: 83.9, b: undefined },
      excluded: { a: [40], b: [] },
    });
    // the axis that Etomo was given is the one that it found
    const transforms = parseXf(bytesOf("alignment/TS_001/TS_001.xf"), "TS_001.xf");
    for (const { matrix } of transforms) expect((Math.atan2(matrix[0][1], matrix[0][0]) * 180) / Math.PI).toBeCloseTo(84.2, 0);
  });

  it.skipIf(!present)("of IMOD and AreTomo go back to IMOD as they came", () => {
    const text = new TextDecoder().decode(bytesOf("alignment/TS_001/TS_001.xf"));
    const files = {
      name: "TS_001",
      transforms: parseXf(text, "TS_001.xf"),
      tilts: parseTiltAngles(bytesOf("alignment/TS_001/TS_001.tlt"), "TS_001.tlt"),
      xTilts: parseTiltAngles(bytesOf("alignment/TS_001/TS_001.xtilt"), "TS_001.xtilt"),
    };
    const { transforms, tiltsDegrees } = imodFromSections(imodSections(files), files.transforms.length);
    expect(tiltsDegrees).toEqual(files.tilts.map(({ degrees }) => degrees));
    for (const [z, { matrix, shift }] of transforms.entries()) {
      expect(matrix).toEqual(files.transforms[z]!.matrix);
      // the transpose stands for the inverse: a shift of some pixels moves by less than 0.001 of one
      for (const axis of [0, 1] as const) expect(shift[axis]).toBeCloseTo(files.transforms[z]!.shift[axis], 2);
    }
    expect(formatXf(files.transforms)).toBe(text.replaceAll("\r\n", "\n"));
    const old = parseAln(bytesOf("alignment/example_v1_2_0.aln"), "old.aln");
    const sections = aretomoSections(old);
    expect(sections.map(({ zIndex }) => zIndex)).toEqual([...old.sections.keys()]);
    expect(imodFromSections(sections, 41).excluded).toEqual([]);
  });
});
