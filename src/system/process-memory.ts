import { readFileSync } from "node:fs";

/**
 * Memory of a process that is resident now, in bytes. Undefined where the system does not say: it is gone, or there is no `/proc`.
 *
 * Cost: some 30 µs.
 */
export function residentBytes(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}
