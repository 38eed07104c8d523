// Which voxels a mask takes, and voxels as labels. All read float32, to which every stored type is converted first.

/** 1 where a voxel equals `label`, else 0, one byte a voxel; returns how many do. */
export function selectEqual(src: usize, dst: usize, n: u32, label: f32): u32 {
  return select(src, dst, n, label, true);
}

/** 1 where a voxel is at least `threshold`, else 0 (a NaN is not); returns how many are. */
export function selectAtLeast(src: usize, dst: usize, n: u32, threshold: f32): u32 {
  return select(src, dst, n, threshold, false);
}

// @ts-ignore: decorator
@inline
function select(src: usize, dst: usize, n: u32, value: f32, equal: bool): u32 {
  const end = src + (<usize>n << 2), wanted = f32x4.splat(value);
  let count: u32 = 0;
  for (; src + 64 <= end; src += 64, dst += 16) {
    const low = i16x8.narrow_i32x4_s(hits(src, wanted, equal), hits(src + 16, wanted, equal));
    const high = i16x8.narrow_i32x4_s(hits(src + 32, wanted, equal), hits(src + 48, wanted, equal));
    const all = i8x16.narrow_i16x8_s(low, high);
    v128.store(dst, v128.and(all, i8x16.splat(1)));
    count += popcnt<i32>(i8x16.bitmask(all));
  }
  for (; src < end; src += 4, dst++) {
    const v = load<f32>(src), hit = equal ? v == value : v >= value;
    store<u8>(dst, <u8>hit);
    count += <u32>hit;
  }
  return count;
}

// @ts-ignore: decorator
@inline
function hits(src: usize, wanted: v128, equal: bool): v128 {
  return equal ? f32x4.eq(v128.load(src), wanted) : f32x4.ge(v128.load(src), wanted);
}

/** Voxels as uint16, up to the first that is no whole number from 0 to 65535. Returns its index; `n` where all are. */
export function toLabels(src: usize, dst: usize, n: u32): u32 {
  let i: u32 = 0;
  for (; i + 8 <= n; i += 8, src += 32, dst += 16) {
    const a = v128.load(src), b = v128.load(src, 16);
    const whole0 = i32x4.trunc_sat_f32x4_s(a), whole1 = i32x4.trunc_sat_f32x4_s(b);
    const same = v128.and(f32x4.eq(a, f32x4.convert_i32x4_s(whole0)), f32x4.eq(b, f32x4.convert_i32x4_s(whole1)));
    const beyond = i32x4.shr_u(v128.or(whole0, whole1), 16);
    if (!i32x4.all_true(same) || v128.any_true(beyond)) break;
    v128.store(dst, i16x8.narrow_i32x4_u(whole0, whole1));
  }
  for (; i < n; i++, src += 4, dst += 2) {
    const v = load<f32>(src);
    if (!(v >= 0 && v <= 65535) || nearest(v) != v) return i;
    store<u16>(dst, <u16>v);
  }
  return n;
}

/** Counts uint16 in the 65536 uint32 at `table`; a count stays at 2^32 - 1 rather than begin again at 0. */
export function countLabels(src: usize, n: u32, table: usize): void {
  const end = src + (<usize>n << 1);
  while (src < end) {
    const label = load<u16>(src), first = src, same = i16x8.splat(label);
    src += 2;
    // labels come in runs, most of all the background
    while (src + 16 <= end && i16x8.all_true(i16x8.eq(v128.load(src), same))) src += 16;
    while (src < end && load<u16>(src) == label) src += 2;
    const run = <u32>((src - first) >> 1), at = table + (<usize>label << 2), sum = load<u32>(at) + run;
    store<u32>(at, sum < run ? u32.MAX_VALUE : sum);
  }
}
