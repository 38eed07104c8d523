import { readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EmporiumError } from "../core/errors.js";
import { parseLocation } from "./url.js";

/** Relation of one place to another: it is the `same`, lies `inside` it or `around` it, or `apart`. */
export type Nesting = "same" | "inside" | "around" | "apart";

/**
 * The relation of `place` to `other`, however they are written: relative, with `..`, through symbolic links or mounts, as a path
 * or a `file:` URL, as prefixes of one bucket, with other letter cases where the disk takes them for the same. A folder that is
 * not there yet lies where it would be made, one behind a link to nothing where the link leads to.
 *
 * @param place path or URL. Nothing is asked of the network.
 * @throws {EmporiumError} LOCATION_UNKNOWN, NAME_UNSAFE
 */
export function nestingOf(place: string, other: string): Nesting {
  const [one, two] = [chainOf(place), chainOf(other)];
  if (one[0] === two[0]) return "same";
  if (one.includes(two[0]!)) return "inside";
  return two.includes(one[0]!) ? "around" : "apart";
}

/** @throws {EmporiumError} USAGE where what would be written is the source, or lies inside of it. */
export function refuseInSource(written: string, source: string, { what, hint }: { what: string; hint: string }): void {
  const nesting = nestingOf(written, source);
  if (nesting !== "same" && nesting !== "inside") return;
  throw new EmporiumError(
    "USAGE",
    `${what} ${written} ${nesting === "same" ? "is" : "is inside of"} ${source}, which is only read`,
    {
      hint,
    },
  );
}

/** The key of a place in another one that lies around it; undefined where it does not. Folders of this machine must be there. */
export function keyWithin(place: string, around: string): string | undefined {
  if (nestingOf(place, around) !== "inside") return undefined;
  const [inner, outer] = [place, around].map((location) => {
    const { path, url } = parseLocation(location);
    return path === undefined ? url : (realOf(path) ?? path);
  });
  return inner!.startsWith(outer!)
    ? inner!
        .slice(outer!.length)
        .replaceAll("\\", "/")
        .replace(/^\/+|\/+$/g, "")
    : undefined;
}

/** The identity of a place, then those of all that it lies in. */
function chainOf(place: string): readonly string[] {
  const { path, url } = parseLocation(place);
  return path === undefined ? prefixesOf(url) : foldersOf(resolve(path));
}

function prefixesOf(url: string): string[] {
  const bare = url.replace(/\/+$/, "");
  const start = bare.indexOf("://") + "://".length;
  const chain = [bare];
  for (let slash = bare.lastIndexOf("/"); slash >= start; slash = bare.lastIndexOf("/", slash - 1))
    chain.push(bare.slice(0, slash));
  return chain;
}

/** Links to links that lead to nothing: as many as the system follows. */
const LINKS_MAX = 40;

/** Device and inode tell a folder, whatever leads to it. */
function foldersOf(path: string, links = 0): string[] {
  const missing: string[] = [];
  let real = realOf(path);
  let at = path;
  while (real === undefined && dirname(at) !== at) {
    const link = linkOf(at);
    if (link !== undefined && links < LINKS_MAX)
      return foldersOf(join(resolve(dirname(at), link), ...missing.reverse()), links + 1);
    missing.push(at.slice(dirname(at).length).replace(/^[/\\]/, ""));
    at = dirname(at);
    real = realOf(at);
  }
  const isBlind = missing.length > 0 && isCaseBlind(real ?? at);
  const chain: string[] = [];
  for (let folder = real ?? at; ; folder = dirname(folder)) {
    const { dev, ino } = statSync(folder, { bigint: true });
    chain.push(`${dev}:${ino}`);
    if (dirname(folder) === folder) break;
  }
  for (const name of missing.reverse()) chain.unshift(`${chain[0]}/${isBlind ? name.toLowerCase() : name}`);
  return chain;
}

/** Whether a folder is found by its name in other letters: then names in it are the same in any. */
function isCaseBlind(folder: string): boolean {
  const name = basename(folder);
  const other = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
  if (name === other) return dirname(folder) !== folder && isCaseBlind(dirname(folder));
  const found = statSync(join(dirname(folder), other), { bigint: true, throwIfNoEntry: false });
  const own = statSync(folder, { bigint: true });
  return found?.ino === own.ino && found.dev === own.dev;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
