/** Random access to bytes. Format readers use no other input. Stores, memory and tests implement it. */
export interface RandomAccess {
  /** Name of this source in error messages: a path or URL as the user knows it. */
  readonly name: string;
  /** Total length in bytes. */
  size(): Promise<number>;
  /**
   * Bytes `[offset, offset + length)`, or fewer where the source ends before. An offset at or past the end gives 0 bytes.
   * The result may share memory with the source: copy it before changing it.
   */
  read(range: ByteRange, options?: ReadOptions): Promise<Uint8Array>;
}

/** Half-open by length: both in bytes, both non-negative integers. */
export interface ByteRange {
  offset: number;
  length: number;
}

export interface ReadOptions {
  signal?: AbortSignal | undefined;
}

/** A source that sits in memory. */
export function inMemory(bytes: Uint8Array, name = "memory"): RandomAccess {
  return {
    name,
    size: async () => bytes.length,
    read: async ({ offset, length }) => bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  };
}

/** A source over the bytes `[offset, offset + length)` of another source. */
export function slice(source: RandomAccess, offset: number, length: number): RandomAccess {
  return {
    name: source.name,
    size: async () => Math.max(0, Math.min(length, (await source.size()) - offset)),
    read: (range, options) => {
      const from = Math.min(range.offset, length);
      return source.read({ offset: offset + from, length: Math.min(range.length, length - from) }, options);
    },
  };
}

/** Concatenates two sources. The result has the name of the first. */
export function joined(first: RandomAccess, second: RandomAccess): RandomAccess {
  return {
    name: first.name,
    size: async () => (await first.size()) + (await second.size()),
    read: async ({ offset, length }, options) => {
      const border = await first.size();
      const before = Math.max(0, Math.min(length, border - offset));
      if (before === length) return first.read({ offset, length }, options);
      const rest = { offset: Math.max(0, offset - border), length: length - before };
      if (before === 0) return second.read(rest, options);
      return concat([await first.read({ offset, length: before }, options), await second.read(rest, options)]);
    },
  };
}

/** glibc always maps blocks larger than this separately, and returns them to the system when they are freed. */
const MAPPED_BYTES = 33 * 2 ** 20;
const SPACIOUS_BYTES_MIN = 2 ** 20;

/**
 * Allocates a large zeroed buffer whose memory returns to the system as soon as it is freed.
 *
 * glibc adapts to each freed block of up to 32 MiB: afterwards every thread keeps up to twice that size of free memory. So a buffer of 1
 * MiB or more is placed at the beginning of a larger block. The rest of that block is never touched and takes no memory.
 *
 * @returns a view of a larger `buffer`: whoever sends it to a thread transfers it, since a copy would be one of all of it.
 */
export function spaciousBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length < SPACIOUS_BYTES_MIN || length >= MAPPED_BYTES) return new Uint8Array(length);
  return new Uint8Array(new ArrayBuffer(MAPPED_BYTES), 0, length);
}

/** Joins pieces into one array. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = spaciousBytes(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Lower-case hexadecimal text of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
