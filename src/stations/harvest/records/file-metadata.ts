import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson, printJson } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import { isFloat, toNumber } from "../../../core/number.js";
import { listOf, objectFrom, textOf } from "../../../portals/fields.js";
import type { Acquisition, NormalisedRecord, RecordSource } from "./record.js";
import { referenceForm } from "./reference-form.js";
import { readReferenceRecord } from "./reference-read.js";

/**
 * The document `file_metadata.json`: name → record.
 *
 * @param compat the reference program's form and values
 */
export function fileMetadata(records: readonly NormalisedRecord[], { compat = false } = {}): JsonObject {
  return objectFrom(records.map((record) => [record.name, compat ? referenceForm(record) : recordJson(record)]));
}

/** A record as JSON. Values that JSON numbers cannot be are text. */
export function recordJson(record: object): JsonObject {
  return jsonSafe(record) as JsonObject;
}

/** Prints a document. Floats and integers stay distinct, numbers beyond 2⁵³ keep their digits. */
export function printDocument(document: JsonObject): string {
  return printJson(document, { indent: 2 });
}

function jsonSafe(value: unknown): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (isFloat(value)) return Number.isFinite(value.value) ? value : value.toString();
  if (value === undefined || value === null || typeof value === "function" || typeof value === "symbol") return null;
  if (typeof value !== "object") return value as string | boolean | bigint;
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, jsonSafe);
  if (Array.isArray(value)) return value.map(jsonSafe);
  return objectFrom(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, jsonSafe(item)] as const])));
}

/** A record of a document, of this program or the reference program. */
export interface ReadFileRecord {
  record: NormalisedRecord;
  /** The reference program's own record, its errors included. */
  reference: JsonObject | undefined;
}

/**
 * Reads a `file_metadata.json` of this program or the reference program. Errors of the latter are corrected as far as possible:
 * height before width, named axes in their true order.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD
 */
export function readFileMetadata(text: string, file: string): ReadFileRecord[] {
  const document = jsonObject(parseJson(text.replace(/^\ufeff/, "")));
  if (!document) throw wrong(file, "", "expected an object of records");
  return Object.entries(document).flatMap(([name, value]): ReadFileRecord[] => {
    if (name === "errors" && Array.isArray(value)) return [];
    const record = jsonObject(value);
    if (!record) throw wrong(file, name, "a record is an object");
    if (!Array.isArray(record.shape)) throw wrong(file, `${name}.shape`, "expected a list of lengths");
    const ours = textOf(record.format) !== undefined && jsonObject(record.sources) !== undefined;
    return [
      ours
        ? { record: readOwn(name, record, file), reference: undefined }
        : { record: readReferenceRecord(name, record), reference: record },
    ];
  });
}

function readOwn(name: string, record: JsonObject, file: string): NormalisedRecord {
  const shape = numbers(record.shape).map((length) => {
    if (length === null) throw wrong(file, `${name}.shape`, "expected a list of whole numbers");
    return length;
  });
  const rank = shape.length;
  const contrast = jsonObject(record.contrast);
  const [min, max] = [toNumber(contrast?.min), toNumber(contrast?.max)];
  const { location } = record;
  return {
    name,
    format: (textOf(record.format) ?? "unknown") as NormalisedRecord["format"],
    shape,
    dtype: textOf(record.dtype) ?? null,
    unit: fitted(texts(record.unit), rank),
    voxel_size: fitted(numbers(record.voxel_size), rank),
    offset: fitted(numbers(record.offset), rank),
    channels: toNumber(record.channels) ?? null,
    axes: listOf(record.axes).map((axis) => textOf(axis) ?? ""),
    contrast: min === undefined || max === undefined ? null : { min, max },
    acquisition: (plainNumbers(jsonObject(record.acquisition) ?? {}) ?? {}) as Acquisition,
    sources: (jsonObject(record.sources) ?? {}) as Record<string, RecordSource>,
    warnings: texts(record.warnings).filter((warning) => warning !== null),
    raw_metadata: jsonObject(record.raw_metadata) ?? {},
    ...(typeof location === "string" ? { location } : {}),
  };
}

/** Numbers of a list; null for other values. */
function numbers(value: Json | undefined): (number | null)[] {
  return listOf(value).map((item) => toNumber(item) ?? null);
}

function texts(value: Json | undefined): (string | null)[] {
  return Array.isArray(value) ? value.map((item: Json) => (typeof item === "string" ? item : null)) : [];
}

/** One entry for each axis. */
function fitted<T>(list: readonly T[], rank: number): (T | null)[] {
  return Array.from({ length: rank }, (_, axis) => list[axis] ?? null);
}

/** Quantities with finite numbers. */
function plainNumbers(value: Json | undefined): unknown {
  const number = toNumber(value);
  if (number !== undefined) return number;
  if (Array.isArray(value)) return value.map(plainNumbers);
  const object = jsonObject(value);
  return object ? Object.fromEntries(Object.entries(object).map(([key, item]) => [key, plainNumbers(item)])) : value;
}

function wrong(file: string, path: string, message: string): EmporiumError {
  return new EmporiumError("CONFIG_FIELD", `${file}: ${path === "" ? "" : `${path}: `}${message}`, {
    place: { file, path: path === "" ? undefined : path },
    hint: "give a file that emporium harvest inspect --out wrote",
  });
}
