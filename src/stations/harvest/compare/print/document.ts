import type { Comparison } from "../compare.js";
import type { Cell, Table } from "../table.js";
import { comparedTables, type Which } from "./parts.js";

/** The comparison for programs: rows by the keys of their columns, numbers as numbers. */
export function comparisonDocument(comparison: Comparison, which: Which): Record<string, unknown> {
  const { compat, images, conflicts, notes } = comparison;
  const tables = comparedTables(comparison, which).map((table) => [
    table === images ? "images" : "acquisition",
    tableDocument(table),
  ]);
  return { compat, ...Object.fromEntries(tables), conflicts, notes, errors: [] };
}

/** Rows; for each row also the values that are not the file's own. */
function tableDocument({ columns, rows }: Table): object {
  const keys = columns.map(({ key }) => key);
  return {
    columns: keys,
    rows: rows.map((row) => own(row.map((cell, column) => [keys[column]!, cellValue(cell)]))),
    sources: rows.map((row) =>
      own(
        row.flatMap(({ marks = [] }, column) =>
          marks.map(({ source, axis }): [string, string] => [
            axis === undefined ? keys[column]! : `${keys[column]}.${axis}`,
            source,
          ]),
        ),
      ),
    ),
  };
}

function cellValue({ value, text }: Cell): unknown {
  return value ?? text;
}

/** Column names come from documents, so `__proto__` may be one. */
function own(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}
