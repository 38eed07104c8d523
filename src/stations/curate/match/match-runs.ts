import { groupsOf, keyOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import type { Decision } from "./decisions.js";
import { matchNames } from "./match-names.js";
import type { MatchRow, MatchStatus } from "./match-row.js";
import type { PortalRun } from "./portal-run.js";
import { ruleAt, SCORES } from "./rules.js";

/** A folder of the archive that may be a run. */
export interface RunFolder {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** Its name has the form of a run's name, so it is reported if nothing matches it. */
  readonly looksLikeRun: boolean;
}

export interface RunMatches {
  /** One for each folder and run that go together, sorted by the run's name, then path. */
  readonly rows: readonly MatchRow[];
  readonly unmatchedFolders: readonly RunFolder[];
  readonly unmatchedRuns: readonly PortalRun[];
  /** Remarks that no row shows. */
  readonly notes: readonly string[];
}

type OpenRow = { -readonly [Key in keyof MatchRow]: MatchRow[Key] };

/**
 * Matches folders with runs by their names. A folder with copies on two drives gives a row for each copy, a name in two datasets
 * a row for each dataset. A row is `matched` if neither its folder's name nor its run's name has another partner by an equally
 * strict rule, else `ambiguous`: a person must decide.
 */
export function matchRuns(
  folders: readonly RunFolder[],
  runs: readonly PortalRun[],
  decisions: readonly Decision[] = [],
): RunMatches {
  const byName = groupsOf(folders, ({ name }) => name);
  const byRun = groupsOf(runs, ({ name }) => name);
  const { pairs, superseded } = matchNames([...byName.keys()], [...byRun.keys()]);
  const rows: OpenRow[] = pairs.flatMap(({ archive, portal, rank }) =>
    byName
      .get(archive)!
      .flatMap((folder) => byRun.get(portal)!.map((run) => rowOf(folder, run, ruleAt(rank), SCORES[ruleAt(rank)], "ambiguous"))),
  );
  const notes = applyDecisions(rows, folders, runs, decisions);
  settleRows(rows);
  for (const { archive, portal, rank, by } of superseded) {
    const surer = by === "portal" ? `${portal} has a folder of a surer name` : `${archive} is another run's by a surer rule`;
    notes.push(`${archive} could be ${portal} (${ruleAt(rank)}); ${surer}`);
  }
  for (const [name, several] of byRun) {
    const datasets = [...new Set(several.map(({ datasetId }) => datasetId))];
    if (datasets.length > 1 && rows.some((row) => row.portalRun === name))
      notes.push(`${name} is a run of ${counted(datasets.length, "dataset")} (${datasets.join(", ")}): a row for each`);
  }
  rows.sort(
    (a, b) =>
      byText(a.portalRun, b.portalRun) ||
      byText(a.path, b.path) ||
      byText(a.portalRunId, b.portalRunId) ||
      byText(a.datasetId, b.datasetId),
  );
  const live = rows.filter(({ status }) => status !== "rejected");
  const [paths, names] = [
    new Set(live.map(({ path }) => path)),
    new Set(live.map((row) => keyOf(row.portalRun, row.portalRunId, row.datasetId))),
  ];
  return {
    rows,
    unmatchedFolders: folders.filter(({ path, looksLikeRun }) => looksLikeRun && !paths.has(path)),
    unmatchedRuns: runs.filter(({ name, id, datasetId }) => !names.has(keyOf(name, id, datasetId))),
    notes,
  };
}

function rowOf(folder: RunFolder, run: PortalRun, rule: MatchRow["rule"], score: number, status: MatchStatus): OpenRow {
  return {
    archiveRun: folder.name,
    portalRun: run.name,
    portalRunId: run.id,
    path: folder.path,
    rule,
    score,
    status,
    datasetId: run.datasetId,
  };
}

/** Applies a person's decisions, and adds pairs that no rule found. @returns decisions that match no row. */
function applyDecisions(
  rows: OpenRow[],
  folders: readonly RunFolder[],
  runs: readonly PortalRun[],
  decisions: readonly Decision[],
): string[] {
  const notes: string[] = [];
  if (decisions.length === 0) return notes;
  const byPath = new Map(folders.map((folder) => [folder.path, folder]));
  const byId = groupsOf(runs, ({ id, name }) => (id === "" ? name : id));
  const byRunName = groupsOf(runs, ({ name }) => name);
  for (const { archivePath, portalRun, accepted } of decisions) {
    const exact = byPath.get(archivePath);
    const where = exact ? [exact] : folders.filter(({ path }) => path.endsWith(`/${archivePath}`));
    const which = byId.get(portalRun) ?? byRunName.get(portalRun) ?? [];
    if (where.length !== 1 || which.length === 0) {
      const failure =
        where.length > 1
          ? `${counted(where.length, "folder ends", "folders end")} so`
          : where.length === 0
            ? "no such folder was scanned"
            : `no run ${portalRun}`;
      notes.push(`the decision on ${archivePath} and ${portalRun} has no effect: ${failure}`);
      continue;
    }
    for (const run of which) {
      const row = rows.find(
        (other) =>
          other.path === where[0]!.path &&
          other.portalRunId === run.id &&
          other.portalRun === run.name &&
          other.datasetId === run.datasetId,
      );
      if (row && accepted) Object.assign(row, { rule: "manual", score: SCORES.manual, status: "manual" });
      else if (row) row.status = "rejected";
      else if (accepted) rows.push(rowOf(where[0]!, run, "manual", SCORES.manual, "manual"));
    }
  }
  return notes;
}

/** Separates certain rows from those to review. If a person accepted a run for a folder, its other candidates are dropped. */
function settleRows(rows: OpenRow[]): void {
  const accepted = new Set(rows.filter(({ status }) => status === "manual").map(({ path }) => path));
  for (const row of rows) if (row.status === "ambiguous" && accepted.has(row.path)) row.status = "rejected";
  const open = rows.filter(({ status }) => status === "ambiguous");
  const runsOfFolder = groupsOf(open, ({ path }) => path);
  const foldersOfRun = groupsOf(open, ({ portalRun, rule }) => `${rule} ${portalRun}`);
  for (const row of open) {
    if (row.rule === "initials") continue;
    const one = new Set(runsOfFolder.get(row.path)!.map(({ portalRun }) => portalRun)).size === 1;
    const only = new Set(foldersOfRun.get(`${row.rule} ${row.portalRun}`)!.map(({ archiveRun }) => archiveRun)).size === 1;
    if (one && only) row.status = "matched";
  }
}

/**
 * The matches of the reference: for each run's name the first match among the names of leaf folders, whole or without its third
 * letter. One row for each name, with the last dataset and copy.
 */
export function matchAsReference(leaves: readonly RunFolder[], runs: readonly PortalRun[]): RunMatches {
  const byName = new Map(leaves.map((folder) => [folder.name, folder]));
  const rows = new Map<string, MatchRow>();
  const missing: PortalRun[] = [];
  for (const run of runs) {
    const { name } = run;
    const short = name.slice(0, 2) + name.slice(3);
    const rule = byName.has(name) ? "exact" : "two-letter";
    const folder = byName.get(name) ?? byName.get(short);
    if (folder) rows.set(name, rowOf(folder, run, rule, SCORES[rule], "matched"));
    else missing.push(run);
  }
  const sorted = [...rows.values()].sort((a, b) => byText(a.portalRun, b.portalRun));
  const paths = new Set(sorted.map(({ archiveRun }) => archiveRun));
  return { rows: sorted, unmatchedFolders: leaves.filter(({ name }) => !paths.has(name)), unmatchedRuns: missing, notes: [] };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
