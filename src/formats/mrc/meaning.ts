import type { Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { isAxisPermutation, type MrcHeader } from "./header.js";

/**
 * True if the bytes of mode 0 are unsigned and become `u − 128` (`byte ^ 0x80`, read as int8). The portal's rule: the header's
 * maximum is above 127, whatever IMOD's flag says.
 */
export function needsSignFlip(header: Pick<MrcHeader, "mode" | "dmax">): boolean {
  return header.mode === 0 && header.dmax > 127;
}

/** Interpretation of a byte of mode 0: as int8, as uint8, or as uint8 minus 128. */
export type ByteReading = "int8" | "uint8" | "uint8-128";

/**
 * The meaning of mode 0, or undefined for other modes.
 *
 * The portal only looks at the maximum: above 127 → `uint8-128`, else `int8`. We read a file that IMOD stamped as unsigned, with
 * a maximum of 127 or less, as plain `uint8`: if the maximum is true, values equal the portal's; if not (never computed, or of a
 * part), bytes above 127 do not turn negative. `compat: "reference"` is the portal's rule alone.
 */
export function byteReading(
  header: Pick<MrcHeader, "mode" | "dmax" | "signedBytes">,
  compat?: "reference",
): ByteReading | undefined {
  if (header.mode !== 0) return undefined;
  if (needsSignFlip(header)) return "uint8-128";
  return header.signedBytes || compat === "reference" ? "int8" : "uint8";
}

export interface AxisOrder {
  /** `order[i]`: stored axis (0 sections, 1 rows, 2 columns) of axis i of `[z, y, x]`; numpy's `transpose(stored, order)`. */
  order: Triple;
  /** True when the data are stored as z, y, x already. */
  asStored: boolean;
  /** Shape `[z, y, x]` after the transposition. */
  shape: Triple;
}

/**
 * Order of axes by mapc, mapr and maps. Values that are no permutation (0,0,0 in old files) count as 1,2,3; the header's warnings
 * say so.
 */
export function axisOrder(header: Pick<MrcHeader, "mapc" | "mapr" | "maps" | "shape">): AxisOrder {
  const axes = isAxisPermutation(header) ? [header.maps, header.mapr, header.mapc] : [3, 2, 1];
  const order: Triple = [axes.indexOf(3), axes.indexOf(2), axes.indexOf(1)];
  return { order, asStored: order.join() === "0,1,2", shape: order.map((axis) => header.shape[axis]!) as Triple };
}

/**
 * Position of the first voxel `[z, y, x]` in Å: the origin or, where that is 0, the start in the grid, as map viewers take it.
 * Along an axis without a voxel size the start counts as 0.
 */
export function firstVoxelAngstrom(header: MrcHeader): Triple {
  const { voxelSizeAngstrom } = header;
  const origin = originOf(header);
  if (origin.some((at) => at !== 0)) return origin;
  return startOf(header).map((start, axis) => start * (voxelSizeAngstrom[axis] ?? 0)) as Triple;
}

/** Origin of the header, from the place where its version stores it. */
export const originOf = ({ originAngstrom, oldOriginAngstrom }: MrcHeader): Triple => oldOriginAngstrom ?? originAngstrom;

/** First voxel in the grid of the cell, `[z, y, x]`: the header has it by columns, rows and sections. */
export function startOf(header: MrcHeader): Triple {
  return axisOrder(header).order.map((stored) => header.nstart[stored]!) as Triple;
}

/**
 * Refuses what is no real-valued volume: mode 4 holds Fourier transforms, as pairs of float32.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED
 */
export function requireRealVolume(header: MrcHeader, name: string): void {
  if (header.dtype !== "complex64") return;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: mode 4 holds complex numbers; expected a volume of real values`, {
    place: { file: name, byte: 12 },
    hint: "use the volume from which this Fourier transform was made",
  });
}
