import { FRAME_COLUMNS, type FrameRow } from "../frames/frame.js";

export const FRAMES_TABLE_FILE = "frames_meta.csv";

/** First line of `frames_meta.csv`: the index has no name. */
export const FRAMES_TABLE_HEADER = `,${FRAME_COLUMNS.join(",")}\n`;

/**
 * A line of `frames_meta.csv` in pandas's form: the row's number from 0, empty cells for null, quotes where they are required.
 */
export function framesTableLine(index: number, row: FrameRow): string {
  return `${index},${FRAME_COLUMNS.map((column) => cell(row[column])).join(",")}\n`;
}

/** A text that a spreadsheet would run as a formula gets an apostrophe in front. */
function cell(value: string | number | null): string {
  if (value === null) return "";
  const text = typeof value === "string" ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
