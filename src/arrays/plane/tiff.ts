import { ceilDiv, type Triple, volumeOf } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { Recent } from "../../core/recent.js";
import { formatBytes } from "../../core/units.js";
import { packedRowBytes } from "../../formats/tiff/bits.js";
import { compressionName } from "../../formats/tiff/compression.js";
import type { TiffFile, TiffImage } from "../../formats/tiff/image.js";
import { readTiffRows, type StoredTiffRows, storedTiffRows, tiffRowsNeed } from "../../formats/tiff/read.js";
import { type PlaneSource, type VoxelPlace, virtualLevels } from "./plane.js";

/** Directories of pages that are remembered. */
const PAGES_KEPT = 4096;
/** Decoded rows that are remembered: a plane across the pages asks all of them for some rows. */
const DECODED_BYTES = 32 * 2 ** 20;
/** A cache of decoded rows that several files share, and an id that is this file's alone. */
export interface KeptRows {
  /** Rows of more bytes than these are not kept. */
  readonly bytesMax: number;
  readonly cache: Map<string, Uint8Array>;
  readonly id: string;
}

/** Decodes rows of which the stored bytes are there, in memory of their own. */
export type DecodeRows = (rows: StoredTiffRows & { readonly name: string }) => Promise<Uint8Array>;

/** Rows that are decoded together, unless a strip or a row of tiles has more. */
const BAND_BYTES = 2 ** 20;
/** Wanted rows of pages that are not compressed, further apart than this, are read one by one. */
const GAP_BYTES = 32 * 1024;

export interface TiffPlanesOptions {
  readonly kept?: KeptRows | undefined;
  /** Bytes that decoding may take at once: where one strip or tile takes more, reading it is MEMORY_LIMIT. */
  readonly needMax?: number | undefined;
  /** Decodes rows elsewhere. Default: the calling thread does. */
  readonly decodeRows?: DecodeRows | undefined;
}

/**
 * The pages of a TIFF as the sections of a volume, in the order of the file; of several samples of a pixel the first.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED where pages differ in size or type, or hold complex numbers
 */
export async function tiffPlanes(
  file: TiffFile,
  { kept, needMax = LIMITS.memoryBytes, decodeRows }: TiffPlanesOptions = {},
): Promise<PlaneSource> {
  const { name, uniform, shape } = file.header;
  const first = await file.image(0);
  const { dtype, itemBytes } = first.type;
  const refuse = (what: string, hint: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what}`, { place: { file: name }, hint });
  if (!uniform) {
    throw refuse(
      "the pages differ in size or type; a stack needs equal ones",
      "save the pages that belong together to a file of their own",
    );
  }
  if (dtype === "complex64") throw refuse("complex pixels are not shown, real numbers are", "save amplitudes or powers");
  const pages = new Recent<number, TiffImage>(PAGES_KEPT);
  const bands = kept?.cache ?? new Recent<string, Uint8Array>(DECODED_BYTES, (bytes) => bytes.length);
  const pageAt = async (z: number, signal: AbortSignal | undefined) => {
    const page = pages.get(z) ?? (await file.image(z, { signal }));
    pages.set(z, page);
    return page;
  };
  /** Rows, and the first of them. */
  const rowsAt = async (z: number, y: number, until: number, signal: AbortSignal | undefined) => {
    const image = await pageAt(z, signal);
    const { page, segments } = image;
    if (page.compression === 1 && segments.kind === "strips") {
      return { y0: y, y1: until, image, bytes: await readTiffRows(file.source, image, y, until, { signal }) };
    }
    const height = bandHeight(image);
    const y0 = Math.floor(y / height) * height;
    const y1 = Math.min(page.height, y0 + height);
    const id = `${kept?.id}\n${z}/${y0}`;
    const found = bands.get(id);
    if (found) return { y0, y1, image, bytes: found };
    const need = tiffRowsNeed(image, y0, y1, decodeRows !== undefined);
    if (need > needMax) throw tooLittle(name, need, needMax);
    const bytes = decodeRows
      ? await decodeRows({ name, ...(await storedTiffRows(file.source, image, y0, y1, { signal })) })
      : await readTiffRows(file.source, image, y0, y1, { signal });
    if (bytes.length <= (kept?.bytesMax ?? DECODED_BYTES)) bands.set(id, bytes);
    return { y0, y1, image, bytes };
  };
  return {
    name,
    dtype,
    levels: virtualLevels(shape),
    async readBox(_stored, { start, stop }, step, { signal } = {}) {
      const counts = start.map((from, i) => Math.max(0, ceilDiv(stop[i]! - from, step[i]!))) as Triple;
      const voxels = new Uint8Array(volumeOf(counts) * itemBytes);
      const rowBytes = shape[2] * itemBytes;
      const rowsAtOnce = step[1] * rowBytes > GAP_BYTES && step[1] > 1 ? 1 : Math.max(1, Math.floor(BAND_BYTES / rowBytes));
      for (let z = start[0], out = 0; z < stop[0]; z += step[0])
        for (let y = start[1]; y < stop[1]; ) {
          signal?.throwIfAborted();
          const { y0, y1, image, bytes } = await rowsAt(z, y, Math.min(stop[1], y + rowsAtOnce), signal);
          for (; y < Math.min(y1, stop[1]); y += step[1], out += counts[2])
            pickRow(bytes, y - y0, image, start[2], step[2], counts[2], voxels, out);
        }
      return voxels;
    },
    locate: async (_stored, [z, y, x], signal) => locateSample(await pageAt(z, signal), y, x),
  };
}

function tooLittle(name: string, need: number, most: number): EmporiumError {
  return new EmporiumError(
    "MEMORY_LIMIT",
    `${name}: one strip or tile takes ${formatBytes(need)} to decode; ${formatBytes(most)} of --memory are for that`,
    { place: { file: name }, hint: "allow more with --memory, or save the file in smaller strips or tiles" },
  );
}

/** The place of a pixel's first sample: its own bytes where they are not compressed, else the strip or tile that holds it. */
function locateSample(
  { page, type, segments, littleEndian, reversedBits }: TiffImage,
  y: number,
  x: number,
): VoxelPlace | undefined {
  const { height, width, across, samples, kind } = segments;
  const index = Math.floor(y / height) * across + Math.floor(x / width);
  const [offset, length] = [segments.offsets[index]!, segments.byteCounts[index]!];
  if (length === 0) return undefined;
  const { bits } = type;
  const rowBytes = packedRowBytes(width * samples, bits);
  const [row, column] = [y % height, (x % width) * samples];
  const firstBit = 8 * rowBytes * row + bits * column;
  const from = Math.floor(firstBit / 8);
  const until = Math.ceil((firstBit + bits) / 8);
  const isPacked = type.stored === "packed";
  const common = {
    dtype: type.stored === "float24" ? "float24" : type.dtype,
    ...(bits > 8 && !isPacked && { byteOrder: littleEndian ? ("little" as const) : ("big" as const) }),
    ...(isPacked && { bits: { shift: 8 * until - firstBit - bits, count: bits } }),
  };
  const codecs = [
    ...(reversedBits ? ["reversed bits"] : []),
    ...(page.compression === 1 ? [] : [compressionName(page.compression)]),
    ...(page.predictor === 1 ? [] : [page.predictor === 2 ? "differences along rows" : "floating-point predictor"]),
  ];
  if (codecs.length === 0) return { ...common, offset: offset + from, length: until - from, codecs, decodedByte: 0 };
  return { ...common, offset, length, codecs, decodedByte: from, says: `one ${kind === "tiles" ? "tile" : "strip"} of the page` };
}

/** Rows of whole strips or tiles. */
function bandHeight({ page, segments, type }: TiffImage): number {
  const rowBytes = page.width * page.samplesPerPixel * type.itemBytes;
  return segments.height * Math.max(1, Math.floor(BAND_BYTES / (rowBytes * segments.height)));
}

function pickRow(
  bytes: Uint8Array,
  row: number,
  { page, type: { itemBytes } }: TiffImage,
  from: number,
  step: number,
  count: number,
  voxels: Uint8Array,
  out: number,
): void {
  const samples = page.planar ? 1 : page.samplesPerPixel;
  const begin = (row * page.width + from) * samples * itemBytes;
  if (step === 1 && samples === 1) {
    voxels.set(bytes.subarray(begin, begin + count * itemBytes), out * itemBytes);
    return;
  }
  for (let i = 0; i < count; i++)
    for (let b = 0; b < itemBytes; b++) voxels[(out + i) * itemBytes + b] = bytes[begin + i * step * samples * itemBytes + b]!;
}
