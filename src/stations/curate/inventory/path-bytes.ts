/**
 * Paths as text without loss. A name on a Linux disk is bytes. Each byte that is not UTF-8 becomes a lone surrogate U+DC80 …
 * U+DCFF, as in Python's `os.fsdecode`, so JSON can hold the name (`"\udc80"`) and the file can be opened again.
 */

import { plainText } from "../../../core/plain-text.js";

const ODD = /[\udc80-\udcff]/;
/** Two surrogates are a character; a low one without a high one is a byte. */
const LONE = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

export function decodePath(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return strict.decode(bytes);
  } catch {
    // falls through to the slow way
  }
  let out = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) out += String.fromCharCode(0xdc00 + bytes[at++]!);
    else {
      out += text.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return out;
}

/** The length of the well-formed character at a position, 0 where there is none (Unicode 16, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  const [least, most] =
    first === 0xe0
      ? [0xa0, 0xbf]
      : first === 0xed
        ? [0x80, 0x9f]
        : first === 0xf0
          ? [0x90, 0xbf]
          : first === 0xf4
            ? [0x80, 0x8f]
            : [0x80, 0xbf];
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]!;
    if (byte < (i === 1 ? least : 0x80) || byte > (i === 1 ? most : 0xbf)) return 0;
  }
  return length;
}

/** The path for `node:fs`: text, or bytes where it is not UTF-8. */
export function diskPath(path: string): string | Buffer {
  return isUtf8Name(path) ? path : encodePath(path);
}

/** False for a name whose bytes are not UTF-8. */
export function isUtf8Name(path: string): boolean {
  return !(ODD.test(path) && LONE.test(path));
}

export function encodePath(path: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index } of path.matchAll(new RegExp(LONE, "g"))) {
    parts.push(Buffer.from(path.slice(from, index)), Buffer.of(path.charCodeAt(index) - 0xdc00));
    from = index + 1;
  }
  parts.push(Buffer.from(path.slice(from)));
  return Buffer.concat(parts);
}

/** For people: invalid bytes as `\\x80`, control characters as `\\u001b`. */
export function shownPath(path: string): string {
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return plainText(path.replace(new RegExp(LONE, "g"), (unit) => `\\x${hex(unit.charCodeAt(0) - 0xdc00)}`));
}
