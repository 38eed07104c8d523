import { exitOf, type Report, warningLines, withText } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";

/** One file of a download. */
export interface DownloadedFile {
  /** Path relative to the folder. */
  readonly name: string;
  /** `present`: an earlier, interrupted run downloaded the file, and it has been verified again. */
  readonly status: "fetched" | "present" | "failed";
  readonly bytes: number;
  /** Method by which the content was verified; `none`: the database has no checksum. */
  readonly proof: "sha256" | "swapped" | "none";
}

export interface CatalogDownloadReport extends Report {
  readonly status: "done" | "partly" | "failed";
  readonly id: string;
  readonly folder: string;
  /** Number of frames that matched; undefined for a data set that is one file. */
  readonly frames: number | undefined;
  /** Names of the metadata files that were written. */
  readonly metadata: readonly string[];
  readonly files: readonly DownloadedFile[];
  readonly bytes: number;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

export function downloadReport(
  facts: Omit<CatalogDownloadReport, "status" | "exitStatus" | "bytes" | "toText">,
): CatalogDownloadReport {
  const done = facts.files.filter(({ status }) => status !== "failed").length;
  const exitStatus = exitOf(facts.errors.length, done);
  const bytes = facts.files.reduce((sum, file) => sum + file.bytes, 0);
  const status = ({ 0: "done", 1: "failed", 3: "partly" } as const)[exitStatus];
  return withText({ status, exitStatus, ...facts, bytes }, linesOf);
}

function linesOf(report: Omit<CatalogDownloadReport, "toText">): string[] {
  const { id, folder, frames, files, metadata, bytes, seconds, warnings, errors } = report;
  const count = (status: DownloadedFile["status"]) => files.filter((file) => file.status === status).length;
  const parts = (["fetched", "present", "failed"] as const).flatMap((status) =>
    count(status) > 0 ? [`${count(status)} ${status}`] : [],
  );
  return [
    `${id}: ${frames === undefined ? "1 file" : counted(frames, "frame")}${parts.length > 0 ? ` (files: ${parts.join(", ")})` : ""}, ${formatBytes(bytes)}, ${formatSeconds(seconds)}`,
    ...(metadata.length > 0 ? [`metadata: ${metadata.join(", ")}`] : []),
    ...warningLines(warnings),
    errors.length === 0 ? `in ${folder}` : `${folder} is not complete: the same command again fetches what is missing`,
  ];
}
