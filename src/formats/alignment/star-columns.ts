import { findStarColumn, type StarTable } from "../star/read.js";
import { decimal } from "../text-lines.js";
import { alignmentError } from "./rows.js";

/** Values of a table by column and row. */
export function columnReader(table: StarTable, file: string) {
  const places = new Map(table.columns.map((column) => [column, findStarColumn(table, column, file)!]));
  const text = (column: string, row: number): string | undefined => {
    const at = places.get(column);
    return at === undefined ? undefined : table.rows[row]![at];
  };
  const number = (column: string, row: number): number | undefined => {
    const value = text(column, row);
    if (value === undefined || value === "<NA>" || value === "None" || value === "") return undefined;
    const found = decimal(value);
    if (found !== undefined) return found;
    throw alignmentError(file, table.lines[row], `${column} is ${JSON.stringify(value.slice(0, 40))}; expected a number`);
  };
  return {
    has: (column: string) => places.has(column),
    text,
    number,
    wanted(column: string, row: number): number {
      const value = number(column, row);
      if (value !== undefined) return value;
      throw alignmentError(file, table.lines[row], `${column} has no value; expected a number`);
    },
    /** `[a,b,c,d]` */
    vector(column: string, row: number): number[] {
      const value = text(column, row) ?? "";
      const numbers = value
        .replace(/^\[|\]$/g, "")
        .split(",")
        .map((part) => decimal(part.trim()));
      if (numbers.length === 4 && numbers.every((part) => part !== undefined)) return numbers as number[];
      throw alignmentError(file, table.lines[row], `${column} is ${JSON.stringify(value.slice(0, 40))}; expected [a,b,c,d]`);
    },
  };
}
