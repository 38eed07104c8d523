// One pyramid step: two planes (or one) of a level give a plane of the next.
//
// Voxels are added in float32 in the order in which numpy's mean of scikit-image's `block_reduce` adds them, so levels have the bits of the
// portal's: neighbours along x first, then the rows of those sums: ((first plane's two), second plane's first), second plane's second. At an
// odd edge fewer are there, always a power of two: the factor is exact whether it counts those alone or, where the rule is "zeros", all.
//
// Sums of integers are exact in any order. There a missing neighbour is replaced by its mirror, and doubling is exact too.

// Codes of the integer types, the same as in convert.ts and statistics.ts.
const INT8 = 0, UINT8 = 1, INT16 = 2, UINT16 = 3;

export function meanZYX(src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  meanFloats(src0, src1, 4, dst, h, w, srcRow, dstRow, zero != 0);
}

export function meanYX(src: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  meanFloats(src, 0, 2, dst, h, w, srcRow, dstRow, zero != 0);
}

export function meanZYXOf(kind: i32, src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  const other = src1 ? src1 : src0, lacking = src1 == 0 && zero != 0;
  switch (kind) {
    case INT8: meanPlanes<i8>(src0, other, dst, h, w, srcRow, dstRow, zero != 0, lacking); break;
    case UINT8: meanPlanes<u8>(src0, other, dst, h, w, srcRow, dstRow, zero != 0, lacking); break;
    case INT16: meanPlanes<i16>(src0, other, dst, h, w, srcRow, dstRow, zero != 0, lacking); break;
    case UINT16: meanPlanes<u16>(src0, other, dst, h, w, srcRow, dstRow, zero != 0, lacking); break;
    default: meanFloats(src0, src1, 4, dst, h, w, srcRow, dstRow, zero != 0);
  }
}

export function meanYXOf(kind: i32, src: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zero: usize): void {
  switch (kind) {
    case INT8: meanPlanes<i8>(src, src, dst, h, w, srcRow, dstRow, zero != 0, false); break;
    case UINT8: meanPlanes<u8>(src, src, dst, h, w, srcRow, dstRow, zero != 0, false); break;
    case INT16: meanPlanes<i16>(src, src, dst, h, w, srcRow, dstRow, zero != 0, false); break;
    case UINT16: meanPlanes<u16>(src, src, dst, h, w, srcRow, dstRow, zero != 0, false); break;
    default: meanFloats(src, 0, 2, dst, h, w, srcRow, dstRow, zero != 0);
  }
}

/** `zeros`: missing rows and columns count as zeros; `lacking`: the second plane, given as a mirror of the first, does too. */
function meanPlanes<T>(src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zeros: bool, lacking: bool): void {
  const whole: f32 = lacking ? 0.0625 : 0.125;
  for (let y = 0; y < h; y += 2, dst += dstRow) {
    const a = src0 + <usize>y * srcRow, c = src1 + <usize>y * srcRow, next = y + 1 < h ? srcRow : 0;
    const factor: f32 = next == 0 && zeros ? whole * 0.5 : whole;
    if (sizeof<T>() == 2) meanRow2<T>(a, a + next, c, c + next, dst, w, factor, zeros);
    else meanRow1<T>(a, a + next, c, c + next, dst, w, factor, zeros);
  }
}

/** Float32. `src1` 0: there is no second plane. `whole`: rows of a block that no edge cuts, 4 of two planes, 2 of one. */
function meanFloats(src0: usize, src1: usize, whole: i32, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize, zeros: bool): void {
  for (let y = 0; y < h; y += 2, dst += dstRow) {
    const a = src0 + <usize>y * srcRow, c = src1 + <usize>y * srcRow, hasNext = y + 1 < h;
    const rows = (hasNext ? 2 : 1) * (src1 ? 2 : 1);
    const factor = <f32>0.5 / <f32>(zeros ? whole : rows);
    if (rows == 4) meanRow4(a, a + srcRow, c, c + srcRow, dst, w, factor, zeros);
    else if (rows == 2) meanRow2Floats(a, hasNext ? a + srcRow : c, dst, w, factor, zeros);
    else meanRow1Floats(a, dst, w, factor, zeros);
  }
}

/** Rows a, b of one plane and c, d of the other. The value of a voxel does not depend on where its row ends. */
function meanRow4(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 8 <= w; x += 8, a += 32, b += 32, c += 32, d += 32, dst += 16) {
    const sum = f32x4.add(f32x4.add(f32x4.add(pairs4(a), pairs4(b)), pairs4(c)), pairs4(d));
    v128.store(dst, f32x4.mul(positive(sum), factors));
  }
  for (; x + 2 <= w; x += 2, a += 8, b += 8, c += 8, d += 8, dst += 4) {
    store<f32>(dst, ((((pair(a) + pair(b)) + pair(c)) + pair(d)) + 0) * factor);
  }
  if (x < w) {
    const sum = ((load<f32>(a) + load<f32>(b)) + load<f32>(c)) + load<f32>(d);
    store<f32>(dst, (sum + 0) * (zeros ? factor : factor * 2));
  }
}

function meanRow2Floats(a: usize, b: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 8 <= w; x += 8, a += 32, b += 32, dst += 16) {
    v128.store(dst, f32x4.mul(positive(f32x4.add(pairs4(a), pairs4(b))), factors));
  }
  for (; x + 2 <= w; x += 2, a += 8, b += 8, dst += 4) store<f32>(dst, ((pair(a) + pair(b)) + 0) * factor);
  if (x < w) store<f32>(dst, ((load<f32>(a) + load<f32>(b)) + 0) * (zeros ? factor : factor * 2));
}

function meanRow1Floats(a: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 8 <= w; x += 8, a += 32, dst += 16) v128.store(dst, f32x4.mul(positive(pairs4(a)), factors));
  for (; x + 2 <= w; x += 2, a += 8, dst += 4) store<f32>(dst, (pair(a) + 0) * factor);
  if (x < w) store<f32>(dst, (load<f32>(a) + 0) * (zeros ? factor : factor * 2));
}

/** Sums whose zeros are +0: numpy adds everything to a first zero. */
// @ts-ignore: decorator
@inline
function positive(sums: v128): v128 {
  return f32x4.add(sums, f32x4.splat(0));
}

/** Sums of the four pairs of eight voxels. */
// @ts-ignore: decorator
@inline
function pairs4(p: usize): v128 {
  const left = v128.load(p), right = v128.load(p, 16);
  return f32x4.add(v128.shuffle<f32>(left, right, 0, 2, 4, 6), v128.shuffle<f32>(left, right, 1, 3, 5, 7));
}

// @ts-ignore: decorator
@inline
function pair(p: usize): f32 {
  return load<f32>(p) + load<f32>(p, 4);
}

/** Sums of eight 16-bit integers stay below 2^24: exact, whatever the order. */
// @ts-ignore: decorator
@inline
function meanRow2<T>(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 8 <= w; x += 8, a += 16, b += 16, c += 16, d += 16, dst += 16) {
    const sum = i32x4.add(i32x4.add(pairs2<T>(a), pairs2<T>(b)), i32x4.add(pairs2<T>(c), pairs2<T>(d)));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(sum), factors));
  }
  tail<T>(x, a, b, c, d, dst, w, factor, zeros);
}

// @ts-ignore: decorator
@inline
function meanRow1<T>(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 16 <= w; x += 16, a += 16, b += 16, c += 16, d += 16, dst += 32) {
    const sum = i16x8.add(i16x8.add(pairs1<T>(a), pairs1<T>(b)), i16x8.add(pairs1<T>(c), pairs1<T>(d)));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(sum)), factors));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(sum)), factors), 16);
  }
  tail<T>(x, a, b, c, d, dst, w, factor, zeros);
}

// @ts-ignore: decorator
@inline
export function pairs2<T>(p: usize): v128 {
  return isSigned<T>() ? i32x4.extadd_pairwise_i16x8_s(v128.load(p)) : i32x4.extadd_pairwise_i16x8_u(v128.load(p));
}

// @ts-ignore: decorator
@inline
export function pairs1<T>(p: usize): v128 {
  return isSigned<T>() ? i16x8.extadd_pairwise_i8x16_s(v128.load(p)) : i16x8.extadd_pairwise_i8x16_u(v128.load(p));
}

/** What is left of a row, pair by pair, and the last column of an odd one. */
// @ts-ignore: decorator
@inline
function tail<T>(x: i32, a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32, factor: f32, zeros: bool): void {
  const item = sizeof<T>();
  for (; x + 2 <= w; x += 2, a += 2 * item, b += 2 * item, c += 2 * item, d += 2 * item, dst += 4) {
    const left = (<f32>load<T>(a) + <f32>load<T>(b)) + (<f32>load<T>(c) + <f32>load<T>(d));
    const right = (<f32>load<T>(a + item) + <f32>load<T>(b + item)) + (<f32>load<T>(c + item) + <f32>load<T>(d + item));
    store<f32>(dst, (left + right) * factor);
  }
  if (x < w) {
    const left = (<f32>load<T>(a) + <f32>load<T>(b)) + (<f32>load<T>(c) + <f32>load<T>(d));
    store<f32>(dst, (left + left) * (zeros ? factor * 0.5 : factor));
  }
}

export function anyZYX(src0: usize, src1: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize): void {
  const other = src1 ? src1 : src0;
  for (let y = 0; y < h; y += 2, dst += dstRow) {
    const a = src0 + <usize>y * srcRow, c = other + <usize>y * srcRow, next = y + 1 < h ? srcRow : 0;
    anyRow(a, a + next, c, c + next, dst, w);
  }
}

export function anyYX(src: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize): void {
  anyZYX(src, 0, dst, h, w, srcRow, dstRow);
}

// @ts-ignore: decorator
@inline
function anyRow(a: usize, b: usize, c: usize, d: usize, dst: usize, w: i32): void {
  const none = i16x8.splat(0);
  let x = 0;
  for (; x + 32 <= w; x += 32, a += 32, b += 32, c += 32, d += 32, dst += 16) {
    const p = v128.or(v128.or(v128.load(a), v128.load(b)), v128.or(v128.load(c), v128.load(d)));
    const q = v128.or(v128.or(v128.load(a, 16), v128.load(b, 16)), v128.or(v128.load(c, 16), v128.load(d, 16)));
    v128.store(dst, v128.and(i8x16.narrow_i16x8_s(i16x8.ne(p, none), i16x8.ne(q, none)), i8x16.splat(1)));
  }
  for (; x + 2 <= w; x += 2, a += 2, b += 2, c += 2, d += 2, dst++) {
    store<u8>(dst, <u8>((load<u16>(a) | load<u16>(b) | load<u16>(c) | load<u16>(d)) != 0));
  }
  if (x < w) store<u8>(dst, <u8>((load<u8>(a) | load<u8>(b) | load<u8>(c) | load<u8>(d)) != 0));
}

export function strideYX(src: usize, dst: usize, h: i32, w: i32, srcRow: usize, dstRow: usize): void {
  for (let y = 0; y < h; y += 2, dst += dstRow) {
    let from = src + <usize>y * srcRow, to = dst, x = 0;
    for (; x + 16 <= w; x += 16, from += 32, to += 16) {
      v128.store(to, v128.shuffle<i16>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6, 8, 10, 12, 14));
    }
    for (; x < w; x += 2, from += 4, to += 2) store<u16>(to, load<u16>(from));
  }
}
