import type { Resources } from "../cluster/run-record.js";

/** A job for a cluster's engine: one process for each index, or one alone. */
export interface ArrayJob {
  /** Says whose it is: an engine is asked for it when a reply was lost. Letters, digits and hyphens. */
  readonly name: string;
  /** Script that a node runs, a POSIX shell's. */
  readonly script: string;
  /** Undefined: a job without elements. */
  readonly indices?: readonly number[] | undefined;
  readonly resources: Resources;
  /** Elements that run side by side. */
  readonly slots?: number | undefined;
  /** Begins when these are over, however they ended. */
  readonly after?: readonly JobHandle[] | undefined;
  /** Folder for what the processes print. */
  readonly logs?: string | undefined;
}

export interface JobHandle {
  readonly name: string;
  /** Id that the engine gave the job. */
  readonly id: string;
}

/** Numbers of a job's elements that the engine still knows of. All zero: it is over. */
export interface JobState {
  readonly waiting: number;
  readonly running: number;
  /** Held by the engine itself after a failed start: they wait until somebody releases them. */
  readonly held: number;
  /**
   * Reason for which an element waits, in the engine's words, where that may never end by itself: a node that is down, a limit.
   */
  readonly why?: string | undefined;
}

export interface EngineLimits {
  /** Elements of one array. */
  readonly arrayMax: number;
  /** Jobs, elements counted, that a person may have in the queue. */
  readonly submitMax?: number | undefined;
}

/**
 * A cluster's engine, asked through its own programs. It tells only whether somebody still works: what is done is told by receipts in the
 * target.
 */
export interface EngineExecutor {
  readonly name: string;
  /** False: its jobs cannot wait for others, so somebody has to stay and call the gate. */
  readonly waits?: boolean | undefined;
  /** @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT */
  limits(): Promise<EngineLimits>;
  /** @throws {EmporiumError} ENGINE_ABSENT, ENGINE_REFUSED: nothing was submitted; ENGINE_SILENT: nobody knows */
  submit(job: ArrayJob): Promise<JobHandle>;
  /** Jobs of these names that wait or run. @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT */
  find(...names: readonly string[]): Promise<readonly JobHandle[]>;
  /** States by id; a job that the engine does not know is over. @throws {EmporiumError} ENGINE_ABSENT, ENGINE_SILENT */
  states(jobs: readonly JobHandle[]): Promise<ReadonlyMap<string, JobState>>;
  /** Lets elements go on that the engine holds after a failed start. */
  release?(jobs: readonly JobHandle[]): Promise<void>;
  cancel(jobs: readonly JobHandle[]): Promise<void>;
}

export const GONE: JobState = { waiting: 0, running: 0, held: 0 };

export function sumStates(states: readonly JobState[]): JobState {
  return states.reduce(
    (all, { waiting, running, held, why = all.why }) => ({
      waiting: all.waiting + waiting,
      running: all.running + running,
      held: all.held + held,
      ...(why === undefined ? {} : { why }),
    }),
    GONE,
  );
}

export function isAlive({ waiting, running, held }: JobState): boolean {
  return waiting + running + held > 0;
}
