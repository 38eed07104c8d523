import { basename, dirname } from "node:path";
import { type EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { type Report, withText } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";
import { noCounts, type SyncCounts } from "./task.js";

/** Report of a transfer, item by item. */
export interface TransferReport extends Report {
  readonly bucket: string;
  readonly dry_run: boolean;
  readonly items: readonly RunItem[];
  readonly totals: TransferTotals;
  /** Paths of logs with a line for each file. A dry run of a tree has none. */
  readonly logs: readonly string[];
  readonly seconds: number;
  /** Sentences that name options for the work that this run left undone. */
  readonly hints: readonly string[];
  /** 0 all done, 3 something is missing or failed. */
  readonly exitStatus: number;
}

interface RunItem {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly state: "done" | "failed" | "missing";
  /** Number of files of the source. */
  readonly files: number;
  readonly bytes: number;
  readonly uploaded: number;
  readonly uploaded_bytes: number;
  readonly skipped: number;
  readonly deleted: number;
  /** Number of objects without a source that stay. */
  readonly extra: number;
  readonly failed: number;
  /** Number of metadata files that were not sent because something that they describe failed. */
  readonly held: number;
  readonly warnings: readonly string[];
}

type TransferTotals = Omit<RunItem, "id" | "source" | "target" | "state" | "warnings">;

export interface TransferFacts {
  /** Name of the sources in the last line: the sample, the tree. */
  title: string;
  bucket: string;
  items: readonly { id: string; source: string; target: string }[];
  counts: ReadonlyMap<string, SyncCounts>;
  failures: ReadonlyMap<string, EmporiumError>;
  /** Contents were compared, not times. */
  checksum: boolean;
  delete: boolean;
  dryRun: boolean;
  logs: readonly string[];
  seconds: number;
  /** Further errors. */
  errors?: readonly ErrorRecord[] | undefined;
}

export function transferReport(facts: TransferFacts): TransferReport {
  const { title, bucket, dryRun, logs, seconds } = facts;
  const errors: ErrorRecord[] = [...(facts.errors ?? [])];
  const items = facts.items.map((item): RunItem => {
    const fault = facts.failures.get(item.id);
    if (fault) errors.push(toErrorRecord(fault));
    const count = facts.counts.get(item.id) ?? noCounts();
    errors.push(...count.errors);
    const state = fault ? "missing" : count.failed > 0 ? "failed" : "done";
    return { id: item.id, source: item.source, target: item.target, state, ...amountsOf(count), warnings: count.warnings };
  });
  const totals = totalsOf(items);
  const hints = hintsOf(totals, facts);
  const document = {
    bucket,
    dry_run: dryRun,
    items,
    totals,
    logs,
    seconds: Number(seconds.toFixed(3)),
    hints,
    errors,
    exitStatus: errors.length > 0 || items.some(({ state }) => state !== "done") ? 3 : 0,
  };
  return withText(document, () => [
    ...items.map((item) => `${item.id}: ${item.state === "missing" ? "no source" : words(item, dryRun)}`),
    ...items.flatMap(({ id, warnings }) => warnings.map((warning) => `warning: ${id}: ${warning}`)),
    `${title} to ${bucket}: ${words(totals, dryRun)} in ${formatSeconds(seconds)}`,
    ...hints.map((hint) => `hint: ${hint}`),
    ...logLines(logs),
  ]);
}

const LOGS_NAMED = 3;

/** A tree has a log for each dataset. */
function logLines(logs: readonly string[]): string[] {
  const [first = ""] = logs;
  if (logs.length <= LOGS_NAMED) return logs.map((log) => `log: ${log}`);
  return [`logs: ${counted(logs.length, "file")} in ${dirname(first)}, such as ${basename(first)}`];
}

function amountsOf(count: SyncCounts): TransferTotals {
  const { files, bytes, sent, sentBytes, skipped, removed, extra, failed, held } = count;
  return { files, bytes, uploaded: sent, uploaded_bytes: sentBytes, skipped, deleted: removed, extra, failed, held };
}

function totalsOf(items: readonly RunItem[]): TransferTotals {
  const sum = (key: keyof TransferTotals) => items.reduce((total, item) => total + item[key], 0);
  return {
    files: sum("files"),
    bytes: sum("bytes"),
    uploaded: sum("uploaded"),
    uploaded_bytes: sum("uploaded_bytes"),
    skipped: sum("skipped"),
    deleted: sum("deleted"),
    extra: sum("extra"),
    failed: sum("failed"),
    held: sum("held"),
  };
}

function words(item: TransferTotals, dryRun: boolean): string {
  const would = dryRun ? "would be " : "";
  return [
    `${item.uploaded} ${would}uploaded (${formatBytes(item.uploaded_bytes)})`,
    `${item.skipped} already there`,
    ...(item.deleted > 0 ? [`${item.deleted} ${would}deleted`] : []),
    ...(item.failed > 0 ? [`${item.failed} failed`] : []),
    ...(item.held > 0 ? [`${item.held} held back`] : []),
  ].join(", ");
}

/** Sentences about work that this run left undone, with the option that does it. The verification finds both. */
function hintsOf({ skipped, extra }: TransferTotals, { checksum, delete: removes }: TransferFacts): string[] {
  return [
    ...(skipped > 0 && !checksum ? ["existing objects were compared by size and time; use --checksum to compare contents"] : []),
    ...(extra > 0 && !removes
      ? [
          `${extra} ${extra === 1 ? "object" : "objects"} of the bucket ${extra === 1 ? "is" : "are"} of no source; --delete removes ${extra === 1 ? "it" : "them"}`,
        ]
      : []),
  ];
}
