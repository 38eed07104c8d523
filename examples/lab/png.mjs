/** PNG pictures of the miniature laboratory. The stream is stored, not deflated: compressors differ from one zlib to the next. */
import { crc32 } from "node:zlib";

/**
 * @param {object} picture at most 65 535 bytes of rows
 * @param {number} picture.width
 * @param {number} picture.height
 * @param {(y: number, x: number) => [red: number, green: number, blue: number]} picture.pixel
 */
export function pngBytes({ width, height, pixel }) {
  const rows = [];
  for (let y = 0; y < height; y++) {
    rows.push(0); // no filter
    for (let x = 0; x < width; x++) rows.push(...pixel(y, x));
  }
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8);
  head.setUint8(9, 2); // red, green, blue
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", new Uint8Array(head.buffer)),
    ...chunk("IDAT", storedZlib(rows)),
    ...chunk("IEND", []),
  ]);
}

function chunk(type, data) {
  const typed = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
  return [...uint32(data.length), ...typed, ...uint32(crc32(typed))];
}

/** RFC 1950 around one stored block of RFC 1951. */
function storedZlib(data) {
  const { length } = data;
  let [a, b] = [1, 0];
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  const block = [1, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255, ...data];
  return [0x78, 0x01, ...block, b >> 8, b & 255, a >> 8, a & 255];
}

function uint32(value) {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
