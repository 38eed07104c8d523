import type { Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";

/** Facts of the voxels from a NIfTI header. Lists are `[x, y, z]`, in the file's order. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  readonly dtype: DType;
  /** Lengths of all axes, fastest first. */
  readonly lengths: readonly number[];
  readonly dataOffset: number;
  /** Size of a voxel along x, y, z; 0: not given. */
  readonly spacing: readonly number[];
  /** Unit of length of `spacing` and `affine`; undefined where the header gives none. */
  readonly unit: "m" | "mm" | "µm" | undefined;
  /** A value is `slope × stored + intercept`; undefined where it is what is stored. */
  readonly scaling: { readonly slope: number; readonly intercept: number } | undefined;
  /** Rows of the matrix from voxels to space, of sform or else of qform. */
  readonly affine: readonly (readonly number[])[] | undefined;
  readonly description: string;
}

/** Bytes of a header of either version. */
export const NIFTI_HEADER_BYTES = 540;

const TYPES: ReadonlyMap<number, DType> = new Map([
  [2, "uint8"],
  [4, "int16"],
  [8, "int32"],
  [16, "float32"],
  [64, "float64"],
  [256, "int8"],
  [512, "uint16"],
  [768, "uint32"],
  [1024, "int64"],
  [1280, "uint64"],
]);

/** Types that are known and are no voxels of a volume. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  1: "one bit",
  32: "complex64",
  128: "RGB",
  1536: "float128",
  1792: "complex128",
  2048: "complex256",
  2304: "RGBA",
};

const UNITS: Readonly<Record<number, NiftiHeader["unit"]>> = { 1: "m", 2: "mm", 3: "µm" };

/** `.nii` of either version, and headers whose voxels are in an `.img` beside them. */
export function detectNifti(head: Uint8Array): boolean {
  return isText(head, 344, "n+1\0") || isText(head, 344, "ni1\0") || isText(head, 4, "n+2\0") || isText(head, 4, "ni2\0");
}

/**
 * Source: NIfTI-1.1 and NIfTI-2 data formats (nifti.nimh.nih.gov).
 *
 * @param head the first 540 bytes or more
 * @throws {EmporiumError} FORMAT_UNKNOWN (no NIfTI), FORMAT_TRUNCATED, FORMAT_FIELD, FORMAT_LIMIT, FORMAT_UNSUPPORTED (voxels in another file, types that
 *   are no voxels of a volume); the place names the byte of the field.
 */
export function parseNiftiHeader(head: Uint8Array, name: string): NiftiHeader {
  const fail: Fail = (code, byte, message, hint = "save the file again") =>
    new EmporiumError(code, `${name}: ${message}`, { place: { file: name, byte }, hint });
  if (!detectNifti(head))
    throw fail("FORMAT_UNKNOWN", 0, "a NIfTI file has n+1 at byte 344 or n+2 at byte 4", "check that this is a NIfTI file");
  const version = isText(head, 344, "n+1\0") || isText(head, 344, "ni1\0") ? 1 : 2;
  const bytes = version === 1 ? 348 : NIFTI_HEADER_BYTES;
  if (head.length < bytes) {
    throw fail(
      "FORMAT_TRUNCATED",
      head.length,
      `a NIfTI-${version} header has ${bytes} bytes, this file has ${head.length}`,
      "copy the file again: it was cut short",
    );
  }
  if (isText(head, version === 1 ? 344 : 4, "ni")) {
    const hint = "save header and voxels in one file, for example with nibabel: nibabel.save(nibabel.load('X.hdr'), 'X.nii')";
    throw fail("FORMAT_UNSUPPORTED", version === 1 ? 344 : 4, "the voxels are in another file (.img)", hint);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const littleEndian = view.getInt32(0, true) === bytes;
  if (!littleEndian && view.getInt32(0, false) !== bytes) {
    throw fail("FORMAT_FIELD", 0, `the size of the header is given as ${view.getInt32(0, true)}, it is ${bytes}`);
  }
  const is1 = version === 1;
  const short = (at: number) => view.getInt16(at, littleEndian);
  const int = (at: number) => view.getInt32(at, littleEndian);
  const long = (at: number) => Number(view.getBigInt64(at, littleEndian));
  const real = (at: number) => (is1 ? view.getFloat32(at, littleEndian) : view.getFloat64(at, littleEndian));
  const realBytes = is1 ? 4 : 8;
  const reals = (at: number, count: number) => Array.from({ length: count }, (_, i) => real(at + i * realBytes));

  const dim = (i: number) => (is1 ? short(40 + 2 * i) : long(16 + 8 * i));
  const axes = dim(0);
  if (axes < 1 || axes > 7) throw fail("FORMAT_FIELD", is1 ? 40 : 16, `${axes} axes, 1 to 7 are possible`);
  const lengths = Array.from({ length: axes }, (_, i) => dim(i + 1));
  if (!lengths.every((length) => Number.isSafeInteger(length) && length > 0 && length <= LIMITS.axisLength)) {
    throw fail("FORMAT_FIELD", is1 ? 42 : 24, `lengths ${lengths.join(", ")}: each must be 1 to 2^31 − 1`);
  }
  if (lengths.reduce((product, length) => product * length, 1) > LIMITS.elements) {
    throw fail(
      "FORMAT_LIMIT",
      is1 ? 42 : 24,
      `${lengths.join("×")} voxels are more than 2^53`,
      "copy the file again: its header is damaged",
    );
  }
  const type = short(is1 ? 70 : 12);
  const dtype = TYPES.get(type);
  if (!dtype) {
    const what = OTHER_TYPES[type] ?? `type ${type}`;
    throw fail(
      "FORMAT_UNSUPPORTED",
      is1 ? 70 : 12,
      `voxels of ${what} are not read, real numbers are`,
      "save the volume as float32 or as an integer type",
    );
  }
  const dataOffset = is1 ? real(108) : long(168);
  if (!Number.isSafeInteger(dataOffset) || dataOffset < bytes) {
    throw fail(
      "FORMAT_FIELD",
      is1 ? 108 : 168,
      `the voxels are said to begin at byte ${dataOffset}, the header ends at ${bytes}`,
    );
  }
  const [slope, intercept] = reals(is1 ? 112 : 176, 2) as [number, number];
  const isScaled = Number.isFinite(slope) && Number.isFinite(intercept) && slope !== 0 && (slope !== 1 || intercept !== 0);
  const pixdim = reals(is1 ? 76 : 104, 4);
  const units = is1 ? head[123]! : int(500);
  return {
    version,
    littleEndian,
    dtype,
    lengths,
    dataOffset,
    spacing: pixdim.slice(1).map(Math.abs),
    unit: UNITS[units & 7],
    scaling: isScaled ? { slope, intercept } : undefined,
    affine: affineOf(),
    description: new TextDecoder()
      .decode(head.subarray(is1 ? 148 : 240, is1 ? 228 : 320))
      .replace(/\0.*$/s, "")
      .trim(),
  };

  function affineOf(): readonly (readonly number[])[] | undefined {
    const [qform, sform] = is1 ? [short(252), short(254)] : [int(344), int(348)];
    const rows = is1 ? 280 : 400;
    if (sform > 0) return [0, 1, 2].map((row) => reals(rows + row * 4 * realBytes, 4));
    if (qform > 0) return quaternionRows(reals(is1 ? 256 : 352, 3) as Triple, reals(is1 ? 268 : 376, 3), pixdim);
    return undefined;
  }
}

/** Method 2 of the standard: a rotation by a quaternion whose first part is not stored, times the spacing, plus an offset. */
function quaternionRows([b, c, d]: Triple, offset: readonly number[], pixdim: readonly number[]): number[][] {
  const a = Math.sqrt(Math.max(0, 1 - (b * b + c * c + d * d)));
  const [handedness = 1, dx = 1, dy = 1, dz = 1] = pixdim;
  const flip = handedness < 0 ? -1 : 1;
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
  ];
  return rotation.map(([x = 0, y = 0, z = 0], row) => [x * dx, y * dy, z * dz * flip, offset[row]!]);
}

type Fail = (code: ErrorCode, byte: number, message: string, hint?: string) => EmporiumError;

function isText(head: Uint8Array, at: number, text: string): boolean {
  return head.length >= at + text.length && [...text].every((letter, i) => head[at + i] === letter.charCodeAt(0));
}
