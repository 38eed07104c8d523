import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";

/** Folder of a target in which the engine keeps locks. */
const OWN_FOLDER = ".emporium/";

/**
 * A tree is checked in groups, so that memory does not grow with it: a run (`10401/TS_1/`), a deposition
 * (`depositions_metadata/10301/`), any other folder on the second level, a Zarr at the root, and the objects directly in a
 * dataset (`10401/`) or at the root (`""`).
 */
export function groupOf(key: string): string {
  const first = key.indexOf("/");
  if (first < 0) return "";
  if (isZarr(key.slice(0, first + 1))) return key.slice(0, first + 1);
  const second = key.indexOf("/", first + 1);
  return key.slice(0, (second < 0 ? first : second) + 1);
}

function isZarr(folder: string): boolean {
  return folder.endsWith(".zarr/");
}

/** Objects of a group: all below a folder of the second level, else only those directly in the folder. */
export async function objectsOf(store: Store, group: string, signal: AbortSignal | undefined): Promise<Map<string, Entry>> {
  const objects = new Map<string, Entry>();
  const direct = group.split("/").length <= 2 && !isZarr(group);
  const entries = direct ? store.children(group, { signal }) : store.list(group, { signal });
  for await (const entry of entries) if (!entry.key.endsWith("/")) objects.set(entry.key, entry);
  return objects;
}

/** Groups of a tree, or of a folder of it, that hold anything, and those that records speak of; in the order of keys. */
export async function groupsOf(
  store: Store,
  prefix: string,
  recorded: Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const groups = new Set<string>();
  const depth = prefix.split("/").length - 1;
  if (depth >= 2) groups.add(prefix);
  else {
    groups.add(prefix);
    for await (const { key } of store.children(prefix, { signal })) {
      if (!key.endsWith("/") || key === OWN_FOLDER) continue;
      groups.add(key);
      if (depth === 1 || isZarr(key)) continue;
      for await (const child of store.children(key, { signal })) if (child.key.endsWith("/")) groups.add(child.key);
    }
  }
  for (const group of recorded) if (group.startsWith(prefix)) groups.add(group);
  return [...groups].sort(compareKeys);
}

/** The folder whose proof speaks of a group: a dataset, a deposition, or the root itself. */
export function proofFolderOf(group: string): string {
  const [first = "", second = ""] = group.split("/");
  if (first === "" || isZarr(group)) return "";
  return first === "depositions_metadata" && second !== "" ? `${first}/${second}/` : `${first}/`;
}
