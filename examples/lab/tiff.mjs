/** TIFF files of the miniature laboratory: little-endian, one strip a page, plain or LZW. */

const PLAIN = 1;
const LZW = 5;
const EER = 65001;
const SHORT = 3;
const LONG = 4;
const CLEAR = 256;
const END = 257;

/**
 * A multi-page image of one sample a pixel.
 *
 * @param {object} image
 * @param {number} image.width
 * @param {number} image.height
 * @param {"uint8" | "float32"} [image.kind]
 * @param {boolean} [image.lzw]
 * @param {number} image.pages
 * @param {(page: number, y: number, x: number) => number} image.pixel
 */
export function tiffBytes({ width, height, kind = "uint8", lzw = false, pages, pixel }) {
  const sampleBytes = kind === "uint8" ? 1 : 4;
  const parts = [header(0)];
  let at = parts[0].length;
  let linkAt = 4; // of the offset that leads to the next directory
  const links = [];
  for (let page = 0; page < pages; page++) {
    const plane = new DataView(new ArrayBuffer(width * height * sampleBytes));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const offset = (y * width + x) * sampleBytes;
        if (kind === "uint8") plane.setUint8(offset, pixel(page, y, x));
        else plane.setFloat32(offset, pixel(page, y, x), true);
      }
    }
    const raw = new Uint8Array(plane.buffer);
    const strip = lzw ? compressLzw(raw) : raw;
    const padded = new Uint8Array(strip.length + (strip.length % 2)); // directories begin at even offsets
    padded.set(strip);
    const ifd = directory([
      [254, LONG, 2], // one page of many
      [256, LONG, width],
      [257, LONG, height],
      [258, SHORT, 8 * sampleBytes],
      [259, SHORT, lzw ? LZW : PLAIN],
      [262, SHORT, 1], // black is zero
      [273, LONG, at],
      [277, SHORT, 1],
      [278, LONG, height],
      [279, LONG, strip.length],
      [339, SHORT, kind === "uint8" ? 1 : 3],
    ]);
    links.push([linkAt, at + padded.length]);
    parts.push(padded, ifd);
    at += padded.length + ifd.length;
    linkAt = at - 4;
  }
  const bytes = concatenate(parts);
  const view = new DataView(bytes.buffer);
  for (const [where, target] of links) view.setUint32(where, target, true);
  return bytes;
}

/** What stands in for a movie of electron events: 64 bytes, a TIFF header and one directory that says EER, no events. The last two bytes
 * differ from frame to frame. */
export function eerStandIn(frame) {
  const bytes = new Uint8Array(64);
  bytes.set(header(8));
  bytes.set(
    directory([
      [256, LONG, 4096],
      [257, LONG, 4096],
      [258, SHORT, 1],
      [259, SHORT, EER],
    ]),
    8,
  );
  new DataView(bytes.buffer).setUint16(62, frame, true);
  return bytes;
}

function header(firstDirectory) {
  const bytes = Uint8Array.of(0x49, 0x49, 42, 0, 0, 0, 0, 0);
  new DataView(bytes.buffer).setUint32(4, firstDirectory, true);
  return bytes;
}

/** The last directory of a file: entries in ascending order of tags, one value each. */
function directory(entries) {
  const view = new DataView(new ArrayBuffer(2 + 12 * entries.length + 4));
  view.setUint16(0, entries.length, true);
  for (const [i, [tag, type, value]] of entries.entries()) {
    const at = 2 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, 1, true);
    if (type === SHORT) view.setUint16(at + 8, value, true);
    else view.setUint32(at + 8, value, true);
  }
  return new Uint8Array(view.buffer);
}

/** TIFF 6.0, section 13: codes of 9 to 12 bits, highest bit first; the writer widens its codes one entry after the reader's table is full. */
function compressLzw(bytes) {
  const out = [];
  let [held, heldBits] = [0, 0];
  let table = new Map();
  let [next, width] = [END + 1, 9];
  const put = (code) => {
    held = (held << width) | code;
    heldBits += width;
    for (; heldBits >= 8; heldBits -= 8) out.push((held >> (heldBits - 8)) & 255);
    held &= (1 << heldBits) - 1;
  };
  const grow = () => {
    next++;
    if (next === 4095) {
      put(CLEAR);
      table = new Map();
      [next, width] = [END + 1, 9];
    } else if (next === 1 << width) width++;
  };
  put(CLEAR);
  let prefix = bytes[0];
  for (const byte of bytes.subarray(1)) {
    const key = prefix * 256 + byte;
    const known = table.get(key);
    if (known !== undefined) prefix = known;
    else {
      put(prefix);
      table.set(key, next);
      grow();
      prefix = byte;
    }
  }
  put(prefix);
  grow();
  put(END);
  if (heldBits > 0) out.push((held << (8 - heldBits)) & 255);
  return Uint8Array.from(out);
}

function concatenate(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
