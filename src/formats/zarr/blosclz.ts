import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { badDistance, copyForward, copyMatch, cut, tooLong } from "./lz4.js";

/** Distances from here on are written in two more bytes. */
const FAR = 8191;

/**
 * Decodes one stream of BloscLZ, Blosc's own descendant of FastLZ, into `plain`, which it must fill exactly.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT
 * Source: c-blosc 1.21, `blosclz.c`.
 */
export function decodeBlosclz(bytes: Uint8Array, plain: Uint8Array): void {
  let at = 0;
  let out = 0;
  const next = (): number => {
    if (at >= bytes.length) throw cut();
    return bytes[at++]!;
  };
  let control = next() & 31; // the first is always a run of literals; its upper bits are the level
  for (;;) {
    if (control < 32) {
      const literals = control + 1;
      if (at + literals > bytes.length) throw cut();
      if (out + literals > plain.length) throw tooLong(plain.length);
      copyForward(bytes, at, plain, out, literals);
      at += literals;
      out += literals;
    } else {
      let length = (control >> 5) + 2;
      if (control >> 5 === 7) {
        let more: number;
        do {
          more = next();
          length += more;
        } while (more === 255);
      }
      const high = (control & 31) << 8;
      const low = next();
      let distance = high + low + 1;
      if (low === 255 && high === 31 << 8) {
        distance = (next() << 8) + FAR + 1;
        distance += next();
      }
      if (distance > out) throw badDistance(distance, out);
      if (out + length > plain.length) throw tooLong(plain.length);
      copyMatch(plain, out, distance, length);
      out += length;
    }
    if (at === bytes.length) break;
    control = bytes[at++]!;
  }
  if (out !== plain.length)
    throw new EmporiumError("FORMAT_CORRUPT", `the stream ends after ${out} of ${counted(plain.length, "byte")}`);
}
