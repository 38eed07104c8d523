import { existsSync } from "node:fs";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { formatSeconds } from "../../../core/units.js";
import { baseName } from "../../../stores/keys.js";
import { type Entry, objectName, type Stat, type Store } from "../../../stores/store.js";

/** About 250 bytes are kept of each file. */
const FILES_MAX = 1_000_000;
/** Names under which programs write what they rename when it is whole: copiers, browsers, editors, rsync's `.name.Ab12Cd`. */
const TEMPORARY =
  /~$|\.(?:tmp|temp|part|partial|filepart|crdownload|download|incomplete|inprogress|swp)$|^\..+\.[A-Za-z0-9]{6}$/i;

/** Reason that holds for nearly every file for a while: not worth a line of its own. */
export const JUST_COME = "has just arrived";

interface Seen {
  readonly stat: Stat;
  /** When this size, time and tag were seen first; monotonic. */
  readonly sinceMs: number;
  /** Its size or time has changed since it was seen first. */
  readonly grew: boolean;
  readonly isTemporary: boolean;
}

/** The files of a folder that others write into, as they were when it was last listed. */
export interface Rest {
  /** Lists the folder. @throws {EmporiumError} STORE_…, CONFIG_LIMIT for too many files */
  look(signal?: AbortSignal): Promise<void>;
  /** Changes when the set of files that are complete does. */
  readonly version: number;
  /** Keys that came, changed, went or became complete since they were last taken from here. */
  readonly news: Set<string>;
  /** When anything last came, changed, or went; monotonic. */
  readonly changedMs: number;
  /** Why a file, or a folder that is one image, is not to be read yet; undefined: it is complete. @param stat as it is now, where known */
  why(key: string, stat?: Stat): string | undefined;
  /** Whether a complete file has this name, in whatever folder. */
  hasName(name: string): boolean;
  has(key: string): boolean;
  keys(): Iterable<string>;
  /** Files that are not complete, in the order of their keys. */
  pending(): { readonly key: string; readonly why: string }[];
}

/**
 * Judges files by size and time alone: NFS, SMB and buckets tell no one of writes. A file is complete when both have stayed the
 * same for `restMs` of our own clock; its own time may be that of a machine with another clock, or of the file it is a copy of.
 */
export function restOf(store: Store, prefix: string, restMs: number, clock: Pick<Clock, "monotonic">): Rest {
  let files = new Map<string, Seen>();
  let complete = new Set<string>();
  let names = new Set<string>();
  let folders = new Map<string, string>();
  let version = 0;
  const news = new Set<string>();
  let changedMs = clock.monotonic();
  let nowMs = changedMs;
  const reasonOf = ({ stat, sinceMs, grew, isTemporary }: Seen): string | undefined => {
    if (isTemporary) return "has a temporary name";
    if (nowMs - sinceMs >= restMs) return stat.size === 0 ? "is empty" : undefined;
    const agoMs = nowMs - sinceMs;
    return !grew ? JUST_COME : `is still growing${agoMs < 1000 ? "" : `: it changed ${formatSeconds(agoMs / 1000)} ago`}`;
  };
  return {
    async look(signal) {
      nowMs = clock.monotonic();
      const next = new Map<string, Seen>();
      let changed = false;
      for await (const entry of store.list(prefix, { signal })) {
        if (isHidden(entry.key)) continue;
        const before = files.get(entry.key);
        const same = before !== undefined && isSame(before.stat, entry);
        if (!same) {
          changed = true;
          news.add(entry.key);
        }
        next.set(entry.key, same ? before : seenOf(entry, nowMs, before !== undefined));
        if (next.size > FILES_MAX) {
          throw new EmporiumError("CONFIG_LIMIT", `${objectName(store, prefix)} has more than ${FILES_MAX} files`, {
            hint: "watch the folder of one session",
          });
        }
      }
      if (changed || next.size !== files.size) changedMs = nowMs;
      for (const key of files.keys()) if (!next.has(key)) news.add(key);
      files = next;
      const ready = new Set<string>();
      folders = new Map();
      for (const [key, seen] of files) {
        if (reasonOf(seen) === undefined) {
          ready.add(key);
          if (!complete.has(key)) news.add(key);
        } else for (let at = key.lastIndexOf("/"); at > 0; at = key.lastIndexOf("/", at - 1)) folders.set(key.slice(0, at), key);
      }
      if (changed || ready.size !== complete.size || [...ready].some((key) => !complete.has(key))) {
        names = new Set([...ready].map(baseName));
        complete = ready;
        version++;
      }
    },
    get version() {
      return version;
    },
    news,
    get changedMs() {
      return changedMs;
    },
    why(key, stat) {
      const inside = folders.get(key);
      if (inside !== undefined) return `${baseName(inside)} in it ${reasonOf(files.get(inside)!)}`;
      const seen = files.get(key);
      if (!seen) return stat === undefined ? undefined : JUST_COME;
      return stat !== undefined && !isSame(seen.stat, stat) ? "is still growing" : reasonOf(seen);
    },
    hasName: (name) => names.has(name),
    has: (key) => files.has(key),
    keys: () => files.keys(),
    pending() {
      const list: { key: string; why: string }[] = [];
      for (const [key, seen] of files) {
        const why = reasonOf(seen);
        if (why !== undefined) list.push({ key, why });
      }
      return list;
    },
  };
}

/** `/mnt/krios has no complete tilt series`, or that the folder is not there: its name may be wrong, and a session may make it later. */
export function lacking(store: Store, prefix: string, what: string): string {
  const name = objectName(store, prefix);
  const isAbsent = store.local !== undefined && !existsSync(store.local.path(prefix));
  return isAbsent ? `${name} does not exist` : `${name} has no complete ${what}`;
}

/**
 * Whether a desktop left it (`.DS_Store`, `._x`): no glob finds it. A file that rsync is writing has such a name too, and counts.
 */
function isHidden(key: string): boolean {
  return /(?:^|\/)\./.test(key) && key.split("/").some((part) => part.startsWith(".") && !TEMPORARY.test(part));
}

function seenOf({ key, size, etag, modifiedMs }: Entry, sinceMs: number, grew: boolean): Seen {
  return { stat: { size, etag, modifiedMs }, sinceMs, grew, isTemporary: TEMPORARY.test(baseName(key)) };
}

function isSame(a: Stat, b: Stat): boolean {
  return a.size === b.size && a.etag === b.etag && a.modifiedMs === b.modifiedMs;
}
