import { open } from "node:fs/promises";
import type { Clock } from "../../core/clock.js";

/** Written bytes between two rounds. Less costs more calls; more leaves a longer wait at the end. */
const ROUND_BYTES = 64 * 2 ** 20;
const FLUSHES_AT_ONCE = 4;

/**
 * Sends files to the disk while they are being written. The system would keep gigabytes in memory and write them when the final sync asks for
 * it; so the disk works from the beginning, and the final sync finds little to do.
 */
export class Flusher {
  private readonly open = new Set<string>();
  private stopped = false;
  private readonly rounds: Promise<void>;

  /** @param written bytes written so far, about. */
  constructor(
    written: () => number,
    private readonly clock: Clock,
  ) {
    this.rounds = this.run(written);
  }

  add(path: string): void {
    this.open.add(path);
  }

  remove(path: string): void {
    this.open.delete(path);
  }

  /** Resolves when no flush is under way. Failures are not told: the sync that counts comes later and meets them again. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.rounds;
  }

  private async run(written: () => number): Promise<void> {
    for (let last = 0; !this.stopped; ) {
      const now = written();
      if (now - last < ROUND_BYTES) {
        await this.clock.sleep(20);
        continue;
      }
      last = now;
      const waiting = [...this.open];
      await Promise.all(
        Array.from({ length: FLUSHES_AT_ONCE }, async () => {
          for (let path = waiting.pop(); path !== undefined && !this.stopped; path = waiting.pop())
            await flush(path).catch(() => {});
        }),
      );
    }
  }
}

/** Waits until the bytes of a file are on the disk. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
