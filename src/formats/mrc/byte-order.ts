import { dtypeOfMode, nameOfUnreadMode, rowBytes } from "./modes.js";

/** No microscope, camera or reconstruction has an axis this long; four bytes read in the wrong order nearly always do. */
const AXIS_LENGTH_SANE = 2 ** 20;

/** Findings on a header when it is read in one byte order. */
interface Reading {
  littleEndian: boolean;
  /** A mode that exists, lengths from 1 to sane, an extended header that can be. */
  plausible: boolean;
  /** All sections lie inside the file; undefined when its size is not known. */
  fits: boolean | undefined;
  longestAxis: number;
}

function readAs(header: Uint8Array, littleEndian: boolean, sizeBytes: number | undefined): Reading {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const int = (at: number) => view.getInt32(at, littleEndian);
  const [nx, ny, nz, mode, nsymbt] = [int(0), int(4), int(8), int(12), int(92)];
  const dtype = dtypeOfMode(mode);
  const longestAxis = Math.max(nx, ny, nz);
  const plausible =
    (dtype !== undefined || nameOfUnreadMode(mode) !== undefined) &&
    Math.min(nx, ny, nz) > 0 &&
    longestAxis < AXIS_LENGTH_SANE &&
    nsymbt >= 0;
  const promised = dtype && header.length + nsymbt + rowBytes(dtype, nx) * ny * nz;
  const fits = sizeBytes === undefined || promised === undefined ? undefined : promised <= sizeBytes;
  return { littleEndian, plausible, fits, longestAxis };
}

export interface ByteOrder {
  littleEndian: boolean;
  /** Read this way, the fields are those of an MRC file. */
  plausible: boolean;
  /** Why the order is not simply the machine stamp's; undefined when it is. */
  doubt: string | undefined;
}

/**
 * The byte order of a 1024-byte header. The machine stamp decides (0x44 little, 0x11 big; some CCP4 files have 0x41 as the second
 * byte). If it is absent, or mode and lengths are plausible only in the other order, these decide.
 */
export function byteOrderOf(header: Uint8Array, sizeBytes?: number): ByteOrder {
  const little = readAs(header, true, sizeBytes);
  const big = readAs(header, false, sizeBytes);
  const better = moreLikely(big, little) ? big : little;
  const stamp = header[212];
  if (stamp !== 0x44 && stamp !== 0x11) {
    const found = Array.from(header.subarray(212, 216), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    return { ...better, doubt: `no machine stamp at byte 212 (${found}): read as ${nameOf(better)} by mode and lengths` };
  }
  const stamped = stamp === 0x44 ? little : big;
  if (better !== stamped && better.plausible && !stamped.plausible) {
    const doubt = `the machine stamp at byte 212 says ${nameOf(stamped)}, mode and lengths only make sense as ${nameOf(better)}`;
    return { ...better, doubt };
  }
  return { ...stamped, doubt: undefined };
}

/** 256 byte-swapped is 65536, and mode 0 is its own swap. If both orders are plausible, file size decides, then short axes. */
function moreLikely(a: Reading, b: Reading): boolean {
  if (a.plausible !== b.plausible) return a.plausible;
  if (a.fits !== b.fits) return a.fits === true;
  return a.longestAxis > 0 && a.longestAxis < b.longestAxis;
}

function nameOf({ littleEndian }: Reading): string {
  return littleEndian ? "little-endian" : "big-endian";
}
