import type { JsonObject } from "../../../core/json.js";
import { jsonObject } from "../../../core/json-fields.js";
import type { Store } from "../../../stores/store.js";
import { documentText, readDocument } from "./document.js";

/** Where a viewer finds every date without listing the bucket. */
export const INDEX_KEY = "neurons/index.json";

export interface IndexedDate {
  readonly location: string;
  readonly date: string;
  /** Of the metadata document. */
  readonly key: string;
  readonly neurons: number;
  readonly sha256: string;
}

/**
 * The index with the dates of this run; other dates stay as they are there, unless the bucket has them no more. Undefined where it is the same already.
 *
 * Form: `{"version": 1, "locations": {LOC: {DATE: {"key", "neurons", "sha256"}}}}`, dates in their order.
 *
 * @param present dates that the bucket has below each location that was looked at.
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
