/** Places of the values of one row: `bytes[starts[i], ends[i])` is value i, quotes left out. */
export interface Tokens {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

export function tokens(capacity: number): Tokens {
  return { starts: new Int32Array(capacity), ends: new Int32Array(capacity) };
}

/** Return value of `tokenise` for a quote that is opened and not closed in its line. */
export const UNCLOSED_QUOTE = -1;

const HASH = 0x23;
const SINGLE_QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BELL = 0x07;

/**
 * Finds the values of `bytes[at, end)`, a line or a part of one, and puts them from `from` on.
 *
 * - Values are set apart by blanks: bytes of 32 and below.
 * - A value that begins with ' or " goes to the next such quote before a blank or the line's end, so that a quote within stays
 *   one. A bell before a quote says that it stays one as well: RELION writes so.
 * - # begins a comment only where a value could begin.
 *
 * @returns the number of values then, `from` included; one more than there is room for if there are too many.
 */
export function tokenise(bytes: Uint8Array, at: number, end: number, into: Tokens, from: number): number {
  const { starts, ends } = into;
  const capacity = starts.length;
  let count = from;
  let p = at;
  for (;;) {
    while (p < end && bytes[p]! <= 32) p++;
    if (p >= end) return count;
    const first = bytes[p]!;
    if (first === HASH) return count;
    if (count === capacity) return capacity + 1;
    if (first === SINGLE_QUOTE || first === DOUBLE_QUOTE) {
      let close = p + 1;
      while (close < end && !closes(bytes, close, end, first)) close++;
      if (close >= end) return UNCLOSED_QUOTE;
      starts[count] = p + 1;
      ends[count] = close;
      p = close + 1;
    } else {
      starts[count] = p++;
      while (p < end && bytes[p]! > 32) p++;
      ends[count] = p;
    }
    count++;
  }
}

function closes(bytes: Uint8Array, at: number, end: number, quote: number): boolean {
  return bytes[at] === quote && bytes[at - 1] !== BELL && (at + 1 === end || bytes[at + 1]! <= 32);
}
