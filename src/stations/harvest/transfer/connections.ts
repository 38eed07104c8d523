import { cancelled, throwIfCancelled } from "../../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import type { ByteStream } from "../../../stores/store.js";
import { ask, type KnownSource } from "./ask.js";
import { BLOCK_BYTES, BLOCKS_BYTES } from "./blocks.js";
import type { TransferOptions } from "./options.js";
import { type Receiver, receive } from "./receive.js";
import { transferRetries } from "./retries.js";
import { type Stretch, stretchPlan } from "./stretches.js";

/** The least bytes of a request, or of a share of one. */
export const REQUEST_BYTES_MIN = 1024 * 1024;
/** The least bytes of a request while there is enough for all connections. */
const REQUEST_BYTES = 8 * 1024 * 1024;
/** Approximate speed of hashing in order (SHA-256 on a processor with instructions for it). */
const HASH_BYTES_PER_SECOND = 1.5e9;
/** Approximate speed of reading back blocks that were given up from memory before they could be hashed, during other writes. */
const READ_BACK_BYTES_PER_SECOND = 1e9;
/**
 * Cost of a request whose transfer ends by closing it, in ordinary requests: the server notices late, and bytes on their way are
 * lost.
 */
const END_COSTS = 4;
/** Least duration of a request, or of a share of another's stretch, as a multiple of its waiting time. */
const WORTH_COSTS = 4;
/** The most bytes that are skipped if a server ignores a range. */
const SKIP_BYTES_MAX = 256 * 1024;
/** Bytes between two failures that show that a connection works, however often it breaks. */
const PROGRESS_BYTES = 64 * 1024;

export interface Fetching extends Receiver {
  options: Pick<TransferOptions, "connections" | "segmentBytes" | "clock"> & { random: Random; log: Log };
  /** The best first. Sources that failed for good are removed. */
  sources: KnownSource[];
  size: number;
  /** A checksum will prove the whole file, so a mirror may have other tags. */
  proven: boolean;
  /** Whether ranges can be requested. If not, one body is read from its beginning, and existing bytes are skipped. */
  ranges: boolean;
}

/**
 * Fetches all missing bytes, over as many connections as allowed. A free connection takes the next stretch of the file, and at
 * the end a share of the slowest. A connection that fails too often returns its stretch while others work; the last one throws.
 *
 * @param first an existing reply with its connection
 */
export async function fetchAll(
  fetching: Fetching,
  first: { stream: ByteStream; release(): void; askMs: number } | undefined,
  stop: AbortController,
): Promise<void> {
  const { part, size, options, signal } = fetching;
  const leastBytes = Math.min(REQUEST_BYTES_MIN, options.segmentBytes ?? REQUEST_BYTES_MIN);
  const plan = stretchPlan(size, part.done, leastBytes, fetching.blocks && BLOCK_BYTES);
  const wanted = fetching.ranges
    ? Math.max(1, Math.min(options.connections, Math.ceil(plan.waitingBytes / REQUEST_BYTES_MIN)))
    : 1;
  const enough = new AbortController();
  let alive = wanted;
  const run: Run = {
    fetching,
    progressMs: Number.NEGATIVE_INFINITY,
    receiver: {
      ...fetching,
      extend: plan.extend,
      progress() {
        run.progressMs = fetching.now();
        fetching.progress();
      },
    },
  };

  async function connection(number: number): Promise<void> {
    const state: ConnectionState = {
      askMs: number === 0 ? (first?.askMs ?? 0) : 0,
      speed: 0,
      failingMs: Number.POSITIVE_INFINITY,
    };
    let begun = number === 0 ? first : undefined;
    let release = begun?.release;
    try {
      for (;;) {
        throwIfCancelled(signal);
        if (!fetching.ranges && number > 0) return;
        release ??= await fetching.sources[0]!.host.connect(AbortSignal.any([signal, enough.signal]));
        const leastBytes = worthBytes(fetching, state);
        const begunBytes = isOpenEnded(fetching.sources[0]!) ? undefined : begun?.stream.length;
        const bytes = begunBytes ?? Math.max(leastBytes, requestBytes(fetching, wanted, state, plan.waitingBytes));
        const stretch = plan.take(bytes, { speed: state.speed, leastBytes });
        if (!stretch) return;
        try {
          await fetchStretch(run, stretch, begun?.stream, state);
        } finally {
          begun = undefined;
          plan.release(stretch);
        }
        if (plan.finished) enough.abort();
        // The next request may be another transfer's.
        release();
        release = undefined;
      }
    } catch (error) {
      if (enough.signal.aborted && !signal.aborted) return;
      // Other connections will fetch what this one could not.
      if (alive > 1 && isPassing(error) && run.progressMs > state.failingMs && !signal.aborted) return;
      stop.abort(error);
      throw error;
    } finally {
      alive--;
      release?.();
      await begun?.stream.cancel();
    }
  }

  const ends = await Promise.allSettled(Array.from({ length: wanted }, (_, number) => connection(number)));
  if (ends.some(({ status }) => status === "rejected")) throw cancelled(stop.signal);
  if (part.done.bytes < size) throw tooShort(fetching.sources[0]!, part.done.prefix, size);
}

/** State that all connections of a transfer share. */
interface Run {
  readonly fetching: Fetching;
  readonly receiver: Receiver;
  /** Time at which any connection last received bytes; −Infinity before. */
  progressMs: number;
}

/**
 * The best length of requests. Long ones save waiting: `size / bytes` of them cost `askMs` each, shared by all connections. Short
 * ones keep the file in order, so less is left to hash at the end: one stretch of each connection. The costs are equal at the
 * square root below. Where the stretches of all connections fit in half of the blocks, nothing is read back for the hashing, and
 * that is worth more requests as long as waiting for them costs less.
 */
function requestBytes(
  { ranges, size, options, sources, blocks }: Fetching,
  wanted: number,
  { askMs }: ConnectionState,
  waitingBytes: number,
): number {
  if (!ranges) return size;
  if (options.segmentBytes !== undefined) return options.segmentBytes;
  const costs = isOpenEnded(sources[0]!) ? END_COSTS : 1;
  const askSeconds = costs * (askMs / 1000);
  const share = Math.ceil(waitingBytes / wanted);
  const inMemory = BLOCKS_BYTES / 2;
  if (blocks && askSeconds * READ_BACK_BYTES_PER_SECOND < inMemory) return Math.min(share, REQUEST_BYTES, inMemory / wanted);
  const balanced = Math.sqrt(size * askSeconds * HASH_BYTES_PER_SECOND) / wanted;
  return Math.min(share, Math.max(REQUEST_BYTES, balanced));
}

function worthBytes({ options }: Fetching, { askMs, speed }: ConnectionState): number {
  return options.segmentBytes === undefined ? WORTH_COSTS * (askMs / 1000) * speed : 0;
}

async function fetchStretch(run: Run, stretch: Stretch, begun: ByteStream | undefined, state: ConnectionState): Promise<void> {
  const { fetching, receiver } = run;
  const { size, signal } = fetching;
  const { clock, random, log } = fetching.options;
  const tries = transferRetries({ clock, random, log, signal });
  let stream = begun;
  while (stretch.at < stretch.to) {
    const source = fetching.sources[0]!;
    const at = stretch.at;
    try {
      if (!stream) {
        const askedMs = fetching.now();
        fetching.tally.requests++;
        stream = await ask(source, { offset: at, length: fetching.ranges ? stretch.to - at : undefined }, signal);
        state.askMs = fetching.now() - askedMs;
        if (!(await beginsRight(fetching, stream, source, at))) return;
      }
      const got = await receive(stream, source, stretch, receiver);
      if (stretch.speed > 0) state.speed = stretch.speed;
      if (got === 0 && stretch.at < stretch.to) throw tooShort(source, stretch.at, size);
      tries.worked();
      state.failingMs = Number.POSITIVE_INFINITY;
    } catch (error) {
      if (stretch.at - at >= PROGRESS_BYTES) {
        tries.worked();
        state.failingMs = Number.POSITIVE_INFINITY;
      }
      state.failingMs = Math.min(state.failingMs, fetching.now());
      await tries.failed(error, source.host).catch((over: unknown) => {
        turnTo(run, source, over, state);
        tries.worked();
      });
    }
    stream = undefined;
  }
}

/** Whether a reply can be used. False if the server cannot start in the middle: the connection that began at 0 fetches all. */
async function beginsRight(fetching: Fetching, stream: ByteStream, source: KnownSource, at: number): Promise<boolean> {
  source.version ??= stream.stat;
  const skip = at - stream.offset;
  if (skip === 0 || (skip > 0 && (skip <= SKIP_BYTES_MAX || !fetching.ranges))) return true;
  await stream.cancel();
  if (!source.store.features.ranges) {
    fetching.ranges = false;
    return false;
  }
  const asked = `asked for were those from ${at}`;
  throw new EmporiumError("STORE_PROTOCOL", `${source.name}: the server sent bytes from ${stream.offset}, ${asked}`, {
    place: { url: source.name },
    retry: "later",
  });
}

/** Switches to the next source after this one has failed for good. */
function turnTo(run: Run, failed: KnownSource, error: unknown, { failingMs }: ConnectionState): void {
  const { sources, size, options, signal, proven } = run.fetching;
  if (signal.aborted || !isEmporiumError(error) || OUR_OWN.has(error.code)) throw error;
  if (sources[0] !== failed) return; // another connection has switched already
  if (sources.length < 2 || run.progressMs > failingMs) throw error;
  sources.shift();
  // the mirror must have the version that was begun
  sources[0]!.version ??= proven ? { size } : failed.version;
  options.log.warn(`${error.message}: continuing with ${sources[0]!.name}`);
}

/** FTP knows where a transfer begins, not where it ends: one from 0 may continue until another connection's stretch. */
export function isOpenEnded({ store }: Pick<KnownSource, "store">): boolean {
  return store.url.startsWith("ftp:");
}

interface ConnectionState {
  /** Waiting time of the last request. */
  askMs: number;
  speed: number;
  /** Time since which the connection has only failed; Infinity if it has not failed. */
  failingMs: number;
}

/** Errors of this side, or of the object: another server would not help. */
const OUR_OWN = new Set(["DISK_FULL", "STORE_READONLY", "CANCELLED", "INTERNAL", "NAME_UNSAFE"]);

function isPassing(error: unknown): boolean {
  return isEmporiumError(error) && (error.facts.retry ?? "no") !== "no" && !OUR_OWN.has(error.code);
}

function tooShort({ name }: KnownSource, at: number, size: number): EmporiumError {
  return new EmporiumError("TRUNCATED", `${name}: the server's data end at byte ${at} of ${size}`, {
    place: { url: name, byte: at },
    retry: "later",
    hint: "run again later: the file may still be copied there",
  });
}
