import type { DType } from "../../core/dtype.js";

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** Bytes in host order as a typed array on the same memory. float16 gives its bits, complex64 its pairs, bool 0 and 1. */
export function viewAs(bytes: Uint8Array, dtype: DType): NumberArray {
  const View = VIEWS[dtype] ?? Uint8Array;
  const aligned = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new View(aligned.buffer as ArrayBuffer, aligned.byteOffset, Math.floor(aligned.byteLength / View.BYTES_PER_ELEMENT));
}

const VIEWS: Partial<
  Record<DType, { new (buffer: ArrayBuffer, offset: number, length: number): NumberArray; BYTES_PER_ELEMENT: number }>
> = {
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
};
