import { fixedHalfEven, floatRepr } from "../src/core/number.js";
import type { TiltCom } from "../src/formats/alignment/com-file.js";
import type { ImodTransform } from "../src/formats/alignment/imod.js";
import type { SectionAlignment } from "../src/formats/alignment/sections.js";

/** An alignment in IMOD's terms, one entry a section of the tilt series. */
export interface ImodAlignment {
  transforms: Pick<ImodTransform, "matrix" | "shift">[];
  tiltsDegrees: number[];
  xTiltsDegrees: number[];
  /** Sections from 1 that the alignment does not have: for `EXCLUDELIST2`. */
  excluded: number[];
}

/**
 * Back to IMOD: M = in_planeᵀ, d = M · (−offset). A section that the alignment leaves out has the identity and tilt 0, and is named in `excluded`.
 *
 * @param count sections of the whole tilt series.
 * Source: `Alignment.to_imod` of cryoet-alignment 0.2.0; golden: `test/golden/alignment`.
 */
export function imodFromSections(sections: readonly SectionAlignment[], count: number): ImodAlignment {
  const byIndex = new Map(sections.map((section) => [section.zIndex, section]));
  const result: ImodAlignment = { transforms: [], tiltsDegrees: [], xTiltsDegrees: [], excluded: [] };
  for (let z = 0; z < count; z++) {
    const section = byIndex.get(z);
    if (!section) result.excluded.push(z + 1);
    result.transforms.push(section ? transformOf(section) : IDENTITY);
    result.tiltsDegrees.push(section?.tiltAngleDegrees ?? 0);
    result.xTiltsDegrees.push(section?.volumeXRotationDegrees ?? 0);
  }
  return result;
}

const IDENTITY: ImodAlignment["transforms"][number] = {
  matrix: [
    [1, 0],
    [0, 1],
  ],
  shift: [0, 0],
};

function transformOf({ inPlaneRotation, xOffset, yOffset }: SectionAlignment): ImodAlignment["transforms"][number] {
  const [[a, b], [c, d]] = inPlaneRotation;
  return {
    matrix: [
      [a, c],
      [b, d],
    ],
    shift: [0 + a * -xOffset + c * -yOffset, 0 + b * -xOffset + d * -yOffset],
  };
}

/** Text of a `.xf`: six columns of twelve characters, seven decimals for the matrix and three for the shift. */
export function formatXf(transforms: readonly Pick<ImodTransform, "matrix" | "shift">[]): string {
  const column = (value: number, decimals: number) => fixedHalfEven(value, decimals).padStart(12);
  return transforms
    .map(({ matrix, shift }) => {
      const numbers = [...matrix.flat().map((value) => column(value, 7)), ...shift.map((value) => column(value, 3))];
      return `${numbers.join("")}\n`;
    })
    .join("");
}

/** Text of a `.tlt`, `.rawtlt` or `.xtilt`: one angle a line, every digit kept. */
export function formatAngles(angles: readonly number[]): string {
  return angles.map((angle) => `${floatRepr(angle)}\n`).join("");
}

/** Text of a `tilt.com` with the options that are given, in the order in which Etomo writes them. */
export function formatTiltCom(com: TiltCom): string {
  const lines = ["$setenv IMOD_OUTPUT_FORMAT MRC", "$tilt -StandardInput"];
  const add = (key: string, value: string | number | undefined) => {
    if (value !== undefined) lines.push(`${key} ${value}`);
  };
  const flag = (key: string, isSet: boolean) => {
    if (isSet) lines.push(key);
  };
  add("InputProjections", com.inputProjections);
  add("OutputFile", com.outputFile);
  add("IMAGEBINNED", com.imageBinned);
  add("TILTFILE", com.tiltFile);
  add("THICKNESS", com.thicknessPixels);
  add("RADIAL", com.radial?.join(" "));
  add("FalloffIsTrueSigma", com.falloffIsTrueSigma);
  add("XAXISTILT", com.xAxisTiltDegrees);
  add("SCALE", com.scale?.join(" "));
  flag("PERPENDICULAR", com.perpendicular);
  add("MODE", com.mode);
  add("FULLIMAGE", com.fullImage?.join(" "));
  add("SUBSETSTART", com.subsetStart?.join(" "));
  flag("AdjustOrigin", com.adjustOrigin);
  add("ActionIfGPUFails", com.actionIfGpuFails?.join(","));
  add("LOCALFILE", com.localFile);
  add("XTILTFILE", com.xTiltFile);
  add("ZFACTORFILE", com.zFactorFile);
  add("OFFSET", com.offsetDegrees);
  add("SHIFT", com.shift?.join(" "));
  if (com.excluded.length > 0) add("EXCLUDELIST2", com.excluded.join(","));
  if (com.included) add("INCLUDE", com.included.join(","));
  return `${[...lines, "$if (-e ./savework) ./savework"].join("\n")}\n`;
}
