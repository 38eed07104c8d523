import { type EmporiumError, ERRORS, type ErrorRecord } from "../../../core/errors.js";
import { exitOf, type Report, warningLines, withText } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";
import { compareKeys } from "../../../stores/keys.js";
import type { DownloadPlan } from "./plan.js";
import { merged, totals } from "./plan-checks.js";
import type { Fetched } from "./transfers.js";

/** One file of a report. Chunks are too many; the manifest has them. */
interface ReportFile extends Omit<Fetched, "status"> {
  status: Fetched["status"] | "planned";
}

interface DownloadCounts {
  /** All requested files, also chunks that may be absent. */
  files: number;
  fetched: number;
  /** Fetched by an earlier run, and unchanged. */
  present: number;
  /** Chunks that the volume does not have: they have the fill value. */
  absent: number;
  failed: number;
}

export interface CropReport {
  url: string;
  rel: string;
  status: "cropped" | "present" | "failed" | "planned";
  chunks?: { copied: number; rewritten: number; absent: number; kept: number } | undefined;
}

export interface CarriedOut {
  crops: CropReport[];
  /** The error that ended the run early. */
  fatal: EmporiumError | undefined;
  /** Files and crops that the end left. */
  left: number;
}

export interface DownloadReport extends DownloadCounts, Report {
  status: "done" | "partial" | "failed" | "cancelled" | "planned";
  /** 0 done · 1 nothing fetched · 3 some failed · 130 stopped: the same call resumes. */
  exitStatus: number;
  dest: string;
  manifest: string;
  /** Size of all files that are here now; of a plan, the known bytes of all its files. */
  bytes: number;
  /** Size of the files that this run fetched. */
  bytesFetched: number;
  /** Files that a stop, or `--fail-fast`, left for the same command to fetch. They are in no other count. */
  left: number;
  /** Files of a plan whose size is unknown, or is only a rounded one in `bytes`; otherwise 0. */
  unsized: number;
  seconds: number;
  /** The first ten thousand; the rest is in the manifest. */
  list: ReportFile[];
  listOmitted: number;
  crops: CropReport[];
  warnings: string[];
  errors: (ErrorRecord & { rel?: string | undefined })[];
}

const LISTED_MAX = 10_000;
/** The most files that the text lists. JSON has more. */
const SHOWN_MAX = 20;

export type Tally = ReturnType<typeof tally>;

/** Counts results, and keeps the first ones. */
export function tally() {
  const counts: DownloadCounts = { files: 0, fetched: 0, present: 0, absent: 0, failed: 0 };
  const list: ReportFile[] = [];
  const errors: DownloadReport["errors"] = [];
  let listOmitted = 0;
  let bytes = 0;
  let bytesFetched = 0;
  return {
    counts,
    errors,
    add(result: Fetched): void {
      counts.files++;
      counts[result.status]++;
      bytes += result.status === "failed" ? 0 : (result.size ?? 0);
      if (result.status === "fetched") bytesFetched += result.size ?? 0;
      if (result.error) errors.push({ ...result.error, rel: result.rel });
      if (result.status === "absent") return;
      if (list.length < LISTED_MAX) list.push(result);
      else listOmitted++;
    },
    /** Sorted by name, since they come in any order. */
    sorted: () => [...list].sort((a, b) => compareKeys(a.rel, b.rel)),
    sums: () => ({ bytes, bytesFetched, listOmitted }),
  };
}

type Facts = Pick<DownloadReport, "dest" | "manifest" | "warnings" | "seconds">;

export function doneReport(results: Tally, { crops, fatal, left }: CarriedOut, facts: Facts): DownloadReport {
  const { counts, errors } = results;
  const here = counts.fetched + counts.present + counts.absent + crops.filter(({ status }) => status !== "failed").length;
  const ended = fatal?.code === "CANCELLED" || fatal?.code === "TARGET_LOCKED" ? ERRORS[fatal.code].exit : undefined;
  const exitStatus = ended ?? exitOf(errors.length, here);
  const status = exitStatus === 0 ? "done" : exitStatus === 130 ? "cancelled" : exitStatus === 3 ? "partial" : "failed";
  const document: Omit<DownloadReport, "toText"> = {
    status,
    exitStatus,
    ...facts,
    ...counts,
    ...results.sums(),
    left,
    unsized: 0,
    list: results.sorted(),
    crops,
    errors,
  };
  return withText(document, doneLines);
}

export function plannedReport(plan: DownloadPlan, facts: Facts): DownloadReport {
  const { files, bytes, unsized } = totals(plan);
  const { objects, crops } = merged(plan.sets);
  const failed = plan.faults.length;
  const document: Omit<DownloadReport, "toText"> = {
    ...{ status: "planned", exitStatus: exitOf(failed, files + crops.length), ...facts },
    ...{ files, fetched: 0, present: 0, absent: 0, failed, bytes, bytesFetched: 0, left: 0, unsized },
    list: objects.slice(0, LISTED_MAX).map(({ rel, url, size, etag }) => ({ rel, url, size, etag, status: "planned" })),
    listOmitted: Math.max(0, files - LISTED_MAX),
    crops: crops.map(({ url, rel }) => ({ url, rel, status: "planned" })),
    errors: plan.faults.map(({ error, rel }) => ({ ...error, rel })),
  };
  return withText(document, plannedLines);
}

/** `12 fetched (1.2 GiB), 3 already there, 1 failed in 2m10s`, and the names of files. */
function doneLines(report: Omit<DownloadReport, "toText">): string[] {
  const { fetched, present, absent, failed, bytesFetched, seconds, dest, status, list, crops, left } = report;
  const cropped = crops.filter((crop) => crop.status === "cropped").length;
  const words = [
    // a box alone is no file
    ...(crops.length === 0 || fetched > 0 ? [`${fetched} fetched (${formatBytes(bytesFetched)})`] : []),
    ...(crops.length > 0 ? [`${cropped} cropped`] : []),
    ...(present > 0 ? [`${present} already there`] : []),
    ...(absent > 0 ? [`${absent} ${absent === 1 ? "chunk that is" : "chunks that are"} fill value`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const lines = [`${words.join(", ")} in ${formatSeconds(seconds)}: ${dest}`];
  for (const { rel, status: state, size, checksum } of list.slice(0, SHOWN_MAX)) {
    const proof = checksum === undefined || checksum === "own" ? "" : `, verified by ${PROOF[checksum]}`;
    lines.push(`  ${state.padEnd(7)}  ${rel}${size === undefined ? "" : `, ${formatBytes(size)}`}${proof}`);
  }
  lines.push(...more(report));
  for (const { rel, status: state, chunks } of crops) lines.push(`  ${state.padEnd(7)}  ${rel}/${fillOf(chunks)}`);
  lines.push(...warningLines(report.warnings));
  if (left > 0) lines.push(`stopped, ${left} ${left === 1 ? "file is" : "files are"} left; run the same command again to resume`);
  else if (status === "cancelled") lines.push("stopped; run the same command again to resume");
  return lines;
}

function fillOf(chunks: CropReport["chunks"]): string {
  if (!chunks || chunks.absent === 0) return "";
  const all = chunks.copied + chunks.rewritten + chunks.absent + chunks.kept;
  return `, ${chunks.absent} of ${counted(all, "chunk")} ${chunks.absent === 1 ? "is" : "are"} fill value`;
}

const PROOF = {
  sidecar: "a checksum file",
  etag: "ETag",
  listing: "the checksum in the listing",
  given: "--checksum",
};

function plannedLines(report: Omit<DownloadReport, "toText">): string[] {
  const { files, bytes, unsized, dest, list, crops } = report;
  const amount = unsized > 0 ? `${formatBytes(bytes)} and ${unsized} of unknown size` : formatBytes(bytes);
  const lines = [`${counted(files, "file")}, ${amount}, to ${dest}`];
  for (const { rel, url, size } of list.slice(0, SHOWN_MAX))
    lines.push(`  ${rel}${size === undefined ? "" : `, ${formatBytes(size)}`}`, `    from ${url}`);
  lines.push(...more(report));
  for (const { rel, url } of crops) lines.push(`  ${rel}/ (a box of it)`, `    from ${url}`);
  lines.push(...warningLines(report.warnings));
  return lines;
}

function more({ list, listOmitted, status, files, absent }: Omit<DownloadReport, "toText">): string[] {
  const rest = status === "planned" ? files - Math.min(list.length, SHOWN_MAX) : list.length + listOmitted - SHOWN_MAX;
  return rest > 0 && (status !== "planned" || absent === 0) ? [`  … and ${rest} more`] : [];
}
