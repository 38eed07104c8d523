/** The tilt series of the miniature laboratory in words: how it was acquired, aligned and fitted. Seven tilts, dose-symmetric; ZValue counts
 * acquisitions, stacks are stored by ascending angle. */

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
export function tltText() {
  return STACKED.map(({ degrees }) => `${fixed(degrees - 0.3, 2).padStart(7)}\n`).join("");
}

export function xtiltText() {
  return STACKED.map(() => `${"0.25".padStart(7)}\n`).join("");
}

/** IMOD's transforms: a rotation by the tilt axis, and shifts that are different in every section. */
export function xfText({ axisDegrees, shifted = true }) {
  const [cos, sin] = [Math.cos((axisDegrees * Math.PI) / 180), Math.sin((axisDegrees * Math.PI) / 180)];
  return STACKED.map((_, z) => {
    const matrix = [cos, sin, -sin, cos].map((value) => fixed(value, 7).padStart(12)).join("");
    const [dx, dy] = shifted ? [1.5 * (z - 3) + 0.25, 0.75 * (3 - z) - 1] : [0, 0];
    return `${matrix}${fixed(dx, 3).padStart(12)}${fixed(dy, 3).padStart(12)}\n`;
  }).join("");
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

/** IMOD's defocus file of version 3 with astigmatism: nm, views from 1. */
export function defocusText() {
  const rows = STACKED.map(({ degrees }, z) => {
    const { major, minor, azimuth } = defocusOf(z);
    return `${z + 1} ${z + 1} ${fixed(degrees, 2)} ${fixed(degrees, 2)} ${fixed(major / 10, 1)} ${fixed(minor / 10, 1)} ${fixed(azimuth, 2)}\n`;
  });
  return `1 0 0. 0. 0 3\n${rows.join("")}`;
}

/** `toFixed` without a minus before zero. */
function fixed(value, digits) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
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
