import { LIMITS } from "../../core/limits.js";

/** What a worker needs beside its buffers: the program, its threads, the libraries. */
const PROGRAM_BYTES = 512 * 2 ** 20;
/** A job asks for more than the plan says: engines kill what goes over. */
const HEADROOM = 1.25;

/** Memory that a job asks for, for a worker with so many bytes of buffers. */
export function jobMemory(bufferBytes: number): number {
  return Math.ceil((bufferBytes + PROGRAM_BYTES) * HEADROOM);
}

/** Bytes of buffers for a worker in a job with so much memory. */
export function bufferMemory(jobBytes: number): number {
  return Math.max(LIMITS.memoryBytesMin, Math.floor(jobBytes / HEADROOM) - PROGRAM_BYTES);
}
