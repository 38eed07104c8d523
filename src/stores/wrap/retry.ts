import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { concat } from "../../core/bytes.js";
import type { Clock } from "../../core/clock.js";
import { isEmporiumError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { Random } from "../../core/random.js";
import { partialOf } from "../../net/partial.js";
import { type Retries, type RetryPolicy, retried, retries } from "../../net/retry.js";
import { compareKeys } from "../keys.js";
import type { CreateOptions, Entry, Stat, Store, StoreReadOptions, Upload, WriteOptions } from "../store.js";

const RETRY_AFTER_MS_MAX = 10 * 60_000;

export interface RetryOptions {
  clock: Clock;
  random: Random;
  log?: Log | undefined;
  /** Tries in all. Default 6. */
  attempts?: number | undefined;
  /** The pause before try n + 1 is a random share of `base · 2ⁿ⁻¹`, at most the cap. Defaults 500 ms and 60 s. */
  baseMs?: number | undefined;
  capMs?: number | undefined;
}

/**
 * Retries what failed with `retry: "later"` or `"now"`, with exponential back-off and full jitter (or the store's own pause). A
 * read resumes at the byte where it broke. A conditional write whose answer was lost may meet a conflict: it succeeded if the
 * object has its bytes.
 */
export function withRetry(store: Store, options: RetryOptions): Store {
  const { attempts = 6, baseMs = 500, capMs = 60_000 } = options;
  const policy: RetryPolicy = { tries: attempts, baseMs, capMs, retryAfterMsMax: RETRY_AFTER_MS_MAX };
  const triesOf: TriesOf = (signal) => retries(policy, { ...options, signal });
  const again: Again = (what, signal, work) => retried(triesOf(signal), work, what);
  const { local } = store;
  return {
    url: store.url,
    features: store.features,
    stat: (key, statOptions) => again(`stat ${key}`, statOptions?.signal, () => store.stat(key, statOptions)),
    read: (key, range, readOptions = {}) => readOn(store, triesOf(readOptions.signal), attempts, key, range, readOptions),
    write: (key, body, writeOptions: WriteOptions = {}) =>
      again(`write ${key}`, writeOptions.signal, (failed) => writeOnce(store, failed, key, body, writeOptions)),
    create: async (key, createOptions?: CreateOptions) =>
      retryUpload(await again(`create ${key}`, createOptions?.signal, () => store.create(key, createOptions)), again),
    list: (prefix, listOptions = {}) =>
      entries(`list ${prefix}`, () => store.list(prefix, listOptions), triesOf(listOptions.signal)),
    children: (folder, listOptions = {}) =>
      entries(`list ${folder}`, () => store.children(folder, listOptions), triesOf(listOptions.signal)),
    remove: (key, removeOptions) => again(`remove ${key}`, removeOptions?.signal, () => store.remove(key, removeOptions)),
    openUploads: (key, listOptions) => openUploads(store, key, listOptions, triesOf(listOptions?.signal)),
    // Its caller knows the last byte that it got, and goes on there.
    ...(store.stream && { stream: store.stream.bind(store) }),
    local: local && {
      sync: local.sync,
      io: local.io,
      path: (key) => local.path(key),
      otherThing: (key) => local.otherThing(key),
      partPath: (key, tag) => again(`part of ${key}`, undefined, () => local.partPath(key, tag)),
      adopt: (partPath, key) => local.adopt(partPath, key),
    },
  };
}

type TriesOf = (signal: AbortSignal | undefined) => Retries;
type Again = <T>(what: string, signal: AbortSignal | undefined, work: (failed: number) => Promise<T>) => Promise<T>;

/** Goes on at the byte where the last try broke. */
async function readOn(
  store: Store,
  tries: Retries,
  attempts: number,
  key: string,
  range: ByteRange | undefined,
  options: StoreReadOptions,
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let done = 0;
  let etag = options.ifMatch;
  let replaced = 0;
  for (;;) {
    const rest = done === 0 ? range : { offset: (range?.offset ?? 0) + done, length: range ? range.length - done : 2 ** 52 };
    try {
      // what comes after the first pieces is joined with them
      const room = done === 0 ? options.room : undefined;
      const last = await store.read(key, rest, { ...options, ifMatch: etag, room });
      if (done === 0) return last;
      return last === undefined ? undefined : concat([...pieces, last]);
    } catch (error) {
      const partial = partialOf(error);
      // Progress earns new tries: only failures that bring nothing count together.
      // Without a tag that names the version, the rest could be another one's.
      if (partial?.etag !== undefined) {
        pieces.push(partial.bytes);
        done += partial.bytes.length;
        etag ??= partial.etag;
        if (partial.bytes.length >= PROGRESS_BYTES) tries.worked();
      }
      // Another version came between two pieces. The caller who named none gets that one, whole.
      if (done > 0 && isConflict(error) && options.ifMatch === undefined) {
        pieces.length = 0;
        done = 0;
        etag = undefined;
        if (++replaced < attempts) continue;
      }
      await tries.failed(error, `read ${key}`);
    }
  }
}

/** A conditional write must not be taken for refused when its own first try went through and only the answer was lost. */
async function writeOnce(store: Store, failed: number, key: string, body: Uint8Array, options: WriteOptions): Promise<Stat> {
  try {
    return await store.write(key, body, options);
  } catch (error) {
    const conditional = options.ifAbsent || options.ifMatch !== undefined;
    const mine = conditional && failed > 0 && isConflict(error) ? await storedSame(store, key, body, options.signal) : undefined;
    if (mine) return mine;
    throw error;
  }
}

async function storedSame(store: Store, key: string, body: Uint8Array, signal?: AbortSignal): Promise<Stat | undefined> {
  const stat = await store.stat(key, { signal });
  if (stat?.size !== body.length) return undefined;
  const stored = await store.read(key, undefined, { ifMatch: stat.etag, signal });
  return stored?.every((byte, i) => byte === body[i]) ? stat : undefined;
}

async function* entries(what: string, open: () => AsyncIterable<Entry>, tries: Retries): AsyncGenerator<Entry> {
  let last: string | undefined;
  for (;;) {
    try {
      for await (const entry of open()) {
        if (last !== undefined && compareKeys(entry.key, last) <= 0) continue;
        last = entry.key;
        tries.worked();
        yield entry;
      }
      return;
    } catch (error) {
      await tries.failed(error, what);
    }
  }
}

async function* openUploads(store: Store, key: string, options: ReadOptions | undefined, tries: Retries) {
  const seen = new Set<string>();
  for (;;) {
    try {
      for await (const upload of store.openUploads(key, options)) {
        if (seen.has(upload.token)) continue;
        seen.add(upload.token);
        yield upload;
      }
      return;
    } catch (error) {
      await tries.failed(error, `list uploads of ${key}`);
    }
  }
}

function retryUpload(upload: Upload, again: Again): Upload {
  return {
    key: upload.key,
    token: upload.token,
    partBytesMin: upload.partBytesMin,
    parts: upload.parts,
    part: (number, body, options?: ReadOptions) =>
      again(`part ${number} of ${upload.key}`, options?.signal, () => upload.part(number, body, options)),
    finish: (options?: ReadOptions) => again(`finish ${upload.key}`, options?.signal, () => upload.finish(options)),
    abort: () => again(`abort ${upload.key}`, undefined, () => upload.abort()),
  };
}

function isConflict(error: unknown): boolean {
  return isEmporiumError(error) && error.code === "STORE_CONFLICT";
}

/** So much new data shows that the connection works, however often it breaks. */
const PROGRESS_BYTES = 64 * 1024;
