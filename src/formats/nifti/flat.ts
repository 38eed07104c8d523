import type { Triple } from "../../core/box.js";
import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { type FlatOptions, type FlatVolume, plainLayout, requireWhole, type VoxelSize } from "../flat.js";
import { nanometresPer } from "../peek/facts.js";
import { NIFTI_HEADER_BYTES, type NiftiHeader, parseNiftiHeader } from "./header.js";

/**
 * The voxels of a NIfTI file (.nii), its first axis as x.
 *
 * @throws {EmporiumError} as `parseNiftiHeader`; FORMAT_UNSUPPORTED for more than three axes and for values that are stored scaled; FORMAT_TRUNCATED
 */
export async function niftiVolume(file: RandomAccess, options: FlatOptions = {}): Promise<FlatVolume> {
  const head = await file.read({ offset: 0, length: NIFTI_HEADER_BYTES }, options);
  return volumeOf(parseNiftiHeader(head, file.name), file.name, options.meetsEnd ? undefined : await file.size());
}

/** The same by the first bytes of a file that is compressed as a whole (.nii.gz): its length is not known. */
export function niftiVolumeOfHead(head: Uint8Array, name: string): FlatVolume {
  return volumeOf(parseNiftiHeader(head, name), name, undefined);
}

function volumeOf(header: NiftiHeader, name: string, sizeBytes: number | undefined): FlatVolume {
  const { dtype, littleEndian, dataOffset, lengths, spacing, scaling, unit, affine } = header;
  const refuse = (message: string, hint: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${message}`, { place: { file: name, byte: 0 }, hint });
  if (scaling) {
    const { slope, intercept } = scaling;
    const hint =
      "save the values themselves, as float32, for example with nibabel: nibabel.Nifti1Image(image.get_fdata(dtype='float32'), image.affine)";
    throw refuse(`a value is ${slope} × the stored number + ${intercept}: scaled numbers are not read`, hint);
  }
  if (lengths.slice(3).some((length) => length > 1)) {
    throw refuse(
      `${lengths.join("×")} voxels (x, y, z, time, …); only volumes of one time and one number per voxel are read`,
      "save one of them by itself",
    );
  }
  const [x = 1, y = 1, z = 1] = lengths;
  const layout = plainLayout(name, { dtype, shape: [z, y, x], dataOffset, littleEndian });
  requireWhole(layout, sizeBytes);
  const warnings: string[] = [];
  const angstrom = (length: number) => length * (nanometresPer(unit) ?? Number.NaN) * 10;
  const voxelSize = [2, 1, 0].map((axis) => {
    const size = angstrom(spacing[axis]!);
    return axis < lengths.length && size > 0 && Number.isFinite(size) ? size : undefined;
  });
  if (unit === undefined && spacing.some((length) => length > 0)) {
    warnings.push(`${name}: spacing ${spacing.map(String).join(" × ")} (x, y, z) without a unit: the voxel size is not known`);
  }
  const isUpright = affine?.every((row, i) => row.slice(0, 3).every((part, j) => (i === j ? part > 0 : part === 0))) ?? true;
  if (!isUpright) {
    warnings.push(
      `${name}: its axes are turned or mirrored in space: voxels are read as they are stored, and the origin is left out`,
    );
  }
  const origin = [2, 1, 0].map((axis) => {
    const at = isUpright ? angstrom(affine?.[axis]?.[3] ?? 0) : 0;
    return Number.isFinite(at) ? at : 0;
  });
  return { layout, voxelSizeAngstrom: voxelSize as unknown as VoxelSize, originAngstrom: origin as Triple, warnings };
}
