import { compareKeys } from "../../../stores/keys.js";
import type { Entry } from "../../../stores/store.js";
import { glob } from "../finders/glob.js";

/** Runs in which a glob finds one of some keys, or a folder that one lies in. @param runs the globs that each looks for */
export async function concernedBy(keys: ReadonlySet<string>, runs: ReadonlyMap<string, ReadonlySet<string>>): Promise<string[]> {
  if (keys.size === 0 || runs.size === 0) return [];
  const listing = listingOf(keys);
  // one of a shared file is looked for in every run
  const answers = new Map<string, boolean>();
  const finds = async (pattern: string) => {
    const known = answers.get(pattern);
    if (known !== undefined) return known;
    const found = (await glob(listing, pattern, { hidden: true })).length > 0;
    answers.set(pattern, found);
    return found;
  };
  const concerned: string[] = [];
  for (const [run, patterns] of runs) {
    for (const pattern of patterns) {
      if (!(await finds(pattern))) continue;
      concerned.push(run);
      break;
    }
  }
  return concerned;
}

/** Keys as folders that hold nothing else. */
function listingOf(keys: ReadonlySet<string>) {
  const folders = new Map<string, Map<string, Entry>>();
  for (const key of keys) {
    for (let name = key; name !== ""; ) {
      const folder = name.slice(0, name.lastIndexOf("/", name.length - 2) + 1);
      const entries = folders.get(folder) ?? new Map<string, Entry>();
      if (entries.has(name)) break;
      folders.set(folder, entries.set(name, { key: name, size: 0 }));
      name = folder;
    }
  }
  const sorted = new Map<string, Entry[]>();
  return {
    async children(folder: string) {
      const list = sorted.get(folder) ?? [...(folders.get(folder)?.values() ?? [])].sort((a, b) => compareKeys(a.key, b.key));
      sorted.set(folder, list);
      return list;
    },
    async child(folder: string, name: string) {
      const entries = folders.get(folder);
      return entries?.get(folder + name) ?? entries?.get(`${folder}${name}/`);
    },
  };
}
