import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import { EmporiumError, type ErrorRecord, formatPlace } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import type { ProgressView } from "../engine/progress.js";
import { RUNS } from "../engine/run-events.js";
import { RUN_ID } from "../engine/run-id.js";
import { lifeOf, type RunSeen, RunTail, viewOf } from "../engine/run-tail.js";
import type { ApiError, Job, JobBrief, JobLife, JobsEvent } from "../model/page-api.js";
import { absentAs } from "../stores/file/root.js";

/** The runs in the workspace of this server, as their own files describe them. */
export interface JobWatch {
  /** Newest first. */
  list(): Promise<readonly JobBrief[]>;
  /** @throws {EmporiumError} NOT_FOUND */
  job(id: string): Promise<Job>;
  /** The first record of a run, with its command, and whether it still runs. @throws {EmporiumError} NOT_FOUND */
  begin(id: string): Promise<RunSeen["begin"] & { readonly life: JobLife }>;
  /**
   * Yields all jobs, then those that change; of a single job all that is known. Yields undefined after a while without news. Ends
   * with the signal, and when the watch is closed.
   */
  follow(topics: Topics, signal: AbortSignal): AsyncGenerator<JobNews | undefined>;
  /** Number of streams that follow now. */
  readonly listeners: number;
  close(): void;
}

export interface Topics {
  readonly jobs: boolean;
  /** Run ids of the jobs that are followed in detail. */
  readonly ids: readonly string[];
}

export type JobNews = { readonly event: "jobs"; readonly data: JobsEvent } | { readonly event: "job"; readonly data: Job };

/**
 * Milliseconds between two looks at the files while somebody listens. With the delay of a run's own writes, an event is seen in
 * less than 400 ms.
 */
const LOOK_MS = 100;
/** Milliseconds between two looks at a run that has not been heard of for long. */
const LOOK_SILENT_MS = 2_000;
const GONE_MAX = 1_000;
/** Milliseconds after which seconds and rates of a running job go on although it tells nothing. */
const TICK_MS = 1_000;
/** Milliseconds of silence after which a listener gets an empty event. */
const QUIET_MS = 15_000;

interface Entry {
  /** Absent once the run has ended; its file is read again when it is asked for. */
  tail: RunTail | undefined;
  brief: JobBrief | undefined;
  /** Values of the counter of changes: when the brief changed last, and when anything did. */
  told: number;
  changed: number;
  tickMs: number;
  nextMs: number;
}

/** Follows the runs of a workspace. Nothing is read before somebody asks, or while nobody listens. */
export function jobWatch({ workspace, clock }: { workspace: string; clock: Clock }): JobWatch {
  const { look, runSeen, newest, newsOf, hasChanged, changesNow } = watchedRuns(join(workspace, RUNS), clock);
  const closed = new AbortController();
  let listeners = 0;
  const jobAsSeen = async (id: string) => jobOf(id, await runSeen(id), clock.now());

  return {
    async list() {
      await look(false);
      return newest();
    },
    async job(id) {
      await look(false);
      return jobAsSeen(id);
    },
    async begin(id) {
      await look(false);
      const seen = await runSeen(id);
      return { ...seen.begin, life: lifeOf(seen, clock.now()) };
    },
    async *follow({ jobs, ids }, signal) {
      const stop = AbortSignal.any([signal, closed.signal]);
      let seen = -1;
      let saidMs = clock.monotonic();
      listeners++;
      try {
        while (!stop.aborted) {
          await look(true);
          const since = seen;
          seen = changesNow();
          const news: JobNews[] = jobs ? newsOf(since) : [];
          for (const id of ids) if (hasChanged(id, since)) news.push({ event: "job", data: await jobAsSeen(id) });
          if (news.length > 0) saidMs = clock.monotonic();
          yield* news;
          if (clock.monotonic() - saidMs >= QUIET_MS) {
            saidMs = clock.monotonic();
            yield undefined;
          }
          await clock.sleep(LOOK_MS, stop).catch(() => {});
        }
      } finally {
        listeners--;
      }
    },
    get listeners() {
      return listeners;
    },
    close: () => closed.abort(),
  };
}

/**
 * The runs of the workspace as they were found last. Changes are counted, so that news is asked for by the count that was seen
 * last.
 */
function watchedRuns(folder: string, clock: Clock) {
  const entries = new Map<string, Entry>();
  const gone = new Recent<string, number>(GONE_MAX);
  let changes = 0;
  let looking: Promise<void> | undefined;
  let lookedMs = Number.NEGATIVE_INFINITY;

  /** @param isShared accepts what another listener's look has found just now */
  async function look(isShared: boolean): Promise<void> {
    if (!isShared)
      await looking; // it may have begun before what is asked for was written
    else if (!looking && clock.monotonic() - lookedMs < LOOK_MS / 2) return;
    looking ??= lookAtAll().finally(() => {
      looking = undefined;
      lookedMs = clock.monotonic();
    });
    await looking;
  }

  async function lookAtAll(): Promise<void> {
    const names = (await readdir(folder).catch(absentAs([]))).filter((name) => RUN_ID.test(name));
    const there = new Set(names);
    for (const id of entries.keys()) {
      if (there.has(id)) continue;
      entries.delete(id);
      gone.set(id, ++changes);
    }
    for (const id of names) {
      let entry = entries.get(id);
      if (!entry) {
        entry = { tail: new RunTail(join(folder, id)), brief: undefined, told: 0, changed: 0, tickMs: 0, nextMs: 0 };
        entries.set(id, entry);
      }
      await lookAt(id, entry);
    }
  }

  async function lookAt(id: string, entry: Entry): Promise<void> {
    const { tail } = entry;
    const now = clock.monotonic();
    if (!tail || now < entry.nextMs) return;
    const isNew = await tail.poll();
    const { seen } = tail;
    if (!seen) return;
    const life = lifeOf(seen, clock.now());
    if (life !== "running") entry.nextMs = now + LOOK_SILENT_MS;
    const isTick = life === "running" && now - entry.tickMs >= TICK_MS;
    if (!isNew && !isTick && life === entry.brief?.life) return;
    entry.tickMs = now;
    entry.changed = ++changes;
    const brief = briefOf(id, seen, clock.now());
    if (JSON.stringify(brief) !== JSON.stringify(entry.brief)) entry.told = changes;
    entry.brief = brief;
    if (life === "ended") entry.tail = undefined;
  }

  async function runSeen(id: string): Promise<RunSeen> {
    const entry = entries.get(id);
    const tail = entry?.tail ?? new RunTail(join(folder, id));
    if (entry && !entry.tail) await tail.poll();
    if (!entry || !tail.seen) {
      throw new EmporiumError("NOT_FOUND", `there is no run ${id}`, { hint: "see /jobs for the runs that are kept" });
    }
    return tail.seen;
  }

  const newest = () => [...entries.values()].flatMap(({ brief }) => brief ?? []).sort(newestFirst);

  /** Changes of the list of runs since a count; all runs for a negative count, which is before the first. */
  function newsOf(since: number): JobNews[] {
    if (since < 0) return [{ event: "jobs", data: { isAll: true, jobs: newest(), gone: [] } }];
    const told = [...entries.values()].flatMap(({ brief, told: at }) => (brief && at > since ? brief : [])).sort(newestFirst);
    const lost = [...gone].flatMap(([id, at]) => (at > since ? id : []));
    return told.length + lost.length === 0 ? [] : [{ event: "jobs", data: { isAll: false, jobs: told, gone: lost } }];
  }

  function hasChanged(id: string, since: number): boolean {
    const entry = entries.get(id);
    return entry?.brief !== undefined && entry.changed > since;
  }

  return { look, runSeen, newest, newsOf, hasChanged, changesNow: () => changes };
}

const newestFirst = (a: JobBrief, b: JobBrief): number => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

function briefOf(id: string, seen: RunSeen, nowMs: number): JobBrief {
  const { begin, over, heardMs, state } = seen;
  const view = viewOf(seen, nowMs);
  return {
    id,
    command: begin.command,
    folder: begin.folder,
    host: begin.host,
    life: lifeOf(seen, nowMs),
    startedAt: new Date(begin.nowMs).toISOString(),
    heardAt: new Date(heardMs).toISOString(),
    exitStatus: over?.exitStatus,
    error: over?.error && briefError(over.error),
    progress: { ...figuresOf(view), tasksAlready: state.counts.already },
    waits: view.waits,
  };
}

function figuresOf(view: ProgressView): Omit<JobBrief["progress"], "tasksAlready"> {
  const { fraction, tasksTotal, tasksDone, tasksFailed, tasksBlocked, bytesTotal, bytesDone, bytesPerSecond, tasksPerSecond } =
    view;
  return {
    ...{ fraction, tasksTotal, tasksDone, tasksFailed, tasksBlocked, bytesTotal, bytesDone, bytesPerSecond, tasksPerSecond },
    ...{ secondsLeft: view.secondsLeft, seconds: view.seconds },
  };
}

function jobOf(id: string, seen: RunSeen, nowMs: number): Job {
  const { state, failures, told, rates } = seen;
  return {
    ...briefOf(id, seen, nowMs),
    running: viewOf(seen, nowMs).running,
    failures: failures.map(({ task: { title, run }, error }) => ({ title, run, error: error && briefError(error) })),
    errors: told.map(briefError),
    rates: rates.map(({ atMs, perSecond }) => [state.nowMs - atMs, perSecond]),
  };
}

/** An error with its full text, as on stderr: whoever may read it may see the terminal, too. */
export function briefError(record: ErrorRecord): ApiError {
  const { code, message, hint } = record;
  return { code, message, path: formatPlace(record) || undefined, hint };
}
