import { parentPort } from "node:worker_threads";
import { asEmporiumError, toErrorRecord } from "../core/errors.js";
import type { JobAnswer } from "./threads.js";

/**
 * The thread's side of `startJobThread` and `threadPool`: receives jobs and sends each job's result or error.
 *
 * @param transfer buffers of a result that the thread does not need any more.
 */
export function answerJobs<Job, Result>(
  work: (job: Job) => Result | Promise<Result>,
  transfer: (result: Result) => Iterable<ArrayBufferLike> = () => [],
): void {
  const port = parentPort!;
  const answer = (message: JobAnswer<Result>, buffers: Iterable<ArrayBufferLike> = []) =>
    port.postMessage(message, [...buffers] as ArrayBuffer[]);
  port.on("message", async (job: Job) => {
    try {
      const result = await work(job);
      answer({ result }, transfer(result));
    } catch (error) {
      answer({ error: toErrorRecord(asEmporiumError(error)) });
    }
  });
}
