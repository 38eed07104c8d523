import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { rateGate } from "./rate-gate.js";

describe("rateGate", () => {
  it("lets no more than its number begin in any second, whenever they come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 }),
        async (most, pauses) => {
          const clock = manualClock();
          const gate = rateGate(most, clock);
          const starts: number[] = [];
          for (const pause of pauses) {
            clock.advance(pause);
            await gate.enter();
            starts.push(clock.monotonic());
          }
          for (const [at, start] of starts.entries()) {
            expect(starts.slice(at).filter((other) => other < start + 1000).length).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });

  it("does not hold up the first ones", async () => {
    const clock = manualClock();
    const gate = rateGate(4, clock);
    for (let n = 0; n < 4; n++) await gate.enter();
    expect(clock.sleeps).toEqual([]);
    await gate.enter();
    expect(clock.sleeps).toEqual([1005]);
  });

  it("is left when the work is cancelled", async () => {
    const gate = rateGate(1, manualClock());
    await expect(gate.enter(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});
