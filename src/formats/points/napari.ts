import { EmporiumError } from "../../core/errors.js";
import { type CsvLayout, csvNumber, csvRows } from "./csv-rows.js";
import type { PointBatch, ReadPoints } from "./points.js";

/** Cells of the first line of a layer of points that napari has saved; its properties may follow. */
export const isNapari = (cells: readonly string[]): boolean =>
  /^(?:index)?,axis-0,axis-1,axis-2(?:$|,(?!axis-3))/.test(cells.map((cell) => cell.trim()).join(","));

/**
 * A layer of points as napari saves it: a first line `index,axis-0,axis-1,axis-2`, then a number of the point and its place along z, y, x, in pixels of the
 * image, 0 in the middle of the first one, ÷ `binning`. `columns`, `order`, `delimiter` have no effect.
 *
 * Source: `napari_write_points` of napari: the index, `axis-N`, then properties, of the data of the layer, whatever its scale.
 *
 * @throws {EmporiumError} FORMAT_FIELD for another first line, such as that of points in four dimensions
 */
export const readNapari: ReadPoints = async function* (source, { binning }, read): AsyncGenerator<PointBatch> {
  const checkHeader = (cells: readonly string[]) => {
    if (isNapari(cells)) return;
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${source.name}: the first line is ${cells.slice(0, 6).join(",")}; napari writes index,axis-0,axis-1,axis-2 for points of a volume`,
      { place: { file: source.name, line: 1 }, hint: "save the layer of points of one volume, without a channel or a time" },
    );
  };
  const layout: CsvLayout = { delimiter: ",", header: true, checkHeader, columns: 4 };
  for await (const rows of csvRows(source, layout, read)) {
    const positions = new Float64Array(3 * rows.length);
    for (const [i, row] of rows.entries())
      for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = csvNumber(source.name, row, 3 - axis) / binning;
    yield { count: rows.length, positions };
  }
};
