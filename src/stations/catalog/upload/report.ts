import { ERRORS, type ErrorRecord } from "../../../core/errors.js";
import { type Report, warningLines, withText } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";

/** The result of one row of the table. */
export interface UploadedDataset {
  readonly id: string;
  /** `already`: done by an earlier run of this upload, which was stopped. */
  readonly status: "uploaded" | "replaced" | "already" | "planned" | "failed" | "cancelled";
  /** Frames, of a data set that has some. */
  readonly frames?: number | undefined;
  /** Bytes of pixels, or of the file. */
  readonly bytes?: number | undefined;
  readonly storage_dir?: string | undefined;
}

export interface UploadReport extends Report {
  readonly status: "done" | "partly" | "failed" | "planned" | "cancelled";
  readonly storage: string;
  readonly database: string;
  readonly datasets: readonly UploadedDataset[];
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** Each with the data set that it is of. */
  readonly errors: readonly (ErrorRecord & { readonly dataset?: string | undefined })[];
}

/** 0 all done, 3 some, 130 stopped; if nothing was done, the failures' own status if they agree, else 1. */
function uploadExit(datasets: readonly UploadedDataset[], errors: readonly ErrorRecord[], cancelled: boolean): number {
  if (cancelled) return 130;
  const failed = datasets.filter(({ status }) => status === "failed").length;
  if (failed === 0) return 0;
  if (failed < datasets.length) return 3;
  const codes = new Set<number>(errors.map(({ code }) => ERRORS[code].exit));
  return codes.size === 1 ? [...codes][0]! : 1;
}

export function uploadReport(
  facts: Omit<UploadReport, "status" | "exitStatus" | "toText"> & { cancelled: boolean; planned: boolean },
): UploadReport {
  const { cancelled, planned, ...rest } = facts;
  const exitStatus = uploadExit(rest.datasets, rest.errors, cancelled);
  const word =
    exitStatus === 3 ? "partly" : exitStatus === 0 ? (planned ? "planned" : "done") : cancelled ? "cancelled" : "failed";
  return withText({ status: word, exitStatus, ...rest }, (report) => linesOf(report, planned));
}

function linesOf({ datasets, storage, database, seconds, warnings }: Omit<UploadReport, "toText">, planned: boolean): string[] {
  const lines = datasets.map(({ id, status, frames, bytes, storage_dir }) => {
    const what = frames === undefined ? (bytes === undefined ? "" : "  1 file") : `  ${counted(frames, "frame")}`;
    return `${status.padEnd(8)}  ${id}${what}${bytes === undefined ? "" : `  ${formatBytes(bytes)}`}${storage_dir === undefined ? "" : `  ${storage_dir}`}`;
  });
  const counts = new Map<string, number>();
  for (const { status } of datasets) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sums = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  lines.push(...warningLines(warnings));
  lines.push(`${sums} to ${storage}, rows in ${database}${planned ? "" : `, ${formatSeconds(seconds)}`}`);
  return lines;
}
