import type { Json, JsonObject } from "../core/json.js";
import { jsonObject, member } from "../core/json-fields.js";
import { toNumber } from "../core/number.js";

/**
 * Portals give numbers as text, text as numbers, null for absent and objects for lists of one. These functions read all of these
 * forms.
 */

/** A list; one thing alone is a list of one; absent is empty. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

export function objectsOf(value: Json | undefined): JsonObject[] {
  return listOf(value)
    .map(jsonObject)
    .filter((item) => item !== undefined);
}

/** Text without blanks at both ends; numbers as text; undefined for empty and for anything else. */
export function textOf(value: Json | undefined): string | undefined {
  const text = typeof value === "string" ? value : toNumber(value) === undefined ? "" : String(value);
  return text.trim() || undefined;
}

/** A finite number, also where it is written as text (`"5628"`, `" 80.0 "`). */
export function numberOf(value: Json | undefined): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : toNumber(value);
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** The number of a list whose numbers are all equal; otherwise, and for an empty list, undefined. */
export function sameOf(values: readonly Json[]): number | undefined {
  const [first, ...others] = values.map(numberOf);
  return others.every((one) => one === first) ? first : undefined;
}

/** A whole number from 0, as identifiers are. */
export function idOf(value: Json | undefined): string | undefined {
  const number = numberOf(value);
  return Number.isSafeInteger(number) && number! >= 0 ? String(number) : undefined;
}

/** The value at a path of keys. */
export function at(value: Json | undefined, ...keys: string[]): Json | undefined {
  let here = value;
  for (const key of keys) {
    const object = jsonObject(here);
    here = object && member(object, key);
  }
  return here;
}

/** An object under names that came out of a reply, `__proto__` included. */
export function objectFrom(entries: Iterable<readonly [string, Json]>): JsonObject {
  const object: Record<string, Json> = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}
