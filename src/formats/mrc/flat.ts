import type { RandomAccess } from "../../core/bytes.js";
import { ITEM_BYTES, reversedBytes } from "../../core/dtype.js";
import type { FlatLayout, FlatOptions, FlatVolume } from "../flat.js";
import { MRC_HEADER_BYTES, type MrcHeader, parseMrcHeader, readMrcHeader } from "./header.js";
import { axisOrder, byteReading, firstVoxelAngstrom, requireRealVolume } from "./meaning.js";
import { rowBytes } from "./modes.js";

/**
 * The voxels of an MRC file.
 *
 * @throws {EmporiumError} as `readMrcHeader`; FORMAT_UNSUPPORTED for Fourier transforms
 */
export async function mrcVolume(file: RandomAccess, options: FlatOptions = {}): Promise<FlatVolume> {
  if (!options.meetsEnd) return volumeOf(await readMrcHeader(file, options), file.name, options);
  return mrcVolumeOfHead(await file.read({ offset: 0, length: MRC_HEADER_BYTES }, options), file.name, options);
}

/** The same by the first bytes of a file that is compressed as a whole: its length is not known. */
export function mrcVolumeOfHead(head: Uint8Array, name: string, options: FlatOptions = {}): FlatVolume {
  return volumeOf(parseMrcHeader(head, { name }), name, options);
}

function volumeOf(header: MrcHeader, name: string, options: FlatOptions): FlatVolume {
  const layout = mrcLayout(header, name, options);
  const warnings = header.warnings.map((warning) => `${name}: ${warning}`);
  if (!axisOrder(header).asStored) {
    const axes = `${header.mapc},${header.mapr},${header.maps}`;
    warnings.push(`${name}: axes are stored in the order ${axes}; ${options.compat ? "left as stored" : "turned to x, y, z"}`);
  }
  const { voxelSizeAngstrom } = header;
  return { layout, voxelSizeAngstrom, originAngstrom: firstVoxelAngstrom(header), warnings, mrc: header };
}

/**
 * The voxels of an MRC, its axes turned to z, y, x unless the reference's reading is wanted. Bytes of mode 0 are read as `byteReading` says.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for Fourier transforms
 */
function mrcLayout(header: MrcHeader, name: string, { compat }: Pick<FlatOptions, "compat"> = {}): FlatLayout {
  requireRealVolume(header, name);
  const { order, shape } = compat ? { order: [0, 1, 2] as const, shape: header.shape } : axisOrder(header);
  const reading = byteReading(header, compat);
  const isPacked = header.dtype === "uint4";
  const dtype = isPacked || reading === "uint8" ? "uint8" : reading === undefined ? header.dtype : "int8";
  const itemBytes = ITEM_BYTES[dtype];
  return {
    name,
    dtype,
    shape,
    order: [...order],
    dataOffset: header.dataOffset,
    sectionBytes: header.sectionBytes,
    rowBytes: rowBytes(header.dtype, header.shape[2]),
    itemBytes,
    isPacked,
    swapBytes: reversedBytes(header.littleEndian, itemBytes),
    flipSign: reading === "uint8-128",
  };
}
