// One pyramid step of integers that stay integers: the mean of a block, rounded to the nearest, halves to the even one (numpy's `rint`).
//
// A block has a power of two of voxels, so nothing leaves the integers: the sum is exact, and dividing is a shift. A missing neighbour is
// replaced by its mirror, which doubles the sum, so that the shift is by 3 bits everywhere; where missing ones count as zeros, by one more
// for each axis that lacks them. A mean lies between the least and the greatest voxel of its block: nothing has to be clipped.
import { pairs1, pairs2 } from "./reduce";

// Codes of the integer types, the same as in convert.ts.
const INT8 = 0, UINT8 = 1, INT16 = 2, UINT16 = 3, FLIPPED = 5, UINT4 = 6, INT32 = 7;

export function roundedMeanZYX(kind: i32, src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  roundedPlanes(kind, src0, src1 ? src1 : src0, dst, h, w, srcRow, dstRow, zero != 0, src1 == 0 && zero != 0);
}

export function roundedMeanYX(kind: i32, src: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  roundedPlanes(kind, src, src, dst, h, w, srcRow, dstRow, zero != 0, false);
}

function roundedPlanes(kind: i32, src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zeros: bool, lacking: bool): void {
  for (let y = 0; y < h; y += 2, dst += dstRow) {
    const a = src0 + <usize>y * srcRow, c = src1 + <usize>y * srcRow, next = y + 1 < h ? srcRow : 0;
    const shift = 3 + <i32>lacking + <i32>(next == 0 && zeros);
    switch (kind) {
      case INT8: row1<i8>(a, a + next, c, c + next, dst, w, shift, zeros); break;
      case UINT8: row1<u8>(a, a + next, c, c + next, dst, w, shift, zeros); break;
      case INT16: row2<i16>(a, a + next, c, c + next, dst, w, shift, zeros); break;
      case UINT16: row2<u16>(a, a + next, c, c + next, dst, w, shift, zeros); break;
      case INT32: rest<i32>(0, a, a + next, c, c + next, dst, w, shift, zeros); break;
      default: rest<u32>(0, a, a + next, c, c + next, dst, w, shift, zeros);
    }
  }
}

/** 32 columns at once: sums of eight bytes fit 16 bits. */
// @ts-ignore: decorator
@inline
function row1<T>(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, shift: i32, zeros: bool): void {
  const half: i32 = (1 << (shift - 1)) - 1, below = i16x8.splat(<i16>half), one = i16x8.splat(1);
  let x = 0;
  for (; x + 32 <= w; x += 32, a += 32, b += 32, c += 32, d += 32, dst += 16) {
    let low = i16x8.add(i16x8.add(pairs1<T>(a), pairs1<T>(b)), i16x8.add(pairs1<T>(c), pairs1<T>(d)));
    let high = i16x8.add(i16x8.add(pairs1<T>(a + 16), pairs1<T>(b + 16)), i16x8.add(pairs1<T>(c + 16), pairs1<T>(d + 16)));
    low = i16x8.shr_s(i16x8.add(i16x8.add(low, below), v128.and(i16x8.shr_s(low, shift), one)), shift);
    high = i16x8.shr_s(i16x8.add(i16x8.add(high, below), v128.and(i16x8.shr_s(high, shift), one)), shift);
    v128.store(dst, isSigned<T>() ? i8x16.narrow_i16x8_s(low, high) : i8x16.narrow_i16x8_u(low, high));
  }
  rest<T>(x, a, b, c, d, dst, w, shift, zeros);
}

// @ts-ignore: decorator
@inline
function row2<T>(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, shift: i32, zeros: bool): void {
  const half: i32 = (1 << (shift - 1)) - 1, below = i32x4.splat(half), one = i32x4.splat(1);
  let x = 0;
  for (; x + 16 <= w; x += 16, a += 32, b += 32, c += 32, d += 32, dst += 16) {
    let low = i32x4.add(i32x4.add(pairs2<T>(a), pairs2<T>(b)), i32x4.add(pairs2<T>(c), pairs2<T>(d)));
    let high = i32x4.add(i32x4.add(pairs2<T>(a + 16), pairs2<T>(b + 16)), i32x4.add(pairs2<T>(c + 16), pairs2<T>(d + 16)));
    low = i32x4.shr_s(i32x4.add(i32x4.add(low, below), v128.and(i32x4.shr_s(low, shift), one)), shift);
    high = i32x4.shr_s(i32x4.add(i32x4.add(high, below), v128.and(i32x4.shr_s(high, shift), one)), shift);
    v128.store(dst, isSigned<T>() ? i16x8.narrow_i32x4_s(low, high) : i16x8.narrow_i32x4_u(low, high));
  }
  rest<T>(x, a, b, c, d, dst, w, shift, zeros);
}

/** Columns from `x` on, block by block, and the last column of an odd row. */
// @ts-ignore: decorator
@inline
function rest<T>(x: i32, a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, shift: i32, zeros: bool): void {
  const item = sizeof<T>();
  for (; x < w; x += 2, a += 2 * item, b += 2 * item, c += 2 * item, d += 2 * item, dst += item) {
    const left = <i64>load<T>(a) + <i64>load<T>(b) + <i64>load<T>(c) + <i64>load<T>(d);
    if (x + 1 == w) store<T>(dst, <T>rounded(left + left, zeros ? shift + 1 : shift));
    else store<T>(dst, <T>rounded(left + <i64>load<T>(a + item) + <i64>load<T>(b + item) + <i64>load<T>(c + item) + <i64>load<T>(d + item), shift));
  }
}

/** `sum / 2^shift`: what is added makes the quotient's last bit decide a half. */
// @ts-ignore: decorator
@inline
function rounded(sum: i64, shift: i64): i64 {
  return (sum + ((<i64>1 << (shift - 1)) - 1) + ((sum >> shift) & 1)) >> shift;
}

/** Voxels of an integer type as that type. May be done in place, but for 4-bit ones. */
export function integers(kind: i32, src: usize, dst: usize, n: u32): void {
  if (kind == UINT4) {
    for (let i: u32 = 0; i < n; i++, dst++) {
      const byte = load<u8>(src + (i >> 1));
      store<u8>(dst, i & 1 ? byte >> 4 : byte & 15);
    }
  } else if (kind == FLIPPED) {
    const end = src + <usize>n, flips = i8x16.splat(<i8>0x80);
    for (; src + 16 <= end; src += 16, dst += 16) v128.store(dst, v128.xor(v128.load(src), flips));
    for (; src < end; src++, dst++) store<u8>(dst, load<u8>(src) ^ 0x80);
  } else memory.copy(dst, src, <usize>n << (kind == INT8 || kind == UINT8 ? 0 : kind == INT16 || kind == UINT16 ? 1 : 2));
}
