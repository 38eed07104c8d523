import { ENTITIES, type EntityName } from "../../../catalog/entities.js";
import type { ErrorRecord } from "../../../core/errors.js";
import { formatSeconds } from "../../../core/units.js";
import type { Counts, RowCounts } from "./counts.js";

export interface RunCounts {
  /** Looked at, as something had changed. */
  imported: number;
  /** As the last import saw them: not looked at. */
  unchanged: number;
  failed: number;
  removed: number;
}

export interface ImportReport {
  readonly status: "done" | "partly" | "failed";
  readonly exitStatus: number;
  readonly location: string;
  readonly database: string;
  readonly s3_prefix: string;
  readonly https_prefix: string;
  readonly runs: Readonly<RunCounts>;
  /** Rows by entity, of those that there are. */
  readonly rows: Readonly<Partial<Record<EntityName, RowCounts>>>;
  readonly seconds: number;
  /** The first hundred; `warning_count` counts all. */
  readonly warnings: readonly string[];
  readonly warning_count: number;
  readonly errors: readonly ErrorRecord[];
  toText(): string;
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
  const exitStatus = { done: 0, partly: 3, failed: 3 }[status];
  return { status, exitStatus, ...rest, rows, toText: () => reportText(rest, rows) };
}

function reportText(
  { location, database, runs, seconds, warnings, warning_count }: Omit<ImportReport, "status" | "exitStatus" | "toText" | "rows">,
  rows: Partial<Record<EntityName, RowCounts>>,
): string {
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
  lines.push(...warnings.map((warning) => `warning: ${warning}`));
  if (warning_count > warnings.length) lines.push(`warning: and ${warning_count - warnings.length} more`);
  const { imported, unchanged, failed, removed } = runs;
  lines.push(
    `runs: ${imported} imported, ${unchanged} unchanged, ${removed} removed, ${failed} failed`,
    `${location} into ${database}, ${formatSeconds(seconds)}`,
  );
  return lines.join("\n");
}
