import { EmporiumError } from "./errors.js";
import { Float, floatRepr } from "./number.js";

/** The values of metadata. Whole `number`s are integers, `Float`s are floats; a `number` with a fraction is a float as well. */
export type Json = null | boolean | number | bigint | string | Float | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export interface PrintOptions {
  /** Blanks a level. Default 4, as the portal's files. */
  indent?: number;
  /** Zarr's own documents have sorted keys; the portal's metadata keeps the order of the config. */
  sortKeys?: boolean;
}

/**
 * JSON text as Python's `json.dumps(value, indent=4)` writes it: ASCII only, `1.0` for floats, no trailing newline. This is the only
 * printer of metadata: the portal's readers compare text, and file names are made of numbers.
 *
 * @throws {EmporiumError} METADATA_VALUE for a number that is not finite (Python would print `NaN`, which is not JSON).
 */
export function printJson(value: Json, { indent = 4, sortKeys = false }: PrintOptions = {}): string {
  const print = (item: Json | undefined, path: string, depth: number): string => {
    if (item === null || item === undefined) return "null";
    if (typeof item === "string") return quote(item);
    if (typeof item === "boolean" || typeof item === "bigint") return String(item);
    if (item instanceof Float) return number(item.value, true, path);
    if (typeof item === "number") return number(item, !Number.isInteger(item), path);
    const inner = " ".repeat(indent * (depth + 1));
    const outer = " ".repeat(indent * depth);
    if (isJsonArray(item)) {
      if (item.length === 0) return "[]";
      return `[\n${item.map((child, i) => inner + print(child, `${path}.${i}`, depth + 1)).join(",\n")}\n${outer}]`;
    }
    const keys = Object.keys(item).filter((key) => item[key] !== undefined);
    if (sortKeys) keys.sort(byCodePoint);
    if (keys.length === 0) return "{}";
    const lines = keys.map((key) => `${inner}${quote(key)}: ${print(item[key], path ? `${path}.${key}` : key, depth + 1)}`);
    return `{\n${lines.join(",\n")}\n${outer}}`;
  };
  return print(value, "", 0);
}

/**
 * JSON text on one line as Python's `json.dumps(value)` writes it: `", "` and `": "` between, ASCII only. With `ascii: false` as
 * `ensure_ascii=False` has it; half a surrogate pair stays an escape, since UTF-8 has no bytes for it.
 *
 * @throws {EmporiumError} METADATA_VALUE for a number that is not finite.
 */
export function printJsonLine(value: Json, { ascii = true }: { ascii?: boolean } = {}): string {
  const escaped = ascii ? NOT_ASCII : NOT_UTF8;
  const quote = (text: string) => quoteBut(text, escaped);
  const print = (item: Json | undefined, path: string): string => {
    if (item === null || item === undefined) return "null";
    if (typeof item === "string") return quote(item);
    if (typeof item === "boolean" || typeof item === "bigint") return String(item);
    if (item instanceof Float) return number(item.value, true, path);
    if (typeof item === "number") return number(item, !Number.isInteger(item), path);
    if (isJsonArray(item)) return `[${item.map((child, i) => print(child, `${path}.${i}`)).join(", ")}]`;
    const keys = Object.keys(item).filter((key) => item[key] !== undefined);
    return `{${keys.map((key) => `${quote(key)}: ${print(item[key], path ? `${path}.${key}` : key)}`).join(", ")}}`;
  };
  return print(value, "");
}

/** Python sorts text by code points, `sort()` by UTF-16 units: they differ where a surrogate pair meets U+E000 and above. */
function byCodePoint(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
  const surrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
  if (surrogate(unitA) !== surrogate(unitB) && at < Math.min(a.length, b.length)) return surrogate(unitA) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function number(value: number, float: boolean, path: string): string {
  if (!Number.isFinite(value)) {
    throw new EmporiumError("METADATA_VALUE", `${path || "value"} is ${value}, JSON needs a finite number`, { place: { path } });
  }
  return float ? floatRepr(value) : Object.is(value, -0) ? "0" : BigInt(value).toString();
}

const SHORT: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

const NOT_ASCII = /["\\]|[^ -~]/g;
const NOT_UTF8 = /["\\\u0000-\u001f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function quote(text: string): string {
  return quoteBut(text, NOT_ASCII);
}

function quoteBut(text: string, escaped: RegExp): string {
  return `"${text.replace(escaped, (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

const WORD = /true|false|null|-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

/**
 * Parses JSON and keeps floats apart from integers (`1.0` gives a `Float`), so that what was written by Python can be written again
 * unchanged. Keys such as `__proto__` become own properties.
 */
export function parseJson(text: string): Json {
  let at = 0;
  const fail = (wanted: string): never => {
    const lines = text.slice(0, at).split("\n");
    const found = at >= text.length ? "the end" : JSON.stringify(text.slice(at, at + 12));
    const place = { line: lines.length, column: lines.at(-1)!.length + 1 };
    // many who know the file say nothing but the message
    const where = `line ${place.line}, column ${place.column}`;
    throw new EmporiumError("CONFIG_SYNTAX", `JSON: ${wanted} expected at ${where}, found ${found}`, { place });
  };
  const space = () => {
    while (at < text.length && " \t\r\n".includes(text[at]!)) at++;
  };
  const string = (): string => {
    const start = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at++;
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      at = start;
      return fail("a string");
    }
  };
  const value = (depth: number): Json => {
    if (depth > 512) fail("less depth");
    space();
    const first = text[at];
    if (first === '"') return string();
    if (first === "[") {
      const items: Json[] = [];
      at++;
      space();
      while (text[at] !== "]") {
        items.push(value(depth + 1));
        space();
        if (text[at] === "]") break;
        if (text[at] !== ",") fail(", or ]");
        at++;
        space();
        if (text[at] === "]") fail("a value");
      }
      at++;
      return items;
    }
    if (first === "{") {
      const object: Record<string, Json> = {};
      at++;
      space();
      while (text[at] !== "}") {
        if (text[at] !== '"') fail("a key");
        const key = string();
        space();
        if (text[at] !== ":") fail(":");
        at++;
        Object.defineProperty(object, key, { value: value(depth + 1), enumerable: true, writable: true, configurable: true });
        space();
        if (text[at] === "}") break;
        if (text[at] !== ",") fail(", or }");
        at++;
        space();
        if (text[at] === "}") fail("a key");
      }
      at++;
      return object;
    }
    WORD.lastIndex = at;
    const rest = WORD.exec(text);
    if (!rest) return fail("a value");
    at += rest[0].length;
    if (rest[0] === "true") return true;
    if (rest[0] === "false") return false;
    if (rest[0] === "null") return null;
    if (rest[1] !== undefined || rest[2] !== undefined) return new Float(Number(rest[0]));
    const integer = Number(rest[0]);
    return Number.isSafeInteger(integer) ? integer : BigInt(rest[0]);
  };
  const result = value(0);
  space();
  if (at < text.length) fail("the end");
  return result;
}
