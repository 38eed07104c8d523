import { groupsOf } from "../../../../core/groups.js";
import { parseTable } from "../../../../formats/table/delimited.js";
import { mapLimit } from "../../../../system/parallel.js";
import { beginningOf, orReason } from "../recognisers/common/reading.js";
import type { Laboratory, Surveyed } from "../survey/laboratory.js";

const LIST_BYTES_MAX = 1024 * 1024;
/** Lists that are looked at, at most: a folder of pickers has one for each tomogram. */
const LISTS_MAX = 500;

/** Texts that may be tables of series or of files. */
export const listsIn = (laboratory: Laboratory): readonly Surveyed[] =>
  laboratory.files
    .filter(({ path, format, size }) => /\.(?:csv|tsv|txt|tab|dat)$/i.test(path) && format === "text" && size <= LIST_BYTES_MAX)
    .slice(0, LISTS_MAX);

const TITLES_BYTES_MAX = 4096;
const READS_IN_FLIGHT = 16;
const known = new WeakMap<Laboratory, Promise<readonly (readonly [path: string, titles: string])[]>>();

/** Of the lists those with such a first line: of the others, of which there may be many, nothing more is read. */
export async function listsTitled(laboratory: Laboratory, isWanted: (titles: readonly string[]) => boolean): Promise<string[]> {
  const heads = known.get(laboratory) ?? mapLimit(listsIn(laboratory), READS_IN_FLIGHT, ({ path }) => titlesOf(laboratory, path));
  known.set(laboratory, heads);
  return (await heads).flatMap(([path, titles]) => (isWanted(titles.split(/[;\t,]/).map((title) => title.trim())) ? [path] : []));
}

async function titlesOf(laboratory: Laboratory, path: string): Promise<readonly [path: string, titles: string]> {
  const [titles = ""] = (await beginningOf(laboratory, path, TITLES_BYTES_MAX)).split(/\r\n|\n|\r/, 1);
  return [path, titles.replaceAll('"', "")];
}

/** The cells of a table, with its titles as the first row; none, where the text is no table. */
export async function cellsOf(laboratory: Laboratory, path: string): Promise<readonly (readonly string[])[]> {
  const text = (await laboratory.text(path, LIST_BYTES_MAX)) ?? "";
  const [first = ""] = text.split(/\r\n|\n|\r/, 1);
  const separator = ([";", "\t", ","] as const).find((sign) => first.includes(sign));
  const read = separator === undefined ? undefined : await orReason(() => parseTable(text, separator, path));
  return read === undefined || "reason" in read ? [] : read.value.map(({ cells }) => cells.map((cell) => cell.trim()));
}

/** What may name a sample or a session: numbers and single letters stand in too many names. */
const WORD = /^(?=.*\p{L})[\p{L}\p{N}_+-]{2,}$/u;
const wordForm = (word: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])${word.replaceAll("+", "\\+")}(?![\\p{L}\\p{N}])`, "u");

/** The digits of a day as tables and folders have them: `2022-03-15`, `15.03.2022`, `20220315`, `220315`; undefined where it is none. */
function dayOf(text: string): string | undefined {
  const [, year, month, day] = /^(?:20)?(\d\d)[-_./]?(\d\d)[-_./]?(\d\d)(?!\d)/.exec(text) ?? [];
  if (isMonth(month) && isDay(day)) return `${year}${month}${day}`;
  const [, first, second, last] = /^(\d\d?)[./](\d\d?)[./](?:20)?(\d\d)$/.exec(text) ?? [];
  return isMonth(second) && isDay(first) ? `${last}${second!.padStart(2, "0")}${first!.padStart(2, "0")}` : undefined;
}
const isMonth = (digits = "0"): boolean => Number(digits) >= 1 && Number(digits) <= 12;
const isDay = (digits = "0"): boolean => Number(digits) >= 1 && Number(digits) <= 31;

/** The names of folders that a cell of a table means: its own, or those that begin with its day. */
function foldersMeant(laboratory: Laboratory): (cell: string) => ReadonlySet<string> {
  const names = new Set(laboratory.folders().flatMap((path) => path.split("/")));
  const byDay = groupsOf([...names], (name) => dayOf(name) ?? "");
  return (cell) => {
    const day = cell === "" || names.has(cell) ? undefined : dayOf(cell);
    return new Set(names.has(cell) && cell !== "" ? [cell] : day === undefined ? [] : byDay.get(day));
  };
}

/** Whether a cell of a table names a folder, or the day of one. */
export function folderFinder(laboratory: Laboratory): (cell: string) => boolean {
  const meant = foldersMeant(laboratory);
  return (cell) => meant(cell).size > 0;
}

/** Of paths those that a row of a table means. */
type RowFinder = (paths: readonly string[], cells: readonly string[]) => readonly string[];

/**
 * Where several files have the name that a row has, it means those below the folders that its other cells name, `usa2008-03-12-1` of
 * `usa2008-03-12-1,MR_1.mrc,1.92`, or else those in whose paths they are a word: `mutant` of `mutant,3,TS_03` in `grid4_mutant/TS_03.st`. All, where it names
 * none of them.
 */
export function rowFinder(laboratory: Laboratory): RowFinder {
  const meant = foldersMeant(laboratory);
  return (paths, cells) => {
    let left = paths;
    for (const cell of cells) {
      if (left.length < 2) break;
      const folders = meant(cell);
      if (folders.size === 0) continue;
      const below = left.filter((path) =>
        path
          .split("/")
          .slice(0, -1)
          .some((part) => folders.has(part)),
      );
      if (below.length > 0) left = below;
    }
    for (const cell of cells) {
      if (left.length < 2) break;
      if (!WORD.test(cell)) continue;
      const form = wordForm(cell);
      const having = left.filter((path) => form.test(path));
      if (having.length > 0) left = having;
    }
    return left;
  };
}
