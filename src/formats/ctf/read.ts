import { EmporiumError } from "../../core/errors.js";
import { roundHalfEven } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal, isNotFinite, type TextLine, textLines, wholeNumber } from "../text-lines.js";
import type { CtfEntry } from "./entry.js";
import { parseImodDefocus } from "./imod.js";

/** Tables of plain columns, as the portal's configurations call them, in lower case. */
export type CtfTableFormat = "ctffind" | "gctf" | "imod";
/** With ours: STAR files of RELION (`relion.ts`), tilt series of Warp (`warp.ts`). */
export type CtfFormat = CtfTableFormat | "relion" | "warp";

const FORMATS: readonly string[] = ["ctffind", "gctf", "imod", "relion", "warp"] satisfies CtfFormat[];

/** The layout that a configured name means, whatever its case; undefined for any other name, whose files are stored unread. */
export function ctfFormat(name: string): CtfFormat | undefined {
  const lower = name.toLowerCase();
  return FORMATS.includes(lower) ? (lower as CtfFormat) : undefined;
}

/**
 * Reads a CTF table in the layout that the configuration names.
 *
 * - `ctffind` (CTFFIND, AreTomo3): seven columns and more: section, two defocus values in Å, azimuth in degrees, phase shift in
 *   radians, cross-correlation, resolution in Å. Every `#` line is skipped; without any, a first line that is no row is the
 *   header.
 * - `gctf`: the same columns, or six without phase shift (0); lines of `#`, `;`, `%` are skipped; the section is rounded.
 * - `imod` (`.defocus`): see `imod.ts`.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_LIMIT.
 */
export function parseCtf(content: Uint8Array | string, format: CtfTableFormat, name: string): CtfEntry[] {
  const lines = textLines(content, name).filter(({ text }) => text !== "");
  if (format === "imod") return parseImodDefocus(lines, name);
  if (format === "gctf") {
    return lines.filter(({ text }) => !/^[#;%]/.test(text)).map((line) => tableEntry(line, [6, 7], name, format));
  }
  const rows = lines.filter(({ text }) => !text.startsWith("#"));
  const first = rows[0];
  const hasHeader = first !== undefined && rows.length === lines.length && decimal(columnsOf(first.text)[0]!) === undefined;
  return rows.slice(hasHeader ? 1 : 0).map((line) => tableEntry(line, undefined, name, format));
}

function tableEntry(
  { line, text }: TextLine,
  widths: readonly number[] | undefined,
  name: string,
  format: CtfTableFormat,
): CtfEntry {
  const columns = columnsOf(text);
  if (widths ? !widths.includes(columns.length) : columns.length < 7) {
    const wanted = widths ? widths.join(" or ") : "7 or more";
    throw ctfError(name, line, `${counted(columns.length, "column")}; expected ${wanted}`, format);
  }
  const values = columns.length === 6 ? [...columns.slice(0, 4), "0", ...columns.slice(4)] : columns;
  const number = (at: number, what: string) => finite(values[at]!, what, name, line, format);
  const score = (at: number, what: string) => (isNotFinite(values[at]!) ? null : number(at, what));
  const section = format === "gctf" ? roundHalfEven(number(0, "the section"), 0) : wholeNumber(values[0]!);
  if (section === undefined) {
    throw ctfError(name, line, `the section is ${JSON.stringify(values[0]!.slice(0, 40))}; expected a whole number`, format);
  }
  return {
    section,
    defocus1Angstrom: number(1, "the first defocus"),
    defocus2Angstrom: number(2, "the second defocus"),
    azimuthDegrees: number(3, "the azimuth"),
    phaseShiftRadians: number(4, "the phase shift"),
    crossCorrelation: score(5, "the cross-correlation"),
    maxResolutionAngstrom: score(6, "the resolution"),
    line,
  };
}

function finite(text: string, what: string, name: string, line: number, format: CtfTableFormat): number {
  const value = decimal(text);
  if (value !== undefined) return value;
  throw ctfError(name, line, `${what} is ${JSON.stringify(text.slice(0, 40))}; expected a number`, format);
}

function ctfError(name: string, line: number, message: string, format: CtfTableFormat): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${name}: ${message} in line ${line} of a ${format} table`, {
    place: { file: name, line },
    hint: "check that the configuration names the format of this file: CTFFIND, Gctf or IMOD",
  });
}
