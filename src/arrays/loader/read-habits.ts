import { Recent } from "../../core/recent.js";

/** Whether it pays to decode whole chunks and keep them: boxes that follow each other need the same chunks again, random ones do not. */
export interface ReadHabits {
  /** A box touches a chunk. True: decode all of it. */
  touch(id: string): boolean;
}

/** What one touch weighs among the latest. */
const WEIGHT = 1 / 16;
/** A whole chunk takes about twice the time of the part that a box needs: it pays where it is wanted again at every third touch. */
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
