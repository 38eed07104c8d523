import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { starError } from "./errors.js";

/** A stretch of a file that ends with a line: `bytes[start, end)`. The last one may lack its line end. */
export interface LineChunk {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The byte that ends a line: LF, or CR in a file that has no LF. A CR before an LF is a blank at the end of the line. */
  readonly lineEnd: number;
}

const FIRST_READ_BYTES = 64 * 1024;
const READ_BYTES_MAX = 4 * 1024 * 1024;
const LINE_BYTES_MAX = 4 * 1024 * 1024;
const LF = 10;
const CR = 13;

/**
 * The file in stretches of whole lines, front to back. Reads begin small and grow, so that the head alone is cheap.
 *
 * @throws {EmporiumError} FORMAT_LIMIT at a line of more than 4 MiB, FORMAT_UNSUPPORTED at UTF-16.
 */
export async function* lineChunks(source: RandomAccess, read?: ReadOptions): AsyncGenerator<LineChunk> {
  const size = await source.size();
  let rest: Uint8Array = new Uint8Array(0);
  let lineEnd = LF;
  let length = FIRST_READ_BYTES;
  let ahead: Promise<Uint8Array> | undefined;
  for (let offset = 0; offset < size; ) {
    const first = offset === 0;
    const piece = await (ahead ?? source.read({ offset, length }, read));
    let start = 0;
    if (first) {
      refuseUtf16(piece, source.name);
      if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) start = 3; // a byte order mark
      if (!piece.includes(LF) && piece.includes(CR)) lineEnd = CR;
    }
    // A source that became shorter while it was read ends here; what is missing shows in its last line.
    offset = piece.length === 0 ? size : offset + piece.length;
    length = Math.min(4 * length, READ_BYTES_MAX);
    // The next stretch comes while this one is parsed, but for the first: many want no more than that.
    ahead = first || offset >= size ? undefined : source.read({ offset, length }, read);
    ahead?.catch(() => {}); // whoever stops here does not wait for it
    const bytes = rest.length === 0 ? piece : joined(rest, piece);
    const end = offset >= size ? bytes.length : bytes.lastIndexOf(lineEnd) + 1;
    if (end > start) yield { bytes, start, end, lineEnd };
    rest = bytes.slice(Math.max(end, start));
    if (rest.length > LINE_BYTES_MAX) {
      const message = `a line of more than ${LINE_BYTES_MAX} bytes`;
      throw starError(source.name, undefined, message, "check that this is a text file of lines", "FORMAT_LIMIT");
    }
  }
}

function refuseUtf16(head: Uint8Array, name: string): void {
  const mark = (head[0] ?? 0) * 256 + (head[1] ?? 0);
  if (mark !== 0xfffe && mark !== 0xfeff) return;
  throw starError(name, undefined, "text in UTF-16, STAR files are read as UTF-8", "save it as UTF-8", "FORMAT_UNSUPPORTED");
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
