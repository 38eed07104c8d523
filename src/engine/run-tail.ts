import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ErrorRecord } from "../core/errors.js";
import { absentAs } from "../stores/file/root.js";
import { isGone } from "./holder.js";
import { advance, noProgress, type ProgressState, type ProgressView, viewProgress } from "./progress.js";
import { EVENTS, FAILURES_KEPT, type Failure, type RunLine, unpacked } from "./run-events.js";

/** Bytes that are read at once, so that a long file does not take as much memory. */
const PIECE_BYTES = 2 ** 20;
/** Most bytes of a line, such as the state of a run with its failures; what is longer is no line. */
const LINE_BYTES = 8 * 2 ** 20;
/** Milliseconds without a line from a run after which it counts as silent. */
export const SILENT_MS = 25_000;
/** Rates that are kept: one a second. */
const RATES = 600;

type Line<Kind extends RunLine["kind"]> = Extract<RunLine, { kind: Kind }>;

/** `silent`: no heartbeat. `died`: its process is not there, on this machine. `ended`: the command has said so. */
export type RunLife = "running" | "silent" | "died" | "ended";

/** Speed of a run at a moment of its own clock. */
export interface RunRate {
  readonly atMs: number;
  /** Bytes; of a run without bytes tasks. */
  readonly perSecond: number;
}

/** Everything that a run has told so far. */
export interface RunSeen {
  readonly begin: Line<"begin">;
  readonly state: ProgressState;
  /** The last failures of tasks. */
  readonly failures: readonly Failure[];
  /** Errors that the command has printed, beside those of tasks. */
  readonly told: readonly ErrorRecord[];
  /** Rates of the last ten minutes, where the server has seen them. */
  readonly rates: readonly RunRate[];
  readonly over?: Line<"over"> | undefined;
  /** Time at which it last wrote, by the clock of the file system. */
  readonly heardMs: number;
}

/** Follows one run's file: each call reads what came since. */
export class RunTail {
  private at = 0;
  /** Numbers of files are given again. */
  private file = "";
  private rest: Buffer = Buffer.alloc(0);
  private begin: Line<"begin"> | undefined;
  private state = noProgress;
  private failures: Failure[] = [];
  private told: ErrorRecord[] = [];
  private rates: RunRate[] = [];
  private over: Line<"over"> | undefined;
  private heardMs = 0;

  /** @param home the run's folder */
  constructor(private readonly home: string) {}

  get seen(): RunSeen | undefined {
    const { begin, state, failures, told, rates, over, heardMs } = this;
    // what failed in a task is printed when the command ends, too
    const others = told.filter((one) => !failures.some(({ error }) => error?.code === one.code && error.message === one.message));
    return begin && { begin, state, failures, told: others, rates, over, heardMs };
  }

  /** @returns whether there was something new */
  async poll(): Promise<boolean> {
    const path = join(this.home, EVENTS);
    const found = await stat(path, { bigint: true }).catch(absentAs(undefined));
    // between two files there is none for a moment
    if (!found || (nameOf(found) === this.file && Number(found.size) === this.at)) return false;
    const handle = await open(path, "r").catch(absentAs(undefined));
    if (!handle) return false;
    try {
      const now = await handle.stat({ bigint: true });
      if (nameOf(now) !== this.file || Number(now.size) < this.at) {
        this.file = nameOf(now);
        this.at = 0;
        this.rest = Buffer.alloc(0);
      }
      this.heardMs = Number(now.mtimeMs);
      for (const piece = Buffer.alloc(PIECE_BYTES); ; ) {
        const { bytesRead } = await handle.read(piece, 0, piece.length, this.at);
        if (bytesRead === 0) return true;
        this.at += bytesRead;
        this.take(Buffer.concat([this.rest, piece.subarray(0, bytesRead)]));
      }
    } finally {
      await handle.close();
    }
  }

  private take(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(10, from); end >= 0; end = bytes.indexOf(10, from)) {
      const line = parsed(bytes.toString("utf8", from, end));
      if (line) this.apply(line);
      from = end + 1;
    }
    this.rest = bytes.length - from > LINE_BYTES ? Buffer.alloc(0) : Buffer.from(bytes.subarray(from));
  }

  private apply(line: RunLine): void {
    switch (line.kind) {
      case "begin":
        this.begin = line;
        return;
      case "state":
        this.state = unpacked(line.state);
        this.failures = [...line.failures];
        this.told = [...(line.told ?? [])];
        return;
      case "told":
        this.told = [...this.told, line.error].slice(-FAILURES_KEPT);
        return;
      case "heartbeat":
        this.state = { ...this.state, nowMs: line.atMs };
        return;
      case "over":
        this.over = line;
        this.state = { ...this.state, nowMs: line.atMs, ...(line.exitStatus === 0 && { isPart: false, waits: undefined }) };
        return;
      default:
        this.state = advance(this.state, line);
        if (line.kind === "settled" && line.state === "failed") this.failures = [...this.failures, line].slice(-FAILURES_KEPT);
        this.noteRate();
    }
  }

  private noteRate(): void {
    const { nowMs: atMs, bytesTotal } = this.state;
    if (atMs - (this.rates.at(-1)?.atMs ?? 0) < 1000) return;
    const { bytesPerSecond, tasksPerSecond } = viewProgress(this.state);
    const perSecond = bytesTotal > 0 ? bytesPerSecond : tasksPerSecond;
    if (perSecond !== undefined) this.rates = [...this.rates, { atMs, perSecond }].slice(-RATES);
  }
}

const nameOf = ({ ino, birthtimeNs }: BigIntStats): string => `${ino} ${birthtimeNs}`;

/** The run's progress now: its own clock goes on since it last wrote. @param nowMs as for {@link lifeOf} */
export function viewOf(seen: RunSeen, nowMs: number): ProgressView {
  const { state, heardMs } = seen;
  const since = lifeOf(seen, nowMs) === "running" ? Math.max(0, nowMs - heardMs) : 0;
  return viewProgress(state, state.nowMs + since);
}

/** @param nowMs by the clock of the file system that `heardMs` is of */
export function lifeOf({ begin, over, heardMs }: RunSeen, nowMs: number): RunLife {
  if (over) return "ended";
  if (isGone(begin)) return "died";
  return nowMs - heardMs > SILENT_MS ? "silent" : "running";
}

/** A line of the file; undefined for what is none: a file may have been cut off anywhere. */
function parsed(text: string): RunLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "kind" in value ? (value as RunLine) : undefined;
  } catch {
    return undefined;
  }
}
