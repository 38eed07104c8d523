// Rows of another length: voxel i of `m` covers [i * n, (i + 1) * n), voxel k of `n` covers [k * m, (k + 1) * m), in one unit.

/** Voxels x0 .. x0 + w of `m`: the sum of what each overlaps of `n` float32, times the length of the overlap. float64 at `dst`. */
export function overlapSum(src: usize, dst: usize, n: u32, m: u32, x0: u32, w: u32): void {
  let at = src + (<usize>(<u64>x0 * n / m) << 2), done = <u32>(<u64>x0 * n % m);
  for (const end = dst + (<usize>w << 3); dst < end; dst += 8) {
    let sum: f64 = 0, rest = n;
    while (rest > 0) {
      const share = min(m - done, rest);
      sum += <f64>share * <f64>load<f32>(at);
      rest -= share;
      done += share;
      if (done == m) {
        done = 0;
        at += 4;
      }
    }
    store<f64>(dst, sum);
  }
}

/** Voxels x0 .. x0 + w of `m`: 1 where one that is 1 is overlapped, of `n` bytes that are 0 or 1. */
export function overlapAny(src: usize, dst: usize, n: u32, m: u32, x0: u32, w: u32): void {
  let at = src + <usize>(<u64>x0 * n / m), done = <u32>(<u64>x0 * n % m);
  for (const end = dst + <usize>w; dst < end; dst++) {
    let any: u8 = 0, rest = n;
    while (rest > 0) {
      const share = min(m - done, rest);
      any |= load<u8>(at);
      rest -= share;
      done += share;
      if (done == m) {
        done = 0;
        at++;
      }
    }
    store<u8>(dst, any);
  }
}

/** Adds `n` float64 times `weight` to those at `dst`. */
export function addScaled(src: usize, dst: usize, n: u32, weight: f64): void {
  const weights = f64x2.splat(weight), end = src + (<usize>n << 3);
  for (; src + 16 <= end; src += 16, dst += 16) {
    v128.store(dst, f64x2.add(v128.load(dst), f64x2.mul(v128.load(src), weights)));
  }
  if (src < end) store<f64>(dst, load<f64>(dst) + load<f64>(src) * weight);
}

/** Adds `n` bytes to those at `dst` by or. */
export function addAny(src: usize, dst: usize, n: u32): void {
  const end = src + <usize>n;
  for (; src + 16 <= end; src += 16, dst += 16) v128.store(dst, v128.or(v128.load(dst), v128.load(src)));
  for (; src < end; src++, dst++) store<u8>(dst, load<u8>(dst) | load<u8>(src));
}

/** 1 where a sum over `whole`, as float32, is at least `threshold`, else 0: `n` bytes of `n` float64. */
export function selectMean(src: usize, dst: usize, n: u32, whole: f64, threshold: f32): void {
  for (const end = src + (<usize>n << 3); src < end; src += 8, dst++) {
    store<u8>(dst, <u8>(<f32>(load<f64>(src) / whole) >= threshold));
  }
}
