import type { Field } from "../../../catalog/entities.js";
import { PORTAL_ENUMS } from "../../../catalog/portal-enums.js";
import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json } from "../../../core/json.js";
import { Float, floatRepr, toNumber } from "../../../core/number.js";
import { isStorableText, STORABLE_TEXT } from "../storable-text.js";
import { describe } from "./documents.js";

/** The type of a column's value. Lists are those of JSON columns. */
export type ColumnValue = string | number | boolean | null | readonly ColumnValue[];
export type Row = Record<string, ColumnValue>;

const INT_MAX = 2 ** 31 - 1;
const EPOCH = "1970-01-01T00:00:00+00:00";

/**
 * A document's value for its column. A missing value of a required column becomes `""`, 0, false or 1970: null would break every
 * query that includes the row.
 *
 * @param onFilled called in this case
 * @throws {EmporiumError} FORMAT_FIELD
 */
export function columnValue(field: Field, value: Json | undefined, place: () => Place, onFilled: () => void): ColumnValue {
  const given = value === undefined || value === null || (value === "" && field.type !== "text") ? null : value;
  if (given === null) {
    if (field.default !== undefined) return field.default;
    if (!field.required) return null;
    if (field.type === "enum" || field.type === "json") {
      throw wrong(value, `one of ${words(field).join(", ")}`, place);
    }
    onFilled();
    return FILL[field.type];
  }
  return CONVERT[field.type](given, field, place);
}

const FILL = { text: "", int: 0, float: 0, bool: false, date: EPOCH } as const;

type Convert = (value: Exclude<Json, null>, field: Field, place: () => Place) => ColumnValue;

const CONVERT: Readonly<Record<Field["type"], Convert>> = {
  text(value, _, place) {
    const text = Array.isArray(value)
      ? value.map((item: Json) => plainText(item) ?? wrongItem(item, place)).join(", ")
      : plainText(value);
    if (text === undefined) throw wrong(value, "a text", place);
    if (!isStorableText(text)) {
      throw wrong(value, STORABLE_TEXT, place);
    }
    return text;
  },
  int(value, _, place) {
    const number = numberOf(value);
    if (number === undefined || !Number.isInteger(number) || Math.abs(number) > INT_MAX) {
      throw wrong(value, "a whole number of at most 31 bits", place);
    }
    return number;
  },
  float(value, _, place) {
    const number = numberOf(value);
    if (number === undefined) throw wrong(value, "a number", place);
    return number;
  },
  bool(value, _, place) {
    if (typeof value === "boolean") return value;
    const word = typeof value === "string" ? value.toLowerCase() : toNumber(value);
    if (word === "true" || word === 1) return true;
    if (word === "false" || word === 0) return false;
    throw wrong(value, "true or false", place);
  },
  date(value, _, place) {
    const [, year, month, day] = (typeof value === "string" && /^(\d{4})-(\d{2})-(\d{2})$/.exec(value)) || [];
    const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
    if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) throw wrong(value, "a date as 2024-03-01", place);
    return `${year}-${month}-${day}T00:00:00+00:00`;
  },
  enum(value, field, place) {
    const known = words(field);
    const exact = known.find((word) => word === value);
    if (exact !== undefined) return exact;
    const near = known.filter((word) => typeof value === "string" && word.toLowerCase() === value.toLowerCase());
    if (near.length === 1) return near[0]!;
    throw wrong(value, `one of ${known.join(", ")}`, place);
  },
  json: (value, _, place) => jsonValue(value, place),
};

function words({ enumName }: Field): readonly string[] {
  return enumName ? PORTAL_ENUMS[enumName] : [];
}

/** Numbers keep the document's form: identifiers are sometimes numbers. */
function plainText(value: Json): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof Float) return floatRepr(value.value);
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : undefined;
}

function wrongItem(item: Json, place: () => Place): never {
  throw wrong(item, "a text", place);
}

function numberOf(value: Json): number | undefined {
  const number = typeof value === "string" && /^\s*[-+]?[\d.]+(?:e[-+]?\d+)?\s*$/i.test(value) ? Number(value) : toNumber(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

function jsonValue(value: Json, place: () => Place): ColumnValue {
  if (Array.isArray(value)) return value.map((item: Json) => jsonValue(item, place));
  const number = toNumber(value);
  if (number === undefined || !Number.isFinite(number)) throw wrong(value, "lists of numbers", place);
  return number;
}

export function wrong(value: Json | undefined, wanted: string, place: () => Place): EmporiumError {
  return new EmporiumError("FORMAT_FIELD", `expected ${wanted}, found ${describe(value)}`, { place: place() });
}
