import { HOST_LITTLE_ENDIAN, swapBytes } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { TAG } from "./tags.js";

/** A tag that is written beside those that say how the pixels are stored. */
export interface TiffTag {
  readonly tag: number;
  readonly type: "byte" | "ascii" | "short" | "long" | "rational" | "undefined";
  /** Text for `ascii`, bytes for `byte` and `undefined`, pairs in one row for `rational`. */
  readonly value: string | Uint8Array | readonly number[];
}

/** A stack of pages of one size and type. */
export interface TiffStack {
  readonly pages: number;
  readonly height: number;
  readonly width: number;
  /** Grey, or red, green and blue of a pixel together. */
  readonly samples: 1 | 3;
  readonly dtype: "uint8" | "uint16" | "float32";
  /** Tags of a page, in any order. ImageDescription of the first one is what readers look at. */
  readonly tags?: ((page: number) => readonly TiffTag[]) | undefined;
  /** Offsets of 8 bytes. Default: where 4 do not reach. */
  readonly bigTiff?: boolean | undefined;
}

const TYPES = { byte: [1, 1], ascii: [2, 1], short: [3, 2], long: [4, 4], rational: [5, 8], undefined: [7, 1] } as const;
const ITEM_BYTES = { uint8: 1, uint16: 2, float32: 4 } as const;
const CLASSIC_MAX = 2 ** 32 - 2 ** 20;

/**
 * A TIFF as a stream of pieces from its first byte to its last: each page's directory, the values of its tags, its pixels in one
 * strip. Little-endian and not compressed, so every offset is known before it is needed and nothing is ever gone back to.
 *
 * @param pixels one array a page: C order, host byte order. Not changed.
 * @throws {EmporiumError} FORMAT_FIELD for pixels of another length, or more or fewer pages than announced.
 * Source: TIFF 6.0, BigTIFF.
 */
export async function* writeTiff(stack: TiffStack, pixels: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const big = stack.bigTiff ?? tiffBytes({ ...stack, bigTiff: false }) > CLASSIC_MAX;
  const plane = planeBytes(stack);
  let at = big ? 16 : 8;
  yield fileHead(big);
  let page = 0;
  for await (const samples of pixels) {
    if (samples.length !== plane || page === stack.pages) {
      throw new EmporiumError(
        "FORMAT_FIELD",
        page === stack.pages
          ? `more than ${counted(stack.pages, "page")}`
          : `page ${page} has ${counted(samples.length, "byte")}; expected ${plane}`,
      );
    }
    const head = pageHead(stack, page, at, big);
    yield head;
    yield HOST_LITTLE_ENDIAN ? samples : swapped(samples, ITEM_BYTES[stack.dtype]);
    const padding = (head.length + plane) % 8;
    if (padding > 0) yield new Uint8Array(8 - padding);
    at += head.length + plane + (padding > 0 ? 8 - padding : 0);
    page++;
  }
  if (page !== stack.pages)
    throw new EmporiumError("FORMAT_FIELD", `${counted(page, "page")} came, ${stack.pages} were announced`);
}

/** Length of the file that `writeTiff` makes. */
export function tiffBytes(stack: TiffStack): number {
  const big = stack.bigTiff ?? tiffBytes({ ...stack, bigTiff: false }) > CLASSIC_MAX;
  const plane = planeBytes(stack);
  let at = big ? 16 : 8;
  for (let page = 0; page < stack.pages; page++) at += padded(pageHeadBytes(stack, page, big) + plane);
  return at;
}

function planeBytes({ height, width, samples, dtype }: TiffStack): number {
  return height * width * samples * ITEM_BYTES[dtype];
}

function fileHead(big: boolean): Uint8Array {
  const bytes = new Uint8Array(big ? 16 : 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x4949);
  view.setUint16(2, big ? 43 : 42, true);
  if (big) {
    view.setUint16(4, 8, true);
    view.setBigUint64(8, 16n, true);
  } else view.setUint32(4, 8, true);
  return bytes;
}

/** Tags of a page by number, encoded; the strip's offset is filled in by who knows it. */
function tagsOf(
  stack: TiffStack,
  page: number,
  stripOffset: number,
): { tag: number; type: number; count: number; bytes: Uint8Array }[] {
  const { width, height, samples, dtype } = stack;
  const bits = ITEM_BYTES[dtype] * 8;
  const several = (value: number): number[] => Array.from({ length: samples }, () => value);
  const own: TiffTag[] = [
    { tag: TAG.ImageWidth, type: "long", value: [width] },
    { tag: TAG.ImageLength, type: "long", value: [height] },
    { tag: TAG.BitsPerSample, type: "short", value: several(bits) },
    { tag: TAG.Compression, type: "short", value: [1] },
    { tag: TAG.PhotometricInterpretation, type: "short", value: [samples === 3 ? 2 : 1] },
    { tag: TAG.SamplesPerPixel, type: "short", value: [samples] },
    { tag: TAG.RowsPerStrip, type: "long", value: [height] },
    { tag: TAG.StripByteCounts, type: "long", value: [planeBytes(stack)] },
    { tag: TAG.SampleFormat, type: "short", value: several(dtype === "float32" ? 3 : 1) },
  ];
  const given = stack.tags?.(page) ?? [];
  const encoded: { tag: number; type: number; count: number; bytes: Uint8Array }[] = [
    ...own.filter(({ tag }) => !given.some((other) => other.tag === tag)),
    ...given,
  ].map((tag) => {
    const [type, itemBytes] = TYPES[tag.type];
    const bytes = encodeValue(tag);
    return { tag: tag.tag, type, count: bytes.length / itemBytes, bytes };
  });
  // type 16 of BigTIFF is an offset of 8 bytes; 4 do otherwise
  const offset = new DataView(new ArrayBuffer(8));
  offset.setBigUint64(0, BigInt(stripOffset), true);
  const wide = stripOffset > 2 ** 32 - 1;
  encoded.push({ tag: TAG.StripOffsets, type: wide ? 16 : 4, count: 1, bytes: new Uint8Array(offset.buffer, 0, wide ? 8 : 4) });
  return encoded.sort((a, b) => a.tag - b.tag);
}

function pageHead(stack: TiffStack, page: number, at: number, big: boolean): Uint8Array {
  const length = pageHeadBytes(stack, page, big);
  const tags = tagsOf(stack, page, at + length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const [countBytes, entryBytes, inlineBytes] = big ? [8, 20, 8] : [2, 12, 4];
  if (big) view.setBigUint64(0, BigInt(tags.length), true);
  else view.setUint16(0, tags.length, true);
  let away = padded(countBytes + entryBytes * tags.length + inlineBytes);
  for (const [i, { tag, type, count, bytes: value }] of tags.entries()) {
    const entry = countBytes + i * entryBytes;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    if (big) view.setBigUint64(entry + 4, BigInt(count), true);
    else view.setUint32(entry + 4, count, true);
    const inline = entry + (big ? 12 : 8);
    if (value.length <= inlineBytes) bytes.set(value, inline);
    else {
      if (big) view.setBigUint64(inline, BigInt(at + away), true);
      else view.setUint32(inline, at + away, true);
      bytes.set(value, away);
      away = padded(away + value.length);
    }
  }
  const next = page + 1 < stack.pages ? at + padded(length + planeBytes(stack)) : 0;
  const nextAt = countBytes + entryBytes * tags.length;
  if (big) view.setBigUint64(nextAt, BigInt(next), true);
  else view.setUint32(nextAt, next, true);
  return bytes;
}

/** Bytes of a directory and its values. Independent of the page's position: offsets count as the longer ones. */
function pageHeadBytes(stack: TiffStack, page: number, big: boolean): number {
  const tags = tagsOf(stack, page, 0);
  const [countBytes, entryBytes, inlineBytes] = big ? [8, 20, 8] : [2, 12, 4];
  let length = padded(countBytes + entryBytes * tags.length + inlineBytes);
  for (const { bytes } of tags) if (bytes.length > inlineBytes) length = padded(length + bytes.length);
  return length;
}

function encodeValue({ tag, type, value }: TiffTag): Uint8Array {
  if (type === "ascii" && typeof value === "string") {
    const text = new TextEncoder().encode(value);
    const bytes = new Uint8Array(text.length + 1);
    bytes.set(text);
    return bytes;
  }
  if ((type === "byte" || type === "undefined") && value instanceof Uint8Array) return value;
  if (typeof value === "string" || value instanceof Uint8Array || type === "ascii") {
    throw new EmporiumError("INTERNAL", `tag ${tag} of type ${type} has a value of another type`);
  }
  const itemBytes = type === "short" ? 2 : type === "byte" || type === "undefined" ? 1 : 4;
  const view = new DataView(new ArrayBuffer(value.length * itemBytes));
  for (const [i, item] of value.entries()) {
    if (itemBytes === 2) view.setUint16(2 * i, item, true);
    else if (itemBytes === 4) view.setUint32(4 * i, item, true);
    else view.setUint8(i, item);
  }
  return new Uint8Array(view.buffer);
}

function swapped(samples: Uint8Array, itemBytes: number): Uint8Array {
  const copy = new Uint8Array(samples);
  swapBytes(copy, itemBytes);
  return copy;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
