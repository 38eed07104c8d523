import type { Clock } from "../core/clock.js";
import { formatPlace } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { redact } from "../core/redact.js";
import { formatBytes, formatSeconds } from "../core/units.js";
import type { OnEvent, RunEvent } from "../engine/events.js";
import { advance, noProgress, type ProgressView, viewProgress } from "../engine/progress.js";
import { type TextSink, visible } from "./terminal.js";

export interface ProgressSink {
  readonly onEvent: OnEvent;
  /** Removes the line from a terminal; nothing is drawn afterwards. */
  stop(): void;
  /** A message is about to be written, and has been. */
  before(): void;
  after(): void;
}

export interface ProgressOptions {
  sink: TextSink;
  clock: Clock;
  silent: boolean;
  /** Messages on the stream are JSON: progress becomes one as well, at the pace of lines. */
  logJson?: boolean | undefined;
}

/** A terminal's line is drawn ten times a second at most; elsewhere a line is added every ten seconds at most. */
const REDRAW_MS = 100;
const LINE_MS = 10_000;

/**
 * Progress on stderr: on a terminal one line that is redrawn, elsewhere (a log file, a scheduler's output) a line now and then.
 * It draws only on events, so it needs no timer and keeps no process alive.
 */
export function makeProgress({ sink, clock, silent, logJson = false }: ProgressOptions): ProgressSink {
  if (silent) return { onEvent() {}, stop() {}, before() {}, after() {} };
  const terminal = sink.isTTY === true && !logJson;
  let state = noProgress;
  let drawnAt = terminal ? Number.NEGATIVE_INFINITY : clock.monotonic();
  let shown = false;
  let over = true;
  const draw = () => {
    const view = viewProgress(state, clock.monotonic());
    const line = redact(visible(progressLine(view)));
    if (terminal) sink.write(`\r${cut(line, (sink.columns ?? 80) - 1)}\u001b[K`);
    else if (logJson)
      sink.write(
        `${redact(JSON.stringify({ time: new Date(clock.now()).toISOString(), level: "info", message: "progress", ...view }))}\n`,
      );
    else sink.write(`${line}\n`);
    shown = terminal;
    drawnAt = clock.monotonic();
  };
  const clear = () => {
    if (shown) sink.write("\r\u001b[K");
    shown = false;
  };
  return {
    onEvent(event) {
      state = advance(state, event);
      if (event.kind === "plan") over = false;
      if (event.kind === "end") {
        clear();
        over = true;
      }
      if (!over && clock.monotonic() - drawnAt >= (terminal ? REDRAW_MS : LINE_MS)) draw();
    },
    stop() {
      clear();
      over = true;
    },
    before: clear,
    after: () => {
      if (terminal && !over) draw();
    },
  };
}

/**
 * `42%  1.2 GiB of 2.9 GiB  310 MiB/s  6s left  3 of 7 done, 1 failed  tomogram 100 of TS_01 (+1)`, with `(0.4 GiB from before,
 * 12 MiB again)` after the bytes if a run resumes, or had to repeat something.
 */
function progressLine(view: ProgressView): string {
  const {
    bytesDone,
    bytesTotal,
    bytesResumed,
    bytesAgain,
    unsized,
    bytesPerSecond,
    secondsLeft,
    tasksDone,
    tasksFailed,
    tasksBlocked,
    tasksTotal,
    tasksPerSecond,
    rssBytes,
    idleShare = 0,
    running,
  } = view;
  const parts: string[] = [];
  if (bytesTotal > 0)
    parts.push(
      `${Math.floor(100 * view.fraction)}%`,
      `${formatBytes(bytesDone)} of ${unsized > 0 ? "at least " : ""}${formatBytes(bytesTotal)}${aside(bytesResumed, bytesAgain)}`,
    );
  else if (tasksTotal > 0) parts.push(`${Math.floor(100 * view.fraction)}%`);
  // of worker processes: many tasks of one kind
  if (rssBytes !== undefined && tasksPerSecond !== undefined) parts.push(`${tasksPerSecond.toPrecision(3)} blocks/s`);
  if (bytesPerSecond !== undefined) parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
  if (secondsLeft !== undefined && secondsLeft > 0) parts.push(`${formatSeconds(secondsLeft)} left`);
  parts.push(`${tasksDone} of ${tasksTotal} done${failedWords(tasksFailed, rssBytes === undefined ? 0 : tasksBlocked)}`);
  if (rssBytes !== undefined) parts.push(`${formatBytes(rssBytes)} of memory`, `${Math.round(100 * idleShare)}% idle`);
  if (running.length > 0) parts.push(`${running[0]!.title}${running.length > 1 ? ` (+${running.length - 1})` : ""}`);
  return parts.join("  ");
}

function failedWords(failed: number, blocked: number): string {
  if (failed === 0) return "";
  return blocked === 0 ? `, ${failed} failed` : `, ${failed - blocked} failed, ${blocked} blocked`;
}

function aside(resumed: number, again: number): string {
  const words = [resumed > 0 ? `${formatBytes(resumed)} from before` : "", again > 0 ? `${formatBytes(again)} again` : ""];
  const told = words.filter((word) => word !== "").join(", ");
  return told === "" ? "" : ` (${told})`;
}

/** Logs the events of a run that are worth a message: second attempts always, each finished task with `--verbose`. */
export function logEvents(log: Log): OnEvent {
  const titles = new Map<string, string>();
  return (event: RunEvent) => {
    if (event.kind === "start") titles.set(event.task.id, event.task.title);
    else if (event.kind === "settled") {
      titles.delete(event.task.id);
      log.debug(`${event.state}: ${event.task.title}`, event.seconds > 0 ? { seconds: Number(event.seconds.toFixed(3)) } : {});
    } else if (event.kind === "worker") {
      const { ended, tasks } = event;
      log.info(`a worker process ended (${ended})${tasks > 0 ? "; its tasks are repeated" : ""}`, { pid: event.pid, tasks });
    } else if (event.kind === "stage") {
      const { name, blocks, cpuSeconds, again, phases } = event;
      log.debug(`stage ${name} is over`, { blocks, cpuSeconds: Number(cpuSeconds.toFixed(3)), again, phases });
    } else if (event.kind === "retry") {
      const { error, attempt, waitMs } = event;
      const where = formatPlace(error);
      const pause = formatSeconds(waitMs / 1000);
      log.info(
        `${titles.get(event.id) ?? event.id}: attempt ${attempt} failed, again in ${pause}: ${error.message}${where ? ` at ${where}` : ""}`,
      );
    }
  };
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
