import { mkdir, open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { printJsonLine } from "../../../core/json.js";
import { type Log, silentLog } from "../../../core/log.js";
import { syncFolder } from "../../../engine/disk.js";
import { takeLocks } from "../../../engine/lock.js";
import { fileStore } from "../../../stores/file.js";
import { errnoOf, fileError } from "../../../stores/file-errors.js";
import { type Batch, eventJson, foldEvents, type LedgerEvent, parseEvent } from "./events.js";

/** What was sent to whom: `batches.jsonl` in the workspace, a line for each thing that happened. Nothing in it is ever changed. */
export interface Ledger {
  readonly path: string;
  readonly batches: ReadonlyMap<string, Batch>;
}

/** A ledger that nobody else writes meanwhile. */
export interface OpenLedger extends Ledger {
  /** Adds a line: when this resolves it is on the disk. `batches` knows it from then on. */
  add(event: Omit<LedgerEvent, "at">): Promise<Batch>;
  /** Whoever took the ledger over: from then on nothing may be written. */
  readonly signal: AbortSignal;
}

export interface LedgerOptions {
  workspace: string;
  clock?: Clock | undefined;
  log?: Log | undefined;
  signal?: AbortSignal | undefined;
}

const ledgerFolder = (workspace: string) => join(resolve(workspace), "curate", "ledger");

/** @throws {EmporiumError} JOURNAL_DAMAGED naming the line; STORE_DENIED, … */
export async function readLedger({ workspace }: Pick<LedgerOptions, "workspace">): Promise<Ledger> {
  const path = join(ledgerFolder(workspace), "batches.jsonl");
  const { events } = parseLedger(await readLines(path), path);
  return { path, batches: foldEvents(events) };
}

/**
 * Opens the ledger to add to it, for as long as `use` goes on.
 *
 * @throws {EmporiumError} TARGET_LOCKED where another command has it; as `readLedger`
 */
export async function withLedger<Result>(
  { workspace, clock = systemClock, log = silentLog, signal }: LedgerOptions,
  job: string,
  use: (ledger: OpenLedger) => Promise<Result>,
): Promise<Result> {
  const folder = ledgerFolder(workspace);
  const path = join(folder, "batches.jsonl");
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, folder, "written");
  });
  const stop = new AbortController();
  const locks = await takeLocks(fileStore(folder), ["batches"], {
    job,
    clock,
    random: Math.random,
    log,
    onLost: (error) => stop.abort(error),
    signal,
  });
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    const { events, end } = parseLedger(await readLines(path), path);
    let batches = foldEvents(events);
    let at = end;
    return await use({
      path,
      signal: either,
      get batches() {
        return batches;
      },
      async add(event) {
        either.throwIfAborted();
        const stamped: LedgerEvent = { at: new Date(clock.now()).toISOString(), ...event };
        const line = Buffer.from(`${printJsonLine(eventJson(stamped))}\n`);
        await append(path, at, line);
        at += line.length;
        events.push(stamped);
        batches = foldEvents(events);
        return batches.get(event.batch)!;
      },
    });
  } finally {
    await locks.release();
  }
}

async function readLines(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
    throw fileError(error, path, "read");
  });
}

/** @returns the lines, and where the next one goes: behind the last whole one, over what a process left that died while it wrote. */
function parseLedger(bytes: Buffer, file: string): { events: LedgerEvent[]; end: number } {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString("utf8", 0, end).split("\n").slice(0, -1);
  const events = lines.map((line, index) => {
    try {
      return parseEvent(line);
    } catch (error) {
      const said = isEmporiumError(error) ? error.message : String(error);
      throw new EmporiumError("JOURNAL_DAMAGED", `${file}: ${said}`, {
        place: { file, line: index + 1 },
        hint: "put the line right, or bring the file back from a backup: it says what was submitted",
      });
    }
  });
  return { events, end };
}

async function append(path: string, at: number, line: Uint8Array): Promise<void> {
  try {
    const fresh = at === 0;
    const file = await open(path, "a+").then(async (made) => {
      await made.close();
      return open(path, "r+");
    });
    try {
      await file.truncate(at);
      for (let done = 0; done < line.length; ) done += (await file.write(line, done, line.length - done, at + done)).bytesWritten;
      await file.datasync();
    } finally {
      await file.close();
    }
    if (fresh) await syncFolder(join(path, ".."));
  } catch (error) {
    throw fileError(error, path, "written");
  }
}
