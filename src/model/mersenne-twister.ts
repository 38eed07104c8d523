import type { Random } from "../core/random.js";

const WORDS = 624;
const MIDDLE = 397;

/**
 * The random source of Python's `random.Random(seed)`: MT19937 seeded by `init_by_array([seed])`, doubles of 53 bits in [0, 1).
 *
 * @param seed an integer from 0 to 2^32 − 1.
 */
export function pythonRandom(seed: number): Random {
  const state = seededState(19650218);
  let i = 1;
  for (let k = WORDS; k > 0; k--) {
    // the key has one word, so its index stays 0
    state[i] = (state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), 1664525)) + seed;
    if (++i === WORDS) i = wrap(state);
  }
  for (let k = WORDS - 1; k > 0; k--) {
    state[i] = (state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), 1566083941)) - i;
    if (++i === WORDS) i = wrap(state);
  }
  state[0] = 0x80000000;
  return doubles(state);
}

/** The random source of numpy's `RandomState(seed)`: the same generator seeded by `init_genrand(seed)`. */
export function numpyRandomState(seed: number): Random {
  return doubles(seededState(seed));
}

function seededState(seed: number): Uint32Array {
  const state = new Uint32Array(WORDS);
  state[0] = seed;
  for (let i = 1; i < WORDS; i++) state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
  return state;
}

function wrap(state: Uint32Array): number {
  state[0] = state[WORDS - 1]!;
  return 1;
}

function doubles(state: Uint32Array): Random {
  let at = WORDS;
  const word = (): number => {
    if (at === WORDS) {
      twist(state);
      at = 0;
    }
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return () => {
    const high = word() >>> 5;
    return (high * 2 ** 26 + (word() >>> 6)) / 2 ** 53;
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < WORDS; i++) {
    const y = (state[i]! & 0x80000000) | (state[(i + 1) % WORDS]! & 0x7fffffff);
    state[i] = state[(i + MIDDLE) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
