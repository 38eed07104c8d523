import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { type CsvRow, csvNumber, csvRows } from "./csv-rows.js";
import { reversePoints } from "./particles.js";
import { isReversed, type PointBatch, type ReadPoints } from "./points.js";
import { stopgapRotation } from "./rotation.js";

/**
 * A table of Dynamo (`.tbl`): a row a particle, columns by place, without a header.
 *
 * position = (x, y, z + dx, dy, dz) / binning, columns 24–26 and 4–6, pixels. R = Z(−tdrot) · X(−tilt) · Z(−narot), columns 7–9:
 * the angles turn the particle onto the reference. Column 20 is the number of the tomogram; a table of several needs
 * `filterValue`.
 *
 * Sources: `dthelp` (wiki.dynamo.biozentrum.unibas.ch, Table convention); the pair of equal angles of Dynamo and RELION in the
 * tests of alisterburt/eulerangles; `DynamoMotl` in turonova/cryoCAT.
 */
export const readDynamo: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const { kind, binning, filterValue } = options;
  const wanted = filterValue === undefined ? undefined : tomogramNumber(source.name, filterValue);
  let tomogram = wanted;
  let leftOut = 0;
  for await (const rows of csvRows(source, { delimiter: " ", header: false, columns: COLUMNS }, read)) {
    const positions = new Float64Array(3 * rows.length);
    const rotations = kind === "orientedPoint" ? new Float64Array(9 * rows.length) : undefined;
    let count = 0;
    for (const row of rows) {
      const value = (column: number): number => csvNumber(source.name, row, column);
      const own = value(TOMOGRAM);
      if (wanted !== undefined && own !== wanted) {
        leftOut++;
        continue;
      }
      tomogram ??= own;
      if (own !== tomogram) throw severalTomograms(source, row, tomogram, own);
      for (let axis = 0; axis < 3; axis++) positions[3 * count + axis] = (value(X + axis) + value(SHIFT_X + axis)) / binning;
      if (rotations) stopgapRotation(-value(NAROT), -value(TDROT), -value(TILT), rotations, 9 * count);
      count++;
    }
    if (count === 0) continue;
    const batch = { count, positions: positions.subarray(0, 3 * count), rotations: rotations?.subarray(0, 9 * count) };
    if (isReversed(options)) reversePoints(batch.positions, batch.rotations, count);
    yield batch;
  }
  options.onLeftOut?.(leftOut);
};

const COLUMNS = 26;
const [SHIFT_X, TDROT, TILT, NAROT, TOMOGRAM, X] = [3, 6, 7, 8, 19, 23];

function tomogramNumber(file: string, filterValue: string): number {
  const number = filterValue.trim() === "" ? Number.NaN : Number(filterValue);
  if (Number.isFinite(number)) return number;
  throw new EmporiumError(
    "FORMAT_FIELD",
    `${file}: tomograms of a Dynamo table are numbers, filter_value is ${JSON.stringify(filterValue)}`,
    {
      place: { file },
      hint: 'give each run the number of its tomogram in a column of the run data map, and name that column: filter_value: "{tomo_number}"',
    },
  );
}

function severalTomograms({ name }: RandomAccess, { line }: CsvRow, first: number, other: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_FIELD",
    `${name}: rows of tomogram ${first} and, in line ${line}, of ${other}, filter_value is missing`,
    {
      place: { file: name, line },
      hint: "add filter_value: the number of the tomogram in column 20, for example from a column of the run data map",
    },
  );
}
