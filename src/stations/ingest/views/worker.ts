import { parentPort } from "node:worker_threads";
import { asEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { Jobs } from "./jobs.js";
import { WORK } from "./work.js";

/** Entry of a thread that makes views: one job comes in, one answer goes out. */
parentPort!.on("message", ({ kind, job }: { kind: keyof Jobs; job: never }) => {
  try {
    const result = WORK[kind](job);
    const buffers = Object.values(result).flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []));
    parentPort!.postMessage({ result }, [...new Set(buffers)]);
  } catch (error) {
    parentPort!.postMessage({ error: toErrorRecord(asEmporiumError(error)) });
  }
});
