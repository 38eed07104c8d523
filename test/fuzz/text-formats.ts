import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { FUZZ_CASES, THOROUGH } from "../thorough.js";

/** A reader under test: throws our errors or nothing. */
export type TextReader = (bytes: Uint8Array) => void;

/** Gives "read", or the code of our error; throws whatever else comes out. Every error names the file, and a line where there is one. */
export function outcome(read: TextReader, bytes: Uint8Array): string {
  try {
    read(bytes);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    // called for thousands of cases, which `expect` would cost more than most of them
    if (error.facts.place?.file !== "fuzz.txt" || !["FORMAT_FIELD", "FORMAT_LIMIT"].includes(error.code)) throw error;
    return error.code;
  }
}

/** Cut at every byte. */
export function truncations(read: TextReader, corpus: readonly Uint8Array[]): Set<string> {
  const seen = new Set<string>();
  for (const bytes of corpus)
    for (let length = 0; length <= bytes.length; length++) seen.add(outcome(read, bytes.subarray(0, length)));
  return seen;
}

const WORDS = [
  "0",
  "1",
  "-1",
  "2147483647",
  "4294967295",
  "9007199254740992",
  "1e999",
  "nan",
  "",
  "=",
  "[",
  "]",
  "#",
  "0x10",
  "__proto__",
];

/** Each word between blanks replaced by what it never is. */
export function fields(read: TextReader, corpus: readonly Uint8Array[]): Set<string> {
  const seen = new Set<string>();
  for (const bytes of corpus) {
    const text = new TextDecoder("windows-1252").decode(bytes);
    for (const match of text.matchAll(/\S+/g)) {
      for (const word of WORDS) {
        const changed = text.slice(0, match.index) + word + text.slice(match.index + match[0].length);
        seen.add(outcome(read, new TextEncoder().encode(changed)));
      }
    }
  }
  return seen;
}

/** Random changes, splices and repetitions of lines. A failure names its seed and round. */
export function mutations(read: TextReader, corpus: readonly Uint8Array[], defaultSeed: number): void {
  const seed = Number(process.env.FUZZ_SEED ?? defaultSeed);
  const random = seededRandom(seed);
  const count = FUZZ_CASES;
  for (let round = 0; round < count; round++) {
    let bytes: Uint8Array = corpus[randomInt(random, corpus.length)]!.slice();
    for (let i = 1 + randomInt(random, 6); i > 0; i--) bytes = mutated(bytes, corpus, random);
    try {
      outcome(read, bytes);
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
}

function mutated(bytes: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = randomInt(random, bytes.length);
  const kind = randomInt(random, 5);
  if (kind === 0) bytes[at] = randomInt(random, 256);
  else if (kind === 1) bytes[at] = ' \n\r=[]#.-+eE019"'.charCodeAt(randomInt(random, 16));
  else if (kind === 2) return bytes.slice(0, at);
  else {
    const other = kind === 3 ? corpus[randomInt(random, corpus.length)]! : bytes;
    const from = randomInt(random, other.length);
    const piece = other.subarray(from, from + randomInt(random, 120));
    const joined = new Uint8Array(bytes.length + piece.length);
    joined.set(bytes.subarray(0, at));
    joined.set(piece, at);
    joined.set(bytes.subarray(at), at + piece.length);
    return joined;
  }
  return bytes;
}

/** A quarter of a megabyte, or a whole one, that is slow for a careless regular expression: one that looks back takes minutes for either. */
export const LONG_LINE_BYTES = THOROUGH ? 2 ** 20 : 2 ** 18;
export const LONG_LINES: readonly Uint8Array[] = ["[", "]", "=", " ", "1", "-", "a", "#", "\n", "1 ", "1,"].map((piece) =>
  new TextEncoder().encode(`x${piece.repeat(Math.floor(LONG_LINE_BYTES / piece.length))}x`),
);
