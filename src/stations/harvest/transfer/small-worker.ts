import { setMaxListeners } from "node:events";
import { closeSync, fsyncSync, futimesSync, lstatSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { systemClock } from "../../../core/clock.js";
import { type ShortGetter, shortGetter } from "../../../stores/http/short-get.js";
import type { ShortWay } from "../../../stores/short-way.js";
import { digestsOf } from "./digest.js";
import { LOOK_BYTES, pageIn } from "./page.js";
import { partPathOf, statePathOf } from "./part-paths.js";
import {
  type FromSmall,
  type KeepJob,
  type Kept,
  SMALL_BYTES,
  type SmallBatch,
  type SmallJob,
  type SmallOutcome,
  type ToSmall,
} from "./small-messages.js";
import { algorithmsFor, checkDigests, expectedOf } from "./verify.js";

/**
 * A thread that fetches small files: one request each, all calls of the system synchronous, which cost a fifth of those through
 * threads of Node's pool. Whatever is not plain is left to the main thread: it asks again, and says what is wrong.
 */
const READ_BYTES = 64 * 1024;
const port = parentPort!;
/** One getter for each of `ToSmall.ways`; undefined where none can be made: then the store says why. */
const getters: (ShortGetter | undefined)[] = [];
const spare: Buffer[] = [];
const SPARE_MAX = 16;
const stopping = new AbortController();
setMaxListeners(0, stopping.signal); // one for each connection
interface Told {
  fetched: { id: number; outcomes: SmallOutcome[] }[];
  kept: Kept[];
}
let told: Told | undefined;

port.on("message", ({ ways = [], batches = [], keep, stop }: ToSmall) => {
  if (stop) stopping.abort();
  for (const way of ways) getters.push(getterOf(way));
  for (const batch of batches) void inTurn(batch);
  if (keep) answer().kept.push({ id: keep.id, faults: named(keep) });
});

async function inTurn({ id, jobs }: SmallBatch): Promise<void> {
  const outcomes: SmallOutcome[] = [];
  for (const job of jobs) {
    const before = outcomes.at(-1);
    // a server that asks for fewer requests gets no more of them
    outcomes.push(before === "throttled" ? before : await unlessStopped(job));
  }
  answer().fetched.push({ id, outcomes });
}

async function unlessStopped(job: SmallJob): Promise<SmallOutcome> {
  const { signal } = stopping;
  return signal.aborted ? "stopped" : fetched(job).catch(() => (signal.aborted ? "stopped" : "store"));
}

function getterOf(way: ShortWay): ShortGetter | undefined {
  try {
    return shortGetter(way, READ_BYTES);
  } catch {
    return undefined;
  }
}

async function fetched(job: SmallJob): Promise<SmallOutcome> {
  const { key, name, target, size, isNewFolder } = job;
  if (!isNewFolder && (exists(target) || exists(statePathOf(target)))) return "store";
  let buffer: Buffer | undefined;
  const room = (length: number) => {
    if (length > SMALL_BYTES) return undefined;
    buffer = spare.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
    return buffer.subarray(0, length);
  };
  const got = await getters[job.way]?.get(key, room, stopping.signal);
  if (got === undefined) return "store";
  if (typeof got === "string") return got;
  const { bytes, stat, mediaType, checksums } = got;
  if (size !== undefined && size !== bytes.length) return "store";
  if (pageIn(key, bytes.subarray(0, LOOK_BYTES), mediaType) !== undefined) return "store";
  const expected = expectedOf(job, checksums);
  const digests = digestsOf(bytes, algorithmsFor(expected));
  const checksum = checkDigests(expected, digests, name, target);
  const modifiedMs = stat.modifiedMs ?? job.modifiedMs;
  write(partPathOf(target), bytes, modifiedMs);
  // not after a failure: its connection may still hold the memory
  if (buffer && spare.length < SPARE_MAX) spare.push(buffer);
  return { size: bytes.length, sha256: digests.sha256!, etag: stat.etag, modifiedMs, checksum };
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function write(path: string, bytes: Uint8Array, modifiedMs: number | undefined): void {
  const file = openSync(path, "w");
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
    if (modifiedMs !== undefined) futimesSync(file, systemClock.now() / 1000, modifiedMs / 1000);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function named({ targets, sync }: KeepJob): Kept["faults"] {
  const faults = new Map<string, { code: string | undefined; message: string }>();
  for (const target of targets) {
    try {
      const part = partPathOf(target);
      if (sync) syncNow(part);
      renameSync(part, target);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      faults.set(target, { code, message });
    }
  }
  return faults;
}

function syncNow(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Results of one turn of the event loop go in one message. */
function answer(): Told {
  if (told) return told;
  const message: Told = { fetched: [], kept: [] };
  told = message;
  setImmediate(() => {
    told = undefined;
    port.postMessage(message satisfies FromSmall);
  });
  return message;
}
