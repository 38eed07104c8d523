import { ENGINE_FOLDER } from "../plan.js";

/** Names of what a run on a cluster keeps in its target, below `.emporium/runs/<run>/`. */

export const RUNS_FOLDER = `${ENGINE_FOLDER}/runs/`;

export const runFolder = (run: string): string => `${RUNS_FOLDER}${run}/`;

export const RUN_RECORD = "run.json";
/** The tasks, a line each, in the order of stages and slices. */
export const GRAPH = "graph.ndjson";
/** Byte offset of each line of the graph, and of its end: little-endian float64. */
export const GRAPH_INDEX = "graph.index";
/** A bit for each task of a run of blocks, the lowest first, that is set where nothing was to do when the run began. */
export const ALREADY = "already.bin";
/** End of the run: `RunEnd`. */
export const END = "end.json";

/** A submission of slices. Who creates it may submit. */
export const submissionKey = (stage: string, number: number): string => `${submissionFolder(stage)}${number}.json`;
export const submissionFolder = (stage: string): string => `stages/${stage}/submitted.`;
/** Every task of the stage is done or dead. */
export const stageEndKey = (stage: string): string => `stages/${stage}/end.json`;

/** Object that is written to learn what time the store has. */
export const lookKey = (stage: string): string => `stages/${stage}/look.json`;
/** Figures of a stage's work, kept when its journals are removed. */
export const figuresKey = (stage: string): string => `stages/${stage}/figures.json`;

/** Tasks of a stage that nobody tries again, a line each. */
export const deadKey = (stage: string): string => `dead/${stage}.ndjson`;

/** The submission from which on failures of a stage count: somebody asked to try again what was dead. */
export const retryKey = (stage: string): string => `stages/${stage}/retry.json`;

/** Which process's outputs of a task count, where each process makes others. */
export const onceKey = (task: string): string => `once/${task}.json`;
/** Outputs of one process for such a task, before they have their names. */
export const stagingFolder = (task: string, token: string): string => `${STAGING}${task}/${token}/`;
export const STAGING = "staging/";

export const journalFolder = (stage: string): string => `journal/${stage}/`;

/** Merged receipts of a stage of blocks, by pages. */
export const receiptsKey = (stage: string, page: number): string => `receipts/${stage}/${page}.bin`;

/** A piece of the journal of one attempt at one slice. */
export interface SegmentName {
  readonly slice: number;
  readonly attempt: number;
  /** Token of the process. Two processes may work at one attempt, when a cluster starts a job twice. */
  readonly token: string;
  readonly part: number;
}

export function segmentKey(stage: string, { slice, attempt, token, part }: SegmentName): string {
  return `${journalFolder(stage)}${slice}.${attempt}.${token}.${part}`;
}

/** @returns undefined for a key that is no segment of the stage */
export function parseSegmentKey(stage: string, key: string): SegmentName | undefined {
  const found = /^(\d+)\.(\d+)\.([0-9a-z]+)\.(\d+)$/.exec(key.slice(journalFolder(stage).length));
  if (!found || !key.startsWith(journalFolder(stage))) return undefined;
  const [, slice, attempt, token, part] = found;
  return { slice: Number(slice), attempt: Number(attempt), token: token!, part: Number(part) };
}
