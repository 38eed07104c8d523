import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import { unguarded } from "../../../../formats/table/csv-line.js";
import { parseTable } from "../../../../formats/table/delimited.js";
import { MATCH_COLUMNS } from "../../../../model/compared-archive.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { stableId } from "../questions.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";

/** A run folder that a table of `curate match` names, which lies in the laboratory. */
interface Compared {
  readonly folder: string;
  /** Of the portal. */
  readonly run: string;
  readonly isCertain: boolean;
}

/**
 * Run folders that the portal has, or may have, by a table of `curate match` that lies in the laboratory: a person says whether they are published once more.
 * The drives may be mounted elsewhere now. Who gives the table with --matches is not asked.
 */
export async function comparedQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Promise<Question[]> {
  const open = [...files.values()].filter(({ role, strength }) => role !== "left out" && strength !== "person");
  const byName = groupsOf(foldersAbove(open), baseName);
  const asked = new Set<string>();
  const questions: Question[] = [];
  for (const { path } of laboratory.files.filter((file) => /\.csv$/i.test(file.path))) {
    const rows = await comparedIn(laboratory, path, byName);
    const byFolder = new Map(rows.map((row) => [row.folder, row]));
    const meant = open.filter((file) => !asked.has(file.path) && rowOf(file.path, byFolder) !== undefined);
    if (meant.length === 0) continue;
    for (const file of meant) asked.add(file.path);
    const told = new Map(meant.map((file) => [rowOf(file.path, byFolder)!, file]));
    const each = [...told.keys()].map(({ folder, run, isCertain }) => `${folder} ${isCertain ? "as" : "perhaps as"} ${run}`);
    questions.push({
      id: stableId("compared", path),
      text: `Should ${told.size === 1 ? "a run folder" : `${told.size} run folders`} be published again, although the portal has ${told.size === 1 ? "the run" : "the runs"}?`,
      why: `By ${path}: ${few(each)}. To use this table without being asked, give it with --matches.`,
      files: meant.map((file) => file.path),
      options: outOrAsIs(meant, {
        because: `the portal has the run by ${path}`,
        ...{ out: "no: the portal has them", as: "publish", says: "yes: published with the others" },
      }),
      guess: "leave-out",
    });
  }
  return questions;
}

/** Every folder that holds such files, at whatever depth. */
function foldersAbove(files: readonly Decision[]): Set<string> {
  const all = new Set<string>();
  for (const { path } of files) for (let at = folderOf(path); at !== "" && !all.has(at); at = folderOf(at)) all.add(at);
  return all;
}

function rowOf(path: string, byFolder: ReadonlyMap<string, Compared>): Compared | undefined {
  for (let at = folderOf(path); at !== ""; at = folderOf(at)) if (byFolder.has(at)) return byFolder.get(at);
  return undefined;
}

/** Whether the first line of a text is that of a table of `curate match`. */
const isComparedTable = (text: string): boolean => FIRST_COLUMNS.test(text);

const [OWN, PORTAL] = MATCH_COLUMNS;
const FIRST_COLUMNS = new RegExp(`^\\uFEFF?${OWN}[,;\\t]${PORTAL}(?=[,;\\t\\r\\n]|$)`);

async function comparedIn(
  laboratory: Laboratory,
  file: string,
  byName: ReadonlyMap<string, readonly string[]>,
): Promise<Compared[]> {
  const text = await laboratory.text(file);
  if (text === undefined || !isComparedTable(text)) return [];
  const separator = /[,;\t]/.exec(text)![0] as "," | ";" | "\t";
  const read = await orReason(async () => parseTable(text, separator, file));
  if (!("value" in read)) return [];
  const [header, ...rows] = read.value.map(({ cells }) => cells.map((cell) => unguarded(cell.trim())));
  const at = (name: (typeof MATCH_COLUMNS)[number]) => header!.indexOf(name);
  const [ownAt, runAt, pathAt, statusAt] = [at(OWN), at(PORTAL), at("path"), at("status")];
  return rows.flatMap((cells): Compared[] => {
    const status = statusAt < 0 ? "matched" : cells[statusAt];
    const run = cells[runAt];
    if (status === "rejected" || run === undefined || run === "") return [];
    const named = (pathAt < 0 ? "" : cells[pathAt]) || cells[ownAt] || "";
    const folders = (byName.get(baseName(named)) ?? []).filter((folder) => areOne(folder, named));
    return folders.map((folder) => ({ folder, run, isCertain: status !== "ambiguous" }));
  });
}

/** Whether a folder is the one that a table names, on whatever mount: its whole path, or it and the folder around it, are called alike. */
function areOne(folder: string, named: string): boolean {
  const two = folder.split("/").slice(-2).join("/");
  return !named.includes("/") || `/${named}`.endsWith(`/${folder}`) || (two.includes("/") && `/${named}`.endsWith(`/${two}`));
}
