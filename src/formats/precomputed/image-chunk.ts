import { type Triple, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { decodeJpeg } from "../jpeg/decode.js";
import { encodeJpeg, JPEG_SIDE_MAX } from "../jpeg/encode.js";
import { isJpeg } from "../jpeg/frame.js";
import { decodePngSamples, isPng } from "./png.js";

/** Encodings of a chunk as one image: its rows are the voxels, x fastest, then y and z; samples of a pixel are channels. */
const PICTURE_ENCODINGS = ["jpeg", "png"] as const;
export type PictureEncoding = (typeof PICTURE_ENCODINGS)[number];

export function isPictureEncoding(encoding: string): encoding is PictureEncoding {
  return (PICTURE_ENCODINGS as readonly string[]).includes(encoding);
}

/** Whether bytes begin as such a picture does. */
export function isPicture(bytes: Uint8Array, encoding: PictureEncoding): boolean {
  return encoding === "jpeg" ? isJpeg(bytes) : isPng(bytes);
}

/** Type, channels and shape that a chunk must have. */
export interface ChunkForm {
  dtype: DType;
  channels: number;
  /** `[z, y, x]` */
  shape: Triple;
}

/**
 * The voxels of a chunk that is a picture, of any width and height with as many pixels as the chunk has voxels.
 *
 * The picture's head is compared with the chunk before memory is taken for its pixels.
 * @returns `[channel, z, y, x]`, C order; 16 bits little-endian.
 * @throws {EmporiumError} FORMAT_CORRUPT (other sizes, damage), FORMAT_TRUNCATED, FORMAT_UNSUPPORTED, FORMAT_LIMIT.
 */
export async function decodePictureChunk(
  stored: Uint8Array,
  encoding: PictureEncoding,
  form: ChunkForm,
  name: string,
): Promise<Uint8Array> {
  const bits = form.dtype === "uint8" ? 8 : form.dtype === "uint16" && encoding === "png" ? 16 : undefined;
  if (bits === undefined) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${name}: ${form.dtype} voxels in ${encoding}, which has bytes${encoding === "png" ? " or uint16" : ""}`,
      {
        place: { file: name, path: "data_type" },
      },
    );
  }
  const voxels = volumeOf(form.shape);
  const check = (frame: { width: number; height: number }, channels: number, depth = 8) => {
    if (frame.width * frame.height === voxels && channels === form.channels && depth === bits) return;
    const message = `a picture of ${frame.width}×${frame.height} pixels of ${channels} × ${counted(depth, "bit")}, the chunk has ${form.shape.join("×")} voxels of ${form.channels} × ${bits}`;
    throw new EmporiumError("FORMAT_CORRUPT", `${name}: ${message}`, { place: { file: name, byte: 0 } });
  };
  const { data } =
    encoding === "jpeg"
      ? decodeJpeg(stored, { name, check: (frame) => check(frame, frame.components.length) })
      : await decodePngSamples(stored, name, (frame) => check(frame, frame.channels, frame.depth));
  return turned(data, voxels, form.channels, bits / 8, "planes");
}

/**
 * The same turned round, as JPEG: x along the rows, y and z down; where a side would be too long, x and y along the rows.
 *
 * @param plain `[channel, z, y, x]`, one or three channels of bytes.
 * @throws {EmporiumError} FORMAT_LIMIT for a chunk that no such picture can hold.
 */
export function encodeJpegChunk(plain: Uint8Array, [z, y, x]: Triple, channels: number, quality?: number): Uint8Array {
  const [width, height] = z * y <= JPEG_SIDE_MAX ? [x, y * z] : [x * y, z];
  return encodeJpeg({ width, height, channels, data: turned(plain, x * y * z, channels, 1, "pixels") }, quality);
}

/** Reorders samples from interleaved pixels to planes of one channel each, or back. */
function turned(data: Uint8Array, pixels: number, channels: number, sampleBytes: number, to: "planes" | "pixels"): Uint8Array {
  if (channels === 1) return data;
  const result = new Uint8Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const together = (pixel * channels + channel) * sampleBytes;
      const apart = (channel * pixels + pixel) * sampleBytes;
      for (let byte = 0; byte < sampleBytes; byte++) {
        if (to === "planes") result[apart + byte] = data[together + byte]!;
        else result[together + byte] = data[apart + byte]!;
      }
    }
  }
  return result;
}
