import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readGiven } from "../../../stores/file/read-given.js";
import { parseCsv } from "../inventory/csv.js";
import { decodePath, shownPath } from "../inventory/path-bytes.js";
import { type MatchRow, parseMatches } from "../match/match-row.js";

/** What `curate match` has written: its rows, and the run folders beside it that match nothing. */
export interface MatchTable {
  readonly rows: readonly MatchRow[];
  /** Undefined where there is no such table, as beside one of the reference. */
  readonly unmatched: readonly { readonly path: string; readonly run: string }[] | undefined;
}

/** The table that `--matches` names. @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD */
export async function readMatches(file: string): Promise<MatchRow[]> {
  const hint = "emporium curate match DIR… writes this table; --matches names one that is elsewhere";
  return parseMatches(await readGiven(file, "--matches", hint), file);
}

/** @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD */
export async function readMatchTable(matches: string): Promise<MatchTable> {
  const rows = await readMatches(matches);
  const file = join(dirname(resolve(matches)), "unmatched_archive.csv");
  if (!existsSync(file)) return { rows, unmatched: undefined };
  const [, ...lines] = parseCsv(decodePath(await readGiven(file, "--matches")), file);
  return { rows, unmatched: lines.map(({ cells }) => ({ path: cells[0] ?? "", run: cells[1] ?? "" })) };
}

/**
 * Refuses a folder that was not matched: all its runs would be missing.
 *
 * @param isOf tells whether a run folder of the table belongs to the folder
 * @throws {EmporiumError} CONFIG_RULE
 */
export function requireSeen(
  folder: string,
  { rows, unmatched }: MatchTable,
  matches: string,
  isOf: (path: string) => boolean = (path) => path === folder || path.startsWith(`${folder}/`),
): void {
  const withPaths = rows.filter(({ path }) => path !== "");
  if (withPaths.length < rows.length) return;
  if (withPaths.some(({ path }) => isOf(path)) || unmatched?.some(({ path }) => isOf(path))) return;
  throw new EmporiumError(
    "CONFIG_RULE",
    `${matches}: none of its ${counted(rows.length, "row")} is of ${shownPath(folder || "/")}`,
    {
      place: { file: matches },
      hint: "match all of these folders first: emporium curate match DIR… --out FILE",
    },
  );
}
