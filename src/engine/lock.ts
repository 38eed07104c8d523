import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.js";
import { asEmporiumError, EmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Random } from "../core/random.js";
import { objectName, type Store } from "../stores/store.js";
import { openStore, parseLocation } from "../stores/url.js";
import { END, GRAPH, runFolder } from "./cluster/run-files.js";
import { removeIfEmpty } from "./disk.js";
import { type Every, everyInterval } from "./every.js";
import { isGone, type ProcessIdentity, thisProcess } from "./holder.js";
import { ENGINE_FOLDER } from "./plan.js";

export const HEARTBEAT_MS = 10_000;
/** Milliseconds after which a heartbeat is old: two were missed. */
export const STALE_MS = 20_000;
const LOOK_MS = 5_000;
/** Time for a run on a cluster to write its files behind its locks. */
const RUN_BEGINS_MS = 10 * 60_000;
/** Time until another process's write becomes visible, for stores that do not check a condition atomically with the write. */
const SETTLE_MS = { remote: 1_000, local: 200 };
const ATTEMPTS = 5;

/** The contents of a lock object. */
export interface LockHolder extends ProcessIdentity {
  /** Identifies this run, also among the runs of one process. */
  readonly token: string;
  /** Name of the run, for people. */
  readonly job: string;
  readonly startedMs: number;
  readonly heartbeatMs: number;
  /** A run on a cluster: its jobs come and go, so no process keeps the lock fresh. It is free when the run has ended. */
  readonly run?: string | undefined;
  /** Address of the store that has the run's own files, where it is another than that of the lock. */
  readonly runAt?: string | undefined;
}

export interface LockOptions {
  job: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** Called once when another process has taken a lock over: this run must stop writing. */
  onLost: (error: EmporiumError) => void;
  /** Calls `heartbeat` repeatedly until the returned function is called. Real time by default: no output depends on it. */
  every?: Every | undefined;
  /** Process that takes the locks; tests pretend to be others. */
  self?: ProcessIdentity | undefined;
  signal?: AbortSignal | undefined;
  /** The run on a cluster that will hold the locks when this process is gone. */
  run?: string | undefined;
  runAt?: string | undefined;
}

export interface Locks {
  /** Releases the locks and removes their empty folders. Never throws: a remaining lock is taken over by the next run. */
  release(): Promise<void>;
}

interface Held {
  key: string;
  etag: string | undefined;
}

/** Tokens of the active runs in this process. A lock of this process whose run has ended is a lock whose release failed. */
const live = new Set<string>();

/**
 * Locks a target under some names: `.emporium/locks/<name>.json`, each made by a conditional write and kept fresh by a heartbeat.
 * All or none is taken, in sorted order, so two runs that share several names cannot block each other half-way.
 *
 * A lock is stale when its process is known to be gone (same machine), or when its heartbeat is old and did not move while it was
 * watched for as long: clocks of two machines need not agree.
 *
 * @throws {EmporiumError} TARGET_LOCKED naming the holder.
 */
export async function takeLocks(store: Store, names: readonly string[], options: LockOptions): Promise<Locks> {
  const self = options.self ?? thisProcess();
  const startedMs = options.clock.now();
  const token = createHash("sha256")
    .update(JSON.stringify([self, startedMs, options.random(), options.random(), live.size]))
    .digest("hex")
    .slice(0, 24);
  const taker = { store, options, self, token, startedMs };
  live.add(token);
  if (!store.features.conditionalWrites && names.length > 0) {
    options.log.warn(`${store.url} has no conditional writes: two processes that begin in the same second may both get its lock`);
  }
  const held: Held[] = [];
  let stopHeartbeat: (() => void) | undefined;
  let heartbeat: Promise<void> | undefined;
  const release = async () => {
    stopHeartbeat?.();
    await heartbeat;
    await Promise.all(held.map((lock) => giveBack(taker, lock)));
    await removeFolders(store).catch((error: unknown) => options.log.debug(`${ENGINE_FOLDER} stays`, { error: String(error) }));
    live.delete(token);
  };
  try {
    for (const key of [...new Set(names.map(lockKey))].sort()) held.push({ key, etag: await acquire(taker, key) });
  } catch (error) {
    await release();
    throw error;
  }
  if (held.length > 0 && options.run === undefined) {
    stopHeartbeat = (options.every ?? everyInterval)(HEARTBEAT_MS, () => {
      heartbeat ??= sendHeartbeats(taker, held).then((lost) => {
        heartbeat = undefined;
        if (!lost) return;
        stopHeartbeat?.();
        options.onLost(lost);
      });
    });
  }
  return { release };
}

/**
 * As `takeLocks`, waiting for others that hold a lock for a moment.
 *
 * @throws {EmporiumError} TARGET_LOCKED when they still do after all tries.
 */
export async function takeLocksWithin(
  store: Store,
  names: readonly string[],
  options: LockOptions,
  { tries, waitMs }: { tries: number; waitMs: number },
): Promise<Locks> {
  for (let done = 1; ; done++) {
    try {
      return await takeLocks(store, names, options);
    } catch (error) {
      if (asEmporiumError(error).code !== "TARGET_LOCKED" || done >= tries) throw error;
      await options.clock.sleep(waitMs, options.signal);
    }
  }
}

/**
 * Locks a target for a run on a cluster: the locks stay when this process ends, until the run has ended.
 *
 * @throws {EmporiumError} TARGET_LOCKED naming the holder.
 */
export async function takeRunLocks(store: Store, names: readonly string[], run: string, options: LockOptions): Promise<void> {
  await takeLocks(store, names, { ...options, run });
}

/** Removes the locks of a run on a cluster. */
export async function releaseRunLocks(store: Store, names: readonly string[], run: string): Promise<void> {
  for (const key of names.map(lockKey)) if ((await look(store, key))?.holder?.run === run) await store.remove(key);
  await removeFolders(store).catch(() => {}); // others may use them
}

export interface HeldLock {
  /** Name as `takeLocks` was given it. */
  readonly name: string;
  /** TARGET_LOCKED naming the holder. */
  readonly error: EmporiumError;
}

/** Locks of other processes on a location that is only read, except stale ones, which are recognised as in `takeLocks`. */
export async function heldLocks(
  store: Store,
  options: Pick<LockOptions, "clock" | "log" | "self" | "signal">,
): Promise<HeldLock[]> {
  const folder = `${ENGINE_FOLDER}/locks/`;
  const taker = { store, options, self: options.self ?? thisProcess() };
  const held: HeldLock[] = [];
  for await (const { key } of store.list(folder, { signal: options.signal })) {
    const found = await look(store, key);
    if (!found || (await isStale(taker, key, found))) continue;
    held.push({ name: key.slice(folder.length).replace(/\.json$/, ""), error: locked(store, key, found.holder) });
  }
  return held;
}

/** Key of a lock object. Names with special characters get a hash, so that two names never get the same key. */
export function lockKey(name: string): string {
  const plain = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name);
  const words = name.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 60);
  const file = plain ? name : `${words}-${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
  return `${ENGINE_FOLDER}/locks/${file}.json`;
}

interface Taker {
  store: Store;
  options: LockOptions;
  self: ProcessIdentity;
  token: string;
  startedMs: number;
}

/** The lock's etag, once it is ours. */
async function acquire(taker: Taker, key: string): Promise<string | undefined> {
  const { store, options } = taker;
  let last: Found | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    options.signal?.throwIfAborted();
    const found = await look(store, key);
    if (found?.holder?.token === taker.token) return found.etag;
    // a command that goes on with its run finds the run's own locks
    if (options.run !== undefined && found?.holder?.run === options.run) return found.etag;
    if (found && !(await isStale(taker, key, found))) throw locked(store, key, found.holder);
    if (found) options.log.warn(`taking over the lock ${key} of ${describe(found.holder)}, which has ended`);
    last = found;
    const etag = await put(taker, key, found ? { ifMatch: found.etag } : { ifAbsent: true }, true);
    if (etag !== "lost") return etag;
  }
  throw locked(store, key, last?.holder);
}

/**
 * Writes our record; `lost` when another process was faster. `settle`: wait and read again if the store cannot decide at once.
 */
async function put(
  { store, options, self, token, startedMs }: Taker,
  key: string,
  condition: { ifMatch?: string | undefined } | { ifAbsent: true },
  settle: boolean,
): Promise<string | undefined | "lost"> {
  const { job, run, runAt } = options;
  const holder: LockHolder = {
    token,
    job,
    ...self,
    startedMs,
    heartbeatMs: options.clock.now(),
    ...(run === undefined ? {} : { run }),
    ...(runAt === undefined ? {} : { runAt }),
  };
  const body = Buffer.from(`${JSON.stringify(holder, undefined, 2)}\n`);
  // a power loss ends the process, not a run on a cluster
  const written = { contentType: "application/json", lasting: run !== undefined };
  if (store.features.conditionalWrites) {
    try {
      const { etag } = await store.write(key, body, { ...condition, ...written });
      // Two processes may replace one file in the same moment: only `ifAbsent` is one step among processes there.
      if (!store.local || "ifAbsent" in condition || !settle) return etag;
    } catch (error) {
      if (asEmporiumError(error).code !== "STORE_CONFLICT") throw error;
      const found = await look(store, key); // a write that was sent twice conflicts with itself
      return found?.holder?.token === token ? found.etag : "lost";
    }
  } else {
    await store.write(key, body, written);
  }
  if (settle) await options.clock.sleep(store.local ? SETTLE_MS.local : SETTLE_MS.remote, options.signal);
  const found = await look(store, key);
  return found?.holder?.token === token ? found.etag : "lost";
}

interface Found {
  etag: string | undefined;
  /** Undefined when the object is not a record of ours. */
  holder: LockHolder | undefined;
  text: string;
}

async function look(store: Store, key: string): Promise<Found | undefined> {
  for (let attempt = 0; ; attempt++) {
    const stat = await store.stat(key);
    if (!stat) return undefined;
    try {
      const body = await store.read(key, undefined, { ifMatch: stat.etag });
      if (!body) return undefined;
      const text = Buffer.from(body).toString("utf8");
      return { etag: stat.etag, holder: parseHolder(text), text };
    } catch (error) {
      if (asEmporiumError(error).code !== "STORE_CONFLICT" || attempt === ATTEMPTS) throw error;
    }
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value = JSON.parse(text) as Partial<LockHolder> | null;
    const whole = typeof value?.token === "string" && typeof value.pid === "number" && typeof value.heartbeatMs === "number";
    return whole ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

async function isStale(
  { store, options, self }: { store: Store; options: Pick<LockOptions, "clock" | "log" | "signal">; self: ProcessIdentity },
  key: string,
  found: Found,
): Promise<boolean> {
  const { holder } = found;
  if (holder?.run !== undefined) {
    const isYoung = Math.abs(options.clock.now() - holder.heartbeatMs) < RUN_BEGINS_MS;
    return !(await isOpen(holder.runAt === undefined ? store : await openHome(holder.runAt, store, key), holder.run, isYoung));
  }
  if (holder) {
    const ours = holder.host === self.host && holder.pid === self.pid && holder.processStart === self.processStart;
    if (ours && !live.has(holder.token)) return true;
    if (isGone(holder, self)) return true;
    if (Math.abs(options.clock.now() - holder.heartbeatMs) < STALE_MS) return false;
  }
  options.log.info(`the lock ${key} of ${describe(holder)} looks left behind; watching it for ${STALE_MS / 1000} s`);
  const until = options.clock.monotonic() + STALE_MS;
  while (options.clock.monotonic() < until) {
    await options.clock.sleep(LOOK_MS, options.signal);
    const now = await look(store, key);
    if (now?.text !== found.text) return now === undefined;
  }
  return true;
}

/** Schemes that a run can keep its books in. Web servers are none: whoever can write a lock must not have this machine ask one for it. */
const HOMES: readonly string[] = ["file", "s3", "gs"];

/** @throws {EmporiumError} ADDRESS_REFUSED */
async function openHome(runAt: string, store: Store, key: string): Promise<Store> {
  const place = parseLocation(runAt);
  if (HOMES.includes(place.scheme)) return openStore(place, { readOnly: true });
  const name = objectName(store, key);
  throw new EmporiumError("ADDRESS_REFUSED", `the lock says that its run is at ${place.url}, which is not a folder or bucket`, {
    place: store.local ? { file: name } : { url: name },
    hint: "find out which other program wrote the lock, then delete it",
  });
}

/** A run on a cluster that has not ended. One that is just being begun has no files yet. */
async function isOpen(store: Store, run: string, isYoung: boolean): Promise<boolean> {
  const folder = runFolder(run);
  if (await store.stat(`${folder}${END}`)) return false;
  return isYoung || (await store.stat(`${folder}${GRAPH}`)) !== undefined;
}

function locked(store: Store, key: string, holder: LockHolder | undefined): EmporiumError {
  const name = objectName(store, key);
  if (holder?.run !== undefined) {
    const run = `${holder.runAt ?? store.url}/${runFolder(holder.run)}`;
    return new EmporiumError("TARGET_LOCKED", `${store.url} is being written by a run on a cluster (${holder.job})`, {
      place: store.local ? { file: name } : { url: name },
      hint: `emporium engine status ${run} shows it; engine resume goes on with it, engine cancel ends it`,
    });
  }
  return new EmporiumError("TARGET_LOCKED", `${store.url} is being written by ${describe(holder)}`, {
    place: store.local ? { file: name } : { url: name },
    hint: "wait until that process has ended, or stop it; the lock of a dead process is taken over 20 s after its last heartbeat",
  });
}

function describe(holder: LockHolder | undefined): string {
  if (!holder) return "an unknown process";
  return `process ${holder.pid} on ${holder.host} (${holder.job}, since ${new Date(holder.startedMs).toISOString()})`;
}

/**
 * Sends one heartbeat for each lock. After a temporary failure the next heartbeat tries again; a lock that another process now
 * holds is named by the error that is returned; `giveBack` leaves it to that process.
 */
async function sendHeartbeats(taker: Taker, held: readonly Held[]): Promise<EmporiumError | undefined> {
  const { store, options } = taker;
  for (const lock of held) {
    try {
      const found = store.features.conditionalWrites && lock.etag !== undefined ? undefined : await look(store, lock.key);
      const foreign = found !== undefined && found.holder?.token !== taker.token;
      const etag = foreign ? "lost" : await put(taker, lock.key, { ifMatch: lock.etag }, false);
      if (etag !== "lost") {
        lock.etag = etag;
        continue;
      }
      const holder = (await look(store, lock.key))?.holder;
      return locked(store, lock.key, holder);
    } catch (error) {
      options.log.warn(`the heartbeat of the lock ${lock.key} failed: ${asEmporiumError(error).message}`);
    }
  }
  return undefined;
}

async function giveBack({ store, options, token }: Taker, { key }: Held): Promise<void> {
  try {
    if ((await look(store, key))?.holder?.token === token) await store.remove(key, { lasting: false });
  } catch (error) {
    options.log.warn(`the lock ${key} could not be given back: ${asEmporiumError(error).message}`);
  }
}

/** Only real folders can be left empty. The system refuses to remove one in which another process has just put its lock. */
async function removeFolders({ local }: Store): Promise<void> {
  if (!local) return;
  for (const folder of [`${ENGINE_FOLDER}/locks`, ENGINE_FOLDER]) await removeIfEmpty(local.path(folder));
}
