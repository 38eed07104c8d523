import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { hostPace } from "../../net/pace.js";
import { memoryStore } from "../memory/store.js";
import { storePace, withPace } from "./with-pace.js";

/** A server that allows so many requests in any one second, asked over and over by one client for a while. */
async function drive(allowed: (nowMs: number) => number, seconds: number) {
  const clock = manualClock();
  const pace = hostPace(clock, { perSecond: Number.POSITIVE_INFINITY });
  const served: number[] = [];
  const asked: number[] = [];
  while (clock.monotonic() < seconds * 1000) {
    await pace
      .run(async () => {
        const now = clock.monotonic();
        asked.push(now);
        const recent = served.filter((at) => at > now - 1000).length;
        clock.advance(4);
        if (recent >= allowed(now)) throw new EmporiumError("STORE_THROTTLED", "SlowDown", { retry: "later" });
        served.push(now);
      })
      .catch(() => clock.advance(100));
  }
  const inSpan = (times: number[], from: number, to: number) => times.filter((at) => at >= from * 1000 && at < to * 1000).length;
  return { served, asked, inSpan, pace, clock };
}

describe("pacing", () => {
  it("without throttling nothing is slowed", async () => {
    const { served, pace } = await drive(() => Number.POSITIVE_INFINITY, 10);
    expect(served).toHaveLength(2_500);
    expect(pace.perSecond).toBe(Number.POSITIVE_INFINITY);
  });

  it("settles near what the server allows, and hardly ever above", async () => {
    const { asked, inSpan } = await drive(() => 20, 300);
    for (let second = 30; second < 299; second++) expect(inSpan(asked, second, second + 1)).toBeLessThanOrEqual(24);
    expect(inSpan(asked, 60, 300) / 240).toBeGreaterThan(20 * 0.6);
  });

  it("is at four fifths of its rate again within a minute after a throttling", async () => {
    const { inSpan, asked } = await drive((nowMs) => (nowMs >= 60_000 && nowMs < 60_500 ? 0 : nowMs < 60_000 ? 20 : 1000), 125);
    const before = inSpan(asked, 50, 60) / 10;
    expect(inSpan(asked, 62, 64) / 2).toBeLessThan(before * 0.8);
    expect(inSpan(asked, 119, 121) / 2).toBeGreaterThanOrEqual(before * 0.8);
  });

  it("halves once for requests that were all on their way", async () => {
    const clock = manualClock();
    const pace = hostPace(clock, { perSecond: 100 });
    const throttled = async () => {
      throw new EmporiumError("STORE_THROTTLED", "SlowDown", { retry: "later" });
    };
    for (let i = 0; i < 60; i++) await pace.run(async () => {});
    const before = pace.perSecond;
    await Promise.allSettled(Array.from({ length: 10 }, () => pace.run(throttled)));
    expect(pace.perSecond).toBeGreaterThanOrEqual(before / 4);
    expect(pace.perSecond).toBeLessThanOrEqual(before / 2);
  });

  it("other errors do not slow it", async () => {
    const pace = hostPace(manualClock(), { perSecond: Number.POSITIVE_INFINITY });
    await pace.run(() => Promise.reject(new EmporiumError("STORE_UNAVAILABLE", "500", { retry: "later" }))).catch(() => {});
    expect(pace.perSecond).toBe(Number.POSITIVE_INFINITY);
  });

  it("keeps no more than the allowed number in flight", async () => {
    const pace = hostPace(manualClock(), { perSecond: Number.POSITIVE_INFINITY, connections: 3 });
    let now = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        pace.run(async () => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setImmediate(resolve));
          now--;
        }),
      ),
    );
    expect(most).toBe(3);
  });

  it("is one for a host", () => {
    const clock = manualClock();
    expect(storePace("a", clock)).toBe(storePace("a", clock));
    expect(storePace("a", clock)).not.toBe(storePace("b", clock));
  });

  it("gives its turn back while a listing is consumed", async () => {
    const clock = manualClock();
    const memory = memoryStore();
    for (const key of ["a", "b", "c"]) await memory.write(key, new Uint8Array(1));
    const store = withPace(memory, hostPace(clock, { perSecond: Number.POSITIVE_INFINITY, connections: 1 }));
    const keys: string[] = [];
    for await (const { key } of store.list("")) {
      await store.stat(key); // would wait for ever
      keys.push(key);
    }
    expect(keys).toEqual(["a", "b", "c"]);
  });
});
