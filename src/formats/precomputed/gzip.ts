import { gzipSync } from "fflate";
import { concat } from "../../core/bytes.js";
import { crc32 } from "../../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Bytes that `gzipStored` adds. */
export const STORED_OVERHEAD = 23;
/** Most bytes of one stored block, whose length has 16 bits. */
const STORED_MAX = 0xffff;

/**
 * Writes an uncompressed gzip stream: for records of some ten bytes, which compression would not shorten.
 *
 * @param target memory to write to; `STORED_OVERHEAD` more bytes than `plain` from `offset` on.
 * @returns the offset behind the stream.
 */
export function gzipStored(plain: Uint8Array, target: Uint8Array, offset = 0): number {
  const length = plain.length;
  if (length > STORED_MAX)
    throw new EmporiumError("INTERNAL", `${counted(length, "byte")} to store, a block has ${STORED_MAX} at most`);
  target.set(HEADER, offset);
  const view = new DataView(target.buffer, target.byteOffset + offset);
  view.setUint8(10, 1); // the last block, stored
  view.setUint16(11, length, true);
  view.setUint16(13, ~length & STORED_MAX, true);
  target.set(plain, offset + 15);
  view.setUint32(15 + length, crc32(plain), true);
  view.setUint32(19 + length, length, true);
  return offset + length + STORED_OVERHEAD;
}

/** Deflate, no name, no time, an unknown system: nothing that differs from one writing to the next. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** A compressed gzip stream, the same bytes for the same input on every platform. */
export function gzip(plain: Uint8Array): Uint8Array {
  const stream = gzipSync(plain, { level: 9, mtime: 0 });
  stream.set(HEADER);
  return stream;
}

/** Whether bytes begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 18 && bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * Plain bytes of a gzip stream.
 *
 * @param bytesMax most that are produced: a bomb costs no more.
 * @param name name of the stream in messages.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT.
 */
export async function gunzip(bytes: Uint8Array, bytesMax: number, name: string): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream("gzip") as TransformStream<Uint8Array, Uint8Array>).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > bytesMax) {
        await reader.cancel().catch(() => undefined); // the refusal below is what the caller must hear of
        throw new EmporiumError("FORMAT_LIMIT", `${name}: a gzip stream goes on past ${counted(bytesMax, "byte")}`, {
          place: { file: name },
        });
      }
      pieces.push(value);
    }
  } catch (cause) {
    if (isEmporiumError(cause)) throw cause;
    throw new EmporiumError("FORMAT_CORRUPT", `${name}: gzip: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file: name },
      hint: "copy the file again: it is damaged or cut short",
      cause,
    });
  }
  if (pieces.length === 1) return pieces[0]!;
  return concat(pieces);
}
