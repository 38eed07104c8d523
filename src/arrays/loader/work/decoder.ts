import { workerData } from "node:worker_threads";
import { answerJobs } from "../../../system/thread-side.js";
import { instantiateKernels } from "../../kernels/kernels.js";
import type { DecodeJob, DecodeResult, DecoderData } from "./decode-job.js";
import { runJob } from "./run-job.js";

/** A thread that reads chunks from files and decodes them, into memory that it shares with the others. */
const { memory, module } = workerData as DecoderData;
const kernels = instantiateKernels(module, memory);
const bytes = new Uint8Array(memory.buffer);

answerJobs<DecodeJob, DecodeResult>((job) => runJob(job, kernels, bytes));
