// Voxels of any stored type as float32, and the byte order of big-endian inputs.

// Codes of `convert`, the same as CONVERT in ../kernels.ts.
const INT8 = 0, UINT8 = 1, INT16 = 2, UINT16 = 3, FLOAT16 = 4, INT8_FLIPPED = 5, UINT4 = 6, INT32 = 7, UINT32 = 8, FLOAT64 = 9;

export function convert(kind: i32, src: usize, dst: usize, n: u32): void {
  switch (kind) {
    case INT8: convert1<i8>(src, dst, n, 0); break;
    case UINT8: convert1<u8>(src, dst, n, 0); break;
    case INT8_FLIPPED: convert1<i8>(src, dst, n, 0x80); break;
    case UINT4: convert4bit(src, dst, n); break;
    case INT16: convert2<i16>(src, dst, n); break;
    case UINT16: convert2<u16>(src, dst, n); break;
    case FLOAT16: convertHalf(src, dst, n); break;
    case INT32: convert4<i32>(src, dst, n); break;
    case UINT32: convert4<u32>(src, dst, n); break;
    case FLOAT64: convert8(src, dst, n); break;
    default: memory.copy(dst, src, <usize>n << 2); // float32
  }
}

/** One-byte integers, their bits first changed by `flip`. */
function convert1<T>(src: usize, dst: usize, n: u32, flip: u8): void {
  const end = src + <usize>n, flips = i8x16.splat(<i8>flip);
  for (; src + 16 <= end; src += 16, dst += 64) storeBytes<T>(dst, v128.xor(v128.load(src), flips));
  for (; src < end; src++, dst += 4) store<f32>(dst, <f32>(<T>(load<u8>(src) ^ flip)));
}

/** 16 bytes as 16 float32. */
// @ts-ignore: decorator
@inline
function storeBytes<T>(dst: usize, v: v128): void {
  const low = isSigned<T>() ? i16x8.extend_low_i8x16_s(v) : i16x8.extend_low_i8x16_u(v);
  const high = isSigned<T>() ? i16x8.extend_high_i8x16_s(v) : i16x8.extend_high_i8x16_u(v);
  v128.store(dst, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)));
  v128.store(dst, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), 16);
  v128.store(dst, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), 32);
  v128.store(dst, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), 48);
}

/** Two voxels a byte, low nibble first. An odd `n` leaves the last high nibble unread. */
function convert4bit(src: usize, dst: usize, n: u32): void {
  let i: u32 = 0;
  for (; i + 16 <= n; i += 16, src += 8, dst += 64) {
    const v = v128.load64_zero(src), low = v128.and(v, i8x16.splat(15)), high = i8x16.shr_u(v, 4);
    storeBytes<u8>(dst, v128.shuffle<i8>(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  }
  for (; i < n; i++, dst += 4) {
    const byte = load<u8>(src);
    store<f32>(dst, <f32>(i & 1 ? byte >> 4 : byte & 15));
    src += i & 1;
  }
}

function convert2<T>(src: usize, dst: usize, n: u32): void {
  const end = src + (<usize>n << 1);
  for (; src + 16 <= end; src += 16, dst += 32) {
    const v = v128.load(src);
    v128.store(dst, f32x4.convert_i32x4_s(isSigned<T>() ? i32x4.extend_low_i16x8_s(v) : i32x4.extend_low_i16x8_u(v)));
    v128.store(dst, f32x4.convert_i32x4_s(isSigned<T>() ? i32x4.extend_high_i16x8_s(v) : i32x4.extend_high_i16x8_u(v)), 16);
  }
  for (; src < end; src += 2, dst += 4) store<f32>(dst, <f32>load<T>(src));
}

function convertHalf(src: usize, dst: usize, n: u32): void {
  const end = src + (<usize>n << 1);
  for (; src + 8 <= end; src += 8, dst += 16) v128.store(dst, half4(v128.load16x4_u(src)));
  for (; src < end; src += 2, dst += 4) v128.store_lane<u32>(dst, half4(i32x4.splat(<i32>load<u16>(src))), 0);
}

/**
 * Four float16 (the low halves of the lanes) as float32, without a table: exponent and fraction shifted into place give the value
 * times 2^-112, for subnormals too; infinity and NaN then need their exponent made 255.
 */
// @ts-ignore: decorator
@inline
function half4(v: v128): v128 {
  const magnitude = v128.and(v, i32x4.splat(0x7fff));
  const value = f32x4.mul(i32x4.shl(magnitude, 13), f32x4.splat(<f32>5.192296858534828e33)); // 2^112
  const special = v128.and(i32x4.ge_s(magnitude, i32x4.splat(0x7c00)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(value, special), i32x4.shl(v128.and(v, i32x4.splat(0x8000)), 16));
}

function convert4<T>(src: usize, dst: usize, n: u32): void {
  const end = src + (<usize>n << 2);
  for (; src + 16 <= end; src += 16, dst += 16) {
    v128.store(dst, isSigned<T>() ? f32x4.convert_i32x4_s(v128.load(src)) : f32x4.convert_i32x4_u(v128.load(src)));
  }
  for (; src < end; src += 4, dst += 4) store<f32>(dst, <f32>load<T>(src));
}

function convert8(src: usize, dst: usize, n: u32): void {
  const end = src + (<usize>n << 3);
  for (; src + 16 <= end; src += 16, dst += 8) v128.store_lane<u64>(dst, f32x4.demote_f64x2_zero(v128.load(src)), 0);
  if (src < end) store<f32>(dst, <f32>load<f64>(src));
}

/** Reverses the bytes of each of `n` elements of 2, 4 or 8 bytes, in place. */
export function swap(itemBytes: u32, at: usize, n: u32): void {
  const end = at + <usize>itemBytes * <usize>n;
  if (itemBytes == 2) {
    for (; at + 16 <= end; at += 16) v128.store(at, v128.shuffle<i8>(v128.load(at), v128.load(at), 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
    for (; at < end; at += 2) store<u16>(at, bswap<u16>(load<u16>(at)));
  } else if (itemBytes == 4) {
    for (; at + 16 <= end; at += 16) v128.store(at, v128.shuffle<i8>(v128.load(at), v128.load(at), 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    for (; at < end; at += 4) store<u32>(at, bswap<u32>(load<u32>(at)));
  } else if (itemBytes == 8) {
    for (; at < end; at += 8) store<u64>(at, bswap<u64>(load<u64>(at)));
  }
}
