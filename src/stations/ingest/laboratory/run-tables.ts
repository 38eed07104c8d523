import { counted } from "../../../core/units.js";
import { angleTable } from "./angle-tables.js";
import type { Claim } from "./claims.js";
import type { Decision } from "./decide.js";
import type { Laboratory } from "./survey/laboratory.js";

export interface RunTables {
  readonly claims: readonly Claim[];
  /** Those that are tables of neither runs nor objects: perhaps lists of points. */
  readonly points: ReadonlySet<string>;
}

const TABLE_BYTES_MAX = 16 * 1024 * 1024;

const anglesOf = (series: number): string =>
  `the tilt angles of ${counted(series, "series", "series")}: their range is taken from it; to publish the angles, write NAME.rawtlt for each series`;

/** Tables beside the data: one row a run, or one an object. */
export async function runTables(
  laboratory: Laboratory,
  tables: readonly Decision[],
  runs: readonly string[],
  signal: AbortSignal,
): Promise<RunTables> {
  const claims: Claim[] = [];
  const points = new Set<string>();
  const has: { runs?: string; objects?: string } = {};
  for (const { path } of tables) {
    signal.throwIfAborted();
    const text = await laboratory.text(path, TABLE_BYTES_MAX);
    const [first = "", ...rows] = (text ?? "").split(/\r?\n/);
    const columns = first.split(/[,\t]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
    const at = columns.indexOf("run_name");
    if (at < 0) {
      const series = angleTable(text ?? "", runs)?.angles.size;
      if (series === undefined) points.add(path);
      else claims.push({ path, role: "left out", because: anglesOf(series), strength: "contents" });
      continue;
    }
    const kind = columns.includes("object_id") || columns.includes("object_name") ? "objects" : "runs";
    const isOfRuns = kind === "objects" || rows.some((row) => runs.includes((row.split(/[,\t]/)[at] ?? "").trim()));
    if (has[kind] === undefined && isOfRuns) {
      has[kind] = path;
      claims.push({
        path,
        role: "table",
        because: `it has a row for ${kind === "runs" ? "each run" : "each object"}`,
        strength: "contents",
        details: { object: kind },
      });
    } else {
      const why = isOfRuns ? `a second table of ${kind}: ${has[kind]} is the first` : "a table of runs that are not here";
      claims.push({ path, role: "left out", because: why, strength: "contents" });
    }
  }
  return { claims, points };
}
