import type { Clock } from "./clock.js";
import type { Log } from "./log.js";

const LINE_MS = 10_000;

/** A line now and then for those who wait: the first after ten seconds. The text is made only when it is told. */
export function tellNowAndThen(log: Log, clock: Clock): (text: () => string) => void {
  let toldMs = clock.monotonic();
  return (text) => {
    const now = clock.monotonic();
    if (now - toldMs < LINE_MS) return;
    toldMs = now;
    log.info(text());
  };
}
