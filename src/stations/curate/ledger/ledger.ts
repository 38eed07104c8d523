import { join, resolve } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import { takeLocksWithin } from "../../../engine/lock.js";
import { objectName, type Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { type Batch, eventJson, foldEvents, type LedgerEvent, parseEvent } from "./events.js";

/** The history of all batches: `batches.jsonl`, a line for each event. Lines are added and never changed. */
export interface Ledger {
  /** Path or URL of the file. */
  readonly path: string;
  readonly batches: ReadonlyMap<string, Batch>;
}

/** A ledger under this process's lock. */
export interface OpenLedger extends Ledger {
  /** Adds a line. When this resolves, the line is stored and `batches` includes it. */
  add(event: Omit<LedgerEvent, "at">): Promise<Batch>;
  /** Aborts when another process takes the lock. Nothing may be written from then on. */
  readonly signal: AbortSignal;
}

/** The place of a ledger. */
export interface LedgerPlace {
  /** Folder that holds the ledger unless `ledger` is given. */
  workspace: string;
  /** A folder or bucket that several people share. */
  ledger?: string | undefined;
}

export interface LedgerOptions extends LedgerPlace, GivenEnv {}

const FILE = "batches.jsonl";
/** Tries for a lock that another command holds. A line takes far less time than all of them, a collection more. */
const LOCK_WAIT = { tries: 8, waitMs: 500 };

const openLedger = ({ workspace, ledger }: LedgerPlace, clock?: Clock): Promise<Store> =>
  openStore(ledger ?? join(resolve(workspace), "curate", "ledger"), { clock });

/** @throws {EmporiumError} JOURNAL_DAMAGED naming the line; STORE_DENIED, … */
export async function readLedger(place: LedgerPlace): Promise<Ledger> {
  const store = await openLedger(place);
  const path = objectName(store, FILE);
  const { events } = parseLedger(await store.read(FILE), path);
  return { path, batches: foldEvents(events) };
}

/**
 * Opens the ledger for writing, under its lock, while `use` runs. The lock is beside the file, so people who share a folder or
 * bucket write in turn. Each line is a conditional write over the bytes that were read.
 *
 * @throws {EmporiumError} TARGET_LOCKED while another command holds it; as `readLedger`
 */
export async function withLedger<Result>(
  { workspace, ledger, ...given }: LedgerOptions,
  job: string,
  use: (ledger: OpenLedger) => Promise<Result>,
): Promise<Result> {
  const { clock, random, log, signal } = envOf(given);
  const store = await openLedger({ workspace, ledger }, clock);
  const path = objectName(store, FILE);
  const stop = new AbortController();
  const options = { job, clock, random, log, onLost: (error: EmporiumError) => stop.abort(error), signal };
  const locks = await takeLocksWithin(store, ["batches"], options, LOCK_WAIT);
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    const stat = await store.stat(FILE, { signal: either });
    let etag = stat?.etag;
    let { events, whole } = parseLedger(stat && (await store.read(FILE, undefined, { ifMatch: etag, signal: either })), path);
    let batches = foldEvents(events);
    return await use({
      path,
      signal: either,
      get batches() {
        return batches;
      },
      async add(event) {
        either.throwIfAborted();
        const stamped: LedgerEvent = { at: new Date(clock.now()).toISOString(), ...event };
        const body = Buffer.concat([whole, Buffer.from(`${printJsonLine(eventJson(stamped))}\n`)]);
        const condition = etag === undefined ? { ifAbsent: stat === undefined } : { ifMatch: etag };
        ({ etag } = await store.write(FILE, body, { ...condition, contentType: "application/jsonl", signal: either }));
        whole = body;
        events = [...events, stamped];
        batches = foldEvents(events);
        return batches.get(event.batch)!;
      },
    });
  } finally {
    await locks.release();
  }
}

/**
 * @returns the events, and the bytes up to the last whole line: an unfinished line of a process that died is ignored.
 */
function parseLedger(bytes: Uint8Array | undefined, file: string): { events: LedgerEvent[]; whole: Buffer } {
  const all = Buffer.from(bytes ?? []);
  const whole = all.subarray(0, all.lastIndexOf(0x0a) + 1);
  const lines = whole.toString("utf8").split("\n").slice(0, -1);
  const events = lines.map((line, index) => {
    try {
      return parseEvent(line);
    } catch (error) {
      const said = isEmporiumError(error) ? error.message : String(error);
      throw new EmporiumError("JOURNAL_DAMAGED", `${file}: ${said}`, {
        place: { file, line: index + 1 },
        hint: "correct the line, or restore the file from a backup: it records what was submitted",
      });
    }
  });
  return { events, whole };
}
