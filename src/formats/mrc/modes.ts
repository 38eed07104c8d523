import { type DType, ITEM_BYTES } from "../../core/dtype.js";

/** Modes of MRC2014, and mode 101 of IMOD and SerialEM. Mode 0 is `int8` here; the header says whether its bytes are unsigned. */
const DTYPES = new Map<number, DType>([
  [0, "int8"],
  [1, "int16"],
  [2, "float32"],
  [4, "complex64"],
  [6, "uint16"],
  [12, "float16"],
  [101, "uint4"],
]);

/** Modes that exist but that we have never seen in a volume. The error names them. */
const NAMED_ONLY = new Map<number, string>([
  [3, "complex numbers of two int16"],
  [16, "RGB pictures of three bytes a pixel (IMOD)"],
]);

export const READABLE_MODES: readonly number[] = [...DTYPES.keys()];

export function dtypeOfMode(mode: number): DType | undefined {
  return DTYPES.get(mode);
}

/** Name of the voxels of a mode that is not read; undefined for numbers that are no mode. */
export function nameOfUnreadMode(mode: number): string | undefined {
  return NAMED_ONLY.get(mode);
}

/** The mode that stores an element type, or undefined when MRC has none. `uint8` has none: mode 0 is signed. */
export function modeOfDtype(dtype: DType): number | undefined {
  for (const [mode, stored] of DTYPES) if (stored === dtype) return mode;
  return undefined;
}

/** Bytes of one row. Two 4-bit voxels share a byte, and a row of an odd number of them ends with half a byte unused (IMOD). */
export function rowBytes(dtype: DType, nx: number): number {
  return Math.ceil(nx * ITEM_BYTES[dtype]);
}
