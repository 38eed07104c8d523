import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { type DType, HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { MRC_HEADER_BYTES, type MrcHeader } from "./header.js";
import { type ByteReading, byteReading } from "./meaning.js";

/**
 * Stored sections `[z0, z1)`, `sectionBytes` each, whatever `maps` says; the result may share memory with the source.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED if the source ends inside them, FORMAT_LIMIT if they exceed one buffer.
 */
export async function readMrcPlanes(
  source: RandomAccess,
  header: MrcHeader,
  z0: number,
  z1: number,
  options?: ReadOptions,
): Promise<Uint8Array> {
  if (!(Number.isInteger(z0) && Number.isInteger(z1) && z0 >= 0 && z0 <= z1 && z1 <= header.shape[0])) {
    throw new EmporiumError(
      "USAGE",
      `${source.name}: sections ${z0} to ${z1} are outside of the file, which has 0 to ${header.shape[0]}`,
      {
        place: { file: source.name },
      },
    );
  }
  const offset = header.dataOffset + z0 * header.sectionBytes;
  return readExactly(source, offset, (z1 - z0) * header.sectionBytes, `sections ${z0} to ${z1}`, options);
}

/**
 * The extended header, `nsymbt` bytes, as it is stored.
 *
 * @throws {EmporiumError} FORMAT_LIMIT above `LIMITS.headerBytes`.
 */
export async function readMrcExtendedHeader(source: RandomAccess, header: MrcHeader, options?: ReadOptions): Promise<Uint8Array> {
  if (header.nsymbt > LIMITS.headerBytes) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: the extended header has ${counted(header.nsymbt, "byte")}; at most ${LIMITS.headerBytes} are read at once`,
      { place: { file: source.name, byte: 92 }, hint: "check the header: real ones have a few kilobytes per section" },
    );
  }
  return readExactly(source, MRC_HEADER_BYTES, header.nsymbt, "the extended header", options);
}

async function readExactly(
  source: RandomAccess,
  offset: number,
  length: number,
  what: string,
  options?: ReadOptions,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array(0);
  // A typed array of more than 2^32 bytes is not to be had everywhere; callers read a few sections at a time.
  if (length > 2 ** 32 - 1) {
    throw new EmporiumError("FORMAT_LIMIT", `${source.name}: ${what} are ${counted(length, "byte")}, too many for one buffer`, {
      place: { file: source.name, byte: offset },
      hint: "read fewer sections at a time",
    });
  }
  const bytes = await source.read({ offset, length }, options);
  if (bytes.length !== length) {
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${source.name} ends too early: ${counted(length, "byte")} are needed for ${what}, ${bytes.length} found`,
      {
        place: { file: source.name, byte: offset + bytes.length },
        hint: "copy the file again: it was cut short",
      },
    );
  }
  return bytes;
}

export type PlaneArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;

/**
 * Stored sections as numbers in host byte order; a copy. int8, uint8, int16, uint16 and float32 keep their type; float16 becomes
 * float32, complex64 pairs of float32 (real, imaginary), 4-bit voxels one byte each, low half first. Mode 0 has the header's
 * dtype; `decodePlaneValues` applies the sign rule.
 */
export function decodePlane(bytes: Uint8Array, header: Pick<MrcHeader, "dtype" | "littleEndian" | "shape">): PlaneArray {
  const { dtype, littleEndian, shape } = header;
  if (dtype === "uint4") return unpackNibbles(bytes, shape[2]);
  const copy = new Uint8Array(bytes); // not `slice`: Node's Buffer shares its memory there
  const { array: View, itemBytes } = VIEWS[dtype] ?? VIEWS.uint8!;
  if (littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(copy, itemBytes);
  const array = new View(copy.buffer, 0, Math.floor(copy.length / itemBytes));
  return dtype === "float16" ? Float32Array.from(array, float16ToNumber) : array;
}

type View = new (buffer: ArrayBuffer, offset: number, length: number) => PlaneArray;

/** float16 arrives as its bits; complex64 as two float32, which are swapped one by one. */
const VIEWS: Partial<Record<DType, { array: View; itemBytes: number }>> = {
  int8: { array: Int8Array, itemBytes: 1 },
  uint8: { array: Uint8Array, itemBytes: 1 },
  int16: { array: Int16Array, itemBytes: 2 },
  uint16: { array: Uint16Array, itemBytes: 2 },
  float16: { array: Uint16Array, itemBytes: 2 },
  float32: { array: Float32Array, itemBytes: 4 },
  complex64: { array: Float32Array, itemBytes: 4 },
};

/** Stored sections as float32 values with the sign rule of mode 0 applied: what the portal's converter computes with. */
export function decodePlaneValues(bytes: Uint8Array, header: MrcHeader, compat?: "reference"): Float32Array {
  const reading = byteReading(header, compat);
  if (reading !== undefined) return Float32Array.from(bytes, BYTE_VALUES[reading]);
  const numbers = decodePlane(bytes, header);
  return numbers instanceof Float32Array ? numbers : new Float32Array(numbers);
}

const BYTE_VALUES: Record<ByteReading, (byte: number) => number> = {
  int8: (byte) => (byte << 24) >> 24,
  uint8: (byte) => byte,
  "uint8-128": (byte) => byte - 128,
};

/** Rows of 4-bit voxels: the first voxel is the low half of a byte; the high half of an odd row's last byte is not used. */
function unpackNibbles(bytes: Uint8Array, nx: number): Uint8Array {
  const rowBytes = Math.ceil(nx / 2);
  const rows = Math.floor(bytes.length / rowBytes);
  const voxels = new Uint8Array(rows * nx);
  for (let row = 0, out = 0; row < rows; row++) {
    for (let x = 0; x < nx; x++) {
      const pair = bytes[row * rowBytes + (x >> 1)]!;
      voxels[out++] = x % 2 === 0 ? pair & 15 : pair >> 4;
    }
  }
  return voxels;
}

/** IEEE 754 half precision from its 16 bits. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
