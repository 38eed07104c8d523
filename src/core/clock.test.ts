import { describe, expect, it } from "vitest";
import { manualClock, systemClock } from "./clock.js";

describe("systemClock", () => {
  it("wakes up by itself and never goes back", async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(1);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
    expect(Number.isInteger(systemClock.now())).toBe(true);
  });

  it("wakes with the signal's reason, whether it aborts before or while it sleeps", async () => {
    const reason = new Error("stop");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});

describe("manualClock", () => {
  it("moves only by sleep and advance, and remembers the sleeps", async () => {
    const clock = manualClock(1000);
    await clock.sleep(250);
    clock.advance(50);
    expect([clock.now(), clock.monotonic(), clock.sleeps]).toEqual([1300, 1300, [250]]);
    await expect(clock.sleep(1, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
    expect(clock.now()).toBe(1300);
  });
});
