import type { Block } from "./block.js";
import type { NumberArray } from "./voxels.js";

/**
 * A block of 64-bit integers as float64 where that loses nothing, which is many times faster than bigints; other blocks as they are.
 * Labels are seldom beyond 2⁵³.
 */
export function withoutBigints({ data }: Block): NumberArray | BigInt64Array | BigUint64Array {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const high = words[2 * i + 1]!;
    // of uint64 the upper half is negative here, and refused as well
    if (high >= 2 ** 21 || high < (data instanceof BigUint64Array ? 0 : -(2 ** 21))) return data;
    numbers[i] = high * 2 ** 32 + (words[2 * i]! >>> 0);
  }
  return numbers;
}
