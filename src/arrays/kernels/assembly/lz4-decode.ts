// Decoder of the LZ4 block format (lz4.org, doc/lz4_Block_format.md) for unverified bytes.

/**
 * Decodes [src, srcEnd) to [dst, dstEnd). Returns as soon as `want` bytes are there; where `want` is all of the output, the
 * stream must end exactly with it. Nothing outside of [src, srcEnd) and the bytes written by this call has any influence. Stores
 * may overshoot dstEnd up to `wild`, never beyond. False: the stream is broken.
 */
export function decompress(src: usize, srcEnd: usize, dst: usize, dstEnd: usize, wild: usize, want: u32): bool {
  const stop = dst + <usize>want, whole = stop == dstEnd;
  let from = src, to = dst;
  while (from < srcEnd) {
    const token = <u32>load<u8>(from++);
    let n = token >> 4;
    // Noisy data is made of short sequences: at most 14 literals and a match of at most 18, with room for both on either side, need
    // no check but that of the offset.
    if (n < 15 && dstEnd - to >= 64 && srcEnd - from >= 32) {
      v128.store(to, v128.load(from));
      const next = from + n, at = to + n;
      const offset = <usize>load<u16>(next), match = at - offset;
      if ((token & 15) != 15 && offset >= 16 && offset <= at - dst) {
        v128.store(at, v128.load(match));
        if ((token & 15) > 12) v128.store(at, v128.load(match, 16), 16);
        from = next + 2;
        to = at + (token & 15) + 4;
        if (to >= stop) return true; // Never where all is wanted: room for more is left.
        continue;
      }
    }
    if (n == 15) {
      let byte: u32;
      do {
        if (from >= srcEnd || n > <u32>(dstEnd - to)) return false; // The second test also keeps n from wrapping around.
        byte = <u32>load<u8>(from++);
        n += byte;
      } while (byte == 255);
    }
    if (n > <u32>(dstEnd - to) || n > <u32>(srcEnd - from)) return false;
    if (n <= 256 && wild - to >= n + 16 && srcEnd - from >= n + 16) {
      let i: usize = 0;
      do {
        v128.store(to + i, v128.load(from + i));
        i += 16;
      } while (i < <usize>n);
    } else memory.copy(to, from, n);
    from += n;
    to += n;
    if (from == srcEnd) return whole ? to == dstEnd : to >= stop; // The last sequence is literals only.
    if (!whole && to >= stop) return true;
    if (srcEnd - from < 2) return false;
    const offset = <usize>load<u16>(from);
    from += 2;
    if (offset == 0 || offset > to - dst) return false;
    n = token & 15;
    if (n == 15) {
      let byte: u32;
      do {
        if (from >= srcEnd || n > <u32>(dstEnd - to)) return false;
        byte = <u32>load<u8>(from++);
        n += byte;
      } while (byte == 255);
    }
    n += 4;
    if (n > <u32>(dstEnd - to)) return false;
    copyMatch(to, offset, n, wild);
    to += n;
    if (!whole && to >= stop) return true;
  }
  return false; // It ended behind a match, or was empty.
}

/** `n` bytes at `to` from `offset` bytes before; they overlap where offset < n. */
// @ts-ignore: decorator
@inline
export function copyMatch(to: usize, offset: usize, n: u32, wild: usize): void {
  const from = to - offset, size = <usize>n;
  if (wild - to < size + 16) {
    for (let i: usize = 0; i < size; i++) store<u8>(to + i, load<u8>(from + i));
  } else if (offset >= 16) {
    let i: usize = 0;
    do {
      v128.store(to + i, v128.load(from + i));
      i += 16;
    } while (i < size);
  } else {
    // The period repeated in a vector, which then advances by whole periods.
    const v = i8x16.swizzle(v128.load(from), repeat(<u32>offset)), step = <usize>16 - (<usize>16 % offset);
    let i: usize = 0;
    do {
      v128.store(to + i, v);
      i += step;
    } while (i < size);
  }
}

/** Lane i is i % period: swizzled by it, a vector repeats its first `period` bytes. A difference below 0 wraps around and loses to the other. */
// @ts-ignore: decorator
@inline
function repeat(period: u32): v128 {
  const p1 = i8x16.splat(<i8>period), p2 = i8x16.add(p1, p1), p4 = i8x16.add(p2, p2);
  let lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  lanes = i8x16.min_u(lanes, i8x16.sub(lanes, i8x16.add(p4, p4)));
  lanes = i8x16.min_u(lanes, i8x16.sub(lanes, p4));
  lanes = i8x16.min_u(lanes, i8x16.sub(lanes, p2));
  return i8x16.min_u(lanes, i8x16.sub(lanes, p1));
}
