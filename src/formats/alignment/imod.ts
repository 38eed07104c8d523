import { exactProduct, exactSum } from "../../core/sine-cosine.js";
import { columnsOf, textLines } from "../text-lines.js";
import type { TiltAngle } from "../tilt-angles/read.js";
import { alignmentError, numbersOfRow } from "./rows.js";
import type { SectionAlignment } from "./sections.js";

/** One line of an IMOD transform file: x' = a11 x + a12 y + dx, y' = a21 x + a22 y + dy, about the centre, shifts in pixels. */
export interface ImodTransform {
  matrix: [[a11: number, a12: number], [a21: number, a22: number]];
  shift: [dx: number, dy: number];
  line: number;
}

/**
 * A `.xf` file: one transform a line, `a11 a12 a21 a22 dx dy`. Empty lines are skipped.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseXf(content: Uint8Array | string, name: string): ImodTransform[] {
  return textLines(content, name)
    .filter(({ text }) => text !== "")
    .map(({ line, text }) => {
      const row = numbersOfRow(columnsOf(text), 6, { name, line, what: "a transform" }) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const [a11, a12, a21, a22, dx, dy] = row;
      return {
        matrix: [
          [a11, a12],
          [a21, a22],
        ],
        shift: [dx, dy],
        line,
      };
    });
}

export interface ImodAlignmentFiles {
  name: string;
  transforms: readonly ImodTransform[];
  /** Angles of the `.tlt`. */
  tilts: readonly TiltAngle[];
  /** Angles of the `.xtilt` or `.tltx`; undefined where there is none. */
  xTilts?: readonly TiltAngle[] | undefined;
  /** Sections from 1 that `tilt.com` leaves out. */
  excluded?: readonly number[] | undefined;
  /** Sections from 1 that `tilt.com` uses alone. */
  included?: readonly number[] | undefined;
}

/**
 * Sections of an IMOD alignment. The matrix is transposed and taken as the inverse, so a magnification in the `.xf` is not
 * undone: that is what the portal's metadata holds.
 *
 * @param compat `"reference"`: files of different lengths are read as far as the shortest goes, as the portal's converter does;
 *   otherwise they are refused.
 * @throws {EmporiumError} FORMAT_FIELD.
 * Source: `Alignment.from_imod` of cryoet-alignment 0.2.0; golden: `test/golden/alignment`.
 */
export function imodSections(files: ImodAlignmentFiles, compat?: "reference"): SectionAlignment[] {
  const { name, transforms, tilts, xTilts } = files;
  const counts = [transforms.length, tilts.length, ...(xTilts ? [xTilts.length] : [])];
  if (compat !== "reference" && new Set(counts).size > 1) {
    const found = `${transforms.length} transforms, ${tilts.length} tilt angles${xTilts ? `, ${xTilts.length} x-tilt angles` : ""}`;
    const message = `${found}; expected one of each per section`;
    throw alignmentError(name, undefined, message, "take the files from one and the same alignment");
  }
  const excluded = new Set(files.excluded);
  const included = files.included && new Set(files.included);
  const sections: SectionAlignment[] = [];
  for (let z = 0; z < Math.min(...counts); z++) {
    if (excluded.has(z + 1) || included?.has(z + 1) === false) continue;
    const { matrix, shift } = transforms[z]!;
    const [[a11, a12], [a21, a22]] = matrix;
    const [dx, dy] = shift;
    sections.push({
      zIndex: z,
      tiltAngleDegrees: tilts[z]!.degrees,
      volumeXRotationDegrees: xTilts?.[z]?.degrees ?? 0,
      inPlaneRotation: [
        [a11, a21],
        [a12, a22],
      ],
      // a sum that begins at 0, as a matrix product does: no shift is 0, not −0, which JSON would show
      xOffset: compat ? fused(a21, -dy, 0 + a11 * -dx) : 0 + a11 * -dx + a21 * -dy,
      yOffset: compat ? fused(a22, -dy, 0 + a12 * -dx) : 0 + a12 * -dx + a22 * -dy,
    });
  }
  return sections;
}

/** a · b + c, rounded once: what processors do in numpy's matrix products. */
function fused(a: number, b: number, c: number): number {
  const [product, productRest] = exactProduct(a, b);
  const [sum, sumRest] = exactSum(product, c);
  return sum + (sumRest + productRest);
}
