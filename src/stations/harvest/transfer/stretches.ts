import { gapsOf, type RangeSet } from "./ranges.js";

/** A contiguous part of the object that one connection fetches. */
export interface Stretch {
  /** The next byte to come. */
  at: number;
  /** Its end. Moves towards `at` when another connection takes a share. */
  to: number;
  /** Bytes per second; 0 if unknown. */
  speed: number;
}

/** Divides the file among connections. Stretches are taken in order, so that hashing stays close behind. */
export interface StretchPlan {
  /**
   * The next stretch, of `bytes` or a little more. If all is taken: a share of the stretch that will finish last, for a
   * connection of `speed` (0: unknown), with at least `leastBytes`. `undefined`: nothing is left.
   */
  take(bytes: number, share?: { speed: number; leastBytes: number }): Stretch | undefined;
  /** Returns the rest of a stretch. */
  release(stretch: Stretch): void;
  /** Extends a stretch by the free bytes right behind it. False if there are none. */
  extend(stretch: Stretch): boolean;
  /** Bytes that no connection fetches yet. */
  readonly waitingBytes: number;
  /** Whether every byte has been fetched. */
  readonly finished: boolean;
}

/**
 * @param leastBytes the least length of a stretch, and of what a share leaves
 * @param step stretches begin at multiples of it, but where bytes of an earlier run end
 */
export function stretchPlan(size: number, done: RangeSet, leastBytes: number, step = 1): StretchPlan {
  const waiting = gapsOf(done.ranges, size);
  const active = new Set<Stretch>();

  function next(bytes: number): Stretch | undefined {
    const gap = waiting[0];
    if (!gap) return undefined;
    const [from, to] = gap;
    // A rest that is not worth a request is added.
    const end = to - from < bytes + leastBytes ? to : Math.min(to, above(from + bytes, step));
    if (end === to) waiting.shift();
    else gap[0] = end;
    return { at: from, to: end, speed: 0 };
  }

  function shareOf(speed: number, worthBytes: number): Stretch | undefined {
    let last: Stretch | undefined;
    for (const stretch of active) if (!last || secondsLeft(stretch) > secondsLeft(last)) last = stretch;
    if (!last) return undefined;
    const left = last.to - last.at;
    if (left < 2 * worthBytes) return undefined;
    const portion = last.speed > 0 && speed > 0 ? speed / (speed + last.speed) : 0.5;
    const bytes = Math.min(left - worthBytes, Math.max(worthBytes, Math.round(left * portion)));
    const at = above(last.to - bytes, step);
    if (at >= last.to) return undefined;
    const stretch = { at, to: last.to, speed: 0 };
    last.to = at;
    return stretch;
  }

  return {
    get waitingBytes() {
      return waiting.reduce((sum, [from, to]) => sum + to - from, 0);
    },
    get finished() {
      return waiting.length === 0 && active.size === 0;
    },
    take(bytes, share = { speed: 0, leastBytes }) {
      const stretch =
        next(Math.ceil(Math.max(bytes, leastBytes))) ?? shareOf(share.speed, Math.ceil(Math.max(leastBytes, share.leastBytes)));
      if (stretch) active.add(stretch);
      return stretch;
    },
    release(stretch) {
      if (!active.delete(stretch) || stretch.at >= stretch.to) return;
      const at = waiting.findIndex(([from]) => from > stretch.at);
      waiting.splice(at < 0 ? waiting.length : at, 0, [stretch.at, stretch.to]);
    },
    extend(stretch) {
      const at = waiting.findIndex(([from]) => from === stretch.to);
      if (at < 0 || !active.has(stretch)) return false;
      stretch.to = waiting.splice(at, 1)[0]![1];
      return true;
    },
  };
}

function above(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

/** A stretch of unknown speed counts as slow: it may not reply at all. */
function secondsLeft({ at, to, speed }: Stretch): number {
  return (to - at) / Math.max(speed, 1);
}
