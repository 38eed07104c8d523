import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { isFloatDType, parseZarrDType, type ZarrDType, zarrDTypeText } from "./dtype.js";
import { type NumberArray, viewAs } from "./elements.js";
import { show, wrongField } from "./json.js";

/** Elements of one type that stand for elements of another: numcodecs' filters, of which reading needs no more than this. */
export interface ElementFilter {
  id: "delta" | "fixedscaleoffset" | "quantize" | "astype" | "bitround";
  encoded: ZarrDType;
  decoded: ZarrDType;
  /** Scale and offset of `fixedscaleoffset`: decoded = encoded / scale + offset. */
  scale: number;
  offset: number;
}

/** Truth values, eight in a byte, after one byte that says how many bits at the end are none. */
export interface PackedBits {
  id: "packbits";
}

/** First bytes of all elements, then all second bytes, and so on. */
export interface ShuffledBytes {
  id: "shuffle";
  elementBytes: number;
}

export type Filter = ElementFilter | PackedBits | ShuffledBytes;

export const KNOWN_FILTERS = ["astype", "bitround", "delta", "fixedscaleoffset", "packbits", "quantize", "shuffle"] as const;

/** Context of a filter: type of its elements, and its place in the document for errors. */
export interface FilterPlace {
  /** Type of the filter's elements. Zarr v3 types have no byte order: `inByteOrder` sets that of the codec `bytes`. */
  type: ZarrDType;
  /** The document, and the key of the filter's settings. */
  name: string;
  path: string;
}

/**
 * A filter by its name in numcodecs.
 *
 * @returns undefined for another name.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED (types other than integers, float32 and float64)
 */
export function parseFilter(id: string, config: JsonObject, place: FilterPlace): Filter | undefined {
  if (id === "packbits") {
    if (place.type.dtype !== "bool") throw wrongField(place.name, place.path, place.type.dtype, "bool before packbits");
    return { id };
  }
  if (id === "shuffle") return { id, elementBytes: elementBytesOf(config, place) };
  const plain = { encoded: place.type, decoded: place.type, scale: 1, offset: 0 };
  if (id === "bitround") return { id, ...plain };
  if (id !== "delta" && id !== "fixedscaleoffset" && id !== "quantize" && id !== "astype") return undefined;
  const [inner, outer] = id === "astype" ? ["decode_dtype", "encode_dtype"] : ["dtype", "astype"];
  const decoded = typeOf(config, inner!, place.type, place);
  const encoded = typeOf(config, outer!, decoded, place);
  if (decoded.itemBytes !== place.type.itemBytes) {
    const wanted = `a type of ${counted(place.type.itemBytes, "byte")}, as ${place.type.dtype} has`;
    throw wrongField(place.name, `${place.path}.${inner}`, member(config, inner!), wanted);
  }
  if (id === "delta" && isFloatDType(decoded.dtype) !== isFloatDType(encoded.dtype)) {
    throw notRead(`differences of ${encoded.dtype} for ${decoded.dtype}`, `${place.path}.${outer}`, place);
  }
  if (id !== "fixedscaleoffset") return { id, ...plain, encoded, decoded };
  return { id, encoded, decoded, scale: numberOf(config, "scale", place), offset: numberOf(config, "offset", place) };
}

/** Number of bytes that a filter makes of so many plain ones. */
export function filteredBytes(filter: Filter, plainBytes: number): number {
  if (filter.id === "shuffle") return plainBytes;
  if (filter.id === "packbits") return 1 + Math.ceil(plainBytes / 8);
  return (plainBytes / filter.decoded.itemBytes) * filter.encoded.itemBytes;
}

/**
 * Undoes a filter.
 *
 * @param bytes as many as `filteredBytes` says. Not changed.
 * @throws {EmporiumError} FORMAT_CORRUPT
 */
export function unfilter(filter: Filter, bytes: Uint8Array, plainBytes: number): Uint8Array {
  if (filter.id === "shuffle") return unshuffle(bytes, filter.elementBytes);
  if (filter.id === "packbits") return unpackBits(bytes, plainBytes);
  if (filter.id === "bitround") return bytes;
  const { encoded, decoded } = filter;
  const source = viewAs(inOrder(bytes, encoded), encoded.dtype);
  const plain = new Uint8Array(plainBytes);
  const target = viewAs(plain, decoded.dtype);
  if (filter.id === "delta") sumUp(source, target);
  else if (filter.id === "fixedscaleoffset") rescale(source, target, filter);
  else convert(source, target, Number);
  return inOrder(plain, decoded);
}

/** Converts between stored and host byte order; returns the bytes themselves where these are the same. */
function inOrder(bytes: Uint8Array, { littleEndian, itemBytes }: ZarrDType): Uint8Array {
  if (littleEndian === HOST_LITTLE_ENDIAN || itemBytes === 1) return bytes;
  const turned = new Uint8Array(bytes);
  swapBytes(turned, itemBytes);
  return turned;
}

const isBig = (array: NumberArray): array is BigInt64Array | BigUint64Array =>
  array instanceof BigInt64Array || array instanceof BigUint64Array;

/** Running sums, integers modulo their type's range, floats in the wider of both types. */
function sumUp(source: NumberArray, target: NumberArray): void {
  if (isBig(source) || isBig(target)) {
    let sum = 0n;
    for (let i = 0; i < source.length; i++) {
      sum = BigInt.asIntN(64, sum + BigInt(source[i]!));
      target[i] = isBig(target) ? sum : Number(BigInt.asIntN(32, sum));
    }
    return;
  }
  const isFloat = target instanceof Float32Array || target instanceof Float64Array;
  const isWide = source instanceof Float64Array || target instanceof Float64Array;
  let sum = 0;
  for (let i = 0; i < source.length; i++) {
    const next = sum + source[i]!;
    sum = isWide ? next : isFloat ? Math.fround(next) : next | 0;
    target[i] = sum;
  }
}

/** Rescales in numpy's arithmetic: float32 for float32, else float64. */
function rescale(source: NumberArray, target: NumberArray, { scale, offset }: ElementFilter): void {
  if (!(source instanceof Float32Array)) {
    convert(source, target, (value) => Number(value) / scale + offset);
    return;
  }
  const [single, moved] = [Math.fround(scale), Math.fround(offset)];
  convert(source, target, (value) => Math.fround(Math.fround(Number(value) / single) + moved));
}

/** Converts as C does: truncates floats to integers, wraps integers; NaN becomes the least 64-bit integer. */
function convert(source: NumberArray, target: NumberArray, change: (value: number | bigint) => number): void {
  for (let i = 0; i < source.length; i++) {
    const value = source[i]!;
    if (!isBig(target)) target[i] = change(value);
    else if (typeof value === "bigint" && change === Number) target[i] = value;
    else {
      const number = change(value);
      target[i] = Number.isFinite(number) ? BigInt(Math.trunc(number)) : -(2n ** 63n);
    }
  }
}

function unshuffle(bytes: Uint8Array, elementBytes: number): Uint8Array {
  if (elementBytes === 1) return bytes;
  const count = bytes.length / elementBytes;
  if (!Number.isInteger(count)) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `${counted(bytes.length, "byte is", "bytes are")} no whole number of elements of ${counted(elementBytes, "byte")}`,
    );
  }
  const plain = new Uint8Array(bytes.length);
  for (let byte = 0, from = 0; byte < elementBytes; byte++) {
    for (let at = byte; at < plain.length; at += elementBytes) plain[at] = bytes[from++]!;
  }
  return plain;
}

function unpackBits(bytes: Uint8Array, plainBytes: number): Uint8Array {
  const count = (bytes.length - 1) * 8 - bytes[0]!;
  if (count !== plainBytes) throw new EmporiumError("FORMAT_CORRUPT", `${count} packed bits; expected ${plainBytes}`);
  return Uint8Array.from({ length: plainBytes }, (_, i) => (bytes[1 + (i >> 3)]! >> (7 - (i & 7))) & 1);
}

/** numpy's text (`<i4`) or the name that Zarr v3 has for the type (`int32`). */
function typeOf(config: JsonObject, key: string, absent: ZarrDType, place: FilterPlace): ZarrDType {
  const value = member(config, key) ?? null;
  const type = value === null ? absent : typeof value === "string" ? (parseZarrDType(value) ?? namedType(value)) : undefined;
  const path = `${place.path}.${key}`;
  if (!type) {
    if (typeof value !== "string") throw wrongField(place.name, path, value, `a type such as "<f4"`);
    throw notRead(`type ${show(value)}`, path, place);
  }
  if (!/^(u?int(8|16|32|64)|float(32|64))$/.test(type.dtype)) throw notRead(`type ${type.dtype}`, path, place);
  return type;
}

function namedType(name: string): ZarrDType | undefined {
  if (!/^(u?int(8|16|32|64)|float(16|32|64)|bool|complex64)$/.test(name)) return undefined;
  return parseZarrDType(zarrDTypeText(name as Parameters<typeof zarrDTypeText>[0]));
}

function elementBytesOf(config: JsonObject, { name, path }: FilterPlace): number {
  const value: Json = member(config, "elementsize") ?? 4; // numcodecs' default
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 255) {
    throw wrongField(name, `${path}.elementsize`, value, "an integer from 0 to 255");
  }
  return Math.max(1, value);
}

function numberOf(config: JsonObject, key: string, { name, path }: FilterPlace): number {
  const value = member(config, key);
  const number = value === undefined ? undefined : toNumber(value);
  if (number === undefined || !Number.isFinite(number)) throw wrongField(name, `${path}.${key}`, value, "a number");
  return number;
}

function notRead(what: string, path: string, { name }: FilterPlace): EmporiumError {
  const hint = "filters of integers, float32 and float64 are read";
  return new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path}: ${what} is not read`, { place: { file: name, path }, hint });
}
