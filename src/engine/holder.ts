import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { isOver, isRunning, statOf } from "../system/process-life.js";

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
    if (stat && other.processStart !== undefined && stat.start !== other.processStart) return true;
  }
  return !isRunning(other.pid);
}

/** True only if the process certainly runs, on this machine: the same one, and no later one with its number. Elsewhere than on Linux never. */
export function isHere(other: ProcessIdentity, self: ProcessIdentity = thisProcess()): boolean {
  if (self.machine === undefined || other.host !== self.host || other.machine !== self.machine) return false;
  const stat = statOf(other.pid);
  return stat !== undefined && !isOver(stat.state) && stat.start === other.processStart;
}

function machineOf(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined; // not Linux
  }
}
