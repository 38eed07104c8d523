import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { columnsOf, decimal } from "../text-lines.js";
import { Growing } from "./growing.js";
import { meshLines } from "./lines.js";
import { type MeshPart, meshError, noSuchVertex, withTriangles } from "./mesh.js";
import { readWhole } from "./whole-file.js";

interface Scalar {
  bytes: number;
  get(view: DataView, at: number, little: boolean): number;
}

/** Types by both of their names. */
const TYPES: Record<string, Scalar> = {
  char: { bytes: 1, get: (view, at) => view.getInt8(at) },
  uchar: { bytes: 1, get: (view, at) => view.getUint8(at) },
  short: { bytes: 2, get: (view, at, little) => view.getInt16(at, little) },
  ushort: { bytes: 2, get: (view, at, little) => view.getUint16(at, little) },
  int: { bytes: 4, get: (view, at, little) => view.getInt32(at, little) },
  uint: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  float: { bytes: 4, get: (view, at, little) => view.getFloat32(at, little) },
  double: { bytes: 8, get: (view, at, little) => view.getFloat64(at, little) },
};
const ALIASES: Record<string, string> = {
  int8: "char",
  uint8: "uchar",
  int16: "short",
  uint16: "ushort",
  int32: "int",
  uint32: "uint",
  float32: "float",
  float64: "double",
};

interface Property {
  name: string;
  type: Scalar;
  /** Type of the length of a list. */
  list?: Scalar | undefined;
}

interface Element {
  name: string;
  count: number;
  properties: Property[];
}

interface Header {
  encoding: "ascii" | "binary_little_endian" | "binary_big_endian";
  elements: Element[];
  /** Byte at which the data begin, and the number of the line there. */
  offset: number;
  line: number;
}

const HEADER_BYTES_MAX = 1024 * 1024;

/**
 * A PLY, ASCII or binary of either order: the vertices' x, y, z and the faces' list of vertices (a polygon of more than three
 * corners becomes a fan about its first). Other properties and elements are skipped. One part without a name.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for triangle strips; FORMAT_FIELD with the line or byte, FORMAT_TRUNCATED,
 *   FORMAT_UNKNOWN, FORMAT_LIMIT. Source: G. Turk, "The PLY Polygon File Format" (1994).
 */
export async function readPly(source: RandomAccess, options?: ReadOptions): Promise<MeshPart[]> {
  return parsePly(await readWhole(source, options), source.name);
}

export function parsePly(bytes: Uint8Array, name: string): MeshPart[] {
  const header = readHeader(bytes, name);
  const next = header.encoding === "ascii" ? textNumbers(bytes, header, name) : binaryNumbers(bytes, header, name);
  const positions = new Growing(Float64Array);
  const corners = new Growing(Uint32Array);
  // faces may come before vertices
  let largest = { vertex: -1, place: {} };
  for (const element of header.elements) {
    if (element.name === "tristrips" && element.count > 0) {
      throw meshError("FORMAT_UNSUPPORTED", name, {}, "an element of tristrips, faces are read", "write the mesh with faces");
    }
    const axes = ["x", "y", "z"].map((axis) => element.properties.findIndex((property) => property.name === axis));
    if (element.name === "vertex" && axes.includes(-1)) throw meshError("FORMAT_FIELD", name, {}, "vertices without x, y and z");
    const row = new Float64Array(element.properties.length);
    for (let item = 0; item < element.count; item++) {
      for (const [at, property] of element.properties.entries()) {
        if (!property.list) {
          row[at] = next(property.type).value;
          continue;
        }
        const { value: length, place } = next(property.list);
        const isFace = element.name === "face" && /^vertex_ind(ex|ices)$/.test(property.name);
        if (!(Number.isInteger(length) && length >= 0))
          throw meshError("FORMAT_FIELD", name, place(), `a list of ${counted(length, "item")}`);
        if (isFace && length < 3)
          throw meshError("FORMAT_FIELD", name, place(), `a face of ${length} corners; expected 3 or more`);
        let [first, last] = [0, 0];
        for (let corner = 0; corner < length; corner++) {
          const { value, place: here } = next(property.type);
          if (!isFace) continue;
          if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1))
            throw meshError("FORMAT_FIELD", name, here(), `a face of vertex ${value}`);
          if (value > largest.vertex) largest = { vertex: value, place: here() };
          if (corner === 0) first = value;
          if (corner >= 2) for (const vertex of [first, last, value]) corners.push(vertex);
          last = value;
        }
      }
      if (element.name !== "vertex") continue;
      for (const axis of axes) {
        if (!Number.isFinite(row[axis]))
          throw meshError("FORMAT_FIELD", name, {}, `vertex ${item} is at ${row[axis]}; expected a finite number`);
        positions.push(row[axis]!);
      }
    }
  }
  const count = positions.length / 3;
  if (largest.vertex >= count) throw noSuchVertex(name, largest.place, largest.vertex, count);
  return withTriangles([{ name: "", positions: positions.done(), triangles: corners.done() }], name);
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const text = new TextDecoder("windows-1252").decode(bytes.subarray(0, HEADER_BYTES_MAX));
  if (!/^ply[ \t]*[\r\n]/.test(text)) throw meshError("FORMAT_UNKNOWN", name, { line: 1 }, 'does not begin with the line "ply"');
  const end = /[\r\n]end_header[ \t]*(\r\n|\n|\r)/.exec(text);
  if (!end) throw meshError("FORMAT_TRUNCATED", name, {}, "a header without end_header");
  const offset = end.index + end[0].length;
  const lines = text.slice(0, end.index).split(/\r\n|\n|\r/);
  let encoding: Header["encoding"] | undefined;
  const elements: Element[] = [];
  for (const [at, content] of lines.entries()) {
    const [keyword, ...words] = columnsOf(content.trim());
    const wrong = (wanted: string) =>
      meshError("FORMAT_FIELD", name, { line: at + 1 }, `${JSON.stringify(content.slice(0, 60))}; expected ${wanted}`);
    if (keyword === "format") {
      const [found] = words;
      if (found !== "ascii" && found !== "binary_little_endian" && found !== "binary_big_endian")
        throw wrong("format ascii, binary_little_endian or binary_big_endian");
      encoding = found;
    } else if (keyword === "element") {
      if (!/^\d{1,15}$/.test(words[1] ?? "")) throw wrong("element NAME COUNT");
      elements.push({ name: words[0]!, count: Number(words[1]), properties: [] });
    } else if (keyword === "property") {
      const element = elements.at(-1);
      const isList = words[0] === "list";
      const [list, type, property] = isList ? words.slice(1) : [undefined, ...words];
      const found = typeOf(type);
      const length = isList ? typeOf(list) : undefined;
      if (!element || !found || property === undefined || (isList && !length))
        throw wrong("a property of an element, of a known type");
      element.properties.push({ name: property, type: found, list: length });
    }
  }
  if (!encoding) throw meshError("FORMAT_FIELD", name, {}, "a header without format");
  return { encoding, elements: checked(elements, bytes.length - offset, encoding, name), offset, line: lines.length + 2 };
}

function typeOf(word: string | undefined): Scalar | undefined {
  const known = word !== undefined && Object.hasOwn(ALIASES, word) ? ALIASES[word] : word;
  return known !== undefined && Object.hasOwn(TYPES, known) ? TYPES[known] : undefined;
}

/** An item needs a byte for each of its numbers at least; without this, items without properties could be counted for ever. */
function checked(elements: Element[], left: number, encoding: Header["encoding"], name: string): Element[] {
  let least = 0;
  for (const { count, properties } of elements) {
    const size = properties.reduce((sum, { type, list }) => sum + (encoding === "ascii" ? 2 : (list ?? type).bytes), 0);
    least += count * Math.max(1, size);
  }
  // the last number of a text needs no blank behind it
  if (least > left + 1) {
    const message = `items of ${counted(least, "byte")} and more, ${left} are left`;
    throw meshError("FORMAT_TRUNCATED", name, {}, message, "copy the file again: it was cut short");
  }
  return elements;
}

/** Gives one number after the other, and where it stands. */
type Next = (type: Scalar) => { value: number; place(): { line?: number; byte?: number } };

function binaryNumbers(bytes: Uint8Array, { offset, encoding }: Header, name: string): Next {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = encoding === "binary_little_endian";
  let at = offset;
  return (type) => {
    const byte = at;
    if (byte + type.bytes > bytes.length)
      throw meshError("FORMAT_TRUNCATED", name, { byte }, "the file ends before its last item");
    at += type.bytes;
    return { value: type.get(view, byte, little), place: () => ({ byte }) };
  };
}

function textNumbers(bytes: Uint8Array, { offset, line: firstLine }: Header, name: string): Next {
  const lines = meshLines(bytes.subarray(offset), name);
  let words: string[] = [];
  let at = 0;
  let line = firstLine;
  return () => {
    while (at === words.length) {
      const next = lines.next();
      if (next.done) throw meshError("FORMAT_TRUNCATED", name, { line }, "the file ends before its last item");
      words = columnsOf(next.value.text);
      line = firstLine + next.value.line - 1;
      at = 0;
    }
    const here = line;
    const word = words[at++]!;
    const value = decimal(word);
    if (value === undefined)
      throw meshError("FORMAT_FIELD", name, { line }, `${JSON.stringify(word.slice(0, 40))}; expected a number`);
    return { value, place: () => ({ line: here }) };
  };
}
