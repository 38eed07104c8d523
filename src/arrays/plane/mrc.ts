import { ITEM_BYTES, reversedBytes } from "../../core/dtype.js";
import type { MrcHeader } from "../../formats/mrc/header.js";
import { axisOrder, byteReading, requireRealVolume } from "../../formats/mrc/meaning.js";
import { rowBytes } from "../../formats/mrc/modes.js";
import type { FlatLayout } from "./flat.js";

/**
 * The voxels of an MRC, its axes turned to z, y, x. Bytes of mode 0 are read as `byteReading` says.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for Fourier transforms
 */
export function mrcLayout(header: MrcHeader, name: string): FlatLayout {
  requireRealVolume(header, name);
  const { order, shape } = axisOrder(header);
  const reading = byteReading(header);
  const isPacked = header.dtype === "uint4";
  const dtype = isPacked || reading === "uint8" ? "uint8" : reading === undefined ? header.dtype : "int8";
  const itemBytes = ITEM_BYTES[dtype];
  return {
    name,
    dtype,
    shape,
    order,
    dataOffset: header.dataOffset,
    sectionBytes: header.sectionBytes,
    rowBytes: rowBytes(header.dtype, header.shape[2]),
    itemBytes,
    isPacked,
    swapBytes: reversedBytes(header.littleEndian, itemBytes),
    flipSign: reading === "uint8-128",
  };
}
