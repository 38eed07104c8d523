import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal, type TextLine } from "../text-lines.js";
import type { CtfEntry } from "./entry.js";

/** Bits of the flag in the first line of a version 3 file. Bit 16 (tilt angles inverted) changes nothing that is read here. */
const ASTIGMATISM = 1;
const AZIMUTH_RADIANS = 2;
const PHASE_SHIFT = 4;
const PHASE_RADIANS = 8;
const CUT_ON = 32;

const RADIANS = Math.PI / 180;
const DEGREES = 180 / Math.PI;

/**
 * IMOD's `.defocus`, as ctfplotter writes it: rows of first view, last view, first tilt, last tilt, then what the flag says: one
 * defocus in nm, or two and the azimuth; the phase shift; the cut-on frequency (not kept). The flag stands in a first line `flag
 * 0 0 0 0 version`; without one it is 0, and the first row may end with a version number. A row counts for its first view; scores
 * are not in the file: 0.
 *
 * The number of columns must be exactly the flag's: a file with astigmatism whose first line was lost would otherwise give the
 * second defocus as the azimuth. Views that count from 0 are of IMOD before 4.1, where they were off by one: refused, not shifted
 * silently.
 *
 * @param lines without empty ones.
 * Source: IMOD's manual of ctfphaseflip; bit by bit as the portal's reader.
 */
export function parseImodDefocus(lines: readonly TextLine[], name: string): CtfEntry[] {
  const table = lines.map(({ line, text }) => ({ line, columns: columnsOf(text) }));
  const first = table[0];
  if (first === undefined) return [];
  const hasHeader = first.columns.length >= 6 && first.columns.slice(1, 5).every((column) => decimal(column) === 0);
  const flag = hasHeader ? Math.trunc(numberAt(first, 0, "the flag", name)) : 0;
  const rows = hasHeader ? table.slice(1) : table;
  const has = (bit: number) => (flag & bit) !== 0;
  const phaseAt = has(ASTIGMATISM) ? 7 : 5;
  const width = phaseAt + (has(PHASE_SHIFT) ? 1 : 0) + (has(CUT_ON) ? 1 : 0);

  const entries = rows.map((row, at): CtfEntry => {
    const found = row.columns.length;
    if (found !== width && !(at === 0 && found === width + 1)) {
      throw defocusError(
        name,
        row.line,
        `${counted(found, "column")}, flag ${flag} wants ${width}`,
        hasHeader
          ? "write the file again with ctfplotter"
          : "write the file again with ctfplotter: the first line with the flag may be missing",
      );
    }
    const number = (column: number, what: string) => numberAt(row, column, what, name);
    const defocus1 = number(4, "the defocus");
    const azimuth = has(ASTIGMATISM) ? number(6, "the azimuth") : 0;
    const phase = has(PHASE_SHIFT) ? number(phaseAt, "the phase shift") : 0;
    return {
      section: Math.trunc(number(0, "the first view")),
      defocus1Angstrom: defocus1 * 10,
      defocus2Angstrom: (has(ASTIGMATISM) ? number(5, "the second defocus") : defocus1) * 10,
      azimuthDegrees: has(AZIMUTH_RADIANS) ? azimuth * DEGREES : azimuth,
      phaseShiftRadians: has(PHASE_RADIANS) ? phase : phase * RADIANS,
      crossCorrelation: 0,
      maxResolutionAngstrom: 0,
      line: row.line,
    };
  });
  const zeroBased = entries.find(({ section }) => section <= 0);
  if (zeroBased) {
    const hint = "write the file again with a current ctfplotter: IMOD before 4.1 numbered views from 0";
    throw defocusError(name, zeroBased.line, `view ${zeroBased.section}, views count from 1`, hint);
  }
  return entries;
}

function numberAt(row: { line: number; columns: string[] }, at: number, what: string, name: string): number {
  const value = decimal(row.columns[at]!);
  if (value !== undefined) return value;
  const found = JSON.stringify(row.columns[at]!.slice(0, 40));
  throw defocusError(name, row.line, `${what} is ${found}; expected a number`, "check that this is an IMOD defocus file");
}

function defocusError(name: string, line: number, message: string, hint: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${name}: ${message} in line ${line} of an IMOD defocus file`, {
    place: { file: name, line },
    hint,
  });
}
