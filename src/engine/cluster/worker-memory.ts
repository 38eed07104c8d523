import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { formatBytes } from "../../core/units.js";

/** What a worker needs beside its buffers: the program, its threads, the libraries. */
const PROGRAM_BYTES = 512 * 2 ** 20;
/** A job asks for more than the plan says: engines kill what goes over. */
const HEADROOM = 1.25;

/** Memory that a job asks for, for a worker with so many bytes of buffers. */
export function jobMemory(bufferBytes: number): number {
  return Math.ceil((bufferBytes + PROGRAM_BYTES) * HEADROOM);
}

/** Bytes of buffers for a worker in a job with so much memory. @throws {EmporiumError} MEMORY_LIMIT where too little is left */
export function bufferMemory(jobBytes: number): number {
  const bytes = Math.floor(jobBytes / HEADROOM) - PROGRAM_BYTES;
  if (bytes >= LIMITS.memoryBytesMin) return bytes;
  const least = formatBytes(jobMemory(LIMITS.memoryBytesMin));
  throw new EmporiumError("MEMORY_LIMIT", `a job of ${formatBytes(jobBytes)} is too small, at least ${least} are wanted`, {
    hint: `write memory: ${Math.ceil(jobMemory(LIMITS.memoryBytesMin) / 2 ** 20)}MiB, or more, into the profile`,
  });
}
