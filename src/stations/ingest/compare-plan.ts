import type { Task } from "../../engine/task.js";
import type { Entry, Store } from "../../stores/store.js";
import { mapLimit } from "../../system/parallel.js";
import { cachedListing, type Listing } from "./finders/listing.js";
import { sameButForTime } from "./metadata.js";
import { COPY_OPERATION, METADATA_OPERATION } from "./ops/names.js";
import type { IngestPlan } from "./plan.js";

/** State of an output on the target: absent, as the plan would write it, or different. */
export type Presence = "new" | "same" | "changed";

/** A plan compared with its target. */
export interface PlanComparison {
  /** State of one output; undefined for a key that the plan does not write. */
  of(key: string): Presence | undefined;
  /** State of several outputs together: `same` only when all are. */
  ofAll(keys: readonly string[]): Presence | undefined;
}

const READS_AT_ONCE = 16;
/** Files up to this size are compared byte by byte; of larger ones the size decides. */
const COMPARED_BYTES = 2 ** 20;

/**
 * Compares each output of a plan with the target: documents by their content without the time, small files byte by byte, large
 * ones by size. A volume is the same if its files exist and its metadata are the same.
 *
 * Cost: one listing a folder, one request a document and small file.
 */
export async function comparePlan(
  { tasks }: Pick<IngestPlan, "tasks">,
  target: Store,
  signal: AbortSignal | undefined,
  source?: Store,
): Promise<PlanComparison> {
  const listing = cachedListing(target, signal);
  const found = new Map<string, Presence>();
  await mapLimit(tasks, READS_AT_ONCE, async (task) => {
    for (const [key, presence] of await compareTask(task, listing, source, signal)) found.set(key, presence);
  });
  return {
    of: (key) => found.get(key),
    ofAll(keys) {
      const all = new Set(keys.flatMap((key) => found.get(key) ?? []));
      return all.size === 1 ? [...all][0] : all.size === 0 ? undefined : "changed";
    },
  };
}

async function compareTask(
  { run, params, outputs, inputs }: Task,
  listing: Listing,
  source: Store | undefined,
  signal: AbortSignal | undefined,
): Promise<[string, Presence][]> {
  const entries = await Promise.all(outputs.map(async (key) => [key, await entryOf(listing, key)] as const));
  const texts = new Map<string, string>();
  const put = (key: unknown, text: unknown) => {
    if (typeof key === "string" && typeof text === "string") texts.set(key, text);
  };
  put(run === METADATA_OPERATION ? params.key : params.metadataKey, params.metadata);
  const read = async (store: Store, key: string) => store.read(key, undefined, { signal });
  const compared = await Promise.all(
    entries.map(async ([key, entry]): Promise<[string, Presence]> => {
      if (!entry) return [key, "new"];
      const metadata = texts.get(key);
      if (metadata !== undefined) {
        const present = await read(listing.store, key);
        return [key, present && sameButForTime(new TextDecoder().decode(present), metadata) ? "same" : "changed"];
      }
      if (params.document === key && typeof params.text === "string") {
        const present = await read(listing.store, key);
        return [key, present && new TextDecoder().decode(present) === params.text ? "same" : "changed"];
      }
      const size = run === COPY_OPERATION ? (inputs[0]?.size ?? params.size) : params.size;
      if (typeof size !== "number") return [key, "same"];
      if (size !== entry.size) return [key, "changed"];
      if (run !== COPY_OPERATION || !source || !inputs[0] || size > COMPARED_BYTES) return [key, "same"];
      const [theirs, ours] = await Promise.all([read(listing.store, key), read(source, inputs[0].key)]);
      return [key, theirs && ours && Buffer.compare(theirs, ours) === 0 ? "same" : "changed"];
    }),
  );
  // a volume that is there is vouched for by its metadata
  const document = compared.find(([key]) => texts.has(key))?.[1];
  if (document === undefined || document === "same") return compared;
  return compared.map(([key, presence]) => [key, presence === "same" && !texts.has(key) ? "changed" : presence]);
}

/** The entry at a key; undefined where there is none. Folders whose parent is absent are not listed. */
async function entryOf(listing: Listing, key: string): Promise<Entry | undefined> {
  const parts = key.replace(/\/$/, "").split("/");
  let folder = "";
  for (const part of parts.slice(0, -1)) {
    const entry = await listing.child(folder, part);
    if (!entry?.key.endsWith("/")) return undefined;
    folder = entry.key;
  }
  return listing.child(folder, parts.at(-1)!);
}
