import type { Paces } from "../../../net/pace.js";
import type { ByteStream } from "../../../stores/store.js";
import type { KnownSource } from "./ask.js";
import type { Digester } from "./digest.js";
import { LOOK_BYTES, notData, pageIn } from "./page.js";
import type { PartFile } from "./part-file.js";
import type { Stretch } from "./stretches.js";

/** Received bytes, and those in vain. */
export interface Tally {
  fetchedBytes: number;
  restartedBytes: number;
  requests: number;
  connections: number;
}

export interface Receiver {
  part: PartFile;
  digester: Digester;
  tally: Tally;
  pace: Paces;
  signal: AbortSignal;
  now(): number;
  /** Extends a stretch by bytes behind it that no connection fetches, for a body that goes on. */
  extend?: ((stretch: Stretch) => boolean) | undefined;
  progress(): void;
}

/** Small pieces are combined to writes of this size. */
const WRITE_BYTES = 512 * 1024;
/** The time over which a connection's speed is measured. */
const SPEED_MS = 250;

/**
 * Writes a body until the stretch or the body ends. The stretch may be shortened meanwhile; bytes of the body before and behind
 * it are dropped. Bytes that came before a failure are written. No piece is used after the next one is requested.
 *
 * @returns bytes of the stretch that came
 */
export async function receive(stream: ByteStream, source: KnownSource, stretch: Stretch, receiver: Receiver): Promise<number> {
  const { part, digester, tally, pace, signal } = receiver;
  const begun = stretch.at;
  let skip = stretch.at - stream.offset;
  let received = 0;
  /** Copies of small pieces: the bytes before `stretch.at`. */
  let gathered: Buffer | undefined;
  let bytes = 0;
  let looking = stretch.at === 0;
  const speed = rateMeter(stretch, receiver.now);

  async function write(piece: Uint8Array, at: number): Promise<void> {
    await part.write(piece, at);
    digester.reach(part.done.prefix);
    receiver.progress();
  }

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const block = gathered!.subarray(0, bytes);
    bytes = 0;
    await write(block, stretch.at - block.length);
  }

  /** Checks the beginning of the object before any of it is written. */
  function look(start: Uint8Array): void {
    const page = pageIn(source.key, start, stream.mediaType);
    looking = false;
    if (page === undefined) return;
    stretch.at = begun;
    bytes = 0;
    throw notData(source.name, page);
  }

  async function add(piece: Uint8Array): Promise<void> {
    if (looking && bytes === 0 && piece.length >= LOOK_BYTES) look(piece);
    if (bytes + piece.length > WRITE_BYTES && !looking) await flush();
    if (piece.length >= WRITE_BYTES / 2 && bytes === 0) {
      stretch.at += piece.length;
      return write(piece, stretch.at - piece.length);
    }
    gathered ??= Buffer.allocUnsafeSlow(WRITE_BYTES + LOOK_BYTES);
    gathered.set(piece, bytes);
    bytes += piece.length;
    stretch.at += piece.length;
    if (looking && bytes >= LOOK_BYTES) look(gathered.subarray(0, bytes));
  }

  tally.connections++;
  try {
    for await (const whole of stream.body) {
      received += whole.length;
      tally.fetchedBytes += whole.length;
      const before = Math.min(skip, whole.length);
      skip -= before;
      let piece = whole.subarray(before, before + Math.max(0, stretch.to - stretch.at));
      for (let rest = whole.subarray(before); ; ) {
        for (let at = 0; at < piece.length; at += WRITE_BYTES) await add(piece.subarray(at, at + WRITE_BYTES));
        rest = rest.subarray(piece.length);
        if (rest.length === 0 || !receiver.extend?.(stretch)) {
          tally.restartedBytes += before + rest.length;
          break;
        }
        piece = rest.subarray(0, stretch.to - stretch.at);
      }
      speed.add(whole.length);
      if (pace.limited) await pace.take(whole.length, signal);
      // A body that has ended by itself leaves its connection usable, so only a longer one is cancelled.
      const more = received < (stream.length ?? Number.POSITIVE_INFINITY);
      if (stretch.at >= stretch.to && more && !receiver.extend?.(stretch)) break;
    }
    if (looking && bytes > 0) look(gathered!.subarray(0, bytes));
  } finally {
    tally.connections--;
    if (looking) {
      // Too few bytes came for the check: they are requested again.
      tally.restartedBytes += stretch.at - begun;
      stretch.at = begun;
    } else {
      await flush();
    }
  }
  return stretch.at - begun;
}

function rateMeter(stretch: Stretch, now: () => number) {
  let sinceMs = now();
  let bytes = 0;
  return {
    add(more: number) {
      bytes += more;
      const ms = now() - sinceMs;
      if (ms < SPEED_MS) return;
      const current = (bytes / ms) * 1000;
      stretch.speed = stretch.speed === 0 ? current : 0.7 * stretch.speed + 0.3 * current;
      sinceMs += ms;
      bytes = 0;
    },
  };
}
