import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { packedRowBytes } from "./bits.js";
import { type Directory, tiffError } from "./directory.js";
import type { TiffPage } from "./header.js";
import { TAG } from "./tags.js";

/** Strips or tiles of a page: their size and number, and their places in the file. */
export interface Segments {
  kind: "strips" | "tiles";
  /** Pixels of one. The last strip of a page has fewer rows; tiles at its edges are whole. */
  height: number;
  width: number;
  /** Segments down and across the page, and planes of samples: segment `(plane · down + row) · across + column`. */
  down: number;
  across: number;
  planes: number;
  /** Samples of a pixel in one segment. */
  samples: number;
  offsets: readonly number[];
  byteCounts: readonly number[];
}

/** Offsets and byte counts have up to 8 bytes each. */
const SEGMENTS_MAX = LIMITS.headerBytes / 16;

/**
 * The strips or tiles of a page, checked: as many as its size needs, all within the file.
 *
 * Byte counts that are missing or, of uncompressed pixels, wrong are replaced by what the size says: old programs leave them out,
 * and ImageJ's wrap around at 4 GiB.
 *
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_LIMIT, FORMAT_TRUNCATED
 */
export async function readSegments(source: RandomAccess, directory: Directory, page: TiffPage): Promise<Segments> {
  const tiled = page.tile !== undefined;
  const fail = (tag: number, message: string) =>
    tiffError(source, "FORMAT_FIELD", directory.byteOf(tag) ?? directory.offset, message);
  const [height, width] = page.tile ?? [await rowsPerStrip(directory, page), page.width];
  if (!(height > 0 && width > 0)) throw fail(TAG.TileWidth, `tiles of ${height}×${width} (height, width); expected 1 or more`);
  const down = Math.ceil(page.height / height);
  const across = Math.ceil(page.width / width);
  const planes = page.planar ? page.samplesPerPixel : 1;
  const samples = page.planar ? 1 : page.samplesPerPixel;
  const wanted = down * across * planes;
  // some writers put the offsets of tiles under the tags of strips
  const offsetsTag = tiled && directory.count(TAG.TileOffsets) > 0 ? TAG.TileOffsets : TAG.StripOffsets;
  const countsTag = offsetsTag === TAG.TileOffsets ? TAG.TileByteCounts : TAG.StripByteCounts;
  const listed = directory.count(offsetsTag);
  if (listed < wanted) {
    const what = tiled ? "tiles" : "strips";
    throw fail(offsetsTag, `${listed} ${what} are listed, ${page.height}×${page.width} pixels need ${wanted}`);
  }
  if (wanted > SEGMENTS_MAX) {
    throw new EmporiumError(
      "FORMAT_LIMIT",
      `${source.name}: ${wanted} strips or tiles in a page; at most ${SEGMENTS_MAX} are read`,
      {
        place: { file: source.name, byte: directory.byteOf(offsetsTag) },
      },
    );
  }
  const offsets = await directory.numbers(offsetsTag, wanted);
  if (!offsets) throw fail(offsetsTag, "the offsets of strips or tiles are not whole numbers");
  const counts = directory.count(countsTag) >= wanted ? await directory.numbers(countsTag, wanted) : undefined;
  const { sizeBytes } = directory.layout;
  const plainBytes = (index: number) => {
    const row = Math.floor(index / across) % down;
    const rows = tiled ? height : Math.min(height, page.height - row * height);
    return rows * packedRowBytes(width * samples, page.bitsPerSample[0]!);
  };
  const byteCounts = offsets.map((offset, index) => {
    const stored = counts?.[index];
    const needed = plainBytes(index);
    if (page.compression === 1) {
      // nothing is stored of it: zeros
      if (offset === 0 && (stored ?? 0) === 0) return 0;
      const room = roomAt(offsets, index, sizeBytes);
      return stored !== undefined && (stored >= needed || room < needed) ? Math.min(stored, needed) : needed;
    }
    return stored ?? roomAt(offsets, index, sizeBytes);
  });
  for (const [index, offset] of offsets.entries()) {
    const length = byteCounts[index]!;
    if (offset + length <= sizeBytes) continue;
    const message = `${counted(length, "byte")} of pixels at byte ${offset}, the file has ${sizeBytes}`;
    throw tiffError(source, "FORMAT_TRUNCATED", Math.min(offset, sizeBytes), message);
  }
  return { kind: tiled ? "tiles" : "strips", height, width, down, across, planes, samples, offsets, byteCounts };
}

async function rowsPerStrip(directory: Directory, page: TiffPage): Promise<number> {
  const rows = (await directory.numbers(TAG.RowsPerStrip, 1))?.[0];
  // absent, 2^32 − 1 and, from careless writers, 0: all rows in one strip
  return rows === undefined || rows === 0 ? page.height : Math.min(rows, page.height);
}

/** Bytes from a segment to the next one in the file, or to its end. */
function roomAt(offsets: readonly number[], index: number, sizeBytes: number): number {
  const offset = offsets[index]!;
  const following = offsets[index + 1];
  return Math.max(0, (following !== undefined && following > offset ? following : sizeBytes) - offset);
}
