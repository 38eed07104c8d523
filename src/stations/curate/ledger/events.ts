import { EmporiumError } from "../../../core/errors.js";
import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { jsonText } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { BATCH_STATES, type BatchState } from "./states.js";

/** Facts about a batch, without its files. */
export interface BatchFacts {
  readonly label?: string | undefined;
  readonly drives?: readonly string[] | undefined;
  readonly species?: readonly string[] | undefined;
  readonly recipient?: string | undefined;
  readonly note?: string | undefined;
  /** Folder, or place in a bucket, of its files. */
  readonly dest?: string | undefined;
  readonly fileCount?: number | undefined;
  readonly runCount?: number | undefined;
  /** SHA-256 of its manifest. */
  readonly checksum?: string | undefined;
}

/** A file of a batch: its hash and its key. */
interface LedgerFile {
  readonly sha256: string;
  /** Key below the batch's destination. */
  readonly dest: string;
}

/** One line of the ledger. Lines are only added: the state of a batch follows from all of its lines. */
export interface LedgerEvent {
  /** Time of the event, ISO 8601 in UTC. */
  readonly at: string;
  readonly batch: string;
  /** The state from now on; absent where it stays. */
  readonly state?: BatchState | undefined;
  readonly facts: BatchFacts;
  /** All files of the batch; absent where they stay the same. */
  readonly files?: readonly LedgerFile[] | undefined;
}

/** A batch as it follows from its lines. */
export interface Batch extends BatchFacts {
  readonly id: string;
  readonly state: BatchState;
  readonly files: readonly LedgerFile[];
  /** Time at which it last came into each state, ISO 8601 in UTC. */
  readonly dates: Readonly<Partial<Record<BatchState, string>>>;
  readonly history: readonly LedgerEvent[];
}

/** Computes the batches of a ledger, in the order of their first lines. */
export function foldEvents(events: Iterable<LedgerEvent>): Map<string, Batch> {
  const batches = new Map<string, Batch>();
  for (const event of events) {
    const { batch: id, at, facts, files } = event;
    const known = batches.get(id) ?? { id, state: "draft", files: [], dates: {}, history: [] };
    const state = event.state ?? known.state;
    const dates = event.state === undefined ? known.dates : { ...known.dates, [event.state]: at };
    const given = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    batches.set(id, { ...known, ...given, state, dates, files: files ?? known.files, history: [...known.history, event] });
  }
  return batches;
}

/** An event as JSON, with the members in the order that lines of the file have. */
export function eventJson({ at, batch, state, facts, files }: LedgerEvent): JsonObject {
  return {
    at,
    batch,
    state,
    ...factsJson(facts),
    files: files?.map(({ sha256, dest }) => ({ sha256, dest })),
  };
}

/** Facts with the names of the file and of the output. */
export function factsJson(facts: BatchFacts): JsonObject {
  const { label, drives, species, fileCount, runCount, recipient, dest, checksum, note } = facts;
  return { label, drives, species, n_files: fileCount, n_runs: runCount, recipient, dest, checksum, note };
}

/** @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD */
export function parseEvent(line: string): LedgerEvent {
  const raw = parseJson(line);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw fault("expected an object");
  const object = raw as JsonObject;
  const at = jsonText(object.at);
  const batch = jsonText(object.batch);
  const state = jsonText(object.state);
  if (at === undefined || batch === undefined) throw fault("an event needs at and batch");
  if (state !== undefined && !BATCH_STATES.some((known) => known === state)) throw fault(`state ${state}`);
  return {
    at,
    batch,
    state: state as BatchState | undefined,
    facts: {
      label: jsonText(object.label),
      drives: textsOf(object.drives),
      species: textsOf(object.species),
      fileCount: toNumber(object.n_files),
      runCount: toNumber(object.n_runs),
      recipient: jsonText(object.recipient),
      dest: jsonText(object.dest),
      checksum: jsonText(object.checksum),
      note: jsonText(object.note),
    },
    files: filesOf(object.files),
  };
}

function filesOf(value: Json | undefined): LedgerFile[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly JsonObject[]).map((item) => {
    const [sha256, dest] = [jsonText(item?.sha256), jsonText(item?.dest)];
    if (sha256 === undefined || dest === undefined) throw fault("a file without sha256 and dest");
    return { sha256, dest };
  });
}

const fault = (message: string) => new EmporiumError("CONFIG_FIELD", message);
const textsOf = (value: Json | undefined) =>
  Array.isArray(value) ? (value as readonly Json[]).flatMap((item) => jsonText(item) ?? []) : undefined;
