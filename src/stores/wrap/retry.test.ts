import { describe, expect, it } from "vitest";
import { SimulatedDeath, withFaults } from "../../../test/faults/store-faults.js";
import { manualClock } from "../../core/clock.js";
import { EmporiumError, type ErrorFacts } from "../../core/errors.js";
import { seededRandom } from "../../core/random.js";
import { withPartial } from "../../net/partial.js";
import { memoryStore } from "../memory/store.js";
import type { Store } from "../store.js";
import { withRetry } from "./retry.js";

const passing = (facts: ErrorFacts = {}) => new EmporiumError("STORE_UNAVAILABLE", "down", { retry: "later", ...facts });

/** A store whose stat fails so many times first. */
function failing(times: number, error: () => Error): Store & { calls: number } {
  const store = {
    ...memoryStore(),
    calls: 0,
    async stat() {
      if (++store.calls <= times) throw error();
      return { size: 1 };
    },
  };
  return store;
}

describe("withRetry", () => {
  it("waits a random share of twice as long each time, at most the cap", async () => {
    const clock = manualClock();
    const inner = failing(9, passing);
    await withRetry(inner, { clock, random: () => 1, attempts: 10, capMs: 10_000 }).stat("x");
    expect(clock.sleeps).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000]);
  });

  it("spreads the pauses of many clients over the whole span", async () => {
    const clock = manualClock();
    const random = seededRandom(3);
    for (let i = 0; i < 400; i++) await withRetry(failing(1, passing), { clock, random }).stat("x");
    for (const quarter of [0, 1, 2, 3]) {
      const inIt = clock.sleeps.filter((ms) => Math.floor(ms / 125) === quarter).length;
      expect(inIt).toBeGreaterThan(60);
    }
  });

  it("gives up after six tries, and says how many there were", async () => {
    const clock = manualClock();
    const inner = failing(99, passing);
    await expect(withRetry(inner, { clock, random: () => 0 }).stat("x")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: "down (6 tries)",
      facts: { retry: "later" },
    });
    expect(inner.calls).toBe(6);
  });

  it("does not try again what will not pass, and not a fault of the program or a death", async () => {
    for (const error of [
      new EmporiumError("STORE_DENIED", "no"),
      new EmporiumError("STORE_CONFLICT", "no"),
      new TypeError("bug"),
      new SimulatedDeath("dead"),
    ]) {
      const inner = failing(99, () => error);
      await expect(withRetry(inner, { clock: manualClock(), random: () => 0 }).stat("x")).rejects.toBe(error);
      expect(inner.calls).toBe(1);
    }
  });

  it("heeds how long the store asks to wait, unless that is too long", async () => {
    const clock = manualClock();
    await withRetry(
      failing(1, () => passing({ retryAfterMs: 90_000 })),
      { clock, random: () => 0 },
    ).stat("x");
    expect(clock.sleeps).toEqual([90_000]);
    const inner = failing(1, () => passing({ retryAfterMs: 3_600_000 }));
    await expect(withRetry(inner, { clock, random: () => 0 }).stat("x")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(inner.calls).toBe(1);
  });

  it("tries at once what may be tried at once", async () => {
    const clock = manualClock();
    await withRetry(
      failing(1, () => passing({ retry: "now" })),
      { clock, random: () => 1 },
    ).stat("x");
    expect(clock.sleeps).toEqual([]);
  });

  it("stops waiting when it is cancelled", async () => {
    const stop = new AbortController();
    const clock = {
      ...manualClock(),
      sleep: async (_ms: number, signal?: AbortSignal) => {
        stop.abort();
        signal?.throwIfAborted();
      },
    };
    const inner = failing(99, passing);
    const work = withRetry(inner, { clock, random: () => 1 }).stat("x", { signal: stop.signal });
    await expect(work).rejects.toMatchObject({ code: "CANCELLED" });
    expect(inner.calls).toBe(1);
  });

  it("goes on with a read at the byte where it broke, for that version only", async () => {
    const body = Uint8Array.from({ length: 100 }, (_, i) => i);
    const asked: unknown[] = [];
    const inner: Store = {
      ...memoryStore(),
      async read(_key, range, options) {
        asked.push([range?.offset ?? 0, options?.ifMatch]);
        const from = range?.offset ?? 0;
        if (from < 60) throw withPartial(passing(), { bytes: body.slice(from, from + 30), etag: "v1" });
        return body.slice(from);
      },
    };
    const store = withRetry(inner, { clock: manualClock(), random: () => 0 });
    expect(await store.read("x")).toEqual(body);
    expect(asked).toEqual([
      [0, undefined],
      [30, "v1"],
      [60, "v1"],
    ]);
  });

  it("does not join pieces when nothing tells the version", async () => {
    const body = Uint8Array.from({ length: 100 }, (_, i) => i);
    let calls = 0;
    const inner: Store = {
      ...memoryStore(),
      async read(_key, range) {
        if (++calls < 3) throw withPartial(passing(), { bytes: new Uint8Array(10).fill(255), etag: undefined });
        return body.slice(range?.offset ?? 0);
      },
    };
    expect(await withRetry(inner, { clock: manualClock(), random: () => 0 }).read("x")).toEqual(body);
  });

  it("ends when a connection brings a few bytes for ever", async () => {
    const inner: Store = {
      ...memoryStore(),
      async read() {
        throw withPartial(passing(), { bytes: new Uint8Array(10), etag: "v1" });
      },
    };
    await expect(withRetry(inner, { clock: manualClock(), random: () => 0 }).read("x")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });

  it("goes on with a listing after the last key", async () => {
    const memory = memoryStore();
    for (const key of ["a", "b", "c", "d"]) await memory.write(key, new Uint8Array(1));
    let fails = 3;
    const inner: Store = {
      ...memory,
      async *list(prefix, options) {
        for await (const entry of memory.list(prefix, options)) {
          yield entry;
          if (fails-- > 0) throw passing();
        }
      },
    };
    const keys: string[] = [];
    for await (const { key } of withRetry(inner, { clock: manualClock(), random: () => 0 }).list("")) keys.push(key);
    expect(keys).toEqual(["a", "b", "c", "d"]);
  });

  it("carries every operation through a store that fails often", async () => {
    const memory = memoryStore();
    const random = seededRandom(11);
    const faulty = withFaults(memory, { failRate: 0.3, random });
    const store = withRetry(faulty, { clock: manualClock(), random, attempts: 20 });
    for (let i = 0; i < 40; i++) {
      const key = `k${i}`;
      await store.write(key, new Uint8Array([i]), { ifAbsent: i % 2 === 0 });
      const upload = await store.create(`${key}/parts`);
      await upload.part(2, new Uint8Array([i]));
      await upload.part(1, new Uint8Array([i, i]));
      await upload.finish();
      expect(await store.read(`${key}/parts`)).toEqual(new Uint8Array([i, i, i]));
    }
    expect(faulty.plan.log.length).toBeGreaterThan(40 * 6);
  });
});
