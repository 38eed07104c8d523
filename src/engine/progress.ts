import type { RunEvent, TaskBrief, Waits } from "./events.js";
import type { TaskState } from "./task.js";

/** Milliseconds over which the rate is taken, so that it follows a network that slows down. */
const WINDOW_MS = 30_000;
const SAMPLES_MAX = 120;

interface Running {
  readonly brief: TaskBrief;
  readonly bytesDone: number;
  /** Bytes that an earlier, unfinished attempt had done. */
  readonly bytesResumed: number;
  readonly bytesAgain: number;
  /** True if it goes on with notes: its first report tells from where. */
  readonly expectsResume: boolean;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  /** Tasks that were done in this run. */
  readonly tasks: number;
}

/** Everything that a renderer needs to know of a run. A value: each event makes a new one, nothing is changed. */
export interface ProgressState {
  readonly startMs: number;
  readonly nowMs: number;
  readonly tasksTotal: number;
  readonly bytesTotal: number;
  /** Tasks whose bytes are not in the total yet. */
  readonly unsized: number;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly running: ReadonlyMap<string, Running>;
  /** Bytes of tasks that ended in this run, whatever they came to, but for what was resumed. */
  readonly bytesSettled: number;
  /** Bytes of earlier runs: whole tasks, and what unfinished ones had done. */
  readonly bytesResumed: number;
  /** Bytes of tasks that this run does not do: failed, blocked. Those that were cancelled are still to be done. */
  readonly bytesGivenUp: number;
  /** Bytes that were done a second time, by tasks that have ended. */
  readonly bytesAgain: number;
  readonly samples: readonly Sample[];
  /** Resident memory of all processes; `idleShare` is the part of the time of worker processes without work. */
  readonly rssBytes?: number | undefined;
  readonly idleShare?: number | undefined;
  /** Whether it is known what there is to do. */
  readonly isPlanned?: boolean | undefined;
  readonly isPart?: boolean | undefined;
  /** Set between two plans. */
  readonly waits?: Waits | undefined;
}

export interface ProgressView {
  readonly tasksTotal: number;
  /** Tasks that were done in this run or before. */
  readonly tasksDone: number;
  readonly tasksFailed: number;
  /** Tasks among `tasksFailed` that need one that failed. */
  readonly tasksBlocked: number;
  readonly bytesTotal: number;
  /** Bytes that were done in this run or before. */
  readonly bytesDone: number;
  /** Bytes among `bytesDone` that earlier runs had done. */
  readonly bytesResumed: number;
  /** Bytes that are still to be done. */
  readonly bytesLeft: number;
  /** Bytes that had to be done a second time; in no other figure. */
  readonly bytesAgain: number;
  /** The total is of those tasks alone whose size is known yet. */
  readonly unsized: number;
  /** Between 0 and 1: by bytes where the plan has bytes of every task, else by tasks. Less than 1 while more is to come. */
  readonly fraction: number;
  /** Rate of this run's work alone; undefined until enough of it is seen. */
  readonly bytesPerSecond: number | undefined;
  readonly tasksPerSecond: number | undefined;
  /** Resident memory of all processes, as `idleShare` only where worker processes do the work. */
  readonly rssBytes?: number | undefined;
  readonly idleShare?: number | undefined;
  readonly secondsLeft: number | undefined;
  readonly seconds: number;
  readonly running: readonly { readonly title: string; readonly bytes: number; readonly bytesDone: number }[];
  readonly waits?: Waits | undefined;
}

export const noProgress: ProgressState = {
  startMs: 0,
  nowMs: 0,
  tasksTotal: 0,
  bytesTotal: 0,
  unsized: 0,
  counts: { done: 0, already: 0, failed: 0, blocked: 0, cancelled: 0 },
  running: new Map(),
  bytesSettled: 0,
  bytesResumed: 0,
  bytesGivenUp: 0,
  bytesAgain: 0,
  samples: [],
};

/** The state after one more event. */
export function advance(state: ProgressState, event: RunEvent): ProgressState {
  const now = { ...state, nowMs: event.atMs };
  switch (event.kind) {
    case "plan":
      return {
        ...noProgress,
        isPlanned: true,
        startMs: event.atMs,
        nowMs: event.atMs,
        // what no task makes was asked for, too: it has failed before the first task begins
        tasksTotal: event.tasks + (event.unplanned?.failed ?? 0) + (event.unplanned?.blocked ?? 0),
        counts: { ...noProgress.counts, ...event.unplanned },
        bytesTotal: event.bytes,
        unsized: event.unsized ?? 0,
        isPart: event.isPart,
      };
    case "sized": {
      const task = state.running.get(event.id);
      const running = task && new Map(state.running).set(event.id, { ...task, brief: grown(task.brief, event.bytes) });
      return {
        ...now,
        running: running ?? state.running,
        bytesTotal: state.bytesTotal + event.bytes,
        unsized: Math.max(0, state.unsized - 1),
      };
    }
    case "checked":
      return sampled({ ...now, bytesResumed: state.bytesResumed + event.alreadyBytes });
    case "start": {
      const task = { brief: event.task, bytesDone: 0, bytesResumed: 0, bytesAgain: 0, expectsResume: event.notes > 0 };
      return { ...now, running: new Map(state.running).set(event.task.id, task) };
    }
    case "progress": {
      const task = state.running.get(event.id);
      if (!task) return now;
      const bytesDone = Math.max(0, Math.min(event.bytesDone, task.brief.bytes));
      const bytesResumed = task.expectsResume ? bytesDone : Math.min(task.bytesResumed, bytesDone);
      const bytesAgain = event.bytesAgain ?? task.bytesAgain;
      const next = { ...task, bytesDone, bytesResumed, bytesAgain, expectsResume: false };
      return sampled({ ...now, running: new Map(state.running).set(event.id, next) });
    }
    case "settled":
      return settled(now, event);
    case "counted":
      return sampled({ ...now, counts: event.counts, bytesSettled: event.bytesDone });
    case "waiting": {
      const { taken, lines, count } = event;
      return { ...now, startMs: state.startMs || event.atMs, running: new Map(), samples: [], waits: { taken, lines, count } };
    }
    case "measured":
      return { ...now, rssBytes: event.rssBytes, idleShare: event.idleShare };
    default:
      return now;
  }
}

function grown(brief: TaskBrief, bytes: number): TaskBrief {
  return { ...brief, bytes: brief.bytes + bytes };
}

function settled(state: ProgressState, { task, state: outcome }: Extract<RunEvent, { kind: "settled" }>): ProgressState {
  const running = new Map(state.running);
  const before = running.get(task.id);
  running.delete(task.id);
  const counts = { ...state.counts, [outcome]: state.counts[outcome] + 1 };
  const resumed = outcome === "done" ? (before?.bytesResumed ?? 0) : 0;
  return sampled({
    ...state,
    running,
    counts,
    bytesResumed: state.bytesResumed + resumed,
    bytesSettled: state.bytesSettled + (outcome === "done" ? task.bytes - resumed : 0),
    bytesAgain: state.bytesAgain + (before?.bytesAgain ?? 0),
    bytesGivenUp: state.bytesGivenUp + (outcome === "failed" || outcome === "blocked" ? task.bytes : 0),
  });
}

/** Work of this run alone, so that a resumed run does not begin with a rate that it never had. */
function bytesWorked({ running, bytesSettled }: ProgressState): number {
  let bytes = bytesSettled;
  for (const task of running.values()) bytes += task.bytesDone - task.bytesResumed;
  return bytes;
}

function sampled(state: ProgressState): ProgressState {
  const last = state.samples.at(-1);
  const sample = { atMs: state.nowMs, bytes: bytesWorked(state), tasks: state.counts.done };
  const thin = last !== undefined && state.samples.length > 1 && sample.atMs - last.atMs < WINDOW_MS / SAMPLES_MAX;
  const kept = (thin ? state.samples.slice(0, -1) : state.samples).filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS);
  return { ...state, samples: [...kept, sample] };
}

/** View of a run at a moment of the monotonic clock. */
export function viewProgress(state: ProgressState, nowMs: number = state.nowMs): ProgressView {
  const running = [...state.running.values()];
  const resumedNow = running.reduce((sum, task) => sum + task.bytesResumed, 0);
  const bytesResumed = state.bytesResumed + resumedNow;
  const bytesDone = bytesWorked(state) + bytesResumed;
  const tasksDone = state.counts.done + state.counts.already;
  const tasksSettled = tasksDone + state.counts.failed + state.counts.blocked;
  const first = state.samples[0];
  const spanMs = first === undefined ? 0 : nowMs - first.atMs;
  const worked = first === undefined ? 0 : bytesWorked(state) - first.bytes;
  const tasksWorked = first === undefined ? 0 : state.counts.done - first.tasks;
  const bytesPerSecond = spanMs >= 1000 && worked > 0 ? (worked * 1000) / spanMs : undefined;
  const bytesLeft = Math.max(0, state.bytesTotal - bytesDone - state.bytesGivenUp);
  const seconds = (nowMs - state.startMs) / 1000;
  return {
    tasksTotal: state.tasksTotal,
    tasksDone,
    tasksFailed: state.counts.failed + state.counts.blocked,
    tasksBlocked: state.counts.blocked,
    bytesTotal: state.bytesTotal,
    bytesDone,
    bytesResumed,
    bytesLeft,
    bytesAgain: state.bytesAgain + running.reduce((sum, task) => sum + task.bytesAgain, 0),
    unsized: state.unsized,
    fraction: fractionOf(state, bytesDone, tasksSettled),
    bytesPerSecond,
    tasksPerSecond: spanMs >= 1000 && tasksWorked > 0 ? (tasksWorked * 1000) / spanMs : undefined,
    ...(state.rssBytes === undefined ? {} : { rssBytes: state.rssBytes, idleShare: state.idleShare }),
    secondsLeft:
      state.bytesTotal === 0 && state.unsized === 0
        ? secondsByTasks(state.tasksTotal, tasksSettled, seconds)
        : bytesPerSecond === undefined || state.unsized > 0
          ? undefined
          : bytesLeft / bytesPerSecond,
    seconds,
    running: running.map(({ brief, bytesDone: done }) => ({ title: brief.title, bytes: brief.bytes, bytesDone: done })),
    ...(state.waits && { waits: state.waits, secondsLeft: undefined }),
  };
}

/** Largest fraction that may be shown while more is to come. */
const ALMOST = 0.99;

/**
 * Seconds left where tasks have no bytes: one is taken to be like another. Undefined before a task has ended, and in the first
 * second.
 */
function secondsByTasks(total: number, settled: number, seconds: number): number | undefined {
  return settled > 0 && seconds >= 1 ? (Math.max(0, total - settled) * seconds) / settled : undefined;
}

function fractionOf(state: ProgressState, bytesDone: number, tasksSettled: number): number {
  const { bytesTotal, bytesGivenUp, tasksTotal, unsized, isPart, waits } = state;
  if (!state.isPlanned && !waits) return 0;
  if (isPart || waits)
    return Math.min(ALMOST, fractionOf({ ...state, isPlanned: true, isPart: false, waits: undefined }, bytesDone, tasksSettled));
  // files that a task left as they were have no bytes of this run
  if (tasksTotal > 0 && tasksSettled >= tasksTotal) return 1;
  if (bytesTotal > 0 && unsized === 0) return Math.min(1, (bytesDone + bytesGivenUp) / bytesTotal);
  return tasksTotal > 0 ? tasksSettled / tasksTotal : 1;
}
