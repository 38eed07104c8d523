import { asEmporiumError, EmporiumError, type ErrorRecord } from "../../core/errors.js";
import { printJson } from "../../core/json.js";
import { type Report, withText } from "../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../core/units.js";
import type { Store } from "../../stores/store.js";
import { openLocation } from "../../stores/url.js";
import { getJson } from "../cluster/run-record.js";
import type { Env } from "../env.js";
import type { OnEvent } from "../events.js";
import { type Every, everyInterval } from "../every.js";
import { ENGINE_FOLDER } from "../plan.js";
import { advance, noProgress, viewProgress } from "../progress.js";
import type { PlainObject, TaskState } from "../task.js";
import type { BlockRunReport } from "./run-blocks.js";

/** Milliseconds between two writes of the status. */
const WRITE_MS = 5_000;
/** A run whose status is older than this has died. */
const SILENT_MS = 60_000;
const ENDING = ".status.json";

/** Progress of a run of blocks on one machine: `.emporium/graphs/RUN.status.json` beside its first output. */
export interface BlockStatus {
  readonly run: string;
  readonly state: "running" | "done" | "partial" | "failed" | "cancelled";
  /** Milliseconds since 1970 at which this was written. */
  readonly updatedMs: number;
  readonly pid: number;
  readonly tasks: number;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly bytesPerSecond?: number | undefined;
  readonly tasksPerSecond?: number | undefined;
  readonly secondsLeft?: number | undefined;
  readonly seconds: number;
  /** Resident memory of all processes together; `idleShare` is the part of their time in which workers had nothing to do. */
  readonly rssBytes?: number | undefined;
  readonly idleShare?: number | undefined;
  readonly exitStatus?: number | undefined;
  /** Error of the first failure. */
  readonly error?: ErrorRecord | undefined;
}

function statusKey(run: string): string {
  return `${ENGINE_FOLDER}/graphs/${run}${ENDING}`;
}

/** Keeps the status of a run in its target. */
export interface StatusKeeper {
  readonly onEvent: OnEvent;
  /** Writes the last one. */
  end(report: Pick<BlockRunReport, "exitStatus" | "error">): Promise<void>;
  /** Nothing is written any more. */
  stop(): void;
}

export function keepStatus(store: Store, run: string, env: Env, every: Every = everyInterval): StatusKeeper {
  let progress = noProgress;
  let error: ErrorRecord | undefined;
  let writing: Promise<void> = Promise.resolve();
  const now = (exitStatus?: number): BlockStatus => {
    const { tasksTotal, bytesDone, bytesTotal, seconds, ...view } = viewProgress(progress, env.clock.monotonic());
    const { bytesPerSecond, tasksPerSecond, secondsLeft, rssBytes, idleShare } = view;
    return {
      ...{ run, state: stateOf(exitStatus), updatedMs: env.clock.now(), pid: process.pid },
      ...{ tasks: tasksTotal, counts: progress.counts, bytesDone, bytesTotal, seconds },
      ...{ bytesPerSecond, tasksPerSecond, secondsLeft, rssBytes, idleShare, exitStatus, error },
    };
  };
  const write = (status: BlockStatus) => {
    const bytes = new TextEncoder().encode(printJson(status as unknown as PlainObject));
    writing = writing
      .then(async () => void (await store.write(statusKey(run), bytes)))
      .catch((thrown: unknown) => env.log.debug(`the status is not written: ${asEmporiumError(thrown).message}`));
    return writing;
  };
  const stop = every(WRITE_MS, () => void write(now()));
  return {
    onEvent(event) {
      progress = advance(progress, event);
      if (event.kind === "plan") void write(now());
      if (event.kind === "settled") error ??= event.error;
      env.onEvent(event);
    },
    async end({ exitStatus, error: last }) {
      stop();
      error ??= last;
      await write(now(exitStatus));
    },
    stop,
  };
}

function stateOf(exitStatus: number | undefined): BlockStatus["state"] {
  if (exitStatus === undefined) return "running";
  return exitStatus === 0 ? "done" : exitStatus === 3 ? "partial" : exitStatus === 130 ? "cancelled" : "failed";
}

/** `lost`: it has said nothing for a minute. */
export interface BlockStatusReport extends Report, Omit<BlockStatus, "state" | "exitStatus"> {
  readonly state: BlockStatus["state"] | "lost";
}

/** Whether a location names the status of a run of blocks. */
export function isBlockStatus(location: string): boolean {
  return location.endsWith(ENDING);
}

/** The status of a run of blocks, for people. @throws {EmporiumError} STORE_ABSENT, LOCATION_UNKNOWN */
export async function readBlockStatus(location: string, nowMs: number): Promise<BlockStatusReport> {
  const { store, key } = await openLocation(location, { readOnly: true });
  const status = await getJson<BlockStatus>(store, key);
  if (!status) throw new EmporiumError("STORE_ABSENT", `${location} is not there`, { place: { file: location } });
  const isLost = status.state === "running" && nowMs - status.updatedMs > SILENT_MS;
  const state = isLost ? ("lost" as const) : status.state;
  const document = { ...status, state, errors: status.error ? [status.error] : [], exitStatus: status.exitStatus ?? 0 };
  return withText(document, () => linesOf(document, nowMs));
}

function linesOf(status: Omit<BlockStatusReport, "toText">, nowMs: number): string[] {
  const { run, state, tasks, counts, seconds, updatedMs, error } = status;
  const states = Object.entries(counts).filter(([, count]) => count > 0);
  const done = states.map(([name, count]) => `${count} ${name}`).join(", ");
  return [
    `graph ${run}: ${state === "lost" ? `no sign of it for ${formatSeconds((nowMs - updatedMs) / 1000)}` : state}, ${formatSeconds(seconds)}`,
    `  ${done || "nothing yet"}, of ${counted(tasks, "block")}`,
    ...[paceOf(status)].filter((line) => line !== "").map((line) => `  ${line}`),
    ...(error ? [`  ${error.code}  ${error.message}`] : []),
    ...(state === "lost" ? ["run the same command again to resume"] : []),
  ];
}

function paceOf({
  state,
  bytesPerSecond,
  tasksPerSecond,
  secondsLeft,
  rssBytes,
  idleShare,
}: Omit<BlockStatusReport, "toText">): string {
  const isOpen = state === "running";
  const words = [
    isOpen && tasksPerSecond !== undefined ? `${tasksPerSecond.toPrecision(3)} blocks/s` : "",
    isOpen && bytesPerSecond !== undefined ? `${formatBytes(Math.round(bytesPerSecond))}/s` : "",
    isOpen && secondsLeft !== undefined ? `${formatSeconds(secondsLeft)} left` : "",
    rssBytes === undefined ? "" : `${formatBytes(rssBytes)} of memory`,
    idleShare === undefined ? "" : `${Math.round(100 * idleShare)}% idle`,
  ];
  return words.filter((word) => word !== "").join(", ");
}
