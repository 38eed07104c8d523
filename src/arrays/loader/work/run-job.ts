import { asEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { Kernels } from "../../kernels/kernels.js";
import type { DecodeJob, DecodePart, DecodeResult, PartResult } from "./decode-job.js";
import { decodePart, LacksMemory, type Workplace } from "./decode-part.js";
import { chunkFiles } from "./files.js";

/**
 * Reads chunks from files and decodes them, one after the other.
 *
 * @param bytes the shared memory, and kernels over it. @param done hears of each part
 */
export async function runJob(
  job: DecodeJob,
  kernels: Kernels,
  bytes: Uint8Array,
  done: (part: PartResult) => void = () => {},
): Promise<DecodeResult> {
  const parts: PartResult[] = [];
  const files = chunkFiles();
  const place: Workplace = { kernels, bytes, spentMs: { wait: 0, decode: 0 } };
  let need: DecodeResult["need"];
  try {
    for (const part of job.parts) {
      const result = await tried(job, part, place, files);
      parts.push(result);
      done(result);
    }
  } catch (error) {
    if (!(error instanceof LacksMemory)) throw error;
    need = error.need;
  } finally {
    files.close();
  }
  return { parts, need, waitMs: place.spentMs.wait, decodeMs: place.spentMs.decode };
}

/** A damaged chunk fails alone. */
async function tried(
  job: DecodeJob,
  part: DecodePart,
  place: Workplace,
  files: ReturnType<typeof chunkFiles>,
): Promise<PartResult> {
  try {
    return await decodePart(job, part, place, files);
  } catch (error) {
    if (error instanceof LacksMemory) throw error;
    return { storedBytes: 0, decodedBytes: 0, reads: 0, error: toErrorRecord(asEmporiumError(error)) };
  }
}
