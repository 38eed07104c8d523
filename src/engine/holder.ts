import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Identifies a process, so that another process can decide whether it still runs. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Kernel boot and process-number space (Linux). Process numbers compare only within one: containers share host names. */
  readonly machine?: string | undefined;
  /** Start of the process, in ticks since the boot (Linux): distinguishes it from a later process with the same number. */
  readonly processStart?: string | undefined;
}

export function thisProcess(): ProcessIdentity {
  return { host: hostname(), pid: process.pid, machine: machineOf(), processStart: statOf(process.pid)?.start };
}

/**
 * True only if the process has certainly ended: same machine, and its number is free, a zombie's or another's. Else the heartbeat
 * decides.
 */
export function isGone(other: ProcessIdentity, self: ProcessIdentity = thisProcess()): boolean {
  if (other.host !== self.host || other.machine !== self.machine) return false;
  if (self.machine !== undefined) {
    const stat = statOf(other.pid);
    if (stat)
      return stat.state === "Z" || stat.state === "X" || (other.processStart !== undefined && stat.start !== other.processStart);
  }
  try {
    process.kill(other.pid, 0); // signal 0 sends nothing: it tests whether the process exists
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** True only if the process certainly runs, on this machine: the same one, and no later one with its number. Elsewhere than on Linux never. */
export function isHere(other: ProcessIdentity, self: ProcessIdentity = thisProcess()): boolean {
  if (self.machine === undefined || other.host !== self.host || other.machine !== self.machine) return false;
  const stat = statOf(other.pid);
  return stat !== undefined && !/[ZX]/.test(stat.state) && stat.start === other.processStart;
}

function machineOf(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined; // not Linux
  }
}

/** Fields 3 and 22 of /proc/<pid>/stat (proc(5)), counted from the last bracket: the name before may hold blanks and brackets. */
function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, start: fields[19]! };
  } catch {
    return undefined;
  }
}
