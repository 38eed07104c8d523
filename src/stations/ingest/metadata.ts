import { type Json, type JsonObject, parseJson, printJson } from "../../core/json.js";
import { isJsonObject } from "../../core/json-fields.js";
import { Float } from "../../core/number.js";

/** One level of an object that is being put together. Keys keep the order in which they are set. */
export type MutableJson = Record<string, Json>;

/**
 * Configured metadata with measured values merged in: maps merge key by key, other values are replaced. A key keeps its position;
 * new keys follow in the order of `over`. Neither argument is changed.
 */
export function deepMerge(under: JsonObject, over: JsonObject): JsonObject {
  const merged: MutableJson = {};
  for (const [key, value] of Object.entries(under)) if (value !== undefined) put(merged, key, value);
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
    put(merged, key, isJsonObject(below) && isJsonObject(value) ? deepMerge(below, value) : value);
  }
  return merged;
}

/**
 * The text of a metadata file without its time: configured values, measured ones, and the deposition's id if the configuration
 * has none.
 *
 * @param depositionId name of the deposition as the configuration writes it: `10301` stays a number, `'10301'` a text.
 */
export function metadataText(configured: JsonObject, measured: JsonObject, depositionId: Json): string {
  const merged = deepMerge(configured, measured) as MutableJson;
  if (!isTruthy(merged.deposition_id)) put(merged, "deposition_id", depositionId);
  return printJson(merged);
}

/** The text with `last_updated_at` set to whole seconds: in its place where the configuration has one, else at the end. */
export function stampMetadata(text: string, createdMs: number): string {
  const object = { ...(parseJson(text) as JsonObject) } as MutableJson;
  put(object, "last_updated_at", Math.floor(createdMs / 1000));
  return printJson(object);
}

/** True if two metadata texts differ only in their time. A text that is not JSON equals none. */
export function sameButForTime(a: string, b: string): boolean {
  try {
    return stampMetadata(a, 0) === stampMetadata(b, 0);
  } catch {
    return false;
  }
}

/** True when two values are the same in content, order and form of numbers. */
export function sameJson(a: Json, b: Json): boolean {
  return printJson(a, { indent: 0 }) === printJson(b, { indent: 0 });
}

/** Python's truth: empty text, zero, null and empty collections are false. */
export function isTruthy(value: Json | undefined): boolean {
  if (value instanceof Float) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (isJsonObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Sets an own key, also one such as `__proto__`. */
export function put(object: MutableJson, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}
