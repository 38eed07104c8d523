// Byte shuffle: the first bytes of all elements, then the second bytes, and so on. Slowly changing high bytes come to lie together.

/**
 * Shuffles a window of `w` x `h` elements, rows `srcRow` bytes apart, into elements at .. at + cw * ch of a block of `n`
 * elements. What the window does not cover becomes zero (edge chunks of Zarr are full size).
 */
export function gather(itemBytes: u32, src: usize, srcRow: usize, w: u32, h: u32, cw: u32, ch: u32, block: usize, n: u32, at: u32): void {
  const stream = <usize>n;
  let to = block + <usize>at;
  if (w < cw || h < ch) for (let k: usize = 0; k < <usize>itemBytes; k++) memory.fill(to + k * stream, 0, <usize>(cw * ch));
  for (let y: u32 = 0; y < h; y++, src += srcRow, to += cw) {
    if (itemBytes == 4) shuffle4(src, to, stream, w);
    else if (itemBytes == 2) shuffle2(src, to, stream, w);
    else if (itemBytes == 1) memory.copy(to, src, w);
    else shuffleAny(itemBytes, src, to, stream, w);
  }
}

// @ts-ignore: decorator
@inline
function shuffle4(src: usize, dst: usize, stream: usize, n: u32): void {
  const order = i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  let x: u32 = 0;
  for (; x + 16 <= n; x += 16, src += 64, dst += 16) {
    const a = i8x16.swizzle(v128.load(src), order), b = i8x16.swizzle(v128.load(src, 16), order);
    const c = i8x16.swizzle(v128.load(src, 32), order), d = i8x16.swizzle(v128.load(src, 48), order);
    const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7), cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(dst, v128.shuffle<i64>(ab01, cd01, 0, 2));
    v128.store(dst + stream, v128.shuffle<i64>(ab01, cd01, 1, 3));
    v128.store(dst + 2 * stream, v128.shuffle<i64>(ab23, cd23, 0, 2));
    v128.store(dst + 3 * stream, v128.shuffle<i64>(ab23, cd23, 1, 3));
  }
  shuffleAny(4, src, dst, stream, n - x);
}

// @ts-ignore: decorator
@inline
function shuffle2(src: usize, dst: usize, stream: usize, n: u32): void {
  let x: u32 = 0;
  for (; x + 16 <= n; x += 16, src += 32, dst += 16) {
    const a = v128.load(src), b = v128.load(src, 16);
    v128.store(dst, v128.shuffle<i8>(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
    v128.store(dst + stream, v128.shuffle<i8>(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31));
  }
  shuffleAny(2, src, dst, stream, n - x);
}

function shuffleAny(itemBytes: u32, src: usize, dst: usize, stream: usize, n: u32): void {
  for (let x: u32 = 0; x < n; x++, src += itemBytes, dst++) {
    for (let k: usize = 0; k < <usize>itemBytes; k++) store<u8>(dst + k * stream, load<u8>(src + k));
  }
}

/** The inverse for a whole block of `bytes` bytes; what is behind the last whole element is copied. */
export function unshuffle(itemBytes: u32, src: usize, dst: usize, bytes: u32): void {
  const n = bytes / itemBytes, woven = n * itemBytes;
  if (itemBytes == 4) unshuffle4(src, src + n, src + 2 * n, src + 3 * n, dst, n);
  else if (itemBytes == 2) unshuffle2(src, src + n, dst, n);
  else if (itemBytes == 8) unshuffle8(src, src + n, src + 2 * n, src + 3 * n, src + 4 * n, src + 5 * n, src + 6 * n, src + 7 * n, dst, n);
  else {
    for (let k: u32 = 0; k < itemBytes; k++) {
      for (let i: u32 = 0, from = src + k * n, to = dst + k; i < n; i++, from++, to += itemBytes) store<u8>(to, load<u8>(from));
    }
  }
  memory.copy(dst + woven, src + woven, bytes - woven);
}

export function unshuffle2(a: usize, b: usize, dst: usize, n: usize): void {
  let i: usize = 0;
  for (; i + 16 <= n; i += 16, dst += 32) {
    const p = v128.load(a + i), q = v128.load(b + i);
    v128.store(dst, weaveLow(p, q));
    v128.store(dst, weaveHigh(p, q), 16);
  }
  if (i == n) return;
  if (n >= 8) { // The last elements once more: rows of boxes are short.
    const rest = n - i, back: usize = rest > 8 ? 16 : 8;
    if (n >= back) {
      dst -= 2 * (back - rest);
      i = n - back;
      const p = back == 16 ? v128.load(a + i) : v128.load64_zero(a + i), q = back == 16 ? v128.load(b + i) : v128.load64_zero(b + i);
      v128.store(dst, weaveLow(p, q));
      if (back == 16) v128.store(dst, weaveHigh(p, q), 16);
      return;
    }
  }
  for (; i < n; i++, dst += 2) {
    store<u8>(dst, load<u8>(a + i));
    store<u8>(dst, load<u8>(b + i), 1);
  }
}

export function unshuffle4(a: usize, b: usize, c: usize, d: usize, dst: usize, n: usize): void {
  let i: usize = 0;
  for (; i + 16 <= n; i += 16, dst += 64) {
    const p = v128.load(a + i), q = v128.load(b + i), r = v128.load(c + i), s = v128.load(d + i);
    const low = weaveLow(p, q), high = weaveHigh(p, q), low2 = weaveLow(r, s), high2 = weaveHigh(r, s);
    v128.store(dst, v128.shuffle<i16>(low, low2, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(dst, v128.shuffle<i16>(low, low2, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    v128.store(dst, v128.shuffle<i16>(high, high2, 0, 8, 1, 9, 2, 10, 3, 11), 32);
    v128.store(dst, v128.shuffle<i16>(high, high2, 4, 12, 5, 13, 6, 14, 7, 15), 48);
  }
  for (; i < n; i++, dst += 4) {
    store<u8>(dst, load<u8>(a + i));
    store<u8>(dst, load<u8>(b + i), 1);
    store<u8>(dst, load<u8>(c + i), 2);
    store<u8>(dst, load<u8>(d + i), 3);
  }
}

/** Eight bytes: two times four streams make 32-bit halves, which are then woven together. */
export function unshuffle8(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, g: usize, h: usize, dst: usize, n: usize): void {
  let i: usize = 0;
  for (; i + 8 <= n; i += 8, dst += 64) {
    const p = weave8(a + i, b + i), q = weave8(c + i, d + i), r = weave8(e + i, f + i), s = weave8(g + i, h + i);
    const low0 = v128.shuffle<i16>(p, q, 0, 8, 1, 9, 2, 10, 3, 11), low1 = v128.shuffle<i16>(p, q, 4, 12, 5, 13, 6, 14, 7, 15);
    const high0 = v128.shuffle<i16>(r, s, 0, 8, 1, 9, 2, 10, 3, 11), high1 = v128.shuffle<i16>(r, s, 4, 12, 5, 13, 6, 14, 7, 15);
    v128.store(dst, v128.shuffle<i32>(low0, high0, 0, 4, 1, 5));
    v128.store(dst, v128.shuffle<i32>(low0, high0, 2, 6, 3, 7), 16);
    v128.store(dst, v128.shuffle<i32>(low1, high1, 0, 4, 1, 5), 32);
    v128.store(dst, v128.shuffle<i32>(low1, high1, 2, 6, 3, 7), 48);
  }
  for (; i < n; i++, dst += 8) {
    store<u8>(dst, load<u8>(a + i));
    store<u8>(dst, load<u8>(b + i), 1);
    store<u8>(dst, load<u8>(c + i), 2);
    store<u8>(dst, load<u8>(d + i), 3);
    store<u8>(dst, load<u8>(e + i), 4);
    store<u8>(dst, load<u8>(f + i), 5);
    store<u8>(dst, load<u8>(g + i), 6);
    store<u8>(dst, load<u8>(h + i), 7);
  }
}

// @ts-ignore: decorator
@inline
function weaveLow(p: v128, q: v128): v128 {
  return v128.shuffle<i8>(p, q, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function weaveHigh(p: v128, q: v128): v128 {
  return v128.shuffle<i8>(p, q, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// @ts-ignore: decorator
@inline
function weave8(a: usize, b: usize): v128 {
  return weaveLow(v128.load64_zero(a), v128.load64_zero(b));
}
