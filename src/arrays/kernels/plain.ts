/**
 * Each kernel as plain code on typed arrays: tests compare the kernels with it to the last bit, benchmarks the speed. (Shuffle,
 * LZ4 and Blosc: plain-blosc.ts.)
 */
import type { ConvertKind } from "./kernels.js";

/** A plane in C order whose rows start `row` voxels apart. */
export interface Plane {
  voxels: ArrayLike<number>;
  row: number;
}

/** `convert`: `n` voxels of little-endian bytes as float32. */
export function convert(kind: ConvertKind, bytes: Uint8Array, n: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: Record<ConvertKind, (i: number) => number> = {
    int8: (i) => view.getInt8(i),
    uint8: (i) => view.getUint8(i),
    int16: (i) => view.getInt16(2 * i, true),
    uint16: (i) => view.getUint16(2 * i, true),
    float16: (i) => half(view.getUint16(2 * i, true)),
    int8Flipped: (i) => view.getUint8(i) - 128,
    uint4: (i) => (view.getUint8(i >> 1) >> (4 * (i & 1))) & 15,
    int32: (i) => view.getInt32(4 * i, true),
    uint32: (i) => view.getUint32(4 * i, true),
    float64: (i) => view.getFloat64(8 * i, true),
    float32: (i) => view.getFloat32(4 * i, true),
  };
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = read[kind](i);
  return out;
}

/** The value of an IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** `meanZYX`, `meanZYXOf`: the result's rows are packed. */
export function meanZYX(first: Plane, second: Plane | undefined, h: number, w: number, zeros: boolean): Float32Array {
  return reduce(
    Float32Array,
    h,
    w,
    (y, x) => blockSum(first, second, h, w, y, x) / (zeros ? 8 : blockCount(second ? 2 : 1, h, w, y, x)),
  );
}

/** `meanYX`, `meanYXOf`. */
export function meanYX(plane: Plane, h: number, w: number, zeros: boolean): Float32Array {
  return reduce(Float32Array, h, w, (y, x) => blockSum(plane, undefined, h, w, y, x) / (zeros ? 4 : blockCount(1, h, w, y, x)));
}

/** `roundedMeanZYX`; `roundedMeanYX` of one plane where `isSeries`. Sums of integers of 32 bits are exact here, too. */
export function roundedMean(planes: readonly Plane[], h: number, w: number, zeros: boolean, isSeries = false): Float64Array {
  return reduce(Float64Array, h, w, (y, x) => {
    const block = planes.flatMap(({ voxels, row }) =>
      [y, y + 1].flatMap((at) => [x, x + 1].flatMap((column) => (at < h && column < w ? [voxels[at * row + column]!] : []))),
    );
    const mean = block.reduce((sum, voxel) => sum + voxel, 0) / (zeros ? (isSeries ? 4 : 8) : block.length);
    const below = Math.floor(mean);
    return mean - below === 0.5 ? below + (Math.abs(below) % 2) : Math.round(mean);
  });
}

/** `anyZYX`; `anyYX` without a second plane. */
export function anyZYX(first: Plane, second: Plane | undefined, h: number, w: number): Uint8Array {
  const hit = ({ voxels, row }: Plane, y: number, x: number) => y < h && x < w && voxels[y * row + x] !== 0;
  const any = (plane: Plane, y: number, x: number) =>
    hit(plane, y, x) || hit(plane, y, x + 1) || hit(plane, y + 1, x) || hit(plane, y + 1, x + 1);
  return reduce(Uint8Array, h, w, (y, x) => (any(first, y, x) || (second && any(second, y, x)) ? 1 : 0));
}

/** `strideZYX`, `strideYX`. */
export function strideYX({ voxels, row }: Plane, h: number, w: number): Uint16Array {
  return reduce(Uint16Array, h, w, (y, x) => voxels[y * row + x]!);
}

/** `selectEqual` and `selectAtLeast`: the bytes and how many are 1. */
export function select(voxels: Float32Array, hit: (voxel: number) => boolean): { bytes: Uint8Array; count: number } {
  const bytes = Uint8Array.from(voxels, (voxel) => (hit(voxel) ? 1 : 0));
  return { bytes, count: bytes.reduce((sum, byte) => sum + byte, 0) };
}

/** `overlapSum`, by the definition: every voxel of the source that shares a length with one of the target. */
export function overlapSum(row: ArrayLike<number>, m: number, x0: number, w: number): Float64Array {
  const n = row.length;
  const share = (i: number, k: number) => Math.max(0, Math.min((i + 1) * n, (k + 1) * m) - Math.max(i * n, k * m));
  return Float64Array.from({ length: w }, (_, x) => {
    let sum = 0;
    for (let k = 0; k < n; k++) if (share(x0 + x, k) > 0) sum += share(x0 + x, k) * row[k]!;
    return sum;
  });
}

/** `toLabels`: the labels before the first voxel that is none. */
export function toLabels(voxels: Float32Array): Uint16Array {
  const end = voxels.findIndex((voxel) => !Number.isInteger(voxel) || voxel < 0 || voxel > 65535);
  return Uint16Array.from(end < 0 ? voxels : voxels.subarray(0, end));
}

/** Returns one value for each 2×2 block of `h` rows of `w` voxels; `value` gets the block's first row and column. */
function reduce<T extends { [index: number]: number }>(
  Type: new (length: number) => T,
  h: number,
  w: number,
  value: (y: number, x: number) => number,
): T {
  const out = new Type(Math.ceil(h / 2) * Math.ceil(w / 2));
  let at = 0;
  for (let y = 0; y < h; y += 2) for (let x = 0; x < w; x += 2) out[at++] = value(y, x);
  return out;
}

/**
 * Sum of the voxels of a block, rounded to float32 at each step: neighbours along x, then rows, then planes, starting from 0,
 * which turns -0 into +0.
 */
function blockSum(first: Plane, second: Plane | undefined, h: number, w: number, y: number, x: number): number {
  const pair = ({ voxels, row }: Plane, at: number) => {
    const left = voxels[at * row + x]!;
    return x + 1 < w ? Math.fround(left + voxels[at * row + x + 1]!) : left;
  };
  const rows = (before: number, plane: Plane) => {
    const sum = Math.fround(before + pair(plane, y));
    return y + 1 < h ? Math.fround(sum + pair(plane, y + 1)) : sum;
  };
  return second ? rows(rows(0, first), second) : rows(0, first);
}

/** Number of voxels of a 2×2×2 block that lie inside the volume. */
function blockCount(planes: number, h: number, w: number, y: number, x: number): number {
  return planes * (y + 1 < h ? 2 : 1) * (x + 1 < w ? 2 : 1);
}

export interface Stats {
  min: number;
  max: number;
  sum: number;
  sumOfSquares: number;
  notFinite: number;
}

/** `stats`, `statsOf`. Sums of float32 are added in another order than in the kernel: the last bits of a float64 may differ. */
export function stats(voxels: ArrayLike<number>): Stats {
  const result: Stats = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, sum: 0, sumOfSquares: 0, notFinite: 0 };
  for (let i = 0; i < voxels.length; i++) {
    const v = voxels[i]!;
    if (Number.isFinite(v)) {
      result.min = Math.min(result.min, v + 0);
      result.max = Math.max(result.max, v + 0);
      result.sum += v;
      result.sumOfSquares += v * v;
    } else result.notFinite++;
  }
  return result;
}

/** `histogram`: adds to `counts`. */
export function histogram(voxels: Float32Array, counts: Uint32Array): void {
  const bits = new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length);
  for (const word of bits) {
    const key = word >= 0x80000000 ? ~word >>> 0 : word + 0x80000000;
    counts[key >>> 16]!++;
  }
}
