import { counted } from "../../../core/units.js";

/*
 * Requirements of an affine matrix in a configuration: 4×4 numbers, row by row, that transform column vectors (x, y, z, 1).
 * `ingest check`, runs and validation share them.
 */

/** Tolerance of a rotation's row lengths, row products and determinant: configurations have few decimals. */
const RIGID_TOLERANCE = 1e-3;

export interface MatrixFault {
  /** `fault`: it cannot be used. `remark`: it can, and does more than turn and shift. */
  readonly kind: "fault" | "remark";
  readonly message: string;
  readonly hint: string;
  /** The row that is wrong, from 0, where it is one. */
  readonly row?: number | undefined;
}

const NAME = "affine_transformation_matrix";

/** @param rows cells of the matrix by rows; undefined where a cell is no number. */
export function judgeMatrix(rows: readonly (readonly (number | undefined)[])[]): MatrixFault | undefined {
  const isWhole = rows.length === 4 && rows.every((row) => row.length === 4 && row.every((cell) => Number.isFinite(cell)));
  if (!isWhole) {
    const lengths = rows.map((row) => row.filter((cell) => Number.isFinite(cell)).length).join(", ");
    return {
      kind: "fault",
      message: `${NAME} has ${counted(rows.length, "row")} of ${lengths || "no"} numbers; expected 4 rows of 4 finite numbers`,
      hint: "write it row by row, the last one 0, 0, 0, 1",
    };
  }
  const matrix = rows as readonly (readonly number[])[];
  return judgeLastRow(matrix) ?? judgeLinear(matrix.slice(0, 3).map((row) => row.slice(0, 3)));
}

function judgeLastRow(matrix: readonly (readonly number[])[]): MatrixFault | undefined {
  const last = matrix[3]!;
  if (last.every((value, i) => value === (i === 3 ? 1 : 0))) return undefined;
  const message = `the last row of ${NAME} is ${last.join(", ")}; expected 0, 0, 0, 1`;
  if (last[3] === 1) {
    const column = matrix.slice(0, 3).map((row) => row[3]!);
    const shift = last.slice(0, 3).map((value, i) => value + column[i]!);
    return {
      kind: "fault",
      message,
      hint: `end the first three rows with the translation ${shift.join(", ")}, and write 0, 0, 0, 1 as the last row`,
      row: 3,
    };
  }
  return { kind: "fault", message, hint: "scale the volume by the diagonal of the first three rows", row: 3 };
}

/** A matrix that is no rotation with a shift would scale, shear or mirror the volume. */
function judgeLinear(linear: readonly (readonly number[])[]): MatrixFault | undefined {
  const determinant = determinantOf(linear);
  if (determinant === 0) {
    return {
      kind: "fault",
      message: `${NAME} has no inverse: its first three rows and columns are dependent`,
      hint: "check for rows that are multiples of each other",
    };
  }
  const dot = (i: number, j: number) => linear[i]!.reduce((sum, value, at) => sum + value * linear[j]![at]!, 0);
  const lengths = [0, 1, 2].map((i) => Math.sqrt(dot(i, i)));
  const skew = Math.max(...[dot(0, 1), dot(0, 2), dot(1, 2)].map(Math.abs));
  const stretched = lengths.some((length) => Math.abs(length - 1) > RIGID_TOLERANCE);
  if (!stretched && skew <= RIGID_TOLERANCE && Math.abs(determinant - 1) <= RIGID_TOLERANCE) return undefined;
  const faults = [
    stretched ? `its rows have the lengths ${lengths.map(short).join(", ")}` : undefined,
    skew > RIGID_TOLERANCE ? "its rows are not perpendicular" : undefined,
    determinant < 0 ? "it mirrors the volume" : undefined,
  ].filter((fault) => fault !== undefined);
  return {
    kind: "remark",
    message: `${NAME} is not a rotation with a shift: ${faults.join(", ")} (determinant ${short(determinant)})`,
    hint: "keep it if the volume should be scaled, sheared or mirrored",
  };
}

type Row = [number, number, number];

function determinantOf(rows: readonly (readonly number[])[]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = rows as unknown as [Row, Row, Row];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
