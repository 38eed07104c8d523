import { expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import type { Worker } from "./worker.js";
import { workerUse } from "./worker-use.js";

it("measures how long workers were there and how long they worked, of those that are gone too", async () => {
  const clock = manualClock(1_790_000_000_000);
  const worker = () => ({ readyMs: undefined, busyMs: undefined }) as unknown as Worker;
  const use = workerUse(clock);
  const [a, b] = [worker(), worker()];
  expect(use.now([a, b])).toEqual({ busySeconds: 0, idleShare: 0, rssBytesMax: 0 });
  use.begin(a);
  clock.advance(2000);
  use.begin(b);
  b.busyMs = clock.monotonic();
  clock.advance(3000);
  // a is there for 5 seconds and b for 3, in which it works
  expect(use.now([a, b])).toMatchObject({ busySeconds: 3, idleShare: 1 - 3 / 8 });
  use.end(b);
  a.busyMs = clock.monotonic();
  clock.advance(1000);
  use.rest(a);
  use.rest(a);
  clock.advance(1000);
  expect(use.now([a])).toMatchObject({ busySeconds: 4, idleShare: 1 - 4 / 10 });
});
