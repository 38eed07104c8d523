import { describe, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { type RetryContext, type RetryPolicy, retried, retries } from "./retry.js";

const POLICY: RetryPolicy = { tries: 4, baseMs: 100, capMs: 250, retryAfterMsMax: 1000 };
const later = (retryAfterMs?: number) => new EmporiumError("NETWORK", "lost", { retry: "later", retryAfterMs });

function scene(more: Partial<RetryContext> = {}) {
  const slept: number[] = [];
  const clock = { ...manualClock(0), sleep: async (ms: number) => void slept.push(ms) };
  return { slept, tries: retries(POLICY, { clock, random: () => 1, ...more }) };
}

describe("retries", () => {
  it("pause twice as long each time, up to the cap, and say at last how many there were", async () => {
    const { slept, tries } = scene();
    let calls = 0;
    const work = async () => {
      calls++;
      throw later();
    };
    await expect(retried(tries, work)).rejects.toMatchObject({ code: "NETWORK", message: "lost (4 tries)" });
    expect([calls, slept]).toEqual([4, [100, 200, 250]]);
  });

  it("take a random share of the pause", async () => {
    const { slept, tries } = scene({ random: () => 0.5 });
    await tries.failed(later());
    await tries.failed(later());
    expect(slept).toEqual([50, 100]);
  });

  it("wait as long as a server asks, up to a limit", async () => {
    const { slept, tries } = scene();
    await tries.failed(later(900));
    expect(slept).toEqual([900]);
    await expect(tries.failed(later(1001))).rejects.toThrow("lost (2 tries)");
  });

  it("throw what will not pass at once: errors that say so, and errors of others", async () => {
    const { slept, tries } = scene();
    const fault = new EmporiumError("FORMAT_CORRUPT", "cut");
    await expect(tries.failed(fault)).rejects.toBe(fault);
    await expect(tries.failed(new TypeError("a bug"))).rejects.toThrow(TypeError);
    expect([slept, tries.failures]).toEqual([[], 0]);
  });

  it("are at once where the error says so", async () => {
    const { slept, tries } = scene();
    await tries.failed(new EmporiumError("NETWORK", "stale", { retry: "now" }));
    expect(slept).toEqual([]);
  });

  it("count from the last progress", async () => {
    const { slept, tries } = scene();
    for (let i = 0; i < 10; i++) {
      await tries.failed(later());
      tries.worked();
    }
    expect(slept).toEqual(Array(10).fill(100));
  });

  it("end with a signal, before a pause and in the middle of one", async () => {
    const stop = new AbortController();
    const clock = {
      ...manualClock(0),
      sleep: async () => {
        stop.abort();
        throw new Error("woken");
      },
    };
    const { tries } = scene({ clock, signal: stop.signal });
    const middle = await tries.failed(later()).catch((error: unknown) => error);
    const before = await tries.failed(later()).catch((error: unknown) => error);
    for (const error of [middle, before]) expect(isEmporiumError(error) && error.code).toBe("CANCELLED");
  });
});
