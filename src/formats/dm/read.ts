import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { DmImage, DmPixel } from "./image.js";

/**
 * Stored planes `[z0, z1)`, rows from top to bottom; the result may share memory with the source.
 *
 * @throws {EmporiumError} USAGE for planes that are not there, FORMAT_TRUNCATED, FORMAT_LIMIT (more than one buffer holds).
 */
export async function readDmPlanes(
  source: RandomAccess,
  image: DmImage,
  z0: number,
  z1: number,
  options?: ReadOptions,
): Promise<Uint8Array> {
  const [nz, ny, nx] = image.shape;
  if (!(Number.isInteger(z0) && Number.isInteger(z1) && z0 >= 0 && z0 <= z1 && z1 <= nz)) {
    throw new EmporiumError("USAGE", `${source.name}: planes ${z0} to ${z1} are outside of the image, which has 0 to ${nz}`, {
      place: { file: source.name },
    });
  }
  const planeBytes = ny * nx * image.pixelBytes;
  const offset = image.dataOffset + z0 * planeBytes;
  const length = (z1 - z0) * planeBytes;
  if (length > 2 ** 32 - 1) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: planes ${z0} to ${z1} are ${counted(length, "byte")}, too many for one buffer`,
      {
        place: { file: source.name, byte: offset },
        hint: "read fewer planes at a time",
      },
    );
  }
  const bytes = await source.read({ offset, length }, options);
  if (bytes.length !== length) {
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${source.name} ends too early: ${counted(length, "byte")} of pixels are needed, ${bytes.length} found`,
      {
        place: { file: source.name, byte: offset + bytes.length },
        hint: "copy the file again: it was cut short",
      },
    );
  }
  return bytes;
}

export type DmArrayView =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

type View = new (buffer: ArrayBuffer, offset: number, length: number) => DmArrayView;

/** Complex pixels arrive as pairs (real, imaginary); bool as 0 and 1. */
const VIEWS: Partial<Record<DmPixel, { array: View; itemBytes: number }>> = {
  int8: { array: Int8Array, itemBytes: 1 },
  uint8: { array: Uint8Array, itemBytes: 1 },
  bool: { array: Uint8Array, itemBytes: 1 },
  int16: { array: Int16Array, itemBytes: 2 },
  uint16: { array: Uint16Array, itemBytes: 2 },
  int32: { array: Int32Array, itemBytes: 4 },
  uint32: { array: Uint32Array, itemBytes: 4 },
  float32: { array: Float32Array, itemBytes: 4 },
  float64: { array: Float64Array, itemBytes: 8 },
  complex64: { array: Float32Array, itemBytes: 4 },
  complex128: { array: Float64Array, itemBytes: 8 },
};

/**
 * Stored pixels as numbers in the host's byte order; a copy. Colours come as bytes red, green, blue, alpha.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for packed half-complex pixels and 64-bit integers.
 */
export function decodeDmPixels(bytes: Uint8Array, image: Pick<DmImage, "pixel" | "dataType" | "littleEndian">): DmArrayView {
  const copy = new Uint8Array(bytes); // not `slice`: Node's Buffer shares its memory there
  if (image.pixel === "bgra") {
    for (let at = 0; at + 4 <= copy.length; at += 4) [copy[at], copy[at + 2]] = [copy[at + 2]!, copy[at]!];
    return copy;
  }
  const view = image.pixel === undefined ? undefined : VIEWS[image.pixel];
  if (!view) throw unsupportedPixel(image.dataType);
  if (image.littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(copy, view.itemBytes);
  return new view.array(copy.buffer, 0, Math.floor(copy.length / view.itemBytes));
}

function unsupportedPixel(dataType: number): EmporiumError {
  return new EmporiumError("FORMAT_UNSUPPORTED", `pixels of DigitalMicrograph's type ${dataType} are not read`, {
    hint: "save the image as integers, real or complex numbers of 4 bytes",
  });
}
