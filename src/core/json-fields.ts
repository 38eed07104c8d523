import type { Json, JsonObject } from "./json.js";
import { Float } from "./number.js";

/** Reads JSON of unknown structure: values of an unexpected type are undefined or empty. */

export function isJsonObject(value: unknown): value is JsonObject {
  // a Float is the number that it holds
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

export function jsonObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

export function jsonList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A text; numbers are none. */
export function jsonText(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** An identifier: documents hold them as text and as numbers. */
export function jsonId(value: Json | undefined): string | undefined {
  return typeof value === "number" && Number.isFinite(value) ? String(value) : jsonText(value);
}

/** An own member: a key such as `constructor` finds nothing that the document does not have. */
export function member(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
