import { baseName } from "./paths.js";

/** Name of a file without its folder and its last extension. */
export function stemOf(path: string): string {
  return baseName(path).replace(/\.[^.]+$/, "");
}

/** A name with the underscores that programs give, where somebody has put blanks for them: `TS 01 scores.mrc`. */
export const withUnderscores = (name: string): string => name.replaceAll(" ", "_");

/** As stacks are called whose images an alignment has turned and shifted. */
export const ALIGNED = /(?:\.ali|[_ ]ali\.(?:mrc|st))$/i;

/** Characters between which words of a name stand. */
export const SEPARATORS = "_.- ";

/**
 * The longest beginning of a name that is known, and ends where a word ends; also where somebody has put blanks for the underscores of the name.
 *
 * @returns the known name as it is known, and the rest of the name with its separator, with underscores for blanks
 */
export function knownBeginning(name: string, isKnown: (name: string) => boolean): { begin: string; rest: string } | undefined {
  const known = longestKnown(name, isKnown) ?? (name.includes(" ") ? longestKnown(withUnderscores(name), isKnown) : undefined);
  return known === undefined ? undefined : { begin: known, rest: withUnderscores(name.slice(known.length)) };
}

function longestKnown(name: string, isKnown: (name: string) => boolean): string | undefined {
  for (let at = name.length; at > 0; at--) {
    if (at < name.length && !SEPARATORS.includes(name[at]!)) continue;
    const begin = name.slice(0, at);
    if (isKnown(begin)) return begin;
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

/** The binning that a path counts, `novactf_bin8/TS_01.rec`; undefined where there is none, or two. */
export function namedBinning(path: string): number | undefined {
  const found = new Set([...path.matchAll(/(?:^|[/_.\- ])bin_?(\d+)(?=[/_.\- ]|$)/gi)].map(([, bin]) => Number(bin)));
  return found.size === 1 ? [...found][0] : undefined;
}
