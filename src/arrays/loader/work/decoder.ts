import { workerData } from "node:worker_threads";
import { freeBuffersAbove } from "../../../system/garbage.js";
import { answerJobs } from "../../../system/thread-side.js";
import { instantiateKernels } from "../../kernels/kernels.js";
import type { DecodeJob, DecodeResult, DecoderData, PartResult } from "./decode-job.js";
import { runJob } from "./run-job.js";

/** A thread that reads chunks from files and decodes them, into memory that it shares with the others. */
const { memory, module } = workerData as DecoderData;
const kernels = instantiateKernels(module, memory);
const bytes = new Uint8Array(memory.buffer);

/** Buffers of decoders that work in memory of their own: the engine lets some hundred MiB of them come together, in each thread. */
const GONE_BYTES = 16 * 2 ** 20;

let decoded = 0;

/** Looks after so many decoded bytes: to ask what is held takes as long as to decode a small chunk. What does not decode has taken memory as well. */
function free({ decodedBytes, error }: PartResult): void {
  decoded += decodedBytes;
  if (decoded < GONE_BYTES && !error) return;
  decoded = 0;
  freeBuffersAbove(GONE_BYTES);
}

answerJobs<DecodeJob, DecodeResult>((job) => runJob(job, kernels, bytes, free));
