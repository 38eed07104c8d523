import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { FUZZ_CASES } from "../thorough.js";

/** A reader under test, on the bytes of a file called `fuzz.bin`: throws our errors or nothing. */
export type Reader = (bytes: Uint8Array) => Promise<void>;

/** Gives "read", or the code of our error, which names the file; throws whatever else comes out. */
export async function outcome(read: Reader, bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    // as in text-formats.ts
    if (error.facts.place?.file !== "fuzz.bin") throw error;
    return error.code;
  }
}

/** Cut at every byte. */
export async function truncations(read: Reader, corpus: readonly Uint8Array[]): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const bytes of corpus)
    for (let length = 0; length <= bytes.length; length++) seen.add(await outcome(read, bytes.subarray(0, length)));
  return seen;
}

/** Random changes, splices, cuts and pieces of `words`. A failure names its seed and round. */
export async function mutations(
  read: Reader,
  corpus: readonly Uint8Array[],
  words: readonly Uint8Array[],
  defaultSeed: number,
): Promise<Set<string>> {
  const seed = Number(process.env.FUZZ_SEED ?? defaultSeed);
  const random = seededRandom(seed);
  const count = FUZZ_CASES;
  const seen = new Set<string>();
  for (let round = 0; round < count; round++) {
    let bytes: Uint8Array = corpus[randomInt(random, corpus.length)]!.slice();
    for (let i = 1 + randomInt(random, 6); i > 0; i--) bytes = mutated(bytes, corpus, words, random);
    try {
      seen.add(await outcome(read, bytes));
    } catch (error) {
      throw new Error(`seed ${seed}, round ${round}`, { cause: error });
    }
  }
  return seen;
}

function mutated(bytes: Uint8Array, corpus: readonly Uint8Array[], words: readonly Uint8Array[], random: Random): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = randomInt(random, bytes.length);
  const kind = randomInt(random, 6);
  if (kind === 0) bytes[at] = randomInt(random, 256);
  else if (kind === 1) bytes[at]! ^= 1 << randomInt(random, 8);
  else if (kind === 2) return bytes.slice(0, at);
  else {
    const word = words[randomInt(random, words.length)]!;
    const other = kind === 3 ? corpus[randomInt(random, corpus.length)]! : bytes;
    const from = randomInt(random, other.length);
    const piece = kind === 5 ? word : other.subarray(from, from + randomInt(random, 120));
    // a piece takes the place of as many bytes, or moves what follows
    const end = random() < 0.5 ? Math.min(at + piece.length, bytes.length) : at;
    const joined = new Uint8Array(at + piece.length + bytes.length - end);
    joined.set(bytes.subarray(0, at));
    joined.set(piece, at);
    joined.set(bytes.subarray(end), at + piece.length);
    return joined;
  }
  return bytes;
}
