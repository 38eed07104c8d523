import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { type Report, withText } from "../../../core/report.js";
import { counted } from "../../../core/units.js";
import { type Batch, type BatchFacts, factsJson } from "./events.js";
import { type LedgerOptions, type LedgerPlace, readLedger, withLedger } from "./ledger.js";
import { BATCH_STATES, type BatchState, checkMove, MOVES } from "./states.js";

/** Batches of the ledger as a report. */
export interface BatchesReport extends Report {
  readonly ledger: string;
  readonly batches: readonly JsonObject[];
}

export interface ListOptions extends LedgerPlace {
  readonly states?: readonly BatchState[] | undefined;
  readonly label?: string | undefined;
  /** Ids of batches; none: all. */
  readonly ids?: readonly string[] | undefined;
  /** With every line of each batch. */
  readonly history?: boolean | undefined;
}

/** Batches in the order of their first lines. @throws {EmporiumError} USAGE for an unknown id */
export async function listBatches({ states, label, ids = [], history = false, ...place }: ListOptions): Promise<BatchesReport> {
  const { path, batches } = await readLedger(place);
  for (const id of ids) if (!batches.has(id)) throw unknownBatch(id, batches);
  const shown = [...batches.values()].filter(
    (batch) =>
      (ids.length === 0 || ids.includes(batch.id)) &&
      (states === undefined || states.includes(batch.state)) &&
      (label === undefined || batch.label?.toLowerCase() === label.toLowerCase()),
  );
  return reportOf(path, shown, history);
}

export interface EditOptions extends LedgerOptions {}

/**
 * Enters a batch that this program did not collect, for example one that is older than the ledger.
 *
 * @throws {EmporiumError} USAGE if the batch exists, or its id is invalid; TARGET_LOCKED
 */
export async function addBatch(
  id: string,
  { state = "draft", facts }: { state?: BatchState | undefined; facts: BatchFacts },
  options: EditOptions,
): Promise<BatchesReport> {
  checkBatchId(id);
  return withLedger(options, "curate batches add", async (ledger) => {
    if (ledger.batches.has(id)) {
      throw new EmporiumError("USAGE", `batch ${id} is in the ledger already`, {
        hint: `emporium curate batches set ${id} changes it`,
      });
    }
    return reportOf(ledger.path, [await ledger.add({ batch: id, state, facts })], false);
  });
}

/**
 * Moves a batch to its next state, or adds facts about it. Its history keeps the earlier ones.
 *
 * @throws {EmporiumError} USAGE for an unknown batch, a move that skips a state, files of another batch; TARGET_LOCKED
 */
export async function setBatch(
  id: string,
  { state, facts }: { state?: BatchState | undefined; facts: BatchFacts },
  options: EditOptions,
): Promise<BatchesReport> {
  const said = Object.values(facts).some((value) => value !== undefined);
  if (state === undefined && !said) {
    throw new EmporiumError("USAGE", `batch ${id}: no change is given; give a state or a fact`, {
      hint: `give a state (${BATCH_STATES.join(", ")}) or a fact (--note, --recipient, …)`,
    });
  }
  return withLedger(options, "curate batches set", async (ledger) => {
    const batch = ledger.batches.get(id);
    if (!batch) throw unknownBatch(id, ledger.batches);
    if (state === batch.state && !said) return reportOf(ledger.path, [batch], false);
    const move = state === batch.state ? undefined : state;
    if (move !== undefined) checkMove(id, batch.state, move);
    if (move !== undefined && batch.state === "rejected") refuseTaken(batch, ledger.batches);
    return reportOf(ledger.path, [await ledger.add({ batch: id, state: move, facts })], false);
  });
}

/** Files of a rejected batch may be in another batch by now: a content is in at most one active batch. */
function refuseTaken(batch: Batch, batches: ReadonlyMap<string, Batch>): void {
  const hashes = new Set(batch.files.map(({ sha256 }) => sha256));
  for (const other of batches.values()) {
    if (other.id === batch.id || other.state === "rejected") continue;
    const shared = other.files.filter(({ sha256 }) => hashes.has(sha256)).length;
    if (shared === 0) continue;
    throw new EmporiumError(
      "ALREADY_SUBMITTED",
      `${counted(shared, "file")} of batch ${batch.id} are in batch ${other.id}, which is ${other.state}`,
      {
        hint: "continue that one",
      },
    );
  }
}

/** @throws {EmporiumError} USAGE */
export function checkBatchId(id: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N}+._ -]{0,127}$/u.test(id)) return;
  throw new EmporiumError(
    "USAGE",
    `${JSON.stringify(id)} is not a name of a batch: letters, digits, + . _ - and blanks, the first no sign`,
  );
}

function unknownBatch(id: string, batches: ReadonlyMap<string, Batch>): EmporiumError {
  const known = [...batches.keys()].slice(-5).join(", ") || "none";
  return new EmporiumError("USAGE", `there is no batch ${JSON.stringify(id)} in the ledger; the latest are ${known}`, {
    hint: "emporium curate batches list shows all",
  });
}

function reportOf(ledger: string, batches: readonly Batch[], history: boolean): BatchesReport {
  const document = { ledger, batches: batches.map((batch) => batchJson(batch, history)), errors: [], exitStatus: 0 };
  return withText(document, () => linesOf(batches, history));
}

function batchJson(batch: Batch, history: boolean): JsonObject {
  const { id, state, dates, files, history: lines } = batch;
  return {
    id,
    ...factsJson(batch),
    state,
    dates,
    next: MOVES[state],
    n_files: batch.fileCount ?? files.length,
    ...(history
      ? {
          files: files.map(({ sha256, dest }) => ({ sha256, dest })),
          history: lines.map(
            ({ at, state, facts, files }): JsonObject => ({ at, state, ...factsJson(facts), n_files: files?.length }),
          ),
        }
      : {}),
  };
}

function linesOf(batches: readonly Batch[], history: boolean): string[] {
  if (batches.length === 0) return ["no batches"];
  const rows = batches.map(({ id, state, dates, label = "", drives = [], fileCount, files, runCount, recipient, note }) => [
    id,
    state,
    dates[state]?.slice(0, 10) ?? "",
    label,
    drives.join(" "),
    String(fileCount ?? files.length),
    String(runCount ?? ""),
    [recipient, note].filter(Boolean).join("; "),
  ]);
  const table = [["batch", "state", "since", "label", "drives", "files", "runs", ""], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.flatMap((row, at) => [
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
    ...(history && at > 0 ? batches[at - 1]!.history.map(historyLine) : []),
  ]);
}

function historyLine({ at, state, facts, files }: Batch["history"][number]): string {
  const said = Object.entries(factsJson(facts)).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${wordsOf(value)}`],
  );
  return `    ${[at, state ?? "noted", ...(files ? [`${counted(files.length, "file")}`] : []), ...said].join("  ")}`;
}

const wordsOf = (value: Json): string => (Array.isArray(value) ? value.join(" ") : String(value));
