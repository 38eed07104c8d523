import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { rateGate } from "./rate-gate.js";

describe("rateGate", () => {
  it("lets a host see no more than its number in any second, however long requests and replies are under way", async () => {
    const ms = fc.integer({ min: 0, max: 700 });
    const request = fc.record({ pause: ms, there: ms, back: ms });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(request, { maxLength: 40 }), async (most, requests) => {
        const clock = manualClock();
        const gate = rateGate(most, clock);
        const seen: number[] = [];
        for (const { pause, there, back } of requests) {
          clock.advance(pause);
          const leave = await gate.enter();
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
    const gate = rateGate(2, clock);
    const [first] = [await gate.enter(), await gate.enter()];
    let third = false;
    const coming = gate.enter().then((leave) => {
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
    const gate = rateGate(1, clock);
    await expect(gate.enter(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    const controller = new AbortController();
    const leave = await gate.enter();
    const waiting = gate.enter(controller.signal);
    controller.abort(new Error("stop"));
    leave();
    await expect(waiting).rejects.toThrow("stop");
    (await gate.enter())();
    expect(clock.sleeps).toEqual([1000]);
  });
});
