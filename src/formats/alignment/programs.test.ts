import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAngles, formatTiltCom, formatXf, imodFromSections } from "../../../test/imod-write.js";
import { inMemory } from "../../core/bytes.js";
import { aretomoSections, parseAln } from "./aretomo.js";
import { parseComFile, tiltCom } from "./com-file.js";
import { type ImodTransform, imodSections, parseXf } from "./imod.js";
import { readRelionTiltSeries, relionSections } from "./relion.js";
import type { SectionAlignment } from "./sections.js";
import { isWarpLocal, parseWarpXml, warpSections } from "./warp.js";

interface GoldenSection {
  z_index: number;
  tilt_angle: number;
  volume_x_rotation: number;
  in_plane_rotation: number[][];
  x_offset: number;
  y_offset: number;
}

interface GoldenImod {
  xf: string;
  tlt: number[];
  xtilt: number[];
  excluded: number[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/alignment/${name}`, import.meta.url), "utf8"));
const golden = read("programs.json") as {
  texts: Record<"relion5Global" | "relion5" | "relion4" | "warp", string>;
  image: [number, number];
  relion5: GoldenSection[];
  relion4: GoldenSection[];
  warp: GoldenSection[];
  imod: GoldenImod;
  imodOfRelion5: GoldenImod;
  imodOfAretomo: GoldenImod;
};
const { texts: imodTexts } = read("sections.json") as { texts: Record<"xf" | "tlt" | "xtilt" | "tiltCom" | "aln", string> };
const { texts } = golden;
const star = (text: string, name = "t.star") => inMemory(new TextEncoder().encode(text), name);

const flat = ({ zIndex, tiltAngleDegrees, volumeXRotationDegrees, inPlaneRotation, xOffset, yOffset }: SectionAlignment) => [
  zIndex,
  tiltAngleDegrees,
  volumeXRotationDegrees,
  ...inPlaneRotation.flat(),
  xOffset,
  yOffset,
];
const goldenFlat = (section: GoldenSection) => [
  section.z_index,
  section.tilt_angle,
  section.volume_x_rotation,
  ...section.in_plane_rotation.flat(),
  section.x_offset,
  section.y_offset,
];

function expectClose(found: readonly SectionAlignment[], wanted: readonly number[][], decimals = 12): void {
  expect(found).toHaveLength(wanted.length);
  for (const [row, section] of found.entries())
    for (const [column, value] of flat(section).entries()) expect(value).toBeCloseTo(wanted[row]![column]!, decimals);
}

const angles = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => ({ degrees: Number(line), text: line, line: 0 }));

describe("RELION", () => {
  it("5: angles and shifts of a tilt series, its pixel size from data_global", async () => {
    const series = await readRelionTiltSeries([star(texts.relion5, "TS_01.star"), star(texts.relion5Global, "tomograms.star")]);
    expect([series.name, series.tomoName, series.version, series.pixelSizeAngstrom, series.volumePixels, series.hand]).toEqual([
      "TS_01.star",
      "TS_01",
      5,
      1.35,
      [400, 300, 200],
      -1,
    ]);
    expect(series.tilts.map(({ nominalTiltDegrees, preExposure }) => [nominalTiltDegrees, preExposure])).toEqual([
      [-30.01, 6],
      [0, 0],
      [29.99, 3],
    ]);
    expect(series.tilts[0]!.imageNames[0]).toBe("frames/TS_01_000_-30.01.eer");
    expectClose(relionSections(series.tilts, 1.35), golden.relion5.map(goldenFlat));
  });

  it("4: the matrices of one tomogram among several, as RELION 5 converts them", async () => {
    const series = await readRelionTiltSeries([star(texts.relion4)], { tomoName: "TS_02", imagePixels: golden.image });
    expect([series.version, series.tomoName, series.pixelSizeAngstrom]).toEqual([4, "TS_02", 1.35]);
    expectClose(relionSections(series.tilts, 1.35), golden.relion4.map(goldenFlat), 9);
  });

  it("images are put where they belong when the caller knows it", async () => {
    const { tilts } = await readRelionTiltSeries([star(texts.relion5)]);
    expect(relionSections(tilts, 1, [7, 2, 5]).map(({ zIndex, tiltAngleDegrees }) => [zIndex, tiltAngleDegrees])).toEqual([
      [2, 0.21],
      [5, 30.24],
      [7, -29.87],
    ]);
  });
});

describe("Warp", () => {
  it("has angles, axes and shifts, the pixel of its images, and what it leaves out", () => {
    const series = parseWarpXml(`\ufeff${texts.warp.replaceAll("\n", "\r\n")}`, "TS_01.xml");
    expect([series.pixelSizeAngstrom, series.levelAngleXDegrees, series.levelAngleYDegrees, series.areAnglesInverted]).toEqual([
      1.35,
      0.25,
      -1.5,
      true,
    ]);
    expect([series.imageAngstrom, series.volumeAngstrom, isWarpLocal(series)]).toEqual([[541.35, 405], [540, 405, 270], false]);
    expect(series.tilts.map(({ use, dose, moviePath }) => [use, dose, moviePath])).toEqual([
      [true, 6, "../frames/TS_01_000_-30.01.eer"],
      [true, 0, "../frames/TS_01_001_0.0.eer"],
      [false, 3, "../frames/TS_01_002_29.99.eer"],
    ]);
    expect(series.ctf.get("Cs")).toBe(2.7);
    // cryoet-alignment turns the tilt angles around, and keeps images that are not used: see README.md
    const wanted = golden.warp.slice(0, 2).map((section) => goldenFlat({ ...section, tilt_angle: -section.tilt_angle }));
    expectClose(warpSections(series, 1.35), wanted);
  });

  it("is local where a grid bends something", () => {
    const bent = texts.warp.replace(
      /<GridMovementX[\s\S]*<\/GridMovementX>/,
      '<GridVolumeWarpX Width="1" Height="1" Depth="1" Duration="2"><Node X="0" Y="0" Z="0" W="1" Value="-0.5"/></GridVolumeWarpX>',
    );
    const series = parseWarpXml(bent, "x.xml");
    expect([isWarpLocal(series), series.grids.get("GridVolumeWarpX")?.shape]).toEqual([true, [1, 1, 1, 2]]);
  });
});

describe("back to IMOD", () => {
  const sections = imodSections({
    name: "grid",
    transforms: parseXf(imodTexts.xf, "grid.xf"),
    tilts: angles(imodTexts.tlt),
    xTilts: angles(imodTexts.xtilt),
    excluded: tiltCom(parseComFile(imodTexts.tiltCom, "tilt.com")).excluded,
  });

  it.each([
    ["IMOD", golden.imod, () => imodFromSections(sections, 5)],
    ["AreTomo", golden.imodOfAretomo, () => imodFromSections(aretomoSections(parseAln(imodTexts.aln, "grid.aln")), 6)],
  ])("%s: files as cryoet-alignment writes them", (_, wanted, make) => {
    const { transforms, tiltsDegrees, xTiltsDegrees, excluded } = make();
    // the sign of a 0 is no one's business
    const unsigned = (text: string) => text.replace(/-(0\.0+)(?!\d)/g, " $1");
    expect(unsigned(formatXf(transforms))).toBe(unsigned(wanted.xf));
    expect([tiltsDegrees, xTiltsDegrees, excluded]).toEqual([wanted.tlt, wanted.xtilt, wanted.excluded]);
  });

  it("RELION: files as cryoet-alignment writes them", async () => {
    const { tilts } = await readRelionTiltSeries([star(texts.relion5)]);
    const made = imodFromSections(relionSections(tilts, 1.35), 4);
    expect(formatXf(made.transforms)).toBe(golden.imodOfRelion5.xf);
    expect([made.tiltsDegrees, made.xTiltsDegrees, made.excluded]).toEqual([
      golden.imodOfRelion5.tlt,
      golden.imodOfRelion5.xtilt,
      golden.imodOfRelion5.excluded,
    ]);
  });

  it("tilt.com is read again as it was", () => {
    const com = tiltCom(parseComFile(imodTexts.tiltCom, "tilt.com"));
    expect(tiltCom(parseComFile(formatTiltCom(com), "tilt.com"))).toEqual(com);
  });
});

/** A section of a real alignment: a rotation, a shift in pixels and a tilt. */
const rigid = fc.record({
  rotation: fc.double({ min: -180, max: 180, noNaN: true }),
  shift: fc.tuple(fc.double({ min: -4000, max: 4000, noNaN: true }), fc.double({ min: -4000, max: 4000, noNaN: true })),
  tilt: fc.double({ min: -75, max: 75, noNaN: true }),
});
type Rigid = { rotation: number; shift: [number, number]; tilt: number };

function transformsOf(series: readonly Rigid[]): ImodTransform[] {
  return series.map(({ rotation, shift }) => {
    const [c, s] = [Math.cos((rotation * Math.PI) / 180), Math.sin((rotation * Math.PI) / 180)];
    return {
      matrix: [
        [c, s],
        [-s, c],
      ],
      shift,
      line: 0,
    };
  });
}

const tiltsOf = (series: readonly Rigid[]) => series.map(({ tilt }) => ({ degrees: tilt, text: "", line: 0 }));

describe("one alignment in the files of three programs", () => {
  const series = fc.array(rigid as fc.Arbitrary<Rigid>, { minLength: 1, maxLength: 8 });
  const PIXEL = 1.35;

  it("RELION's own import of .xf and .tlt gives the sections of .xf and .tlt", async () => {
    await fc.assert(
      fc.asyncProperty(series, async (all) => {
        const sections = imodSections({ name: "x", transforms: transformsOf(all), tilts: tiltsOf(all) });
        // AlignTiltseriesRunner: shift = −A⁻¹ · d · pixel, ZRot = acos(A11) with the sign of the nominal axis, YTilt = .tlt
        const rows = transformsOf(all).map(({ matrix: [[a, b], [c, d]], shift: [dx, dy] }, i) => {
          const determinant = a * d - b * c;
          const inverse = [(d * dx - b * dy) / determinant, (a * dy - c * dx) / determinant];
          const axis = ((Math.acos(Math.max(-1, Math.min(1, a))) * 180) / Math.PI) * Math.sign(all[i]!.rotation || 1);
          return `0.0 ${all[i]!.tilt} ${axis} ${-inverse[0]! * PIXEL} ${-inverse[1]! * PIXEL}`;
        });
        const columns = ["rlnTomoXTilt", "rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];
        const text = `data_TS\n\nloop_\n${columns.map((name) => `_${name}\n`).join("")}${rows.join("\n")}\n`;
        const found = await readRelionTiltSeries([star(text)]);
        expectClose(relionSections(found.tilts, PIXEL), sections.map(flat), 5);
      }),
    );
  });

  it("Warp's own import of .xf and .tlt gives the sections of .xf and .tlt", () => {
    fc.assert(
      fc.property(series, (all) => {
        const transforms = transformsOf(all);
        const sections = imodSections({ name: "x", transforms, tilts: tiltsOf(all) });
        // TiltSeries.ImportAlignments: R has the columns (A11, A21) and (A12, A22), axis = atan2(−R21, R11), offset = Rᵀ · (−d) · pixel
        const list = (values: number[]) => values.join("\n");
        const axes = transforms.map(({ matrix: [[a11], [a21]] }) => (Math.atan2(-a21, a11) * 180) / Math.PI);
        const x = transforms.map(({ matrix: [[a11], [a21]], shift: [dx, dy] }) => (a11 * -dx + a21 * -dy) * PIXEL);
        const y = transforms.map(({ matrix: [[, a12], [, a22]], shift: [dx, dy] }) => (a12 * -dx + a22 * -dy) * PIXEL);
        const xml = `<TiltSeries><Angles>${list(all.map(({ tilt }) => tilt))}</Angles><AxisAngle>${list(axes)}</AxisAngle>
          <AxisOffsetX>${list(x)}</AxisOffsetX><AxisOffsetY>${list(y)}</AxisOffsetY></TiltSeries>`;
        expectClose(warpSections(parseWarpXml(xml, "x.xml"), PIXEL), sections.map(flat), 6);
      }),
    );
  });

  it("sections go to IMOD and come back, those that are left out as well", () => {
    fc.assert(
      fc.property(series, fc.array(fc.boolean()), (all, kept) => {
        const sections = imodSections({ name: "x", transforms: transformsOf(all), tilts: tiltsOf(all) }).filter(
          (_, z) => kept[z] ?? true,
        );
        const { transforms, tiltsDegrees, xTiltsDegrees, excluded } = imodFromSections(sections, all.length);
        const again = imodSections({
          name: "x",
          transforms: transforms.map((transform) => ({ ...transform, line: 0 })),
          tilts: angles(formatAngles(tiltsDegrees)),
          xTilts: angles(formatAngles(xTiltsDegrees)),
          excluded,
        });
        expectClose(again, sections.map(flat), 8);
      }),
    );
  });
});
