import { asEmporiumError, EmporiumError, type Place } from "../../../core/errors.js";
import { nearest } from "../../../core/nearest.js";
import { counted } from "../../../core/units.js";
import { parseTable, type TableRow as TextRow } from "../../../formats/table/delimited.js";
import { type DatasetId, parseDatasetId } from "../identifier.js";
import { isStorableText, STORABLE_TEXT } from "../storable-text.js";

/** One data set to be uploaded. */
export interface UploadRow {
  readonly id: DatasetId;
  /** As in the table: a file, folder or address. */
  readonly fileName: string;
  readonly description: string | null;
  /** Id of the data set that this one was made from. */
  readonly parent: string | null;
  /** The selected positions of several files; undefined: all. */
  readonly positions: readonly number[] | undefined;
  /** JSON Schema of its frames' metadata, as in the table; undefined: the configuration's. */
  readonly metaSchema: string | undefined;
  readonly place: Place;
}

/** A row of the table, or its error. */
type TableRow =
  | { readonly id: string; readonly place: Place; readonly row: UploadRow }
  | { readonly id: string; readonly place: Place; readonly error: EmporiumError };

export interface UploadTable {
  readonly rows: readonly TableRow[];
  readonly warnings: readonly string[];
}

const COLUMNS = ["dataset_id", "file_name", "description", "parent_dataset_id", "positions", "meta_schema"] as const;
type Column = (typeof COLUMNS)[number];

/** Words that pandas, which writes most of these tables, takes for "nothing". */
const NOTHING: ReadonlySet<string> = new Set(
  "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|"),
);

/**
 * Parses the table of data sets: a header, then a row for each. A first column without a name (an index) is skipped, and so are
 * unknown columns, with a warning.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD (a required column is missing, or comes twice), CONFIG_EMPTY. Errors of
 *   single rows are in the result.
 */
export function parseUploadTable(text: string, file: string): UploadTable {
  const [header, ...records] = parseTable(text, ",", file, { strict: true }).filter(
    ({ cells }) => cells.length > 1 || cells[0]!.trim() !== "",
  );
  if (!header) {
    throw new EmporiumError("CONFIG_EMPTY", "the table is empty; expected a header line and a line for each data set", {
      place: { file },
      hint: `write the columns ${COLUMNS.join(", ")}`,
    });
  }
  const { columns, warnings } = columnsOf(header, file);
  if (records.length === 0) {
    throw new EmporiumError("CONFIG_EMPTY", "the table has a header and no data set", { place: { file, line: header.line } });
  }
  const seen = new Map<string, number>();
  const rows = records.map((record, index) => rowOf(record, { file, header, columns, seen, number: index + 1 }));
  return { rows, warnings };
}

interface RowContext {
  file: string;
  header: TextRow;
  columns: ReadonlyMap<Column, number>;
  /** The lines of earlier ids. */
  seen: Map<string, number>;
  number: number;
}

function rowOf({ cells, columns: starts, line }: TextRow, { file, header, columns, seen, number }: RowContext): TableRow {
  const text = (column: Column) => textOf(cells[columns.get(column) ?? -1]);
  const place = (column?: Column): Place => ({
    file,
    line,
    column: column && starts[columns.get(column) ?? -1],
    path: column ? `row ${number}.${column}` : `row ${number}`,
  });
  const id = text("dataset_id") ?? "";
  try {
    if (cells.length > header.cells.length) {
      throw new EmporiumError("CONFIG_FIELD", `${counted(cells.length, "field")}, the header has ${header.cells.length}`, {
        place: place(),
        hint: "put a field that holds a comma in double quotes",
      });
    }
    for (const column of COLUMNS) {
      const value = text(column);
      if (value === undefined || isStorableText(value)) continue;
      const what = `${column}: expected ${STORABLE_TEXT}, found ${JSON.stringify(value.slice(0, 80))}`;
      throw new EmporiumError("CONFIG_FIELD", what, { place: place(column) });
    }
    if (id === "") throw missing("dataset_id", place("dataset_id"));
    const before = seen.get(id);
    seen.set(id, line);
    if (before !== undefined) {
      throw new EmporiumError("CONFIG_COLLISION", `the data set ${id} is also in line ${before}`, {
        place: place("dataset_id"),
        hint: "give each data set an id of its own",
      });
    }
    const parsed = parseDatasetId(id, place("dataset_id"));
    const fileName = text("file_name");
    if (fileName === undefined) throw missing("file_name", place("file_name"));
    const description = text("description") ?? null;
    const named = text("parent_dataset_id");
    const parent = named === undefined || /^none$/i.test(named) ? null : named;
    const positions = positionsOf(text("positions"), place("positions"));
    const metaSchema = text("meta_schema");
    return { id, place: place(), row: { id: parsed, fileName, description, parent, positions, metaSchema, place: place() } };
  } catch (error) {
    return { id, place: place(), error: asEmporiumError(error) };
  }
}

function columnsOf(
  { cells, columns: starts, line }: TextRow,
  file: string,
): { columns: Map<Column, number>; warnings: string[] } {
  const columns = new Map<Column, number>();
  const warnings: string[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = cell.trim();
    const known = COLUMNS.find((column) => column === name);
    if (known) {
      if (columns.has(known)) {
        throw new EmporiumError("CONFIG_FIELD", `the column ${known} appears twice`, {
          place: { file, line, column: starts[index] },
        });
      }
      columns.set(known, index);
    } else if (!(index === 0 && /^(?:|Unnamed: 0|index)$/.test(name))) {
      const meant = nearest(name, COLUMNS);
      warnings.push(`${file}: the column "${name}" is not known and passed over${meant ? ` (${meant}?)` : ""}`);
    }
  }
  for (const needed of ["dataset_id", "file_name"] as const) {
    if (columns.has(needed)) continue;
    throw new EmporiumError("CONFIG_FIELD", `the column ${needed} is missing, found ${cells.join(", ")}`, {
      place: { file, line },
      hint: `name the columns in the first line: ${COLUMNS.join(", ")}`,
    });
  }
  return { columns, warnings };
}

/** Undefined for a missing or empty cell, or a word for nothing. */
function textOf(cell: string | undefined): string | undefined {
  const text = cell?.trim();
  return text === undefined || NOTHING.has(text) ? undefined : text;
}

function missing(column: Column, place: Place): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${column} is empty; expected a value`, { place });
}

/** A whole number, also in pandas's form for a column with gaps (`1.0`), or a JSON list of them. */
function positionsOf(text: string | undefined, place: Place): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = /^\[(.*)\]$/s.exec(text)?.[1]?.split(",") ?? [text];
  const positions = numbers.length === 1 && numbers[0]!.trim() === "" ? [] : numbers.map((word) => word.trim());
  if (positions.length > 0 && positions.every((word) => /^\d{1,9}(?:\.0*)?$/.test(word))) return positions.map(Number);
  throw new EmporiumError(
    "CONFIG_FIELD",
    `positions: expected a whole number or a list, found ${JSON.stringify(text.slice(0, 80))}`,
    {
      place,
      hint: 'write it as 3, or as "[1, 3]" in quotes',
    },
  );
}
