import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";

/** Some lines of a text file, without their ends. */
export interface LineBlock {
  /** Number of the first of them, from 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * The lines of a text file of any length, in blocks of about a mebibyte. Line ends are LF, CRLF or CR; the last may have none.
 * The bytes are UTF-8, or UTF-16 with a byte order mark, as spreadsheets save "Unicode text"; what is neither becomes U+FFFD.
 *
 * @throws {EmporiumError} FORMAT_LIMIT for a line of more than `LIMITS.recordLength` characters.
 */
export async function* lineBlocks(source: RandomAccess, read?: ReadOptions): AsyncGenerator<LineBlock> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let rest = "";
  let firstLine = 1;
  for (let offset = 0, last = false; !last; ) {
    const bytes = await source.read({ offset, length: WINDOW_BYTES }, read);
    offset += bytes.length;
    last = bytes.length < WINDOW_BYTES;
    decoder ??= new TextDecoder(encodingOf(bytes));
    let text = rest + decoder.decode(bytes, { stream: !last });
    // a CR at the end may be the first half of a CRLF
    const held = !last && text.endsWith("\r") ? "\r" : "";
    if (held) text = text.slice(0, -1);
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    const lines = text.split("\n");
    const unended = lines.pop()!;
    if (last && unended !== "") lines.push(unended);
    checkLengths(source.name, firstLine, lines, last ? "" : unended);
    rest = unended + held;
    if (lines.length > 0) yield { firstLine, lines };
    firstLine += lines.length;
  }
}

function encodingOf(head: Uint8Array): string {
  const mark = (head[0] ?? 0) * 256 + (head[1] ?? 0);
  if (mark === 0xfffe) return "utf-16le";
  return mark === 0xfeff ? "utf-16be" : "utf-8";
}

function checkLengths(file: string, firstLine: number, lines: readonly string[], unended: string): void {
  let long = lines.findIndex((line) => line.length > LIMITS.recordLength);
  if (long < 0 && unended.length > LIMITS.recordLength) long = lines.length;
  if (long >= 0) throw tooLong(file, firstLine + long);
}

/** For callers that join lines into a longer record. */
export function tooLong(file: string, line: number): EmporiumError {
  return new EmporiumError(
    "FORMAT_LIMIT",
    `${file}: line ${line} begins a record of more than ${LIMITS.recordLength} characters, which is not a row of a point file`,
    { place: { file, line }, hint: "check that this is the right file, and that its quotes are closed" },
  );
}
