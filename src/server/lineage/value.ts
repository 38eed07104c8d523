import { EmporiumError } from "../../core/errors.js";
import { findJsonPlace, type JsonPlace } from "../../core/json-place.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { detectMrc } from "../../formats/mrc/detect.js";
import { MRC_HEADER_BYTES, parseMrcHeader } from "../../formats/mrc/header.js";
import { openObject, type Store } from "../../stores/store.js";
import { keyWithin, type PlacedKey } from "../places.js";
import type { FoundNumber } from "./voxel.js";

/** Byte offsets of the fields of an MRC header. */
const INTEGERS = {
  ...{ nx: 0, ny: 4, nz: 8, mode: 12, nxstart: 16, nystart: 20, nzstart: 24, mx: 28, my: 32, mz: 36 },
  ...{ mapc: 64, mapr: 68, maps: 72, ispg: 88, nsymbt: 92, nversion: 108 },
} as const;
const FLOATS = {
  ...{ "cella.x": 40, "cella.y": 44, "cella.z": 48, "cellb.alpha": 52, "cellb.beta": 56, "cellb.gamma": 60 },
  ...{ dmin: 76, dmax: 80, dmean: 84, "origin.x": 196, "origin.y": 200, "origin.z": 204, rms: 216 },
} as const;
export const HEADER_FIELDS = [...Object.keys(INTEGERS), ...Object.keys(FLOATS)] as [string, ...string[]];

/** Finds a field in the header of an MRC file. @throws {EmporiumError} FORMAT_UNSUPPORTED for other files */
export async function findHeaderField({ place, key }: PlacedKey, field: string, signal: AbortSignal): Promise<FoundNumber> {
  const file = await openObject(place.store, key, { signal });
  const head = await file.read({ offset: 0, length: MRC_HEADER_BYTES }, { signal });
  if (!detectMrc(head, await file.size())) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${key} is not an MRC file: fields of other headers are not looked for`, {
      hint: "?pointer= names a value of a JSON document",
    });
  }
  const { littleEndian } = parseMrcHeader(head, { name: file.name });
  const view = new DataView(head.buffer, head.byteOffset);
  const isFloat = Object.hasOwn(FLOATS, field);
  const offset = { ...INTEGERS, ...FLOATS }[field as keyof typeof INTEGERS];
  const value = isFloat ? view.getFloat32(offset, littleEndian) : view.getInt32(offset, littleEndian);
  const axis = /^cella\.([xyz])$/.exec(field)?.[1] as "x" | "y" | "z" | undefined;
  return {
    of: `${field} of the MRC header`,
    value: String(value),
    note: axis && `a voxel is this length divided by m${axis}, at byte ${INTEGERS[`m${axis}`]}`,
    key,
    stored: {
      is: {
        ...{ key, offset, length: 4, codecs: [], decodedByte: 0 },
        ...{ dtype: isFloat ? "float32" : "int32", byteOrder: littleEndian ? "little" : "big" },
      },
    },
  };
}

/**
 * Finds a value in a JSON document: the file itself, or the metadata beside the file. @throws {EmporiumError} NOT_FOUND,
 * FORMAT_LIMIT
 */
export async function findJsonValue({ place, key }: PlacedKey, pointer: string, signal: AbortSignal): Promise<FoundNumber> {
  for (const path of documentsOf(key)) {
    // beside a place that is one file, nothing is there
    if (path !== key) keyWithin(place, path);
    const bytes = await readSmall(place.store, path, signal);
    if (!bytes) continue;
    const found = isJson(bytes) ? findJsonPlace(bytes, pointer) : undefined;
    if (!found)
      throw new EmporiumError("NOT_FOUND", `${path} has no such value`, { hint: "pointer is a JSON pointer (RFC 6901)" });
    return textAt(path, `${pointer} of ${path.slice(path.lastIndexOf("/") + 1)}`, bytes, found);
  }
  throw new EmporiumError("NOT_FOUND", `${key} has no metadata in its folder`, { hint: "name a JSON document" });
}

/** Finds a word in a text file, such as a list of tilt angles. @param line from 1. @param word from 1 */
export async function findWord(
  { place, key }: PlacedKey,
  { line, word }: { line: number; word: number },
  signal: AbortSignal,
): Promise<FoundNumber> {
  const bytes = await readSmall(place.store, key, signal);
  if (!bytes) throw new EmporiumError("NOT_FOUND", `${key} is not a file`);
  const text = new TextDecoder("latin1").decode(bytes);
  let begin = 0;
  for (let at = 1; at < line; at++) {
    begin = text.indexOf("\n", begin) + 1;
    if (begin === 0) throw new EmporiumError("NOT_FOUND", `${key} has ${counted(at, "line")}`);
  }
  const end = text.indexOf("\n", begin);
  const words = [...text.slice(begin, end < 0 ? text.length : end).matchAll(/\S+/g)];
  const found = words[word - 1];
  if (!found) throw new EmporiumError("NOT_FOUND", `line ${line} of ${key} has ${counted(words.length, "word")}`);
  return textAt(key, `word ${word} of line ${line}`, bytes, { offset: begin + found.index, length: found[0].length });
}

const TEXT_MAX = 1_000;

function textAt(key: string, of: string, bytes: Uint8Array, { offset, length }: JsonPlace): FoundNumber {
  const value = new TextDecoder().decode(bytes.subarray(offset, offset + length));
  const shown = value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  return { of, value: shown, key, stored: { is: { key, offset, length, codecs: [], decodedByte: 0 } } };
}

/** Keys of the metadata documents of a file, in the order in which they are looked for. */
function documentsOf(key: string): string[] {
  const slash = key.lastIndexOf("/") + 1;
  const [folder, name] = [key.slice(0, slash), key.slice(slash)];
  if (/\.json$|^\.z(?:attrs|array)$/.test(name)) return [key];
  const annotation = /^(.*)_[a-z]+\.(?:ndjson|glb|mrc|zarr)$/.exec(name)?.[1];
  const beside = ["tomogram", "tiltseries", "frames", "alignment"].map((kind) => `${folder}${kind}_metadata.json`);
  return [...(annotation === undefined ? [] : [`${folder}${annotation}.json`]), ...beside];
}

async function readSmall(store: Store, key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const stat = await store.stat(key, { signal });
  if (!stat) return undefined;
  if (stat.size <= LIMITS.metadataBytes) return store.read(key, undefined, { signal });
  throw new EmporiumError(
    "FORMAT_LIMIT",
    `${key} has ${counted(stat.size, "byte")}, ${LIMITS.metadataBytes} of a document are read`,
  );
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}
