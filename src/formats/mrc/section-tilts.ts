import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { LIMITS } from "../../core/limits.js";
import { MRC_HEADER_BYTES, type MrcHeader } from "./header.js";

/** FEI1 and FEI2: blocks of the length that each begins with, the alpha tilt as float64. */
const NAMED = { at: 100, bytesMin: 108 };
/** Bytes of what SerialEM writes for each section, by the bits that say which of it is there. */
const SERIALEM_BYTES = [2, 6, 4, 2, 2, 4];
const HUNDREDTHS = 100;
/** Nobody tilts further; other numbers are no tilts. */
const TILT_MAX = 90;
const SECTIONS_MIN = 3;
/** Share of the sections whose tilt is one of its own: movies have one for all, and what a program has copied from a stack has too few. */
const OWN_LEAST = 0.9;

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Shorts at bytes 128 and 130 of the header: integers and reals of each section, or of SerialEM its bytes and which numbers they are. */
const sizesOf = ({ extra2, littleEndian }: MrcHeader) => [16, 18].map((at) => view(extra2).getInt16(at, littleEndian));

/**
 * Whose the blocks behind a header are that does not name them, by the sizes that it has: `AGAR` for UCSF Tomo and FEI's programs of old, `SERI` for SerialEM
 * before 2014 where tilts are among its numbers, else nothing.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/mrc_format.txt: SerialEM's flags tell how many bytes a section has.
 */
export function unnamedBlocks(header: MrcHeader): "AGAR" | "SERI" | "" {
  const { exttyp, nsymbt, shape } = header;
  const [ints = 0, reals = 0] = sizesOf(header);
  if (exttyp !== "" || ints < 0 || reals < 1) return "";
  const flagged = SERIALEM_BYTES.reduce((sum, bytes, bit) => sum + ((reals >> bit) & 1 ? bytes : 0), 0);
  if (reals < 1 << SERIALEM_BYTES.length && flagged === ints) return (reals & 1) === 1 && nsymbt >= ints * shape[0] ? "SERI" : "";
  return nsymbt >= 4 * (ints + reals) * shape[0] ? "AGAR" : "";
}

/**
 * Degrees of the tilt of each section, as microscopes write them behind the header: UCSF Tomo and FEI's programs of old in Agard's form (the first real of each
 * section), SerialEM in hundredths, Thermo Fisher's in FEI1 and FEI2. Undefined where there are none, or where they are no tilts of a series.
 */
export async function sectionTilts(
  source: RandomAccess,
  header: MrcHeader,
  options?: ReadOptions,
): Promise<readonly number[] | undefined> {
  const { shape, nsymbt, exttyp, littleEndian } = header;
  const [sections] = shape;
  const [ints = 0, reals = 0] = sizesOf(header);
  const kind = exttyp === "" ? unnamedBlocks(header) : exttyp;
  const isNamed = /^FEI[12]$/.test(kind);
  if (sections < SECTIONS_MIN || nsymbt > LIMITS.headerBytes || (isNamed && nsymbt < NAMED.bytesMin)) return undefined;
  const hasTilts = isNamed || kind === "AGAR" || (kind === "SERI" && (reals & 1) === 1);
  if (!hasTilts) return undefined;
  const first = async () => view(await source.read({ offset: MRC_HEADER_BYTES, length: 4 }, options)).getInt32(0, littleEndian);
  const block = isNamed ? await first() : kind === "SERI" ? ints : 4 * (ints + reals);
  if (block < (isNamed ? NAMED.bytesMin : 2) || block * sections > nsymbt) return undefined;
  const bytes = view(await source.read({ offset: MRC_HEADER_BYTES, length: block * sections }, options));
  const tilts = Array.from({ length: sections }, (_, z) => {
    const at = z * block;
    if (isNamed) return bytes.getFloat64(at + NAMED.at, littleEndian);
    return kind === "SERI" ? bytes.getInt16(at, littleEndian) / HUNDREDTHS : bytes.getFloat32(at + 4 * ints, littleEndian);
  });
  const isTilt = (degrees: number) => Math.abs(degrees) <= TILT_MAX;
  return tilts.every(isTilt) && new Set(tilts).size >= OWN_LEAST * sections ? tilts : undefined;
}
