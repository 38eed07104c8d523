/**
 * Rows of cells as lines in which columns begin one below the other.
 *
 * @param rows all of one length
 */
export function alignedRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (widths[column] === 0 ? "" : `${cell.padEnd(widths[column]!)}  `))
      .join("")
      .trimEnd(),
  );
}
