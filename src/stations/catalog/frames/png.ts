import { promisify } from "node:util";
import { crc32, deflate } from "node:zlib";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted } from "../../../core/units.js";
import { decodePngSamples } from "../../../formats/precomputed/png.js";
import type { FrameShape } from "./frame.js";
import { checkPixelCount } from "./pixels.js";

const deflateOffThread = promisify(deflate);

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** A scan line's filter: each byte minus that of the pixel before. */
const SUB = 1;
const LEVEL = 3;
const IDAT_BYTES_MAX = 2 ** 31 - 1;

/**
 * A frame as PNG: 8 or 16 bits, grey or red-green-blue, no other chunk than those that must be. It contains only the pixels, so
 * the same frame gives the same bytes on one version of Node. zlib's own threads compress, so frames that are encoded in parallel
 * use all cores: fast-png, in JavaScript, needs thirty times as long for a camera frame.
 *
 * @param pixels C order, little-endian, the colours of a pixel together.
 * @throws {EmporiumError} FORMAT_FIELD, FORMAT_LIMIT Source: Portable Network Graphics, third edition (W3C).
 */
export async function encodeFrame(pixels: Uint8Array, shape: FrameShape): Promise<Uint8Array> {
  checkPixelCount(pixels, shape, "frame");
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, shape.width);
  view.setUint32(4, shape.height);
  head[8] = shape.depth === "uint8" ? 8 : 16;
  head[9] = shape.colours === 1 ? 0 : 2;
  const packed = await deflateOffThread(filtered(pixels, shape), { level: LEVEL });
  if (packed.length > IDAT_BYTES_MAX)
    throw new EmporiumError("FORMAT_LIMIT", `a frame of ${counted(pixels.length, "byte")} is too large for a PNG`);
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("IDAT", packed), chunk("IEND", new Uint8Array(0))]);
}

/**
 * Pixels of a stored frame, in the form of `encodeFrame`.
 *
 * @param wanted the required shape
 * @throws {EmporiumError} FORMAT_…; OBJECT_WRONG for a picture of another shape
 */
export async function decodeFrame(
  bytes: Uint8Array,
  name: string,
  wanted?: FrameShape,
): Promise<{ shape: FrameShape; pixels: Uint8Array }> {
  const { width, height, channels, depth, data } = await decodePngSamples(bytes, name, (frame) => {
    if (frame.channels !== 1 && frame.channels !== 3) {
      throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: ${counted(frame.channels, "sample")} a pixel, a frame has 1 or 3`, {
        place: { file: name },
      });
    }
    const size = frame.width * frame.height * frame.channels * (frame.depth / 8);
    if (size > LIMITS.chunkBytes) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${name}: ${counted(size, "byte")} of pixels; at most ${LIMITS.chunkBytes} are read`,
        {
          place: { file: name },
        },
      );
    }
    if (!wanted) return;
    const same =
      frame.width === wanted.width &&
      frame.height === wanted.height &&
      frame.channels === wanted.colours &&
      frame.depth === bitsOf(wanted);
    if (same) return;
    const found = `${frame.height}×${frame.width}×${frame.channels} of ${counted(frame.depth, "bit")}`;
    throw new EmporiumError(
      "OBJECT_WRONG",
      `${name}: expected ${wanted.height}×${wanted.width}×${wanted.colours} of ${counted(bitsOf(wanted), "bit")}, found ${found}`,
      {
        place: { file: name },
      },
    );
  });
  return { shape: { width, height, colours: channels as 1 | 3, depth: depth === 8 ? "uint8" : "uint16" }, pixels: data };
}

function bitsOf({ depth }: FrameShape): 8 | 16 {
  return depth === "uint8" ? 8 : 16;
}

/** Scan lines with their filter, samples highest byte first. */
function filtered(pixels: Uint8Array, { width, height, colours, depth }: FrameShape): Uint8Array {
  const itemBytes = depth === "uint8" ? 1 : 2;
  const pixelBytes = colours * itemBytes;
  const rowBytes = width * pixelBytes;
  const lines = new Uint8Array(height * (rowBytes + 1));
  const swap = itemBytes - 1; // the other byte of a sample
  for (let y = 0; y < height; y++) {
    const row = y * rowBytes;
    const line = y * (rowBytes + 1) + 1;
    lines[line - 1] = SUB;
    for (let i = 0; i < pixelBytes; i++) lines[line + i] = pixels[row + (i ^ swap)]!;
    for (let i = pixelBytes; i < rowBytes; i++)
      lines[line + i] = pixels[row + (i ^ swap)]! - pixels[row + ((i - pixelBytes) ^ swap)]!;
  }
  return lines;
}

function chunk(kind: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = kind.charCodeAt(i);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}
