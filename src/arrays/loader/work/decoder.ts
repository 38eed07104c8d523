import { workerData } from "node:worker_threads";
import { asEmporiumError, toErrorRecord } from "../../../core/errors.js";
import { answerJobs } from "../../../system/thread-side.js";
import { instantiateKernels } from "../../kernels/kernels.js";
import type { DecodeJob, DecodePart, DecodeResult, DecoderData, PartResult } from "./decode-job.js";
import { decodePart, LacksMemory, type Workplace } from "./decode-part.js";
import { chunkFiles } from "./files.js";

/** A thread that reads chunks from files and decodes them, into memory that it shares with the others. */
const { memory, module } = workerData as DecoderData;
const place: Workplace = {
  kernels: instantiateKernels(module, memory),
  bytes: new Uint8Array(memory.buffer),
  spentMs: { wait: 0, decode: 0 },
};

answerJobs<DecodeJob, DecodeResult>(async (job) => {
  const parts: PartResult[] = [];
  const files = chunkFiles();
  place.spentMs = { wait: 0, decode: 0 };
  let need: DecodeResult["need"];
  try {
    for (const part of job.parts) parts.push(await tried(job, part, files));
  } catch (error) {
    if (!(error instanceof LacksMemory)) throw error;
    need = error.need;
  } finally {
    files.close();
  }
  return { parts, need, waitMs: place.spentMs.wait, decodeMs: place.spentMs.decode };
});

/** A damaged chunk fails alone. */
async function tried(job: DecodeJob, part: DecodePart, files: ReturnType<typeof chunkFiles>): Promise<PartResult> {
  try {
    return await decodePart(job, part, place, files);
  } catch (error) {
    if (error instanceof LacksMemory) throw error;
    return { storedBytes: 0, decodedBytes: 0, reads: 0, error: toErrorRecord(asEmporiumError(error)) };
  }
}
