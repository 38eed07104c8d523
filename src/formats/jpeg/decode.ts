import { type Samples, toRgb, upsampled } from "./colour.js";
import {
  corrupt,
  isFrameMarker,
  isLoneMarker,
  type JpegFrame,
  openJpeg,
  parseFrame,
  type Segment,
  unsupported,
} from "./frame.js";
import { type HuffmanTable, parseHuffmanTables } from "./huffman.js";
import { type Plane, planesOf, readScan, ZIGZAG } from "./scan.js";
import { inverseTransform } from "./transform.js";

/** Samples of a picture, row by row, `channels` a pixel: grey, or red, green and blue. */
export interface JpegPicture {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array;
}

export interface JpegOptions {
  /** Name of the file in messages. */
  name?: string | undefined;
  /** Called with the frame before memory is allocated. A caller that knows the size throws here if it differs. */
  check?: ((frame: JpegFrame) => void) | undefined;
}

/** Most scans of one picture. A progressive one has about ten; each is a pass over all blocks. */
const SCANS_MAX = 64;

/**
 * The pixels of a JPEG: baseline, extended or progressive, Huffman codes, 8 bits, one to four components (three: YCbCr or RGB).
 * Equal, bit for bit, to libjpeg and libjpeg-turbo with defaults.
 *
 * Memory: two bytes a sample for the coefficients, two for the samples.
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED (naming the feature),
 *   FORMAT_LIMIT.
 * Source: ITU-T T.81; what it leaves open, by the Independent JPEG Group's library.
 */
export function decodeJpeg(bytes: Uint8Array, { name = "picture", check }: JpegOptions = {}): JpegPicture {
  const file = openJpeg(bytes, name);
  const tables = new Map<number, HuffmanTable>();
  const quantization = new Map<number, Uint16Array>();
  let frame: JpegFrame | undefined;
  let planes: Plane[] = [];
  let restartInterval = 0;
  let scans = 0;
  const seen = new Set<Plane>();
  const hints: ColourHints = { jfif: false, adobe: undefined };
  for (;;) {
    const start = file.at;
    const marker = file.marker();
    if (marker === 0xd9) break;
    if (isLoneMarker(marker)) continue;
    const segment = file.segment();
    if (marker === 0xc4) parseHuffmanTables(segment, name, tables);
    else if (marker === 0xdb) parseQuantization(segment, name, quantization);
    else if (marker === 0xdd) restartInterval = segment.u16();
    else if (marker === 0xe0) hints.jfif ||= startsWith(segment, "JFIF\0");
    else if (marker === 0xee) hints.adobe = startsWith(segment, "Adobe") ? segment.take(7)[6] : hints.adobe;
    else if (marker === 0xcc) throw unsupported(name, start, "JPEG with arithmetic coding");
    else if (isFrameMarker(marker)) {
      if (frame) throw corrupt(name, start, "a second frame");
      frame = parseFrame(marker, segment, name);
      check?.(frame);
      planes = planesOf(frame);
    } else if (marker === 0xda) {
      if (!frame) throw corrupt(name, start, "pixels before their frame");
      if (++scans > SCANS_MAX) throw corrupt(name, start, `more than ${SCANS_MAX} scans`);
      const scan = readScan(segment, { bytes, name, frame, planes, tables, restartInterval });
      for (const plane of scan.seen) seen.add(plane);
      file.at = scan.end;
      // some writers leave out the last marker
      if (file.left === 0 && !frame.progressive && seen.size === planes.length) break;
    }
  }
  if (!frame || seen.size < planes.length) throw corrupt(name, file.at, "the pixels of a component are missing");
  const samples = planes.map((plane, i) => samplesOf(plane, frame, tableOf(quantization, frame.components[i]!.table, name)));
  const picture = interleaved(samples, frame);
  if (isYcc(frame, hints, name)) toRgb(picture.data);
  return picture;
}

function parseQuantization(segment: Segment, name: string, into: Map<number, Uint16Array>): void {
  while (segment.left > 0) {
    const start = segment.at;
    const place = segment.u8();
    if (place >> 4 > 1 || (place & 15) > 3) throw corrupt(name, start, `quantization table ${place}`);
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) table[ZIGZAG[k]!] = place >> 4 ? segment.u16() : segment.u8();
    into.set(place & 15, table);
  }
}

function tableOf(tables: ReadonlyMap<number, Uint16Array>, number: number, name: string): Uint16Array {
  const table = tables.get(number);
  if (!table) throw corrupt(name, 0, `quantization table ${number} is missing`);
  return table;
}

function samplesOf(
  { across, down, h, v, coefficients }: Plane,
  { width, height, components }: JpegFrame,
  table: Uint16Array,
): Samples {
  const stride = 8 * across;
  const data = new Uint8Array(stride * 8 * down);
  const work = new Int32Array(64);
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const at = 64 * (row * across + column);
      inverseTransform(coefficients, at, table, data, 8 * (row * stride + column), stride, work);
    }
  }
  const maxH = Math.max(...components.map((one) => one.h));
  const maxV = Math.max(...components.map((one) => one.v));
  return { data, stride, width: Math.ceil((width * h) / maxH), height: Math.ceil((height * v) / maxV) };
}

function interleaved(planes: readonly Samples[], { width, height, components }: JpegFrame): JpegPicture {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const channels = planes.length;
  const data = new Uint8Array(width * height * channels);
  for (const [channel, plane] of planes.entries()) {
    const { h, v } = components[channel]!;
    const full = upsampled(plane, maxH / h, maxV / v, width, height);
    for (let y = 0; y < height; y++) {
      const row = y * full.stride;
      for (let x = 0, to = y * width * channels + channel; x < width; x++, to += channels) data[to] = full.data[row + x]!;
    }
  }
  return { width, height, channels, data };
}

interface ColourHints {
  jfif: boolean;
  /** Transformation that Adobe's marker names: 0 none, 1 YCbCr, 2 YCCK. */
  adobe: number | undefined;
}

/** True for YCbCr, as libjpeg decides: JFIF is YCbCr, then Adobe's marker counts, then the names of the components. */
function isYcc({ components }: JpegFrame, { jfif, adobe }: ColourHints, name: string): boolean {
  if (components.length === 4 && adobe !== undefined) throw unsupported(name, 0, "JPEG for print (CMYK)");
  if (components.length !== 3) return false;
  if (jfif) return true;
  if (adobe !== undefined) return adobe !== 0;
  return components.map(({ id }) => String.fromCharCode(id)).join("") !== "RGB";
}

function startsWith(segment: Segment, text: string): boolean {
  if (segment.left < text.length) return false;
  return segment.take(text.length).every((byte, i) => byte === text.charCodeAt(i));
}
