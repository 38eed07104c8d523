import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { LIMITS } from "../../core/limits.js";
import { MRC_HEADER_BYTES, type MrcHeader } from "./header.js";

/** Old: so many reals of 4 bytes for each section, the pixel in metres among them. */
const REALS = 32;
const OLD = { bytes: 4 * REALS, at: 44 };
/** FEI1 and FEI2: blocks of the length that each begins with. */
const NAMED = { at: 156, bytesMin: 164 };
const METRES_IN_ANGSTROM = 1e-10;
/** Pixels of cameras, Å: other numbers are no pixels. */
const [LEAST, MOST] = [0.1, 1_000];

/**
 * Å of the pixels that FEI's programs write behind the header, where headers of Tomo3 and Tomo4 say 1 Å. The same for each section, or undefined.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/mrc_format.txt: extended header of Agard and FEI (nint 0, nreal 32; `pixel_size` in metres is the 12th), and
 * the FEI1 and FEI2 headers of Thermo Fisher (`Pixel size X` at byte 156).
 */
export async function feiPixelAngstrom(
  source: RandomAccess,
  { shape: [sections], nsymbt, exttyp, extra2, littleEndian }: MrcHeader,
  options?: ReadOptions,
): Promise<number | undefined> {
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // bytes 128 and 130 of the header
  const [ints, reals] = [16, 18].map((at) => view(extra2).getInt16(at, littleEndian));
  const isNamed = /^FEI[12]$/.test(exttyp);
  if (!isNamed && (exttyp !== "" || ints !== 0 || reals !== REALS)) return undefined;
  if (nsymbt < (isNamed ? NAMED.bytesMin : OLD.bytes * sections) || nsymbt > LIMITS.headerBytes) return undefined;
  const block = isNamed
    ? view(await source.read({ offset: MRC_HEADER_BYTES, length: 4 }, options)).getInt32(0, littleEndian)
    : OLD.bytes;
  if (isNamed && (block < NAMED.bytesMin || block * sections > nsymbt)) return undefined;
  const bytes = view(await source.read({ offset: MRC_HEADER_BYTES, length: block * sections }, options));
  const pixels = new Set<number>();
  for (let z = 0; z < sections; z++) {
    const metres = isNamed
      ? bytes.getFloat64(z * block + NAMED.at, littleEndian)
      : bytes.getFloat32(z * block + OLD.at, littleEndian);
    pixels.add(Number((metres / METRES_IN_ANGSTROM).toPrecision(6)));
  }
  const [pixel = 0] = pixels;
  return pixels.size === 1 && pixel >= LEAST && pixel <= MOST ? pixel : undefined;
}
