import { parentPort, workerData } from "node:worker_threads";
import { asEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { fileReader } from "./file-reader.js";
import { type Job, runJob } from "./jobs.js";

/** Entry of a thread that checks objects of one folder of this machine: jobs come in, results go out, in any order. */
const reader = fileReader((workerData as { root: string }).root);

parentPort!.on("message", async ({ id, job }: { id: number; job: Job }) => {
  try {
    parentPort!.postMessage({ id, result: await runJob(job, reader) });
  } catch (error) {
    parentPort!.postMessage({ id, error: toErrorRecord(asEmporiumError(error)) });
  }
});
