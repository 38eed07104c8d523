import { residentBytes } from "../../system/process-memory.js";

/** Memory that worker processes may take. */
export interface WorkerMemory {
  /** Bytes of all buffers: those that tasks hold, and those that their inputs keep. */
  readonly bytes: number;
  /** The part of it that tasks may take. */
  readonly taskBytes: number;
}

/** A process whose memory is measured. */
export interface Measured {
  readonly pid: number | undefined;
  /** Resident memory as the process said itself, where the system does not. */
  readonly toldBytes: number;
  /** Whether it does something. */
  readonly isBusy: boolean;
  /** Time at which it began with what it does. */
  readonly sinceMs: number;
  /** Whether it was ended, and is not gone yet. */
  readonly isEnding: boolean;
}

/** State of the memory, and what is to be done about it. */
export interface MemoryState<W> {
  /** True where nothing new may begin. */
  readonly isFull: boolean;
  /** A process that must end now. */
  readonly end?: W | undefined;
  /** Resident memory of all processes together, programs included. */
  readonly rssBytes: number;
}

/** Bytes that the program itself needs in each process, beside buffers: README.md says so of every command. */
const PROGRAM_BYTES = 150 * 2 ** 20;
/** Part of the memory from which on nothing new begins. */
const FULL = 0.9;

/** Part of a process's resident memory that counts as buffers. */
export function buffersOf(rssBytes: number): number {
  return Math.max(0, rssBytes - PROGRAM_BYTES);
}

/**
 * Looks at the memory of processes. From 90 % of what is allowed nothing new may begin; from all of it a process ends: the largest that does nothing,
 * or else the one that has begun last. This process counts with what it has grown.
 *
 * @param rssOf of a process; undefined where nobody can say
 */
export function memoryWatch({ bytes }: WorkerMemory, rssOf: (pid: number) => number | undefined = residentBytes) {
  const ownBefore = rssOf(process.pid) ?? 0;
  const measure = ({ pid, toldBytes }: Measured) => (pid === undefined ? undefined : rssOf(pid)) ?? toldBytes;
  return {
    measure,
    look<W extends Measured>(workers: Iterable<W>): MemoryState<W> {
      const all = [...workers].map((worker) => ({ worker, rss: measure(worker) }));
      const own = rssOf(process.pid) ?? 0;
      const used = all.reduce((sum, { rss }) => sum + buffersOf(rss), Math.max(0, own - ownBefore));
      const rssBytes = all.reduce((sum, { rss }) => sum + rss, own);
      if (used < FULL * bytes) return { isFull: false, rssBytes };
      // what was ended frees its memory first
      if (all.some(({ worker }) => worker.isEnding)) return { isFull: true, rssBytes };
      const busy = all.filter(({ worker }) => worker.isBusy);
      if (busy.length > 0 && used < bytes) return { isFull: true, rssBytes };
      // what an idle one has waits to be freed
      const idle = largest(all.filter(({ worker }) => !worker.isBusy));
      if (idle || busy.length === 0) return { isFull: true, rssBytes, end: idle };
      return { isFull: true, rssBytes, end: busy.reduce((a, b) => (b.worker.sinceMs > a.worker.sinceMs ? b : a)).worker };
    },
  };
}

function largest<W>(all: readonly { worker: W; rss: number }[]): W | undefined {
  const buffers = all.filter(({ rss }) => buffersOf(rss) > 0);
  return buffers.length === 0 ? undefined : buffers.reduce((a, b) => (b.rss > a.rss ? b : a)).worker;
}
