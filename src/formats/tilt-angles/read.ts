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
 * A second number in a line is refused: three angles in one row would otherwise be read as one.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseTiltAngles(content: Uint8Array | string, name: string): TiltAngle[] {
  const angles: TiltAngle[] = [];
  for (const { line, text } of textLines(content, name)) {
    if (text === "" || text.startsWith("#")) continue;
    const columns = columnsOf(text);
    const degrees = decimal(columns[0]!);
    if (columns.length > 1 || degrees === undefined) {
      const found = columns.length > 1 ? `${counted(columns.length, "value")}` : JSON.stringify(text.slice(0, 40));
      throw new EmporiumError("FORMAT_FIELD", `${name}: ${found} in line ${line}; expected one angle in degrees`, {
        place: { file: name, line },
        hint: "write one angle a line, in the order of the sections",
      });
    }
    angles.push({ degrees, text: columns[0]!, line });
  }
  return angles;
}
