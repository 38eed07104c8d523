import type { Paces } from "../../../net/pace.js";
import type { ByteStream } from "../../../stores/store.js";
import type { KnownSource } from "./ask.js";
import type { Digester } from "./digest.js";
import { LOOK_BYTES, notData, pageIn } from "./page.js";
import type { PartFile } from "./part-file.js";
import type { Stretch } from "./stretches.js";

/** What came over the network, and how much of it in vain. */
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
  /** Adds what nobody fetches behind a stretch to it, for a body that goes on. */
  extend?: ((stretch: Stretch) => boolean) | undefined;
  progress(): void;
}

/** Small pieces are gathered to writes of this size. */
const WRITE_BYTES = 512 * 1024;
/** A connection's speed is taken over so long. */
const SPEED_MS = 250;

/**
 * Writes a body to its place until the stretch or the body ends. A stretch may be cut shorter meanwhile, and what a body brings
 * before or behind it is dropped. What came before a failure is written. Pieces may be lent: nothing is kept of one when the next is asked for.
 *
 * @returns bytes of the stretch that came.
 */
export async function receive(stream: ByteStream, source: KnownSource, stretch: Stretch, receiver: Receiver): Promise<number> {
  const { part, digester, tally, pace, signal } = receiver;
  const begun = stretch.at;
  let skip = stretch.at - stream.offset;
  let received = 0;
  /** Small pieces, copied: those of the bytes before `stretch.at`. */
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

  /** The beginning of the object is looked at before any of it is written. */
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
      // A body that has ended by itself leaves its connection usable, so it is only left when more would come.
      const more = received < (stream.length ?? Number.POSITIVE_INFINITY);
      if (stretch.at >= stretch.to && more && !receiver.extend?.(stretch)) break;
    }
    if (looking && bytes > 0) look(gathered!.subarray(0, bytes));
  } finally {
    tally.connections--;
    if (looking) {
      // Too little came to be judged: it is asked for again.
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
