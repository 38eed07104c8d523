import { setMaxListeners } from "node:events";
import { stat as statPath } from "node:fs/promises";
import { throwIfCancelled } from "../../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { isSizeless } from "../../../stores/http/answer.js";
import { type ByteStream, isVersioned, type Stat } from "../../../stores/store.js";
import { ask, confirm, type KnownSource, knownSource, replaced } from "./ask.js";
import { newBlocks } from "./blocks.js";
import { fetchAll, isOpenEnded, REQUEST_BYTES_MIN } from "./connections.js";
import { type Digester, digestsOf, startDigests } from "./digest.js";
import type { TransferOptions, TransferResult } from "./options.js";
import { LOOK_BYTES, refusePage } from "./page.js";
import { openPartFile, type PartFile, removePart } from "./part-file.js";
import { partPathOf, statePathOf } from "./part-paths.js";
import { findPresent, refuseOther } from "./present.js";
import type { Ranges } from "./ranges.js";
import { receive, type Tally } from "./receive.js";
import { transferRetries } from "./retries.js";
import { SMALL_BYTES } from "./small-messages.js";
import { isSameObject, type PartState, readState } from "./state.js";
import { algorithmsFor, checkDigests, expectedOf } from "./verify.js";

/** The most restarts of a transfer because the object was replaced. */
const RESTARTS_MAX = 2;

/** The first request for an object of unknown size: small objects come whole, and of large ones it tells the size. */
const FIRST_BYTES = 8 * 1024 * 1024;

/**
 * Fetches one object into one local file. Large ones come over several connections, each with a long request for its own stretch,
 * into `<target>.part`; `<target>.part.json` records what is there, and a later run continues if the object has not changed. The
 * target appears after all checks. All bytes are of one version: if the server does not distinguish versions (no ETag, no settled
 * date), the object comes with one request, and after a broken connection again from its first byte.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for another file of the target's name; STORE_ABSENT; PORTAL_NOT_DATA for a web page in
 *   place of data; SIZE_MISMATCH, TRUNCATED, CHECKSUM_MISMATCH; STORE_CONFLICT if the object is replaced again and again;
 *   DISK_FULL; CANCELLED; what the store throws in the last try
 */
export async function transferObject(options: TransferOptions): Promise<TransferResult> {
  const tally: Tally = { fetchedBytes: 0, restartedBytes: 0, requests: 0, connections: 0 };
  const open = (source: { store: TransferOptions["store"]; key: string }, name?: string) =>
    knownSource(source, options.pace.host(source.store.url, name));
  const sources = () => [open(options, options.paceHost), ...(options.mirrors ?? []).map((mirror) => open(mirror))];
  throwIfCancelled(options.signal);
  const present = await findPresent(options, () => statNow(options, sources()[0]!));
  if (present) return present;
  for (let restarts = 0; ; ) {
    const kept = await readPart(options);
    const before = tally.fetchedBytes - tally.restartedBytes;
    try {
      // Servers behind one address may have different tags for an object: then it comes from one of them, whole.
      return await attempt(options, sources(), kept, tally, restarts === RESTARTS_MAX);
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "STORE_CONFLICT" || options.signal?.aborted) throw error;
      await removePart(options.target);
      // Bytes of an earlier run of another version do not count as a restart.
      if (!kept && ++restarts > RESTARTS_MAX) throw error;
      tally.restartedBytes += tally.fetchedBytes - tally.restartedBytes - before;
      options.log.warn(`${error.message}: starting again`);
    }
  }
}

type Kept = PartState & { done: Ranges };

/** The state of an earlier run, if its file has the right length. */
async function readPart({ target, clock }: TransferOptions): Promise<Kept | undefined> {
  const state = await readState(statePathOf(target), clock);
  if (!state) return undefined;
  const file = await statPath(partPathOf(target)).catch(() => undefined);
  const end = state.done.at(-1)?.[1] ?? 0;
  return file?.isFile() && file.size >= end && end <= state.size ? state : undefined;
}

async function attempt(
  options: TransferOptions,
  sources: KnownSource[],
  kept: Kept | undefined,
  tally: Tally,
  inOneBody: boolean,
): Promise<TransferResult> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // a few for each connection
  const forward = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener("abort", forward, { once: true });
  if (kept) sources[0]!.version = versionOf(kept);
  try {
    const begun = await begin(options, sources, kept, tally, stop.signal);
    if ("small" in begun) return await keepSmall(options, begun, tally);
    const { stat } = begun.stream;
    return inOneBody || stat.size === undefined || !isVersioned(stat)
      ? await fetchInOneBody(options, begun, tally, stop.signal)
      : await fetchLarge(options, sources, begun, kept, tally, stop);
  } finally {
    options.signal?.removeEventListener("abort", forward);
  }
}

function versionOf({ size, etag, modifiedMs }: Kept): Stat {
  return { size, etag, modifiedMs };
}

interface Begun {
  source: KnownSource;
  stream: ByteStream;
  askMs: number;
  release(): void;
}

interface Small {
  small: Uint8Array;
  source: KnownSource;
  stream: ByteStream;
  size: number;
}

/** The first reply of any source; small objects completely. */
async function begin(
  options: TransferOptions,
  sources: KnownSource[],
  kept: Kept | undefined,
  tally: Tally,
  signal: AbortSignal,
): Promise<Begun | Small> {
  const { clock, random, log } = options;
  const now = () => clock.monotonic();
  const tries = transferRetries({ clock, random, log, signal });
  for (;;) {
    const source = sources[0]!;
    const release = await source.host.connect(signal);
    let passedOn = false;
    try {
      const askedMs = now();
      tally.requests++;
      const stream = await ask(source, firstRange(options, kept), signal);
      const askMs = now() - askedMs;
      if (
        stream.offset === 0 &&
        stream.length !== undefined &&
        stream.length === stream.stat.size &&
        stream.length <= SMALL_BYTES
      ) {
        return await takeSmall(options, source, stream, tally, signal);
      }
      passedOn = true;
      return { source, stream, askMs, release };
    } catch (error) {
      if (isEmporiumError(error) && (error.code === "STORE_CONFLICT" || error.code === "PORTAL_NOT_DATA")) throw error;
      await tries.failed(error, source.host).catch((over: unknown) => {
        if (sources.length < 2 || signal.aborted) throw over;
        log.warn(`${isEmporiumError(over) ? over.message : String(over)}: continuing with ${sources[1]!.name}`);
        sources.shift();
        if (kept) sources[0]!.version = versionOf(kept);
      });
    } finally {
      if (!passedOn) release();
    }
  }
}

function firstRange({ store, stat, connections, segmentBytes }: TransferOptions, kept: Kept | undefined) {
  // It ends by closing, so the length does not matter.
  if (!kept && isOpenEnded({ store })) return { offset: 0, length: undefined };

  if (kept && kept.done.length > 0) {
    const [from, to] = kept.done[0]!;
    const offset = from === 0 ? to : 0;
    // If all bytes are here, one byte is requested to see the version.
    if (offset >= kept.size) return { offset: Math.max(0, kept.size - 1), length: 1 };
    const end = from === 0 ? (kept.done[1]?.[0] ?? kept.size) : from;
    return { offset, length: Math.min(end - offset, segmentBytes ?? FIRST_BYTES) };
  }
  if (stat !== undefined && stat.size <= SMALL_BYTES) return undefined;
  if (stat === undefined || connections === 1)
    return { offset: 0, length: segmentBytes ?? (connections === 1 && stat ? undefined : FIRST_BYTES) };
  const share = Math.max(REQUEST_BYTES_MIN, Math.ceil(stat.size / connections));
  return { offset: 0, length: Math.min(share, segmentBytes ?? FIRST_BYTES) };
}

async function takeSmall(
  options: TransferOptions,
  source: KnownSource,
  stream: ByteStream,
  tally: Tally,
  signal: AbortSignal,
): Promise<Small> {
  const { pace } = options;
  const whole = Buffer.allocUnsafeSlow(stream.length!);
  let size = 0;
  tally.connections++;
  try {
    for await (const piece of stream.body) {
      tally.fetchedBytes += piece.length;
      whole.set(piece, size);
      size += piece.length;
      if (pace.limited) await pace.take(piece.length, signal);
    }
  } catch (error) {
    tally.restartedBytes += size;
    throw error;
  } finally {
    tally.connections--;
  }
  return { small: whole.subarray(0, size), source, stream, size };
}

async function keepSmall(
  options: TransferOptions,
  { small, source, stream, size }: Small,
  tally: Tally,
): Promise<TransferResult> {
  const { target, stat, sync = true, clock } = options;
  refusePage(source, small.subarray(0, LOOK_BYTES), stream.mediaType);
  if (!stream.unpacked) checkSize(options, source, size);
  const expected = expectedOf(options, stream.checksums ?? []);
  const digests = digestsOf(small, algorithmsFor(expected));
  const checksum = checkDigests(expected, digests, source.name, target);
  await refuseOther(options, size, digests.sha256);
  const part = await openPartFile({ target, done: [], sync, clock });
  const modifiedMs = stream.stat.modifiedMs ?? stat?.modifiedMs;
  try {
    if (size > 0) await part.write(small, 0);
    await part.finish(size, modifiedMs);
  } catch (error) {
    await part.discard();
    throw error;
  }
  options.onProgress?.({
    doneBytes: size,
    restartedBytes: tally.restartedBytes,
    totalBytes: size,
    connections: tally.connections,
  });
  return {
    path: target,
    size,
    sha256: digests.sha256!,
    etag: stream.stat.etag,
    modifiedMs,
    resumedBytes: 0,
    fetchedBytes: tally.fetchedBytes,
    requests: tally.requests,
    checksum,
    status: "fetched",
  };
}

async function fetchLarge(
  options: TransferOptions,
  sources: KnownSource[],
  { source, stream, askMs, release }: Begun,
  kept: Kept | undefined,
  tally: Tally,
  stop: AbortController,
): Promise<TransferResult> {
  const { target, sync = true, io, clock, pace, onProgress } = options;
  const size = stream.stat.size!;
  const asked = firstRange(options, kept) ?? { offset: 0 };
  // Only a reply with a part shows that the server knows ranges; FTP always does.
  const parts = isOpenEnded(source) ? source.store.features.ranges : stream.offset > 0 || (stream.length ?? size) < size;
  const ranges = parts && stream.offset === asked.offset;
  const modifiedMs = stream.stat.modifiedMs ?? options.stat?.modifiedMs;
  const version: Stat = { size, etag: stream.stat.etag, modifiedMs: stream.stat.modifiedMs };
  source.version ??= version;
  const expected = expectedOf(options, stream.checksums ?? []);
  const { done, synced } = ranges && kept ? kept : { done: [], synced: [] };
  let part: PartFile;
  try {
    checkSize(options, source, size);
    part = await openPartFile({ target, object: { source: source.name, ...version }, done, synced, sync, io, clock });
  } catch (error) {
    release();
    await stream.cancel();
    throw error;
  }
  const resumedBytes = part.done.bytes;
  const blocks = part.isDirect ? newBlocks() : undefined;
  const digester = startDigests(part.handle, algorithmsFor(expected), size, blocks);
  const progress = () =>
    onProgress?.({
      doneBytes: part.done.bytes,
      restartedBytes: tally.restartedBytes,
      totalBytes: size,
      connections: tally.connections,
    });
  try {
    await part.delegate(digester.replace);
    digester.reach(part.done.prefix);
    progress();
    const receiver = { part, digester, blocks, tally, pace, signal: stop.signal, now: () => clock.monotonic(), progress };
    if (resumedBytes < size) {
      const proven = expected !== undefined;
      await fetchAll({ ...receiver, options, sources, size, ranges, proven }, { stream, release, askMs }, stop);
      await confirmed(options, sources[0]!, size, tally, stop.signal, ranges);
    } else {
      release();
      await stream.cancel();
    }
    part.flush();
    const digests = await digester.finish(size);
    await part.delegate(undefined);
    await digester.stop();
    const checksum = checkDigests(expected, digests, source.name, target);
    await refuseOther(options, size, digests.sha256);
    await part.finish(size, modifiedMs);
    const { fetchedBytes, requests } = tally;
    const facts = { etag: version.etag, modifiedMs, resumedBytes, fetchedBytes, requests, checksum };
    return { path: target, size, sha256: digests.sha256!, ...facts, status: "fetched" };
  } catch (error) {
    await part.delegate(undefined);
    await digester.stop();
    // Unusable bytes are not kept.
    const worthless = part.done.bytes === 0 || (isEmporiumError(error) && error.code === "CHECKSUM_MISMATCH");
    await (worthless ? part.discard() : part.suspend());
    throw error;
  } finally {
    blocks?.end();
  }
}

/** An object without known size or version: one body, from its beginning in every try. */
async function fetchInOneBody(
  options: TransferOptions,
  { source, stream: first, release }: Begun,
  tally: Tally,
  signal: AbortSignal,
): Promise<TransferResult> {
  const { target, sync = true, clock, random, log, pace, onProgress } = options;
  const tries = transferRetries({ clock, random, log, signal });
  const now = () => clock.monotonic();
  let stream: ByteStream | undefined = first;
  if (first.offset > 0 || (first.length !== undefined && first.length !== first.stat.size)) {
    await first.cancel();
    stream = undefined;
  }
  if ((first.stat.size ?? 0) > FIRST_BYTES) log.info(`${source.name}: ${ONE_BODY}`);
  try {
    for (;;) {
      let part: PartFile | undefined;
      let digester: Digester | undefined;
      const before = tally.fetchedBytes - tally.restartedBytes;
      try {
        if (!stream) {
          source.version = undefined; // each try may be of another version: it begins at the first byte
          tally.requests++;
          stream = await ask(source, undefined, signal);
        }
        const { stat, checksums, unpacked, endsByClose } = stream;
        if (stat.size !== undefined && !unpacked) checkSize(options, source, stat.size);
        const expected = expectedOf(options, checksums ?? []);
        const file = await openPartFile({ target, done: [], size: stat.size, sync, clock });
        part = file;
        digester = startDigests(file.handle, algorithmsFor(expected), stat.size);
        const progress = () =>
          onProgress?.({
            doneBytes: file.done.bytes,
            restartedBytes: tally.restartedBytes,
            totalBytes: stat.size,
            connections: tally.connections,
          });
        const whole = { at: 0, to: Number.POSITIVE_INFINITY, speed: 0 };
        const size = await receive(stream, source, whole, { part: file, digester, tally, pace, signal, now, progress });
        if (!unpacked) {
          // A body without a length ends with its connection, also with a broken one: the size is requested again.
          const told = await source.store.stat(source.key, { signal }).catch(() => undefined);
          if (told && stat.size !== undefined && !isSameObject({ ...stat, size }, told)) throw replaced(source);
          if (told && told.size !== size) throw truncated(source, size, told.size);
          checkSize(options, source, size);
          if (endsByClose && !told && !expected && options.stat === undefined) log.warn(`${source.name}: ${UNPROVED}`);
        }
        const digests = await digester.finish(size);
        const checksum = checkDigests(expected, digests, source.name, target);
        await digester.stop();
        await refuseOther(options, size, digests.sha256);
        await part.finish(size, stat.modifiedMs);
        const { fetchedBytes, requests } = tally;
        const facts = { etag: stat.etag, modifiedMs: stat.modifiedMs, resumedBytes: 0, fetchedBytes, requests, checksum };
        return { path: target, size, sha256: digests.sha256!, ...facts, status: "fetched" };
      } catch (error) {
        await digester?.stop();
        await part?.discard();
        tally.restartedBytes += tally.fetchedBytes - tally.restartedBytes - before;
        await tries.failed(error, source.host);
        stream = undefined;
      }
    }
  } finally {
    release();
    await stream?.cancel();
  }
}

const ONE_BODY =
  "the server does not identify versions, so the file is fetched over one connection, and again from the start after an interruption";

const UNPROVED =
  "the server tells neither size nor checksum, and ends the file with the connection: a copy that was cut short cannot be told from a whole one";

/**
 * The check after the last byte: an object that was changed during the transfer has another date now. If the server no longer has
 * it, or no longer allows requests (links expire), all bytes came under one tag.
 */
async function confirmed(
  { clock, random, log }: TransferOptions,
  source: KnownSource,
  size: number,
  tally: Tally,
  signal: AbortSignal,
  ranges: boolean,
): Promise<void> {
  // a small object is one reply, read by its server at once; for thousands of chunks this would double the requests
  if (source.store.features.atomicReplace || size <= AT_ONCE_BYTES) return;
  const tries = transferRetries({ clock, random, log, signal });
  for (;;) {
    try {
      if (ranges && !isOpenEnded(source)) {
        tally.requests++;
        return await confirm(source, size, signal);
      }
      const told = await source.store.stat(source.key, { signal });
      if (told && source.version && !isSameObject({ ...source.version, size }, told)) throw replaced(source);
      return;
    } catch (error) {
      if (isEmporiumError(error) && GONE.has(error.code)) return;
      await tries.failed(error, source.host);
    }
  }
}

const AT_ONCE_BYTES = 1024 * 1024;
const GONE: ReadonlySet<string> = new Set(["STORE_ABSENT", "STORE_DENIED"]);

function checkSize({ stat, target }: TransferOptions, { name }: KnownSource, size: number): void {
  if (stat === undefined || stat.size === size) return;
  throw new EmporiumError("SIZE_MISMATCH", `${name}: expected ${counted(stat.size, "byte")} (listing), the server has ${size}`, {
    place: { file: target },
    hint: "list again: the file was replaced, or is still being copied there",
  });
}

function truncated({ name }: KnownSource, found: number, wanted: number): EmporiumError {
  return new EmporiumError("TRUNCATED", `${name}: received ${counted(found, "byte")} of ${wanted}`, {
    place: { url: name, byte: found },
    retry: "later",
    hint: "run again later",
  });
}

/** Requests the object's facts, with the timeouts of every other request. */
async function statNow({ clock, random, log, signal = NEVER }: TransferOptions, source: KnownSource): Promise<Stat | undefined> {
  const tries = transferRetries({ clock, random, log, signal });
  for (;;) {
    const replied = await source.host.request(signal);
    try {
      return await source.store.stat(source.key, { signal });
    } catch (error) {
      if (isSizeless(error)) return undefined;
      await tries.failed(error, source.host);
    } finally {
      replied();
    }
  }
}

const NEVER = new AbortController().signal;
