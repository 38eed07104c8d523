import { baseName } from "./paths.js";

/** Name of a file without its folder and its last extension. */
export function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]+$/, "");
}

/** As stacks are called whose images an alignment has turned and shifted. */
export const ALIGNED = /(?:\.ali|_ali\.(?:mrc|st))$/i;

/** Characters between which words of a name stand. */
export const SEPARATORS = "_.- ";

/**
 * The longest beginning of a name that is known, and ends where a word ends.
 *
 * @returns the known name as it is written, and the rest of the name with its separator
 */
export function knownBeginning(name: string, isKnown: (name: string) => boolean): { begin: string; rest: string } | undefined {
  for (let at = name.length; at > 0; at--) {
    if (at < name.length && !SEPARATORS.includes(name[at]!)) continue;
    const begin = name.slice(0, at);
    if (isKnown(begin)) return { begin, rest: name.slice(at) };
  }
  return undefined;
}

/** Letters, digits and dashes, for the id of a question. */
export function idOf(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return plain === "" ? "unnamed" : plain;
}
