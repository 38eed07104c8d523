import { createHash } from "node:crypto";
import { csvNumber, csvRows } from "../../../../../formats/points/csv-rows.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { baseName } from "../common/paths.js";
import { orReason } from "../common/reading.js";

/** A table of particles. */
export interface Table {
  readonly path: string;
  readonly count: number;
  /** Numbers of column 20. */
  readonly tomograms: ReadonlySet<number>;
  /** Equal for tables of the same particles. */
  readonly particles: string;
  /** Where each was cut out, in whole voxels, by its tag and tomogram. */
  readonly rows: ReadonlyMap<string, string>;
  /** Some row has a shift or a score. */
  readonly isAligned: boolean;
  /** Folder of the alignment project, and the iteration that wrote it. */
  readonly project?: string | undefined;
  readonly iteration?: number | undefined;
}

const READS_IN_FLIGHT = 4;
const [TAG, TOMOGRAM] = [0, 19];
const PLACE = [23, 24, 25];
const SHIFTS_AND_SCORE = [3, 4, 5, 9];
const COLUMNS = 26;

/** Every `.tbl` whose rows are those of Dynamo. Source: https://wiki.dynamo.biozentrum.unibas.ch/w/index.php/Table_convention */
export async function tablesOf(laboratory: Laboratory): Promise<{ tables: Table[]; notes: string[] }> {
  const notes: string[] = [];
  const files = laboratory.files.filter(({ path, format }) => /\.tbl$/i.test(path) && format === "text");
  const tables = await mapLimit(files, READS_IN_FLIGHT, async ({ path }) => {
    const read = await orReason(() => readTable(laboratory, path));
    if ("value" in read) return read.value;
    // tables of other programs are called so, too: only what begins like one of Dynamo is told
    const head = (await laboratory.text(path))?.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? "";
    if (head.split(/\s+/).length >= COLUMNS && head.split(/\s+/).every((cell) => Number.isFinite(Number(cell))))
      notes.push(`${read.reason}. The table is left alone.`);
    return undefined;
  });
  return { tables: tables.filter((table) => table !== undefined && table.count > 0) as Table[], notes };
}

async function readTable(laboratory: Laboratory, path: string): Promise<Table> {
  const source = await laboratory.open(path);
  const tomograms = new Set<number>();
  const rowsOf: string[] = [];
  const places = new Map<string, string>();
  let isAligned = false;
  for await (const rows of csvRows(source, { delimiter: " ", header: false, columns: COLUMNS })) {
    for (const row of rows) {
      const tomogram = csvNumber(path, row, TOMOGRAM);
      tomograms.add(tomogram);
      const key = `${csvNumber(path, row, TAG)} ${tomogram}`;
      rowsOf.push(key);
      places.set(key, PLACE.map((column) => Math.round(Number(row.cells[column]))).join(" "));
      isAligned ||= SHIFTS_AND_SCORE.some((column) => Math.abs(Number(row.cells[column])) > 0);
    }
  }
  const particles = createHash("sha256").update(rowsOf.sort().join("\n")).digest("hex");
  return { path, count: rowsOf.length, tomograms, particles, rows: places, isAligned, ...placeIn(path) };
}

/** `PROJECT/results/ite_0003/averages/refined_table_ref_001_ite_0003.tbl` */
function placeIn(path: string): Pick<Table, "project" | "iteration"> {
  const [, project, iteration] = /^(.+)\/results\/ite_(\d+)\//i.exec(path) ?? [];
  return project === undefined ? {} : { project, iteration: Number(iteration) };
}

/** Tables by their worth: of the last iteration, refined, and not those from which an alignment began. */
export function byWorth(a: Table, b: Table): number {
  return rank(b) - rank(a) || a.path.length - b.path.length || (a.path < b.path ? -1 : 1);
}

function rank({ path, iteration = 0 }: Table): number {
  const name = baseName(path);
  if (/^refined_table/i.test(name)) return 1000 + iteration;
  if (/^(?:starting|initial|temp|survivor|crop)|_(?:ini|initial|start)\.tbl$/i.test(name)) return -1;
  return iteration;
}
