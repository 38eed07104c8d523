import { IMAGE_ORIGIN_BIT, TILT_VALID_BIT } from "./heads.js";
import type { ModSlicerAngles } from "./model.js";
import type { Mod } from "./read.js";

/**
 * The text form of a model, version 2.0, as `imodinfo -a` prints it and IMOD reads it; numbers have six digits (`%g`). Meshes are
 * only counted. A point with its own size ends with it.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/asciispec.html
 */
export function modAscii({ header, objects, slicerAngles, image }: Mod): string {
  const { flags } = header;
  return [
    "# imod ascii file version 2.0",
    `imod ${objects.length}`,
    `max ${header.max.join(" ")}`,
    `offsets ${three(header.offset)}`,
    `angles ${three(header.angles)}`,
    `scale ${three(header.scale)}`,
    `mousemode ${header.mouseMode}`,
    `drawmode ${header.drawMode}`,
    `b&w_level ${header.blackLevel},${header.whiteLevel}`,
    `resolution ${header.resolution}`,
    `threshold ${header.threshold}`,
    `pixsize ${general(header.pixelSize)}`,
    `units ${UNITS.get(header.units) ?? "unknown"}`,
    ...(image ? [`refcurscale ${three(image.scale)}`, `refcurtrans ${three(image.translation)}`] : []),
    // without these bits what is stored is whatever was in memory
    ...(image && flags & TILT_VALID_BIT ? [`refcurrot ${three(image.rotation)}`] : []),
    ...(image && flags & IMAGE_ORIGIN_BIT ? [`refoldtrans ${three(image.oldTranslation)}`] : []),
    ...slicerAngles.map((slicer) => `slicerAngle ${slicer.time} ${slicerNumbers(slicer)} ${oneLine(slicer.label)}`),
    ...objects.flatMap(objectLines),
    "",
  ].join("\n");
}

function objectLines(object: Mod["objects"][number], at: number): string[] {
  const { contours, meshes } = object;
  return [
    `object ${at} ${contours.length} ${meshes.length}`,
    `name ${oneLine(object.name)}`,
    `color ${three(object.color)} ${object.transparency}`,
    object.contourKind,
    `linewidth ${object.lineWidth}`,
    `pointsize ${object.pointSize}`,
    ...contours.flatMap(({ surface, xyz, sizes }, i) => [
      `contour ${i} ${surface} ${xyz.length / 3}`,
      ...Array.from({ length: xyz.length / 3 }, (_, point) => {
        const size = sizes?.[point];
        const own = size !== undefined && size >= 0 ? ` ${general(size)}` : "";
        return `${three(xyz.subarray(3 * point, 3 * point + 3))}${own}`;
      }),
    ]),
  ];
}

/** Angles about x, y and z, then the centre. */
export function slicerNumbers({ angles, center }: ModSlicerAngles): string {
  return `${three(angles)} ${three(center)}`;
}

/** What a model says its pixels are measured in. */
export const UNITS: ReadonlyMap<number, string> = new Map([
  [0, "pixels"],
  [3, "km"],
  [1, "m"],
  [-2, "cm"],
  [-3, "mm"],
  [-6, "um"],
  [-9, "nm"],
  [-10, "A"],
  [-12, "pm"],
]);

/** Text of a file on a line of its own: it can begin no other. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

const three = (values: ArrayLike<number>): string => Array.from(values, general).join(" ");

const DIGITS = 6;

/** A number as `printf("%g")` has it: six digits, halves to the even one, an exponent where it is below −4 or above 5. */
export function general(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, power] = rounded(Math.abs(value));
  const sign = value < 0 ? "-" : "";
  if (power < -4 || power >= DIGITS) {
    const exponent = `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
    return `${sign}${plain(`${mantissa[0]}.${mantissa.slice(1)}`)}e${exponent}`;
  }
  if (power < 0) return `${sign}${plain(`0.${"0".repeat(-power - 1)}${mantissa}`)}`;
  return `${sign}${plain(`${mantissa.slice(0, power + 1)}.${mantissa.slice(power + 1)}`)}`;
}

/** Six digits and the power of ten of the first. JavaScript rounds halves up, C to the even digit. */
function rounded(value: number): [digits: string, power: number] {
  const [exact, exactPower] = value.toExponential(100).split("e");
  const digits = exact!.replace(".", "");
  const half = /^50*$/.test(digits.slice(DIGITS)) && Number(digits[DIGITS - 1]) % 2 === 0;
  if (half) return [digits.slice(0, DIGITS), Number(exactPower)];
  const [short, power] = value.toExponential(DIGITS - 1).split("e");
  return [short!.replace(".", ""), Number(power)];
}

/** Without zeros at the end of a fraction. */
const plain = (text: string): string => text.replace(/\.?0*$/, "");
