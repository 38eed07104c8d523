import { groupsOf } from "../../../core/groups.js";
import { type Acquisition, ofAngles } from "./acquisition.js";
import { stemOf } from "./recognisers/common/names.js";
import { rowsOf, starTables } from "./recognisers/relion/stars.js";
import type { Laboratory } from "./survey/laboratory.js";

const TABLE_BYTES_MAX = 16 * 1024 * 1024;
/** Rows of a series, at least: with fewer it is a table of something else. */
const ROWS_MIN = 3;

/** Names of columns with the tilts as they were recorded or asked for: `nominal_tilt`, `TiltAngle`, `angle (deg)`. */
const ANGLE = /tilt|angle|^deg(?:rees?)?$/i;
/** Of other angles, of angles that an alignment moved, and of what only counts. */
const OTHER = /refin|correct|align|axis|rot|azimuth|astig|[xyz]_?tilt|index|number|offset|order|dose|rlnAngle|psi|phi|theta/i;
const NOMINAL = "rlnTomoNominalStageTiltAngle";

/** Tilts of many series in one table: a row an image, with the name of its series. */
export interface AngleTable {
  /** By run, in the order of the rows. */
  readonly angles: ReadonlyMap<string, readonly number[]>;
}

/** Reads a text as such a table; undefined where it is none, or where two columns may be the tilts. */
export function angleTable(text: string, runs: readonly string[]): AngleTable | undefined {
  const [first = "", ...lines] = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const delimiter = ["\t", ",", ";"].find((sign) => first.includes(sign));
  if (delimiter === undefined) return undefined;
  const cellsOf = (line: string) => line.split(delimiter).map((cell) => cell.trim().replace(/^"|"$/g, ""));
  const columns = cellsOf(first);
  const rows = lines.filter((line) => line.trim() !== "").map(cellsOf);
  const known = new Set(runs);
  const runOf = (cell = "") => (known.has(cell) ? cell : known.has(stemOf(cell)) ? stemOf(cell) : undefined);
  const nameAt = columns.findIndex((_, at) => rows.length > 0 && runOf(rows[0]![at]) !== undefined);
  const isAngle = (at: number) => rows.every((row) => row[at] !== "" && Math.abs(Number(row[at])) <= 90);
  const tilts = columns.flatMap((name, at) =>
    at !== nameAt && ANGLE.test(name) && !OTHER.test(name) && isAngle(at) ? [at] : [],
  );
  if (nameAt < 0 || tilts.length !== 1) return undefined;
  const bySeries = groupsOf(rows, (row) => runOf(row[nameAt]) ?? "");
  const angles = [...bySeries].flatMap(([run, own]) =>
    run === "" || own.length < ROWS_MIN ? [] : [[run, own.map((row) => Number(row[tilts[0]!]))] as const],
  );
  return angles.length === 0 ? undefined : { angles: new Map(angles) };
}

/** Tilts as they were recorded, for runs of which no list of them is there: by RELION's table of the series, else by a table of many series. */
export async function tabledAngles(
  laboratory: Laboratory,
  leftOut: readonly string[],
  runs: readonly string[],
): Promise<Map<string, Acquisition>> {
  const found = new Map<string, Acquisition>();
  const wanted = new Set(runs);
  const know = (run: string, degrees: readonly number[], tiltsFrom: string) => {
    if (degrees.length >= ROWS_MIN) found.set(run, { ...ofAngles(degrees), count: degrees.length, tiltsFrom });
  };
  for (const path of leftOut) {
    if (/\.star$/i.test(path) && wanted.has(stemOf(path))) {
      const tables = await starTables(laboratory, path, ({ columns }) => (columns.includes(NOMINAL) ? "read" : "skip"));
      const rows = "reason" in tables ? [] : tables.flatMap(rowsOf);
      const degrees = rows.map((row) => Number(row.get(NOMINAL)));
      if (degrees.every(Number.isFinite)) know(stemOf(path), degrees, "RELION's table of the series");
    }
  }
  for (const path of leftOut) {
    const text = /\.(?:csv|tsv)$/i.test(path) ? await laboratory.text(path, TABLE_BYTES_MAX) : undefined;
    for (const [run, degrees] of angleTable(text ?? "", runs)?.angles ?? []) if (!found.has(run)) know(run, degrees, path);
  }
  return found;
}
