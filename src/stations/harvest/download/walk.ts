import { createHash } from "node:crypto";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { checkKey } from "../../../stores/keys.js";
import type { Entry } from "../../../stores/store.js";

export interface WalkOptions {
  /** Folders that are listed in parallel, within the host's rate limit. */
  atOnce?: number | undefined;
  foldersMax?: number | undefined;
  depthMax?: number | undefined;
  /** A folder that is not listed but returned as one entry. */
  isWhole?: ((folder: string) => boolean) | undefined;
  /** Called for a folder or name that cannot be listed; the walk continues. Default: the walk ends. */
  onFault?: ((key: string, error: EmporiumError) => void) | undefined;
  /** Told of a folder that looks like a link to the folders above it. */
  onCircle?: ((folder: string) => void) | undefined;
}

export interface WalkedEntry extends Entry {
  /** A folder that `isWhole` named; its key has no last `/`. */
  whole?: boolean | undefined;
}

const AT_ONCE = 4;
const FOLDERS_MAX = 1_000_000;
const DEPTH_MAX = 100;

/**
 * Everything below a folder, breadth-first, several folders at a time. Only direct children of a folder are followed, so nothing
 * above the start. A folder with the same names, sizes and dates as two folders above it is a link to them, and is skipped.
 *
 * @param children the direct children of a folder (`""`: the start): keys from the start, of folders with a last `/`
 */
export async function* walkTree(
  children: (folder: string) => AsyncIterable<Entry>,
  {
    atOnce = AT_ONCE,
    foldersMax = FOLDERS_MAX,
    depthMax = DEPTH_MAX,
    isWhole = () => false,
    onFault,
    onCircle,
  }: WalkOptions = {},
): AsyncGenerator<WalkedEntry> {
  let level: { key: string; marks: readonly string[] }[] = [{ key: "", marks: [] }];
  let folders = 1;
  const fault = (key: string, error: unknown) => {
    const ours = asEmporiumError(error);
    if (!onFault || ours.code === "CANCELLED") throw error;
    onFault(key, ours);
  };
  for (let depth = 0; level.length > 0; depth++) {
    const next: typeof level = [];
    const reading = level.map(() => undefined as Promise<Entry[]> | undefined);
    for (const [at, { key: folder, marks }] of level.entries()) {
      for (let ahead = at; ahead < Math.min(level.length, at + atOnce); ahead++)
        reading[ahead] ??= read(children, level[ahead]!.key);
      const answer = await reading[at]!.catch((error: unknown) => {
        if (folder === "") throw error;
        fault(folder, error);
        return undefined;
      });
      reading[at] = undefined;
      if (!answer) continue;
      const mark = markOf(folder, answer);
      if (mark !== undefined && marks.filter((other) => other === mark).length >= 2) {
        onCircle?.(folder);
        continue;
      }
      const below = mark === undefined ? marks : [...marks, mark];
      for (const entry of answer) {
        const name = entry.key.slice(folder.length).replace(/\/$/, "");
        if (!entry.key.startsWith(folder) || name === "" || name.includes("/")) continue;
        try {
          checkKey(entry.key, "either");
        } catch (error) {
          fault(entry.key, error);
          continue;
        }
        if (!entry.key.endsWith("/")) yield entry;
        else if (isWhole(entry.key)) yield { ...entry, key: entry.key.slice(0, -1), whole: true };
        else if (++folders > foldersMax || depth + 1 >= depthMax)
          fault(
            entry.key,
            tooMuch(
              entry.key,
              folders > foldersMax ? `more than ${counted(foldersMax, "folder")}` : `folders more than ${depthMax} deep`,
            ),
          );
        else next.push({ key: entry.key, marks: below });
      }
    }
    level = next;
  }
}

async function read(children: (folder: string) => AsyncIterable<Entry>, folder: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of children(folder)) found.push(entry);
  return found;
}

/** Identifies a folder by its contents. Undefined for folders of folders only, of which too many look alike. */
function markOf(folder: string, entries: readonly Entry[]): string | undefined {
  if (!entries.some(({ key }) => !key.endsWith("/"))) return undefined;
  const hash = createHash("sha256");
  for (const { key, size, modifiedMs } of entries) hash.update(`${key.slice(folder.length)}\0${size}\0${modifiedMs}\0`);
  return hash.digest("base64");
}

function tooMuch(folder: string, fault: string): EmporiumError {
  return new EmporiumError(
    "STORE_PROTOCOL",
    `${folder}: the listing has ${fault}, which looks like a loop; it is not looked into`,
    {
      hint: "name a folder deeper in the tree",
    },
  );
}
