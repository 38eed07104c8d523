import type { Clock } from "../../../core/clock.js";
import { fileError } from "../../../stores/file/errors.js";
import { syncPath } from "../../../stores/file/sync.js";

/** Written bytes between two rounds. Less costs more calls; more leaves a longer wait at the end. */
const ROUND_BYTES = 64 * 2 ** 20;
const FLUSHES_AT_ONCE = 4;

/**
 * Sends files to the disk while they are being written. The system would keep gigabytes in memory and write them when the final
 * sync asks for it; so the disk works from the beginning, and the final sync finds little to do.
 *
 * A failure is kept and told by `check` and `stop`: the system may have dropped the pages and tells so once, so the final sync
 * would not meet it again.
 */
export class Flusher {
  private readonly open = new Set<string>();
  private stopped = false;
  private failure: { error: unknown } | undefined;
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

  /** @throws the error of the first flush that failed: nothing written so far can be vouched for. */
  check(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Resolves when no flush is under way. @throws as `check`. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.rounds;
    this.check();
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
          for (let path = waiting.pop(); path !== undefined && !this.stopped; path = waiting.pop()) {
            await flush(path).catch((error: unknown) => {
              this.failure ??= { error };
            });
          }
        }),
      );
    }
  }
}

/** Waits until the bytes of a file are on the disk. @throws {EmporiumError} DISK_FULL, STORE_FAILED, … as a store's own sync. */
export async function flush(path: string): Promise<void> {
  await syncPath(path, "file").catch((error: unknown) => {
    throw fileError(error, path, "written");
  });
}
