import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { asTriangles, type MeshPart, meshError, withTriangles } from "./mesh.js";
import { type Place, VtkCursor } from "./vtk-cursor.js";
import { readNumbers } from "./vtk-numbers.js";
import { readWhole } from "./whole-file.js";

/** Vertex numbers of cells, one after the other: cell i has those from `offsets[i]` to `offsets[i + 1]`. */
interface Cells {
  offsets: Float64Array;
  vertices: Float64Array;
  /** The place of vertex number `at` of the list in the file, for errors. */
  place(at: number): Place;
}

/**
 * The surface of a legacy VTK file of `DATASET POLYDATA`, ASCII or binary, versions 1 to 5: points, polygons (one of more than
 * three corners becomes a fan about its first) and triangle strips. Attributes of points and cells are skipped. One part, named
 * by nothing: the title is "vtk output" in most files.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED naming the other dataset or cells (`VERTICES`, `LINES`) that the file has;
 *   FORMAT_FIELD with the line or byte, FORMAT_TRUNCATED, FORMAT_UNKNOWN, FORMAT_LIMIT.
 * Source: "VTK File Formats", simple legacy formats, and vtkDataReader/vtkCellArray of VTK 9 for 5.1; golden: `test/golden/mesh`.
 */
export async function readVtk(source: RandomAccess, options?: ReadOptions): Promise<MeshPart[]> {
  return parseVtk(await readWhole(source, options), source.name);
}

export function parseVtk(bytes: Uint8Array, name: string): MeshPart[] {
  const cursor = openVtk(bytes, name);
  let points: Float64Array | undefined;
  const surfaces: { cells: Cells; strips: boolean }[] = [];
  for (;;) {
    const place = cursor.place();
    const keyword = cursor.word()?.toUpperCase();
    // what follows belongs to points and cells, to the end of the file
    if (keyword === undefined || keyword === "POINT_DATA" || keyword === "CELL_DATA") break;
    if (keyword === "POINTS") {
      const count = cursor.count("a number of points");
      points = readNumbers(cursor, count * 3, cursor.wordOr("a type of points"), "points").numbers;
      const odd = points.findIndex((value) => !Number.isFinite(value));
      if (odd >= 0) throw cursor.field(place, `point ${Math.floor(odd / 3)} is at ${points[odd]}; expected finite numbers`);
    } else if (keyword === "POLYGONS" || keyword === "TRIANGLE_STRIPS") {
      surfaces.push({ cells: readCells(cursor, keyword), strips: keyword === "TRIANGLE_STRIPS" });
    } else if (keyword === "VERTICES" || keyword === "LINES") {
      const { offsets } = readCells(cursor, keyword);
      if (offsets.length > 1) {
        const message = `${counted(offsets.length - 1, "cell")} of ${keyword}, a mesh has POLYGONS and TRIANGLE_STRIPS only`;
        throw cursor.unsupported(place, message, "write the surface alone (vtkCleanPolyData, vtkTriangleFilter)");
      }
    } else if (keyword === "METADATA") {
      cursor.skipPastEmptyLine();
    } else if (keyword === "FIELD") {
      skipField(cursor);
    } else {
      const found = JSON.stringify(keyword.slice(0, 40));
      throw cursor.field(place, `${found}; expected POINTS, POLYGONS or another section`);
    }
  }
  if (!points) throw meshError("FORMAT_TRUNCATED", name, cursor.place(), "no POINTS, a polydata has them");
  const triangles = surfaces.map(({ cells, strips }) => trianglesOf(cells, strips, points.length / 3, name));
  return withTriangles([{ name: "", positions: points, triangles: joined(triangles) }], name);
}

/** Reads the first lines, to behind `DATASET POLYDATA`. */
function openVtk(bytes: Uint8Array, name: string): VtkCursor {
  const cursor = new VtkCursor(bytes, name);
  const first = cursor.line() ?? "";
  if (!/^\ufeff?# vtk DataFile Version \d/i.test(first)) {
    const message = `begins with ${JSON.stringify(first.slice(0, 40))}; expected "# vtk DataFile Version"`;
    const hint = "write a legacy .vtk: the XML formats (.vtp) are not read";
    throw meshError("FORMAT_UNKNOWN", name, { line: 1 }, message, hint);
  }
  cursor.line(); // the title
  const encoding = cursor.line()?.trim().toUpperCase();
  if (encoding !== "ASCII" && encoding !== "BINARY") {
    throw cursor.field({ line: 3 }, `${JSON.stringify((encoding ?? "").slice(0, 40))}; expected ASCII or BINARY`);
  }
  cursor.binary = encoding === "BINARY";
  let place = cursor.place();
  let keyword = cursor.wordOr("DATASET").toUpperCase();
  // data of the whole may stand before the dataset
  while (keyword === "FIELD") {
    skipField(cursor);
    place = cursor.place();
    keyword = cursor.wordOr("DATASET").toUpperCase();
  }
  const kind = keyword === "DATASET" ? cursor.wordOr("POLYDATA") : keyword;
  if (kind.toUpperCase() !== "POLYDATA") {
    const found = JSON.stringify(kind.slice(0, 40));
    throw cursor.unsupported(place, `a dataset of ${found}, POLYDATA is read`, "write its surface (vtkGeometryFilter)");
  }
  return cursor;
}

/**
 * `KIND cells size`, then length and vertices of each cell; since version 5.1 `KIND offsets connectivity` and two typed lists.
 */
function readCells(cursor: VtkCursor, kind: string): Cells {
  const section = cursor.place();
  const first = cursor.count(`a number of ${kind}`);
  const size = cursor.count(`a size of ${kind}`);
  const field = (message: string, place: Place = section) => cursor.field(place, message);
  if (cursor.isNext("OFFSETS")) {
    cursor.word();
    const { numbers: offsets } = readNumbers(cursor, first, cursor.wordOr("a type of OFFSETS"), "OFFSETS");
    if (offsets.length > 0 && (offsets[0] !== 0 || offsets[offsets.length - 1] !== size))
      throw field(`${kind} whose offsets go from ${offsets[0]} to ${offsets[offsets.length - 1]}; expected 0 and ${size}`);
    for (let at = 1; at < offsets.length; at++) {
      if (!(offsets[at]! >= offsets[at - 1]!))
        throw field(`${kind} with offset ${offsets[at]} after ${offsets[at - 1]}; expected no smaller one`);
    }
    if (cursor.wordOr("CONNECTIVITY").toUpperCase() !== "CONNECTIVITY")
      throw field(`${kind} without CONNECTIVITY behind OFFSETS`);
    const type = cursor.wordOr("a type of CONNECTIVITY");
    const { numbers: vertices, place } = readNumbers(cursor, size, type, "CONNECTIVITY");
    return { offsets: offsets.length > 0 ? offsets : new Float64Array(1), vertices, place };
  }
  const { numbers, place } = readNumbers(cursor, size, "int", kind);
  if (first > size) throw field(`${first} ${kind} in ${counted(size, "number")}, each has its length and its vertices`);
  const offsets = new Float64Array(first + 1);
  const vertices = new Float64Array(size - first);
  let at = 0;
  for (let cell = 0; cell < first; cell++) {
    const length = numbers[at] ?? 0;
    const left = vertices.length - offsets[cell]!;
    if (!(Number.isInteger(length) && length >= 0 && length <= left))
      throw field(`cell ${cell} of ${kind} has length ${length}, ${counted(left, "vertex is", "vertices are")} left`, place(at));
    vertices.set(numbers.subarray(at + 1, at + 1 + length), offsets[cell]!);
    offsets[cell + 1] = offsets[cell]! + length;
    at += 1 + length;
  }
  if (at !== size) throw field(`${first} ${kind} take ${counted(at, "number")}, ${size} are there`);
  return { offsets, vertices, place: (vertex) => place(vertex + offsets.findIndex((end) => end > vertex)) }; // lengths lie between
}

function trianglesOf({ offsets, vertices, place }: Cells, strips: boolean, points: number, name: string): Uint32Array {
  const checked = asTriangles(vertices, points, name, place);
  let count = 0;
  for (let cell = 1; cell < offsets.length; cell++) {
    const corners = offsets[cell]! - offsets[cell - 1]!;
    if (corners < 3) {
      const message = `${strips ? "strip" : "polygon"} ${cell - 1} of ${corners} corners; expected 3 or more`;
      throw meshError("FORMAT_FIELD", name, place(Math.max(0, Math.min(offsets[cell - 1]!, vertices.length - 1))), message);
    }
    count += corners - 2;
  }
  const triangles = new Uint32Array(count * 3);
  let to = 0;
  for (let cell = 1; cell < offsets.length; cell++) {
    const start = offsets[cell - 1]!;
    for (let at = start + 2; at < offsets[cell]!; at++) {
      // every second triangle of a strip is turned round
      const turned = strips && (at - start) % 2 === 1;
      triangles[to++] = checked[strips ? at - 2 : start]!;
      triangles[to++] = checked[turned ? at : at - 1]!;
      triangles[to++] = checked[turned ? at - 1 : at]!;
    }
  }
  return triangles;
}

/** `FIELD name arrays`, then for each array `name components tuples type` and its numbers. */
function skipField(cursor: VtkCursor): void {
  cursor.wordOr("a name of FIELD");
  const arrays = cursor.count("a number of arrays");
  for (let at = 0; at < arrays; at++) {
    let word = cursor.wordOr("a name of an array");
    if (word === "METADATA") {
      cursor.skipPastEmptyLine();
      word = cursor.wordOr("a name of an array");
    }
    const components = cursor.count("a number of components");
    const tuples = cursor.count("a number of tuples");
    const type = cursor.wordOr("a type of an array");
    readNumbers(cursor, components * tuples, type, `array ${JSON.stringify(word.slice(0, 40))}`);
  }
}

function joined(lists: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    whole.set(list, at);
    at += list.length;
  }
  return whole;
}
