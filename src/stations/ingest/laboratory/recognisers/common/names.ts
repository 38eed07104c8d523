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

/** `picks_bin8/TS_01.csv`, `TS_01_bin8_ribosomes.csv`. */
const BINNING = /(?:^|[^a-z])bin[ _-]?([1-9]\d?)(?!\d|\.\d)/i;

/** The binning that a path counts, `novactf_bin8/TS_01.rec`: that of the name of the file before those of its folders, the nearest first. */
export function namedBinning(path: string): number | undefined {
  const parts = [stemOf(path), ...path.split("/").slice(0, -1).reverse()];
  const [said] = parts.flatMap((part) => BINNING.exec(part)?.[1] ?? []);
  return said === undefined ? undefined : Number(said);
}
