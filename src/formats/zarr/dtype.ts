import { type DType, ITEM_BYTES } from "../../core/dtype.js";

/** Element type of a Zarr v2 array. */
export interface ZarrDType {
  dtype: DType;
  /** True also where one byte has no order. */
  littleEndian: boolean;
  itemBytes: number;
  /** Bytes that are reversed together: half an element for complex numbers. */
  swapBytes: number;
}

const BY_KIND: Record<string, DType> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  c8: "complex64",
};

/** numpy's type string, `<f4`. Undefined for other types than numbers, and for numbers that are too wide (`c16`). */
export function parseZarrDType(text: string): ZarrDType | undefined {
  const match = /^([<>|])([biufc]\d{1,2})$/.exec(text);
  const dtype = match ? BY_KIND[match[2]!] : undefined;
  if (!match || dtype === undefined) return undefined;
  const itemBytes = ITEM_BYTES[dtype];
  if (match[1] === "|" && itemBytes > 1) return undefined;
  return { dtype, littleEndian: match[1] !== ">", itemBytes, swapBytes: dtype === "complex64" ? 4 : itemBytes };
}

/** `<f4`, `|i1`. Packed 4-bit voxels have no such text: they are no element of a Zarr array. */
export function zarrDTypeText(dtype: Exclude<DType, "uint4">, littleEndian = true): string {
  const kind = Object.keys(BY_KIND).find((key) => BY_KIND[key] === dtype)!;
  return (ITEM_BYTES[dtype] === 1 ? "|" : littleEndian ? "<" : ">") + kind;
}

export function isFloatDType(dtype: DType): boolean {
  return dtype === "float16" || dtype === "float32" || dtype === "float64" || dtype === "complex64";
}

/** Least and greatest value of an integer type, as bigint since those of 64 bits are past 2^53. */
export function integerRange(dtype: DType): [least: bigint, greatest: bigint] | undefined {
  const match = /^(u?)int(8|16|32|64)$/.exec(dtype);
  if (!match) return undefined;
  const bits = BigInt(match[2]!);
  return match[1] ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}
