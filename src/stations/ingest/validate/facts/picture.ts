import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { crc32 } from "../../../../core/crc32.js";
import { EmporiumError } from "../../../../core/errors.js";
import { LIMITS } from "../../../../core/limits.js";
import { counted } from "../../../../core/units.js";
import { pictureType } from "../../picture-type.js";

type PictureFormat = "PNG" | "JPEG" | "GIF";

export interface PictureFacts {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
}

/**
 * The type and size of a picture, after a check of all its parts: checksums and pixels of a PNG, the markers of a JPEG, the
 * blocks of a GIF.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN for another kind, FORMAT_CORRUPT or FORMAT_TRUNCATED for one that does not decode
 */
export async function readPicture(bytes: Uint8Array, name: string): Promise<PictureFacts> {
  const fail: Fail = (byte, message) =>
    new EmporiumError("FORMAT_CORRUPT", `${name}: ${message}`, { place: { file: name, byte }, hint: "make the picture again" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    switch (pictureType(bytes, name).extension) {
      case ".png":
        return await readPng(bytes, view, fail);
      case ".jpg":
        return readJpeg(view, fail);
      default:
        return readGif(view, fail);
    }
  } catch (error) {
    if (error instanceof RangeError) throw fail(bytes.length, "the picture ends before its last part");
    throw error;
  }
}

type Fail = (byte: number, message: string) => EmporiumError;

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

async function readPng(bytes: Uint8Array, view: DataView, fail: Fail): Promise<PictureFacts> {
  const pixels: Uint8Array[] = [];
  let size: { width: number; height: number; bits: number; interlaced: boolean } | undefined;
  for (let at = 8; ; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (view.getUint32(at + 8 + length) !== crc32(bytes.subarray(at + 4, at + 8 + length))) {
      throw fail(at, `the checksum of the part ${JSON.stringify(type)} is wrong`);
    }
    if (type === "IHDR") {
      const samples = SAMPLES[body[9] ?? -1];
      const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      if (samples === undefined || width === 0 || height === 0) throw fail(at, "the header is invalid");
      size = { width, height, bits: samples * body[8]!, interlaced: body[12] === 1 };
    } else if (type === "IDAT") pixels.push(body);
    at += 12 + length;
    if (type === "IEND") break;
  }
  if (!size) throw fail(8, "the header is missing");
  const { width, height, bits, interlaced } = size;
  const wanted = height * (1 + Math.ceil((width * bits) / 8));
  if (wanted > LIMITS.chunkBytes) throw fail(16, `${width}×${height} pixels are too many for a picture`);
  const whole = Buffer.concat(pixels);
  let plain: Buffer;
  try {
    plain = (await promisify(inflate)(whole, { maxOutputLength: wanted + 16 * height + 1024 })) as Buffer;
  } catch (error) {
    throw fail(8, `the pixels do not decompress (${error instanceof Error ? error.message : String(error)})`);
  }
  // an interlaced picture has rows of its own count in each of its seven passes
  if (interlaced ? plain.length < wanted : plain.length !== wanted) {
    throw fail(8, `${counted(plain.length, "byte")} of pixels; expected ${wanted}`);
  }
  return { format: "PNG", width, height };
}

/** From marker to marker; after a start of scan the entropy-coded bytes are skipped up to the next one. */
function readJpeg(view: DataView, fail: Fail): PictureFacts {
  let size: { width: number; height: number } | undefined;
  let scans = 0;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) throw fail(at, "expected a marker here");
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xd9) break;
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
    if (marker !== 0xda) continue;
    scans++;
    while (!(view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0 && (view.getUint8(at + 1) & 0xf8) !== 0xd0)) at++;
  }
  if (!size || size.width === 0 || size.height === 0 || scans === 0) throw fail(2, "the file contains no picture");
  return { format: "JPEG", ...size };
}

function readGif(view: DataView, fail: Fail): PictureFacts {
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  const table = (flags: number) => ((flags & 0x80) !== 0 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const skipBlocks = (from: number) => {
    let at = from;
    for (let length = view.getUint8(at); length > 0; length = view.getUint8(at)) at += 1 + length;
    return at + 1;
  };
  let images = 0;
  for (let at = 13 + table(view.getUint8(10)); ; ) {
    const kind = view.getUint8(at);
    if (kind === 0x3b) break;
    if (kind === 0x21) at = skipBlocks(at + 2);
    else if (kind === 0x2c) {
      images++;
      at = skipBlocks(at + 11 + table(view.getUint8(at + 9)));
    } else throw fail(at, `byte ${kind} begins no block of a GIF`);
  }
  if (images === 0 || width === 0 || height === 0) throw fail(13, "the file contains no picture");
  return { format: "GIF", width, height };
}
