import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

const CLEAR = 256;
const END = 257;
const TABLE_MAX = 4096;

/**
 * Decodes TIFF's LZW into `plain`, which must come out full; what follows is left alone.
 *
 * Codes are 9 to 12 bits, highest bit first, and widen one code before the table needs it. The form of before TIFF 5.0 (lowest
 * bit first) is refused by name.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED
 * Source: TIFF 6.0, section 13.
 */
export function decodeLzw(bytes: Uint8Array, plain: Uint8Array): void {
  if (bytes.length >= 2 && bytes[0] === 0 && (bytes[1]! & 1) === 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", "LZW in the form of before TIFF 5.0 is not read");
  }
  const prefix = new Uint16Array(TABLE_MAX);
  const suffix = new Uint8Array(TABLE_MAX);
  const lengths = new Uint16Array(TABLE_MAX);
  for (let code = 0; code < 256; code++) {
    suffix[code] = code;
    lengths[code] = 1;
  }
  let [next, width, previous] = [258, 9, -1];
  let [held, heldBits, at, out] = [0, 0, 0, 0];
  while (out < plain.length) {
    while (heldBits < width && at < bytes.length) {
      held = ((held << 8) | bytes[at++]!) & 0xffffff;
      heldBits += 8;
    }
    if (heldBits < width) throw corrupt(`the stream ends after ${out} of ${counted(plain.length, "byte")}`);
    heldBits -= width;
    const code = (held >> heldBits) & ((1 << width) - 1);
    if (code === CLEAR) {
      [next, width, previous] = [258, 9, -1];
      continue;
    }
    if (code === END) throw corrupt(`the stream ends after ${out} of ${counted(plain.length, "byte")}`);
    if (previous < 0) {
      if (code > 255) throw corrupt(`code ${code} where a byte is expected`);
      plain[out++] = code;
      previous = code;
      continue;
    }
    if (code > next || (code === next && next >= TABLE_MAX)) throw corrupt(`code ${code}, the table has ${next}`);
    // a code that is just being made is the previous one and its own first byte
    const known = code < next ? code : previous;
    const length = lengths[known]!;
    let walk = known;
    for (let back = out + length - 1; back >= out; back--) {
      if (back < plain.length) plain[back] = suffix[walk]!;
      if (back > out) walk = prefix[walk]!;
    }
    const first = suffix[walk]!;
    out += length;
    if (code === next && out < plain.length) plain[out] = first;
    if (code === next) out++;
    if (next < TABLE_MAX) {
      prefix[next] = previous;
      suffix[next] = first;
      lengths[next] = lengths[previous]! + 1;
      next++;
      if (next + 1 >= 1 << width && width < 12) width++;
    }
    previous = code;
  }
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
