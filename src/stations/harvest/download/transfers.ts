import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { lstatSync } from "node:fs";
import { mkdir, open, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import type { Paces } from "../../../net/pace.js";
import { fileError } from "../../../stores/file/errors.js";
import { isSizeless } from "../../../stores/http/answer.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { Stat } from "../../../stores/store.js";
import { forEachLimited, turns } from "../../../system/parallel.js";
import type { Checksum, ChecksumOrigin } from "../transfer/checksum.js";
import { digestFile } from "../transfer/digest.js";
import { taken } from "../transfer/present.js";
import { SMALL_BYTES } from "../transfer/small-messages.js";
import { transferObject } from "../transfer/transfer.js";
import { errorOf, type Manifest, type ManifestEntry } from "./manifest.js";
import { type RemoteObject, statOf } from "./objects.js";
import type { Remote } from "./remote.js";
import { smallObjects } from "./small-objects.js";
import type { Sums } from "./sums.js";

/** The result of one object. `present`: fetched earlier, and unchanged. `absent`: a chunk that was never written. */
export interface Fetched {
  rel: string;
  url: string;
  status: "fetched" | "present" | "absent" | "failed";
  size?: number | undefined;
  sha256?: string | undefined;
  etag?: string | undefined;
  checksum?: ChecksumOrigin | undefined;
  error?: ErrorRecord | undefined;
}

/** An object to fetch, with the checksum files that may list it. */
export interface Due {
  object: RemoteObject;
  sums: Sums | undefined;
}

export interface TransferRun extends Env {
  /** Absolute, existing, and locked by us. */
  dest: string;
  /** Files that no download has left are replaced. */
  forceOverwrite: boolean;
  manifest: Manifest;
  remote: Remote;
  pace: Paces;
  /** Objects that are downloaded in parallel. */
  atOnce: number;
  keepGoing: boolean;
  sync: boolean;
  io: IoMode;
  signal: AbortSignal;
  onFetched(result: Fetched): void;
}

/** After these errors no other object can succeed. */
const FATAL = new Set(["DISK_FULL", "CANCELLED", "STORE_READONLY", "TARGET_LOCKED"]);

/**
 * Fetches the missing objects, several at a time, in their order. Failures are recorded, and the others continue.
 *
 * @throws {EmporiumError} CANCELLED; DISK_FULL; with `keepGoing: false` the first failure
 */
export async function runTransfers(due: Iterable<Due>, run: TransferRun): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  setMaxListeners(0, signal);
  const folders = new Map<string, Promise<boolean>>();
  const small = smallObjects({ ...run, signal });
  const turn = turns(WAITING_MAX);
  /** Downloads that have begun and are not over. Small files among them have given up their place among those at once. */
  const waiting = new Set<Promise<void>>();
  let failure: unknown;

  async function fetchDue({ object, sums }: Due, free: () => void): Promise<void> {
    // it may have waited for its turn
    if (signal.aborted) throw cancelled(signal);
    const result = await fetchOne(object, sums, { ...run, signal, small, free }, folders);
    run.onFetched(result);
    const { error } = result;
    if (error && (!run.keepGoing || FATAL.has(error.code))) {
      const reason = new EmporiumError(error.code, error.message, { place: error, hint: error.hint });
      stop.abort(reason);
      throw reason;
    }
  }

  try {
    await forEachLimited(due, run.atOnce, async (one) => {
      if (failure !== undefined) throw failure;
      if (signal.aborted) throw cancelled(signal);
      const leave = await turn();
      await new Promise<void>((free) => {
        const whole = fetchDue(one, free)
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => {
            waiting.delete(whole);
            leave();
            free();
          });
        waiting.add(whole);
      });
    });
    await Promise.all(waiting);
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw run.signal.aborted ? cancelled(run.signal) : error;
  } finally {
    await Promise.all(waiting);
    await small.close();
  }
}

/** The most small files that are being fetched or have no names yet, so the most that are fetched again after a kill. */
const WAITING_MAX = 1024;

interface ObjectRun extends TransferRun {
  small: ReturnType<typeof smallObjects>;
  /** Lets the next object begin before this one is over. */
  free(): void;
}

async function fetchOne(
  object: RemoteObject,
  sums: Sums | undefined,
  run: ObjectRun,
  folders: Map<string, Promise<boolean>>,
): Promise<Fetched> {
  const { clock, manifest, onEvent } = run;
  const { rel, url } = object;
  const startMs = clock.monotonic();
  const brief: TaskBrief = { id: rel, title: rel, run: "download", bytes: object.size ?? object.roundedSize ?? 0 };
  const settled = (state: "done" | "already" | "failed" | "cancelled", bytes: number, error?: ErrorRecord) =>
    onEvent({
      atMs: clock.monotonic(),
      kind: "settled",
      task: { ...brief, bytes },
      state,
      seconds: (clock.monotonic() - startMs) / 1000,
      error,
    });
  try {
    const folder = dirname(rel);
    const isNewFolder = await (folders.get(folder) ?? remember(folders, folder, makeFolder(run.dest, folder)));
    const known = await presentOf(object, run);
    if (known) {
      if (known.status === "done" && known.size !== undefined && known.size !== brief.bytes)
        onEvent({ atMs: clock.monotonic(), kind: "sized", id: rel, bytes: known.size - brief.bytes });
      else if (object.size === undefined) onEvent({ atMs: clock.monotonic(), kind: "sized", id: rel, bytes: 0 });
      onEvent({ atMs: clock.monotonic(), kind: "checked", already: 0, alreadyBytes: known.size ?? 0 });
      settled("already", known.size ?? 0);
      const { size, sha256, etag, checksum } = known;
      return {
        rel,
        url,
        status: known.status === "absent" ? "absent" : "present",
        size,
        sha256,
        etag,
        checksum: checksum as ChecksumOrigin | undefined,
      };
    }
    const result = object.body
      ? await writeBody(object, object.body, run)
      : await transfer(object, sums, run, { brief, isNewFolder });
    const { status, size, sha256, etag, checksum, modifiedMs } = result;
    // a fetched file has the time of the object, if that has one
    const writtenMs = status === "fetched" && modifiedMs !== undefined ? modifiedMs : (await stat(join(run.dest, rel))).mtimeMs;
    await manifest.put({
      ...lineFor(object, run),
      status: "done",
      size,
      sha256,
      etag,
      modified: iso(modifiedMs),
      checksum,
      written: iso(writtenMs),
    });
    settled("done", size);
    return { rel, url, status, size, sha256, etag, checksum };
  } catch (thrown) {
    const error = asEmporiumError(thrown, "STORE_FAILED");
    if (run.signal.aborted || error.code === "CANCELLED") {
      settled("cancelled", brief.bytes);
      throw run.signal.aborted ? cancelled(run.signal) : error;
    }
    if (error.code === "STORE_ABSENT" && object.sparse) {
      await manifest.put({ ...lineFor(object, run), status: "absent" });
      if (object.size === undefined) onEvent({ atMs: clock.monotonic(), kind: "sized", id: rel, bytes: -brief.bytes });
      settled("done", 0);
      return { rel, url, status: "absent" };
    }
    const record = toErrorRecord(error);
    // the existing file is another one, so its line stays
    if (error.code !== "CONFIG_COLLISION")
      await manifest.put({ ...lineFor(object, run), status: "failed", error: errorOf(record) });
    settled("failed", brief.bytes, record);
    return { rel, url, status: "failed", error: record };
  }
}

async function begunBefore({ size, rel }: RemoteObject, { dest }: TransferRun): Promise<0 | 1> {
  // they come with one reply, and have no unfinished file
  if (size !== undefined && size <= SMALL_BYTES) return 0;
  return stat(join(dest, `${rel}.part.json`)).then(
    () => 1,
    () => 0,
  );
}

function remember(folders: Map<string, Promise<boolean>>, folder: string, made: Promise<boolean>): Promise<boolean> {
  folders.set(folder, made);
  return made;
}

/** Makes a folder below the destination. Refuses one that leads outside by a link. Resolves to whether it was not there. */
async function makeFolder(dest: string, folder: string): Promise<boolean> {
  const path = join(dest, folder);
  try {
    const made = await mkdir(path, { recursive: true });
    const [root, real] = await Promise.all([realpath(dest), realpath(path)]);
    if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return made !== undefined;
    throw new EmporiumError("NAME_UNSAFE", `${path} leads to ${real}, outside of the destination`, {
      place: { file: path },
      hint: "remove the link, or choose another --dest",
    });
  } catch (error) {
    throw fileError(error, path, "written");
  }
}

function lineFor({ rel, url }: RemoteObject, { clock }: TransferRun): Pick<ManifestEntry, "rel" | "url" | "retrieved_at"> {
  return { rel, url, retrieved_at: new Date(clock.now()).toISOString() };
}

async function transfer(
  object: RemoteObject,
  sums: Sums | undefined,
  run: ObjectRun,
  { brief, isNewFolder }: { brief: TaskBrief; isNewFolder: boolean },
) {
  const { store, key, mirrors, requestLimits } = object;
  const expected = object.checksum ?? (await sidecarOf(object, sums));
  let sizeTold = object.size !== undefined;
  // hundreds at once, each for a moment: they are not shown one by one
  const small = await run.small.fetch(object, expected, { isNewFolder, free: run.free });
  if (small) {
    if (!sizeTold) run.onEvent({ atMs: run.clock.monotonic(), kind: "sized", id: brief.id, bytes: small.size - brief.bytes });
    return small;
  }
  run.onEvent({
    atMs: run.clock.monotonic(),
    kind: "start",
    task: brief,
    threads: 1,
    notes: await begunBefore(object, run),
  });
  return transferObject({
    store,
    key,
    mirrors,
    target: join(run.dest, object.rel),
    stat: statOf(object),
    ...(expected ? { checksum: expected.value, checksumFrom: expected.from } : {}),
    connections: requestLimits.connections,
    segmentBytes: requestLimits.segmentBytes,
    pace: run.pace,
    paceHost: requestLimits.paceHost,
    fresh: run.forceOverwrite || run.manifest.get(object.rel)?.status === "done",
    mayReplace: mayReplace(object, run),
    sync: run.sync,
    io: run.io,
    clock: run.clock,
    random: run.random,
    signal: run.signal,
    log: run.log,
    onProgress: ({ doneBytes, restartedBytes, totalBytes }) => {
      const atMs = run.clock.monotonic();
      if (!sizeTold && totalBytes !== undefined) {
        sizeTold = true;
        run.onEvent({ atMs, kind: "sized", id: brief.id, bytes: totalBytes - brief.bytes });
      }
      run.onEvent({ atMs, kind: "progress", id: brief.id, bytesDone: doneBytes, bytesAgain: restartedBytes });
    },
  });
}

async function sidecarOf(
  object: RemoteObject,
  sums: Sums | undefined,
): Promise<{ value: Checksum; from: "sidecar" } | undefined> {
  const value = await sums?.of(object);
  return value && { value, from: "sidecar" };
}

/** Whether a file at the target may be replaced: one that an earlier download has left, even if it was altered since. */
function mayReplace({ rel, url }: RemoteObject, { manifest, forceOverwrite }: TransferRun): boolean {
  const entry = manifest.get(rel);
  return forceOverwrite || (entry?.url === url && entry.sha256 !== undefined);
}

/** Writes our own metadata under another name, then renames. */
async function writeBody(object: RemoteObject, body: Uint8Array, run: TransferRun) {
  const target = join(run.dest, object.rel);
  const part = `${target}.part`;
  if (!mayReplace(object, run) && lstatSync(target, { throwIfNoEntry: false }) && !(await isBody(body, object, run)))
    throw taken(target, object.url);
  try {
    await writeFile(part, body);
    await rename(part, target);
  } catch (error) {
    throw fileError(error, target, "written");
  }
  const sha256 = createHash("sha256").update(body).digest("hex");
  return {
    status: "fetched" as const,
    size: body.length,
    sha256,
    etag: undefined,
    modifiedMs: undefined,
    checksum: "own" as const,
  };
}

/**
 * The manifest's line of an object that is here, complete and unchanged in the store. A file that was changed locally is hashed;
 * the store is asked if the listing does not tell.
 */
async function presentOf(object: RemoteObject, run: TransferRun): Promise<ManifestEntry | undefined> {
  const entry = run.manifest.get(object.rel);
  if (!entry || entry.status === "failed") return undefined;
  if (object.body) return (await isBody(object.body, object, run)) ? entry : undefined;
  const expected = object.checksum?.value;
  if (expected?.startsWith("sha256:") && entry.status === "done" && expected !== `sha256:${entry.sha256}`) return undefined;
  const path = join(run.dest, object.rel);
  const local = await stat(path).catch(() => undefined);
  if (entry.status === "done" && (!local?.isFile() || local.size !== entry.size)) return undefined;
  if (entry.url !== object.url) {
    if (entry.status === "absent" || run.forceOverwrite) return undefined;
    throw new EmporiumError("CONFIG_COLLISION", `${path} is another file: an earlier run fetched it from ${entry.url}`, {
      place: { file: path },
      hint: "choose a name of its own with NAME=URL, or another --dest; or replace the file that is there with --force-overwrite",
    });
  }
  // pages of web servers round times, and have them in local time
  const listed = object.etag !== undefined && entry.etag !== undefined ? statOf(object) : undefined;
  const remote =
    listed ??
    (await run.remote
      .asking(object.store, object.requestLimits.paceHost)
      .stat(object.key, { signal: run.signal })
      .catch(notSizeless));
  if (entry.status === "absent") return remote === undefined ? entry : undefined;
  if (!remote || !sameVersion(entry, remote)) return undefined;
  if (entry.written !== undefined && iso(local!.mtimeMs) === entry.written) return entry;
  return entry.sha256 !== undefined && (await sha256Of(path)) === entry.sha256 ? entry : undefined;
}

/** Throws all errors but those of a missing size, without which nothing shows whether the file is the same. */
function notSizeless(error: unknown): undefined {
  if (!isSizeless(error)) throw error;
}

async function isBody(body: Uint8Array, { rel }: RemoteObject, { dest }: TransferRun): Promise<boolean> {
  const found = await readFile(join(dest, rel)).catch(() => undefined);
  return found !== undefined && Buffer.compare(found, body) === 0;
}

function sameVersion(entry: ManifestEntry, { size, etag, modifiedMs }: Stat): boolean {
  if (entry.size !== size) return false;
  if (entry.etag !== undefined && etag !== undefined) return entry.etag === etag;
  return entry.modified === undefined || modifiedMs === undefined || entry.modified === iso(modifiedMs);
}

async function sha256Of(path: string): Promise<string | undefined> {
  const handle = await open(path, "r");
  try {
    return (await digestFile(handle, ["sha256"])).sha256;
  } finally {
    await handle.close();
  }
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
