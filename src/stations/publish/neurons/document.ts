import { createHash } from "node:crypto";
import { type JsonObject, parseJson, printJsonLine } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import type { Store } from "../../../stores/store.js";

/** Text of a metadata document. With `compat` the bytes are those that Python prints; otherwise UTF-8 with a line end. */
export function documentText(document: JsonObject, compat: boolean): string {
  return compat ? printJsonLine(document) : `${printJsonLine(document, { ascii: false })}\n`;
}

/** Differences that writing a document would make. */
export interface DocumentDiff {
  readonly key: string;
  readonly state: "new" | "changed" | "same";
  /** Ids of neurons; the same in the next two fields. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Limit in bytes: larger documents were not written by this program. */
const DOCUMENT_BYTES_MAX = 64 * 1024 * 1024;

export async function diffDocument(
  bucket: Store,
  key: string,
  text: string,
  document: JsonObject,
  signal: AbortSignal | undefined,
): Promise<DocumentDiff> {
  const before = await readDocument(bucket, key, signal);
  const now = neuronsOf(document);
  if (before === undefined) return { key, state: "new", added: [...now.keys()], removed: [], changed: [] };
  if (before.text === text) return { key, state: "same", added: [], removed: [], changed: [] };
  const then = neuronsOf(before.document);
  return {
    key,
    state: "changed",
    added: [...now.keys()].filter((id) => !then.has(id)),
    removed: [...then.keys()].filter((id) => !now.has(id)),
    changed: [...now].filter(([id, entry]) => then.has(id) && then.get(id) !== entry).map(([id]) => id),
  };
}

/** Reads the object of a key as text; without `document` where it is no JSON object. */
async function readDocument(
  bucket: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ text: string; document: JsonObject | undefined } | undefined> {
  const stat = await bucket.stat(key, { signal });
  if (!stat) return undefined;
  if (stat.size > DOCUMENT_BYTES_MAX) return { text: "", document: undefined };
  const bytes = await bucket.read(key, undefined, { signal });
  if (!bytes) return undefined;
  const text = new TextDecoder().decode(bytes);
  try {
    return { text, document: jsonObject(parseJson(text)) };
  } catch {
    return { text, document: undefined };
  }
}

function neuronsOf(document: JsonObject | undefined): Map<string, string> {
  const neurons = jsonObject(document?.neurons);
  return new Map(Object.entries(neurons ?? {}).map(([id, entry]) => [id, printJsonLine(entry ?? null)]));
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Key of the index, with which a viewer finds every date without listing the bucket. */
export const INDEX_KEY = "neurons/index.json";

export interface IndexedDate {
  readonly location: string;
  readonly date: string;
  /** Key of the metadata document. */
  readonly key: string;
  readonly neurons: number;
  readonly sha256: string;
}

/**
 * The index with the dates of this run. Other dates stay, unless they are no longer in the bucket. Undefined where the index has
 * not changed.
 *
 * Form: `{"version": 1, "locations": {LOC: {DATE: {"key", "neurons", "sha256"}}}}`, sorted by date.
 *
 * @param present the bucket's dates below each location that was listed
 */
export async function indexText(
  bucket: Store,
  dates: readonly IndexedDate[],
  present: ReadonlyMap<string, ReadonlySet<string>>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const before = await readDocument(bucket, INDEX_KEY, signal);
  const locations: Record<string, Record<string, JsonObject>> = {};
  for (const [location, known] of Object.entries(jsonObject(before?.document?.locations) ?? {})) {
    for (const [date, entry] of Object.entries(jsonObject(known) ?? {})) {
      const kept = jsonObject(entry);
      if (kept && (present.get(location)?.has(date) ?? true)) put(locations, location, date, kept);
    }
  }
  for (const { location, date, key, neurons, sha256 } of dates) put(locations, location, date, { key, neurons, sha256 });
  const sorted = (value: Record<string, JsonObject>) =>
    Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  const document = {
    version: 1,
    locations: sorted(Object.fromEntries(Object.entries(locations).map(([location, known]) => [location, sorted(known)]))),
  };
  const text = documentText(document, false);
  return text === before?.text ? undefined : text;
}

function put(locations: Record<string, Record<string, JsonObject>>, location: string, date: string, entry: JsonObject): void {
  if (!Object.hasOwn(locations, location))
    Object.defineProperty(locations, location, { value: {}, enumerable: true, writable: true, configurable: true });
  Object.defineProperty(locations[location]!, date, { value: entry, enumerable: true, writable: true, configurable: true });
}
