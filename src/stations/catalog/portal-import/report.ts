import { ENTITIES, type EntityName } from "../../../catalog/entities.js";
import { exitOf, type Report, warningLines, withText } from "../../../core/report.js";
import { formatSeconds } from "../../../core/units.js";
import type { Counts, RowCounts } from "./counts.js";

export interface RunCounts {
  /** Runs that had changed. */
  imported: number;
  /** Runs that had not changed since the last import. */
  unchanged: number;
  failed: number;
  removed: number;
}

export interface ImportReport extends Report {
  readonly status: "done" | "partly" | "failed";
  readonly location: string;
  readonly database: string;
  readonly s3_prefix: string;
  readonly https_prefix: string;
  readonly runs: Readonly<RunCounts>;
  /** Counts of rows by entity. */
  readonly rows: Readonly<Partial<Record<EntityName, RowCounts>>>;
  readonly seconds: number;
  /** The first hundred; `warning_count` counts all. */
  readonly warnings: readonly string[];
  readonly warning_count: number;
}

export function importReport(
  facts: Omit<ImportReport, "status" | "exitStatus" | "toText" | "rows"> & { counts: Counts; anythingDone: boolean },
): ImportReport {
  const { counts, anythingDone, ...rest } = facts;
  const rows: Partial<Record<EntityName, RowCounts>> = {};
  for (const { name } of ENTITIES) {
    const of = counts.get(name);
    if (of && of.inserted + of.updated + of.removed + of.unchanged > 0) rows[name] = of;
  }
  const status = rest.errors.length === 0 ? "done" : anythingDone ? "partly" : "failed";
  return withText({ status, exitStatus: exitOf(rest.errors.length), ...rest, rows }, linesOf);
}

function linesOf(report: Omit<ImportReport, "toText">): string[] {
  const { rows, location, database, runs, seconds, warnings, warning_count } = report;
  const names = Object.keys(rows) as EntityName[];
  const heads = ["inserted", "updated", "removed", "unchanged"] as const;
  const width = Math.max(6, ...names.map((name) => name.length));
  const line = (name: string, cells: readonly (string | number)[]) =>
    `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(11)).join("")}`;
  const lines =
    names.length === 0
      ? []
      : [
          line("rows", heads),
          ...names.map((name) =>
            line(
              name,
              heads.map((head) => rows[name]![head]),
            ),
          ),
        ];
  lines.push(...warningLines(warnings));
  if (warning_count > warnings.length) lines.push(`warning: and ${warning_count - warnings.length} more`);
  const { imported, unchanged, failed, removed } = runs;
  lines.push(
    `runs: ${imported} imported, ${unchanged} unchanged, ${removed} removed, ${failed} failed`,
    `${location} into ${database}, ${formatSeconds(seconds)}`,
  );
  return lines;
}
