import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";

/**
 * One journal line: the payload's length in bytes (8 hexadecimal digits), a blank, its CRC-32 (8 digits), a blank, the payload
 * (JSON without a line feed), a line feed. The fixed width lets a scan jump from head to head.
 */
export const HEAD_BYTES = 18;
const LINE_FEED = 0x0a;
const BLANK = 0x20;
const BLOCK_BYTES = 1024 * 1024;

/** Enough for a receipt with a million objects; a longer length in a head means damage. */
const PAYLOAD_BYTES_MAX = 256 * 1024 * 1024;

export function encodeLine(payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const line = Buffer.allocUnsafe(HEAD_BYTES + length + 1);
  line.write(payload, HEAD_BYTES, "utf8");
  const crc = crc32(line.subarray(HEAD_BYTES, HEAD_BYTES + length));
  line.write(`${crcText(length)} ${crcText(crc)} `, 0, "latin1");
  line[HEAD_BYTES + length] = LINE_FEED;
  return line;
}

/** Place of a line in the file, frame included. */
export interface LineSpan {
  offset: number;
  length: number;
}

export interface ScanEnd {
  /** End of the last good line. */
  end: number;
  /** `torn`: the journal ends with one unfinished or damaged line, as after a kill. `damaged`: more follows. */
  state: "clean" | "torn" | "damaged";
}

/**
 * Passes each valid line to `visit`, in order, until the end or the first bad one. Memory: one block, or the longest line.
 *
 * @param visit gets the payload, valid only during the call; returns false for a bad line.
 */
export async function scanLines(file: FileHandle, visit: (payload: Buffer, span: LineSpan) => boolean): Promise<ScanEnd> {
  const { size } = await file.stat();
  let buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  let base = 0; // file offset of buffer[0]
  let filled = 0;
  let wanted = HEAD_BYTES + 1;
  for (;;) {
    while (filled < wanted && base + filled < size) {
      if (buffer.length < wanted) buffer = Buffer.concat([buffer.subarray(0, filled)], Math.max(wanted, 2 * buffer.length));
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, base + filled);
      if (bytesRead === 0) return { end: base, state: "torn" }; // cut while it was being read
      filled += bytesRead;
    }
    if (base + filled >= size && filled === 0) return { end: base, state: "clean" };
    let at = 0;
    wanted = HEAD_BYTES + 1;
    while (filled - at > HEAD_BYTES) {
      const payloadBytes = payloadLength(buffer, at);
      const lineBytes = HEAD_BYTES + (payloadBytes ?? 0) + 1;
      if (payloadBytes === undefined || base + at + lineBytes > size) return badLine(file, size, base + at);
      if (filled - at < lineBytes) {
        wanted = lineBytes;
        break;
      }
      const payload = buffer.subarray(at + HEAD_BYTES, at + HEAD_BYTES + payloadBytes);
      const good =
        buffer[at + lineBytes - 1] === LINE_FEED &&
        crc32(payload) === hexAt(buffer, at + 9) &&
        visit(payload, { offset: base + at, length: lineBytes });
      if (!good) return badLine(file, size, base + at);
      at += lineBytes;
    }
    if (at === 0 && base + filled >= size) return badLine(file, size, base);
    buffer.copyWithin(0, at, filled);
    base += at;
    filled -= at;
  }
}

/** The payloads of a journal that is in memory, until its end or the first line that is torn or damaged. */
export function* payloadsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; bytes.length - at > HEAD_BYTES; ) {
    const length = payloadLength(bytes, at);
    if (length === undefined || at + HEAD_BYTES + length >= bytes.length) return;
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (bytes[at + HEAD_BYTES + length] !== LINE_FEED || crc32(payload) !== hexAt(bytes, at + 9)) return;
    yield payload;
    at += HEAD_BYTES + length + 1;
  }
}

/** The payload length in the head at `at`; undefined when there is no head. */
function payloadLength(buffer: Buffer, at: number): number | undefined {
  const length = hexAt(buffer, at);
  if (length === undefined || length > PAYLOAD_BYTES_MAX) return undefined;
  return buffer[at + 8] === BLANK && buffer[at + 17] === BLANK ? length : undefined;
}

/** Value of eight lower-case hexadecimal digits; undefined for anything else. */
function hexAt(buffer: Buffer, at: number): number | undefined {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const byte = buffer[i]!;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}

/** Tells a last line that is cut short or damaged from damage with more lines behind it. */
async function badLine(file: FileHandle, size: number, offset: number): Promise<ScanEnd> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (let at = offset; at < size; ) {
    const { bytesRead } = await file.read(block, 0, block.length, at);
    if (bytesRead === 0) break;
    const feed = block.subarray(0, bytesRead).indexOf(LINE_FEED);
    if (feed >= 0) return { end: offset, state: at + feed === size - 1 ? "torn" : "damaged" };
    at += bytesRead;
  }
  return { end: offset, state: "torn" };
}
