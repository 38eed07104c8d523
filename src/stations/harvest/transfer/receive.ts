import type { Paces } from "../../../net/pace.js";
import type { ByteStream } from "../../../stores/store.js";
import type { KnownSource } from "./ask.js";
import { BLOCK_BYTES, type Block, type Blocks, type Kept } from "./blocks.js";
import type { Digester } from "./digest.js";
import { LOOK_BYTES, refusePage } from "./page.js";
import type { PartFile } from "./part-file.js";
import type { Stretch } from "./stretches.js";

/** Counts of a transfer: bytes received, and those of them in vain; requests; bodies that are being received. */
export interface Tally {
  fetchedBytes: number;
  restartedBytes: number;
  requests: number;
  connections: number;
}

export interface Receiver {
  part: PartFile;
  digester: Digester;
  /** Memory to receive in, where the part is written past the page cache. */
  blocks?: Blocks | undefined;
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
  const { tally, pace, signal } = receiver;
  const begun = stretch.at;
  const gathering = receiver.blocks ? intoBlocks(receiver, receiver.blocks) : intoBuffer(receiver);
  let skip = stretch.at - stream.offset;
  let received = 0;
  let looking = stretch.at === 0;
  const speed = rateMeter(stretch, receiver.now);

  /** Checks the beginning of the object before any of it is written. */
  function look(start: Uint8Array): void {
    looking = false;
    try {
      refusePage(source, start, stream.mediaType);
    } catch (error) {
      stretch.at = begun;
      gathering.drop();
      throw error;
    }
  }

  async function add(piece: Uint8Array): Promise<void> {
    let rest = piece;
    if (looking) {
      if (gathering.start.length === 0 && piece.length >= LOOK_BYTES) look(piece);
      else {
        const first = piece.subarray(0, LOOK_BYTES - gathering.start.length);
        await gathering.add(first, stretch);
        rest = piece.subarray(first.length);
        if (gathering.start.length >= LOOK_BYTES) look(gathering.start);
      }
    }
    if (rest.length > 0) await gathering.add(rest, stretch);
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
    if (looking && gathering.start.length > 0) look(gathering.start);
  } finally {
    tally.connections--;
    if (looking) {
      // Too few bytes came for the check: they are requested again.
      gathering.drop();
      tally.restartedBytes += stretch.at - begun;
      stretch.at = begun;
    } else {
      await gathering.flush();
    }
  }
  return stretch.at - begun;
}

/** Combines the pieces of a body to longer writes. */
interface Gathering {
  /** Bytes that were added and whose write has not begun. */
  readonly start: Uint8Array;
  /** Takes the bytes that come next in the stretch, and moves its `at` behind them. */
  add(piece: Uint8Array, stretch: Stretch): Promise<void>;
  /** Resolves when all added bytes are written. */
  flush(): Promise<void>;
  /** Forgets the bytes in `start`. */
  drop(): void;
}

/** Writes through the page cache. Only small pieces are copied. */
function intoBuffer({ part, digester, progress }: Receiver): Gathering {
  let gathered: Buffer | undefined;
  let bytes = 0;
  /** Offset in the file behind the gathered bytes. */
  let end = 0;

  async function write(piece: Uint8Array, at: number): Promise<void> {
    await part.write(piece, at);
    digester.reach(part.done.prefix);
    progress();
  }
  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const block = gathered!.subarray(0, bytes);
    bytes = 0;
    await write(block, end - block.length);
  }
  return {
    get start() {
      return gathered?.subarray(0, bytes) ?? NOTHING;
    },
    async add(piece, stretch) {
      if (bytes + piece.length > WRITE_BYTES) await flush();
      const at = stretch.at;
      stretch.at += piece.length;
      if (piece.length >= WRITE_BYTES / 2 && bytes === 0) return write(piece, at);
      gathered ??= Buffer.allocUnsafeSlow(WRITE_BYTES);
      gathered.set(piece, bytes);
      bytes += piece.length;
      end = stretch.at;
    },
    flush,
    drop() {
      bytes = 0;
    },
  };
}

/** Writes past the page cache. A block is written while the next one fills, and hashed from memory. */
function intoBlocks({ part, digester, progress }: Receiver, blocks: Blocks): Gathering {
  let block: Block | undefined;
  /** Range `[from, to)` of the file that the block holds. */
  let from = 0;
  let to = 0;
  let writing: Promise<void> | undefined;

  async function write(kept: Kept): Promise<void> {
    const at = kept.at + (kept.from % BLOCK_BYTES);
    try {
      await part.write(blocks.memory.subarray(at, at + kept.to - kept.from), kept.from);
    } catch (error) {
      blocks.free(kept.at);
      throw error;
    }
    digester.keep!(kept);
    digester.reach(part.done.prefix);
    progress();
  }
  async function send(): Promise<void> {
    const full = { at: block!.at, from, to };
    block = undefined;
    const before = writing;
    writing = write(full);
    writing.catch(() => undefined); // who awaits it next is told
    await before;
  }
  return {
    get start() {
      const at = block === undefined ? 0 : block.at + (from % BLOCK_BYTES);
      return block ? blocks.memory.subarray(at, at + to - from) : NOTHING;
    },
    async add(piece, stretch) {
      for (let done = 0; done < piece.length; ) {
        if (!block) {
          block = await blocks.take();
          from = stretch.at;
          to = from;
        }
        const inBlock = to % BLOCK_BYTES;
        const some = Math.min(BLOCK_BYTES - inBlock, piece.length - done);
        blocks.memory.set(piece.subarray(done, done + some), block.at + inBlock);
        done += some;
        to += some;
        stretch.at = to;
        if (inBlock + some === BLOCK_BYTES) await send();
      }
    },
    async flush() {
      if (block) await send();
      await writing;
    },
    drop() {
      if (block) blocks.free(block.at);
      block = undefined;
    },
  };
}

const NOTHING = new Uint8Array(0);

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
