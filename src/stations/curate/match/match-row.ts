import { EmporiumError } from "../../../core/errors.js";
import type { TableRow } from "../../../formats/table/delimited.js";
import { MATCH_COLUMNS } from "../../../model/compared-archive.js";
import { csvBytes, csvLine, parseCsv } from "../inventory/csv.js";
import { decodePath } from "../inventory/path-bytes.js";
import type { Rule } from "./rules.js";

/** One row of `matching_runs.csv`: a folder of the archive and a run of the portal. */
export interface MatchRow {
  /** The folder's own name. */
  readonly archiveRun: string;
  readonly portalRun: string;
  readonly portalRunId: string;
  /** Absolute; "" in a table of the reference, which has only names. */
  readonly path: string;
  readonly rule: Rule | "manual";
  readonly score: number;
  readonly status: MatchStatus;
  readonly datasetId: string;
}

export type MatchStatus = "matched" | "ambiguous" | "rejected" | "manual";

/** Certain rows: labels and copies use these. */
export const isTaken = ({ status }: Pick<MatchRow, "status">): boolean => status === "matched" || status === "manual";

export function matchesCsv(rows: readonly MatchRow[]): Buffer {
  const lines = rows.map(({ archiveRun, portalRun, portalRunId, path, rule, score, status, datasetId }) =>
    csvLine([archiveRun, portalRun, portalRunId, path, rule, score, status, datasetId]),
  );
  return csvBytes(csvLine(MATCH_COLUMNS) + lines.join(""));
}

const STATUSES: readonly string[] = ["matched", "ambiguous", "rejected", "manual"] satisfies MatchStatus[];

/**
 * Reads a table of matches, of this program or of the reference. The latter has three columns of names, and perhaps its header
 * several times.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD
 */
export function parseMatches(bytes: Uint8Array, file: string): MatchRow[] {
  const [header, ...rows] = parseCsv(decodePath(bytes), file);
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  const missing = MATCH_COLUMNS.slice(0, 2).filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file}: columns ${names.join(", ") || "none"} found, ${missing.join(" and ")} missing`,
      {
        place: { file, line: 1 },
        hint: "emporium curate match writes such a table",
      },
    );
  }
  return rows
    .filter(({ cells }) => cells.some((cell) => cell !== "") && cells.join() !== header!.cells.join())
    .map((row) => toRow(row, names, file));
}

function toRow({ cells, line }: TableRow, names: readonly string[], file: string): MatchRow {
  const cell = (name: (typeof MATCH_COLUMNS)[number]) => cells[names.indexOf(name)] ?? "";
  // the reference's table has no such column; an empty cell says nothing
  const status = names.includes("status") ? cell("status").trim() : "matched";
  // a spreadsheet may have written the decimal mark of its country
  const score = Number(cell("score").replace(",", ".") || "1");
  if (cell("sc_run_name") === "" || cell("CZI_run_name") === "") {
    throw new EmporiumError("CONFIG_FIELD", `${file}: a row without both names`, { place: { file, line } });
  }
  if (!STATUSES.includes(status) || !Number.isFinite(score)) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file}: expected a status (${STATUSES.join(", ")}) and a number as score, found ${status} and ${cell("score")}`,
      {
        place: { file, line },
      },
    );
  }
  return {
    archiveRun: cell("sc_run_name"),
    portalRun: cell("CZI_run_name"),
    portalRunId: cell("CZI_run_id"),
    path: cell("path"),
    rule: (cell("rule") || "exact") as MatchRow["rule"],
    score,
    status: status as MatchStatus,
    datasetId: cell("dataset_id"),
  };
}
