import { EmporiumError, type Place } from "../../../core/errors.js";
import { type GlobPart, matchesGlob, parseGlob } from "../../../core/glob.js";
import { LIMITS } from "../../../core/limits.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Stat } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import type { Listing } from "./listing.js";

/** Folders listed at once. */
const LISTINGS_AT_ONCE = 16;

/** Something that a glob found: an object, or a folder (whose key has no slash at its end). */
export interface Match {
  readonly key: string;
  readonly folder: boolean;
  /** Only of objects. */
  readonly stat: Stat | undefined;
}

export interface GlobOptions {
  place?: Place | undefined;
  /** Lets wildcards match names with a leading dot, as the reference does in a bucket. Default false. */
  hidden?: boolean | undefined;
}

/** `start`: what every name that the segment matches begins with. */
type Segment = { literal: string } | { parts: readonly GlobPart[]; dot: boolean; start: string } | "deep";

/**
 * Finds the keys that match a pattern, in the same way on every store: `*` and `?` within a name, `[abc]`, `[a-z]` and `[!a]`,
 * and `**` as a whole segment for any number of folders, or none. A single character in brackets is literal (`[[]`). Names with a
 * leading dot, such as macOS's `._x`, are found only by patterns with a leading dot. `**` does not look inside Zarr and N5
 * folders.
 *
 * @param pattern relative to the store; slashes at its ends and `.` segments mean nothing.
 * @returns matches sorted by key in UTF-8 order. Folders that need not be listed are not.
 * @throws {EmporiumError} NAME_UNSAFE for `..`, CONFIG_LIMIT for too many matches
 */
export async function glob(
  listing: Pick<Listing, "children" | "child">,
  pattern: string,
  { place, hidden = false }: GlobOptions = {},
): Promise<Match[]> {
  const segments = segmentsOf(pattern, place);
  const found = new Map<string, Match>();
  const visible = (name: string) => hidden || !name.startsWith(".");
  const keep = (entry: Entry) => {
    const { key, size, etag, modifiedMs } = entry;
    const folder = key.endsWith("/");
    const bare = folder ? key.slice(0, -1) : key;
    // an object store may hold an object and a folder of one name: the object counts
    if (folder && found.has(bare)) return;
    found.set(bare, { key: bare, folder, stat: folder ? undefined : { size, etag, modifiedMs } });
    if (found.size > LIMITS.globMatches) {
      throw new EmporiumError("CONFIG_LIMIT", `a glob finds more than ${LIMITS.globMatches} names`, { place, hint: "narrow it" });
    }
  };
  const walk = async (folder: string, at: number): Promise<void> => {
    const segment = segments[at];
    if (segment === undefined) return;
    const last = at === segments.length - 1;
    if (segment !== "deep" && "literal" in segment) {
      if (!last) return walk(`${folder}${segment.literal}/`, at + 1);
      const entry = await listing.child(folder, segment.literal);
      if (entry) keep(entry);
      return;
    }
    if (segment === "deep" && !last) await walk(folder, at + 1);
    const below: { folder: string; at: number }[] = [];
    const entries = await listing.children(folder);
    const start = folder + (segment === "deep" ? "" : segment.start);
    for (let i = lowerBound(entries, start); i < entries.length && entries[i]!.key.startsWith(start); i++) {
      const entry = entries[i]!;
      const isFolder = entry.key.endsWith("/");
      const name = entry.key.slice(folder.length, isFolder ? -1 : undefined);
      if (segment === "deep") {
        if (!visible(name)) continue;
        if (last) keep(entry);
        if (isFolder && !/\.(?:zarr|n5)$/.test(name)) below.push({ folder: entry.key, at });
      } else if ((segment.dot || visible(name)) && matchesGlob(segment.parts, name)) {
        if (last) keep(entry);
        else if (isFolder) below.push({ folder: entry.key, at: at + 1 });
      }
    }
    await mapLimit(below, LISTINGS_AT_ONCE, (next) => walk(next.folder, next.at));
  };
  await walk("", 0);
  return [...found.values()].sort((a, b) => compareKeys(a.key, b.key));
}

/** Index of the first entry whose key is not before a text, by binary search: a listing may have the frames of all runs. */
function lowerBound(entries: readonly Entry[], text: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(entries[middle]!.key, text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A name written so that a glob finds just it. */
export function escapeGlob(text: string): string {
  return text.replace(/[*?[]/g, "[$&]");
}

/** Refuses what no glob can be, before any place is looked at. @throws {EmporiumError} NAME_UNSAFE, CONFIG_FIELD */
export function checkGlob(pattern: string, place?: Place): void {
  segmentsOf(pattern, place);
}

function segmentsOf(pattern: string, place: Place | undefined): Segment[] {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    throw new EmporiumError("NAME_UNSAFE", `the glob ${JSON.stringify(pattern)} leaves its folder`, {
      place,
      hint: "name files below source_prefix",
    });
  }
  return parts.map((part) => (part === "**" ? "deep" : parseSegment(part, place)));
}

function parseSegment(text: string, place: Place | undefined): Exclude<Segment, "deep"> {
  const parts = parseGlob(text, {
    fault() {
      throw new EmporiumError("CONFIG_FIELD", `the glob ${JSON.stringify(text)} has invalid brackets`, {
        place,
        hint: "write [[] for a literal bracket",
      });
    },
  });
  const wild = parts.findIndex((part) => typeof part !== "number");
  const start = String.fromCodePoint(...(parts.slice(0, wild < 0 ? undefined : wild) as number[]));
  return wild < 0 ? { literal: start } : { parts, dot: text.startsWith("."), start };
}
