import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { columnReader } from "../alignment/star-columns.js";
import { readStar, type StarTable } from "../star/read.js";
import { ofTomogramNamed } from "../star/tomogram-name.js";
import type { CtfEntry } from "./entry.js";

const NEEDED = ["rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"];
const RADIANS = Math.PI / 180;

/**
 * Fits in a STAR file of RELION (or of Gctf, which writes the same columns): the images of a CtfFind job, a tilt series of RELION
 * 5, or its table among others in a file of RELION 4. A row without a defocus (0 and 0) has no fit and is skipped.
 *
 * Sections are the rows from 1; images that RELION left out have none. Names and stage angles are kept, so that a caller who
 * knows the tilt series can tell which section is meant. What a table has no column for is 0, and a resolution null.
 *
 * @param options.tomoName chooses among the tilt series of one file: the table of that name, or the images whose names begin with
 *   it.
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, FORMAT_LIMIT.
 */
export async function readRelionCtf(
  source: RandomAccess,
  options: ReadOptions & {
    tomoName?: string | undefined;
    /** Hears of rows without a fit, which are left out, and of how many rows there are. */
    onUnfitted?: ((unfitted: number, rows: number) => void) | undefined;
  } = {},
): Promise<CtfEntry[]> {
  const { tomoName } = options;
  const tables = (await readStar(source, undefined, options)).filter((table) =>
    NEEDED.every((one) => table.columns.includes(one)),
  );
  const named = ofTomogramNamed(tables, ({ name }) => name, tomoName);
  const [table, second] = named.length > 0 ? named : tables;
  if (!table || second) {
    const found = table ? `${counted(tables.length, "table")} with ${NEEDED[0]}` : `no table with ${NEEDED.join(", ")}`;
    throw new EmporiumError("FORMAT_FIELD", `${source.name}: ${found}; expected one`, {
      place: { file: source.name, line: second?.line },
      hint: table ? "give the run the name of one of them" : "take the file behind the job that fitted the CTF",
    });
  }
  const rows = ofTomogram(entriesOf(table, source.name), tomoName);
  const entries = rows.filter(isFitted);
  if (entries.length < rows.length) options.onUnfitted?.(rows.length - entries.length, rows.length);
  return entries;
}

/** RELION writes zeros where it has no fit; what stands beside them is not looked at. */
const UNFITTED = {
  ...{ defocus1Angstrom: 0, defocus2Angstrom: 0, azimuthDegrees: 0, phaseShiftRadians: 0, crossCorrelation: 0 },
  maxResolutionAngstrom: null,
};
const isFitted = ({ defocus1Angstrom, defocus2Angstrom }: CtfEntry) => defocus1Angstrom !== 0 || defocus2Angstrom !== 0;

function entriesOf(table: StarTable, file: string): CtfEntry[] {
  const read = columnReader(table, file);
  return table.rows.map((_, row): CtfEntry => {
    const path = read.text("rlnMicrographMovieName", row) ?? read.text("rlnMicrographName", row);
    const [u, v] = [read.wanted("rlnDefocusU", row), read.wanted("rlnDefocusV", row)];
    const place = { section: row + 1, line: table.lines[row]!, imageName: path?.split(/[\\/]/).at(-1) };
    if (u === 0 && v === 0) return { ...place, ...UNFITTED };
    return {
      ...place,
      defocus1Angstrom: u,
      defocus2Angstrom: v,
      azimuthDegrees: read.wanted("rlnDefocusAngle", row),
      phaseShiftRadians: (read.number("rlnPhaseShift", row) ?? 0) * RADIANS,
      crossCorrelation: read.number("rlnCtfFigureOfMerit", row) ?? 0,
      maxResolutionAngstrom: read.number("rlnCtfMaxResolution", row) ?? null,
      tiltAngleDegrees: read.number("rlnTomoNominalStageTiltAngle", row),
    };
  });
}

/** Images of one tilt series among those of many: those that are called after it. Their rows are counted anew. */
function ofTomogram(entries: CtfEntry[], tomoName: string | undefined): CtfEntry[] {
  if (!tomoName) return entries;
  // `TS_1` is not `TS_10`
  const exact = entries.filter(
    ({ imageName = "" }) => imageName.startsWith(tomoName) && !/^[A-Za-z0-9]/.test(imageName.slice(tomoName.length)),
  );
  if (exact.length === 0 || exact.length === entries.length) return entries;
  return exact.map((entry, i) => ({ ...entry, section: i + 1 }));
}
