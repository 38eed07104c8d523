import type { Triple } from "../core/box.js";
import type { ReadOptions } from "../core/bytes.js";
import { byteOrderOf, type DType, ITEM_BYTES, reversedBytes } from "../core/dtype.js";
import { EmporiumError } from "../core/errors.js";
import type { Compression } from "./compression.js";
import type { MrcHeader } from "./mrc/header.js";

/** Layout of a file that stores its voxels one after the other. Plain data: it is handed to threads. */
export interface FlatLayout {
  readonly name: string;
  /** Type of the voxels as they are returned: packed ones take a byte each. */
  readonly dtype: DType;
  /** Shape of the volume, `[z, y, x]`. */
  readonly shape: Triple;
  /** `order[i]`: stored axis (0 sections, 1 rows, 2 columns) of axis i of `[z, y, x]`. */
  readonly order: Triple;
  readonly dataOffset: number;
  readonly sectionBytes: number;
  readonly rowBytes: number;
  /** Bytes of a voxel as it is returned. */
  readonly itemBytes: number;
  /** Two voxels in a byte, the first in its low half; a row begins at a byte. */
  readonly isPacked: boolean;
  /** Bytes that are reversed together; 1: none. */
  readonly swapBytes: number;
  /** Each byte becomes `u − 128`, as int8. */
  readonly flipSign: boolean;
}

/** Size of a voxel along z, y and x in Å; undefined where the file does not say. */
export type VoxelSize = readonly [z: number | undefined, y: number | undefined, x: number | undefined];

/** A volume that a file holds as plain voxels: all that a reader of voxels needs to know of its format. */
export interface FlatVolume {
  readonly layout: FlatLayout;
  readonly voxelSizeAngstrom: VoxelSize;
  /** Position of the first voxel `[z, y, x]`; 0 where the file does not say. */
  readonly originAngstrom: Triple;
  readonly warnings: readonly string[];
  /** The voxels are compressed by themselves, from this byte of the file on: `layout.dataOffset` counts decompressed bytes behind it. */
  readonly payload?: { readonly offset: number; readonly compression: Compression } | undefined;
  /** Header of an MRC, parts of which a converted file carries over. */
  readonly mrc?: MrcHeader | undefined;
}

export interface FlatOptions extends ReadOptions {
  /** For MRC, `reference` selects the reference's reading: axis order ignored, unsigned bytes known by their maximum alone. */
  readonly compat?: "reference" | undefined;
  /**
   * Leaves the file's length unchecked: a caller that reads all voxels meets the end of a truncated file itself, and reports
   * where.
   */
  readonly meetsEnd?: boolean | undefined;
}

/** A layout of voxels in C order, `[z, y, x]`, without gaps. */
export function plainLayout(
  name: string,
  {
    dtype,
    shape,
    dataOffset,
    littleEndian,
  }: Pick<FlatLayout, "dtype" | "shape" | "dataOffset"> & { readonly littleEndian: boolean },
): FlatLayout {
  const itemBytes = ITEM_BYTES[dtype];
  return {
    name,
    dtype,
    shape,
    order: [0, 1, 2],
    dataOffset,
    sectionBytes: shape[1] * shape[2] * itemBytes,
    rowBytes: shape[2] * itemBytes,
    itemBytes,
    isPacked: false,
    swapBytes: reversedBytes(littleEndian, itemBytes),
    flipSign: false,
  };
}

/** Sections, rows and columns as they are stored. */
export function storedShape({ shape, order }: Pick<FlatLayout, "shape" | "order">): Triple {
  return [0, 1, 2].map((axis) => shape[order.indexOf(axis)]!) as Triple;
}

/** Byte behind the last section. */
export function endOf(layout: FlatLayout): number {
  return layout.dataOffset + storedShape(layout)[0] * layout.sectionBytes;
}

export function isLittleEndian({ swapBytes }: Pick<FlatLayout, "swapBytes">): boolean {
  return byteOrderOf(swapBytes) === "little";
}

/** @throws {EmporiumError} FORMAT_TRUNCATED where the file ends before its last voxel */
export function requireWhole(layout: FlatLayout, sizeBytes: number | undefined): void {
  const end = endOf(layout);
  if (sizeBytes === undefined || sizeBytes >= end) return;
  const [sections, rows, columns] = storedShape(layout);
  const promised = `${columns}×${rows}×${sections} voxels of ${layout.dtype} end at byte ${end}`;
  throw new EmporiumError("FORMAT_TRUNCATED", `${layout.name}: ${promised}, the file has ${sizeBytes} bytes`, {
    place: { file: layout.name, byte: sizeBytes },
    hint: "copy the file again: it was cut short, or is still being written",
  });
}
