import type { DType } from "../../core/dtype.js";
import type { FillValue } from "./metadata.js";

/** One element of the fill value in host byte order. Null is 0. */
export function fillElement(fill: FillValue | null, dtype: DType): Uint8Array {
  if (dtype === "complex64") {
    const pair = Array.isArray(fill) ? (fill as [number, number]) : [Number(fill ?? 0), 0];
    return new Uint8Array(new Float32Array(pair).buffer);
  }
  const number = fill === null || typeof fill === "object" ? 0 : fill;
  const array = NUMBERS[dtype]?.(number) ?? Uint8Array.of(Number(number));
  return new Uint8Array(array.buffer);
}

const NUMBERS: Partial<Record<DType, (value: number | bigint | boolean) => { buffer: ArrayBufferLike }>> = {
  int8: (value) => Int8Array.of(Number(value)),
  int16: (value) => Int16Array.of(Number(value)),
  uint16: (value) => Uint16Array.of(Number(value)),
  int32: (value) => Int32Array.of(Number(value)),
  uint32: (value) => Uint32Array.of(Number(value)),
  int64: (value) => BigInt64Array.of(BigInt(value)),
  uint64: (value) => BigUint64Array.of(BigInt(value)),
  float16: (value) => Uint16Array.of(numberToFloat16(Number(value))),
  float32: (value) => Float32Array.of(Number(value)),
  float64: (value) => Float64Array.of(Number(value)),
};

/** The 16 bits of a half-precision float, rounded to nearest, ties to even. */
export function numberToFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00; // 65504 is the greatest; half way to the next rounds to infinity
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.max(size, Number.MIN_VALUE))));
  const steps = size / 2 ** (exponent - 10);
  const floor = Math.floor(steps);
  const rest = steps - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // a mantissa that rounds up to 2048 carries into the exponent by itself; subnormals have no hidden bit
  return sign | (size < 2 ** -14 ? rounded : ((exponent + 15) << 10) + rounded - 1024);
}
