import type { ErrorRecord } from "../../../core/errors.js";
import { noteLines, type Report, warningLines } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import type { IngestReport } from "../ingest-report.js";
import { unknownText } from "./unknown-files.js";

/** A run, or a file of no run that is known, that is not complete. */
export interface Waiting {
  readonly key: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  readonly reasons: readonly string[];
  readonly message: string;
  /** It is complete, and refused. */
  readonly refusal?: ErrorRecord | undefined;
  /** False while all that is known of it is that it has come. */
  readonly isNews: boolean;
}

export interface WatchReport extends Report {
  /** `waiting`: something is left that is not complete. */
  status: "done" | "waiting" | "partial" | "failed" | "cancelled";
  rounds: number;
  /** Folders of the runs that were taken, below the output. */
  runs: readonly string[];
  waiting: readonly Omit<Waiting, "key" | "message" | "isNews" | "refusal">[];
  /** Remarks about what was taken: series that look as if they had been given up early, files that are gone since. */
  notes: readonly string[];
  /** Complete files that no line of the configuration names. */
  unknown: readonly string[];
  warnings: readonly object[];
}

interface Ended {
  taken: ReadonlySet<string>;
  rounds: number;
  last: IngestReport | undefined;
  warnings: readonly object[];
  followErrors: readonly ErrorRecord[];
  problem: ErrorRecord | undefined;
  waiting: readonly Waiting[];
  tilts: ReadonlyMap<string, number>;
  without: ReadonlyMap<string, readonly string[]>;
  /** Files that were read and are not there any more. */
  gone: readonly string[];
  /** Complete files that no line of the configuration names. */
  unknown: readonly string[];
  wasCut: boolean;
}

/** Errors that are listed one by one. */
const ERRORS_MAX = 100;
const NOTES_SHOWN = 100;

export function watchReport({
  taken,
  rounds,
  last,
  warnings,
  followErrors,
  problem,
  waiting,
  tilts,
  without,
  gone,
  unknown,
  wasCut,
}: Ended): WatchReport {
  const notes = [
    ...notesOf(taken, tilts, without),
    ...gone.map((name) => `${name} was renamed or removed after its import; its outputs stay`),
    ...(unknown.length === 0
      ? []
      : [
          `${unknownText(unknown)}: make the configuration again with ingest new --decisions, or leave them out in its file of decisions`,
        ]),
  ];
  const left = waiting.slice(0, ERRORS_MAX).map(
    ({ message, refusal }): ErrorRecord =>
      refusal
        ? { ...refusal, message }
        : {
            code: "SOURCE_INCOMPLETE",
            message,
            hint: "run the command again when the run is complete; ingest run imports it as it is",
          },
  );
  if (waiting.length > left.length) {
    left.push({
      code: "SOURCE_INCOMPLETE",
      message: `${waiting.length - left.length} more wait`,
      hint: "--json lists them",
    });
  }
  const errors = [...(last?.errors ?? []), ...followErrors, ...(problem ? [problem] : []), ...left];
  const failed = last !== undefined && last.exitStatus !== 0;
  const refused = waiting.filter(({ refusal }) => refusal !== undefined).length;
  const exitStatus = wasCut ? 130 : errors.length === 0 && !failed ? 0 : taken.size > 0 || waiting.length > refused ? 3 : 1;
  const status = wasCut
    ? "cancelled"
    : exitStatus === 0
      ? "done"
      : failed || problem || refused > 0
        ? exitStatus === 1
          ? "failed"
          : "partial"
        : "waiting";
  return {
    ...{ status, exitStatus, rounds, runs: [...taken].sort(), notes, unknown, warnings, errors },
    waiting: waiting.map(({ dataset, run, reasons }) => ({ dataset, run, reasons })),
    toText: () =>
      [
        `${counted(taken.size, "run")} ingested; ${waiting.length - refused} incomplete${refused > 0 ? `, ${refused} refused` : ""}`,
        ...warningLines(warnings.map((warning) => (warning as { message: string }).message)),
        ...noteLines(notes, NOTES_SHOWN),
      ].join("\n"),
  };
}

/** The report of a watch that ended before it had a configuration that it could use. */
export function endOfNothing(problem: ErrorRecord | undefined): WatchReport {
  const nothing = { rounds: 0, last: undefined, warnings: [], followErrors: [], waiting: [], gone: [], unknown: [] };
  return watchReport({ ...nothing, taken: new Set(), tilts: new Map(), without: new Map(), problem, wasCut: false });
}

/** Fewer images than most series of the session have: nothing else tells a series that was given up from a short one. */
function notesOf(
  taken: ReadonlySet<string>,
  tilts: ReadonlyMap<string, number>,
  without: ReadonlyMap<string, readonly string[]>,
): string[] {
  const notes: string[] = [];
  const counts = [...tilts].filter(([run]) => taken.has(run)).map(([, count]) => count);
  const usual = counts.sort((a, b) => a - b)[counts.length >> 1] ?? 0;
  for (const run of [...taken].sort()) {
    const count = tilts.get(run);
    if (count !== undefined && count < usual)
      notes.push(`${run} has ${counted(count, "image")} (most have ${usual}) and was ingested as it is`);
    const lacking = without.get(run);
    if (lacking) notes.push(`${run} was ingested without ${lacking.join(" and ")}: nothing was found`);
  }
  return notes;
}
