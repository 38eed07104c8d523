import { printJson } from "../core/json.js";
import type { Store } from "../stores/store.js";
import { ENGINE_FOLDER } from "./plan.js";

/** What an import into a tree has left unsaid, for whoever sends the tree on. */
export interface PlaceholderNote {
  /** File name of the configuration. */
  readonly config: string;
  /** Folders of the tree whose metadata may have such values: `10001`, `depositions_metadata/10301`. */
  readonly items: readonly string[];
  /** `12 lines to fill in and 3 guesses to check` */
  readonly says: string;
}

const FOLDER = `${ENGINE_FOLDER}/placeholders/`;

/** Notes that a job has imported values that nobody confirmed. Items of its earlier notes stay: they may not have been imported again. */
export async function notePlaceholders(tree: Store, job: string, note: PlaceholderNote): Promise<void> {
  const before = await readNote(tree, keyOf(job));
  const items = [...new Set([...(before?.items ?? []), ...note.items])].sort();
  await writeNote(tree, keyOf(job), { ...note, items });
}

/** A job has imported everything once more, without such values. */
export async function forgetPlaceholders(tree: Store, job: string): Promise<void> {
  await tree.remove(keyOf(job));
}

/** The notes of all jobs. */
export async function findPlaceholderNotes(tree: Store, signal?: AbortSignal): Promise<PlaceholderNote[]> {
  return [...(await notesByKey(tree, signal)).values()];
}

/**
 * Makes the notes of a copy those of its tree, for the items that were copied.
 *
 * @param whole the items were copied as they are: what the tree has no note of any more is forgotten
 */
export async function copyPlaceholderNotes(
  tree: Store,
  copy: Store,
  copied: ReadonlySet<string>,
  { whole, signal }: { whole: boolean; signal?: AbortSignal | undefined },
): Promise<void> {
  const [ours, theirs] = await Promise.all([notesByKey(tree, signal), notesByKey(copy, signal)]);
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const now = ours.get(key);
    const before = theirs.get(key);
    const kept = before?.items.filter((item) => !whole || !copied.has(item)) ?? [];
    const items = [...new Set([...kept, ...(now?.items.filter((item) => copied.has(item)) ?? [])])].sort();
    if (items.length > 0) await writeNote(copy, key, { ...(now ?? before!), items });
    else if (before) await copy.remove(key);
  }
}

async function notesByKey(tree: Store, signal: AbortSignal | undefined): Promise<Map<string, PlaceholderNote>> {
  const notes = new Map<string, PlaceholderNote>();
  for await (const { key } of tree.list(FOLDER, { signal })) {
    const note = await readNote(tree, key, signal);
    if (note) notes.set(key, note);
  }
  return notes;
}

async function writeNote(tree: Store, key: string, { config, items, says }: PlaceholderNote): Promise<void> {
  await tree.write(key, new TextEncoder().encode(printJson({ config, items, says })));
}

async function readNote(tree: Store, key: string, signal?: AbortSignal): Promise<PlaceholderNote | undefined> {
  const bytes = await tree.read(key, undefined, { signal });
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as PlaceholderNote);
}

const keyOf = (job: string): string => `${FOLDER}${encodeURIComponent(job).slice(0, 200)}.json`;
