import { type ByteRange, type RandomAccess, type ReadOptions, spaciousBytes } from "../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { packedRowBytes, reverseBits, unpackRows, widenFloat24 } from "./bits.js";
import { compressionName, decoderOf, defaultDecoders, IMAGE_CODECS, type SegmentDecoders } from "./compression.js";
import type { TiffFile, TiffImage } from "./image.js";
import { undoDifferences, undoFloatPredictor } from "./predictor.js";

export interface TiffPixelOptions extends ReadOptions {
  /** Decoders of strips and tiles. Default `defaultDecoders`. */
  decoders?: SegmentDecoders | undefined;
  /** Most bytes that one result may have. */
  bytesMax?: number | undefined;
}

/**
 * A plane as bytes in the layout of `image.shape`, C order, host byte order, in the type `image.type.dtype`. Values are those
 * stored: palettes give their indices, and white may be 0.
 *
 * @throws {EmporiumError} FORMAT_LIMIT (more than `bytesMax`, default `LIMITS.memoryBytes`: read it in bands), FORMAT_CORRUPT,
 *   FORMAT_UNSUPPORTED (a compression, by its name), SOURCE_CHANGED.
 */
export function readTiffPlane(source: RandomAccess, image: TiffImage, options: TiffPixelOptions = {}): Promise<Uint8Array> {
  return readTiffRows(source, image, 0, image.page.height, options);
}

/** Rows `[y0, y1)` of a plane, as stored. Reads whole strips and tiles; of uncompressed strips only the rows. */
export async function readTiffRows(
  source: RandomAccess,
  image: TiffImage,
  y0: number,
  y1: number,
  options: TiffPixelOptions = {},
): Promise<Uint8Array> {
  const { page, type, segments } = image;
  const { bytesMax = LIMITS.memoryBytes, decoders = defaultDecoders, signal } = options;
  if (!(Number.isInteger(y0) && Number.isInteger(y1) && y0 >= 0 && y0 <= y1 && y1 <= page.height)) {
    throw new EmporiumError(
      "USAGE",
      `${source.name}: rows ${y0} to ${y1} are outside of the plane, which has 0 to ${page.height}`,
      {
        place: { file: source.name },
      },
    );
  }
  const wanted = (y1 - y0) * page.width * page.samplesPerPixel * type.itemBytes;
  if (wanted > bytesMax) throw tooLarge(source.name, `rows ${y0} to ${y1} are ${counted(wanted, "byte")}`, bytesMax);
  if (page.compression !== 1) decoderOf(page.compression, decoders, source.name);
  const parts = partsOf(image, y0, y1);
  for (const { rows } of parts) {
    const plain = rows * packedRowBytes(segments.width * segments.samples, type.bits);
    if (plain > LIMITS.chunkBytes) throw tooLarge(source.name, `a strip or tile of ${counted(plain, "byte")}`, LIMITS.chunkBytes);
  }
  let result: Uint8Array | undefined;
  for (const { range, members } of planReads(parts)) {
    signal?.throwIfAborted();
    const bytes = range.length === 0 ? new Uint8Array(0) : await source.read(range, { signal });
    if (bytes.length < range.length) throw becameShorter(source.name, range.offset + bytes.length);
    for (const part of members) {
      const stored = bytes.subarray(part.stored.offset - range.offset, part.stored.offset - range.offset + part.stored.length);
      const plain = await decodePart(stored, part, image, decoders, source.name);
      if (parts.length === 1 && isAll(part, image, y0, y1) && plain.length === wanted) return plain;
      // not before the first one decoded: a header alone must not make us take memory
      result ??= spaciousBytes(wanted);
      copyPart(plain, part, image, result, y0, y1);
    }
  }
  return result ?? new Uint8Array(wanted);
}

function becameShorter(name: string, byte: number): EmporiumError {
  return new EmporiumError("SOURCE_CHANGED", `${name}: it became shorter while it was read`, { place: { file: name, byte } });
}

/** All that a thread needs to decode rows of a page, without the file. */
export interface StoredTiffRows {
  /** Image with the offsets of the strips or tiles of these rows alone. */
  readonly image: TiffImage;
  readonly y0: number;
  readonly y1: number;
  /** Stored bytes of the strips or tiles, in memory of their own. */
  readonly stored: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** Reads what `readTiffRows` reads of the source, and decodes nothing. @throws {EmporiumError} SOURCE_CHANGED */
export async function storedTiffRows(
  source: RandomAccess,
  image: TiffImage,
  y0: number,
  y1: number,
  { signal }: ReadOptions = {},
): Promise<StoredTiffRows> {
  const { segments } = image;
  const parts = partsOf(image, y0, y1);
  const stored: { offset: number; bytes: Uint8Array }[] = [];
  for (const { range } of planReads(parts)) {
    if (range.length === 0) continue;
    signal?.throwIfAborted();
    const bytes = (await source.read(range, { signal })).slice();
    if (bytes.length < range.length) throw becameShorter(source.name, range.offset + bytes.length);
    stored.push({ offset: range.offset, bytes });
  }
  // a page may have a million strips
  const [offsets, byteCounts]: [number[], number[]] = [[], []];
  for (const { index } of parts) {
    offsets[index] = segments.offsets[index]!;
    byteCounts[index] = segments.byteCounts[index]!;
  }
  return { image: { ...image, segments: { ...segments, offsets, byteCounts } }, y0, y1, stored };
}

/** Whether the rows of a part are the wanted ones, in full width and with all samples. */
function isAll(part: Part, { page, segments }: TiffImage, y0: number, y1: number): boolean {
  return part.y === y0 && part.rows === y1 - y0 && segments.width === page.width && segments.samples === page.samplesPerPixel;
}

/**
 * Bytes that `readTiffRows` takes at once for rows of whole strips or tiles: stored, decoded, and the result.
 *
 * @param isTogether all that is stored is there before the first is decoded
 */
export function tiffRowsNeed({ page, type, segments }: TiffImage, y0: number, y1: number, isTogether = false): number {
  const { height, across, down, planes, byteCounts } = segments;
  let stored = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let row = Math.floor(y0 / height); row < Math.min(down, Math.ceil(y1 / height)); row++)
      for (let column = 0; column < across; column++) {
        const count = byteCounts[(plane * down + row) * across + column]!;
        stored = isTogether ? stored + count : Math.max(stored, count);
      }
  const rows = segments.kind === "tiles" ? height : Math.min(height, page.height);
  const packed = rows * packedRowBytes(segments.width * segments.samples, type.bits);
  const unpacked = rows * segments.width * segments.samples * type.itemBytes;
  const isAsStored = type.stored !== "packed" && type.stored !== "float24" && page.predictor !== 3;
  const isOne = across === 1 && planes === 1 && y1 - y0 <= height;
  const result = isOne ? 0 : (y1 - y0) * page.width * page.samplesPerPixel * type.itemBytes;
  return stored + packed + (isAsStored ? 0 : unpacked) + result;
}

/** A band of rows of a plane. */
export interface TiffBand {
  /** Index of the plane. */
  index: number;
  image: TiffImage;
  y0: number;
  y1: number;
  /** Voxels of the rows, in the form of `readTiffRows`. */
  bytes: Uint8Array;
}

/**
 * All planes in order, in bounded memory: planes larger than `bandBytes` come in bands of whole strips or rows of tiles.
 *
 * @param bandBytes most bytes of a band, unless one strip or row of tiles has more. Default 64 MiB.
 */
export async function* tiffBands(
  file: TiffFile,
  options: TiffPixelOptions & { bandBytes?: number | undefined } = {},
): AsyncGenerator<TiffBand> {
  const { bandBytes = 64 * 2 ** 20 } = options;
  for (let index = 0; index < file.header.frames; index++) {
    const image = await file.image(index, options);
    const { page, type, segments } = image;
    const rowBytes = page.width * page.samplesPerPixel * type.itemBytes;
    const fitting = Math.max(1, Math.floor(bandBytes / rowBytes));
    // uncompressed strips can be cut anywhere
    const step = segments.kind === "strips" && page.compression === 1 ? 1 : segments.height;
    const rows = Math.max(step, Math.floor(fitting / step) * step);
    for (let y0 = 0; y0 < page.height; y0 += rows) {
      const y1 = Math.min(y0 + rows, page.height);
      yield { index, image, y0, y1, bytes: await readTiffRows(file.source, image, y0, y1, options) };
    }
  }
}

/** Part of one strip or tile that is read. */
interface Part {
  /** Index in the page's lists. */
  index: number;
  plane: number;
  /** First row and column in the page of what is stored. */
  y: number;
  x: number;
  /** Rows that are decoded. */
  rows: number;
  stored: ByteRange;
}

function partsOf({ page, type, segments }: TiffImage, y0: number, y1: number): Part[] {
  const { height, width, down, across, planes, kind, samples } = segments;
  const parts: Part[] = [];
  if (y0 >= y1) return parts;
  for (let plane = 0; plane < planes; plane++) {
    for (let row = Math.floor(y0 / height); row < Math.min(down, Math.ceil(y1 / height)); row++) {
      for (let column = 0; column < across; column++) {
        const index = (plane * down + row) * across + column;
        const y = row * height;
        const x = column * width;
        const rows = kind === "tiles" ? height : Math.min(height, page.height - y);
        const stored = { offset: segments.offsets[index]!, length: segments.byteCounts[index]! };
        if (kind === "strips" && page.compression === 1 && stored.length > 0) {
          const rowBytes = packedRowBytes(width * samples, type.bits);
          const from = Math.max(y, y0);
          const to = Math.min(y + rows, y1);
          const offset = Math.min(rowBytes * (from - y), stored.length);
          const length = Math.min(rowBytes * (to - from), stored.length - offset);
          parts.push({ index, plane, y: from, x, rows: to - from, stored: { offset: stored.offset + offset, length } });
        } else parts.push({ index, plane, y, x, rows, stored });
      }
    }
  }
  return parts;
}

const GROUP_BYTES_MAX = 8 * 2 ** 20;
const GAP_MAX = 32 * 1024;

/** Parts that lie side by side are read in one range. */
function planReads(parts: readonly Part[]): { range: ByteRange; members: Part[] }[] {
  const groups: { range: ByteRange; members: Part[] }[] = [];
  for (const part of [...parts].sort((a, b) => a.stored.offset - b.stored.offset)) {
    const { offset, length } = part.stored;
    const last = groups.at(-1);
    const end = last ? last.range.offset + last.range.length : 0;
    if (last && length > 0 && last.range.length > 0 && offset <= end + GAP_MAX) {
      const joined = Math.max(end, offset + length) - last.range.offset;
      if (joined <= GROUP_BYTES_MAX) {
        last.range.length = joined;
        last.members.push(part);
        continue;
      }
    }
    groups.push({ range: { offset, length }, members: [part] });
  }
  return groups;
}

/** Rows of a strip or tile in host byte order; empty where nothing is stored, which means zeros. */
async function decodePart(
  raw: Uint8Array,
  { rows, stored }: Part,
  image: TiffImage,
  decoders: SegmentDecoders,
  name: string,
): Promise<Uint8Array> {
  if (raw.length === 0) return raw;
  const { page, type, segments, jpegTables } = image;
  const rowSamples = segments.width * segments.samples;
  const packedBytes = rows * packedRowBytes(rowSamples, type.bits);
  const fail = (code: "FORMAT_CORRUPT" | "FORMAT_UNSUPPORTED", message: string, cause?: unknown) =>
    new EmporiumError(code, `${name}: ${compressionName(page.compression)}: ${message}`, {
      place: { file: name, byte: stored.offset },
      hint: code === "FORMAT_CORRUPT" ? "copy the file again: its pixels are damaged or cut short" : undefined,
      cause,
    });
  const pictures = IMAGE_CODECS.has(page.compression);
  const bytes = image.reversedBits && !pictures ? reverseBits(raw) : raw;
  let packed: Uint8Array;
  if (page.compression === 1) {
    if (bytes.length < packedBytes)
      throw fail(
        "FORMAT_CORRUPT",
        `${counted(bytes.length, "byte")} stored, ${counted(rows, "row has", "rows have")} ${packedBytes}`,
      );
    packed = new Uint8Array(bytes.subarray(0, packedBytes)); // the source may share its memory
  } else {
    packed = spaciousBytes(packedBytes);
    const { width, samples } = segments;
    const facts = { width, height: rows, samples, bits: type.bits, photometric: page.photometric, jpegTables };
    try {
      await decoderOf(page.compression, decoders, name)(bytes, packed, facts);
    } catch (cause) {
      const ours = isEmporiumError(cause);
      const hint = cause instanceof Error ? cause.message : String(cause);
      throw fail(ours && cause.code === "FORMAT_UNSUPPORTED" ? cause.code : "FORMAT_CORRUPT", hint, cause);
    }
  }
  if (pictures) return packed;
  if (page.predictor === 3) {
    const plain = undoFloatPredictor(packed, rowSamples, segments.samples, type.bits / 8);
    return type.stored === "float24" ? widenFloat24(plain, false) : plain;
  }
  if (type.stored === "float24") return widenFloat24(packed, image.littleEndian);
  if (type.stored === "packed") return unpackRows(packed, rows, rowSamples, type);
  if (image.littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(packed, type.dtype === "complex64" ? 4 : type.itemBytes);
  if (page.predictor === 2) undoDifferences(packed, rowSamples, segments.samples, type.itemBytes);
  return packed;
}

function copyPart(plain: Uint8Array, part: Part, image: TiffImage, result: Uint8Array, y0: number, y1: number): void {
  if (plain.length === 0) return;
  const { page, type, segments } = image;
  const pixelBytes = segments.samples * type.itemBytes;
  const columns = Math.min(segments.width, page.width - part.x);
  const from = Math.max(part.y, y0);
  const to = Math.min(part.y + part.rows, y1, page.height);
  const partRow = segments.width * pixelBytes;
  const resultRow = page.width * pixelBytes;
  const base = part.plane * (y1 - y0) * resultRow + part.x * pixelBytes;
  if (columns === segments.width && columns === page.width) {
    result.set(plain.subarray((from - part.y) * partRow, (to - part.y) * partRow), base + (from - y0) * resultRow);
    return;
  }
  for (let y = from; y < to; y++) {
    const at = (y - part.y) * partRow;
    result.set(plain.subarray(at, at + columns * pixelBytes), base + (y - y0) * resultRow);
  }
}

function tooLarge(name: string, what: string, most: number): EmporiumError {
  const hint = "read the plane in bands of rows";
  return new EmporiumError("FORMAT_LIMIT", `${name}: ${what}, at most ${most} are read at once`, { place: { file: name }, hint });
}
