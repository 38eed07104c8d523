import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal, textLines } from "../text-lines.js";

/** One angle of a `.rawtlt`, `.tlt`, `.xtilt` or `.tltx` file. Its place in the list is its section, from 0. */
export interface TiltAngle {
  degrees: number;
  /** As written: `-3.00` stays `-3.00`. */
  text: string;
  line: number;
}

/**
 * Angles of a tilt series, one a line, in the order of the file. Empty lines and lines that begin with `#` are skipped; a file of
 * nothing else gives an empty list, and whoever needs angles says so.
 *
 * Programs also write the number of the section before the angle, or its order and its dose behind it, as AreTomo3 does in `_TLT.txt`: where that is
 * what the other columns are, in every line, the angles are read. Other numbers are refused: three angles in one row would be read as one.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseTiltAngles(content: Uint8Array | string, name: string): TiltAngle[] {
  const rows = textLines(content, name)
    .filter(({ text }) => text !== "" && !text.startsWith("#"))
    .map(({ line, text }) => ({ line, text, columns: columnsOf(text) }));
  const column = rows.some(({ columns }) => columns.length > 1) ? angleColumn(rows.map(({ columns }) => columns)) : 0;
  return rows.map(({ line, text, columns }) => {
    const degrees = decimal(columns[column ?? 0]!);
    if (column === undefined || degrees === undefined) {
      const found = columns.length > 1 ? `${counted(columns.length, "value")}` : JSON.stringify(text.slice(0, 40));
      throw new EmporiumError("FORMAT_FIELD", `${name}: ${found} in line ${line}; expected one angle in degrees`, {
        place: { file: name, line },
        hint: "write one angle a line, in the order of the sections",
      });
    }
    return { degrees, text: columns[column]!, line };
  });
}

/** Lines that tell what columns are, at least. */
const ROWS_MIN = 3;

/** The column of the angles, where the others are a count of the sections, their order, or their dose; undefined where that is not clear. */
function angleColumn(rows: readonly (readonly string[])[]): number | undefined {
  const width = rows[0]!.length;
  if (rows.length < ROWS_MIN || width > 3 || rows.some(({ length }) => length !== width)) return undefined;
  const [first, second, third] = Array.from({ length: width }, (_, at) => rows.map((row) => decimal(row[at]!) ?? Number.NaN));
  if (isCount(first!)) return width === 2 && areAngles(second!) && second!.some((value) => value < 0) ? 1 : undefined;
  const others = [second!, ...(third ? [third] : [])];
  const order = others.find(isOrder);
  const asTaken = (values: readonly number[]) => (order ? inOrder(values, order) : values);
  return areAngles(first!) && others.every((values) => isOrder(values) || isDose(values) || isDose(asTaken(values)))
    ? 0
    : undefined;
}

const isCount = (values: readonly number[]): boolean =>
  (values[0] === 0 || values[0] === 1) && values.every((value, at) => value === values[0]! + at);
const isOrder = (values: readonly number[]): boolean => isCount([...values].sort((a, b) => a - b));
const inOrder = (values: readonly number[], order: readonly number[]): number[] =>
  values
    .map((value, at) => [order[at]!, value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
/** Of each image alike, or summed up in the order of the lines. */
const isDose = (values: readonly number[]): boolean => values.every((value, at) => value >= 0 && value >= (values[at - 1] ?? 0));
const areAngles = (values: readonly number[]): boolean => values.every((value) => Math.abs(value) <= 90);
