import type pg from "pg";
import type { Clock } from "../../core/clock.js";

/** An answer that holds a session while its client reads. */
export interface Held {
  /** Gives the session back; the answer ends where it is. */
  letGo(): void;
}

/**
 * Milliseconds that a client may stop reading an answer while others wait for a session, and those between two checks of that.
 */
const SLOW_CLIENT_MS = 2_000;
const LOOK_MS = 500;

/** Database sessions for answers. A slow client keeps its session as long as no other request needs one. */
export class Sessions {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  /** Answers that wait for slow clients, with the time at which the wait began; the longest wait first. */
  readonly #waiting = new Map<Held, number>();

  constructor(pool: pg.Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  async connect(): Promise<pg.PoolClient> {
    const { idleCount, totalCount, options } = this.#pool;
    if (idleCount > 0 || totalCount < options.max) return await this.#pool.connect();
    const over = new AbortController();
    void this.#makeRoom(over.signal);
    try {
      return await this.#pool.connect();
    } finally {
      over.abort();
    }
  }

  waits(answer: Held): void {
    this.#waiting.set(answer, this.#clock.monotonic());
  }

  goesOn(answer: Held): void {
    this.#waiting.delete(answer);
  }

  async #makeRoom(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [longest] = this.#waiting;
      if (longest && this.#clock.monotonic() - longest[1] >= SLOW_CLIENT_MS) {
        this.#waiting.delete(longest[0]);
        longest[0].letGo();
      }
      await this.#clock.sleep(LOOK_MS, signal).catch(() => {});
    }
  }
}
