import { counted } from "../../core/units.js";
import { decimal, isNotFinite } from "../text-lines.js";
import { type Place, VtkCursor } from "./vtk-cursor.js";

/** Bytes a number of each type of a binary file, and how it is read. `vtkIdType` is an int in files, whatever the program had. */
const TYPES: Record<string, { bytes: number; get(view: DataView, at: number): number }> = {
  char: { bytes: 1, get: (view, at) => view.getInt8(at) },
  signed_char: { bytes: 1, get: (view, at) => view.getInt8(at) },
  vtktypeint8: { bytes: 1, get: (view, at) => view.getInt8(at) },
  unsigned_char: { bytes: 1, get: (view, at) => view.getUint8(at) },
  vtktypeuint8: { bytes: 1, get: (view, at) => view.getUint8(at) },
  short: { bytes: 2, get: (view, at) => view.getInt16(at) },
  vtktypeint16: { bytes: 2, get: (view, at) => view.getInt16(at) },
  unsigned_short: { bytes: 2, get: (view, at) => view.getUint16(at) },
  vtktypeuint16: { bytes: 2, get: (view, at) => view.getUint16(at) },
  int: { bytes: 4, get: (view, at) => view.getInt32(at) },
  vtkidtype: { bytes: 4, get: (view, at) => view.getInt32(at) },
  vtktypeint32: { bytes: 4, get: (view, at) => view.getInt32(at) },
  unsigned_int: { bytes: 4, get: (view, at) => view.getUint32(at) },
  vtktypeuint32: { bytes: 4, get: (view, at) => view.getUint32(at) },
  long: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  long_long: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  vtktypeint64: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  unsigned_long: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  unsigned_long_long: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  vtktypeuint64: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  float: { bytes: 4, get: (view, at) => view.getFloat32(at) },
  double: { bytes: 8, get: (view, at) => view.getFloat64(at) },
};
export interface VtkNumbers {
  numbers: Float64Array;
  /** The place of a number of the list in the file, for errors. */
  place(at: number): Place;
}

/** A list of numbers of one type: words, or big-endian bytes that begin behind this line in a binary file. */
export function readNumbers(cursor: VtkCursor, count: number, type: string, what: string): VtkNumbers {
  const kind = TYPES[type.toLowerCase()];
  if (!kind) {
    const found = JSON.stringify(type.slice(0, 40));
    throw cursor.unsupported(cursor.place(), `${what} of type ${found}; expected a number type`);
  }
  return cursor.binary ? binaryNumbers(cursor, count, kind, what) : textNumbers(cursor, count, what);
}

function binaryNumbers(cursor: VtkCursor, count: number, { bytes, get }: (typeof TYPES)[string], what: string): VtkNumbers {
  cursor.line();
  const from = cursor.at;
  const left = Math.max(0, cursor.bytes.length - from);
  if (count * bytes > left)
    throw cursor.cut(`${counted(count, "number")} of ${what} are ${counted(count * bytes, "byte")}, ${left} are left`);
  const view = new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + from, count * bytes);
  const numbers = new Float64Array(count);
  for (let at = 0; at < count; at++) numbers[at] = get(view, at * bytes);
  cursor.at += count * bytes;
  return { numbers, place: (at) => ({ byte: from + at * bytes }) };
}

function textNumbers(cursor: VtkCursor, count: number, what: string): VtkNumbers {
  cursor.skipBlanks();
  const from = cursor.at;
  // each has a digit, and a blank before the next
  const left = Math.ceil((cursor.bytes.length - from) / 2);
  if (count > left)
    throw cursor.cut(
      `${counted(count, "number")} of ${what}, ${counted(cursor.bytes.length - from, "byte is", "bytes are")} left`,
    );
  const numbers = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const place = cursor.at;
    const word = cursor.wordOr(`number ${at} of the ${count} of ${what}`);
    const value = decimal(word) ?? (isNotFinite(word) ? Number.NaN : undefined);
    if (value === undefined) {
      cursor.at = place;
      throw cursor.field(cursor.place(), `${JSON.stringify(word.slice(0, 40))} among ${what}; expected a number`);
    }
    numbers[at] = value;
  }
  return { numbers, place: (at) => placeOfWord(cursor, from, at) };
}

function placeOfWord({ bytes, name }: VtkCursor, from: number, at: number): Place {
  const again = new VtkCursor(bytes, name);
  again.at = from;
  for (let skipped = 0; skipped < at; skipped++) again.word();
  return again.place();
}
