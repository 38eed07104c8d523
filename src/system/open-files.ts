import { readFileSync } from "node:fs";

/**
 * If a process may open fewer files than this (`ulimit -n`), modules are read one by one, work runs on one core, and no file is
 * kept open between writes.
 */
const PLENTY = 512;

/** Whether this process may open few files only. Where the system does not tell (macOS, Windows), it may open enough. */
export const fewFiles: boolean = limitOfFiles() < PLENTY;

function limitOfFiles(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
