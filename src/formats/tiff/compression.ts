import { EmporiumError } from "../../core/errors.js";
import { decodeZstd } from "../zarr/zstd.js";
import { decodeDeflate } from "./deflate.js";
import { decodeLzw } from "./lzw.js";
import { decodePackBits } from "./pack-bits.js";

/** Facts of strips and tiles that a decoder may need. */
export interface SegmentFacts {
  /** Pixels of the strip or tile. */
  width: number;
  height: number;
  /** Samples of each pixel in it. */
  samples: number;
  bits: number;
  photometric: number | undefined;
  /** Tag 347: tables that all JPEG streams of the page share. */
  jpegTables: Uint8Array | undefined;
}

/**
 * Fills `plain` from the stored bytes of one strip or tile: rows of packed samples, each starting at a byte. Throws on failure.
 */
export type SegmentDecoder = (stored: Uint8Array, plain: Uint8Array, facts: SegmentFacts) => void | Promise<void>;

/** Decoders by the number of tag 259. To add one for which there is a library, spread `defaultDecoders`: 7 is JPEG. */
export type SegmentDecoders = Readonly<Record<number, SegmentDecoder>>;

export const defaultDecoders: SegmentDecoders = {
  5: decodeLzw,
  8: decodeDeflate,
  32946: decodeDeflate,
  32773: decodePackBits,
  34926: decodeZstd,
  50000: decodeZstd,
};

/** The codec's samples are final: it handles bit order and prediction. */
export const IMAGE_CODECS: ReadonlySet<number> = new Set([6, 7, 33003, 33005, 34712, 34887, 34892, 50001, 50002, 52546]);

const NAMES: Readonly<Record<number, string>> = {
  1: "none",
  2: "CCITT modified Huffman (fax)",
  3: "CCITT group 3 (fax)",
  4: "CCITT group 4 (fax)",
  5: "LZW",
  6: "old-style JPEG",
  7: "JPEG",
  8: "deflate",
  9: "JBIG",
  32766: "NeXT run lengths",
  32771: "CCITT run lengths, word-aligned",
  32773: "PackBits",
  32809: "ThunderScan run lengths",
  32908: "Pixar film",
  32909: "Pixar log",
  32946: "deflate",
  33003: "JPEG 2000 (Aperio, YCbCr)",
  33005: "JPEG 2000 (Aperio, RGB)",
  34661: "JBIG",
  34676: "SGI log luminance",
  34677: "SGI log luminance, 24 bits",
  34712: "JPEG 2000",
  34887: "LERC",
  34892: "lossy JPEG of DNG",
  34925: "LZMA",
  34926: "zstd",
  34927: "WebP",
  50000: "zstd",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL of DNG",
  65000: "electron events of Falcon cameras (EER), 8-bit run lengths",
  65001: "electron events of Falcon cameras (EER), 7-bit run lengths",
  65002: "electron events of Falcon cameras (EER), variable run lengths",
};

/** Frames of Falcon cameras as lists of electrons. */
export const EER: ReadonlySet<number> = new Set([65000, 65001, 65002]);
export const EER_HINT = "RELION, MotionCor3 and IMOD read EER: sum the frames there, into MRC or TIFF";

/** Usual name of a compression, by its number in tag 259. */
export function compressionName(number: number): string {
  return NAMES[number] ?? `number ${number}`;
}

/** @throws {EmporiumError} FORMAT_UNSUPPORTED with the compression's name. */
export function decoderOf(number: number, decoders: SegmentDecoders, name: string): SegmentDecoder {
  const decoder = Object.hasOwn(decoders, number) ? decoders[number] : undefined;
  if (decoder) return decoder;
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: pixels compressed by ${compressionName(number)} are not read`, {
    place: { file: name },
    hint: EER.has(number) ? EER_HINT : "save the image without compression, or with LZW, deflate, PackBits or zstd",
  });
}
