import type { ReadOptions } from "../../../core/bytes.js";
import { EmporiumError } from "../../../core/errors.js";
import type { StoreOptions } from "../../../stores/location.js";
import { namedAddress } from "../../../stores/named-address.js";
import { absent, objectName, openObject, type Store } from "../../../stores/store.js";
import { openLocation, openStore, parseLocation } from "../../../stores/url.js";
import type { SourceFile } from "./frame.js";
import { type FrameFile, openFrameFile } from "./frame-file.js";

/** The source of a row: a file or a folder. */
export interface FrameSource {
  readonly kind: "file" | "folder";
  readonly store: Store;
  /** Key of a file. Files of a folder are below the store's root. */
  readonly key: string;
  /** For metadata: the path or address as typed. */
  readonly origin: string;
  readonly name: string;
}

/**
 * @param location a path or address, as a row of a table has it. An address is held to the rule for links: whoever wrote the table must not have
 *   this machine ask its own network, unless `allowPrivate`.
 * @throws {EmporiumError} ADDRESS_REFUSED, STORE_ABSENT, LOCATION_UNKNOWN, and what the store gives.
 */
export async function openFrameSource(location: string, options: StoreOptions & ReadOptions = {}): Promise<FrameSource> {
  const place = parseLocation(location);
  const origin = place.path ?? place.url;
  const readOnly = { ...options, ...(await namedAddress(place, options)), readOnly: true };
  if (place.key !== "" && !/[/\\]$/.test(location)) {
    const { store, key } = await openLocation(place, readOnly);
    if (await store.stat(key, options)) return { kind: "file", store, key, origin, name: objectName(store, key) };
  }
  const store = await openStore(place, readOnly);
  for await (const _ of store.children("", options)) return { kind: "folder", store, key: "", origin, name: origin };
  throw new EmporiumError("STORE_ABSENT", `${origin} does not exist, or is an empty folder`, {
    place: place.path === undefined ? { url: origin } : { file: origin },
    hint: "check the name in the table; relative names start at the working folder",
  });
}

/**
 * Files directly in a folder with such an ending, in natural order: `z2` before `z10`.
 *
 * @param folder one of the source's folders, with a last `/`. Default: the source itself.
 */
export async function filesOf(
  source: FrameSource,
  ending: RegExp,
  options: ReadOptions = {},
  folder = "",
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const entry of source.store.children(folder, options)) {
    // macOS's sidecars have the ending of their file
    if (!entry.key.endsWith("/") && ending.test(entry.key) && !entry.key.startsWith("._", folder.length))
      files.push(await withStat(source.store, entry.key, options));
  }
  return files.sort((a, b) => compareNatural(a.key, b.key));
}

export async function withStat(store: Store, key: string, options: ReadOptions = {}): Promise<SourceFile> {
  const stat = await store.stat(key, options);
  if (!stat) throw absent(store, key);
  return { key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs };
}

export async function openFrames(store: Store, key: string, options: ReadOptions = {}): Promise<FrameFile> {
  return openFrameFile(await openObject(store, key, options), options);
}

/** Digits by their value, everything else by code units, as in Python's natsort. */
function compareNatural(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/(\d+)/));
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) {
    const [x, y] = [left![i]!, right![i]!];
    if (x === y) continue;
    if (i % 2 === 1) {
      const difference = BigInt(x) - BigInt(y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
      continue;
    }
    return x < y ? -1 : 1;
  }
  return left!.length - right!.length || (a < b ? -1 : a > b ? 1 : 0);
}
