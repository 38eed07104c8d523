import { ceilDiv, type Triple, volumeOf } from "../../../core/box.js";
import { align, FORMS, LEVELS, type VolumeForm } from "../plan/forms.js";
import type { Layout, ShardCodec } from "../plan/layout.js";

/**
 * Buffers of the shared memory in which chunks of shards are built. A worker takes one when a chunk begins; the main thread
 * returns it when the bytes are in the shard. Buffers are taken in task order, which excludes deadlock: chunks that one waits for
 * already have theirs.
 */
export interface BufferPool {
  count: number;
  /** Bytes of a buffer. */
  bytes: number;
  address(buffer: number): number;
  /** Int32 index of the word of each buffer: 1 while it is taken. */
  taken: number;
  /** Int32 indices: number of buffers taken so far, which are the tickets served; and how often one was given back. */
  served: number;
  returned: number;
}

/** Largest chunk that can be made of a volume, as it is stored, and what is written behind it before it is whole. */
export function chunkBufferBytes(form: VolumeForm, layout: Layout, shape: Triple, codec: ShardCodec): number {
  const { itemBytes } = FORMS[form];
  const plain = volumeOf(layout.chunk) * itemBytes;
  // plain voxels first, which zstd then replaces by what it makes of them: a little more where it cannot shrink them
  if (codec === "zstd") return align(plain + (plain >> 8) + 1024);
  const planes = Math.min(layout.chunk[0], shape[0]);
  const blocks = Math.max(...layout.blockRows.map((rows) => (layout.chunk[0] * layout.chunk[1]) / rows));
  const whole = ceilDiv(planes, layout.blockPlanes[0]!) * layout.blockPlanes[0]!;
  // Header and table, then blocks: each at most its plain bytes and a length for each stream, and one of zeros for those outside.
  return align(16 + 4 * blocks + (plain / layout.chunk[0]) * whole + blocks * 4 * itemBytes + 2048);
}

/** Number of buffers of a unit of so many columns: one for each chunk that is open at once. No fewer will do. */
export function buffersOf({ chunk }: Layout, columns: number): number {
  const across = Array.from({ length: LEVELS }, (_, level) => Math.ceil(columns / (chunk[2] << level)));
  return across.reduce((a, b) => a + b);
}

/**
 * Number of spare buffers, taken where memory suffices: one more for each chunk of the finest level. Those all end together, and
 * the next ones begin while they are being written; with fewer they wait for the disk.
 */
export function spareBuffersOf({ chunk }: Layout, columns: number): number {
  return Math.ceil(columns / chunk[2]);
}

/** Workers' side of a pool. */
export interface TakeOptions {
  words: Int32Array;
  pool: BufferPool;
  /** Waits until a word has another value than this one. */
  changed(word: number, value: number): void;
}

/** Takes the buffer that belongs to a ticket: the number of chunks that begin before. */
export function takeBuffer({ words, pool, changed }: TakeOptions, ticket: number): number {
  for (;;) {
    const served = Atomics.load(words, pool.served);
    if (served === ticket) break;
    changed(pool.served, served);
  }
  for (;;) {
    const returned = Atomics.load(words, pool.returned);
    for (let buffer = 0; buffer < pool.count; buffer++) {
      // No other worker takes a buffer now: the ticket is being served.
      if (Atomics.load(words, pool.taken + buffer) !== 0) continue;
      Atomics.store(words, pool.taken + buffer, 1);
      Atomics.add(words, pool.served, 1);
      Atomics.notify(words, pool.served);
      return buffer;
    }
    changed(pool.returned, returned);
  }
}

export function giveBack(words: Int32Array, pool: BufferPool, buffer: number): void {
  Atomics.store(words, pool.taken + buffer, 0);
  Atomics.add(words, pool.returned, 1);
  Atomics.notify(words, pool.returned);
}
