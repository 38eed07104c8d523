import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { type DataFrame, readDataFrame } from "../pickle/data-frame.js";
import { isReversed, type PointBatch, type ReadPoints } from "./points.js";

const BATCH_POINTS = 16_384;

/**
 * TomoTwin's `.tloc`, a pickled pandas table: `X`, `Y`, `Z` of the box's centre in voxels of the tomogram.
 *
 * position = (X, Y, Z) / binning
 *
 * A file may hold finds of several references. `filterValue` selects one: its number in `predicted_class`, or its name, with or
 * without ending, in `predicted_class_name` or the table's `references`. Default: all.
 *
 * Sources: `Locator.nms` in MPI-Dortmund/tomotwin-cryoet; `io/tloc.py` in MPI-Dortmund/napari-boxmanager.
 * Cost: the file and four of its columns in memory.
 */
export const readTomotwin: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const { binning, filterValue } = options;
  const size = await source.size();
  if (size > LIMITS.tableBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: ${counted(size, "byte")} of a pickle; at most ${LIMITS.tableBytes} are read`,
      {
        place: { file: source.name },
        hint: "split the picks into several files",
      },
    );
  }
  const table = readDataFrame(await source.read({ offset: 0, length: size }, read), source.name);
  const axes = (isReversed(options) ? (["Z", "Y", "X"] as const) : (["X", "Y", "Z"] as const)).map((name) =>
    numbers(table, name, source.name),
  );
  const keep = filterValue === undefined ? undefined : ofReference(table, filterValue, source.name);
  let positions = new Float64Array(3 * BATCH_POINTS);
  let count = 0;
  let leftOut = 0;
  for (let row = 0; row < table.rows; row++) {
    if (keep && !keep(row)) {
      leftOut++;
      continue;
    }
    for (const [axis, values] of axes.entries()) {
      if (!Number.isFinite(values[row])) throw wrong(source.name, `row ${row + 1} has a coordinate that is not a finite number`);
      positions[3 * count + axis] = values[row]! / binning;
    }
    if (++count < BATCH_POINTS) continue;
    yield { count, positions };
    positions = new Float64Array(3 * BATCH_POINTS);
    count = 0;
  }
  if (count > 0) yield { count, positions: positions.subarray(0, 3 * count) };
  options.onLeftOut?.(leftOut);
};

function numbers(table: DataFrame, name: string, file: string): Float64Array {
  const column = table.column(name);
  if (column instanceof Float64Array) return column;
  throw wrong(file, `no column ${name} of numbers, the columns are ${table.names.slice(0, 20).join(", ").slice(0, 200)}`);
}

/** A test of rows: those found with the reference of that name or number. */
function ofReference(table: DataFrame, wanted: string, file: string): (row: number) => boolean {
  const names = table.column("predicted_class_name");
  if (names && !(names instanceof Float64Array) && names.some((name) => isNamed(name, wanted))) {
    return (row) => isNamed(names[row]!, wanted);
  }
  const classes = numbers(table, "predicted_class", file);
  const references = table.attrs.get("references");
  const at = Array.isArray(references) ? references.findIndex((name) => typeof name === "string" && isNamed(name, wanted)) : -1;
  const number = at >= 0 ? at : wanted.trim() === "" ? Number.NaN : Number(wanted);
  return (row) => classes[row] === number;
}

const isNamed = (name: string, wanted: string): boolean => name === wanted || name.replace(/\.[^./]*$/, "") === wanted;

function wrong(file: string, found: string): EmporiumError {
  const hint = "check that this is a .tloc of tomotwin_locate or of the box manager";
  return new EmporiumError("FORMAT_FIELD", `${file}: ${found}`, { place: { file }, hint });
}
