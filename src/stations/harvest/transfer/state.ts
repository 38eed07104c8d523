import { readFileSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { uptime } from "node:os";
import { z } from "zod";
import type { Clock } from "../../../core/clock.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import type { Stat } from "../../../stores/store.js";
import type { Ranges } from "./ranges.js";

/** The state of an unfinished file, in `<target>.part.json` beside `<target>.part`. */
export interface PartState {
  /** Address of the object, for people. */
  source: string;
  /** The version that the bytes are of. */
  size: number;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  /** Ranges that were written. They survive a kill of the process, but no power loss. */
  written: Ranges;
  /** Ranges that were synced to the disk. */
  synced: Ranges;
  /** Identifies the system's start since which `written` is valid. */
  boot: string;
}

const RangesForm = z.array(z.tuple([z.int().nonnegative(), z.int().positive()]));
const StateForm = z.object({
  version: z.literal(2),
  source: z.string(),
  size: z.int().nonnegative(),
  etag: z.string().optional(),
  modifiedMs: z.number().optional(),
  written: RangesForm,
  synced: RangesForm,
  boot: z.string(),
});

/** The state of an earlier run, as far as it is valid; `undefined` if there is none, or it cannot be read. */
export async function readState(path: string, clock: Clock): Promise<(PartState & { done: Ranges }) | undefined> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileError(error, path, "read");
  });
  if (text === undefined) return undefined;
  try {
    const state = StateForm.parse(JSON.parse(text));
    return { ...state, done: sameBoot(state.boot, bootOfSystem(clock)) ? state.written : state.synced };
  } catch {
    return undefined; // incomplete after a power loss, or of another program
  }
}

export function stateText(state: PartState): string {
  return `${JSON.stringify({ version: 2, ...state })}\n`;
}

/** Replaces the state as a whole. `sync`: it survives a power loss. */
export async function writeState(path: string, text: string, sync: boolean): Promise<void> {
  const fresh = `${path}.new`;
  const handle = await open(fresh, "w");
  try {
    await handle.writeFile(text);
    if (sync) await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(fresh, path);
}

export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.new`, { force: true });
}

let boot: string | undefined;

/** Linux has an id for each start of the system; elsewhere its time is used. */
export function bootOfSystem(clock: Clock): string {
  if (boot !== undefined) return boot;
  try {
    boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    boot = `at ${Math.round((clock.now() - uptime() * 1000) / 1000)}`;
  }
  return boot;
}

/** Setting the clock changes the computed time of the start. */
const BOOT_SECONDS_APART_MAX = 60;

function sameBoot(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => /^at (\d+)$/.exec(text)?.[1]);
  if (first === undefined || second === undefined) return one === other;
  return Math.abs(Number(first) - Number(second)) <= BOOT_SECONDS_APART_MAX;
}

/** Whether an object is still the state's: by the state's etag, else by its time, else by its size alone. */
export function isSameObject(state: Pick<PartState, "size" | "etag" | "modifiedMs">, now: Partial<Stat>): boolean {
  if (now.size !== undefined && now.size !== state.size) return false;
  if (state.etag !== undefined) return state.etag === now.etag;
  return state.modifiedMs === undefined || state.modifiedMs === now.modifiedMs;
}
