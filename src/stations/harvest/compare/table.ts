/**
 * Marks a value that is the portal's or was computed; `axis` if that is true of one axis only. Unmarked values are the file's.
 */
export interface Mark {
  source: "web" | "derived";
  axis?: string | undefined;
}

/** One cell, the same for all printers. */
export interface Cell {
  /** The text in the table: `[2.96, 4.0, 4.0]`, `uint8`, `220 pA`; null for absent values. */
  text: string | null;
  /** The value for programs. */
  value: unknown;
  /** `number`: not quoted, so that a spreadsheet can use it. */
  kind: "text" | "number";
  marks?: readonly Mark[] | undefined;
  /** The value as in its source, if `text` has another unit. */
  original?: string | undefined;
  /** Indices in the comparison's `conflicts`. */
  conflicts?: readonly number[] | undefined;
}

export interface Table {
  /** For headings. */
  title: string;
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
}

export interface Column {
  /** The heading for programs. It never changes. */
  key: string;
  /** An explanation for people. */
  says: string;
  /** The heading for people, if it differs. */
  label?: string | undefined;
}

export function textCell(text: string | null, more: Partial<Cell> = {}): Cell {
  return { text, value: text, kind: "text", ...more };
}

export function numberCell(value: number | null, text: string | null = value === null ? null : String(value)): Cell {
  return { text, value, kind: "number" };
}

/** `[a, b]` without quotes. */
export function listText(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}
