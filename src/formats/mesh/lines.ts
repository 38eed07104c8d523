import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import type { TextLine } from "../text-lines.js";
import { meshError } from "./mesh.js";

const BLOCK = 256 * 1024;
const LF = 10;
const CR = 13;

/**
 * The lines of a text of any length, trimmed, decoded block by block: a string holds at most 0.5 GB. Line ends: LF, CRLF or CR.
 * Invalid UTF-8 becomes U+FFFD.
 *
 * @throws {EmporiumError} FORMAT_LIMIT for a line past `LIMITS.meshLineBytes`.
 */
export function* meshLines(bytes: Uint8Array, name: string): Generator<TextLine> {
  const decoder = new TextDecoder();
  let line = 0;
  let start = 0;
  while (start < bytes.length) {
    const end = cutAfter(bytes, Math.min(start + BLOCK, bytes.length));
    if (end - start > LIMITS.meshLineBytes) {
      const message = `a line of ${counted(end - start, "byte")}; at most ${LIMITS.meshLineBytes} are read`;
      throw meshError("FORMAT_LIMIT", name, { line: line + 1 }, message);
    }
    const parts = decoder.decode(bytes.subarray(start, end)).split(/\r\n|\n|\r/);
    if (end < bytes.length) parts.pop(); // the block ends with a line end
    for (const text of parts) yield { line: ++line, text: text.trim() };
    start = end;
  }
}

/** The first place at or after `from` that is the beginning of a line, or the end. */
function cutAfter(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at - 1] === LF || (bytes[at - 1] === CR && bytes[at] !== LF)) return at;
  }
  return bytes.length;
}
