import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { formatBytes } from "../../core/units.js";

/** Bytes that a worker needs beside its buffers: the program, its threads, the libraries. */
const PROGRAM_BYTES = 512 * 2 ** 20;
/** A job asks for more than the plan says: engines kill what goes over. */
const HEADROOM = 1.25;

/** Bytes of each worker process beside its buffers. The program's own share is enough for a few. */
const PROCESS_BYTES = 96 * 2 ** 20;
const PROCESSES_INCLUDED = 4;

/** Bytes that so many worker processes take of a job's buffers. */
export function processesMemory(processes: number): number {
  return Math.max(0, processes - PROCESSES_INCLUDED) * PROCESS_BYTES;
}

/**
 * Memory for a job whose work is done by worker processes: what it asks for, and what is left for buffers. A job that would have less than usual
 * asks for more.
 */
export function sharedMemory(jobBytes: number, processes: number): { jobBytes: number; bufferBytes: number } {
  const bufferBytes = bufferMemory(jobBytes);
  const taken = processesMemory(processes);
  const isEnough = taken === 0 || bufferBytes - taken >= LIMITS.memoryBytes;
  return isEnough
    ? { jobBytes, bufferBytes: bufferBytes - taken }
    : { jobBytes: Math.ceil(jobBytes + taken * HEADROOM), bufferBytes };
}

/** Memory that a job asks for, for a worker with so many bytes of buffers. */
export function jobMemory(bufferBytes: number): number {
  return Math.ceil((bufferBytes + PROGRAM_BYTES) * HEADROOM);
}

/** Bytes of buffers for a worker in a job with so much memory. @throws {EmporiumError} MEMORY_LIMIT where too little is left */
export function bufferMemory(jobBytes: number): number {
  const bytes = Math.floor(jobBytes / HEADROOM) - PROGRAM_BYTES;
  if (bytes >= LIMITS.memoryBytesMin) return bytes;
  const least = formatBytes(jobMemory(LIMITS.memoryBytesMin));
  throw new EmporiumError("MEMORY_LIMIT", `a job of ${formatBytes(jobBytes)} is too small; expected at least ${least}`, {
    hint: `write memory: ${Math.ceil(jobMemory(LIMITS.memoryBytesMin) / 2 ** 20)}MiB, or more, into the profile`,
  });
}
