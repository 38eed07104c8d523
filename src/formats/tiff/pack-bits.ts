import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Decodes PackBits into `plain`, which must come out full. @throws {EmporiumError} FORMAT_CORRUPT. Source: TIFF 6.0, 9. */
export function decodePackBits(bytes: Uint8Array, plain: Uint8Array): void {
  let at = 0;
  let out = 0;
  while (out < plain.length) {
    if (at >= bytes.length) throw short(out, plain.length);
    const head = bytes[at++]!;
    if (head === 128) continue;
    if (head < 128) {
      const length = Math.min(head + 1, plain.length - out);
      if (at + length > bytes.length) throw short(out, plain.length);
      plain.set(bytes.subarray(at, at + length), out);
      at += head + 1;
      out += length;
    } else {
      if (at >= bytes.length) throw short(out, plain.length);
      const length = Math.min(257 - head, plain.length - out);
      plain.fill(bytes[at++]!, out, out + length);
      out += length;
    }
  }
}

function short(out: number, wanted: number): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", `the stream ends after ${out} of ${counted(wanted, "byte")}`);
}
