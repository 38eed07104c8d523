import { isEmporiumError } from "../../../core/errors.js";
import { type Json, parseJson } from "../../../core/json.js";
import { Float } from "../../../core/number.js";

/**
 * JSON of acquisition programs: `NaN` and `Infinity` become null; closing NULs and characters that a database refuses (NUL,
 * single surrogates) are removed. Undefined for text that is not JSON.
 */
export function parseLooseJson(text: string): Json | undefined {
  const clean = text.replace(/[\0\s]+$/, "");
  try {
    return storable(parseJson(clean));
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
  }
  const repaired = clean.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs, (word) => (word.startsWith('"') ? word : "null"));
  try {
    return storable(parseJson(repaired));
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return undefined;
  }
}

/** A value that a JSON column of PostgreSQL takes. */
export function storable(value: Json): Json {
  if (typeof value === "string") return storableText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Float) return Number.isFinite(value.value) ? value : null;
  if (Array.isArray(value)) return value.map(storable);
  const object: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const options = { enumerable: true, configurable: true, writable: true };
    Object.defineProperty(object, storableText(key), { value: storable(member), ...options });
  }
  return object;
}

export function storableText(text: string): string {
  return /[\0\ud800-\udfff]/.test(text) ? text.replaceAll("\0", "").replace(/\p{Surrogate}/gu, "\ufffd") : text;
}
