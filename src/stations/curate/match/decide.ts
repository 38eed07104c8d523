import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { takeLocksWithin } from "../../../engine/lock.js";
import { csvCells } from "../../../formats/table/csv-line.js";
import { serially } from "../../../stores/file/place.js";
import { absentAs } from "../../../stores/file/root.js";
import { fileStore } from "../../../stores/file/store.js";
import type { Stat } from "../../../stores/store.js";
import { encodePath } from "../inventory/path-bytes.js";
import { DECISION_COLUMNS, type DecisionLine, type DecisionSheet, parseDecisionSheet } from "./decisions.js";
import type { MatchRow } from "./match-row.js";

/** A person's choice for a row. `undo` opens it again, and keeps who undid it. */
export type Choice = "accept" | "reject" | "undo";

/** The decision on a row in the file. Without `decision` nobody has decided, or `who` has undone it. */
export interface RowDecision {
  readonly decision?: "accept" | "reject" | undefined;
  readonly who: string;
  readonly note: string;
}

/** The rows of a table that can be decided, by name. */
export type DecidableRows = ReadonlyMap<string, Decidable>;
type Decidable = Pick<MatchRow, "path" | "portalRun" | "portalRunId">;

/**
 * The name of a row, a hash of the folder and the run, so that it outlives the table. Undefined without a path. Rows of two
 * datasets whose run has no id are one to a decision.
 */
export function rowName({ path, portalRun, portalRunId }: Decidable): string | undefined {
  return path === "" ? undefined : digest([path, portalRunId || portalRun]);
}

/** A hash of a row's decision in the file and of its status and rule in the table, which changes with any of them. */
export const decisionTag = ({ status, rule }: Pick<MatchRow, "status" | "rule">, { decision, who, note }: RowDecision): string =>
  digest([status, rule, decision ?? "", who, note]);

function digest(of: readonly string[]): string {
  return createHash("sha256")
    .update(encodePath(keyOf(...of)))
    .digest("base64url")
    .slice(0, 22);
}

/** A file of decisions as it is now. */
export interface DecisionFile {
  /** Undefined if there is no file. */
  readonly stat: Stat | undefined;
  readonly sheet: DecisionSheet | undefined;
}

/**
 * Reads a file of decisions.
 *
 * @param path absolute
 * @throws {EmporiumError} STORE_DENIED for a link; CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT
 */
export async function readDecisionFile(path: string): Promise<DecisionFile> {
  const name = basename(path);
  // a file that is renamed over a link takes the link's place, not that of the file it leads to
  if ((await lstat(path).catch(absentAs(undefined)))?.isSymbolicLink()) {
    throw new EmporiumError("STORE_DENIED", `${name} is a link`, { hint: "put the file itself into the folder of the table" });
  }
  const store = fileStore(dirname(path));
  const stat = await store.stat(name);
  if (!stat) return { stat: undefined, sheet: undefined };
  if (stat.size > LIMITS.metadataBytes) {
    throw new EmporiumError(
      "CONFIG_LIMIT",
      `${name} has ${counted(stat.size, "byte")}, at most ${LIMITS.metadataBytes} are read`,
    );
  }
  const bytes = await store.read(name, undefined, { ifMatch: stat.etag });
  return bytes ? { stat, sheet: parseDecisionSheet(bytes, name) } : { stat: undefined, sheet: undefined };
}

/** The decision of a file on each row that it names. As in `curate match` the last line with a decision counts. */
export function decisionsOf({ sheet }: Pick<DecisionFile, "sheet">, rows: DecidableRows): ReadonlyMap<string, RowDecision> {
  const found = new Map<string, RowDecision>();
  const rowsOf = appliesTo(rows);
  for (const line of sheet?.lines ?? []) {
    for (const name of rowsOf(line)) {
      if (line.accepted !== undefined || found.get(name)?.decision === undefined) found.set(name, stateOf(line));
    }
  }
  return found;
}

/** State of a row on which nobody has ever decided. */
export const OPEN: RowDecision = { who: "", note: "" };
const stateOf = ({ accepted, who, note }: DecisionLine): RowDecision => ({
  ...(accepted !== undefined && { decision: accepted ? "accept" : "reject" }),
  who,
  note,
});

/**
 * Names of the rows that a line is about: `curate match` takes the end of a path, and a run's name, where no other folder and no
 * id is meant.
 */
function appliesTo(rows: DecidableRows): (line: DecisionLine) => readonly string[] {
  const byPath = groupsOf(rows, ([, { path }]) => path);
  const byFolder = groupsOf(byPath.keys(), (path) => path.slice(path.lastIndexOf("/") + 1));
  const ids = new Set([...rows.values()].map(({ portalRun, portalRunId }) => portalRunId || portalRun));
  return ({ archivePath, portalRun }) => {
    const ending = byPath.has(archivePath)
      ? [archivePath]
      : (byFolder.get(archivePath.slice(archivePath.lastIndexOf("/") + 1)) ?? []).filter((path) =>
          path.endsWith(`/${archivePath}`),
        );
    if (ending.length !== 1) return [];
    const isMeant = (row: Decidable) =>
      ids.has(portalRun) ? (row.portalRunId || row.portalRun) === portalRun : row.portalRun === portalRun;
    return byPath.get(ending[0]!)!.flatMap(([name, row]) => (isMeant(row) ? [name] : []));
  };
}

export interface Deciding extends GivenEnv {
  readonly choice: Choice;
  readonly who: string;
  /** Default: the note in the file. */
  readonly note?: string | undefined;
  /** Called with the decision in the file before anything is written. It throws where the person saw another one. */
  readonly check: (now: RowDecision) => void;
}

const LOCK_WAIT = { tries: 40, waitMs: 100 };
const WRITE_TRIES = 5;

/**
 * Writes one decision into a file, which is made if it is absent. Every cell but those of this decision keeps its bytes. The file
 * is replaced whole, under a lock beside it: other servers write in turn, and `curate match` reads the old file or the new one.
 *
 * @param file absolute path
 * @throws {EmporiumError} as `readDecisionFile`; TARGET_LOCKED; STORE_CONFLICT where another program writes it again and again
 */
export async function decideRow(
  file: string,
  { rows, name }: { rows: DecidableRows; name: string },
  { choice, who, note, check, ...given }: Deciding,
): Promise<RowDecision> {
  const { clock, random, log, signal } = envOf(given);
  const [folder, key] = [dirname(file), basename(file)];
  return serially(`decisions ${file}`, async () => {
    const stop = new AbortController();
    const onLost = (error: EmporiumError) => stop.abort(error);
    const job = "decisions of curate match";
    const lock = { job, clock, random, log, onLost, signal };
    const locks = await takeLocksWithin(fileStore(folder, { sync: false }), [key], lock, LOCK_WAIT);
    try {
      for (let tries = 1; ; tries++) {
        const { stat, sheet } = await readDecisionFile(file);
        const now = decisionsOf({ sheet }, rows).get(name) ?? OPEN;
        check(now);
        const text = decidedText(sheet, { rows, name }, { choice, who, note });
        if (text === undefined || text === sheet?.text) return now;
        const body = encodePath(text);
        try {
          stop.signal.throwIfAborted();
          // a spreadsheet knows nothing of the lock
          const condition = stat ? { ifMatch: stat.etag } : { ifAbsent: true };
          await fileStore(folder).write(key, body, { ...condition, contentType: "text/csv" });
          return decisionsOf({ sheet: parseDecisionSheet(body, key) }, rows).get(name) ?? OPEN;
        } catch (error) {
          if (!isEmporiumError(error) || error.code !== "STORE_CONFLICT" || tries >= WRITE_TRIES) throw error;
        }
      }
    } finally {
      await locks.release();
    }
  });
}

const EMPTY = `${DECISION_COLUMNS.join(",")}\n`;

/** The text of a file with one more decision in it; undefined where there is nothing to undo. */
function decidedText(
  given: DecisionSheet | undefined,
  { rows, name }: { rows: DecidableRows; name: string },
  { choice, who, note }: Pick<Deciding, "choice" | "who" | "note">,
): string | undefined {
  const sheet = withColumns(given ?? parseDecisionSheet(Buffer.from(EMPTY), ""), note === undefined ? ["who"] : ["who", "note"]);
  const rowsOf = appliesTo(rows);
  const about = sheet.lines.filter((line) => rowsOf(line).includes(name));
  const own = about.filter((line) => rowsOf(line).length === 1);
  const decided = about.filter(({ accepted }) => accepted !== undefined);
  const cells = { decision: choice === "undo" ? "" : choice, who, ...(note !== undefined && { note }) };
  if (choice === "undo") {
    const shared = decided.find((line) => !own.includes(line));
    if (shared) {
      throw new EmporiumError(
        "CONFIG_FIELD",
        `line ${shared.line} decides ${counted(rowsOf(shared).length, "row")} at once: this one cannot be undone alone`,
        {
          place: { file: "decisions.csv", line: shared.line },
          hint: "accept or reject the row instead, or change the line by hand",
        },
      );
    }
    // from the end: what lies before keeps its place
    return decided.length === 0
      ? undefined
      : decided.toReversed().reduce((text, line) => withCells({ ...sheet, text }, line, cells), sheet.text);
  }
  const last = own.at(-1);
  // a later line about several rows would win over it
  if (last && !decided.some(({ at }) => at > last.at)) return withCells(sheet, last, cells);
  const { path, portalRun, portalRunId } = rows.get(name)!;
  const named: Readonly<Record<string, string>> = { archive_path: path, portal_run_id: portalRunId || portalRun, ...cells };
  const end = endOfLine(sheet);
  const line = sheet.names.map((column, at) => (sheet.names.indexOf(column) === at ? (named[column] ?? "") : ""));
  return `${sheet.text}${/[\r\n]$/.test(sheet.text) ? "" : end}${csvCells(line, sheet.separator)}${end}`;
}

/** The text with other cells in one line. All others stay as they are written. */
function withCells(
  { text, names, separator }: Pick<DecisionSheet, "text" | "names" | "separator">,
  { at, raw }: DecisionLine,
  cells: Readonly<Record<string, string>>,
): string {
  const now = [...raw];
  for (const [name, value] of Object.entries(cells)) {
    const column = names.indexOf(name);
    while (now.length < column) now.push("");
    now[column] = csvCells([value], separator);
  }
  return text.slice(0, at) + now.join(separator) + text.slice(at + raw.join(separator).length);
}

/** The sheet with these columns in its header. Lines without cells for them are read as empty there. */
function withColumns(sheet: DecisionSheet, columns: readonly string[]): DecisionSheet {
  const { text, separator, header, names, lines } = sheet;
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length === 0) return sheet;
  const wide = lines.find(({ raw }) => raw.length > names.length);
  if (wide) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `line ${wide.line} has more cells than the header, which lacks ${missing.join(" and ")}`,
      {
        hint: `add ${missing.join(", ")} to the header`,
      },
    );
  }
  const end = endOfHeader(header);
  const added = `${text.slice(0, end)}${missing.map((name) => separator + name).join("")}${text.slice(end)}`;
  return parseDecisionSheet(encodePath(added), "decisions.csv");
}

/** Every separator is one character long. */
const endOfHeader = ({ at, raw }: DecisionSheet["header"]): number => at + raw.join(",").length;

/** The line end of the sheet, as its header has it. */
function endOfLine({ text, header }: DecisionSheet): string {
  const at = endOfHeader(header);
  return text.startsWith("\r\n", at) ? "\r\n" : text[at] === "\r" ? "\r" : "\n";
}
