/**
 * The places that numpy's `default_rng(42).choice(length, count, replace=False)` draws, in its order.
 *
 * The portal draws its samples so. A mixture fitted from k points of a sample depends on which points those are, hence on the
 * order of the sample, and only the same draw gives the same limits.
 *
 * @param count at most `length`; `length` is below 2^32.
 *
 * Source: numpy 1.26 to 2.4, `Generator.choice` (Floyd's algorithm for few, a shuffle of the tail for many), PCG64 seeded with
 * 42, Lemire's bounded integers from the two halves of each 64-bit number. Golden: `test/golden/contrast`.
 */
export function numpyChoice(length: number, count: number): Uint32Array {
  const below = boundedIntegers();
  if (length > SHUFFLED_FROM && count > Math.floor(length / SHUFFLED_SHARE)) {
    const places = Uint32Array.from({ length }, (_, i) => i);
    shuffle(places, Math.max(length - count, 1), below);
    return places.slice(length - count);
  }
  const places = new Uint32Array(count);
  const taken = new Set<number>();
  for (let i = 0; i < count; i++) {
    const last = length - count + i;
    const drawn = below(last);
    places[i] = taken.has(drawn) ? last : drawn;
    taken.add(places[i]!);
  }
  shuffle(places, 1, below);
  return places;
}

const SHUFFLED_FROM = 10_000;
const SHUFFLED_SHARE = 50;

/** Fisher and Yates from the end down to `first`. */
function shuffle(values: Uint32Array, first: number, below: (last: number) => number): void {
  for (let i = values.length - 1; i >= first; i--) {
    const j = below(i);
    const moved = values[j]!;
    values[j] = values[i]!;
    values[i] = moved;
  }
}

/** Integers from 0 to `last`, both included. */
function boundedIntegers(): (last: number) => number {
  const word = pcg64Words();
  return (last) => {
    if (last === 0) return 0;
    return last < EXACT_BELOW ? bounded(word, last + 1) : boundedLarge(word, BigInt(last) + 1n);
  };
}

/** Products of a 32-bit number with anything up to this are exact in a float64. */
const EXACT_BELOW = 2 ** 21;

function bounded(word: () => number, range: number): number {
  let product = word() * range;
  if (product % WORD < range) {
    const unfair = (WORD - range) % range;
    while (product % WORD < unfair) product = word() * range;
  }
  return Math.floor(product / WORD);
}

function boundedLarge(word: () => number, range: bigint): number {
  const size = BigInt(WORD);
  let product = BigInt(word()) * range;
  if (product % size < range) {
    const unfair = (size - range) % range;
    while (product % size < unfair) product = BigInt(word()) * range;
  }
  return Number(product / size);
}

const WORD = 2 ** 32;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
/** Initial PCG64 state that `SeedSequence(42)` generates. */
const STATE = 274674114334540486603088602300644985544n;
const INCREMENT = 332724090758049132448979897138935081983n;

/** 32-bit numbers: the lower half of each 64-bit number of PCG64 (XSL-RR), then the upper one. */
function pcg64Words(): () => number {
  let state = STATE;
  let upper: number | undefined;
  return () => {
    if (upper !== undefined) {
      const word = upper;
      upper = undefined;
      return word;
    }
    state = BigInt.asUintN(128, state * MULTIPLIER + INCREMENT);
    const folded = (state >> 64n) ^ BigInt.asUintN(64, state);
    const turn = state >> 122n;
    const number = BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
    upper = Number(number >> 32n);
    return Number(number & 0xffffffffn);
  };
}
