import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";

/** Memory of voxels. `bool` is a Uint8Array of 0 and 1, `float16` a Uint16Array of bits. */
export type VoxelArray =
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

/** Voxels whose elements are JavaScript numbers. */
export type NumberArray = Exclude<VoxelArray, BigInt64Array | BigUint64Array>;

type Makes = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => VoxelArray;

const ARRAYS: Partial<Record<DType, Makes & { readonly BYTES_PER_ELEMENT: number }>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** The least and the greatest value of an integer type. */
const RANGES: Partial<Record<DType, readonly [low: number, high: number]>> = {
  bool: [0, 1],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
  uint32: [0, 4294967295],
};

/** The range of an integer type that JavaScript numbers hold exactly; undefined for floats, int64 and uint64. */
export function integerRange(dtype: DType): readonly [low: number, high: number] | undefined {
  return RANGES[dtype];
}

export function isInteger64(dtype: DType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

export function isFloat(dtype: DType): boolean {
  return dtype === "float16" || dtype === "float32" || dtype === "float64";
}

/** Zeros. @throws {EmporiumError} FORMAT_UNSUPPORTED for complex64 and uint4 */
export function newVoxels(dtype: DType, count: number): VoxelArray {
  const Type = arrayOf(dtype);
  return new Type(new ArrayBuffer(count * Type.BYTES_PER_ELEMENT), 0, count);
}

/**
 * Bytes in the host's order, such as `BlockLevel.read` gives, as voxels: without a copy where they begin at a whole element.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for complex64 and uint4
 */
export function voxelsOf(dtype: DType, bytes: Uint8Array): VoxelArray {
  const Type = arrayOf(dtype);
  const size = Type.BYTES_PER_ELEMENT;
  const whole = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new Type(whole.buffer, whole.byteOffset, Math.floor(whole.byteLength / size));
}

function arrayOf(dtype: DType): Makes & { readonly BYTES_PER_ELEMENT: number } {
  const Type = ARRAYS[dtype];
  if (Type) return Type;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `voxels of ${dtype} cannot be computed with`, {
    hint: "convert the volume to integers or floats first",
  });
}
