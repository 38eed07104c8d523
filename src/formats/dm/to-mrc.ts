import type { Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { DmCalibration, DmImage, DmPixel } from "./image.js";
import { decodeDmPixels } from "./read.js";

/** Header fields of an MRC file made from a DM image. */
export interface DmMrcFields {
  /** Planes, rows, columns. */
  shape: Triple;
  /** An element type that MRC has a mode for. */
  dtype: Extract<DType, "int8" | "int16" | "uint16" | "float32">;
  /** `[z, y, x]`; 0, which is what MRC writes for "unknown", where the file has no length along an axis. */
  voxelSizeAngstrom: Triple;
  /** Notes on what was changed or could not be kept. */
  warnings: string[];
}

/** The smallest type of MRC that holds every value. 32-bit integers and doubles become float32, as in IMOD. */
const TARGETS: Partial<Record<DmPixel, DmMrcFields["dtype"]>> = {
  bool: "int8",
  int8: "int8",
  // mode 0 is signed in MRC2014, and bytes above 127 in it are read differently by different programs
  uint8: "int16",
  int16: "int16",
  uint16: "uint16",
  int32: "float32",
  uint32: "float32",
  float32: "float32",
  float64: "float32",
};

/**
 * Header fields for an MRC file with the values of a DM image (a gain reference).
 *
 * Like IMOD's dm2mrc (`raw2mrc -f`): rows are written in reverse, because DigitalMicrograph stores the top row first and MRC the
 * bottom row; nm and µm give the pixel size in Å. Unlike it: uint16 keeps its values (mode 6; dm2mrc without `-u` subtracts
 * 32,767 to fit mode 1), int8 and uint8 too, and each axis has its own pixel size.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for complex, colour and 64-bit integer pixels.
 * Source: `pysrc/dm2mrc` and `libiimod/iilikemrc.c` (analyzeDM3) of IMOD.
 */
export function dmToMrcFields(image: DmImage): DmMrcFields {
  const dtype = image.pixel === undefined ? undefined : TARGETS[image.pixel];
  if (dtype === undefined) {
    const found = image.pixel ?? `type ${image.dataType}`;
    throw new EmporiumError("FORMAT_UNSUPPORTED", `image ${image.index}: pixels of ${found} do not become an MRC file`, {
      hint: "check that this file is a gain reference, which contains real numbers",
    });
  }
  const warnings: string[] = [];
  if (dtype === "float32" && image.pixel !== "float32") {
    warnings.push(`${image.pixel} is written as float32: exact up to 2^24, rounded beyond`);
  }
  const calibrated = [UNKNOWN, UNKNOWN, UNKNOWN, ...image.axes.map(sizeAngstrom)].slice(-3);
  const x = calibrated[2] ?? calibrated[1] ?? 0;
  const unknown = image.axes
    .map((_, at) => "zyx".at(at - image.axes.length)!)
    .filter((_, at) => sizeAngstrom(image.axes[at]!) === undefined);
  if (x !== 0 && unknown.length > 0)
    warnings.push(`no pixel size along ${unknown.join(", ")}: that of a neighbour is written, ${x} Å`);
  const voxelSizeAngstrom: Triple = [calibrated[0] ?? x, calibrated[1] ?? x, x];
  if (x === 0) warnings.push(`no pixel size: the axes are in ${JSON.stringify(image.axes.map(({ units }) => units))}`);
  return { shape: image.shape, dtype, voxelSizeAngstrom, warnings };
}

const UNKNOWN = undefined;

/** Å of one length in each unit. The micro sign and the Greek letter look alike and are both in use. */
const ANGSTROM: Readonly<Record<string, number>> = {
  "\u00c5": 1,
  "\u212b": 1,
  nm: 10,
  "\u00b5m": 10_000,
  "\u03bcm": 10_000,
  um: 10_000,
  mm: 1e7,
};

function sizeAngstrom({ scale, units }: DmCalibration): number | undefined {
  const factor = Object.hasOwn(ANGSTROM, units) ? ANGSTROM[units]! : Number.NaN;
  // scales are float32: 0.1775 nm is stored as 0.17749999463558197, and ten times that would not be 1.775 as float32
  const size = Math.fround(Math.fround(scale) * factor);
  return size > 0 && Number.isFinite(size) ? size : undefined;
}

/** Stored planes (`readDmPlanes`) as voxels of an MRC: type converted as `dmToMrcFields` says, rows of each plane reversed. */
export function dmPlanesForMrc(bytes: Uint8Array, image: DmImage): Int8Array | Int16Array | Uint16Array | Float32Array {
  const { dtype, shape } = dmToMrcFields(image);
  const values = decodeDmPixels(bytes, image);
  const [, ny, nx] = shape;
  const voxels = new ARRAYS[dtype](values.length);
  for (let from = 0; from < values.length; from += nx) {
    const row = from / nx;
    const plane = Math.floor(row / ny);
    voxels.set(values.subarray(from, from + nx), (plane * ny + (ny - 1 - (row % ny))) * nx);
  }
  return voxels;
}

const ARRAYS = { int8: Int8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array } as const;
