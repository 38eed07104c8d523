import { convertIndexedToRgb, type DecodedPng, decode, encode } from "fast-png";
import { EmporiumError } from "../../core/errors.js";
import type { Picture } from "./marks.js";

/** Encodes a picture as PNG, 8 bits a colour, with a library of this program: the bytes are the same on every machine. @param text Latin-1, by keyword */
export function encodePng({ width, height, rgb }: Picture, text?: Readonly<Record<string, string>>): Uint8Array {
  return encode({ width, height, data: rgb, depth: 8, channels: 3, ...(text && { text }) });
}

/** The same of numbers, 16 bits a pixel. */
export function encodeGreyPng(
  { width, height, data }: { readonly width: number; readonly height: number; readonly data: Uint16Array },
  text: Readonly<Record<string, string>>,
): Uint8Array {
  return encode({ width, height, data, depth: 16, channels: 1, text });
}

/**
 * The colours of a PNG of any kind: 16 bits lose their lower half, what is transparent lies on white.
 *
 * @param bytes the file, of a size that was checked: the decoder takes what the header and the compressed pixels ask for.
 * @throws {EmporiumError} FORMAT_CORRUPT
 */
export function decodePng(bytes: Uint8Array, name: string): Picture {
  let png: DecodedPng;
  let data: ArrayLike<number>;
  try {
    png = decode(bytes, { checkCrc: true });
    data = png.palette ? convertIndexedToRgb(png) : png.depth < 8 ? unpacked(png) : png.data;
  } catch (error) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `${name} does not decode: ${error instanceof Error ? error.message : String(error)}`,
      {
        place: { file: name },
        cause: error,
      },
    );
  }
  const { width, height } = png;
  const pixels = width * height;
  const channels = data.length / pixels;
  const scale = png.depth === 16 ? 1 / 256 : png.depth < 8 && !png.palette ? 255 / (2 ** png.depth - 1) : 1;
  const hasAlpha = channels === 2 || channels === 4;
  const rgb = new Uint8Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = pixel * channels;
    const opacity = hasAlpha ? Math.floor(data[at + channels - 1]! * scale) / 255 : 1;
    for (let i = 0; i < 3; i++) {
      const level = Math.floor(data[at + (channels < 3 ? 0 : i)]! * scale);
      rgb[3 * pixel + i] = Math.round(255 + (level - 255) * opacity);
    }
  }
  return { width, height, rgb };
}

/** Grey of 1, 2 or 4 bits, whose rows begin with a byte, as one number a pixel. */
function unpacked({ data, width, height, depth }: DecodedPng): Uint8Array {
  const levels = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const shift = 8 - depth - (bit % 8);
      levels[y * width + x] = (data[y * rowBytes + (bit >> 3)]! >> shift) & (2 ** depth - 1);
    }
  }
  return levels;
}
