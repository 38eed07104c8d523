import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inNumbers } from "../core/natural-order.js";
import type { JobForms } from "../model/page-api.js";
import { errnoOf } from "../stores/file/errors.js";
import { isHiddenKey } from "./hidden.js";
import type { JobRoot } from "./job-locations.js";

const DEPTH = 3;
/** Entries of folders that are looked at. */
const ENTRIES = 5_000;
const CONFIGS = 200;
const FOLDERS = 500;
/** In which a configuration says that it is one. */
const HEAD_BYTES = 16 * 2 ** 10;

/** Configurations of deposits below the roots of this machine, nearest first. Links are not followed. */
export async function findConfigs(roots: readonly JobRoot[]): Promise<Pick<JobForms, "configs" | "isCut">> {
  const configs: { location: string; folder: string }[] = [];
  const seen = new Set<string>();
  let entries = 0;
  let isCut = false;
  const waiting = roots
    .filter(({ location, isFile }) => location.startsWith("/") && isFile !== true)
    .map(({ location }) => ({ folder: location, depth: 0 }));
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { folder, depth } = next;
    if (seen.has(folder)) continue;
    seen.add(folder);
    const found = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      // one that is gone has none; what is in one that may not be read, nobody knows
      if (errnoOf(error) !== "ENOENT") isCut = true;
      return [];
    });
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++entries > ENTRIES || configs.length >= CONFIGS) return { configs, isCut: true };
      if (isHiddenKey(entry.name)) continue;
      const location = join(folder, entry.name);
      if (entry.isDirectory() && depth < DEPTH && !/\.zarr$/.test(entry.name))
        waiting.push({ folder: location, depth: depth + 1 });
      else if (entry.isFile() && /\.ya?ml$/i.test(entry.name) && (await isConfig(location))) {
        configs.push({ location, folder: dirname(location) });
      }
    }
  }
  return { configs, isCut };
}

/** Folders of this machine that are directly in the roots, or are one. */
export async function findFolders(roots: readonly JobRoot[]): Promise<string[]> {
  const own = roots.filter(({ location, isFile }) => location.startsWith("/") && isFile !== true);
  const found: string[] = [];
  for (const { location } of own) {
    // of one that is gone or may not be read nobody knows any
    const entries = await readdir(location, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory() && !isHiddenKey(entry.name) && !/\.zarr$/.test(entry.name));
    found.push(location, ...folders.map(({ name }) => join(location, name)));
  }
  return [...new Set(found)].sort(inNumbers).slice(0, FOLDERS);
}

async function isConfig(path: string): Promise<boolean> {
  try {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return /^["']?standardization_config["']?\s*:/m.test(buffer.toString("utf8", 0, bytesRead));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}
