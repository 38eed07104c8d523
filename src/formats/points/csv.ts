import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { checkHeader, withoutHash } from "./csv-header.js";
import { type CsvLayout, csvNumber, csvRows } from "./csv-rows.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";

/** `csv`: three columns of numbers in the order of `columns`, each ÷ `binning`; further columns are free. */
export const readCsv: ReadPoints = (source, options, read) =>
  points(source, options, { delimiter: options.delimiter, header: false, columns: 3 }, read);

/**
 * `csv_with_header`: the same with a first line, which is dropped. Names that clearly are not coordinates are an error, except
 * with `compat`; so are names of coordinates in another order than x, y, z where `columns` does not say that z is first.
 */
export const readCsvWithHeader: ReadPoints = (source, options, read) =>
  points(
    source,
    options,
    {
      delimiter: options.delimiter,
      header: true,
      checkHeader: options.compat
        ? undefined
        : (cells, width) =>
            checkHeader(source.name, withoutHash(cells, width), { first: 0, format: "csv_with_header", order: options.columns }),
      columns: 3,
    },
    read,
  );

/** `tsv`: csv between tabs, whatever `delimiter` says. */
export const readTsv: ReadPoints = (source, options, read) =>
  points(source, options, { delimiter: "\t", header: false, columns: 3 }, read);

async function* points(
  source: RandomAccess,
  { binning, columns }: PointOptions,
  layout: CsvLayout,
  read: ReadOptions | undefined,
): AsyncGenerator<PointBatch> {
  const [x, y, z] = columns === "zyx" ? [2, 1, 0] : [0, 1, 2];
  for await (const rows of csvRows(source, layout, read)) {
    const positions = new Float64Array(3 * rows.length);
    for (const [i, row] of rows.entries()) {
      positions[3 * i] = csvNumber(source.name, row, x!) / binning;
      positions[3 * i + 1] = csvNumber(source.name, row, y!) / binning;
      positions[3 * i + 2] = csvNumber(source.name, row, z!) / binning;
    }
    yield { count: rows.length, positions };
  }
}
