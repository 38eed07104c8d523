import type { Laboratory } from "../../survey/laboratory.js";

const BYTES_MAX = 64 * 1024;
const TABLE = /\.(?:csv|tsv|txt)$/i;
/** `2,chloroplast envelope`, `2: envelope`. */
const ROW = /^\s*(\d{1,4})\s*[,;:=\t ]\s*"?(\p{L}[^,;\t"]*?)"?\s*$/u;
const ROWS_MIN = 2;

/** What a table in the folder of masks calls their labels: a number and a name a row, perhaps below a heading. Empty where there is no such table, or two. */
export async function labelNames(laboratory: Laboratory, folder: string): Promise<ReadonlyMap<number, string>> {
  const texts = laboratory
    .inFolder(folder)
    .filter(({ path, format, size }) => format === "text" && size <= BYTES_MAX && TABLE.test(path));
  const tables: Map<number, string>[] = [];
  for (const { path } of texts) {
    const lines = ((await laboratory.text(path)) ?? "").split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
    const rows = lines.map((line) => ROW.exec(line));
    const named = rows.flatMap((row) => (row ? [[Number(row[1]), row[2]!] as const] : []));
    const isTable = named.length >= ROWS_MIN && rows.slice(1).every((row) => row !== null);
    const table = new Map(named);
    if (isTable && table.size === named.length) tables.push(table);
  }
  return tables.length === 1 ? tables[0]! : new Map();
}
