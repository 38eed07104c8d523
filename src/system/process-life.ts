import { readFileSync } from "node:fs";

/** Whether a process has not ended. A zombie has: in a container whose first process waits for nobody it stays for ever. */
export function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  if (stat && isOver(stat.state)) return false;
  try {
    process.kill(pid, 0); // signal 0 sends nothing: it tests whether the process exists
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** @param state of a process, as `statOf` tells it */
export const isOver = (state: string): boolean => /^[ZX]/.test(state);

/**
 * Fields 3 and 22 of /proc/<pid>/stat (proc(5)), counted from the last bracket: the name before may hold blanks and brackets. Undefined where there
 * is no such process, and elsewhere than on Linux.
 */
export function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, start: fields[19]! };
  } catch {
    return undefined;
  }
}
