import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { packedRowBytes } from "./bits.js";
import { type Directory, readDirectory, tiffError } from "./directory.js";
import { pageOf, readLayout, readTiffHeader, type TiffHeader, type TiffPage, type TiffReadOptions } from "./header.js";
import { type PixelType, pixelTypeOf } from "./pixel-type.js";
import { readSegments, type Segments } from "./segments.js";
import { TAG } from "./tags.js";
import { windowed } from "./window.js";

/** One plane of a TIFF, all that is needed to read its pixels. */
export interface TiffImage {
  page: TiffPage;
  type: PixelType;
  segments: Segments;
  /** Rows and columns; with several samples `[y, x, sample]`, or `[sample, y, x]` where each has a plane of its own. */
  shape: number[];
  axes: "yx" | "yxs" | "syx";
  littleEndian: boolean;
  /** Bits of each byte are stored lowest first. */
  reversedBits: boolean;
  jpegTables: Uint8Array | undefined;
}

export interface TiffFile {
  source: RandomAccess;
  header: TiffHeader;
  /**
   * Plane `index` of `header.frames`. Directories are followed from the first and cached: planes in order cost one range each.
   *
   * @throws {EmporiumError} USAGE for a plane that is not there, FORMAT_UNSUPPORTED, naming the pixel type.
   */
  image(index: number, options?: ReadOptions): Promise<TiffImage>;
}

/** A TIFF whose planes are to be read. @throws {EmporiumError} as `readTiffHeader`. */
export async function openTiff(unbuffered: RandomAccess, options: TiffReadOptions = {}): Promise<TiffFile> {
  const header = await readTiffHeader(unbuffered, options);
  const source = await windowed(unbuffered);
  const { layout, firstOffset } = await readLayout(source, options);
  const offsets = [firstOffset];
  let latest: Directory | undefined;

  const directoryAt = async (index: number, read: ReadOptions): Promise<Directory> => {
    let directory = latest?.offset === offsets[index] ? latest : undefined;
    for (let at = Math.min(index, offsets.length - 1); directory === undefined; at++) {
      const found = await readDirectory(source, layout, offsets[at]!, read);
      if (at === index) directory = found;
      else if (found.next === 0 || offsets.includes(found.next, Math.max(0, offsets.length - 2))) {
        throw tiffError(source, "FORMAT_FIELD", found.offset, `page ${index} of ${header.pages} is not in the chain of pages`);
      } else if (at + 1 === offsets.length) offsets.push(found.next);
    }
    latest = directory;
    if (directory.next !== 0 && index + 1 === offsets.length) offsets.push(directory.next);
    return directory;
  };

  return {
    source: unbuffered,
    header,
    async image(index, read = {}) {
      if (!(Number.isInteger(index) && index >= 0 && index < header.frames)) {
        throw new EmporiumError(
          "USAGE",
          `${source.name}: plane ${index} is outside of the file, which has 0 to ${header.frames - 1}`,
          {
            place: { file: source.name },
          },
        );
      }
      const hidden = header.frames > header.pages;
      const image = await imageOf(source, await directoryAt(hidden ? 0 : index, read));
      return hidden ? behindTheFirst(image, index) : image;
    },
  };
}

async function imageOf(source: RandomAccess, directory: Directory): Promise<TiffImage> {
  const page = await pageOf(source, directory);
  const { name } = source;
  const refuse = (what: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${what} are not read`, {
      place: { file: name, byte: page.offset },
      hint: "save the image as plain samples, one page for each plane",
    });
  const depth = (await directory.numbers(TAG.ImageDepth, 1))?.[0] ?? 1;
  if (depth > 1) throw refuse(`pages of ${counted(depth, "plane")} each (ImageDepth)`);
  const type = pixelTypeOf(page, name);
  if (page.photometric === 6 && page.compression !== 6 && page.compression !== 7) {
    const [across = 2, down = 2] = (await directory.numbers(TAG.YCbCrSubSampling, 2)) ?? [];
    if (across !== 1 || down !== 1) throw refuse(`YCbCr colours with ${across}×${down} subsampling`);
  }
  if (![1, 2, 3].includes(page.predictor)) throw refuse(`samples predicted by scheme ${page.predictor}`);
  if (page.predictor === 2 && type.stored !== "plain") throw refuse(`differences of samples of ${counted(type.bits, "bit")}`);
  if (page.predictor === 3 && !type.dtype.startsWith("float")) throw refuse("integers under the floating-point predictor");
  const { height, width, samplesPerPixel: samples } = page;
  if (height * width * samples > LIMITS.elements || samples < 1) {
    throw tiffError(
      source,
      "FORMAT_FIELD",
      page.offset,
      `${height}×${width} pixels of ${counted(samples, "sample is", "samples are")} not possible`,
    );
  }
  const axes = samples === 1 ? "yx" : page.planar ? "syx" : "yxs";
  return {
    page,
    type,
    segments: await readSegments(source, directory, page),
    shape: axes === "yx" ? [height, width] : axes === "syx" ? [samples, height, width] : [height, width, samples],
    axes,
    littleEndian: directory.layout.littleEndian,
    reversedBits: (await directory.numbers(TAG.FillOrder, 1))?.[0] === 2,
    jpegTables: await directory.bytesOf(TAG.JPEGTables, LIMITS.metadataBytes),
  };
}

/** Image `index` of a stack that ImageJ wrote as one directory: the images follow one another. */
function behindTheFirst(image: TiffImage, index: number): TiffImage {
  const { page, type, segments } = image;
  const planeBytes = page.height * packedRowBytes(page.width * page.samplesPerPixel, type.bits);
  const offsets = [segments.offsets[0]! + index * planeBytes];
  return {
    ...image,
    segments: { ...segments, height: page.height, down: 1, planes: 1, offsets, byteCounts: [planeBytes] },
  };
}
