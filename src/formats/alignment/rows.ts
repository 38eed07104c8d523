import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { decimal } from "../text-lines.js";

/**
 * The numbers of one row.
 *
 * @param count exactly so many columns; with `more`, at least.
 */
export function numbersOfRow(
  columns: readonly string[],
  count: number,
  { name, line, what, more = false }: { name: string; line: number; what: string; more?: boolean },
): number[] {
  if (more ? columns.length < count : columns.length !== count) {
    throw alignmentError(name, line, `${counted(columns.length, "column")}, ${what} has ${count}${more ? " or more" : ""}`);
  }
  return columns.slice(0, count).map((text, at) => {
    const value = decimal(text);
    if (value === undefined) {
      throw alignmentError(name, line, `column ${at + 1} is ${JSON.stringify(text.slice(0, 40))}, ${what} holds numbers`);
    }
    return value;
  });
}

export function alignmentError(
  name: string,
  line: number | undefined,
  message: string,
  hint = "check that this is the right file",
): EmporiumError {
  const where = line === undefined ? "" : ` in line ${line}`;
  return new EmporiumError("FORMAT_FIELD", `${name}: ${message}${where}`, { place: { file: name, line }, hint });
}
