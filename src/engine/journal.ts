import { createHash } from "node:crypto";
import { constants, readSync } from "node:fs";
import { copyFile, type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmporiumError, type ErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { redact } from "../core/redact.js";
import { fileError } from "../stores/file/errors.js";
import { syncFolder } from "./disk.js";
import { openAppender } from "./journal-append.js";
import { encodeLine, HEAD_BYTES, type LineSpan, scanLines } from "./journal-lines.js";
import type { PlainObject, Receipt, TaskPlan } from "./task.js";
import { idsHash } from "./task-id.js";

/** Version of the file format; docs/design/journal.md describes it. */
const FORMAT = 1;
const COMPACT_BYTES = 4 * 1024 * 1024;

export type JournalRecord =
  /** First line of every journal. */
  | { record: "journal"; format: number }
  /** A run begins. `ids` is a hash of all task ids in order: the same job again has the same. */
  | {
      record: "plan";
      createdMs: number;
      ids: string;
      tasks: number;
      force: boolean;
      version?: string | undefined;
      target?: string | undefined;
    }
  /** Receipts from here on are of this command; without words, of one that is not known. */
  | { record: "command"; words?: readonly string[] | undefined; folder?: string | undefined }
  /** A task is about to touch the target under these keys. */
  | { record: "start"; task: string; outputs: readonly string[] }
  /** Partial receipt of a task. */
  | { record: "note"; task: string; note: PlainObject }
  | { record: "done"; receipt: Receipt }
  | { record: "failed"; task: string; error: ErrorRecord }
  /** An unfinished attempt was cleaned up: its parts are removed and its notes are void. */
  | { record: "forget"; task: string }
  /** A run ends. Complete: every task was tried, so the next run is a new job with a new timestamp. */
  | { record: "end"; complete: boolean };

export interface Job {
  /** The plan's timestamp, which outputs contain. */
  readonly createdMs: number;
  /** True when an earlier run of the same job was interrupted, so this run resumes it. */
  readonly resumed: boolean;
}

/** Journal to which a running task adds records. */
export interface JournalWriter {
  /** Adds a record that is durable when this returns. Concurrent records share one sync. */
  append(record: JournalRecord): Promise<void>;
  /** Adds a record that survives the end of the process when this returns; a loss of power may take it. */
  jot(record: JournalRecord): Promise<void>;
  /** Set once a write or sync has failed. Nothing can be added from then on, so nothing can be proven done. */
  readonly broken: EmporiumError | undefined;
}

/** Journal as a running task needs it. */
export interface TaskJournal extends JournalWriter {
  /** The notes of an earlier attempt, if the task was started and has neither finished nor been forgotten since. */
  attempt(task: string): Attempt | undefined;
}

/**
 * The journal of all runs of one job for one target. Framed lines are appended; it is rewritten when most are stale. Losing it
 * costs only time.
 */
export interface Journal extends TaskJournal {
  readonly path: string;
  /** Records durably that a run begins, and returns whether it resumes an earlier one. */
  begin(plan: TaskPlan, options?: BeginOptions): Promise<Job>;
  /** Last receipt of a task that this run may trust (after `begin`; a forced run trusts only its own job's). */
  receipt(task: string): Receipt | undefined;
  /** All tasks that have an earlier attempt, with the keys that they may have touched. */
  readonly unfinished: ReadonlyMap<string, readonly string[]>;
  /** Syncs so far. */
  readonly syncs: number;
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Wait until receipts would survive a power loss. Default true. */
  sync?: boolean | undefined;
}

export interface Attempt {
  /** Partial receipts, in order. */
  readonly notes: PlainObject[];
  /** False in a forced run for what was begun before it: the attempt must be forgotten, not continued. */
  readonly usable: boolean;
}

export interface BeginOptions {
  /** Overrides the timestamp (`SOURCE_DATE_EPOCH`), whatever the plan and earlier runs say. */
  createdMs?: number | undefined;
  force?: boolean | undefined;
  /** Version of the program, for people. */
  version?: string | undefined;
  /** URL of the target, by which its receipts are found again without the name of the job. */
  target?: string | undefined;
}

/** File name of a job's journal: readable, and different for each target and job. */
export function journalName(targetUrl: string, job: string): string {
  const words = job.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 40);
  const hash = createHash("sha256").update(`${targetUrl}\n${job}`).digest("hex").slice(0, 16);
  return `${words}-${hash}`;
}

/** The in-memory index: positions of lines, not lines, so about 150 bytes a task whatever the size of the receipts. */
interface Memory {
  receipts: Map<string, LineSpan>;
  notes: Map<string, LineSpan[]>;
  unfinished: Map<string, readonly string[]>;
  starts: Map<string, LineSpan>;
  commands: LineSpan[];
  /** The last job: the first plan line of it, and how it ended. */
  job: { plan: Extract<JournalRecord, { record: "plan" }>; span: LineSpan; end?: LineSpan; complete: boolean } | undefined;
  liveBytes: number;
}

/**
 * Opens `<folder>/<name>.journal`, or begins it. A torn last line is removed. A damaged line before the last one invalidates
 * itself and all later lines: they are saved in `<name>.journal.damaged` and a warning says so.
 *
 * The caller holds the locks of the target: two processes must not write one journal.
 *
 * Cost: one sequential read; 100,000 receipts in well under a second (`bench/journal.mjs`).
 */
export async function openJournal(folder: string, name: string, log: Log, options: JournalOptions = {}): Promise<Journal> {
  const path = join(folder, `${name}.journal`);
  try {
    await mkdir(folder, { recursive: true });
    let file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    let memory = await readJournal(file, path, log);
    if (memory === undefined) {
      await file.close();
      await rename(path, `${path}.other`);
      log.warn(`${path} was written by another version and is set aside; all tasks are checked again`, { kept: `${path}.other` });
      file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644);
      memory = (await readJournal(file, path, log))!;
    }
    const { size } = await file.stat();
    if (size > COMPACT_BYTES && memory.liveBytes < size / 2) {
      const compacted = await compact(file, path, memory).catch((error: unknown) => {
        log.debug(`${path} could not be compacted`, { error: fileError(error, path, "written").message });
        return undefined;
      });
      if (compacted) {
        await file.close();
        file = compacted;
        memory = (await readJournal(file, path, log))!;
      }
    }
    if (options.sync !== false && (await file.stat()).size === 0) await syncFolder(folder);
    return await makeJournal(file, path, memory, options);
  } catch (error) {
    throw fileError(error, path, "written");
  }
}

/**
 * Reads the index of a journal; undefined when the first line is of another format. Leaves the file cut behind its last good
 * line.
 */
async function readJournal(file: FileHandle, path: string, log: Log): Promise<Memory | undefined> {
  const memory: Memory = {
    receipts: new Map(),
    notes: new Map(),
    unfinished: new Map(),
    starts: new Map(),
    commands: [],
    job: undefined,
    liveBytes: 0,
  };
  let foreign = false;
  const { end, state } = await scanLines(file, (payload, span) => {
    const record = parseRecord(payload);
    if (record === undefined) return false;
    if (span.offset === 0) foreign = record.record !== "journal" || record.format !== FORMAT;
    remember(memory, record, span);
    return true;
  });
  if (foreign) return undefined;
  if (state === "damaged") {
    const kept = `${path}.damaged`;
    await copyFile(path, kept);
    const warning = new EmporiumError("JOURNAL_DAMAGED", `${path}: the line at byte ${end} is damaged and lines follow it`);
    log.warn(`${warning.message}; that line and all later ones are ignored, and their tasks are checked again`, {
      code: warning.code,
      kept,
    });
  }
  if (state !== "clean") {
    await file.truncate(end);
    await file.datasync();
  }
  memory.liveBytes = sumOf(liveSpans(memory));
  return memory;
}

/** A record of an unknown kind is kept and skipped; anything that is not a record is damage. */
export function parseRecord(payload: Buffer): JournalRecord | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString("utf8"));
    return typeof value === "object" && value !== null && "record" in value ? (value as JournalRecord) : undefined;
  } catch {
    return undefined;
  }
}

function remember(memory: Memory, record: JournalRecord, span: LineSpan): void {
  switch (record.record) {
    case "plan":
      if (memory.job && !memory.job.complete && continues(memory.job.plan, record)) return;
      memory.job = { plan: record, span, complete: false };
      return;
    case "command":
      memory.commands.push(span);
      return;
    case "start":
      memory.unfinished.set(record.task, record.outputs);
      memory.starts.set(record.task, span);
      return;
    case "note":
      if (memory.notes.has(record.task)) memory.notes.get(record.task)!.push(span);
      else memory.notes.set(record.task, [span]);
      return;
    case "done":
      memory.receipts.set(record.receipt.task, span);
      forget(memory, record.receipt.task);
      return;
    case "forget":
      forget(memory, record.task);
      return;
    case "end":
      if (memory.job) Object.assign(memory.job, { complete: record.complete, end: span });
      return;
    default:
  }
}

function forget(memory: Memory, task: string): void {
  memory.notes.delete(task);
  memory.starts.delete(task);
  memory.unfinished.delete(task);
}

function continues(before: { ids: string; force: boolean }, now: { ids: string; force: boolean }): boolean {
  return before.ids === now.ids && before.force === now.force;
}

async function makeJournal(file: FileHandle, path: string, memory: Memory, options: JournalOptions): Promise<Journal> {
  const { size } = await file.stat();
  const appender = openAppender(file, size, path, options);
  let trustFrom = 0; // lines before this offset are not trusted

  async function jot(record: JournalRecord): Promise<number> {
    const line = encodeLine(JSON.stringify(withoutSecrets(record)));
    const { offset, end } = await appender.write(line);
    remember(memory, record, { offset, length: line.length });
    return end;
  }
  async function append(record: JournalRecord): Promise<void> {
    await appender.sync(await jot(record));
  }
  function load<T extends JournalRecord["record"]>({ offset, length }: LineSpan, kind: T): Extract<JournalRecord, { record: T }> {
    const line = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const got = readSync(file.fd, line, at, length - at, offset + at);
      if (got === 0) throw new EmporiumError("JOURNAL_DAMAGED", `${path} was cut while it was in use`, { place: { file: path } });
      at += got;
    }
    const record = parseRecord(line.subarray(HEAD_BYTES, length - 1));
    if (record?.record !== kind)
      throw new EmporiumError("JOURNAL_DAMAGED", `${path} changed while it was in use`, { place: { file: path } });
    return record as Extract<JournalRecord, { record: T }>;
  }

  if (size === 0) await append({ record: "journal", format: FORMAT });
  return {
    path,
    async begin(plan, { createdMs, force = false, version, target } = {}) {
      const record = { record: "plan" as const, ids: idsHash(plan.tasks), tasks: plan.tasks.length, force, version, target };
      const last = memory.job;
      const resumed = last !== undefined && !last.complete && continues(last.plan, record);
      const moment = createdMs ?? (resumed ? last.plan.createdMs : plan.createdMs);
      await append({ ...record, createdMs: moment });
      trustFrom = force ? memory.job!.span.offset : 0;
      return { createdMs: moment, resumed };
    },
    receipt(task) {
      const known = memory.receipts.get(task);
      return known && known.offset >= trustFrom ? load(known, "done").receipt : undefined;
    },
    attempt(task) {
      const start = memory.starts.get(task);
      if (!start) return undefined;
      const notes = (memory.notes.get(task) ?? []).map((span) => load(span, "note").note);
      return { notes, usable: start.offset >= trustFrom };
    },
    unfinished: memory.unfinished,
    append,
    async jot(record) {
      await jot(record);
    },
    get broken() {
      return appender.broken;
    },
    get syncs() {
      return appender.syncs;
    },
    close: () => appender.close(),
  };
}

/** Texts of errors and warnings may quote a server or a user; names and numbers must stay unchanged. */
export function withoutSecrets(record: JournalRecord): JournalRecord {
  if (record.record === "failed") {
    const error = Object.fromEntries(
      Object.entries(record.error).map(([key, text]) => [key, typeof text === "string" ? redact(text) : text]),
    );
    return { ...record, error: error as unknown as ErrorRecord };
  }
  if (record.record === "command") return { ...record, words: record.words?.map(redact) };
  if (record.record === "done" && record.receipt.warnings) {
    return { ...record, receipt: { ...record.receipt, warnings: record.receipt.warnings.map(redact) } };
  }
  return record;
}

function liveSpans(memory: Memory): LineSpan[] {
  const spans: LineSpan[] = [...memory.receipts.values(), ...memory.starts.values(), ...[...memory.notes.values()].flat()];
  spans.push(...commandsOf(memory));
  if (memory.job) spans.push(memory.job.span);
  if (memory.job?.end) spans.push(memory.job.end);
  return spans.sort((a, b) => a.offset - b.offset);
}

/** Commands whose receipts still count, and the last one. */
function commandsOf({ commands, receipts }: Memory): LineSpan[] {
  const offsets = Float64Array.from([...receipts.values()], ({ offset }) => offset).sort();
  let at = 0;
  return commands.filter(({ offset }, i) => {
    const until = commands[i + 1]?.offset ?? Number.POSITIVE_INFINITY;
    while (at < offsets.length && offsets[at]! < offset) at++;
    return until === Number.POSITIVE_INFINITY || (at < offsets.length && offsets[at]! < until);
  });
}

function sumOf(spans: readonly LineSpan[]): number {
  return spans.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Copies the lines that still count into a new file, in their order, and replaces the old one. Receipts of earlier jobs stay
 * before the line of the current job, by which a forced run distinguishes them.
 */
async function compact(file: FileHandle, path: string, memory: Memory): Promise<FileHandle> {
  const part = `${path}.part`;
  await rm(part, { force: true });
  const fresh = await open(part, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o644);
  try {
    let pieces = [encodeLine(JSON.stringify({ record: "journal", format: FORMAT } satisfies JournalRecord))];
    let held = 0;
    for (const { offset, length } of liveSpans(memory)) {
      const line = Buffer.allocUnsafe(length);
      await file.read(line, 0, length, offset);
      pieces.push(line);
      held += length;
      if (held < COMPACT_BYTES) continue;
      await fresh.appendFile(Buffer.concat(pieces));
      pieces = [];
      held = 0;
    }
    await fresh.appendFile(Buffer.concat(pieces));
    await fresh.sync();
    await rename(part, path);
    await syncFolder(dirname(path));
    return fresh;
  } catch (error) {
    await fresh.close();
    await rm(part, { force: true });
    throw error;
  }
}
