/**
 * A set of numbers below `count` that gives the smallest first: one bit a number, and one bit a word of 32 of them, so that a search passes
 * over 1,024 absent numbers at once.
 */
export interface ReadySet {
  add(index: number): void;
  remove(index: number): void;
  /** The smallest number, or -1. */
  first(): number;
}

export function readySet(count: number): ReadySet {
  const bits = new Uint32Array(Math.ceil(count / 32));
  const words = new Uint32Array(Math.ceil(bits.length / 32));
  let cursor = 0; // no bit of `words` before this element
  return {
    add(index) {
      const word = index >>> 5;
      bits[word]! |= 1 << (index & 31);
      words[word >>> 5]! |= 1 << (word & 31);
      cursor = Math.min(cursor, word >>> 5);
    },
    remove(index) {
      const word = index >>> 5;
      bits[word]! &= ~(1 << (index & 31));
      if (bits[word] === 0) words[word >>> 5]! &= ~(1 << (word & 31));
    },
    first() {
      while (cursor < words.length && words[cursor] === 0) cursor++;
      if (cursor === words.length) return -1;
      const word = cursor * 32 + lowestBit(words[cursor]!);
      return word * 32 + lowestBit(bits[word]!);
    },
  };
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
