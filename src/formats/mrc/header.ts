import type { Triple } from "../../core/box.js";
import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { compressionOf } from "../compression.js";
import { byteOrderOf } from "./byte-order.js";
import { dtypeOfMode, nameOfUnreadMode, READABLE_MODES, rowBytes } from "./modes.js";

export const MRC_HEADER_BYTES = 1024;

/** `IMOD` as a little-endian int32 at byte 152: the flags at 156 are IMOD's. */
const IMOD_STAMP = 1146047817;

/** The whole of an MRC header. Triples are `[z, y, x]`, lengths are Å, angles degrees, offsets bytes. */
export interface MrcHeader {
  /** Sections, rows, columns as stored. `axisOrder` says which of them is z, y, x. */
  shape: Triple;
  mode: number;
  /** Type of one stored element. Mode 0 is `uint8` in a file that IMOD stamped as unsigned, else `int8`. */
  dtype: DType;
  littleEndian: boolean;
  /** False where IMOD's stamp is there and its flag says that the bytes of mode 0 are unsigned. */
  signedBytes: boolean;
  imodStamp: boolean;
  imodFlags: number;
  /** Axis (1 = x, 2 = y, 3 = z) of columns, rows and sections, as stored. */
  mapc: number;
  mapr: number;
  maps: number;
  /** First section, row and column in the grid of the cell. */
  nstart: Triple;
  /** Intervals along the cell edges: mz, my, mx. */
  grid: Triple;
  cellAngstrom: Triple;
  /** alpha, beta, gamma. */
  cellAnglesDegrees: [alpha: number, beta: number, gamma: number];
  /** Cell / grid as float32, undefined where the header gives nothing usable (0, negative, infinite, no grid). */
  voxelSizeAngstrom: [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Statistics that the header claims; `dmin > dmax` and `rms < 0` mean "not computed". */
  dmin: number;
  dmax: number;
  dmean: number;
  rms: number;
  ispg: number;
  /** Bytes of the extended header, and its kind (`FEI1`, `SERI`, `MRCO`, … or empty). */
  nsymbt: number;
  exttyp: string;
  nversion: number;
  originAngstrom: Triple;
  /**
   * Origin in a file without identifier: before MRC2000 it stood where identifier, stamp and rms are now. Undefined in other
   * files.
   */
  oldOriginAngstrom: Triple | undefined;
  labels: string[];
  /** Bytes 96–103 and 112–195, unread: they are carried over to converted files. */
  extra1: Uint8Array;
  extra2: Uint8Array;
  dataOffset: number;
  /** Bytes of one section, and of all. */
  sectionBytes: number;
  dataBytes: number;
  /** Bytes after the last section, 0 when the size of the file is not known. */
  trailingBytes: number;
  /** Oddities that did not keep the header from being read, as sentences for a person. */
  warnings: string[];
}

export interface MrcReadOptions extends ReadOptions {
  /** Refuse what the permissive default only warns of: no `MAP ` identifier, no machine stamp. */
  strict?: boolean | undefined;
  /** A file shorter than promised gives a warning instead of an error: for those who only want the header's facts. */
  allowShort?: boolean | undefined;
}

/**
 * MRC2014 header: 1024 bytes, then the extended header, then the sections. Layout: README.md beside this file.
 *
 * Cost: one range of 1024 bytes, and `size()`.
 * @throws {EmporiumError} FORMAT_UNKNOWN (not MRC), FORMAT_TRUNCATED, FORMAT_FIELD, FORMAT_UNSUPPORTED (mode 3, volume stacks),
 *   FORMAT_LIMIT; the place names the byte of the field.
 */
export async function readMrcHeader(source: RandomAccess, options: MrcReadOptions = {}): Promise<MrcHeader> {
  const bytes = await source.read({ offset: 0, length: MRC_HEADER_BYTES }, options);
  return parseMrcHeader(bytes, { ...options, name: source.name, sizeBytes: await source.size() });
}

/**
 * Parses header bytes. Without `sizeBytes` (compressed streams, whose length is known at their end) the length of the file is not
 * checked.
 */
export function parseMrcHeader(
  bytes: Uint8Array,
  { name, sizeBytes, strict = false, allowShort = false }: { name: string; sizeBytes?: number | undefined } & MrcReadOptions,
): MrcHeader {
  const fail = faultsOf(name);
  const isMarked = latin1(bytes, 208, 3) === "MAP";
  if (bytes.length < MRC_HEADER_BYTES) {
    const message = `an MRC header has ${MRC_HEADER_BYTES} bytes, this file has ${bytes.length}`;
    throw fail("FORMAT_TRUNCATED", bytes.length, message, "copy the file again: it was cut short");
  }
  const warnings: string[] = [];
  const { littleEndian, plausible, doubt } = byteOrderOf(bytes.subarray(0, MRC_HEADER_BYTES), sizeBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, MRC_HEADER_BYTES);
  const int = (at: number) => view.getInt32(at, littleEndian);
  const float = (at: number) => view.getFloat32(at, littleEndian);
  const [nx, ny, nz] = [int(0), int(4), int(8)];
  const mode = int(12);

  if (!isMarked) {
    if (!plausible || strict) throw notMrc(bytes, plausible, fail);
    warnings.push(`no "MAP " identifier at byte 208: read as MRC because mode and lengths are plausible`);
  }
  if (doubt !== undefined) {
    if (strict) throw fail("FORMAT_FIELD", 212, doubt, "leave out the strict check to let mode and lengths decide");
    warnings.push(doubt);
  }

  const stamped = int(152) === IMOD_STAMP;
  const imodFlags = stamped ? int(156) : 0;
  const signedBytes = !stamped || (imodFlags & 1) === 1;
  const dtype = mode === 0 && !signedBytes ? "uint8" : typeOf(mode, fail);
  const [ispg, nsymbt] = [int(88), int(92)];
  refuseUnreadable([nx, ny, nz], ispg, nsymbt, fail);
  const sectionBytes = rowBytes(dtype, nx) * ny;
  const dataBytes = sectionBytes * nz;
  if (nx * ny * nz > LIMITS.elements || dataBytes > Number.MAX_SAFE_INTEGER) {
    throw fail(
      "FORMAT_LIMIT",
      0,
      `${nx}×${ny}×${nz} voxels (x, y, z) are more than 2^53`,
      "copy the file again: its header is damaged",
    );
  }

  const cell: Triple = [float(48), float(44), float(40)];
  const grid: Triple = [int(36), int(32), int(28)];
  const voxelSize = cell.map((length, i) => voxelSizeOf(length, grid[i]!)) as MrcHeader["voxelSizeAngstrom"];
  const nlabl = int(220);

  const header: MrcHeader = {
    shape: [nz, ny, nx],
    mode,
    dtype,
    littleEndian,
    signedBytes,
    imodStamp: stamped,
    imodFlags,
    mapc: int(64),
    mapr: int(68),
    maps: int(72),
    nstart: [int(24), int(20), int(16)],
    grid,
    cellAngstrom: cell,
    cellAnglesDegrees: [float(52), float(56), float(60)],
    voxelSizeAngstrom: voxelSize,
    dmin: float(76),
    dmax: float(80),
    dmean: float(84),
    rms: float(216),
    ispg,
    nsymbt,
    exttyp: latin1(bytes, 104, 4).replace(/[\0 ]+$/, ""),
    nversion: int(108),
    originAngstrom: [float(204), float(200), float(196)],
    oldOriginAngstrom: isMarked ? undefined : [float(208), float(216), float(212)],
    labels: labelsOf(bytes, nlabl < 0 || nlabl > 10 ? 10 : nlabl),
    extra1: new Uint8Array(bytes.subarray(96, 104)),
    extra2: new Uint8Array(bytes.subarray(112, 196)),
    dataOffset: MRC_HEADER_BYTES + nsymbt,
    sectionBytes,
    dataBytes,
    trailingBytes: 0,
    warnings,
  };
  warnOfOddFields(header, nlabl);
  if (sizeBytes !== undefined) {
    try {
      validateMrcLength(header, sizeBytes, name);
    } catch (error) {
      if (!allowShort || !(error instanceof EmporiumError)) throw error;
      warnings.push(error.message);
    }
    header.trailingBytes = Math.max(0, sizeBytes - header.dataOffset - dataBytes);
    if (header.trailingBytes > 0) warnings.push(`${counted(header.trailingBytes, "byte")} after the last section are left alone`);
  }
  return header;
}

type Fail = (code: ErrorCode, byte: number, message: string, hint: string) => EmporiumError;

function faultsOf(name: string): Fail {
  return (code, byte, message, hint) => new EmporiumError(code, `${name}: ${message}`, { place: { file: name, byte }, hint });
}

function notMrc(bytes: Uint8Array, plausible: boolean, fail: Fail): EmporiumError {
  const size = plausible ? "" : ", and its first words are not a possible size";
  const hint = plausible ? "leave out the strict check to read files older than MRC2000" : hintForOtherBytes(bytes);
  const found = JSON.stringify(latin1(bytes, 208, 4));
  return fail("FORMAT_UNKNOWN", 208, `not an MRC file: ${found} at byte 208 instead of the "MAP " stamp${size}`, hint);
}

function typeOf(mode: number, fail: Fail): DType {
  const stored = dtypeOfMode(mode);
  if (stored !== undefined) return stored;
  const known = nameOfUnreadMode(mode);
  throw known === undefined
    ? fail(
        "FORMAT_FIELD",
        12,
        `mode ${mode} does not exist; expected one of ${READABLE_MODES.join(", ")}`,
        "copy the file again: it is damaged",
      )
    : fail("FORMAT_UNSUPPORTED", 12, `mode ${mode} (${known}) is not read`, "convert the file to mode 1, 2 or 6 first");
}

function refuseUnreadable([nx, ny, nz]: Triple, ispg: number, nsymbt: number, fail: Fail): void {
  for (const [axis, length, at] of [
    ["nx", nx, 0],
    ["ny", ny, 4],
    ["nz", nz, 8],
  ] as const) {
    if (length <= 0)
      throw fail("FORMAT_FIELD", at, `${axis} is ${length}; expected 1 or more`, "copy the file again: its header is damaged");
  }
  if (ispg >= 401 && ispg <= 630) {
    const message = `space group ${ispg} means a stack of volumes; expected one volume`;
    throw fail("FORMAT_UNSUPPORTED", 88, message, "split it into single volumes");
  }
  if (nsymbt < 0)
    throw fail(
      "FORMAT_FIELD",
      92,
      `extended header of ${counted(nsymbt, "byte")}; expected 0 or more`,
      "copy the file again: its header is damaged",
    );
}

/** Adds a warning for each field that is odd and was read all the same. */
function warnOfOddFields(header: MrcHeader, nlabl: number): void {
  const { warnings, mode, ispg, imodStamp, imodFlags, signedBytes, dmax, mapc, mapr, maps, grid, cellAngstrom: cell } = header;
  if (ispg < 0 || ispg > 230) warnings.push(`space group ${ispg} (byte 88) does not exist: read as one volume or stack`);
  header.voxelSizeAngstrom.forEach((size, i) => {
    if (size === undefined && (cell[i] !== 0 || grid[i]! < 0)) {
      warnings.push(`cell ${cell[i]} Å over ${grid[i]} intervals along ${"zyx"[i]} gives no voxel size: taken as unset`);
    }
  });
  if (nlabl < 0 || nlabl > 10) warnings.push(`${counted(nlabl, "label")} (byte 220); at most 10 are possible: all ten are read`);
  if (!isAxisPermutation(header)) {
    warnings.push(`axis order ${mapc},${mapr},${maps} (bytes 64–75) is not an order of 1,2,3: read as 1,2,3`);
  }
  if (mode === 0 && imodStamp && signedBytes && dmax > 127) {
    warnings.push(`IMOD's flag says signed bytes, but the header's maximum is ${dmax}: read as unsigned`);
  }
  // bit 4 of IMOD's flags: SerialEM packed frames, written before mode 101 existed
  if (mode === 0 && (imodFlags & 16) !== 0) {
    warnings.push("IMOD's flag says two 4-bit voxels in each byte: the bytes are read as they are");
  }
}

/**
 * Compares the length that the header promises with the file's. Called before memory is allocated by the header's sizes.
 *
 * @throws {EmporiumError} FORMAT_TRUNCATED with both byte counts.
 */
function validateMrcLength(header: MrcHeader, sizeBytes: number, name: string): void {
  const wanted = header.dataOffset + header.dataBytes;
  if (header.dataOffset > sizeBytes) {
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${name}: an extended header of ${counted(header.nsymbt, "byte")} is promised, the whole file has ${counted(sizeBytes, "byte")}`,
      { place: { file: name, byte: 92 }, hint: "copy the file again; if it has this size at its origin, its header is damaged" },
    );
  }
  if (wanted > sizeBytes) {
    const [nz, ny, nx] = header.shape;
    throw new EmporiumError(
      "FORMAT_TRUNCATED",
      `${name}: the header promises ${counted(wanted, "byte")} (${nx}×${ny}×${nz} in mode ${header.mode}), the file has ${sizeBytes}`,
      { place: { file: name, byte: sizeBytes }, hint: "copy the file again: it was cut short" },
    );
  }
}

/** True when mapc, mapr, maps name each axis once. Files of before 1990 and of some cameras have 0,0,0. */
export function isAxisPermutation({ mapc, mapr, maps }: Pick<MrcHeader, "mapc" | "mapr" | "maps">): boolean {
  return [mapc, mapr, maps].sort().join() === "1,2,3";
}

function voxelSizeOf(cell: number, intervals: number): number | undefined {
  const size = Math.fround(cell / intervals);
  return intervals > 0 && size > 0 && Number.isFinite(size) ? size : undefined;
}

function labelsOf(bytes: Uint8Array, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    latin1(bytes, 224 + 80 * i, 80)
      .split("\0", 1)[0]!
      .trimEnd(),
  );
}

export function latin1(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}

function hintForOtherBytes(bytes: Uint8Array): string {
  const compression = compressionOf(bytes);
  return compression === undefined
    ? "check that this is an MRC, MAP, REC or ST file"
    : `the file is compressed with ${compression}: unpack it, or read it through the decompressor`;
}
