import { chmod, mkdir, open, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import type { ErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { redact } from "../core/redact.js";
import { errnoOf } from "../stores/file/errors.js";
import { removeTree } from "./disk.js";
import type { OnEvent, RunEvent } from "./events.js";
import type { Every } from "./every.js";
import { type ProcessIdentity, thisProcess } from "./holder.js";
import { type Appender, openAppender } from "./journal-append.js";
import { advance, noProgress, type ProgressState } from "./progress.js";
import { newRunId, RUN_ID } from "./run-id.js";

/** Folder in a workspace that has a folder for each run of a command. */
export const RUNS = "runs";
export const EVENTS = "events.ndjson";
/** File with the events that came before, where a run tells more than one file holds. */
const EARLIER = "events.earlier.ndjson";

/** Bytes after which a file is begun anew, with all that a reader needs of what came before. */
const FILE_BYTES = 4 * 2 ** 20;
/** Events go to the file so often at most; of several reports of one task the last one counts. */
const FLUSH_MS = 250;
/** Most bytes that a run that has ended leaves in its file; a larger one is replaced by the run's state alone. */
const ENDED_BYTES = 64 * 2 ** 10;
const HEARTBEAT_MS = 10_000;
/** Runs that are kept. */
const KEPT = 200;
/** Milliseconds: a run that has written within them is under way. */
const LIVE_MS = 60_000;
/** Failures that a new file repeats. */
export const FAILURES_KEPT = 200;

/** A line of the file. Moments are of the monotonic clock of the process that writes, `nowMs` of the wall's. */
export type RunLine =
  | RunEvent
  | (ProcessIdentity & {
      readonly kind: "begin";
      readonly atMs: number;
      readonly nowMs: number;
      readonly id: string;
      /** The words of the command line behind `emporium`, without secrets. */
      readonly command: readonly string[];
      /** Working directory in which it was typed. */
      readonly folder: string;
      readonly version: string;
    })
  /** All that the lines before have said: the first but one of a file that is not a run's first. */
  | {
      readonly kind: "state";
      readonly atMs: number;
      readonly state: PackedState;
      readonly failures: readonly Failure[];
      readonly told?: readonly ErrorRecord[];
    }
  /** A failure that the command has printed, whether or not it is of a task. */
  | { readonly kind: "told"; readonly atMs: number; readonly error: ErrorRecord }
  | { readonly kind: "heartbeat"; readonly atMs: number; readonly nowMs: number }
  /** The command has ended. */
  | {
      readonly kind: "over";
      readonly atMs: number;
      readonly nowMs: number;
      readonly exitStatus: number;
      readonly error?: ErrorRecord | undefined;
    };

export type Failure = Extract<RunEvent, { kind: "settled" }>;
/** `ProgressState` without a map. */
export type PackedState = Omit<ProgressState, "running"> & {
  readonly running: readonly (readonly [string, ProgressState["running"] extends ReadonlyMap<string, infer T> ? T : never])[];
};

export const packed = (state: ProgressState): PackedState => ({ ...state, running: [...state.running] });
export const unpacked = (state: PackedState): ProgressState => ({ ...state, running: new Map(state.running) });

export interface RecordOptions {
  /**
   * Id from whoever started the command and made its folder: then the run is kept from its first moment, with a plan or without.
   * Default: a new one.
   */
  readonly id?: string | undefined;
  readonly workspace: string;
  readonly command: readonly string[];
  readonly folder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly every: Every;
  readonly log: Log;
}

export interface RunRecorder {
  readonly onEvent: OnEvent;
  /** The command prints a failure. */
  told(error: ErrorRecord): void;
  /** Writes what is left, and how the command ended. Does nothing for a command that ran no plan and was given no id. */
  end(exitStatus: number, error?: ErrorRecord): Promise<void>;
}

/**
 * Keeps what a run tells in `<workspace>/runs/<id>/events.ndjson`, so that others see it while it works and afterwards. The folder is made with the first
 * plan, where there is a workspace. A file that cannot be written stops no run: that is said once.
 */
export function recordRun(options: RecordOptions): RunRecorder {
  let recording = options.id === undefined ? undefined : openRecording(options);
  /** Errors that were told before there is a plan. */
  const before: ErrorRecord[] = [];
  return {
    onEvent(event) {
      if (!recording && event.kind !== "plan" && event.kind !== "waiting") return;
      if (!recording) {
        recording = openRecording(options);
        for (const error of before.splice(0)) recording.told(error);
      }
      recording.add(event);
    },
    told(error) {
      if (recording) recording.told(error);
      else if (before.length < FAILURES_KEPT) before.push(error);
    },
    async end(exitStatus, error) {
      await recording?.end(exitStatus, error);
    },
  };
}

function beginLine(id: string, { command, folder, version, clock }: RecordOptions): RunLine {
  return {
    ...{ kind: "begin", atMs: clock.monotonic(), nowMs: clock.now(), id, command: command.map(redact), folder },
    ...{ ...thisProcess(), version },
  };
}

/** Writes what a run tells, a moment after it is told. */
function openRecording(options: RecordOptions) {
  const { id: given, workspace, clock, every, log } = options;
  const id = given ?? newRunId(clock.now());
  const home = join(workspace, RUNS, id);
  const begin = beginLine(id, options);
  let lines: RunLine[] = [];
  let state = noProgress;
  let failures: Failure[] = [];
  let told: ErrorRecord[] = [];
  let bytes = 0;
  let broken = false;
  let writing = start();
  let heardMs = clock.monotonic();
  const stop = every(FLUSH_MS, () => {
    if (clock.monotonic() - heardMs >= HEARTBEAT_MS) {
      heardMs = clock.monotonic();
      lines.push({ kind: "heartbeat", atMs: heardMs, nowMs: clock.now() });
    }
    if (lines.length > 0) flush();
  });

  async function start(): Promise<Appender | undefined> {
    try {
      await makeRunsFolder(workspace);
      await mkdir(home).catch(given === undefined ? undefined : thereAlready);
      const file = await open(join(home, EVENTS), "wx");
      const appender = openAppender(file, 0, join(home, EVENTS), { sync: false });
      await appender.write(printed(begin));
      await removeOld(join(workspace, RUNS), clock.now());
      return appender;
    } catch (error) {
      // what needs no workspace makes none
      if (errnoOf(error) === "ENOENT") return undefined;
      return failed(error);
    }
  }

  function failed(error: unknown): undefined {
    if (!broken) log.warn(`others cannot see this run: ${error instanceof Error ? error.message : String(error)}`);
    broken = true;
    return undefined;
  }

  function flush(): void {
    const batch = latest(lines);
    lines = [];
    const now = { state, failures, told };
    writing = writing.then(async (appender) => {
      if (!appender) return undefined;
      try {
        const text = Buffer.concat(batch.map(printed));
        await appender.write(text);
        bytes += text.length;
        return bytes < FILE_BYTES ? appender : await anew(appender, now);
      } catch (error) {
        return failed(error);
      }
    });
  }

  async function anew(
    appender: Appender,
    now: { state: ProgressState; failures: readonly Failure[]; told: readonly ErrorRecord[] },
  ) {
    await appender.close();
    await rename(join(home, EVENTS), join(home, EARLIER));
    const next = openAppender(await open(join(home, EVENTS), "wx"), 0, join(home, EVENTS), { sync: false });
    const all: RunLine = { ...now, kind: "state", atMs: now.state.nowMs, state: packed(now.state) };
    await next.write(Buffer.concat([printed(begin), printed(all)]));
    bytes = 0;
    return next;
  }

  return {
    add(event: RunEvent) {
      state = advance(state, event);
      if (event.kind === "settled" && event.state === "failed") failures = [...failures, event].slice(-FAILURES_KEPT);
      lines.push(event);
    },
    told(error: ErrorRecord) {
      told = [...told, error].slice(-FAILURES_KEPT);
      lines.push({ kind: "told", atMs: clock.monotonic(), error });
    },
    async end(exitStatus: number, error: ErrorRecord | undefined) {
      stop();
      flush();
      const appender = await writing;
      try {
        // who looks at old runs reads little
        const last = appender && bytes > ENDED_BYTES ? await anew(appender, { state, failures, told }) : appender;
        await last?.write(printed({ kind: "over", atMs: clock.monotonic(), nowMs: clock.now(), exitStatus, error }));
        await last?.close();
      } catch (error) {
        failed(error);
      }
    },
  };
}

/**
 * The folder of runs, for its owner alone: commands, paths and messages of runs are nobody else's. One that others can read, as earlier versions made it,
 * is closed to them; one that its owner has opened to a group stays as it is.
 */
export async function makeRunsFolder(workspace: string): Promise<void> {
  const folder = join(workspace, RUNS);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    thereAlready(error);
    const { mode } = await stat(folder);
    // the folder of somebody else cannot be closed: it is that person's
    if ((mode & 0o007) !== 0) await chmod(folder, 0o700).catch(() => {});
  }
}

function thereAlready(error: unknown): void {
  if (errnoOf(error) !== "EEXIST") throw error;
}

function printed(line: RunLine): Buffer {
  return Buffer.from(`${redact(JSON.stringify(line))}\n`);
}

/** Keeps the first of many reports of one task, which may tell from where it goes on, and the last. */
function latest(lines: readonly RunLine[]): RunLine[] {
  const kept: (RunLine | undefined)[] = [];
  const reports = new Map<string, number[]>();
  for (const line of lines) {
    const key = line.kind === "progress" ? line.id : line.kind === "counted" || line.kind === "measured" ? line.kind : undefined;
    if (line.kind === "start") reports.delete(line.task.id);
    if (key !== undefined) {
      const places = reports.get(key) ?? [];
      if (places.length === 2) kept[places.pop()!] = undefined;
      reports.set(key, [...places, kept.length]);
    }
    kept.push(line);
  }
  return kept.filter((line) => line !== undefined);
}

/** Removes the oldest runs: names begin with the moment, so they come first. */
async function removeOld(folder: string, nowMs: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => RUN_ID.test(name)).sort();
  for (const name of names.slice(0, -KEPT)) {
    const file = await stat(join(folder, name, EVENTS)).catch(() => undefined);
    if (file && nowMs - file.mtimeMs > LIVE_MS) await removeTree(join(folder, name));
  }
}
