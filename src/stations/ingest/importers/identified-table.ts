import { floatRepr, roundHalfEven } from "../../../core/number.js";
import { parseTable } from "../config/table.js";

/** A table of objects that somebody has seen in runs, as the portal's own reader understands it. */
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

const INTEGER = /^\s*[+-]?\d{1,18}\s*$/;
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;

/**
 * Reads a table and prints each value as it will stand in JSON. The kind of a column is that of all its cells, of whatever run: integers, numbers
 * (also integers where some are missing), booleans, or text. `run_name` is always text, so that runs may be called by numbers.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX
 * Source: pandas (`read_csv`, then `to_json`); golden: `test/golden/ingest/identified-objects.json`.
 */
export function parseIdentifiedTable(text: string, file: string): IdentifiedTable {
  const [header, ...rows] = parseTable(text, ",", file);
  const names = header?.cells ?? [];
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

function printColumn(cells: readonly string[]): string[] {
  const present = cells.filter((cell) => !MISSING.has(cell));
  const some = present.length > 0;
  const all = (form: RegExp) => some && present.every((cell) => form.test(cell));
  const whole = present.length === cells.length;
  const print = all(INTEGER)
    ? (cell: string) => (whole ? String(BigInt(cell.trim().replace(/^\+/, ""))) : float(Number(cell)))
    : all(DECIMAL)
      ? (cell: string) => float(Number(cell))
      : all(BOOLEAN)
        ? (cell: string) => cell.toLowerCase()
        : quote;
  return cells.map((cell) => (MISSING.has(cell) ? "null" : print(cell)));
}

/** At most ten decimals, no sign before zero; the last digit is rounded after the multiplication by 10^10, ties to even. */
function float(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Math.abs(value) >= 1e16) return floatRepr(value);
  let whole = Math.floor(Math.abs(value));
  let decimals = roundHalfEven((Math.abs(value) - whole) * 1e10, 0);
  if (decimals >= 1e10) {
    decimals = 0;
    whole++;
  }
  const text = `${whole}.${String(decimals)
    .padStart(10, "0")
    .replace(/0{1,9}$/, "")}`;
  return value < 0 && (whole > 0 || decimals > 0) ? `-${text}` : text;
}

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" };

function quote(text: string): string {
  const escaped = text.replace(/["\\/]|[^ -~]/g, (unit) => {
    if (unit === '"' || unit === "\\" || unit === "/") return `\\${unit}`;
    return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
