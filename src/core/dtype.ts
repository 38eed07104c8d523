/** Element types of voxels. Names are numpy's; `complex64` is two float32, `uint4` two voxels a byte (MRC mode 101). */
export type DType =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64"
  | "complex64"
  | "uint4"
  | "bool";

/** Bytes of one element; 0.5 for packed 4-bit voxels. */
export const ITEM_BYTES: Record<DType, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  complex64: 8,
  uint4: 0.5,
  bool: 1,
};

/** The host's byte order. WebAssembly and all platforms of Node are little-endian; typed arrays follow the host. */
export const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes of an element that are reversed together; 1 where they are stored as the host has them. */
export function reversedBytes(littleEndian: boolean, itemBytes: number): number {
  return littleEndian === HOST_LITTLE_ENDIAN ? 1 : itemBytes;
}

/** The order of stored elements, of which so many bytes are reversed together. */
export function byteOrderOf(reversed: number): "little" | "big" {
  return reversed > 1 === HOST_LITTLE_ENDIAN ? "big" : "little";
}

/** Reverses the bytes of each element, in place. `itemBytes` 1 changes nothing. */
export function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  if (itemBytes === 1) return;
  for (let at = 0; at + itemBytes <= bytes.length; at += itemBytes) {
    for (let i = 0, j = itemBytes - 1; i < j; i++, j--) {
      const low = bytes[at + i]!;
      bytes[at + i] = bytes[at + j]!;
      bytes[at + j] = low;
    }
  }
}
