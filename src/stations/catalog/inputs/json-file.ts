import { readFile } from "node:fs/promises";
import { EmporiumError, isEmporiumError, type Place } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { Float } from "../../../core/number.js";
import { counted } from "../../../core/units.js";

/** A JSON document, with the places of its keys. */
export interface JsonFile {
  readonly file: string;
  readonly value: JsonObject;
  /** Place of a key of the top object. */
  place(key: string): Place;
}

/**
 * Reads a file of JSON with an object at its top.
 *
 * @param role the file's name in messages: "configuration"
 * @throws {EmporiumError} CONFIG_SYNTAX with line and column, CONFIG_FIELD, CONFIG_LIMIT; USAGE for an unreadable file
 */
export async function readJsonFile(file: string, role: string): Promise<JsonFile> {
  return parseJsonFile(await readText(file, role), file, role);
}

/** Reads a text file that the user named. @throws {EmporiumError} USAGE, CONFIG_LIMIT */
export async function readText(file: string, role: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const why = code === "ENOENT" ? "does not exist" : code === "EISDIR" ? "is a folder" : `cannot be read (${code})`;
    throw new EmporiumError("USAGE", `the ${role} ${file} ${why}`, { place: { file }, hint: "check its name", cause });
  });
  if (bytes.length > LIMITS.tableBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `the ${role} has ${counted(bytes.length, "byte")}; at most ${LIMITS.tableBytes} are read`,
      {
        place: { file },
      },
    );
  }
  const mark = bytes.length >= 2 ? bytes.readUInt16BE(0) : 0;
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

export function parseJsonFile(text: string, file: string, role: string): JsonFile {
  if (text.length > LIMITS.configBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `the ${role} has ${counted(text.length, "character")}; at most ${LIMITS.configBytes} are read`,
      {
        place: { file },
      },
    );
  }
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    const what = error.message.replace(/^JSON: /, "").replace(/ at line \d+, column \d+/, "");
    throw new EmporiumError("CONFIG_SYNTAX", `the ${role} is not JSON: ${what}`, { place: { file, ...error.facts.place } });
  }
  if (!isJsonObject(value)) {
    throw new EmporiumError("CONFIG_FIELD", `the ${role} is ${kindOf(value)}; expected an object`, {
      place: { file, line: 1, column: 1 },
    });
  }
  const keys = topKeys(text);
  return { file, value, place: (key) => ({ file, ...lineAndColumn(text, keys.get(key) ?? 0), path: key }) };
}

export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Float || typeof value === "bigint") return "a number";
  return typeof value === "object" ? "an object" : typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
}

/** JSON with JavaScript's numbers instead of `Float`. */
export function plainJson(value: Json | undefined): unknown {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plainJson);
  if (!isJsonObject(value)) return value;
  const plain: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    Object.defineProperty(plain, key, { value: plainJson(member), enumerable: true, configurable: true, writable: true });
  }
  return plain;
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n?|\n/);
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

/** Places of the top object's keys in valid JSON. */
function topKeys(text: string): Map<string, number> {
  const keys = new Map<string, number>();
  let depth = 0;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/gs)) {
    const [token, colon] = match;
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && colon !== undefined) keys.set(String(JSON.parse(token.slice(0, -colon.length))), match.index);
  }
  return keys;
}
