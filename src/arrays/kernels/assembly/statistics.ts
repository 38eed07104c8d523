// Minimum, maximum, sums and the histogram of a piece of a volume. Results of pieces combine: the least, the greatest, the sum.

// Codes of the integer types, the same as in convert.ts.
const INT8 = 0, UINT8 = 1, INT16 = 2, UINT16 = 3, INT32 = 7, UINT32 = 8;

/**
 * Integers are summed in blocks of so many bytes, in 32-bit lanes that cannot overflow: 2^14 vectors add 4 x 255^2 each at most
 * to an unsigned lane (squares of bytes), or 2 x 65535 to a signed one (16-bit integers).
 */
const BLOCK: usize = 16384 * 16;

/**
 * Of the finite ones of `n` float32: min, max, sum, sum of squares; then how many were not finite. Five float64 at `out`.
 *
 * A float64 holds the sum of the squares of all float32 that a memory can hold, so if it is finite, every voxel was: only where
 * it is not, a second pass looks at each.
 */
export function stats(src: usize, n: u32, out: usize): void {
  if (!pass(src, n, out, false)) pass(src, n, out, true);
}

/** False where a voxel that is not finite spoiled the sums, which cannot happen to a `careful` pass. */
// @ts-ignore: decorator
@inline
function pass(src: usize, n: u32, out: usize, careful: bool): bool {
  const bits = i32x4.splat(0x7fffffff), limit = i32x4.splat(0x7f800000), top = f32x4.splat(Infinity), bottom = f32x4.splat(-Infinity);
  let least = top, most = bottom, finite = i32x4.splat(0);
  let sum0 = f64x2.splat(0), sum1 = f64x2.splat(0), squares0 = f64x2.splat(0), squares1 = f64x2.splat(0);
  const end = src + (<usize>n << 2);
  let p = src;
  for (; p + 16 <= end; p += 16) {
    let v = v128.load(p), low = v, high = v;
    if (careful) {
      const there = i32x4.lt_s(v128.and(v, bits), limit);
      finite = i32x4.sub(finite, there);
      low = v128.bitselect(v, top, there);
      high = v128.bitselect(v, bottom, there);
      v = v128.and(v, there);
    }
    least = f32x4.pmin(least, low);
    most = f32x4.pmax(most, high);
    low = f64x2.promote_low_f32x4(v);
    high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    sum0 = f64x2.add(sum0, low);
    sum1 = f64x2.add(sum1, high);
    squares0 = f64x2.add(squares0, f64x2.mul(low, low));
    squares1 = f64x2.add(squares1, f64x2.mul(high, high));
  }
  least = f32x4.pmin(least, v128.shuffle<f32>(least, least, 2, 3, 0, 1));
  most = f32x4.pmax(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  sum0 = f64x2.add(sum0, sum1);
  squares0 = f64x2.add(squares0, squares1);
  let a = min(f32x4.extract_lane(least, 0), f32x4.extract_lane(least, 1)), b = max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
  let sum = f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1), squares = f64x2.extract_lane(squares0, 0) + f64x2.extract_lane(squares0, 1);
  let count = i32x4.extract_lane(finite, 0) + i32x4.extract_lane(finite, 1) + i32x4.extract_lane(finite, 2) + i32x4.extract_lane(finite, 3);
  for (; p < end; p += 4) {
    const v = load<f32>(p);
    if (careful && !isFinite<f32>(v)) continue;
    count++;
    a = min(a, v);
    b = max(b, v);
    sum += v;
    squares += <f64>v * <f64>v;
  }
  if (!careful && !isFinite<f64>(squares)) return false;
  write(out, a, b, sum, squares, careful ? n - <u32>count : 0);
  return true;
}

export function statsOf(kind: i32, src: usize, n: u32, out: usize): void {
  switch (kind) {
    case INT8: stats1<i8>(src, n, out); break;
    case UINT8: stats1<u8>(src, n, out); break;
    case INT16: stats2<i16>(src, n, out); break;
    case UINT16: stats2<u16>(src, n, out); break;
    case INT32: stats4<i32>(src, n, out); break;
    case UINT32: stats4<u32>(src, n, out); break;
    default: stats(src, n, out);
  }
}

/** One-byte integers; all sums are exact. */
function stats1<T>(src: usize, n: u32, out: usize): void {
  const end = src + <usize>n;
  let least = i8x16.splat(<i8>(isSigned<T>() ? 127 : 255)), most = i8x16.splat(<i8>(isSigned<T>() ? -128 : 0));
  let sum: i64 = 0, squares: i64 = 0, p = src;
  while (p + 16 <= end) {
    const stop = min(end, p + BLOCK);
    let sums = i32x4.splat(0), squared = i32x4.splat(0);
    for (; p + 16 <= stop; p += 16) {
      const v = v128.load(p);
      const low = isSigned<T>() ? i16x8.extend_low_i8x16_s(v) : i16x8.extend_low_i8x16_u(v);
      const high = isSigned<T>() ? i16x8.extend_high_i8x16_s(v) : i16x8.extend_high_i8x16_u(v);
      least = isSigned<T>() ? i8x16.min_s(least, v) : i8x16.min_u(least, v);
      most = isSigned<T>() ? i8x16.max_s(most, v) : i8x16.max_u(most, v);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_s(i16x8.add(low, high)));
      squared = i32x4.add(squared, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
    }
    sum += total(i64x2.add(i64x2.extend_low_i32x4_s(sums), i64x2.extend_high_i32x4_s(sums)));
    squares += total(i64x2.add(i64x2.extend_low_i32x4_u(squared), i64x2.extend_high_i32x4_u(squared)));
  }
  let a = isSigned<T>() ? 127 : 255, b = isSigned<T>() ? -128 : 0;
  for (; p < end; p++) {
    const v = <i32>load<T>(p);
    a = min(a, v);
    b = max(b, v);
    sum += v;
    squares += v * v;
  }
  for (let fold = 0; fold < 16; fold++) {
    a = min(a, isSigned<T>() ? <i32>i8x16.extract_lane_s(least, 0) : <i32>i8x16.extract_lane_u(least, 0));
    b = max(b, isSigned<T>() ? <i32>i8x16.extract_lane_s(most, 0) : <i32>i8x16.extract_lane_u(most, 0));
    least = v128.shuffle<i8>(least, least, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
    most = v128.shuffle<i8>(most, most, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0);
  }
  writeIntegers(out, n, a, b, sum, squares);
}

/** Two-byte integers; sums are exact below 2^53 and rounded once above. */
function stats2<T>(src: usize, n: u32, out: usize): void {
  const end = src + (<usize>n << 1);
  let least = i16x8.splat(<i16>(isSigned<T>() ? 32767 : 65535)), most = i16x8.splat(<i16>(isSigned<T>() ? -32768 : 0));
  let squares = i64x2.splat(0), sum: i64 = 0, p = src;
  while (p + 16 <= end) {
    const stop = min(end, p + BLOCK);
    let sums = i32x4.splat(0);
    for (; p + 16 <= stop; p += 16) {
      const v = v128.load(p);
      least = isSigned<T>() ? i16x8.min_s(least, v) : i16x8.min_u(least, v);
      most = isSigned<T>() ? i16x8.max_s(most, v) : i16x8.max_u(most, v);
      sums = i32x4.add(sums, isSigned<T>() ? i32x4.extadd_pairwise_i16x8_s(v) : i32x4.extadd_pairwise_i16x8_u(v));
      // A square needs all 32 bits, so it is unsigned for both types.
      const low = isSigned<T>() ? i32x4.extmul_low_i16x8_s(v, v) : i32x4.extmul_low_i16x8_u(v, v);
      const high = isSigned<T>() ? i32x4.extmul_high_i16x8_s(v, v) : i32x4.extmul_high_i16x8_u(v, v);
      squares = i64x2.add(squares, i64x2.add(i64x2.extend_low_i32x4_u(low), i64x2.extend_high_i32x4_u(low)));
      squares = i64x2.add(squares, i64x2.add(i64x2.extend_low_i32x4_u(high), i64x2.extend_high_i32x4_u(high)));
    }
    sum += total(i64x2.add(i64x2.extend_low_i32x4_s(sums), i64x2.extend_high_i32x4_s(sums)));
  }
  let a = isSigned<T>() ? 32767 : 65535, b = isSigned<T>() ? -32768 : 0, square = total(squares);
  for (; p < end; p += 2) {
    const v = <i32>load<T>(p);
    a = min(a, v);
    b = max(b, v);
    sum += v;
    square += <i64>v * v;
  }
  for (let fold = 0; fold < 8; fold++) {
    a = min(a, isSigned<T>() ? <i32>i16x8.extract_lane_s(least, 0) : <i32>i16x8.extract_lane_u(least, 0));
    b = max(b, isSigned<T>() ? <i32>i16x8.extract_lane_s(most, 0) : <i32>i16x8.extract_lane_u(most, 0));
    least = v128.shuffle<i16>(least, least, 1, 2, 3, 4, 5, 6, 7, 0);
    most = v128.shuffle<i16>(most, most, 1, 2, 3, 4, 5, 6, 7, 0);
  }
  writeIntegers(out, n, a, b, sum, square);
}

/** Four-byte integers, summed as float64: no microscope writes them, so plainly. */
function stats4<T>(src: usize, n: u32, out: usize): void {
  const end = src + (<usize>n << 2);
  let least: f64 = Infinity, most: f64 = -Infinity, sum: f64 = 0, squares: f64 = 0;
  for (; src < end; src += 4) {
    const v = <f64>load<T>(src);
    least = min(least, v);
    most = max(most, v);
    sum += v;
    squares += v * v;
  }
  write(out, least, most, sum, squares, 0);
}

// @ts-ignore: decorator
@inline
function total(v: v128): i64 {
  return i64x2.extract_lane(v, 0) + i64x2.extract_lane(v, 1);
}

function writeIntegers(out: usize, n: u32, least: i32, most: i32, sum: i64, squares: i64): void {
  if (n == 0) write(out, Infinity, -Infinity, 0, 0, 0);
  else write(out, <f64>least, <f64>most, <f64>sum, <f64>(<u64>squares), 0);
}

function write(out: usize, least: f64, most: f64, sum: f64, squares: f64, odd: u32): void {
  store<f64>(out, least + 0.0); // -0 becomes 0: which of the two equal ones was met first must not show
  store<f64>(out, most + 0.0, 8);
  store<f64>(out, sum, 16);
  store<f64>(out, squares, 24);
  store<f64>(out, <f64>odd, 32);
}

/** Adds `n` float32 to 65,536 uint32 counts. A bin is the upper half of the bits, mapped so that bins ascend with the values. */
export function histogram(src: usize, n: u32, table: usize): void {
  const end = src + (<usize>n << 2);
  let p = src;
  for (; p + 16 <= end; p += 16) {
    const v = v128.load(p), key = i32x4.shr_u(v128.xor(v, v128.or(i32x4.shr_s(v, 31), i32x4.splat(0x80000000))), 16);
    count(table, i32x4.extract_lane(key, 0));
    count(table, i32x4.extract_lane(key, 1));
    count(table, i32x4.extract_lane(key, 2));
    count(table, i32x4.extract_lane(key, 3));
  }
  for (; p < end; p += 4) {
    const v = load<i32>(p);
    count(table, <i32>(<u32>(v ^ ((v >> 31) | 0x80000000)) >> 16));
  }
}

// @ts-ignore: decorator
@inline
function count(table: usize, bin: i32): void {
  const at = table + (<usize>bin << 2);
  store<u32>(at, load<u32>(at) + 1);
}
