import { retryKey, submissionFolder } from "./run-files.js";
import { getJson, type OpenRun } from "./run-record.js";

/** `stages/<s>/submitted.<n>.json`: slices that were given to the engine together. */
export interface Submission {
  readonly number: number;
  readonly slices: readonly number[];
  readonly job: string;
  /** Name of the submitter: only he may go on with it while the id is not there. */
  readonly by: string;
  readonly engine: string;
  /** Id of the engine's job; absent until the engine has answered. */
  readonly id?: string | undefined;
  /** Does again what another job is slow at. */
  readonly twin?: boolean | undefined;
}

export async function readSubmissions({ store, folder }: OpenRun, stage: string): Promise<Submission[]> {
  const found: Submission[] = [];
  for await (const { key } of store.list(`${folder}${submissionFolder(stage)}`)) {
    const submission = await getJson<Submission>(store, key);
    if (submission) found.push(submission);
  }
  return found.sort((a, b) => a.number - b.number);
}

/** The first submission whose failures count. */
export async function retriedSince({ store, folder }: OpenRun, stage: string): Promise<number> {
  return (await getJson<{ since: number }>(store, `${folder}${retryKey(stage)}`))?.since ?? 0;
}
