import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { viewAs, type NumberArray as ZarrVoxels } from "../../formats/zarr/elements.js";

/** Memory of voxels, as arrays of Zarr have it. `bool` is a Uint8Array of 0 and 1, `float16` a Uint16Array of bits. */
export type VoxelArray = ZarrVoxels;

/** Voxels whose elements are JavaScript numbers. */
export type NumberArray = Exclude<VoxelArray, BigInt64Array | BigUint64Array>;

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
  return voxelsOf(dtype, new Uint8Array(count * ITEM_BYTES[dtype]));
}

/**
 * Bytes in the host's order, such as `BlockLevel.read` gives, as voxels: without a copy where they begin at a whole element.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for complex64 and uint4
 */
export function voxelsOf(dtype: DType, bytes: Uint8Array): VoxelArray {
  if (dtype !== "complex64" && dtype !== "uint4") return viewAs(bytes, dtype);
  throw new EmporiumError("FORMAT_UNSUPPORTED", `voxels of ${dtype} cannot be computed with`, {
    hint: "convert the volume to integers or floats first",
  });
}
