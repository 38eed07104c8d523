import { EmporiumError } from "../../../core/errors.js";
import { parseCsv } from "../inventory/csv.js";
import { decodePath } from "../inventory/path-bytes.js";

/** A person's decision about a folder and a run. It overrides every rule, and stays valid in later matches. */
export interface Decision {
  /** Absolute, or the end of a path that begins at a folder's name. */
  readonly archivePath: string;
  /** Id of the run, or its name where the list of runs has no ids. */
  readonly portalRun: string;
  readonly accepted: boolean;
  readonly who: string;
  readonly note: string;
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
  const [header, ...rows] = parseCsv(decodePath(bytes), file);
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  const missing = DECISION_COLUMNS.slice(0, 3).filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new EmporiumError("CONFIG_FIELD", `${file}: columns ${missing.join(", ")} missing`, {
      place: { file, line: 1 },
      hint: `wanted are ${DECISION_COLUMNS.join(", ")}`,
    });
  }
  return rows.flatMap(({ cells, line }) => {
    const cell = (name: (typeof DECISION_COLUMNS)[number]) => cells[names.indexOf(name)] ?? "";
    const word = cell("decision").trim().toLowerCase();
    if (word === "") return [];
    const accepted = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (accepted === undefined || cell("archive_path") === "" || cell("portal_run_id").trim() === "") {
      throw new EmporiumError("CONFIG_FIELD", `${file}: decision "${word}" found, accept or reject of a path and a run wanted`, {
        place: { file, line },
      });
    }
    const archivePath = cell("archive_path").replace(/(?<=.)\/+$/, "");
    return [{ archivePath, portalRun: cell("portal_run_id").trim(), accepted, who: cell("who"), note: cell("note") }];
  });
}
