import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/**
 * Decodes one LZ4 block into `plain`, which it must fill exactly.
 *
 * In TypeScript, because a decoder that checks every step against its buffers cannot be led out of them by a hostile chunk.
 * @throws {EmporiumError} FORMAT_CORRUPT
 * Source: lz4 block format description.
 */
export function decodeLz4Block(bytes: Uint8Array, plain: Uint8Array): void {
  let at = 0;
  let out = 0;
  for (;;) {
    if (at >= bytes.length) throw cut();
    const token = bytes[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= bytes.length) throw cut();
        more = bytes[at++]!;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > bytes.length) throw cut();
    if (out + literals > plain.length) throw tooLong(plain.length);
    copyForward(bytes, at, plain, out, literals);
    at += literals;
    out += literals;
    if (at === bytes.length) break; // the last sequence has no match
    if (at + 2 > bytes.length) throw cut();
    const distance = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more: number;
      do {
        if (at >= bytes.length) throw cut();
        more = bytes[at++]!;
        length += more;
      } while (more === 255);
    }
    if (distance === 0 || distance > out) throw badDistance(distance, out);
    if (out + length > plain.length) throw tooLong(plain.length);
    copyMatch(plain, out, distance, length);
    out += length;
  }
  if (out !== plain.length)
    throw new EmporiumError("FORMAT_CORRUPT", `the stream ends after ${out} of ${counted(plain.length, "byte")}`);
}

/** Short runs are quicker byte by byte than through `set`. */
export function copyForward(from: Uint8Array, at: number, to: Uint8Array, out: number, length: number): void {
  if (length > 32) to.set(from.subarray(at, at + length), out);
  else for (let i = 0; i < length; i++) to[out + i] = from[at + i]!;
}

/** Copies from `distance` bytes back; where source and target overlap the copied bytes repeat. */
export function copyMatch(plain: Uint8Array, out: number, distance: number, length: number): void {
  if (distance === 1) plain.fill(plain[out - 1]!, out, out + length);
  else if (distance >= length && length > 32) plain.copyWithin(out, out - distance, out - distance + length);
  else for (let i = 0; i < length; i++) plain[out + i] = plain[out + i - distance]!;
}

export function cut(): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", "the stream is cut short");
}

export function tooLong(plainBytes: number): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `the stream goes on past the ${counted(plainBytes, "byte")} that it should have`);
}

export function badDistance(distance: number, there: number): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `a match ${counted(distance, "byte")} back, ${there} are there`);
}
