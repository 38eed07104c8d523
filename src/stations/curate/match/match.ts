import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { keyOf } from "../../../core/groups.js";
import { exitOf, noteLines, type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { MATCH_COLUMNS } from "../../../model/compared-archive.js";
import type { Bases } from "../../../portals/bases.js";
import { readGiven } from "../../../stores/file/read-given.js";
import type { Archive } from "../inventory/archive.js";
import { csvBytes, csvLine } from "../inventory/csv.js";
import { copiesNote, isSkipped } from "../inventory/place.js";
import { looseRunName, parseRunName, runNaming } from "../inventory/run-name.js";
import { type ScanOptions, scanArchive } from "../inventory/scan.js";
import { writeWhole } from "../inventory/write-whole.js";
import { DECISION_COLUMNS, type Decision, parseDecisions } from "./decisions.js";
import { defaultDecisions, keepMatches } from "./kept.js";
import { isTaken, matchesCsv } from "./match-row.js";
import { matchAsReference, matchRuns, type RunFolder, type RunMatches } from "./match-runs.js";
import type { PortalRun } from "./portal-run.js";
import { archiveKeys, portalKeys, REASONS, RULES } from "./rules.js";
import { portalRuns } from "./runs-source.js";

export interface MatchOptions extends Pick<ScanOptions, "workspace" | "jobs" | "full" | "runPatterns">, GivenEnv {
  /** Endpoint or file of runs. Default: the public portal. */
  runs?: string | undefined;
  author?: string | undefined;
  refresh?: boolean | undefined;
  /** Path of the table; three more lists are written beside it. */
  out: string;
  /** Path of decisions. Default: `decisions.csv` beside `out`, if it exists. */
  decisions?: string | undefined;
  compat?: boolean | undefined;
  bases?: Bases | undefined;
  anonymous?: boolean | undefined;
}

export interface MatchReport extends Report {
  readonly out: string;
  /** Source of the list of runs; `retrieved_at`: the time at which a portal sent it, null for a file. */
  readonly source: string;
  readonly retrieved_at: string | null;
  readonly counts: {
    readonly portal_runs: number;
    readonly folders: number;
    readonly matched: number;
    readonly matched_portal_runs: number;
    readonly ambiguous: number;
    readonly rejected: number;
    readonly unmatched_archive: number;
    readonly unmatched_portal: number;
  };
  readonly rules: Readonly<Record<string, number>>;
  readonly rows: readonly Readonly<Record<(typeof MATCH_COLUMNS)[number] | "reason", string | number>>[];
  readonly notes: readonly string[];
}

/**
 * Matches the folders of an archive with the runs of a portal. Writes the table of rows, and beside it `unmatched_archive.csv`,
 * `unmatched_portal.csv` and `review_runs.csv`. The latter has the ambiguous rows with an empty column `decision`: fill it in,
 * and save it as `decisions.csv`.
 *
 * @throws {EmporiumError} as `portalRuns` and `scanArchive`, before anything is written; CONFIG_COLLISION for decisions in
 *   `review_runs.csv` that would be lost
 */
export async function matchArchive(dirs: readonly string[], options: MatchOptions): Promise<MatchReport> {
  const { workspace, jobs, full, runPatterns, compat = false, out } = options;
  const env = envOf(options);
  const { signal } = env;
  const { author, refresh, bases, anonymous } = options;
  const { runs, source, retrievedMs } = await portalRuns(options.runs, {
    workspace,
    author,
    refresh,
    bases,
    anonymous,
    ...env,
  });
  const decisionsPath = options.decisions ?? defaultDecisions(out);
  const decisions =
    options.decisions === undefined && !existsSync(decisionsPath)
      ? []
      : parseDecisions(await readGiven(decisionsPath, "--decisions"), decisionsPath);
  await refuseDecided(reviewPath(out), decisions);
  const archive = await scanArchive(dirs, {
    workspace,
    jobs,
    full,
    runPatterns,
    heads: "none",
    writes: { "--out": out },
    ...env,
  });
  const { folders, copies } = await runFolders(archive, runs, compat, signal);
  const matches = compat ? matchAsReference(folders, runs) : matchRuns(folders, runs, decisions);
  await writeLists(matches, out);
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  const more = [...option("--runs", options.runs), ...option("--author", author), ...option("--decisions", options.decisions)];
  await keepMatches(
    {
      out: resolve(out),
      roots: archive.roots.map(({ path, head }) => ({ path, runPatterns: head.runPatterns })),
      source,
      unmatched: { archive: matches.unmatchedFolders.length, portal: matches.unmatchedRuns.length },
      // the review list is made anew each time: a decision in it would be lost
      decisions: compat || resolve(decisionsPath) === reviewPath(out) ? null : resolve(decisionsPath),
    },
    {
      ...env,
      workspace,
      command: ["emporium", "curate", "match", ...dirs, ...more, "--out", out, ...(compat ? ["--compat", "reference"] : [])],
    },
  );
  const ambiguous = matches.rows.filter(({ status }) => status === "ambiguous");
  const errors = [...archive.errors];
  if (ambiguous.length > 0) {
    const [first] = ambiguous;
    errors.push(
      toErrorRecord(
        new EmporiumError(
          "AMBIGUOUS",
          `${counted(ambiguous.length, "row is", "rows are")} ambiguous, the first for ${first!.archiveRun} and ${first!.portalRun}`,
          {
            place: { file: reviewPath(out) },
            hint: "write accept or reject into the column decision, and save the table as decisions.csv in the same folder",
          },
        ),
      ),
    );
  }
  const nothing = !matches.rows.some((row) => isTaken(row) || row.status === "ambiguous");
  if (nothing) {
    errors.push(
      toErrorRecord(
        new EmporiumError(
          "NO_MATCH",
          `none of the ${counted(folders.length, "folder")} matches any of the ${counted(runs.length, "run")}`,
          {
            hint: "read unmatched_archive.csv, and check the drives and the author",
          },
        ),
      ),
    );
  }
  return report(matches, {
    out,
    source,
    retrievedMs,
    folders: folders.length,
    runs: runs.length,
    compat,
    copies,
    errors,
    exitStatus: nothing ? 1 : exitOf(errors.length),
  });
}

const reviewPath = (out: string) => join(dirname(resolve(out)), "review_runs.csv");

/** The list is made anew each time, so what a person has written into it must be in the file of decisions. */
async function refuseDecided(path: string, decisions: readonly Decision[]): Promise<void> {
  const bytes = existsSync(path) ? await readGiven(path, basename(path)) : undefined;
  if (!bytes?.length) return;
  const lost = parseDecisions(bytes, path).filter(
    (one) =>
      !decisions.some(
        ({ archivePath, portalRun, accepted }) =>
          archivePath === one.archivePath && portalRun === one.portalRun && accepted === one.accepted,
      ),
  );
  if (lost.length === 0) return;
  throw new EmporiumError(
    "CONFIG_COLLISION",
    `${path} has ${lost.length === 1 ? "a decision" : `${counted(lost.length, "decision")}`}, the first about ${lost[0]!.archivePath}, and would be overwritten`,
    {
      place: { file: path },
      hint: "save the table as decisions.csv in the same folder, or add its lines there, and match again",
    },
  );
}

async function writeLists({ rows, unmatchedFolders, unmatchedRuns }: RunMatches, out: string): Promise<void> {
  const folder = dirname(resolve(out));
  const list = (name: string, columns: readonly string[], lines: readonly (readonly (string | number)[])[]) =>
    writeWhole(join(folder, name), [csvBytes([columns, ...lines].map(csvLine).join(""))]);
  await writeWhole(out, [matchesCsv(rows)]);
  await list(
    "unmatched_archive.csv",
    ["path", "run"],
    unmatchedFolders.map(({ path, name }) => [path, name]),
  );
  await list(
    "unmatched_portal.csv",
    ["CZI_run_name", "CZI_run_id"],
    unmatchedRuns.map(({ name, id }) => [name, id]),
  );
  await list(
    "review_runs.csv",
    [...DECISION_COLUMNS, "sc_run_name", "CZI_run_name", "dataset_id", "rule", "score", "reason"],
    rows
      .filter(({ status }) => status === "ambiguous")
      .map((row) => [
        row.path,
        row.portalRunId || row.portalRun,
        "",
        "",
        "",
        row.archiveRun,
        row.portalRun,
        row.datasetId,
        row.rule,
        row.score,
        REASONS[row.rule],
      ]),
  );
}

interface ReportFacts {
  out: string;
  source: string;
  retrievedMs: number | undefined;
  folders: number;
  runs: number;
  compat: boolean;
  copies: readonly string[];
  errors: readonly ErrorRecord[];
  exitStatus: number;
}

function report({ rows, unmatchedFolders, unmatchedRuns, notes }: RunMatches, facts: ReportFacts): MatchReport {
  const taken = rows.filter(isTaken);
  const counts = {
    portal_runs: facts.runs,
    folders: facts.folders,
    matched: taken.length,
    matched_portal_runs: new Set(taken.map(({ portalRun, portalRunId, datasetId }) => keyOf(portalRun, portalRunId, datasetId)))
      .size,
    ambiguous: rows.filter(({ status }) => status === "ambiguous").length,
    rejected: rows.filter(({ status }) => status === "rejected").length,
    unmatched_archive: unmatchedFolders.length,
    unmatched_portal: unmatchedRuns.length,
  };
  const rules = Object.fromEntries(
    [...RULES, "manual"].flatMap((rule) => {
      const count = taken.filter((row) => row.rule === rule).length;
      return count > 0 ? [[rule, count]] : [];
    }),
  );
  const document = {
    out: facts.out,
    source: facts.source,
    retrieved_at: facts.retrievedMs === undefined ? null : new Date(facts.retrievedMs).toISOString(),
    counts,
    rules,
    rows: rows.map((row) => ({
      sc_run_name: row.archiveRun,
      CZI_run_name: row.portalRun,
      CZI_run_id: row.portalRunId,
      path: row.path,
      rule: row.rule,
      score: row.score,
      status: row.status,
      dataset_id: row.datasetId,
      reason: REASONS[row.rule],
    })),
    notes: [...(facts.compat ? [] : lackingIds(taken)), ...copiesNote(facts.copies), ...notes],
    errors: facts.errors,
    exitStatus: facts.exitStatus,
  };
  return withText(document, linesOf);
}

/** A list of names has no ids, and collected files are named by them. */
function lackingIds(taken: readonly { readonly portalRunId: string; readonly datasetId: string }[]): string[] {
  const lacking = taken.filter(({ portalRunId, datasetId }) => portalRunId === "" || datasetId === "").length;
  if (lacking === 0) return [];
  const what = lacking === 1 ? "1 matched row has" : `${lacking} matched rows have`;
  return [`${what} no run id or no dataset id: curate collect needs both, give it --runs with a portal or a file that has them`];
}

const NOTES_SHOWN = 5;

function linesOf({ counts, rules, notes, out }: Omit<MatchReport, "toText">): string[] {
  const share = ((100 * counts.matched_portal_runs) / Math.max(1, counts.portal_runs)).toFixed(1);
  const how = Object.entries(rules).map(([rule, count]) => `${count} ${rule}`);
  return [
    `${counts.matched_portal_runs} of ${counts.portal_runs} portal runs (${share} %) are in ${counted(counts.matched, "folder")}${how.length > 0 ? `: ${how.join(", ")}` : ""}`,
    `${counted(counts.ambiguous, "row")} to review; ${counted(counts.unmatched_archive, "run folder")} and ${counted(counts.unmatched_portal, "portal run")} unmatched`,
    ...noteLines(notes, NOTES_SHOWN),
    `written: ${out}`,
  ];
}

/**
 * Folders that may be runs: their name has a run's form, or a rule matches it with a run of the portal. Folders below `figures`,
 * `paper`, `mk_application` and `peet` hold copies, and are left out: `copies`, of those that would be taken elsewhere.
 *
 * @param compat take all leaf folders, and find the four words anywhere in a name
 */
async function runFolders(
  archive: Archive,
  runs: readonly PortalRun[],
  compat: boolean,
  signal?: AbortSignal,
): Promise<{ folders: RunFolder[]; copies: string[] }> {
  const namings = new Map(archive.roots.map(({ path, head }) => [path, runNaming(head.runPatterns)]));
  const asked = new Set(runs.flatMap(({ name }) => portalKeys(name).flat()));
  const known = new Map<string, { candidate: boolean; looksLikeRun: boolean }>();
  const judge = (name: string) => {
    let judged = known.get(name);
    if (!judged) {
      const looksLikeRun = parseRunName(name) !== undefined || looseRunName(name) !== undefined;
      judged = { looksLikeRun, candidate: looksLikeRun || archiveKeys(name).some((keys) => keys.some((key) => asked.has(key))) };
      if (known.size < 100_000) known.set(name, judged);
    }
    return judged;
  };
  const found: RunFolder[] = [];
  const copies: string[] = [];
  for await (const { root, path, rel, folders } of archive.folders({ signal })) {
    if (compat && (isSkipped(rel, compat) || folders.length > 0)) continue;
    const folder = path.slice(path.lastIndexOf("/") + 1);
    const named = compat ? undefined : namings.get(root)?.(folder);
    const name = named?.run ?? folder;
    const { candidate, looksLikeRun } = named ? { candidate: true, looksLikeRun: true } : judge(name);
    if (!compat && !candidate) continue;
    if (isSkipped(rel, compat)) copies.push(path);
    else found.push({ name, path, looksLikeRun });
  }
  return { folders: found, copies };
}
