import { answerJobs } from "../../../system/thread-side.js";
import type { Jobs } from "./jobs.js";
import { WORK } from "./work.js";

/** Entry of a thread that makes views. */
answerJobs(
  ({ kind, job }: { kind: keyof Jobs; job: never }): object => WORK[kind](job),
  (result) => new Set(Object.values(result).flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer] : []))),
);
