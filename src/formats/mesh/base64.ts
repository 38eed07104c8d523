const INVALID = 255;
const PAD = 61;
const VALUES = new Uint8Array(256).fill(INVALID);
for (const [value, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  VALUES[character.charCodeAt(0)] = value;
}

/**
 * Bytes of a base64 text (RFC 4648, section 4). Blanks and line ends are skipped, padding may be missing; anything else gives the
 * place of the first character that is wrong, or of the end where one is missing. From bytes, since such a text may be longer
 * than a string can be.
 */
export function decodeBase64(text: Uint8Array): { bytes: Uint8Array } | { wrongAt: number } {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  let padded = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === 32 || (character >= 9 && character <= 13)) continue;
    if (character === PAD) {
      padded = true;
      continue;
    }
    const value = VALUES[character]!;
    if (value === INVALID || padded) return { wrongAt: at };
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[length++] = (bits >> held) & 0xff;
    }
  }
  // one character left over holds six bits, which is no byte
  return held === 6 ? { wrongAt: text.length } : { bytes: bytes.subarray(0, length) };
}
