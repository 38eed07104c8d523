import { crc32 } from "../../core/crc32.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { inflate } from "../zarr/inflate.js";

/** Pixels of a PNG by its header. */
export interface PngFrame {
  width: number;
  height: number;
  /** Samples of a pixel: grey, grey and opacity, colours, colours and opacity. */
  channels: number;
  /** Bits of a sample. */
  depth: 8 | 16;
}

export interface PngPicture extends PngFrame {
  /** Row by row, the samples of a pixel together; those of 16 bits little-endian. */
  data: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const HEAD_BYTES = 13;
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/**
 * The samples of a PNG as they are stored: whole bytes, without palette and interlacing, which no writer of volumes uses. Nothing
 * is done with opacity, gamma or colour profiles, as voxels are numbers and no colours.
 *
 * @param check called with the head before memory is taken.
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED.
 * Source: Portable Network Graphics, third edition (W3C).
 */
export async function decodePngSamples(bytes: Uint8Array, name: string, check: (frame: PngFrame) => void): Promise<PngPicture> {
  const { frame, packed } = parts(bytes, name, check);
  const { width, height, channels, depth } = frame;
  const pixelBytes = (channels * depth) / 8;
  const rowBytes = width * pixelBytes;
  const filtered = await inflate(packed, "deflate", height * (rowBytes + 1)).catch((cause: unknown) => {
    throw corrupt(name, SIGNATURE.length, cause instanceof Error ? cause.message : "the pixels do not decode", cause);
  });
  if (filtered.length !== height * (rowBytes + 1)) {
    throw corrupt(
      name,
      SIGNATURE.length,
      `${counted(filtered.length, "byte")} of pixels, ${counted(height, "row has", "rows have")} ${height * (rowBytes + 1)}`,
    );
  }
  const data = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const row = filtered.subarray(y * (rowBytes + 1), (y + 1) * (rowBytes + 1));
    const filter = row[0]!;
    if (filter > 4) throw corrupt(name, SIGNATURE.length, `row ${y} has filter ${filter}, there are 0 to 4`);
    const target = data.subarray(y * rowBytes, (y + 1) * rowBytes);
    unfilter(filter, row.subarray(1), target, y === 0 ? undefined : data.subarray((y - 1) * rowBytes, y * rowBytes), pixelBytes);
  }
  if (depth === 16) {
    for (let at = 0; at < data.length; at += 2) {
      const high = data[at]!;
      data[at] = data[at + 1]!;
      data[at + 1] = high;
    }
  }
  return { ...frame, data };
}

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length >= SIGNATURE.length && SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The head and the compressed pixels, all of the file's checksums compared. */
function parts(bytes: Uint8Array, name: string, check: (frame: PngFrame) => void): { frame: PngFrame; packed: Uint8Array } {
  if (!isPng(bytes)) {
    throw new EmporiumError("FORMAT_UNKNOWN", `${name}: no PNG: its first bytes are others`, { place: { file: name, byte: 0 } });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pieces: Uint8Array[] = [];
  let frame: PngFrame | undefined;
  for (let at = SIGNATURE.length; ; ) {
    if (at + 12 > bytes.length) throw cutShort(name, bytes.length);
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw cutShort(name, bytes.length);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (view.getUint32(end) !== crc32(bytes.subarray(at + 4, end)) >>> 0)
      throw corrupt(name, at, `the checksum of ${kind} is not its own`);
    const body = bytes.subarray(at + 8, end);
    if (!frame) {
      if (kind !== "IHDR" || length !== HEAD_BYTES) throw corrupt(name, at, `${JSON.stringify(kind)} where the head is due`);
      frame = head(new DataView(bytes.buffer, bytes.byteOffset + at + 8, length), name, at + 8);
      check(frame);
    } else if (kind === "IDAT") pieces.push(body);
    else if (kind === "IEND") break;
    // a capital letter: what it says must be understood
    else if (/^[A-Z]/.test(kind) && kind !== "PLTE") throw corrupt(name, at, `${JSON.stringify(kind)} is not known`);
    at = end + 4;
  }
  const packed = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let to = 0;
  for (const piece of pieces) {
    packed.set(piece, to);
    to += piece.length;
  }
  return { frame, packed };
}

function head(view: DataView, name: string, byte: number): PngFrame {
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = [8, 9, 10, 11, 12].map((at) => view.getUint8(at));
  if (width === 0 || height === 0) throw corrupt(name, byte, `${width}×${height} pixels`);
  if (compression !== 0 || filter !== 0) throw corrupt(name, byte + 10, `compression ${compression}, filters ${filter}`);
  const channels = CHANNELS[colour!];
  const refuse = (what: string) =>
    new EmporiumError("FORMAT_UNSUPPORTED", `${name}: PNG ${what} is not read as voxels`, { place: { file: name, byte } });
  if (channels === undefined) throw colour === 3 ? refuse("with a palette") : corrupt(name, byte + 9, `colour type ${colour}`);
  if (depth !== 8 && depth !== 16) throw refuse(`of ${depth} bits a sample`);
  if (interlace !== 0) throw refuse("with interlacing");
  return { width, height, channels, depth };
}

/** Reverses the filter of a row: none, left, above, their mean, or Paeth's predictor. */
function unfilter(filter: number, row: Uint8Array, target: Uint8Array, above: Uint8Array | undefined, pixelBytes: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : target[i - pixelBytes]!;
    const up = above ? above[i]! : 0;
    let guess = 0;
    if (filter === 1) guess = left;
    else if (filter === 2) guess = up;
    else if (filter === 3) guess = (left + up) >> 1;
    else if (filter === 4) guess = paeth(left, up, above && i >= pixelBytes ? above[i - pixelBytes]! : 0);
    target[i] = row[i]! + guess;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const sum = left + up - corner;
  const [a, b, c] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function corrupt(name: string, byte: number, found: string, cause?: unknown): EmporiumError {
  const hint = "copy the file again: it is damaged";
  return new EmporiumError("FORMAT_CORRUPT", `${name}: PNG: ${found}`, { place: { file: name, byte }, hint, cause });
}

function cutShort(name: string, byte: number): EmporiumError {
  return new EmporiumError("FORMAT_TRUNCATED", `${name}: PNG: the file ends before its pixels do`, {
    place: { file: name, byte },
    hint: "copy the file again: it was cut short",
  });
}
