import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { Secret } from "../../src/core/redact.js";
import { httpStore } from "../../src/stores/http/store.js";
import { openObject, type Store } from "../../src/stores/store.js";
import { withRetry } from "../../src/stores/wrap/retry.js";
import { bytes, codeOf, same } from "../conformance/store-suite.js";
import { type Fate, type FaultServer, type Row, startFaultServer } from "./server.mjs";

const KiB = 1024;
const SIZE = 1000 * KiB + 7;
const body = bytes(SIZE, 42);
const timeouts = { connectMs: 2_000, headersMs: 1_000, stallMs: 1_100 };

/** The rule of every row: the right bytes, or one typed error; never wrong bytes, never a hang. */
describe("HTTP faults", () => {
  let server: FaultServer;
  let clock = manualClock();
  let bare: Store;
  let store: Store;

  beforeAll(async () => {
    server = await startFaultServer();
    server.putFile("tomo.mrc", body);
    bare = httpStore(server.filesUrl, { timeouts });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    clock = manualClock(Date.parse("2026-01-01T00:00:00Z"));
    store = withRetry(bare, { clock, random: () => 0.5 });
  });

  const fates = (...rows: Row[]) => server.setFaults(rows);
  const once = (fate: Fate): Row => ({ fate, times: 1 });
  const range = { offset: 300 * KiB, length: 200 * KiB };
  const part = body.subarray(range.offset, range.offset + range.length);
  const sent = () => server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);

  it.each([500, 502, 503, 504, 408, 429])("status %i, up to five times, then right", async (status) => {
    for (const times of [1, 5]) {
      fates({ fate: { kind: "status", status }, times });
      same(await store.read("tomo.mrc", range), part);
      expect(server.requests).toHaveLength(times + 1);
    }
    expect(clock.sleeps.slice(-5)).toEqual([250, 500, 1000, 2000, 4000]);
  });

  it("status 500 six times is an error that names the address and the tries", async () => {
    fates({ fate: { kind: "status", status: 500 } });
    await expect(store.read("tomo.mrc")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(/\/files\/tomo\.mrc: the server answers 500 \(6 tries\)/),
    });
    expect(server.requests).toHaveLength(6);
  });

  it.each([
    ["seconds", "7", 7_000],
    ["a date", "Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ])("Retry-After in %s is heeded", async (_form, retryAfter, ms) => {
    for (const status of [429, 503]) {
      clock = manualClock(Date.parse("2026-01-01T00:00:00Z"));
      store = withRetry(httpStore(server.filesUrl, { timeouts, clock: { ...manualNow(clock), sleep: realSleep } }), {
        clock,
        random: () => 0.5,
      });
      fates(once({ kind: "status", status, retryAfter }));
      same(await store.read("tomo.mrc", range), part);
      expect(clock.sleeps).toEqual([ms]);
    }
  });

  it.each([
    [404, "none", 1],
    [410, "none", 1],
    [403, "STORE_DENIED", 1],
    [401, "STORE_DENIED", 1],
    [400, "STORE_FAILED", 1],
    [501, "STORE_UNAVAILABLE", 1],
  ])("status %i is %s after %i request", async (status, code, count) => {
    fates({ fate: { kind: "status", status } });
    expect(await codeOf(store.read("tomo.mrc", range))).toBe(code);
    expect(server.requests).toHaveLength(count);
  });

  it.each(["reset", "fin"])("%s at any byte: goes on there, nothing is fetched twice", async (kind) => {
    for (const at of [0, 1, 100, 64 * KiB, 500 * KiB, SIZE - 1]) {
      fates(once({ kind, at }));
      same(await store.read("tomo.mrc"), body);
      expect(server.requests).toHaveLength(2);
      expect(sent()).toBeLessThanOrEqual(SIZE + at);
      const [, second] = server.requests;
      expect(second!.range).toMatch(/^bytes=\d+-/);
    }
  });

  it("a connection that breaks again and again, with some progress, gets there", async () => {
    fates({ fate: { kind: "reset", at: 100 * KiB }, times: 9 });
    same(await store.read("tomo.mrc"), body);
    expect(server.requests).toHaveLength(10);
  });

  it("lost and refused connections are tried again", async () => {
    for (const kind of ["cut", "lost"]) {
      fates({ fate: { kind }, times: 3 });
      same(await store.read("tomo.mrc", range), part);
      expect(server.requests).toHaveLength(4);
    }
  });

  it("a port where nobody listens is an error after six tries", async () => {
    const silent = withRetry(httpStore("http://127.0.0.1:9/x", { timeouts }), { clock, random: () => 0.5 });
    expect(await codeOf(silent.read("tomo.mrc"))).toBe("STORE_UNAVAILABLE");
    expect(clock.sleeps).toHaveLength(5);
  });

  it.each([
    ["too long", 1],
    ["much too long", 5_000],
    ["too short", -1],
    ["much too short", -5_000],
  ])("Content-Length %s never passes", async (_name, delta) => {
    fates(once({ kind: "length", delta }));
    same(await store.read("tomo.mrc", range), part);
    fates(once({ kind: "length", delta }));
    same(await store.read("tomo.mrc"), body);
    fates({ on: "GET", fate: { kind: "length", delta } });
    expect(await codeOf(store.read("tomo.mrc", range))).toMatch(/^STORE_(PROTOCOL|UNAVAILABLE)$/);
  });

  it("a missing Content-Length is made up for by Content-Range", async () => {
    fates({ fate: { kind: "no-length" } });
    same(await store.read("tomo.mrc", range), part);
    same(await store.read("tomo.mrc"), body);
  });

  it("Range ignored: the beginning is taken, the rest dropped; far ranges are refused", async () => {
    fates({ on: "GET", fate: { kind: "ignore-range" } });
    same(await store.read("tomo.mrc"), body);
    same(await store.read("tomo.mrc", { offset: 1000, length: 5000 }), body.subarray(1000, 6000));
    same(await store.read("tomo.mrc", { offset: 0, length: 2 * SIZE }), body);
    expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
  });

  it("Range ignored and a length that lies: the second witness is asked", async () => {
    fates(
      { on: "GET", fate: { kind: "ignore-range" }, times: 1 },
      { on: "GET", fate: { kind: "length", delta: -100 }, times: 1 },
    );
    same(await store.read("tomo.mrc"), body);
  });

  it.each(["shift-range", "range-header"])("%s: another part than asked for is refused", async (kind) => {
    for (const by of [1, -1, 4096]) {
      fates(once({ kind, by }));
      same(await store.read("tomo.mrc", range), part);
      fates({ fate: { kind, by } });
      expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
      expect(server.requests).toHaveLength(6);
    }
  });

  it("an object replaced between two ranges is a conflict, never a mixture", async () => {
    server.putFile("changing.mrc", body);
    for (const etags of ["strong", "weak", "none"] as const) {
      const other = await startFaultServer({ manners: { etags } });
      other.putFile("changing.mrc", body);
      const object = await openObject(
        withRetry(httpStore(other.filesUrl, { timeouts }), { clock, random: () => 0.5 }),
        "changing.mrc",
      );
      same(await object.read({ offset: 0, length: 10 }), body.subarray(0, 10));
      if (etags === "none") await realSleep(1_100); // dates count whole seconds
      other.setFaults([once({ kind: "replace" })]);
      expect(await codeOf(object.read({ offset: 10, length: 10 }))).toBe("STORE_CONFLICT");
      await other.close();
    }
  });

  it("an object replaced while a whole read is under way is read anew, whole", async () => {
    server.putFile("changing.mrc", body);
    fates(once({ kind: "reset", at: 70 * KiB }), once({ kind: "replace" }));
    const result = (await store.read("changing.mrc"))!;
    expect(result.length).toBe(SIZE);
    expect(result.every((byte) => byte === result[0])).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  it.each(["stall", "drip"])("%s is noticed, and the rest fetched anew", async (kind) => {
    for (const at of [0, 100 * KiB]) {
      fates(once({ kind, at, everyMs: 50 }));
      same(await store.read("tomo.mrc", range), part);
      expect(server.requests).toHaveLength(2);
    }
    fates({ fate: { kind, at: 10 } });
    expect(await codeOf(bare.read("tomo.mrc", range))).toBe("STORE_UNAVAILABLE");
  });

  it("a server that accepts and says nothing is given up on", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const { port } = mute.address() as { port: number };
    expect(await codeOf(httpStore(`http://127.0.0.1:${port}`, { timeouts }).stat("x"))).toBe("STORE_UNAVAILABLE");
    mute.close();
  });

  it("a web page instead of data is refused at once", async () => {
    fates({ fate: { kind: "html" } });
    for (const work of [() => store.stat("tomo.mrc"), () => store.read("tomo.mrc"), () => store.read("tomo.mrc", range)]) {
      expect(await codeOf(work())).toBe("STORE_PROTOCOL");
    }
    expect(server.requests).toHaveLength(3);
    server.putFile("page.html", new TextEncoder().encode("<!doctype html><p>a page that is wanted</p>"), "text/html");
    fates();
    expect((await store.read("page.html"))?.length).toBeGreaterThan(0);
    server.putFile("sneaky.mrc", new TextEncoder().encode("<!DOCTYPE html><p>under maintenance</p>"));
    expect(await codeOf(store.read("sneaky.mrc"))).toBe("STORE_PROTOCOL");
  });

  it("a compressed range is refused", async () => {
    fates({ fate: { kind: "gzip" } });
    expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
    expect(server.requests).toHaveLength(1);
  });

  it("redirects: five are followed, a loop and a downgrade are not", async () => {
    fates({ fate: { kind: "redirect" }, times: 5 });
    same(await store.read("tomo.mrc", range), part);
    expect(server.requests).toHaveLength(6);
    fates({ fate: { kind: "redirect" } });
    expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
    expect(server.requests).toHaveLength(6);
    fates(once({ kind: "redirect", to: "file:///etc/passwd" }));
    expect(await codeOf(store.read("tomo.mrc", range))).toBe("STORE_PROTOCOL");
  });

  it("credentials and query stay with their host, and out of messages", async () => {
    const other = await startFaultServer();
    other.putFile("tomo.mrc", body);
    const authorization = new Secret("Basic dXNlcjpjYW5hcnk=");
    const query = new Secret("sig=canary-signature");
    const signed = httpStore(server.filesUrl, { timeouts, authorization, query, allowPrivate: true });
    fates(once({ kind: "redirect", to: `${other.filesUrl}/tomo.mrc` }));
    const seen: (string | undefined)[] = [];
    const listener = await recordingServer(seen);
    same((await signed.read("tomo.mrc", range))!, part);
    fates(once({ kind: "redirect", to: listener.url }));
    await signed.read("tomo.mrc", range).catch(() => {});
    expect(seen).toEqual([undefined]);
    fates({ fate: { kind: "status", status: 403 } });
    const error = await signed.read("tomo.mrc").catch((thrown: unknown) => thrown);
    expect(JSON.stringify([String(error), error])).not.toMatch(/canary/);
    await other.close();
    await listener.close();
  });

  it("a cancelled read ends at once, in the middle of a body too", async () => {
    fates({ fate: { kind: "stall", at: 1000 } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    expect(await codeOf(bare.read("tomo.mrc", range, { signal: stop.signal }))).toBe("CANCELLED");
  });

  it("a server that lies about nothing but the bytes is not noticed here: checksums above do that", async () => {
    fates(once({ kind: "corrupt" }));
    const found = (await store.read("tomo.mrc", range))!;
    expect(Buffer.compare(found, part)).not.toBe(0);
  });

  it("random faults for many seeds: the right bytes or a typed error", async () => {
    const kinds: Fate[] = [
      { kind: "status", status: 500 },
      { kind: "status", status: 503, retryAfter: 1 },
      { kind: "reset", at: 3_000 },
      { kind: "fin", at: 70_000 },
      { kind: "lost" },
      { kind: "cut" },
      { kind: "length", delta: 3 },
      { kind: "length", delta: -3 },
      { kind: "range-header", by: 1 },
      { kind: "shift-range", by: 5 },
      { kind: "ignore-range" },
    ];
    let right = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      server.setFaults(
        kinds.map((fate) => ({ fate, rate: 0.05 })),
        seed,
      );
      const offset = Math.floor(random() * SIZE);
      const length = Math.floor(random() * 200 * KiB);
      try {
        const found = await store.read("tomo.mrc", { offset, length });
        same(found, body.subarray(offset, offset + length));
        right++;
      } catch (error) {
        expect(error).toMatchObject({ name: "EmporiumError", code: "STORE_PROTOCOL" });
      }
    }
    expect(right).toBeGreaterThan(50);
  });
});

function manualNow(clock: ReturnType<typeof manualClock>) {
  return { now: () => clock.now(), monotonic: () => performance.now() };
}

function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A server that notes the Authorization header of whoever comes. */
async function recordingServer(seen: (string | undefined)[]) {
  const { createServer: createHttp } = await import("node:http");
  const server = createHttp((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/elsewhere`, close: () => new Promise((resolve) => server.close(resolve)) };
}
