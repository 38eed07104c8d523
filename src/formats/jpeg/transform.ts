/**
 * The accurate integer DCTs of the Independent JPEG Group's library (`jidctint.c`, `jfdctint.c`). The standard leaves the last
 * bit open; other programs use that library, so pixels equal theirs.
 */

const CONST_BITS = 13;
const PASS1_BITS = 2;

const F0_298 = 2446;
const F0_390 = 3196;
const F0_541 = 4433;
const F0_765 = 6270;
const F0_899 = 7373;
const F1_175 = 9633;
const F1_501 = 12299;
const F1_847 = 15137;
const F1_961 = 16069;
const F2_053 = 16819;
const F2_562 = 20995;
const F3_072 = 25172;

/**
 * 64 samples of one block.
 *
 * @param coefficients 64 from `at` on, times those of `table` (both in the order of rows and columns).
 * @param target samples, `stride` from row to row, the first at `to`.
 * @param work 64 numbers of scratch.
 */
export function inverseTransform(
  coefficients: Int16Array,
  at: number,
  table: Uint16Array,
  target: Uint8Array,
  to: number,
  stride: number,
  work: Int32Array,
): void {
  for (let x = 0; x < 8; x++) {
    const i = at + x;
    const first = coefficients[i]! * table[x]!;
    if (
      coefficients[i + 8] === 0 &&
      coefficients[i + 16] === 0 &&
      coefficients[i + 24] === 0 &&
      coefficients[i + 32] === 0 &&
      coefficients[i + 40] === 0 &&
      coefficients[i + 48] === 0 &&
      coefficients[i + 56] === 0
    ) {
      const value = first << PASS1_BITS;
      for (let y = 0; y < 64; y += 8) work[x + y] = value;
      continue;
    }
    inverse8(
      first,
      coefficients[i + 8]! * table[x + 8]!,
      coefficients[i + 16]! * table[x + 16]!,
      coefficients[i + 24]! * table[x + 24]!,
      coefficients[i + 32]! * table[x + 32]!,
      coefficients[i + 40]! * table[x + 40]!,
      coefficients[i + 48]! * table[x + 48]!,
      coefficients[i + 56]! * table[x + 56]!,
      CONST_BITS - PASS1_BITS,
      work,
      x,
      8,
    );
  }
  for (let y = 0; y < 64; y += 8) {
    inverse8(
      work[y]!,
      work[y + 1]!,
      work[y + 2]!,
      work[y + 3]!,
      work[y + 4]!,
      work[y + 5]!,
      work[y + 6]!,
      work[y + 7]!,
      CONST_BITS + PASS1_BITS + 3,
      work,
      y,
      1,
    );
  }
  for (let y = 0; y < 8; y++) {
    const row = to + y * stride;
    for (let x = 0; x < 8; x++) {
      const value = work[8 * y + x]! + 128;
      target[row + x] = Math.max(0, Math.min(value, 255));
    }
  }
}

function inverse8(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  c4: number,
  c5: number,
  c6: number,
  c7: number,
  shift: number,
  out: Int32Array,
  at: number,
  step: number,
): void {
  const half = 1 << (shift - 1);
  const even = (c2 + c6) * F0_541;
  const e2 = even - c6 * F1_847;
  const e3 = even + c2 * F0_765;
  const e0 = (c0 + c4) * 2 ** CONST_BITS + half;
  const e1 = (c0 - c4) * 2 ** CONST_BITS + half;
  const s0 = e0 + e3;
  const s3 = e0 - e3;
  const s1 = e1 + e2;
  const s2 = e1 - e2;
  const z5 = (c7 + c3 + c5 + c1) * F1_175;
  const z1 = (c7 + c1) * -F0_899;
  const z2 = (c5 + c3) * -F2_562;
  const z3 = (c7 + c3) * -F1_961 + z5;
  const z4 = (c5 + c1) * -F0_390 + z5;
  const o0 = c7 * F0_298 + z1 + z3;
  const o1 = c5 * F2_053 + z2 + z4;
  const o2 = c3 * F3_072 + z2 + z3;
  const o3 = c1 * F1_501 + z1 + z4;
  out[at] = (s0 + o3) >> shift;
  out[at + step] = (s1 + o2) >> shift;
  out[at + 2 * step] = (s2 + o1) >> shift;
  out[at + 3 * step] = (s3 + o0) >> shift;
  out[at + 4 * step] = (s3 - o0) >> shift;
  out[at + 5 * step] = (s2 - o1) >> shift;
  out[at + 6 * step] = (s1 - o2) >> shift;
  out[at + 7 * step] = (s0 - o3) >> shift;
}

/** Coefficients of 64 samples less 128, in place; 8 times as large as the definition has them. */
export function forwardTransform(block: Int32Array): void {
  for (let y = 0; y < 64; y += 8) forward8(block, y, 1, CONST_BITS - PASS1_BITS, PASS1_BITS);
  for (let x = 0; x < 8; x++) forward8(block, x, 8, CONST_BITS + PASS1_BITS, -PASS1_BITS);
}

function forward8(block: Int32Array, at: number, step: number, shift: number, evenShift: number): void {
  const half = 1 << (shift - 1);
  const value = (i: number) => block[at + i * step]!;
  const a0 = value(0) + value(7);
  const d0 = value(0) - value(7);
  const a1 = value(1) + value(6);
  const d1 = value(1) - value(6);
  const a2 = value(2) + value(5);
  const d2 = value(2) - value(5);
  const a3 = value(3) + value(4);
  const d3 = value(3) - value(4);
  const scaled = (sum: number) => (evenShift > 0 ? sum << evenShift : (sum + (1 << (-evenShift - 1))) >> -evenShift);
  const even = (a1 - a2 + a0 - a3) * F0_541;
  const set = (i: number, sum: number) => {
    block[at + i * step] = (sum + half) >> shift;
  };
  const sum0 = a0 + a3 + a1 + a2;
  const sum4 = a0 + a3 - a1 - a2;
  const z1 = (d3 + d0) * -F0_899;
  const z2 = (d2 + d1) * -F2_562;
  const z5 = (d3 + d1 + d2 + d0) * F1_175;
  const z3 = (d3 + d1) * -F1_961 + z5;
  const z4 = (d2 + d0) * -F0_390 + z5;
  block[at] = scaled(sum0);
  block[at + 4 * step] = scaled(sum4);
  set(2, even + (a0 - a3) * F0_765);
  set(6, even - (a1 - a2) * F1_847);
  set(7, d3 * F0_298 + z1 + z3);
  set(5, d2 * F2_053 + z2 + z4);
  set(3, d1 * F3_072 + z2 + z3);
  set(1, d0 * F1_501 + z1 + z4);
}
