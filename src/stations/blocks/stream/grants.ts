import { broken } from "./frames.js";

/** Most credits that a client may have open: batches that it takes before it asks again. */
export const CREDITS_MAX = 4096;

/**
 * Grants of a client: credits, and the slots that it has given back. One batch takes one of each; without shared memory it takes
 * a credit alone, and the slot is -1.
 */
export interface Grants {
  /** Slot for the next batch. Rejects with the reason of `stop`. */
  take(): Promise<number>;
  /** @throws {EmporiumError} STREAM_PROTOCOL for more than {@link CREDITS_MAX} */
  addCredits(count: number): void;
  /** @throws {EmporiumError} STREAM_PROTOCOL for a slot that the client does not have */
  giveBack(slot: number): void;
  stop(reason: unknown): void;
}

/** @param slots of the ring; undefined without shared memory */
export function openGrants(slots: number | undefined): Grants {
  const free = Array.from({ length: slots ?? 0 }, (_, slot) => slot);
  const lent = new Set<number>();
  let credits = 0;
  let stopped: { reason: unknown } | undefined;
  let waiting: { resolve: (slot: number) => void; reject: (reason: unknown) => void } | undefined;

  const next = () => {
    if (credits === 0 || (slots !== undefined && free.length === 0)) return undefined;
    credits--;
    if (slots === undefined) return -1;
    const slot = free.shift()!;
    lent.add(slot);
    return slot;
  };
  const serve = () => {
    const slot = waiting && next();
    if (slot === undefined) return;
    waiting!.resolve(slot);
    waiting = undefined;
  };
  return {
    take() {
      if (stopped) return Promise.reject(stopped.reason);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        serve();
      });
    },
    addCredits(count) {
      credits += count;
      if (credits > CREDITS_MAX) throw broken(`expected at most ${CREDITS_MAX}, found ${credits} credits`);
      serve();
    },
    giveBack(slot) {
      if (!lent.delete(slot)) throw broken(`slot ${slot} is given back, which the client does not have`);
      free.push(slot);
      serve();
    },
    stop(reason) {
      stopped ??= { reason };
      waiting?.reject(reason);
      waiting = undefined;
    },
  };
}
