import { Recent } from "../../core/recent.js";

/**
 * Decides if whole chunks should be decoded and kept: boxes that follow each other need the same chunks again, random ones do
 * not.
 */
export interface ReadHabits {
  /** Notes that a box touches a chunk. Returns true where all of the chunk should be decoded. */
  touch(id: string): boolean;
}

/** Weight of one touch in the running mean of the share of repeated touches. */
const WEIGHT = 1 / 16;
/**
 * Share of repeated touches from which whole chunks are decoded: that takes about twice the time of the part that a box needs, so
 * it pays where every third touch is a repeated one.
 */
const ENOUGH = 0.3;

/** @param chunksMax chunks that can be kept: one that is wanted after more others is no use. */
export function readHabits(chunksMax: number): ReadHabits {
  const latest = new Recent<string, true>(Math.max(1, Math.floor(chunksMax)));
  let again = 0;
  return {
    touch(id) {
      const known = latest.get(id) !== undefined;
      latest.set(id, true);
      again += WEIGHT * ((known ? 1 : 0) - again);
      return chunksMax >= 1 && again > ENOUGH;
    },
  };
}
