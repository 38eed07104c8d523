import { counted } from "./units.js";

/** The place to look at: an object or folder, and the position in it. */
export interface CheckPlace {
  /** Key relative to the tree, or to the input. */
  readonly key: string;
  /** Dotted path in a JSON document. */
  readonly path?: string | undefined;
  readonly byte?: number | undefined;
  /** Line number, from 1. */
  readonly line?: number | undefined;
}

/** One thing that is not as it should be: "found, wanted". */
export interface Finding {
  readonly found: string;
  readonly wanted: string;
  readonly place: CheckPlace;
  /** A paragraph, where found and wanted do not tell the story. */
  readonly explanation?: string | undefined;
  /** The lengths that several sources give, where they were compared. */
  readonly sources?: readonly FindingSource[] | undefined;
}

export interface FindingSource {
  /** Name of the source within a sentence: `the MRC header`. */
  readonly who: string;
  readonly angstrom: number;
  /** The source is wrong, as far as the others tell. */
  readonly isOdd: boolean;
}

/** The finding where a condition does not hold, nothing where it does. */
export function unless(holds: boolean, place: CheckPlace, found: string, wanted: string): Finding[] {
  return holds ? [] : [{ found, wanted, place }];
}

/** A number as people read it: 7 digits, no noise of float32. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** A name or text from a file, set apart from the sentence around it. */
export function quoted(text: string): string {
  return `${JSON.stringify(text)}`;
}

/** The first few of many, and how many more there are: `a, b, c and 2 more`. @param what they are, as one: `and 2 more files` */
export function few(items: readonly (string | number)[], most = 3, what?: string): string {
  const rest = items.length - most;
  const more = what === undefined ? `${rest} more` : counted(rest, `more ${what}`);
  return `${items.slice(0, most).join(", ")}${rest > 0 ? ` and ${more}` : ""}`;
}

/** `a.mrc, b.mrc, c.mrc and 2 more files` */
export const fewFiles = (paths: readonly string[]): string => few(paths, 3, "file");

/** The most files that are named one by one. */
const NAMED_MOST = 2;

/**
 * Many files that are called alike by what they have in common, `runs/*_1/picks.star (12 files, copick)`; others as `fewFiles` does. A name of which nothing
 * but its extension is common says too little.
 *
 * @param by whose they are
 */
export function fewAlike(paths: readonly string[], by = ""): string {
  const parts = paths.map((path) => path.split("/"));
  const [first] = parts;
  const isLevel = paths.length > NAMED_MOST && parts.every(({ length }) => length === first!.length);
  const common = isLevel ? first!.map((_, at) => commonName(parts.map((names) => names[at]!))) : ["*"];
  if (/^\*(?:\.\w+)?$/.test(common.at(-1)!)) return `${fewFiles(paths)}${by === "" ? "" : ` (${by})`}`;
  return `${common.join("/")} (${counted(paths.length, "file")}${by === "" ? "" : `, ${by}`})`;
}

/** The beginning and the end that names share, with a star for what they do not. */
function commonName(names: readonly string[]): string {
  const [first, ...others] = names as [string, ...string[]];
  if (others.every((name) => name === first)) return first;
  const least = Math.min(...names.map(({ length }) => length));
  const whileAll = (isAlike: (length: number) => boolean, most: number) => {
    let length = 0;
    while (length < most && isAlike(length + 1)) length++;
    return length;
  };
  const start = whileAll((length) => others.every((name) => name.startsWith(first.slice(0, length))), least);
  const end = whileAll((length) => others.every((name) => name.endsWith(first.slice(-length))), least - start);
  return `${first.slice(0, start)}*${end === 0 ? "" : first.slice(-end)}`;
}
