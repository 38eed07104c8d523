import { describe, expect, it } from "vitest";
import { type Clock, manualClock } from "../core/clock.js";
import { seededRandom } from "../core/random.js";
import { makePaces } from "./pace.js";

/** A clock on which many wait at once: time goes to the earliest of them. */
function sharedClock() {
  let time = 0;
  const waiting: { at: number; wake(): void }[] = [];
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((wake, fail) => {
        if (signal?.aborted) return fail(signal.reason);
        waiting.push({ at: time + ms, wake });
      }),
  };
  return {
    clock,
    async runUntil(end: number) {
      for (;;) {
        for (let turn = 0; turn < 20; turn++) await null;
        const next = waiting.sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        waiting.shift();
        time = Math.max(time, next.at);
        next.wake();
      }
      time = end;
    },
  };
}

/** The most of these times that lie in one second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
}

describe("the pace of a host", () => {
  it("no second sees more requests than are allowed, however many ask and however long replies take", async () => {
    for (const perSecond of [1, 4, 7]) {
      const { clock, runUntil } = sharedClock();
      const host = makePaces({ clock, requestsPerSecond: perSecond }).host("https://example.org/");
      const random = seededRandom(perSecond);
      const seen: number[] = [];
      const ask = async () => {
        const replied = await host.request();
        // The host may see it at any time before its reply comes.
        const took = random() * 700;
        seen.push(clock.monotonic() + random() * took);
        await clock.sleep(took);
        replied();
      };
      for (let turn = 0; turn < 60; turn++) void (random() < 0.5 ? ask() : clock.sleep(random() * 5000).then(ask));
      await runUntil(120_000);
      expect(seen).toHaveLength(60);
      expect(mostInASecond(seen)).toBeLessThanOrEqual(perSecond);
    }
  });

  it("what hosts ask for holds without being told, also behind a mirror", () => {
    const pace = makePaces({ clock: manualClock() });
    expect(pace.host("https://ftp.ebi.ac.uk/x")).toMatchObject({ perSecond: 4, connections: 8 });
    expect(pace.host("ftp://ftp.ebi.ac.uk/x")).toMatchObject({ perSecond: 4, connections: 2 });
    expect(pace.host("http://127.0.0.1:8080", "idr.openmicroscopy.org")).toMatchObject({ perSecond: 4 });
    expect(pace.host("https://example.org/a")).toMatchObject({ perSecond: Number.POSITIVE_INFINITY, connections: 8 });
    expect(pace.host("https://example.org/a")).toBe(pace.host("https://example.org/b"));
    expect(makePaces({ clock: manualClock(), connectionsPerHost: 5 }).host("ftp://example.org")).toMatchObject({
      connections: 5,
    });
  });

  it("halves at once when the host asks for it, and grows by a tenth each calm 5 s up to what it was", async () => {
    const clock = manualClock();
    const host = makePaces({ clock, requestsPerSecond: 8 }).host("https://example.org");
    for (let turn = 0; turn < 8; turn++) (await host.request())();
    host.throttled();
    expect(host.perSecond).toBe(4);
    host.throttled(); // of the same second
    expect(host.perSecond).toBe(4);
    clock.advance(5_000);
    (await host.request())();
    expect(host.perSecond).toBeCloseTo(4.4);
    clock.advance(60_000);
    (await host.request())();
    expect(host.perSecond).toBe(8);
  });

  it("waits as long as the host says", async () => {
    const clock = manualClock();
    const host = makePaces({ clock }).host("https://example.org");
    host.throttled(7_000);
    await host.request();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(7_000);
  });

  it("holds so many connections, and hands them on in turn", async () => {
    const host = makePaces({ clock: manualClock(), connectionsPerHost: 2 }).host("https://example.org");
    const order: number[] = [];
    const [first, second] = [await host.connect(), await host.connect()];
    const third = host.connect().then((release) => {
      order.push(3);
      return release;
    });
    const stop = new AbortController();
    const gone = host.connect(stop.signal);
    void host.connect().then(() => order.push(5));
    stop.abort(new Error("no more"));
    await expect(gone).rejects.toThrow("no more");
    first();
    first(); // twice is once
    (await third)();
    await null;
    second();
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([3, 5]);
  });

  it("bytes of all transfers together keep to the limit", async () => {
    const clock = manualClock();
    const pace = makePaces({ clock, bytesPerSecond: 1000 });
    for (let turn = 0; turn < 50; turn++) await pace.take(100);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(4_800);
    expect(clock.monotonic()).toBeLessThanOrEqual(5_000);
    expect(makePaces({ clock }).limited).toBe(false);
  });
});
