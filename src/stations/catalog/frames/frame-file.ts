import type { RandomAccess, ReadOptions } from "../../../core/bytes.js";
import { HOST_LITTLE_ENDIAN, swapBytes } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { type Directory, type Layout, readDirectory } from "../../../formats/tiff/directory.js";
import { readLayout } from "../../../formats/tiff/header.js";
import { openTiff, type TiffFile, type TiffImage } from "../../../formats/tiff/image.js";
import { readTiffPlane } from "../../../formats/tiff/read.js";
import { windowed } from "../../../formats/tiff/window.js";
import type { BitDepth, FrameShape } from "./frame.js";

/** A TIFF whose pages are frames. */
export interface FrameFile {
  readonly name: string;
  readonly pages: number;
  /** ImageDescription of the first page. */
  readonly description: string;
  image(page: number, options?: ReadOptions): Promise<TiffImage>;
  /** The tags of a page. */
  directory(page: number, options?: ReadOptions): Promise<Directory>;
  readonly tiff: TiffFile;
}

/** @throws {EmporiumError} as `readTiffHeader`. */
export async function openFrameFile(source: RandomAccess, options: ReadOptions = {}): Promise<FrameFile> {
  const tiff = await openTiff(source, options);
  const buffered = await windowed(source);
  let layout: Layout | undefined;
  return {
    name: source.name,
    pages: tiff.header.frames,
    description: tiff.header.description,
    tiff,
    image: (page, read) => tiff.image(page, read),
    async directory(page, read) {
      layout ??= (await readLayout(buffered, read ?? {})).layout;
      return readDirectory(buffered, layout, (await tiff.image(page, read)).page.offset, read);
    },
  };
}

/**
 * Size, colours and depth of a page.
 *
 * @param allow `float32`: whole real numbers may become uint16; `signed`: signed integers keep their bytes, as in the older
 *   catalogue: -1 is 255, or 65535
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for other pixels
 */
export function frameShapeOf(
  { page, type }: TiffImage,
  name: string,
  allow: { float32?: boolean; signed?: boolean } = {},
): FrameShape & { fromFloat: boolean; signed: boolean } {
  const refuse = (message: string, hint?: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${message}`, { place: { file: name, byte: page.offset }, hint });
  const bits = page.bitsPerSample[0]!;
  const fromFloat = allow.float32 === true && type.dtype === "float32" && bits === 32;
  const depth: BitDepth | undefined = fromFloat ? "uint16" : bits === 8 ? "uint8" : bits === 16 ? "uint16" : undefined;
  if (depth === undefined) throw refuse(`Bit depth must be 16 or 8, not ${bits}`, "convert the images to 8 or 16 bits");
  const signed = allow.signed === true && type.dtype === depth.slice(1);
  if (!fromFloat && !signed && type.dtype !== depth)
    throw refuse(`samples are ${type.dtype}; expected ${depth}`, "convert the images to unsigned integers");
  const colours = page.samplesPerPixel;
  if (colours !== 1 && colours !== 3) {
    throw refuse(
      `${counted(colours, "sample")} per pixel; expected 1 (grey) or 3 (red, green, blue)`,
      "save the images without an opacity channel",
    );
  }
  return { width: page.width, height: page.height, colours, depth, fromFloat, signed };
}

/**
 * Pixels of a frame: C order, little-endian, the colours of a pixel together.
 *
 * @throws {EmporiumError} FORMAT_FIELD if the page has another shape than the other frames, or real numbers that uint16 cannot
 *   hold
 */
export async function readFramePixels(
  file: FrameFile,
  page: number,
  wanted: FrameShape & { fromFloat: boolean },
  options: ReadOptions = {},
): Promise<Uint8Array> {
  const image = await file.image(page, options);
  const found = frameShapeOf(image, file.name, { float32: wanted.fromFloat, signed: true });
  if (
    found.width !== wanted.width ||
    found.height !== wanted.height ||
    found.colours !== wanted.colours ||
    found.depth !== wanted.depth
  ) {
    const say = ({ width, height, colours, depth }: FrameShape) => `${height}×${width}${colours === 3 ? "×3" : ""} ${depth}`;
    throw new EmporiumError("FORMAT_FIELD", `${file.name}: page ${page} is ${say(found)}, the first frame ${say(wanted)}`, {
      place: { file: file.name, byte: image.page.offset },
      hint: "upload the other frames as a data set of their own: all frames of a data set need one size and type",
    });
  }
  const plane = await readTiffPlane(file.tiff.source, image, options);
  const together = image.axes === "syx" ? interleaved(plane, wanted) : plane;
  if (found.fromFloat) return wholeNumbers(together, file.name, page);
  if (!HOST_LITTLE_ENDIAN) swapBytes(together, image.type.itemBytes);
  return together;
}

/** A warning for data sets with signed samples. */
export function signedNote({ depth }: FrameShape): string {
  return `samples are ${depth.slice(1)}, and are kept as ${depth} with the same bytes: -1 is ${depth === "uint8" ? 255 : 65_535}`;
}

/** `[sample, y, x]` as `[y, x, sample]`. */
function interleaved(planes: Uint8Array, { width, height, colours, depth }: FrameShape): Uint8Array {
  const itemBytes = depth === "uint8" ? 1 : 2;
  const pixels = width * height;
  const result = new Uint8Array(planes.length);
  for (let sample = 0; sample < colours; sample++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let byte = 0; byte < itemBytes; byte++) {
        result[(pixel * colours + sample) * itemBytes + byte] = planes[(sample * pixels + pixel) * itemBytes + byte]!;
      }
    }
  }
  return result;
}

/** float32 in host order as uint16, little-endian. Values that would be truncated or wrap around are refused. */
function wholeNumbers(bytes: Uint8Array, name: string, page: number): Uint8Array {
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const result = new DataView(new ArrayBuffer(floats.length * 2));
  for (const [i, value] of floats.entries()) {
    if (!(Number.isInteger(value) && value >= 0 && value < 65_536)) {
      throw new EmporiumError("FORMAT_FIELD", `${name}: page ${page} holds ${value}; expected whole numbers from 0 to 65535`, {
        place: { file: name },
        hint: "scale the images and save them as 16-bit integers",
      });
    }
    result.setUint16(2 * i, value, true);
  }
  return new Uint8Array(result.buffer);
}
