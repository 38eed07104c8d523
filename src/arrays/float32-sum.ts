/** Voxels that numpy takes into its buffer at a time. */
const BUFFER = 8192;
/** Up to so many numbers are added in eight running sums; more are halved. */
const LEAF = 128;

/**
 * Sums as numpy makes them in single precision: 8192 numbers at a time by halves down to 128, those in eight running sums, every
 * step rounded to float32. A sum in double precision is more accurate and differs in the last bits.
 *
 * Source: `pairwise_sum` of numpy 1.26 (`loops_utils.h.src`) and the buffer of its iterator. Golden: `test/golden/kernels`.
 */
export class Float32Sum {
  private readonly buffer = new Float32Array(BUFFER);
  private held = 0;
  private sum = 0;

  /** Adds values behind those of the calls before. */
  add(values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      this.buffer[this.held++] = values[i]!;
      if (this.held === BUFFER) this.flush();
    }
  }

  total(): number {
    if (this.held > 0) this.flush();
    return this.sum;
  }

  /** The mean of `count` numbers, rounded to float32. */
  mean(count: number): number {
    return Math.fround(this.total() / count);
  }

  private flush(): void {
    this.sum = Math.fround(this.sum + pairwise(this.buffer, 0, this.held));
    this.held = 0;
  }
}

function pairwise(values: Float32Array, from: number, count: number): number {
  if (count <= LEAF) return leaf(values, from, count);
  const half = count >> 1;
  const first = half - (half % 8);
  return Math.fround(pairwise(values, from, first) + pairwise(values, from + first, count - first));
}

function leaf(values: Float32Array, from: number, count: number): number {
  const end = from + count;
  let at = from;
  let sum = 0;
  if (count >= 8) {
    const sums = values.slice(from, from + 8);
    for (at += 8; at + 8 <= end; at += 8) for (let k = 0; k < 8; k++) sums[k]! += values[at + k]!;
    const four = (k: number) => Math.fround(Math.fround(sums[k]! + sums[k + 1]!) + Math.fround(sums[k + 2]! + sums[k + 3]!));
    sum = Math.fround(four(0) + four(4));
  }
  for (; at < end; at++) sum = Math.fround(sum + values[at]!);
  return sum;
}
