import { EmporiumError } from "../../../core/errors.js";
import type { TableRow } from "../../../formats/table/delimited.js";
import { firstLine, parseCsv, type Separator, separatorOf } from "../inventory/csv.js";
import { decodePath } from "../inventory/path-bytes.js";

/** A person's decision about a folder and a run. It overrides every rule, and stays valid in later matches. */
export interface Decision {
  /** Absolute path, or the end of one that begins at a folder's name. */
  readonly archivePath: string;
  /** Id of the run, or its name where the list of runs has no ids. */
  readonly portalRun: string;
  readonly accepted: boolean;
  readonly who: string;
  readonly note: string;
}

/** A line of the file. One without a decision is open, or was undone by `who`. */
export interface DecisionLine extends Omit<Decision, "accepted">, Pick<TableRow, "line" | "at" | "raw"> {
  readonly accepted: boolean | undefined;
}

/** The file as it is written, for those who change single cells of it. */
export interface DecisionSheet {
  readonly text: string;
  readonly separator: Separator;
  readonly header: TableRow;
  /** Names of columns, without blanks around them. */
  readonly names: readonly string[];
  readonly lines: readonly DecisionLine[];
}

export const DECISION_COLUMNS = ["archive_path", "portal_run_id", "decision", "who", "note"] as const;

const WORDS: Readonly<Record<string, boolean>> = {
  accept: true,
  accepted: true,
  yes: true,
  manual: true,
  matched: true,
  reject: false,
  rejected: false,
  no: false,
};

/**
 * Reads `decisions.csv`. Rows without a decision are skipped, so the review list is a valid file.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD
 */
export function parseDecisions(bytes: Uint8Array, file: string): Decision[] {
  return parseDecisionSheet(bytes, file).lines.flatMap(({ archivePath, portalRun, accepted, who, note }) =>
    accepted === undefined ? [] : [{ archivePath, portalRun, accepted, who, note }],
  );
}

/** Reads all lines of `decisions.csv`. @throws {EmporiumError} as `parseDecisions` */
export function parseDecisionSheet(bytes: Uint8Array, file: string): DecisionSheet {
  const text = decodePath(bytes);
  const separator = separatorOf(firstLine(text));
  const [header, ...rows] = parseCsv(text, file, separator);
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  const missing = DECISION_COLUMNS.slice(0, 3).filter((name) => !names.includes(name));
  if (header === undefined || missing.length > 0) {
    throw new EmporiumError("CONFIG_FIELD", `${file}: columns ${missing.join(", ")} missing`, {
      place: { file, line: 1 },
      hint: `use the columns ${DECISION_COLUMNS.join(", ")}`,
    });
  }
  const lines = rows.map(({ cells, line, at, raw }): DecisionLine => {
    const cell = (name: (typeof DECISION_COLUMNS)[number]) => cells[names.indexOf(name)] ?? "";
    const word = cell("decision").trim().toLowerCase();
    const accepted = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (word !== "" && (accepted === undefined || cell("archive_path") === "" || cell("portal_run_id").trim() === "")) {
      throw new EmporiumError(
        "CONFIG_FIELD",
        `${file}: expected accept or reject of a path and a run, found decision "${word}"`,
        {
          place: { file, line },
        },
      );
    }
    const archivePath = cell("archive_path").replace(/(?<=.)\/+$/, "");
    const portalRun = cell("portal_run_id").trim();
    return { archivePath, portalRun, accepted, who: cell("who"), note: cell("note"), line, at, raw };
  });
  return { text, separator, header, names, lines };
}
