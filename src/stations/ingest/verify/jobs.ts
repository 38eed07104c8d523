import type { Reader } from "./array-place.js";
import { checkTwin, type TwinJob } from "./twins.js";
import { type ChunkJob, checkChunk, type JobResult, type SumJob, sum } from "./work.js";

/** A job for a thread. */
export type Job = SumJob | ChunkJob | TwinJob;

export function runJob(job: Job, reader: Reader): Promise<JobResult> {
  switch (job.kind) {
    case "sum":
      return sum(job, reader);
    case "chunk":
      return checkChunk(job, reader);
    case "twin":
      return checkTwin(job, reader);
  }
}
