import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { type Json, type JsonObject, parseJson } from "../../core/json.js";
import { isJsonObject } from "../../core/json-fields.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";

/**
 * A metadata document of an array or group: UTF-8 JSON that is an object.
 *
 * @throws {EmporiumError} FORMAT_LIMIT (`LIMITS.metadataBytes`), FORMAT_CORRUPT (no UTF-8, no JSON), FORMAT_FIELD (no object).
 */
export function parseMetadata(bytes: Uint8Array, name: string): JsonObject {
  if (bytes.length > LIMITS.metadataBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${name}: ${counted(bytes.length, "byte")} of metadata; at most ${LIMITS.metadataBytes} are read`,
      {
        place: { file: name },
      },
    );
  }
  let value: Json;
  try {
    value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const place = { file: name, byte: isEmporiumError(cause) ? cause.facts.place?.byte : undefined };
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = "save the metadata as JSON in UTF-8";
    throw new EmporiumError("FORMAT_CORRUPT", `${name}: ${message}`, { place, hint, cause });
  }
  return asObject(value, name, "");
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function asObject(value: Json | undefined, name: string, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrongField(name, path, value, "an object");
}

/** Error of a field with a wrong value: its message gives the value and what was expected, its place the key. */
export function wrongField(name: string, path: string, found: Json | undefined, wanted: string, hint?: string): EmporiumError {
  const where = path === "" ? name : `${name}: ${path}`;
  return new EmporiumError("FORMAT_FIELD", `${where} is ${show(found)}; expected ${wanted}`, {
    place: { file: name, path: path === "" ? undefined : path },
    hint,
  });
}

export function show(value: Json | undefined): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? Number(item) : item));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
