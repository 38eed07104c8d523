/** A sum without rounding: an integer times 2^-1074, the least step of a float64. JSON: sign and hexadecimal digits, and how many zero bits follow. */
export type SumRecord = { readonly hex: string; readonly shift: number };

const UNIT_EXPONENT = -1074;
/** So many low halves (below 2³²) are added exactly in float64. */
const HELD_MAX = 2 ** 20;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * Adds finite float64 without rounding, so the order of additions does not matter: the result is that of Python's `math.fsum`.
 *
 * Fractions are added up for each exponent, in two halves, and carried over into one large integer now and then: some nanoseconds a number.
 */
export class ExactSum {
  private readonly high = new Float64Array(2048);
  private readonly low = new Float64Array(2048);
  private held = 0;
  private total = 0n;

  /** @param value finite */
  add(value: number): void {
    float[0] = value;
    const word = words[1]!;
    const exponent = (word >>> 20) & 0x7ff;
    const at = exponent === 0 ? 1 : exponent;
    const high = (word & 0xfffff) + (exponent === 0 ? 0 : 0x100000);
    if (word >>> 31) {
      this.high[at]! -= high;
      this.low[at]! -= words[0]!;
    } else {
      this.high[at]! += high;
      this.low[at]! += words[0]!;
    }
    if (++this.held === HELD_MAX) this.carry();
  }

  toRecord(): SumRecord {
    this.carry();
    return toRecord(this.total);
  }

  private carry(): void {
    for (let at = 1; at < 2047; at++) {
      if (this.high[at] !== 0) this.total += BigInt(this.high[at]!) << BigInt(at + 31);
      if (this.low[at] !== 0) this.total += BigInt(this.low[at]!) << BigInt(at - 1);
    }
    this.high.fill(0);
    this.low.fill(0);
    this.held = 0;
  }
}

function toRecord(total: bigint): SumRecord {
  if (total === 0n) return { hex: "0", shift: 0 };
  const size = total < 0n ? -total : total;
  const digits = size.toString(16);
  const zeros = digits.length - digits.replace(/0+$/, "").length;
  return { hex: `${total < 0n ? "-" : ""}${digits.slice(0, digits.length - zeros)}`, shift: 4 * zeros };
}

/** In units of 2^-1074. */
function toBigint({ hex, shift }: SumRecord): bigint {
  const isNegative = hex.startsWith("-");
  const size = BigInt(`0x${isNegative ? hex.slice(1) : hex}`) << BigInt(shift);
  return isNegative ? -size : size;
}

export function addSums(sums: readonly SumRecord[]): SumRecord {
  return toRecord(sums.reduce((total, sum) => total + toBigint(sum), 0n));
}

/** The float64 nearest to a sum, ties to even. */
export function sumToNumber(sum: SumRecord): number {
  return nearestFloat(toBigint(sum), UNIT_EXPONENT);
}

/** Σx²/n − (Σx/n)², of exact sums: no digits cancel out. */
export function varianceOf(sum: SumRecord, squares: SumRecord, count: number): number {
  const n = BigInt(count);
  const [x, xx] = [toBigint(sum), toBigint(squares)];
  return nearestFloat(n * (xx << BigInt(-UNIT_EXPONENT)) - x * x, 2 * UNIT_EXPONENT) / count / count;
}

/** The float64 nearest to `value` · 2^exponent, ties to even, where that is no smaller than 2^-1022. */
function nearestFloat(value: bigint, exponent: number): number {
  const size = value < 0n ? -value : value;
  const dropped = Math.max(0, 4 * size.toString(16).length - 68);
  const kept = size >> BigInt(dropped);
  // 64 bits and more decide; a last bit stands for all that were dropped
  const sticky = kept << BigInt(dropped) === size ? kept : kept | 1n;
  const power = exponent + dropped;
  const half = Math.trunc(power / 2);
  const magnitude = Number(sticky) * 2 ** half * 2 ** (power - half);
  return value < 0n ? -magnitude : magnitude;
}
