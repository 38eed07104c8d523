import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import type { ComparedArchive, ComparedFolder } from "../../../model/compared-archive.js";
import { parseLocation } from "../../../stores/url.js";
import { skippedName } from "../inventory/place.js";
import { looseRunName } from "../inventory/run-name.js";
import { classifier } from "../labels/classify.js";
import type { Vocabulary } from "../labels/vocabulary.js";
import { isTaken, type MatchRow } from "../match/match-row.js";
import { type MatchTable, readMatchTable, requireSeen } from "./match-table.js";

type Known = Omit<ComparedFolder, "path">;

/**
 * What a table of `curate match` tells of a folder below the drives that were matched: which of its run folders the portal has, which nobody has decided
 * about, how the others are called, and what names of models mean.
 *
 * @param from folder of this machine
 * @throws {EmporiumError} USAGE, CONFIG_SYNTAX, CONFIG_FIELD (the table), CONFIG_RULE (it is of other folders)
 */
export async function comparedArchive(matches: string, from: string, vocabulary: Vocabulary): Promise<ComparedArchive> {
  const table = await readMatchTable(matches);
  const base = baseOf(from, table, matches);
  const { byPath, byName } = knownFolders(table, matches);
  const classify = classifier(vocabulary);
  const around = nearest(base, byPath, byName);
  const seen = new Map<string, ComparedFolder | undefined>();
  const inFolder = (folder: string): ComparedFolder | undefined => {
    if (seen.has(folder)) return seen.get(folder);
    const found = folderAt(folder);
    seen.set(folder, found);
    return found;
  };
  function folderAt(folder: string): ComparedFolder | undefined {
    if (folder === "") return around && { ...around, path: "" };
    const name = folder.slice(folder.lastIndexOf("/") + 1);
    const known = byPath.get(`${base}/${folder}`) ?? (byPath.size === 0 ? byName.get(name) : undefined);
    if (known) return { ...known, path: folder };
    const copies = skippedName(folder);
    if (copies !== undefined && (byName.has(name) || looseRunName(name)))
      return { path: folder, run: name, leftOut: `${name} is below ${copies}, which curate takes for copies` };
    return inFolder(folder.slice(0, Math.max(0, folder.lastIndexOf("/"))));
  }
  return {
    table: resolve(matches),
    folderOf: (path) => inFolder(path.slice(0, Math.max(0, path.lastIndexOf("/")))),
    labelOf(stem) {
      const { class: kind, label, meaning } = classify(stem);
      return kind === "unlisted" ? undefined : { label, isAutomatic: kind === "automatic", meaning };
    },
  };
}

/** The folder as the table calls it: a drive may be mounted behind a link. @throws {EmporiumError} USAGE, CONFIG_RULE */
function baseOf(from: string, table: MatchTable, matches: string): string {
  const { path } = parseLocation(from);
  if (path === undefined || !existsSync(path))
    throw new EmporiumError("USAGE", `--matches needs a folder of this machine, and ${from} is none`, {
      hint: "name a folder below a drive that curate match was given",
    });
  const names = [resolve(path), realpathSync(path)];
  const isOf = (base: string) => (run: string) => run === base || run.startsWith(`${base}/`) || base.startsWith(`${run}/`);
  const runs = [...table.rows, ...(table.unmatched ?? [])].map((row) => row.path);
  const base = names.find((name) => runs.some(isOf(name))) ?? names[0]!;
  requireSeen(base, table, matches, isOf(base));
  return base;
}

/** Run folders of the table by their paths, and by their names. */
function knownFolders({ rows, unmatched = [] }: MatchTable, matches: string) {
  const byPath = new Map<string, Known>();
  const byName = new Map<string, Known>();
  const put = (path: string, name: string, known: Known) => {
    if (path !== "" && !byPath.has(path)) byPath.set(path, known);
    if (!byName.has(name)) byName.set(name, known);
  };
  const order = (row: MatchRow) => (isTaken(row) ? 0 : row.status === "ambiguous" ? 1 : 2);
  for (const row of rows.toSorted((a, b) => order(a) - order(b))) {
    const { path, archiveRun: run } = row;
    const of = `run ${row.portalRun} of the portal${row.datasetId === "" ? "" : `, dataset ${row.datasetId}`}`;
    const leftOut = isTaken(row)
      ? `${run} is ${of}`
      : row.status === "ambiguous"
        ? `${run} may be ${of}: decide it in review_runs.csv beside ${matches}`
        : undefined;
    put(path, run, { run, ...(leftOut === undefined ? {} : { leftOut }) });
  }
  for (const { path, run } of unmatched) put(path, run, { run });
  return { byPath, byName };
}

/** The run folder that a folder is, or lies in. */
function nearest(base: string, byPath: ReadonlyMap<string, Known>, byName: ReadonlyMap<string, Known>): Known | undefined {
  for (let at = base; at.length > 1; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const known = byPath.get(at) ?? (byPath.size === 0 ? byName.get(at.slice(at.lastIndexOf("/") + 1)) : undefined);
    if (known) return known;
  }
  return undefined;
}
