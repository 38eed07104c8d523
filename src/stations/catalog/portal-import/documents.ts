import { asEmporiumError, EmporiumError, type Place } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { LIMITS } from "../../../core/limits.js";
import { objectName, type Store } from "../../../stores/store.js";

/** A metadata document of the tree. */
export interface Document {
  readonly key: string;
  readonly json: Json;
  /** For errors about a part of it: `tilt_range.min`. */
  place(path?: string): Place;
}

/** A document, or a part of it that is an object of its own: an author, a frame, a section. */
export interface Node {
  readonly document: Document;
  /** `frames.3`; empty for the whole. */
  readonly path: string;
  readonly value: JsonObject;
}

/** @returns undefined when there is no such object. @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT */
export async function readDocument(store: Store, key: string, signal?: AbortSignal): Promise<Document | undefined> {
  const text = await readText(store, key, signal);
  if (text === undefined) return undefined;
  const place = placeOf(store, key);
  try {
    return { key, json: parseJson(text), place: (path) => (path ? { ...place, path } : place) };
  } catch (error) {
    const { message, facts } = asEmporiumError(error);
    throw new EmporiumError("FORMAT_CORRUPT", message, {
      place: { ...place, ...facts.place },
      hint: "write the document again, or remove its folder",
      cause: error,
    });
  }
}

export async function readText(store: Store, key: string, signal?: AbortSignal): Promise<string | undefined> {
  const bytes = await store.read(key, { offset: 0, length: LIMITS.metadataBytes + 1 }, { signal });
  if (!bytes) return undefined;
  if (bytes.length > LIMITS.metadataBytes) {
    throw new EmporiumError("FORMAT_LIMIT", `more than ${LIMITS.metadataBytes} bytes found, which no metadata document has`, {
      place: placeOf(store, key),
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new EmporiumError("FORMAT_CORRUPT", "the text is not UTF-8", { place: placeOf(store, key), cause: error });
  }
}

export function placeOf(store: Store, key: string): Place {
  return store.local ? { file: objectName(store, key) } : { url: objectName(store, key) };
}

/** The whole document as an object. @throws {EmporiumError} FORMAT_FIELD */
export function rootOf(document: Document): Node {
  return nodeOf(document, "", document.json);
}

/** The objects of a list; a list that is absent or null has none. @throws {EmporiumError} FORMAT_FIELD */
export function nodesOf({ document, path, value }: Node, name: string): Node[] {
  const list = value[name];
  const at = path ? `${path}.${name}` : name;
  return listOf(document, at, list).map((item, i) => nodeOf(document, `${at}.${i}`, item));
}

export function listOf(document: Document, path: string, list: Json | undefined): readonly Json[] {
  if (list === undefined || list === null) return [];
  if (Array.isArray(list)) return list;
  throw new EmporiumError("FORMAT_FIELD", `expected a list, found ${describe(list)}`, { place: document.place(path) });
}

export function nodeOf(document: Document, path: string, value: Json): Node {
  if (isJsonObject(value)) return { document, path, value };
  throw new EmporiumError("FORMAT_FIELD", `expected an object, found ${describe(value)}`, { place: document.place(path) });
}

/** The value at `microscope.model`; undefined where anything on the way is absent. */
export function valueAt({ value }: Node, path: string): Json | undefined {
  let found: Json | undefined = value;
  for (const name of path.split(".")) {
    if (Array.isArray(found)) found = found[Number(name)];
    else if (isJsonObject(found) && Object.hasOwn(found, name)) found = found[name];
    else return undefined;
  }
  return found;
}

export function describe(value: Json | undefined): string {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? String(item) : item)) ?? "nothing";
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
