import { alignmentError } from "./rows.js";

/** One image of a tilt series of RELION. Images that were left out are not in its tables. */
export interface RelionTilt {
  /** Rotations of the specimen about x, y and z, in this order; the tilt axis is y before the last. */
  xTiltDegrees: number;
  yTiltDegrees: number;
  zRotDegrees: number;
  shiftAngstrom: [x: number, y: number];
  /** Tilt angle that the stage reported. */
  nominalTiltDegrees?: number | undefined;
  /** Electrons per Å² before this image. */
  preExposure?: number | undefined;
  /** Names of its movie and of its image, as far as they are given. */
  imageNames: string[];
  line: number;
}

/** Sizes that a matrix refers to and does not hold itself, and its place for errors. */
export interface MatrixFrame {
  volumePixels?: readonly number[] | undefined;
  imagePixels?: readonly [x: number, y: number] | undefined;
  pixelSizeAngstrom?: number | undefined;
  file: string;
  line: number;
}

type Row = [number, number, number, number];

const RADIANS = 180 / Math.PI;
/** Largest deviation of a matrix's rows from those of a rotation: RELION 4 wrote six digits and more. */
const TOLERANCE = 1e-3;

/**
 * Angles and shifts of a matrix from voxels of the unbinned volume to image pixels, both counted from their corner: P(p) = R · (p
 * − c) + s + i, R = Rz · Ry · Rx, c the volume's centre (half its size), i the image's (half its size, rounded down).
 */
export function fromMatrix(
  rows: readonly number[][],
  { volumePixels, imagePixels, pixelSizeAngstrom, file, line }: MatrixFrame,
): Pick<RelionTilt, "xTiltDegrees" | "yTiltDegrees" | "zRotDegrees" | "shiftAngstrom"> {
  const missing = [
    volumePixels ? undefined : "the size of the tomogram (rlnTomoSizeX, Y, Z of data_global)",
    imagePixels ? undefined : "the size of the tilt images",
    pixelSizeAngstrom === undefined ? "the pixel size (rlnTomoTiltSeriesPixelSize of data_global)" : undefined,
  ].filter((what) => what !== undefined);
  if (missing.length > 0) {
    const message = `matrices of RELION 4 without ${missing.join(" and ")}`;
    throw alignmentError(file, line, message, "add the file with data_global, and the tilt series");
  }
  const [first4, second4, third4, last] = rows as [Row, Row, Row, Row];
  const [m00, m01, m02, tx] = first4;
  const [m10, m11, m12, ty] = second4;
  const [m20, m21, m22] = third4;
  const first = [m00, m01, m02];
  const second = [m10, m11, m12];
  const third = [m20, m21, m22];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const determinant = m00 * (m11 * m22 - m12 * m21) - m01 * (m10 * m22 - m12 * m20) + m02 * (m10 * m21 - m11 * m20);
  const errors = [
    dot(first, first) - 1,
    dot(second, second) - 1,
    dot(third, third) - 1,
    dot(first, second),
    dot(second, third),
    dot(first, third),
    determinant - 1,
  ];
  if (errors.some((error) => !(Math.abs(error) <= TOLERANCE)) || last.some((value, i) => value !== (i === 3 ? 1 : 0))) {
    const message = "rlnTomoProjX to W are no rotation with a shift";
    throw alignmentError(file, line, message, "write the matrices without magnification");
  }
  let [xTilt, yTilt, zRot] = [Math.atan2(m21, m22), Math.asin(Math.max(-1, Math.min(1, -m20))), Math.atan2(m10, m00)];
  // at ±90° rotations about x and z cannot be distinguished
  if (m20 >= 1) [xTilt, yTilt, zRot] = [0, -Math.PI / 2, Math.atan2(-m12, m11)];
  else if (m20 <= -1) [xTilt, yTilt, zRot] = [0, Math.PI / 2, -Math.atan2(-m12, m11)];
  const centre = volumePixels!.map((size) => size / 2);
  const shift = [
    dot(first, centre) + tx - Math.floor(imagePixels![0] / 2),
    dot(second, centre) + ty - Math.floor(imagePixels![1] / 2),
  ];
  return {
    xTiltDegrees: xTilt * RADIANS,
    yTiltDegrees: yTilt * RADIANS,
    zRotDegrees: zRot * RADIANS,
    shiftAngstrom: [shift[0]! * pixelSizeAngstrom!, shift[1]! * pixelSizeAngstrom!],
  };
}
