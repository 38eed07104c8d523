import { EmporiumError } from "../../../core/errors.js";
import { roundHalfEven } from "../../../core/number.js";
import { counted } from "../../../core/units.js";
import { parseTable } from "../../../formats/table/delimited.js";

/** A table of identified objects of runs, read as by the portal's own reader. */
export interface IdentifiedTable {
  /** All columns but `run_name`, in their order. */
  readonly columns: readonly string[];
  /** Undefined where the table has no column `run_name`. */
  readonly runs: ReadonlyMap<string, readonly (readonly string[])[]> | undefined;
}

/** Cells that stand for no value. Source: pandas, `read_csv`, `na_values`. */
const MISSING = new Set(
  ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL"].concat(
    ["NaN", "None", "n/a", "nan", "null"],
  ),
);

const INTEGER = /^\s*[+-]?\d{1,20}\s*$/;
const DECIMAL = /^\s*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?)\s*$/i;
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;

/**
 * Reads a table and prints each value as in the JSON. The type of a column depends on all its cells, in all runs: integers,
 * numbers (also integers with missing cells), booleans, or text. `run_name` is always text, so that run names may be numbers.
 *
 * Columns without a name are named `Unnamed: 2` by position, those with one name `x`, `x.1`, `x.2`.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, with the line, also for a row that is longer than the first: it is unknown which cell
 *   is too many
 * Source: pandas (`read_csv`, then `to_json`); golden: `test/golden/ingest/identified-objects.json`, `test/golden/identified`.
 */
export function parseIdentifiedTable(text: string, file: string): IdentifiedTable {
  const [header, ...rows] = parseTable(text, ",", file);
  const names = columnNames(header?.cells ?? []);
  const long = rows.find(({ cells }) => cells.slice(names.length).some((cell) => cell !== ""));
  if (long) {
    throw new EmporiumError(
      "CONFIG_SYNTAX",
      `${counted(long.cells.length, "cell")} in a row, the first line has ${names.length}`,
      {
        place: { file, line: long.line },
        hint: "put values that hold a comma in double quotes",
      },
    );
  }
  const runColumn = names.indexOf("run_name");
  const others = [...names.keys()].filter((column) => column !== runColumn);
  const columns = others.map((column) => names[column]!);
  if (runColumn < 0) return { columns, runs: undefined };
  const printed = others.map((column) => printColumn(rows.map(({ cells }) => cells[column] ?? "")));
  const runs = new Map<string, string[][]>();
  for (const [row, { cells }] of rows.entries()) {
    const run = cells[runColumn] ?? "";
    const found = runs.get(run) ?? [];
    found.push(printed.map((values) => values[row]!));
    runs.set(run, found);
  }
  return { columns, runs };
}

/** Records of one run, four blanks a level, as `to_json(orient="records", indent=4)` prints them. */
export function printRecords(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "[\n\n]";
  const records = rows.map((values) => {
    const members = columns.map((column, i) => `        ${quote(column)}:${values[i]}`);
    return members.length === 0 ? "    {}" : `    {\n${members.join(",\n")}\n    }`;
  });
  return `[\n${records.join(",\n")}\n]`;
}

function columnNames(cells: readonly string[]): string[] {
  const counts = new Map<string, number>();
  const names = cells.map((cell, i) => (cell === "" ? `Unnamed: ${i}` : cell));
  return names.map((cell) => {
    let name = cell;
    let count = counts.get(name) ?? 0;
    while (count > 0) {
      counts.set(name, count + 1);
      const next = `${name}.${count}`;
      if (names.includes(next)) count++;
      else {
        name = next;
        count = counts.get(name) ?? 0;
      }
    }
    counts.set(name, count + 1);
    return name;
  });
}

function printColumn(cells: readonly string[]): string[] {
  const present = cells.filter((cell) => !MISSING.has(cell));
  const some = present.length > 0;
  const all = (form: RegExp) => some && present.every((cell) => form.test(cell));
  const whole = present.length === cells.length;
  const print = all(INTEGER)
    ? ofIntegers(present, whole)
    : all(DECIMAL) && !present.some((cell) => isPastLargest(cell))
      ? (cell: string) => float(floatOf(cell))
      : all(BOOLEAN)
        ? (cell: string) => cell.toLowerCase()
        : quote;
  return cells.map((cell) => (MISSING.has(cell) ? "null" : print(cell)));
}

/** Integers of 64 bits, with or without sign; with cells missing they are floats, and past 64 bits text. */
function ofIntegers(present: readonly string[], whole: boolean): (cell: string) => string {
  const values = present.map(integerOf);
  const fits = (least: bigint, most: bigint) => values.every((value) => value >= least && value <= most);
  if (!fits(-(2n ** 63n), 2n ** 63n - 1n) && !fits(0n, 2n ** 64n - 1n)) return quote;
  return whole ? (cell) => String(integerOf(cell)) : (cell) => float(Number(cell));
}

function integerOf(cell: string): bigint {
  return BigInt(cell.trim().replace(/^\+/, ""));
}

function floatOf(cell: string): number {
  const word = /^\s*([+-]?)inf/i.exec(cell);
  if (!word) return Number(cell);
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** `1e400` is no number that pandas knows. */
function isPastLargest(cell: string): boolean {
  return !/inf/i.test(cell) && !Number.isFinite(Number(cell));
}

/** At most ten decimals, or ten digits past 10^16; the last digit is rounded after the multiplication by 10^10, ties to even. */
function float(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Math.abs(value) > 1e16) return value.toPrecision(10).replace(/\.?0*(?=e)/, "");
  let whole = Math.floor(Math.abs(value));
  let decimals = roundHalfEven((Math.abs(value) - whole) * 1e10, 0);
  if (decimals >= 1e10) {
    decimals = 0;
    whole++;
  }
  const text = `${whole}.${String(decimals)
    .padStart(10, "0")
    .replace(/0{1,9}$/, "")}`;
  return value < 0 ? `-${text}` : text;
}

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" };

function quote(text: string): string {
  const escaped = text.replace(/["\\/]|[^ -~]/g, (unit) => {
    if (unit === '"' || unit === "\\" || unit === "/") return `\\${unit}`;
    return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
