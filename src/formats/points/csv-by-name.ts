import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import { coordinateAxisOf } from "./csv-header.js";
import { type CsvRow, csvNumber, csvRows } from "./csv-rows.js";
import type { PointBatch, ReadPoints } from "./points.js";

/**
 * `csv_by_name`: a table whose first line names its columns. x, y and z are those that are called so wherever they stand (`pos_x`, `Z [Å]`), each ÷ `binning`;
 * `columns` has no effect. `filterValue` chooses rows by other columns: `tomo=TS_01 & class=ribosome`. A table that names several tomograms is refused
 * without such a choice.
 */
export const readCsvByName: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const { delimiter, binning, filterValue, onLeftOut } = options;
  const names = await columnNames(source, delimiter, read);
  const axes = axisColumns(names);
  if (axes === undefined) throw withoutAxes(source.name, names);
  const chosen = filterValue === undefined ? [] : conditionsOf(source.name, filterValue, names);
  const tomograms = tomogramColumn(names);
  let only: string | undefined;
  const isOne = tomograms === undefined || chosen.some(({ column }) => column === tomograms);
  let leftOut = 0;
  const kept = Math.max(...axes, tomograms ?? 0, ...chosen.map(({ column }) => column)) + 1;
  for await (const rows of csvRows(source, { delimiter, header: true, columns: Math.max(...axes) + 1, kept }, read)) {
    const positions = new Float64Array(3 * rows.length);
    let count = 0;
    for (const row of rows) {
      if (!chosen.every(({ column, test }) => test(row.cells[column] ?? ""))) {
        leftOut++;
        continue;
      }
      if (!isOne) only = onlyTomogram(source.name, row, { column: tomograms, name: names[tomograms]!, only });
      for (let axis = 0; axis < 3; axis++) positions[3 * count + axis] = csvNumber(source.name, row, axes[axis]!) / binning;
      count++;
    }
    if (count > 0) yield { count, positions: positions.subarray(0, 3 * count) };
  }
  onLeftOut?.(leftOut);
};

/**
 * Names of the columns of a table, as its first line has them, without blanks around them and without a `#` that makes a comment of the line: one that
 * has a cell of its own between delimiters is the name of a column.
 *
 * @throws {EmporiumError} FORMAT_… as rows of the table
 */
export async function columnNames(source: RandomAccess, delimiter: string, read?: ReadOptions): Promise<readonly string[]> {
  let names: readonly string[] = [];
  const checkHeader = (cells: readonly string[]) => {
    names = cells.map((cell, at) => (at === 0 ? cell.replace(/^[\s\ufeff]*#\s*(?=\S)/, "") : cell).trim());
  };
  for await (const [first] of csvRows(source, { delimiter, header: true, checkHeader, columns: 1, kept: COLUMNS_MOST }, read)) {
    if (names[0] === "#" && first!.cells.length < names.length) return names.slice(1);
    break;
  }
  return names;
}

const COLUMNS_MOST = 4096;

/** Columns of x, y and z: those called so alone, else those that name the axes in some other way, one each. Undefined where there are none or several. */
export function axisColumns(names: readonly string[]): readonly [x: number, y: number, z: number] | undefined {
  const plain = ["x", "y", "z"].map((axis) => names.findIndex((name) => name.toLowerCase() === axis));
  const found = names.map(coordinateAxisOf);
  const once = ["x", "y", "z"] as const;
  if (plain.every((at) => at >= 0)) return plain as [number, number, number];
  if (once.some((axis) => found.filter((one) => one === axis).length !== 1)) return undefined;
  return once.map((axis) => found.indexOf(axis)) as [number, number, number];
}

const TOMOGRAM =
  /^(?:rln|wrp)?(?:tomo|tomograms?|tiltseries|ts|series|run|runs|micrograph|mic|volume|vol|stack)(?:name|id|file|filename|path|nr|no|num|number|index)?$|^file(?:name|path)?$/;

/** The column that says which tomogram a row is of, by its name: `tomo`, `Tomogram name`, `tilt_series`, `filename`. Undefined where none or several do. */
export function tomogramColumn(names: readonly string[]): number | undefined {
  const called = names.flatMap((name, at) => (TOMOGRAM.test(name.toLowerCase().replace(/[^a-z0-9]+/g, "")) ? [at] : []));
  return called.length === 1 ? called[0] : undefined;
}

interface Condition {
  readonly column: number;
  readonly test: (cell: string) => boolean;
}

const AND = " & ";

/** Conditions on columns as `filter_value` says them. @returns undefined for names and values that it cannot say */
export function filterOf(conditions: readonly (readonly [column: string, value: string])[]): string | undefined {
  const isSayable = ([column, value]: readonly [string, string]) =>
    column !== "" && value !== "" && !/=|&/.test(column) && !value.includes("&");
  return conditions.every(isSayable) ? conditions.map(([column, value]) => `${column}=${value}`).join(AND) : undefined;
}

/** The columns and values of a `filter_value`; undefined where it is none of that form. */
export function conditionsIn(filter: string): readonly (readonly [column: string, value: string])[] | undefined {
  const parts = filter.split(AND).map((part): readonly [string, string] => {
    const at = part.indexOf("=");
    return [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()];
  });
  return parts.every(([column]) => column !== "") ? parts : undefined;
}

function conditionsOf(file: string, filter: string, names: readonly string[]): Condition[] {
  const parts = conditionsIn(filter);
  if (parts === undefined)
    throw new EmporiumError("FORMAT_FIELD", `${file}: filter_value ${filter} has no column; expected tomogram=TS_01`, {
      place: { file, line: 1 },
      hint: `write COLUMN=VALUE, and more of them after "&"; the columns are ${few(names, COLUMNS_SHOWN)}`,
    });
  return parts.map(([name, value]) => {
    const exact = names.indexOf(name);
    const column = exact >= 0 ? exact : names.findIndex((one) => one.toLowerCase() === name.toLowerCase());
    if (column < 0)
      throw new EmporiumError("FORMAT_FIELD", `${file}: no column is called ${name}; there are ${few(names, COLUMNS_SHOWN)}`, {
        place: { file, line: 1 },
        hint: "correct the names in filter_value",
      });
    return { column, test: (cell) => isSame(cell.trim(), value) };
  });
}

const COLUMNS_SHOWN = 20;

/** `1` and `1.0` are the same. */
const isSame = (cell: string, value: string): boolean =>
  cell === value || (cell !== "" && value !== "" && Number(cell) === Number(value));

function onlyTomogram(
  file: string,
  { line, cells }: CsvRow,
  { column, name, only }: { readonly column: number; readonly name: string; readonly only: string | undefined },
): string {
  const found = cells[column]?.trim() ?? "";
  if (only === undefined || only === found) return found;
  throw new EmporiumError(
    "FORMAT_FIELD",
    `${file}: column ${name} names several tomograms, ${only} and ${found} in line ${line}`,
    {
      place: { file, line },
      hint: `choose the rows of each run: filter_value: "${name}={run_name}"`,
    },
  );
}

function withoutAxes(file: string, names: readonly string[]): EmporiumError {
  return new EmporiumError(
    "FORMAT_FIELD",
    `${file}: expected columns called x, y and z, each once; there are ${few(names, COLUMNS_SHOWN)}`,
    { place: { file, line: 1 }, hint: "name the columns of coordinates x, y and z in the first line; check the delimiter" },
  );
}
