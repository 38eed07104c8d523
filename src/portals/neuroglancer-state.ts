import { type Json, type JsonObject, parseJson } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { replyFault } from "./faults.js";
import { listOf, objectsOf } from "./fields.js";
import { distinct } from "./links.js";

/**
 * A viewer's state from a link: JSON, or the form that survives in a URL without percent signs. There strings are between `'` or
 * `"`, a bare `"` inside `'…'` is literal and `\'` an apostrophe, and between values `_`, `&` and `,` are all commas. (Replacing
 * every quote and underscore of the text, as some programs do, breaks shaders and names.) A leading `+`, the viewer's sign for
 * "merge into the present state", is dropped.
 *
 * @param text percent-decoded
 * @throws {EmporiumError} PORTAL_REPLY
 */
export function parseState(text: string, url: string): JsonObject {
  const bare = text.trim().replace(/^\+/, "");
  let strict: unknown;
  for (const form of [() => bare, () => jsonOfUrlSafe(bare)]) {
    try {
      const state = jsonObject(parseJson(form()));
      if (state) return state;
      strict ??= new Error("it is not an object");
    } catch (error) {
      strict ??= error;
    }
  }
  throw replyFault(url, "the viewer's state is not JSON, neither plain nor as links have it", strict);
}

/** The same text as JSON. What is no JSON in it stays none. */
function jsonOfUrlSafe(text: string): string {
  let json = "";
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '"' || char === "'") {
      const end = closingQuote(text, at);
      json += char === '"' ? text.slice(at, end) : doubleQuoted(text.slice(at + 1, end - 1), end <= text.length);
      at = end;
    } else {
      json += char === "_" || char === "&" ? "," : char;
      at++;
    }
  }
  return json;
}

/** Behind the quote that closes the string beginning at `start`; past the end of the text where none does. */
function closingQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[start]) return at + 1;
  }
  return text.length + 1;
}

function doubleQuoted(inner: string, closed: boolean): string {
  const escaped = inner.replace(/\\.|"/gs, (found) => (found === '"' ? '\\"' : found === "\\'" ? "'" : found));
  return closed ? `"${escaped}"` : `"${escaped}`;
}

/** Sources without data to download: they are inside the viewer, or in a program beside it. */
const NOWHERE = /^(?:local|python):\/\//;

/** The URLs of all sources of all layers, in order. A source is a text, `{url}` with one or several, or a list of these. */
export function stateLinks(state: JsonObject): string[] {
  const { layers } = state;
  const urls = (source: Json): Json[] => (typeof source === "string" ? [source] : [...listOf(jsonObject(source)?.url)]);
  // Old states have an object of layers by name.
  const all = Array.isArray(layers) ? objectsOf(layers) : objectsOf(Object.values(jsonObject(layers) ?? {}) as Json[]);
  const texts = all.flatMap(({ source }) => listOf(source).flatMap(urls)).filter((url) => typeof url === "string");
  return distinct(texts.map((text) => text.trim()).filter((text) => text !== "" && !NOWHERE.test(text)));
}
