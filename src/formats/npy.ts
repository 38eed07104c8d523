import { type DType, ITEM_BYTES } from "../core/dtype.js";
import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";

/** A file of NumPy's format 1.0 begins with this, and its voxels at a multiple of 64 bytes. */
const MAGIC = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0];
const ALIGN_BYTES = 64;

/** NumPy's names of element types, little-endian. */
const DESCR: Partial<Record<DType, string>> = {
  ...{ bool: "|b1", int8: "|i1", uint8: "|u1", int16: "<i2", uint16: "<u2", int32: "<i4", uint32: "<u4" },
  ...{ int64: "<i8", uint64: "<u8", float16: "<f2", float32: "<f4", float64: "<f8", complex64: "<c8" },
};

/**
 * An array as a file that `numpy.load` reads: `numpy.lib.format`, version 1.0.
 *
 * @param plain C order, little-endian
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for a type that NumPy has not
 */
export function encodeNpy(dtype: DType, shape: readonly number[], plain: Uint8Array): Uint8Array {
  const descr = DESCR[dtype];
  if (!descr) throw new EmporiumError("FORMAT_UNSUPPORTED", `NumPy has no ${dtype}`);
  const wanted = shape.reduce((product, length) => product * length, ITEM_BYTES[dtype]);
  if (plain.length !== wanted)
    throw new EmporiumError("INTERNAL", `${counted(plain.length, "byte")} for ${shape.join("×")} of ${dtype}`);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const begin = MAGIC.length + 2;
  const length = Math.ceil((begin + text.length + 1) / ALIGN_BYTES) * ALIGN_BYTES - begin;
  const file = new Uint8Array(begin + length + plain.length);
  file.set(MAGIC);
  new DataView(file.buffer).setUint16(MAGIC.length, length, true);
  file.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), begin);
  file.set(plain, begin + length);
  return file;
}
