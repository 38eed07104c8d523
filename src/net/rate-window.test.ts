import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { hostPace } from "./pace.js";

describe("the window of a host's pace", () => {
  it("lets a host see no more than its number in any second, however long requests and replies are under way", async () => {
    const ms = fc.integer({ min: 0, max: 700 });
    const request = fc.record({ pause: ms, there: ms, back: ms });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(request, { maxLength: 40 }), async (most, requests) => {
        const clock = manualClock();
        const pace = hostPace(clock, { perSecond: most });
        const seen: number[] = [];
        for (const { pause, there, back } of requests) {
          clock.advance(pause);
          const leave = await pace.request();
          seen.push(clock.monotonic() + there);
          clock.advance(there + back);
          leave();
        }
        for (const [at, first] of seen.entries()) {
          expect(seen.slice(at).filter((other) => other < first + 1000).length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it("does not hold up the first ones; the next waits for a reply and a second", async () => {
    const clock = manualClock();
    const pace = hostPace(clock, { perSecond: 2 });
    const [first] = [await pace.request(), await pace.request()];
    let third = false;
    const coming = pace.request().then((leave) => {
      third = true;
      leave();
    });
    await Promise.resolve();
    expect([third, clock.sleeps]).toEqual([false, []]);
    clock.advance(50);
    first!();
    await coming;
    expect(clock.sleeps).toEqual([1000]);
  });

  it("is left when the work is cancelled, and the place stays for others", async () => {
    const clock = manualClock();
    const pace = hostPace(clock, { perSecond: 1 });
    await expect(pace.request(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    const controller = new AbortController();
    const leave = await pace.request();
    const waiting = pace.request(controller.signal);
    controller.abort(new Error("stop"));
    leave();
    await expect(waiting).rejects.toThrow("stop");
    (await pace.request())();
    expect(clock.sleeps).toEqual([1000]);
  });
});
