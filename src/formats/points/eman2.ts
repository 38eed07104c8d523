import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { isJsonObject } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { csvNumber, csvRows } from "./csv-rows.js";
import { jsonWords } from "./json-words.js";
import { reversePoints } from "./particles.js";
import { isReversed, type PointBatch, type PointOptions, type ReadPoints } from "./points.js";

/**
 * Coordinates as `e2spt_boxer.py` saves and reads them (Save Box Coord): x, y, z of a box's centre a line, in voxels of the
 * tomogram that was open.
 *
 * position = (x, y, z) / binning
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for boxes of images (x, y of a corner, width, height) and pairs of points of helices
 */
export const readEman2Box: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const { binning } = options;
  const layout = { delimiter: " ", header: false, columns: 3, kept: 7 };
  for await (const rows of csvRows(source, layout, read)) {
    const positions = new Float64Array(3 * rows.length);
    for (const [i, row] of rows.entries()) {
      if (row.cells.length > 3) throw otherBoxes(source.name, row.line, row.cells.length);
      for (let axis = 0; axis < 3; axis++) positions[3 * i + axis] = csvNumber(source.name, row, axis) / binning;
    }
    if (isReversed(options)) reversePoints(positions, undefined, rows.length);
    yield { count: rows.length, positions };
  }
};

function otherBoxes(file: string, line: number, columns: number): EmporiumError {
  const what = columns === 6 ? "both ends of helices" : "boxes of an image, x, y of a corner and two sizes";
  return new EmporiumError(
    "FORMAT_UNSUPPORTED",
    `${file}: ${counted(columns, "column")} in line ${line}, as for ${what}; expected x, y, z`,
    {
      place: { file, line },
      hint: "save the coordinates of the tomogram's particles: three columns, or EMAN2's info/…_info.json with eman2_json",
    },
  );
}

const BATCH_POINTS = 16_384;

/**
 * EMAN2's `info/<tomogram>_info.json`: `boxes_3d` are [x, y, z, method, score, class].
 *
 *     with apix_unbin:  position = coordinate · apix_unbin / spacing + floor(size / 2)       pixels of full size from the tomogram's centre
 *     without it:       position = coordinate / binning                                      voxels, as written before September 2018
 *
 * `spacing` is `binning` where that is not 1, since in Å that is what it says; else the tomogram's, as `size`. `filterValue` takes the boxes
 * of one class, by its number or its name in `class_list`; without it all are taken.
 *
 * Source: `programs/e2spt_boxer.py` in cryoem/eman2, where it opens a tomogram and in `SaveJson`.
 * Cost: the document sits in memory.
 * @throws {EmporiumError} FORMAT_LIMIT past `LIMITS.tableBytes`, FORMAT_CORRUPT for what is no JSON, FORMAT_FIELD with the path in the document
 */
export const readEman2Json: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const file = source.name;
  const info = asRecord(await readJson(source, read), file, "");
  const place = placing(info.apix_unbin, options, file);
  const { boxes_3d: all = [] } = info;
  if (!Array.isArray(all)) throw wrong(file, "boxes_3d", all, "a list");
  const keep = ofClass(info.class_list, options.filterValue);
  const boxes = all.map((box, i) => asBox(box, file, `boxes_3d.${i}`)).filter((box) => keep(box[5] ?? 0));
  for (let from = 0; from < boxes.length; from += BATCH_POINTS) {
    const count = Math.min(BATCH_POINTS, boxes.length - from);
    const positions = new Float64Array(3 * count);
    for (let i = 0; i < 3 * count; i++) positions[i] = place(boxes[from + Math.floor(i / 3)]![i % 3] as number, i % 3);
    if (isReversed(options)) reversePoints(positions, undefined, count);
    yield { count, positions };
  }
  options.onLeftOut?.(all.length - boxes.length);
};

/** Returns the function that turns a coordinate of the file into a voxel coordinate, by axis. */
function placing(apix: unknown, { tomogram, binning }: PointOptions, file: string): (value: number, axis: number) => number {
  if (apix === undefined) return (value) => value / binning;
  if (typeof apix !== "number" || !(apix > 0)) throw wrong(file, "apix_unbin", apix, "a number above 0, in Å");
  if (!tomogram) {
    const message = "coordinates are relative to the tomogram's centre, and no tomogram at this voxel spacing gives its size";
    throw new EmporiumError("FORMAT_FIELD", `${file}: ${message}`, {
      place: { file },
      hint: "check the voxel spacing, or import the tomogram with the annotation",
    });
  }
  const { sizeVoxels, voxelSpacingAngstrom } = tomogram;
  const spacing = binning === 1 ? voxelSpacingAngstrom : binning;
  return (value, axis) => (value * apix) / spacing + Math.floor(sizeVoxels[axis]! / 2);
}

function asBox(box: unknown, file: string, path: string): readonly unknown[] {
  if (!Array.isArray(box) || box.length < 3) throw wrong(file, path, box, "x, y, z, method, score, class");
  for (const [axis, value] of box.slice(0, 3).entries()) {
    if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(file, `${path}.${axis}`, value, "a finite number");
  }
  return box;
}

/** A test of the class of a box: `class_list` names classes, as text or as an object with a name. */
function ofClass(list: unknown, wanted: string | undefined): (own: unknown) => boolean {
  if (wanted === undefined) return () => true;
  const named = Object.entries(typeof list === "object" && list !== null ? list : {}).flatMap(([number, entry]) => {
    const name: unknown = typeof entry === "object" && entry !== null ? (entry as { name?: unknown }).name : entry;
    return name === wanted ? [Number(number)] : [];
  });
  const numbers = named.length > 0 ? named : wanted.trim() === "" ? [] : [Number(wanted)];
  return (own) => numbers.includes(Number(own));
}

async function readJson(source: RandomAccess, read: ReadOptions | undefined): Promise<unknown> {
  const size = await source.size();
  if (size > LIMITS.tableBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: ${counted(size, "byte")} of JSON; at most ${LIMITS.tableBytes} are read`,
      {
        place: { file: source.name },
        hint: "split the boxes into several files",
      },
    );
  }
  try {
    return JSON.parse(new TextDecoder().decode(await source.read({ offset: 0, length: size }, read)));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = "check that the file was copied whole: info files of EMAN2 are JSON";
    throw new EmporiumError("FORMAT_CORRUPT", `${source.name}: ${message}`, { place: { file: source.name }, hint, cause });
  }
}

function asRecord(value: unknown, file: string, path: string): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value as Record<string, unknown>;
  throw wrong(file, path, value, "an object");
}

function wrong(file: string, path: string, found: unknown, wanted: string): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `${file}: ${path || "the document"} is ${jsonWords(found)}; expected ${wanted}`, {
    place: { file, path: path || undefined },
    hint: "check that this is an info file of e2spt_boxer.py, with boxes_3d, class_list and apix_unbin",
  });
}
