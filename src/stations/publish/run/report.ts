import type { EmporiumError, ErrorRecord } from "../../../core/errors.js";
import { toErrorRecord } from "../../../core/errors.js";
import { formatBytes, formatSeconds } from "../../../core/units.js";
import type { Plan } from "../plan/plan.js";
import { noCounts, type SyncCounts } from "../sync/task.js";

export interface RunReport {
  readonly sample: string;
  readonly bucket: string;
  readonly dry_run: boolean;
  readonly items: readonly RunItem[];
  readonly totals: Omit<RunItem, "id" | "source" | "target" | "state" | "warnings">;
  /** What was done, a line a file. */
  readonly log: string;
  readonly seconds: number;
  readonly errors: readonly ErrorRecord[];
  /** 0 all of it, 3 some is missing or failed. */
  readonly exitStatus: number;
  toText(): string;
}

export interface RunItem {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly state: "done" | "failed" | "missing";
  /** What the source holds. */
  readonly files: number;
  readonly bytes: number;
  readonly uploaded: number;
  readonly uploaded_bytes: number;
  readonly skipped: number;
  readonly deleted: number;
  readonly failed: number;
  readonly warnings: readonly string[];
}

export interface RunFacts {
  counts: ReadonlyMap<string, SyncCounts>;
  failures: ReadonlyMap<string, EmporiumError>;
  dryRun: boolean;
  logFile: string;
  seconds: number;
}

export function runReport(plan: Plan, bucket: string, { counts, failures, dryRun, logFile, seconds }: RunFacts): RunReport {
  const errors: ErrorRecord[] = [];
  const items = plan.items.map(({ id, source, target }): RunItem => {
    const fault = failures.get(id);
    if (fault) errors.push(toErrorRecord(fault));
    const count = counts.get(id) ?? noCounts();
    errors.push(...count.errors);
    return {
      id,
      source,
      target,
      state: fault ? "missing" : count.failed > 0 ? "failed" : "done",
      files: count.files,
      bytes: count.bytes,
      uploaded: count.sent,
      uploaded_bytes: count.sentBytes,
      skipped: count.skipped,
      deleted: count.removed,
      failed: count.failed,
      warnings: count.warnings,
    };
  });
  const sum = (of: (item: RunItem) => number) => items.reduce((total, item) => total + of(item), 0);
  const totals = {
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    uploaded: sum(({ uploaded }) => uploaded),
    uploaded_bytes: sum(({ uploaded_bytes }) => uploaded_bytes),
    skipped: sum(({ skipped }) => skipped),
    deleted: sum(({ deleted }) => deleted),
    failed: sum(({ failed }) => failed),
  };
  const would = dryRun ? "would be " : "";
  return {
    sample: plan.sample,
    bucket,
    dry_run: dryRun,
    items,
    totals,
    log: logFile,
    seconds: Number(seconds.toFixed(3)),
    errors,
    exitStatus: items.some(({ state }) => state !== "done") ? 3 : 0,
    toText() {
      const words = (item: Pick<RunItem, keyof typeof totals>) =>
        [
          `${item.uploaded} ${would}uploaded (${formatBytes(item.uploaded_bytes)})`,
          `${item.skipped} there already`,
          ...(item.deleted > 0 ? [`${item.deleted} ${would}deleted`] : []),
          ...(item.failed > 0 ? [`${item.failed} failed`] : []),
        ].join(", ");
      return [
        ...items.map((item) => `${item.id}: ${item.state === "missing" ? "no source" : words(item)}`),
        ...items.flatMap(({ id, warnings }) => warnings.map((warning) => `warning: ${id}: ${warning}`)),
        `${plan.sample} to ${bucket}: ${words(totals)} in ${formatSeconds(seconds)}`,
        `log: ${logFile}`,
      ].join("\n");
    },
  };
}
