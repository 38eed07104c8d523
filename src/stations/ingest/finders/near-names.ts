import { existsSync } from "node:fs";
import { nearest } from "../../../core/nearest.js";
import { counted } from "../../../core/units.js";
import { escapeGlob, glob } from "./glob.js";
import type { Listing } from "./listing.js";

/** A glob with its variables filled in, below a store. */
export interface Looked {
  readonly listing: Listing;
  readonly pattern: string;
}

/** Folders whose names are compared, where wildcards lead into several. */
const FOLDERS = 3;
const NAMES_SHOWN = 3;
/** Names that are compared by edit distance at most; of more names only beginnings and ends are compared, which takes no time. */
const COMPARED = 2_000;

/**
 * A missing path and the names that exist instead: `looked for /in/TS_1_bin8.mrc (nearest: TS_1_bin4.mrc)`. The first missing part
 * of the path is compared with the names beside it. At most three folders that the glob has not listed yet are listed.
 */
export async function lookedText(looked: readonly Looked[]): Promise<string> {
  const texts: string[] = [];
  for (const { listing, pattern } of looked) {
    const parts = partsOf(pattern);
    texts.push(`looked for ${listing.fullPath(parts.join("/"))} (${await nearText(listing, parts)})`);
  }
  return texts.join("; ");
}

/** A variable that is empty leaves a slash at the beginning. */
const partsOf = (pattern: string): string[] => pattern.split("/").filter((part) => part !== "" && part !== ".");

async function nearText(listing: Listing, parts: readonly string[]): Promise<string> {
  let folders = [""];
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === "**") return "no file matches";
    const below: string[] = [];
    for (const folder of folders) {
      const found = await glob(listing, `${escapeGlob(folder)}/${part}`);
      below.push(...found.filter(({ folder: isFolder }) => isFolder || isLast).map(({ key }) => key));
    }
    if (below.length === 0) return besides(listing, folders, part, isLast);
    folders = below.slice(0, FOLDERS);
  }
  return "match_regex or exclude leaves out all matches";
}

async function besides(listing: Listing, folders: readonly string[], part: string, isLast: boolean): Promise<string> {
  const names: string[] = [];
  for (const folder of folders) {
    const start = folder === "" ? "" : `${folder}/`;
    for (const { key } of await listing.children(start)) {
      const isFolder = key.endsWith("/");
      // ours, or a user's settings
      if (key.startsWith(".", start.length)) continue;
      if (isLast || isFolder) names.push(key.slice(start.length, isFolder ? -1 : undefined));
    }
  }
  const where = listing.fullPath(folders[0]!) || "the input";
  if (names.length === 0) {
    const local = listing.store.local?.path(folders[0]!);
    if (local !== undefined && !existsSync(local)) return `${where} does not exist`;
    const [file] = (await listing.children(folders[0] === "" ? "" : `${folders[0]}/`)).filter(({ key }) => !key.endsWith("/"));
    return file === undefined ? `${where} is empty` : `no ${part}/: ${where} has no folders, and files such as ${file.key}`;
  }
  const word = part.replace(/\[(.)[^\]]*\]/g, "$1").replaceAll("*", "");
  const near = (names.length <= COMPARED ? nearest(word, names) : undefined) ?? sharing(word, names);
  if (near !== undefined) return isLast ? `nearest: ${near}` : `no ${part}/, nearest: ${near}`;
  const shown =
    names.slice(0, NAMES_SHOWN).join(", ") + (names.length > NAMES_SHOWN ? `, … (${counted(names.length, "name")})` : "");
  return isLast ? `found: ${shown}` : `no ${part}/, found: ${shown}`;
}

/** The name that begins and ends as the word does, for the longest way; undefined where hardly anything is shared. */
function sharing(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let most = Math.max(2, word.length / 2);
  for (const name of names) {
    const limit = Math.min(word.length, name.length);
    let start = 0;
    while (start < limit && word[start] === name[start]) start++;
    let end = 0;
    while (end < limit - start && word.at(-1 - end) === name.at(-1 - end)) end++;
    if (start + end > most) [best, most] = [name, start + end];
  }
  return best;
}
