/** The tilt series of the miniature laboratory in words: how it was acquired, aligned and fitted. Seven tilts, dose-symmetric; ZValue counts
 * acquisitions, stacks are stored by ascending angle. */
import { fixed } from "./text.mjs";

/** In the order of acquisition. */
const ACQUIRED_DEGREES = [0, 3, -3, -6, 6, 9, -9];
export const TILT_COUNT = ACQUIRED_DEGREES.length;
export const EXPOSURE_SECONDS = 1.5;
/** Electrons per Å² and second: 3 each tilt, 21 in all. */
export const DOSE_RATE = 2;
const TILTS = ACQUIRED_DEGREES.map((degrees, order) => ({ degrees, order }));
const STACKED = TILTS.toSorted((a, b) => a.degrees - b.degrees);

/** `_001` to `_007`: what the file of a frame ends with. */
export function frameNumber(order) {
  return String(order + 1).padStart(3, "0");
}

/**
 * An mdoc as SerialEM writes it.
 *
 * @param {object} series
 * @param {string} series.image name of the stack
 * @param {[number, number]} series.size pixels of a tilt, x and y
 * @param {number} series.pixelAngstrom
 * @param {number} series.axisDegrees of the tilt axis
 * @param {(order: number) => string} [series.framePath] where the acquisition program put the frames of a tilt
 * @param {number} [series.subFrames]
 * @param {boolean} [series.byAngle] sections by ascending angle, as after sorting; else as acquired
 * @param {string} [series.lineEnd]
 */
export function mdocText(series) {
  const { image, size, pixelAngstrom, axisDegrees, framePath, subFrames = 4, byAngle = false, lineEnd = "\n" } = series;
  const sections = (byAngle ? STACKED : TILTS).map(({ degrees, order }) => [
    `[ZValue = ${order}]`,
    `TiltAngle = ${degrees}`,
    "StagePosition = 20.7936 155.287",
    "Magnification = 42000",
    `ExposureDose = ${DOSE_RATE * EXPOSURE_SECONDS}`,
    `PriorRecordDose = ${DOSE_RATE * EXPOSURE_SECONDS * order}`,
    `PixelSpacing = ${pixelAngstrom}`,
    "SpotSize = 6",
    "Defocus = -3.25",
    `RotationAngle = ${axisDegrees + 90}`,
    `ExposureTime = ${EXPOSURE_SECONDS}`,
    "Binning = 1",
    "CameraIndex = 0",
    "TargetDefocus = -3",
    ...(framePath ? [`SubFramePath = ${framePath(order)}`, `NumSubFrames = ${subFrames}`] : []),
    `DateTime = 10-Jan-26  10:${String(2 * order).padStart(2, "0")}:00`,
    "",
  ]);
  const lines = [
    `PixelSpacing = ${pixelAngstrom}`,
    "Voltage = 300",
    `ImageFile = ${image}`,
    `ImageSize = ${size[0]} ${size[1]}`,
    "DataMode = 1",
    "",
    "[T = SerialEM: Digitized on the microscope of the miniature laboratory  10-Jan-26  10:00:00    ]",
    "",
    `[T =     Tilt axis angle = ${axisDegrees}, binning = 1  spot = 6  camera = 0]`,
    "",
    ...sections.flat(),
  ];
  return lines.map((line) => line + lineEnd).join("");
}

/** Angles as they were asked for, one a line. `noiseSeed` makes them what the stage reported: up to 0.02° off. */
export function rawtltText({ order = "angle", noiseSeed } = {}) {
  const noise = noiseSeed === undefined ? () => 0 : uniform(noiseSeed);
  const angles = (order === "angle" ? STACKED : TILTS).map(({ degrees }) => degrees + 0.02 * noise());
  return angles.map((degrees) => `${fixed(degrees, 2)}\n`).join("");
}

/** Refined angles: the whole specimen lay 0.3° off. */
const LEVEL_DEGREES = 0.3;
const XTILT_DEGREES = 0.25;

export function tltText() {
  return STACKED.map(({ degrees }) => `${fixed(degrees - LEVEL_DEGREES, 2).padStart(7)}\n`).join("");
}

export function xtiltText() {
  return STACKED.map(() => `${fixed(XTILT_DEGREES, 2).padStart(7)}\n`).join("");
}

/** The last two columns of a section's transform, pixels. */
const shiftOf = (z) => [1.5 * (z - 3) + 0.25, 0.75 * (3 - z) - 1];

/** IMOD's transforms: a rotation by the tilt axis, and shifts that are different in every section. */
export function xfText({ axisDegrees, shifted = true }) {
  const [cos, sin] = cosSin(axisDegrees);
  return STACKED.map((_, z) => {
    const matrix = [cos, sin, -sin, cos].map((value) => fixed(value, 7).padStart(12)).join("");
    const [dx, dy] = shifted ? shiftOf(z) : [0, 0];
    return `${matrix}${fixed(dx, 3).padStart(12)}${fixed(dy, 3).padStart(12)}\n`;
  }).join("");
}

/** Where a section has the specimen's middle, pixels from its own: what IMOD's transform moves to the middle, −Mᵀ·d. */
function offsetOf(z, axisDegrees) {
  const [cos, sin] = cosSin(axisDegrees);
  const [dx, dy] = shiftOf(z);
  return [-(cos * dx - sin * dy), -(sin * dx + cos * dy)];
}

function cosSin(degrees) {
  return [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
}

/**
 * The alignment of `xfText` and `tltText` as RELION 5 keeps it, one table a tilt series, in the order of acquisition.
 *
 * @param {object} series
 * @param {string} series.name
 * @param {number} series.pixelAngstrom
 * @param {number} series.axisDegrees
 */
export function relion5TiltSeriesText({ name, pixelAngstrom, axisDegrees }) {
  const columns = [
    "rlnMicrographName",
    "rlnTomoTiltMovieFrameCount",
    "rlnTomoNominalStageTiltAngle",
    "rlnTomoNominalTiltAxisAngle",
    "rlnMicrographPreExposure",
    "rlnDefocusU",
    "rlnDefocusV",
    "rlnDefocusAngle",
    "rlnTomoXTilt",
    "rlnTomoYTilt",
    "rlnTomoZRot",
    "rlnTomoXShiftAngst",
    "rlnTomoYShiftAngst",
  ];
  const rows = TILTS.map(({ degrees, order }) => {
    const z = STACKED.findIndex((tilt) => tilt.order === order);
    const { major, minor, azimuth } = defocusOf(z);
    const numbers = [
      degrees,
      axisDegrees,
      DOSE_RATE * EXPOSURE_SECONDS * order,
      major,
      minor,
      azimuth,
      XTILT_DEGREES,
      degrees - LEVEL_DEGREES,
      axisDegrees,
      ...offsetOf(z, axisDegrees).map((pixels) => pixels * pixelAngstrom),
    ];
    const cells = numbers.map((value) => fixed(value, 6).padStart(13)).join(" ");
    return `MotionCorr/job002/frames/${name}_${frameNumber(order)}.mrc 4 ${cells} \n`;
  });
  const head = [
    "",
    "# version 50001",
    "",
    `data_${name}`,
    "",
    "loop_ ",
    ...columns.map((column, at) => `_${column} #${at + 1} `),
  ];
  return `${head.join("\n")}\n${rows.join("")} \n`;
}

/**
 * The same alignment as Warp keeps it, by ascending angle. The last section is not used.
 *
 * @param {object} series
 * @param {string} series.name
 * @param {number} series.pixelAngstrom
 * @param {number} series.axisDegrees
 */
export function warpXmlText({ name, pixelAngstrom, axisDegrees }) {
  const list = (tag, values) => `  <${tag}>${values.join("\n")}</${tag}>`;
  const offsets = STACKED.map((_, z) => offsetOf(z, axisDegrees).map((pixels) => fixed(pixels * pixelAngstrom, 4)));
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<TiltSeries DataDirectory="" AreAnglesInverted="False" PlaneNormal="0, 0, 1" Bfactor="0" Weight="1" UnselectFilter="False" CTFResolutionEstimate="8.5">',
    list(
      "Angles",
      STACKED.map(({ degrees }) => fixed(degrees - LEVEL_DEGREES, 2)),
    ),
    list(
      "Dose",
      STACKED.map(({ order }) => DOSE_RATE * EXPOSURE_SECONDS * order),
    ),
    list(
      "UseTilt",
      STACKED.map((_, z) => (z === TILT_COUNT - 1 ? "False" : "True")),
    ),
    list(
      "AxisAngle",
      STACKED.map(() => axisDegrees),
    ),
    list(
      "AxisOffsetX",
      offsets.map(([x]) => x),
    ),
    list(
      "AxisOffsetY",
      offsets.map(([, y]) => y),
    ),
    list(
      "MoviePath",
      STACKED.map(({ order }) => `../frames/${name}_${frameNumber(order)}.mrc`),
    ),
    '  <GridCTF Width="1" Height="1" Depth="1">',
    '    <Node X="0" Y="0" Z="0" Value="3.23" />',
    "  </GridCTF>",
    "</TiltSeries>",
    "",
  ];
  return lines.join("\n");
}

/** Etomo's command file of the reconstruction. */
export function tiltComText({ run, size, thickness }) {
  return [
    "# THIS IS A COMMAND FILE TO RUN TILT",
    "$setenv IMOD_OUTPUT_FORMAT MRC",
    "$tilt -StandardInput",
    `InputProjections ${run}_ali.mrc`,
    `OutputFile ${run}_full_rec.mrc`,
    "IMAGEBINNED 4",
    `TILTFILE ${run}.tlt`,
    `XTILTFILE ${run}.xtilt`,
    `THICKNESS ${thickness}`,
    "RADIAL 0.35 0.035",
    "XAXISTILT 0.5",
    "OFFSET 0.3",
    "SHIFT 0.0 4.0",
    "PERPENDICULAR",
    "MODE 2",
    `FULLIMAGE ${size[0]} ${size[1]}`,
    "SUBSETSTART 0 0",
    "AdjustOrigin",
    "$if (-e ./savework) ./savework",
    "",
  ].join("\n");
}

/** Etomo's command file of the aligned stack. */
export function newstComText({ run }) {
  return [
    "# THIS IS A COMMAND FILE TO RUN NEWSTACK",
    "$setenv IMOD_OUTPUT_FORMAT MRC",
    "$newstack -StandardInput",
    "AntialiasFilter\t-1",
    `InputFile\t${run}.st`,
    `OutputFile\t${run}_ali.mrc`,
    `TransformFile\t${run}.xf`,
    "TaperAtFill\t1,1",
    "AdjustOrigin",
    "OffsetsInXandY\t0.0,0.0",
    "ImagesAreBinned\t1.0",
    "BinByFactor\t4",
    "$if (-e ./savework) ./savework",
    "",
  ].join("\n");
}

/**
 * An alignment of AreTomo3.
 *
 * @param {object} alignment
 * @param {[number, number]} alignment.size pixels of a tilt, x and y
 * @param {number} alignment.axisDegrees
 * @param {readonly number[]} [alignment.dark] sections, from 0, that were too dark to align
 * @param {number} [alignment.patches] for each section that was aligned; 0 for a global alignment
 */
export function alnText({ size, axisDegrees, dark = [], patches = 0 }) {
  const kept = STACKED.map(({ degrees }, z) => ({ degrees, z })).filter(({ z }) => !dark.includes(z));
  const lines = [
    "# AreTomo Alignment / Priims bprmMn",
    `# RawSize = ${size[0]} ${size[1]} ${TILT_COUNT}`,
    `# NumPatches = ${patches}`,
    ...dark.map(
      (z) => `# DarkFrame =  ${String(z).padStart(4)} ${String(z).padStart(4)} ${fixed(STACKED[z].degrees, 2).padStart(8)}`,
    ),
    "# AlphaOffset =     0.00",
    "# BetaOffset =     0.00",
    "# SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT",
    ...kept.map(({ degrees, z }) => {
      const numbers = [
        [axisDegrees, 9, 4],
        [1, 10, 5],
        [2.5 * (z - 3), 10, 3],
        [1.25 * (3 - z), 10, 3],
        [1, 8, 2],
        [1, 8, 2],
        [1, 8, 2],
        [0, 8, 2],
        [degrees, 9, 2],
      ];
      return `${String(z).padStart(5)} ${numbers.map(([value, width, digits]) => fixed(value, digits).padStart(width)).join(" ")}`;
    }),
  ];
  if (patches > 0) {
    lines.push("# Local Alignment");
    for (const section of kept.keys()) {
      for (let patch = 0; patch < patches; patch++) {
        const centre = [patch % 2, Math.floor(patch / 2) % 2].map((side, axis) => (side - 0.5) * (size[axis] / 2));
        const shift = [0.5 * patch - 0.1 * section, 0.25 * section];
        const numbers = [...centre, ...shift].map((value) => fixed(value, 2).padStart(9)).join(" ");
        lines.push(`${String(section).padStart(4)} ${String(patch).padStart(3)} ${numbers}   1.0`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Defocus of section z in Å and the azimuth in degrees: what both layouts hold. */
const defocusOf = (z) => ({ major: 32500 + 20 * z, minor: 32100 + 10 * z, azimuth: -62.1 + z });

/** A table in CTFFIND's layout as AreTomo3 writes it; sections from 1. */
export function ctffindText({ dark = [] } = {}) {
  const rows = STACKED.map((_, z) => z)
    .filter((z) => !dark.includes(z))
    .map((z) => {
      const { major, minor, azimuth } = defocusOf(z);
      const numbers = [
        [major, 10, 2],
        [minor, 9, 2],
        [azimuth, 9, 2],
        [0, 9, 4],
        [0.1 + z / 100, 9, 4],
        [8 + z / 4, 9, 4],
        [1, 4, 0],
      ];
      return `${String(z + 1).padStart(4)} ${numbers.map(([value, width, digits]) => fixed(value, digits).padStart(width)).join(" ")}\n`;
    });
  const columns =
    "# Columns: #1 micrograph number; #2 - defocus 1 [A]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radian]; " +
    "#6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully; #8 - dfHand\n";
  return columns + rows.join("");
}

/** CTFFIND 4's own table: five lines of comment, sections as decimals. */
export function ctffind4Text({ image, pixelAngstrom }) {
  const comments = [
    "Output from CTFFind version 4.1.14, run on 2026-01-10 10:00:00",
    `Input file: ${image} ; Number of micrographs: ${TILT_COUNT}`,
    `Pixel size: ${fixed(pixelAngstrom, 3)} Angstroms ; acceleration voltage: 300.0 keV ; spherical aberration: 2.70 mm ; amplitude contrast: 0.07`,
    "Box size: 512 pixels ; min. res.: 30.0 Angstroms ; max. res.: 8.0 Angstroms ; min. def.: 5000.0 um; max. def. 50000.0 um",
    "Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radians]; " +
      "#6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully",
  ];
  const rows = STACKED.map((_, z) => {
    const { major, minor, azimuth } = defocusOf(z);
    return [z + 1, major, minor, azimuth, 0, ...scoreOf(z)].map((value) => fixed(value, 6)).join(" ");
  });
  return [...comments.map((comment) => `# ${comment}`), ...rows, ""].join("\n");
}

/** A table of Gctf, which fits no phase shift unless it is asked to: six columns. */
export function gctfText() {
  const rows = STACKED.map((_, z) => {
    const { major, minor, azimuth } = defocusOf(z);
    return [z + 1, major, minor, azimuth, ...scoreOf(z)].map((value) => fixed(value, 6).padStart(14)).join("");
  });
  return ["# Gctf v1.18: section defocus_U defocus_V azimuth CC resolution", "; Angstroms, degrees", ...rows, ""].join("\n");
}

/** Cross-correlation, and the resolution in Å up to which a fit is good. */
const scoreOf = (z) => [0.1 + z / 100, 8 + z / 4];

/** IMOD's defocus file of version 3 with astigmatism: nm, views from 1. */
export function defocusText() {
  const rows = STACKED.map(({ degrees }, z) => {
    const { major, minor, azimuth } = defocusOf(z);
    return `${z + 1} ${z + 1} ${fixed(degrees, 2)} ${fixed(degrees, 2)} ${fixed(major / 10, 1)} ${fixed(minor / 10, 1)} ${fixed(azimuth, 2)}\n`;
  });
  return `1 0 0. 0. 0 3\n${rows.join("")}`;
}

/** Numbers in [−1, 1] from a seed: Mulberry32, the same on every machine. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x7fffffff - 1;
  };
}
