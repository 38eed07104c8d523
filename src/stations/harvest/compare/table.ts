/** Values of files are the rule; what the portal says or what was computed is marked, of a list where only some axes are so, those. */
export interface Mark {
  source: "web" | "derived";
  axis?: string | undefined;
}

/** One cell, in the form that every printer starts from. */
export interface Cell {
  /** As it stands in the table: `[2.96, 4.0, 4.0]`, `uint8`, `220 pA`. Absent values have `null`. */
  text: string | null;
  /** The value for programs. */
  value: unknown;
  /** `number`: a spreadsheet may count with it, so a printer must not quote it. */
  kind: "text" | "number";
  marks?: readonly Mark[] | undefined;
  /** The value as its source wrote it, where `text` has another unit. */
  original?: string | undefined;
  /** Places in the comparison's `conflicts`, from 0. */
  conflicts?: readonly number[] | undefined;
}

export interface Table {
  /** What the table is about, for headings. */
  title: string;
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
}

export interface Column {
  /** The heading that programs look for; stays. */
  key: string;
  /** What the column holds, for people. */
  says: string;
  /** Heading where people read, if it is another one. */
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

/**
 * Text of documents, made harmless for a terminal and a line: control characters and marks that turn text around are shown as escapes.
 */
export function plainText(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
