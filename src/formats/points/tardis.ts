import { EmporiumError } from "../../core/errors.js";
import { checkHeader } from "./csv-header.js";
import { type CsvLayout, csvNumber, csvRows } from "./csv-rows.js";
import type { PointBatch, ReadPoints } from "./points.js";

/**
 * TARDIS's coordinate table: a first line `IDs,X [A],Y [A],Z [A]`, then instance id and position in ångström, so `binning` is the
 * voxel spacing. Further columns are allowed; `columns`, `order`, `delimiter` have no effect.
 */
export const readTardis: ReadPoints = async function* (source, { binning, compat }, read): AsyncGenerator<PointBatch> {
  const check = (cells: readonly string[]) => checkHeader(source.name, cells, { first: 1, format: "tardis" });
  const layout: CsvLayout = { delimiter: ",", header: true, checkHeader: compat ? undefined : check, columns: 4 };
  for await (const rows of csvRows(source, layout, read)) {
    const positions = new Float64Array(3 * rows.length);
    const instanceIds = new Float64Array(rows.length);
    for (const [i, row] of rows.entries()) {
      // written as `3` by one version, as `3.0` by another
      const id = csvNumber(source.name, row, 0);
      if (!Number.isSafeInteger(id) || id < 0) {
        throw new EmporiumError(
          "FORMAT_FIELD",
          `${source.name}: instance ${id} in line ${row.line}; expected a whole number from 0`,
          {
            place: { file: source.name, line: row.line },
            hint: "put the ids in the first column",
          },
        );
      }
      instanceIds[i] = id;
      for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = csvNumber(source.name, row, axis + 1) / binning;
    }
    yield { count: rows.length, positions, instanceIds };
  }
};
