import { type DType, HOST_LITTLE_ENDIAN, ITEM_BYTES, swapBytes } from "../../core/dtype.js";
import { float16ToNumber } from "../../formats/mrc/read.js";
import { viewAs } from "../../formats/zarr/elements.js";

/** Voxels as numbers: float16 decoded, 64-bit integers the nearest float64; others without a copy. */
export function numbersOf(bytes: Uint8Array, dtype: DType): ArrayLike<number> {
  const view = viewAs(bytes, dtype);
  if (dtype === "float16") return Float32Array.from(view as Uint16Array, float16ToNumber);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) return Float64Array.from(view, Number);
  return view;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest half-precision number, as its bits; ties to even, beyond the range infinity: as numpy's `astype("float16")` of float32. */
export function float16Of(value: number): number {
  float[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  // below the least normal number 2^-14: steps of 2^-24
  const steps = Math.abs(float[0]) * 2 ** 24;
  const whole = Math.floor(steps);
  const rest = steps - whole;
  return sign | (whole + (rest > 0.5 || (rest === 0.5 && (whole & 1) === 1) ? 1 : 0));
}

function toFloat16(bytes: Uint8Array, dtype: DType): Uint8Array {
  if (dtype === "float16") return bytes;
  const values = numbersOf(bytes, dtype);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) halves[i] = float16Of(values[i]!);
  return new Uint8Array(halves.buffer);
}

/** Grey values from `low` (0) to `high` (255), rounded; what is no number becomes 0. */
export function toGrey(bytes: Uint8Array, dtype: DType, low: number, high: number): Uint8Array {
  const values = numbersOf(bytes, dtype);
  const scale = high > low ? 255 / (high - low) : 0;
  // a clamped array rounds, and makes 0 of NaN
  const grey = new Uint8ClampedArray(values.length);
  for (let i = 0; i < grey.length; i++) grey[i] = (values[i]! - low) * scale;
  return new Uint8Array(grey.buffer);
}

/** Output form of voxels: unchanged, as float16, or as grey values from `low` (0) to `high` (255). */
export type PlaneForm = { readonly as: "native" | "f16" } | { readonly as: "u8"; readonly low: number; readonly high: number };

/** Little-endian numbers; `bytes` of a native plane may be those that were given. */
export function inForm({ bytes, dtype }: Voxels, form: PlaneForm): Voxels {
  if (form.as === "u8") return { bytes: toGrey(bytes, dtype, form.low, form.high), dtype: "uint8" };
  const numbers: Voxels = form.as === "f16" ? { bytes: toFloat16(bytes, dtype), dtype: "float16" } : { bytes, dtype };
  if (!HOST_LITTLE_ENDIAN) swapBytes(numbers.bytes, ITEM_BYTES[numbers.dtype]);
  return numbers;
}

interface Voxels {
  readonly bytes: Uint8Array;
  readonly dtype: DType;
}
