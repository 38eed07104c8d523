/** A stream of uniform numbers in `[0, 1)`. */
export type Random = () => number;

/** Deterministic generator (mulberry32): same seed, same numbers, on every platform. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Integer in `[0, below)`. */
export function randomInt(random: Random, below: number): number {
  return Math.floor(random() * below);
}
