import type { Triple } from "../../core/box.js";
import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { type Directory, type Layout, readDirectory, tiffError } from "./directory.js";
import { countPages } from "./pages.js";
import { TAG, tagName } from "./tags.js";
import { windowed } from "./window.js";

/** One page of a TIFF: the facts of its directory, no pixels. */
export interface TiffPage {
  /** Offset of the directory in the file. */
  offset: number;
  width: number;
  height: number;
  samplesPerPixel: number;
  /** Bits of each sample; TIFF allows them to differ. */
  bitsPerSample: number[];
  sampleFormat: "uint" | "int" | "float" | "complex-int" | "complex-float" | "undefined";
  /** Samples of a pixel differ in bits or format. */
  mixedSamples: boolean;
  /** Type of the elements, where all samples are of one type that arrays know. 4- and 12-bit pixels and bits of EER have none. */
  dtype: DType | undefined;
  compression: number;
  photometric: number | undefined;
  predictor: number;
  /** Samples are stored in planes of their own. */
  planar: boolean;
  tile: [height: number, width: number] | undefined;
  /** A smaller version of another page (NewSubfileType bit 0). */
  reduced: boolean;
}

export interface TiffHeader {
  name: string;
  littleEndian: boolean;
  bigTiff: boolean;
  /** Number of directories in the main chain. */
  pages: number;
  /**
   * `chain`: every directory was read. `stride`: the first ones lie at equal distances; the last one and some between were found
   * there.
   */
  pagesBy: "chain" | "stride";
  first: TiffPage;
  /** All pages that were read have the first one's size, samples and compression. */
  uniform: boolean;
  /** Images of a stack: pages, or what ImageJ says where it wrote more than 4 GiB behind one directory. */
  frames: number;
  /** Frames, rows, columns. */
  shape: Triple;
  /** ImageDescription of the first page, or empty. */
  description: string;
  /** Electron-event representation of Falcon cameras: a list of events in each page, not pixels. */
  eer: boolean;
  warnings: string[];
}

export interface TiffReadOptions extends ReadOptions {
  /** Read every directory, even where the pages lie at equal distances. */
  everyPage?: boolean | undefined;
}

const DESCRIPTION_MAX = 4 * 1024 * 1024;

/** `little`, `big`: a TIFF or BigTIFF of that byte order begins with these bytes. Needs 4. */
export function detectTiff(head: Uint8Array): "little" | "big" | undefined {
  const [a, b, c, d] = head;
  if (a === 0x49 && b === 0x49 && (c === 42 || c === 43) && d === 0) return "little";
  if (a === 0x4d && b === 0x4d && c === 0 && (d === 42 || d === 43)) return "big";
  return undefined;
}

/**
 * The header of a TIFF or BigTIFF: number of pages, their size and type. Layout: README.md beside this file.
 *
 * Cost: one or two ranges of 4 KiB for the first page; then one for each page that lies outside of what was read, or a few dozen
 * where many pages lie at equal distances.
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED, FORMAT_FIELD (a loop of pages, impossible lengths), FORMAT_LIMIT; the
 *   place names the byte.
 */
export async function readTiffHeader(unbuffered: RandomAccess, options: TiffReadOptions = {}): Promise<TiffHeader> {
  const source = await windowed(unbuffered);
  const { layout, firstOffset } = await readLayout(source, options);
  const directory = await readDirectory(source, layout, firstOffset, options);
  const first = await pageOf(source, directory);
  const description = await directory.text(TAG.ImageDescription, DESCRIPTION_MAX);
  const counted = await countPages(source, layout, directory, {
    options,
    everyPage: options.everyPage ?? false,
    same: async (other) => sameKind(first, await pageOf(source, other)),
  });
  const warnings: string[] = [];
  const imageJ = imageJFrames(description, directory, first, counted.pages);
  if (imageJ !== undefined) warnings.push(`one directory, ${imageJ} images by ImageJ's description`);
  const frames = imageJ ?? counted.pages;
  return {
    name: source.name,
    littleEndian: layout.littleEndian,
    bigTiff: layout.bigTiff,
    pages: counted.pages,
    pagesBy: counted.by,
    first,
    uniform: counted.uniform,
    frames,
    shape: [frames, first.height, first.width],
    description,
    eer: first.compression >= 65000 && first.compression <= 65002,
    warnings,
  };
}

/** Byte order, kind and the place of the first directory. */
export async function readLayout(source: RandomAccess, options: ReadOptions): Promise<{ layout: Layout; firstOffset: number }> {
  const head = await source.read({ offset: 0, length: 16 }, options);
  const sizeBytes = await source.size();
  const order = detectTiff(head);
  if (order === undefined) {
    const found = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new EmporiumError(
      "FORMAT_UNKNOWN",
      `${source.name}: a TIFF begins with II or MM and 42 or 43, this file with ${found || "nothing"}`,
      {
        place: { file: source.name, byte: 0 },
        hint: sizeBytes === 0 ? "copy the file again: it is empty" : "check that this is a TIFF or EER file",
      },
    );
  }
  const littleEndian = order === "little";
  const bigTiff = head[littleEndian ? 2 : 3] === 43;
  if (head.length < (bigTiff ? 16 : 8)) {
    throw tiffError(
      source,
      "FORMAT_TRUNCATED",
      head.length,
      `${counted(head.length, "byte")}, the header alone has ${bigTiff ? 16 : 8}`,
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (bigTiff && (view.getUint16(4, littleEndian) !== 8 || view.getUint16(6, littleEndian) !== 0)) {
    throw tiffError(source, "FORMAT_FIELD", 4, `offsets of ${counted(view.getUint16(4, littleEndian), "byte")}, BigTIFF has 8`);
  }
  const firstOffset = bigTiff ? Number(view.getBigUint64(8, littleEndian)) : view.getUint32(4, littleEndian);
  return { layout: { littleEndian, bigTiff, sizeBytes }, firstOffset };
}

/** The facts of a directory that say how its pixels are stored. */
export async function pageOf(source: RandomAccess, directory: Directory): Promise<TiffPage> {
  const number = async (tag: number) => (await directory.numbers(tag, 1))?.[0];
  const required = async (tag: number) => {
    const value = await number(tag);
    if (value === undefined || !(value > 0) || value > LIMITS.axisLength) {
      const found = value === undefined ? "missing" : String(value);
      const message = `${tagName(tag)} is ${found}; expected 1 to 2^31 − 1`;
      throw tiffError(source, "FORMAT_FIELD", directory.byteOf(tag) ?? directory.offset, message);
    }
    return value;
  };
  const samplesPerPixel = (await number(TAG.SamplesPerPixel)) ?? 1;
  const bits = (await directory.numbers(TAG.BitsPerSample, 64)) ?? [1];
  const formats = (await directory.numbers(TAG.SampleFormat, 64)) ?? [1];
  const sampleFormat = SAMPLE_FORMATS[formats[0] ?? 1] ?? "undefined";
  const oneKind = new Set(bits).size === 1 && new Set(formats).size === 1;
  const tileWidth = await number(TAG.TileWidth);
  const tileHeight = await number(TAG.TileLength);
  const compression = (await number(TAG.Compression)) ?? 1;
  return {
    offset: directory.offset,
    width: await required(TAG.ImageWidth),
    height: await required(TAG.ImageLength),
    samplesPerPixel,
    bitsPerSample: bits,
    sampleFormat,
    mixedSamples: !oneKind,
    dtype: oneKind && compression < 65000 ? DTYPES[`${sampleFormat}${bits[0]}`] : undefined,
    compression,
    photometric: await number(TAG.PhotometricInterpretation),
    predictor: (await number(TAG.Predictor)) ?? 1,
    planar: ((await number(TAG.PlanarConfiguration)) ?? 1) === 2,
    tile: tileWidth !== undefined && tileHeight !== undefined ? [tileHeight, tileWidth] : undefined,
    reduced: (((await number(TAG.NewSubfileType)) ?? 0) & 1) === 1,
  };
}

const SAMPLE_FORMATS: Readonly<Record<number, TiffPage["sampleFormat"]>> = {
  1: "uint",
  2: "int",
  3: "float",
  4: "undefined",
  5: "complex-int",
  6: "complex-float",
};

const DTYPES: Readonly<Record<string, DType>> = {
  uint1: "bool",
  uint4: "uint4",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  int8: "int8",
  int16: "int16",
  int32: "int32",
  int64: "int64",
  float16: "float16",
  float32: "float32",
  float64: "float64",
  "complex-float64": "complex64",
};

function sameKind(a: TiffPage, b: TiffPage): boolean {
  const kind = ({ offset, ...facts }: TiffPage) => JSON.stringify(facts);
  return kind(a) === kind(b);
}

/** ImageJ writes stacks past 4 GiB as one directory, and the images one after the other behind it. */
function imageJFrames(description: string, directory: Directory, first: TiffPage, pages: number): number | undefined {
  if (pages !== 1 || first.compression !== 1 || !description.startsWith("ImageJ=")) return undefined;
  const images = Number(/^images=(\d{1,9})\s*$/m.exec(description)?.[1] ?? 1);
  const plane = first.width * first.height * first.samplesPerPixel * Math.ceil(first.bitsPerSample[0]! / 8);
  const begin = directory.onlyNumber(TAG.StripOffsets);
  return images > 1 && begin !== undefined && begin + images * plane <= directory.layout.sizeBytes ? images : undefined;
}
