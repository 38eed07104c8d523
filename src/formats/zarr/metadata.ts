import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { type Json, type JsonObject, printJson } from "../../core/json.js";
import { member } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { Float, toNumber } from "../../core/number.js";
import { counted } from "../../core/units.js";
import type { CompressorConfig } from "./codecs.js";
import { integerRange, isFloatDType, parseZarrDType, type ZarrDType, zarrDTypeText } from "./dtype.js";
import type { FilterPlace } from "./filters.js";
import { asObject, isArray, parseMetadata, show, wrongField } from "./json.js";
import { type ByteStep, READ_STEPS, stepOfId, stepSizes, typeAfter } from "./steps.js";

/** One number of fill: complex elements have two (real, imaginary), 64-bit integers are bigint. */
export type FillValue = number | bigint | boolean | readonly [re: number, im: number];

/** Contents of a `.zarray`, in any rank. */
export interface ZarrArrayMeta {
  shape: readonly number[];
  /** Shape of a chunk. Chunks at the upper edge are as large as the others; what lies outside the array is padding. */
  chunks: readonly number[];
  type: ZarrDType;
  compressor: CompressorConfig | null;
  /** Filters of the elements before compression, in encoding order. Absent or empty: none, as in the arrays that we write. */
  filters?: readonly ByteStep[] | undefined;
  /** Fill value: that of elements that no chunk holds. Null (not defined by the writer) reads as 0. */
  fillValue: FillValue | null;
  /** Order of the elements inside a chunk. */
  order: "C" | "F";
  dimensionSeparator: "." | "/";
}

/** numpy's own limit. */
const RANK_MAX = 32;

/**
 * A `.zarray` document.
 *
 * @param name name of the document in messages.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_UNSUPPORTED, FORMAT_LIMIT or FORMAT_CORRUPT; the place's `path` is the key.
 * Source: Zarr storage specification version 2.
 */
export function parseZarray(bytes: Uint8Array, name = ".zarray"): ZarrArrayMeta {
  const document = parseMetadata(bytes, name);
  return zarrayFromJson(document, name);
}

/** The same from a parsed document: a member of consolidated metadata. */
export function zarrayFromJson(document: JsonObject, name: string): ZarrArrayMeta {
  requireVersion2(document, name);
  const shape = lengths(document, "shape", 0, name);
  const chunks = lengths(document, "chunks", 1, name);
  if (chunks.length !== shape.length) {
    throw wrongField(name, "chunks", member(document, "chunks"), `${shape.length} lengths, one for each of shape`);
  }
  if (product(shape) > LIMITS.elements) throw tooMuch(name, "shape", `${shape.join("×")} elements are more than 2^53`);
  const type = dtypeOf(document, name);
  const chunkBytes = product(chunks) * type.itemBytes;
  if (chunkBytes > LIMITS.chunkBytes) {
    throw tooMuch(name, "chunks", `a chunk of ${counted(chunkBytes, "byte")}; at most ${LIMITS.chunkBytes} are read`);
  }
  const steps = stepsOf(document, type, chunkBytes, name);
  const order = member(document, "order");
  if (order !== "C" && order !== "F") throw wrongField(name, "order", order, `"C" or "F"`);
  const dimensionSeparator = member(document, "dimension_separator") ?? ".";
  if (dimensionSeparator !== "." && dimensionSeparator !== "/") {
    throw wrongField(name, "dimension_separator", dimensionSeparator, `"." or "/"`);
  }
  const fillValue = fillOf(member(document, "fill_value"), type.dtype, name);
  return { shape, chunks, type, ...steps, fillValue, order, dimensionSeparator };
}

/** `.zarray` text as zarr-python writes it: sorted keys, 4 blanks, floats of `fill_value` with a point. */
export function printZarray(meta: ZarrArrayMeta): string {
  const { type, fillValue } = meta;
  if (meta.filters?.length) throw new EmporiumError("FORMAT_UNSUPPORTED", "filters are read, not written");
  if (type.dtype === "uint4") throw new EmporiumError("FORMAT_UNSUPPORTED", "Zarr has no type for packed 4-bit voxels");
  return printJson(
    {
      chunks: meta.chunks,
      compressor: meta.compressor,
      dimension_separator: meta.dimensionSeparator,
      dtype: zarrDTypeText(type.dtype, type.littleEndian),
      fill_value: printedFill(fillValue, type.dtype),
      filters: null,
      order: meta.order,
      shape: meta.shape,
      zarr_format: 2,
    },
    { sortKeys: true },
  );
}

/** `.zgroup` text. */
export function printZgroup(): string {
  return printJson({ zarr_format: 2 });
}

/** Checks a `.zgroup`. @throws {EmporiumError} FORMAT_FIELD or FORMAT_UNSUPPORTED when it is of another version. */
export function parseZgroup(bytes: Uint8Array, name = ".zgroup"): void {
  requireVersion2(parseMetadata(bytes, name), name);
}

/** User attributes, all of them, floats kept apart from integers. */
export function parseZattrs(bytes: Uint8Array, name = ".zattrs"): JsonObject {
  return parseMetadata(bytes, name);
}

/** `.zattrs` text as zarr-python writes it. */
export function printZattrs(attributes: JsonObject): string {
  return printJson(attributes, { sortKeys: true });
}

/** Consolidated metadata (`.zmetadata`): parsed documents by key; one request describes a hierarchy. */
export function parseZmetadata(bytes: Uint8Array, name = ".zmetadata"): Map<string, JsonObject> {
  const document = parseMetadata(bytes, name);
  const version = member(document, "zarr_consolidated_format");
  if (version !== 1) throw wrongField(name, "zarr_consolidated_format", version, "1");
  const metadata = asObject(member(document, "metadata"), name, "metadata");
  return new Map(Object.keys(metadata).map((key) => [key, asObject(metadata[key], name, `metadata.${key}`)]));
}

function requireVersion2(document: JsonObject, name: string): void {
  const version = member(document, "zarr_format");
  if (version === 2) return;
  if (version === 3) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: zarr_format is 3, only version 2 is read`, {
      place: { file: name, path: "zarr_format" },
    });
  }
  throw wrongField(name, "zarr_format", version, "2");
}

function lengths(document: JsonObject, key: string, least: number, name: string): number[] {
  const value = member(document, key);
  if (!isArray(value)) throw wrongField(name, key, value, "a list of lengths");
  if (value.length > RANK_MAX) throw tooMuch(name, key, `${counted(value.length, "axis", "axes")}; at most ${RANK_MAX} are read`);
  return value.map((length, i) => {
    const at = `${key}.${i}`;
    if (typeof length === "bigint" || (typeof length === "number" && length > LIMITS.axisLength)) {
      throw tooMuch(name, at, `an axis of ${length}; at most ${LIMITS.axisLength} is read`);
    }
    if (typeof length !== "number" || !Number.isInteger(length) || length < least) {
      throw wrongField(name, at, length, `an integer of ${least} or more`);
    }
    return length + 0; // "-0" is an integer of JSON
  });
}

function dtypeOf(document: JsonObject, name: string): ZarrDType {
  const text = member(document, "dtype");
  const refuse = (what: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: dtype ${show(text)} ${what}`, {
      place: { file: name, path: "dtype" },
      hint: "supported are bool, integers of 1 to 8 bytes, floats of 2, 4 and 8 bytes and complex64",
    });
  if (isArray(text)) throw refuse("is a structure, arrays of plain numbers are read");
  if (typeof text !== "string") throw wrongField(name, "dtype", text, `a type such as "<f4"`);
  const type = parseZarrDType(text);
  if (!type) throw refuse("is not a number that is read");
  return type;
}

/** Filters and compressor. numcodecs treats them alike: a filter may compress, and a checksum may be the compressor. */
function stepsOf(
  document: JsonObject,
  type: ZarrDType,
  chunkBytes: number,
  name: string,
): Pick<ZarrArrayMeta, "compressor" | "filters"> {
  const filters = member(document, "filters") ?? null;
  if (filters !== null && !isArray(filters)) throw wrongField(name, "filters", filters, "null or a list");
  const steps: ByteStep[] = [];
  let current = type;
  const add = (value: Json, path: string) => {
    const step = codecOf(value, { type: current, name, path });
    steps.push(step);
    current = typeAfter(step, current);
  };
  filters?.forEach((item, i) => {
    add(item, `filters.${i}`);
  });
  const compressor = member(document, "compressor") ?? null;
  if (compressor !== null) add(compressor, "compressor");
  stepSizes(steps, chunkBytes, name, "filters");
  const last = steps.at(-1);
  if (last?.kind !== "compressor") return steps.length > 0 ? { compressor: null, filters: steps } : { compressor: null };
  return { compressor: last.config, ...(steps.length > 1 && { filters: steps.slice(0, -1) }) };
}

function codecOf(value: Json, place: FilterPlace): ByteStep {
  const { name, path } = place;
  const config = asObject(value, name, path);
  const id = member(config, "id");
  if (typeof id !== "string") throw wrongField(name, `${path}.id`, id, "the name of a codec");
  const step = stepOfId(id, config, place);
  if (step) return step;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${path.replace(".", " ")} ${show(id)} is not read`, {
    place: { file: name, path: `${path}.id` },
    hint: `supported are ${READ_STEPS.join(", ")}`,
  });
}

/** Filters and compressor in the order of encoding, for `decodeSteps`. */
export function zarrSteps({ filters = [], compressor }: Pick<ZarrArrayMeta, "compressor" | "filters">): ByteStep[] {
  return compressor ? [...filters, { kind: "compressor", config: compressor }] : [...filters];
}

function fillOf(value: Json | undefined, dtype: DType, name: string): FillValue | null {
  const wrong = (wanted: string) => wrongField(name, "fill_value", value, wanted);
  if (value === null || value === undefined) return null;
  if (dtype === "complex64") {
    if (!isArray(value) || value.length !== 2) throw wrong("null or two numbers");
    return [floatFill(value[0]!, wrong), floatFill(value[1]!, wrong)];
  }
  if (isFloatDType(dtype)) return floatFill(value, wrong);
  if (dtype === "bool") {
    if (typeof value === "boolean") return value;
    const number = toNumber(value);
    if (number === 0 || number === 1) return number === 1;
    throw wrong("true, false or null");
  }
  // Java writers give integers a float's form, or text
  const plain = typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : value;
  const whole = plain instanceof Float && Number.isSafeInteger(plain.value) ? plain.value : plain;
  const [least, greatest] = integerRange(dtype)!;
  const integer = typeof whole === "bigint" || Number.isInteger(whole) ? BigInt(whole as number | bigint) : undefined;
  if (integer === undefined || integer < least || integer > greatest)
    throw wrong(`an integer from ${least} to ${greatest}, or null`);
  return dtype.endsWith("64") ? integer : Number(integer);
}

const NUMBER = /^-?\d{1,40}(\.\d{0,40})?(e[+-]?\d{1,3})?$/i;

function floatFill(value: Json, wrong: (wanted: string) => EmporiumError): number {
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  const number = typeof value === "string" && NUMBER.test(value) ? Number(value) : toNumber(value);
  // other text is base64 of the bytes, which only types that are not read have
  if (number === undefined) throw wrong(`a number, "NaN", "Infinity", "-Infinity" or null`);
  return number;
}

function printedFill(fill: FillValue | null, dtype: DType): Json {
  if (fill === null || typeof fill === "boolean" || typeof fill === "bigint") return fill;
  if (typeof fill !== "number") return fill.map(printedFloat);
  return isFloatDType(dtype) ? printedFloat(fill) : fill;
}

function printedFloat(value: number): Json {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return new Float(value);
}

function tooMuch(name: string, path: string, message: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name}: ${path}: ${message}`, { place: { file: name, path } });
}

export function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}
