import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import { makePaces } from "../../src/net/pace.js";
import { httpStore } from "../../src/stores/http/store.js";
import type { Store } from "../../src/stores/store.js";
import { bytes, codeOf } from "../conformance/store-suite.js";
import { THOROUGH } from "../thorough.js";
import { type Fate, type FaultServer, type Row, startFaultServer } from "./server.mjs";
import { expectWhole, leftovers, transferBench, transferOf } from "./transfer-kit.js";

const KiB = 1024;
const MiB = 1024 * KiB;
const LARGE = 12 * MiB + 7;
const large = bytes(LARGE, 42);
const small = bytes(40_000, 43);
const timeouts = { connectMs: 2_000, headersMs: 1_000, stallMs: 1_100 };
/** What one fault may cost. */
const TWICE_MAX = 8 * MiB;
/** What connections that share a stretch may drop of their bodies, a piece each time. */
const DROPPED_MAX = 2 * MiB;

/** The rule of every row: the right bytes, or one typed error and nothing under the name; never wrong bytes, never a hang. */
describe.each(["buffered", "direct"] as const)("transfers over HTTP with faults, %s", (io) => {
  let server: FaultServer;
  let store: Store;
  const bench = transferBench(io);

  beforeAll(async () => {
    server = await startFaultServer();
    server.putFile("large.bin", large);
    server.putFile("small.bin", small);
    store = httpStore(server.filesUrl, { timeouts });
  });
  afterAll(async () => {
    bench.remove();
    await server.close();
  });
  beforeEach(() => server.setFaults([]));

  const fates = (...rows: Row[]) => server.setFaults(rows);
  const once = (fate: Fate, skip = 0): Row => ({ fate, times: 1, skip });
  const sent = () => server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
  const stat = { size: LARGE };

  /** Every byte came, and hardly one twice. */
  const expectOnce = (fetchedBytes: number) => {
    expect(fetchedBytes).toBeGreaterThanOrEqual(LARGE);
    expect(fetchedBytes - LARGE).toBeLessThanOrEqual(DROPPED_MAX);
  };

  it("a large object comes over several connections, each byte once, with its SHA-256", async () => {
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expect(result).toMatchObject({ size: LARGE, sha256: sha256(large), resumedBytes: 0, status: "fetched" });
    expectOnce(result.fetchedBytes);
    expect(result.requests).toBe(server.requests.length);
    expect(server.requests.every(({ method, status }) => method === "GET" && status === 206)).toBe(true);
    expect(sent() - LARGE).toBeLessThanOrEqual(TWICE_MAX);
  });

  it("an object of twice the memory for bodies gets through, with its SHA-256", async () => {
    const body = bytes(140 * MiB + 5, 44);
    server.putFile("larger.bin", body);
    const run = bench.fresh({ store, key: "larger.bin", stat: { size: body.length } });
    const result = await run.go();
    expectWhole(run.target, body);
    expect(result.sha256).toBe(sha256(body));
  });

  it("a small object takes one request, whether its size is known or not", async () => {
    for (const known of [undefined, { size: small.length }]) {
      server.setFaults([]);
      const run = bench.fresh({ store, key: "small.bin", stat: known });
      const result = await run.go();
      expectWhole(run.target, small);
      expect(result).toMatchObject({ size: small.length, sha256: sha256(small), requests: 1, checksum: "etag" });
      expect(server.requests).toHaveLength(1);
    }
  });

  it("an empty object is an empty file", async () => {
    server.putFile("empty.bin", new Uint8Array(0));
    const run = bench.fresh({ store, key: "empty.bin" });
    expect(await run.go()).toMatchObject({ size: 0, sha256: sha256(new Uint8Array(0)) });
    expectWhole(run.target, new Uint8Array(0));
  });

  it.each([500, 502, 503, 504, 408, 429])("status %i up to five times in a row, then right", async (status) => {
    for (const key of ["large.bin", "small.bin"]) {
      fates({ fate: { kind: "status", status }, times: 5 });
      const run = bench.fresh({ store, key });
      await run.go();
      expectWhole(run.target, key === "large.bin" ? large : small);
    }
  });

  it("status 500 for ever is one error that names the address and the tries, after six requests", async () => {
    fates({ fate: { kind: "status", status: 500 } });
    const run = bench.fresh({ store, key: "large.bin" });
    await expect(run.go()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(/\/files\/large\.bin: the server answers 500 \(6 tries\)/),
    });
    expect(server.requests).toHaveLength(6);
    expect(run.clock.sleeps).toEqual([250, 500, 1000, 2000, 4000]);
    expect(existsSync(run.target)).toBe(false);
    expect(leftovers(run.target)).toEqual([]);
  });

  it("Retry-After is waited for, by everybody who asks that host", async () => {
    fates(once({ kind: "status", status: 429, retryAfter: 7 }));
    const run = bench.fresh({ store, key: "small.bin" });
    await run.go();
    expect(Math.max(...run.clock.sleeps!)).toBeGreaterThanOrEqual(7000);
  });

  it.each([
    [404, "STORE_ABSENT"],
    [410, "STORE_ABSENT"],
    [403, "STORE_DENIED"],
    [401, "STORE_DENIED"],
    [400, "STORE_FAILED"],
  ])("status %i is %s after one request", async (status, code) => {
    fates({ fate: { kind: "status", status } });
    const run = bench.fresh({ store, key: "large.bin" });
    expect(await codeOf(run.go())).toBe(code);
    expect(server.requests).toHaveLength(1);
    expect(leftovers(run.target)).toEqual([]);
  });

  it.each(["reset", "fin"])("%s at any byte of any request: goes on there, nothing that came is fetched twice", async (kind) => {
    for (const at of [0, 1, 100, 700 * KiB]) {
      for (const skip of [0, 2]) {
        fates(once({ kind, at }, skip));
        const run = bench.fresh({ store, key: "large.bin", stat });
        const result = await run.go();
        expectWhole(run.target, large);
        expectOnce(result.fetchedBytes);
        expect(sent() - LARGE).toBeLessThanOrEqual(TWICE_MAX);
      }
    }
  });

  it("connections that break again and again, with some progress, get there", async () => {
    fates({ fate: { kind: "reset", at: 300 * KiB }, times: 30 });
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expectOnce(result.fetchedBytes);
  });

  it("lost and refused connections are tried again", async () => {
    for (const kind of ["cut", "lost"]) {
      fates({ fate: { kind }, times: 4, skip: 1 });
      const run = bench.fresh({ store, key: "large.bin", stat });
      await run.go();
      expectWhole(run.target, large);
    }
  });

  it.each([1, 5_000, -1, -5_000])("a Content-Length that is off by %i never passes", async (delta) => {
    for (const key of ["large.bin", "small.bin"]) {
      fates(once({ kind: "length", delta }));
      const run = bench.fresh({ store, key });
      await run.go();
      expectWhole(run.target, key === "large.bin" ? large : small);
      fates({ on: "GET", fate: { kind: "length", delta } });
      const bad = bench.fresh({ store, key });
      expect(await codeOf(bad.go())).toMatch(/^STORE_(PROTOCOL|UNAVAILABLE|CONFLICT)$/);
      expect(existsSync(bad.target)).toBe(false);
    }
  });

  it("a missing Content-Length is made up for by Content-Range, or by asking for the size", async () => {
    fates({ on: "GET", fate: { kind: "no-length" } });
    const ranged = bench.fresh({ store, key: "large.bin", stat });
    await ranged.go();
    expectWhole(ranged.target, large);
    const other = await startFaultServer({ faults: [{ on: "GET", fate: { kind: "ignore-range" } }] });
    other.putFile("large.bin", large);
    const whole = bench.fresh({ store: unsized(httpStore(other.filesUrl, { timeouts })), key: "large.bin" });
    await whole.go();
    expectWhole(whole.target, large);
    await other.close();
  });

  it("a body without a length that ends early is not taken for the whole", async () => {
    const other = await startFaultServer();
    other.putFile("large.bin", large);
    other.setFaults([{ on: "GET", fate: { kind: "ignore-range" } }]);
    let asked = 0;
    const inner = httpStore(other.filesUrl, { timeouts });
    const cut = unsized(inner, () => (++asked === 1 ? 5 * MiB : Number.POSITIVE_INFINITY));
    const run = bench.fresh({ store: cut, key: "large.bin" });
    await run.go();
    expectWhole(run.target, large);
    expect(asked).toBe(2);
    const bad = bench.fresh({ store: unsized(inner, () => 5 * MiB), key: "large.bin" });
    expect(await codeOf(bad.go())).toBe("TRUNCATED");
    expect(existsSync(bad.target)).toBe(false);
    expect(leftovers(bad.target)).toEqual([]);
    await other.close();
  });

  it("(34.silence) tells of a file that only the end of the connection ends: it may have been cut short", async () => {
    const body = (more: string) => `HTTP/1.1 200 OK\r\n${more}connection: close\r\n\r\n`;
    const other = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (asked) => {
        const chunked = asked.toString().includes("/chunked.bin");
        const isHead = asked.toString().startsWith("HEAD");
        socket.end(
          chunked
            ? `${body("transfer-encoding: chunked\r\n")}${isHead ? "" : "3\r\nabc\r\n0\r\n\r\n"}`
            : `${body("")}${isHead ? "" : "abc"}`,
        );
      });
    });
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const own = httpStore(`http://127.0.0.1:${(other.address() as AddressInfo).port}`, { timeouts });
    const told = async (key: string) => {
      const run = bench.fresh({ store: own, key });
      expect(await run.go()).toMatchObject({ size: 3, status: "fetched" });
      return run.lines.filter((line) => line.includes("cut short"));
    };
    expect(await told("closed.bin")).toEqual([
      expect.stringMatching(/^warn .*closed\.bin: the server tells neither size nor checksum/),
    ]);
    expect(await told("chunked.bin")).toEqual([]);
    other.close();
  });

  it("Range ignored always: one body from the beginning, and a break costs no wrong byte", async () => {
    fates({ on: "GET", fate: { kind: "ignore-range" } });
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expect(result).toMatchObject({ requests: 1, fetchedBytes: LARGE });
  });

  it("Range ignored now and then: that body is dropped", async () => {
    fates(once({ kind: "ignore-range" }, 2));
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expectOnce(result.fetchedBytes);
  });

  it("a server that answers with less than the range is asked for the rest", async () => {
    fates({ fate: { kind: "short-range", by: 500_000 } });
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expectOnce(result.fetchedBytes);
  });

  it.each(["shift-range", "range-header"])("%s: another part than asked for is refused", async (kind) => {
    for (const by of [1, -1, 4096]) {
      fates(once({ kind, by }, 1));
      const run = bench.fresh({ store, key: "large.bin", stat });
      await run.go();
      expectWhole(run.target, large);
    }
    fates({ fate: { kind, by: 1 } });
    const bad = bench.fresh({ store, key: "large.bin", stat });
    expect(await codeOf(bad.go())).toMatch(/^STORE_(PROTOCOL|CONFLICT)$/);
    expect(existsSync(bad.target)).toBe(false);
  });

  it.each(["strong", "weak", "none"] as const)(
    "an object replaced under way (%s tags): begun anew, never a mixture",
    async (etags) => {
      const other = await startFaultServer({ manners: { etags } });
      const otherStore = httpStore(other.filesUrl, { timeouts });
      for (const skip of [1, 2, 4]) {
        other.putFile("large.bin", large);
        if (etags === "none") await new Promise((resolve) => setTimeout(resolve, 1_100)); // dates count whole seconds
        other.setFaults([once({ kind: "replace" }, skip)]);
        const run = bench.fresh({ store: otherStore, key: "large.bin", stat });
        const result = await run.go();
        const found = readFileSync(run.target);
        const isNew = Buffer.alloc(LARGE, found[0]).equals(found);
        expect(result.size).toBe(LARGE);
        // Without a tag that names the version, all bytes are of one answer: that may be one from before.
        expect(isNew || (etags !== "strong" && Buffer.compare(found, large) === 0)).toBe(true);
        if (etags === "strong") expect(run.lines.some((line) => /replaced|starting again/.test(line))).toBe(true);
      }
      await other.close();
    },
  );

  it("an object that is replaced again and again is a conflict after two new beginnings", async () => {
    server.putFile("changing.bin", large);
    fates({ fate: { kind: "replace" }, rate: 1, skip: 1 });
    const run = bench.fresh({ store, key: "changing.bin", stat });
    expect(await codeOf(run.go())).toBe("STORE_CONFLICT");
    expect(run.lines.filter((line) => /starting again/.test(line))).toHaveLength(2);
    expect(existsSync(run.target)).toBe(false);
    expect(leftovers(run.target)).toEqual([]);
  });

  it.each(["stall", "drip"])("%s is noticed, and only the rest fetched anew", async (kind) => {
    fates(once({ kind, at: 400 * KiB, everyMs: 50 }, 1), once({ kind, at: 0, everyMs: 50 }, 2));
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expectOnce(result.fetchedBytes);
  });

  it("a web page instead of data is refused after one request, and never saved", async () => {
    fates({ fate: { kind: "html" } });
    for (const known of [undefined, stat]) {
      const run = bench.fresh({ store, key: "large.bin", stat: known });
      expect(await codeOf(run.go())).toBe("PORTAL_NOT_DATA");
      expect(existsSync(run.target)).toBe(false);
      expect(leftovers(run.target)).toEqual([]);
    }
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ["tomo.mrc", "application/octet-stream", "<!DOCTYPE html><p>under maintenance</p>"],
    ["tomo.mrc", "text/html", "Please log in."],
    ["stack.tif", "text/plain", '{"error": "quota exceeded"}'],
    ["volume.bin", "application/xml", "<?xml version='1.0'?>\n<Error><Code>SlowDown</Code></Error>"],
    ["a.tif", "application/octet-stream", `\uFEFF  <!-- ${"x".repeat(30)} --><html>`],
  ])("%s as %s with the text %s is no data", async (key, type, text) => {
    server.putFile(key, new TextEncoder().encode(text), type);
    const run = bench.fresh({ store, key });
    expect(await codeOf(run.go())).toBe("PORTAL_NOT_DATA");
    expect(existsSync(run.target)).toBe(false);
    expect(leftovers(run.target)).toEqual([]);
  });

  it("a page of many megabytes is no data either", async () => {
    server.putFile("huge.mrc", new Uint8Array(Buffer.concat([Buffer.from("<html>"), Buffer.alloc(9 * MiB, "x")])), "text/html");
    const run = bench.fresh({ store, key: "huge.mrc" });
    expect(await codeOf(run.go())).toBe("PORTAL_NOT_DATA");
    expect(leftovers(run.target)).toEqual([]);
  });

  it("what is asked for as a page, or is data under a wrong type, is saved", async () => {
    server.putFile("page.html", new TextEncoder().encode("<!doctype html><p>wanted</p>"), "text/html");
    server.putFile("tomo.rec", small, "text/html");
    server.putFile("table.star", new TextEncoder().encode("data_\n\nloop_\n_rlnMicrographName\n"), "text/plain");
    for (const key of ["page.html", "tomo.rec", "table.star"]) {
      const run = bench.fresh({ store, key });
      expect(await run.go()).toMatchObject({ status: "fetched" });
    }
  });

  it("a page in the middle keeps what is there: it may be maintenance", async () => {
    fates(once({ kind: "html" }, 2));
    const run = bench.fresh({ store, key: "large.bin", stat });
    const result = await run.go();
    expectWhole(run.target, large);
    expectOnce(result.fetchedBytes);
  });

  it("a compressed answer is refused, unless the file itself is compressed", async () => {
    fates({ fate: { kind: "gzip" } });
    const run = bench.fresh({ store, key: "large.bin", stat });
    expect(await codeOf(run.go())).toBe("STORE_PROTOCOL");
    expect(server.requests).toHaveLength(1);
    server.putFile("tomo.rec.gz", new Uint8Array(Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), small])));
    const own = bench.fresh({ store, key: "tomo.rec.gz" });
    expect(await own.go()).toMatchObject({ size: small.length + 3 });
  });

  it("redirects: five are followed, a loop is not", async () => {
    fates({ fate: { kind: "redirect" }, times: 5 });
    const run = bench.fresh({ store, key: "small.bin" });
    await run.go();
    expectWhole(run.target, small);
    fates({ fate: { kind: "redirect" } });
    expect(await codeOf(bench.fresh({ store, key: "small.bin" }).go())).toBe("STORE_PROTOCOL");
  });

  it("altered bytes are found by whatever checksum there is, and nothing is kept", async () => {
    const md5 = createHash("md5").update(large).digest("hex");
    const cases = [
      { key: "large.bin", stat, expected: {} }, // by the ETag
      { key: "large.bin", stat, expected: { checksum: `sha256:${sha256(large)}` as const, checksumFrom: "sidecar" as const } },
      { key: "large.bin", stat, expected: { checksum: `md5:${md5}` as const } },
      { key: "small.bin", stat: undefined, expected: {} },
    ];
    for (const { key, stat: known, expected } of cases) {
      fates(once({ kind: "corrupt" }));
      const run = bench.fresh({ store, key, stat: known, ...expected });
      await expect(run.go()).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH", message: expect.stringContaining(key) });
      expect(existsSync(run.target)).toBe(false);
      expect(leftovers(run.target)).toEqual([]);
      expect(await bench.fresh({ store, key, stat: known, ...expected }).go()).toMatchObject({
        checksum: expected.checksumFrom ?? (expected.checksum ? "given" : "etag"),
      });
    }
  });

  it("a size other than the listing's is an error", async () => {
    for (const size of [LARGE - 1, LARGE + 1, small.length]) {
      const run = bench.fresh({ store, key: "large.bin", stat: { size } });
      expect(await codeOf(run.go())).toBe("SIZE_MISMATCH");
      expect(leftovers(run.target)).toEqual([]);
    }
  });

  it("goes on where an earlier run was stopped; whatever is wrong with its remains costs time, never bytes", async () => {
    const stopped = async () => {
      fates({ fate: { kind: "status", status: 403 }, skip: 5 });
      const run = bench.fresh({ store, key: "large.bin", stat });
      await expect(run.go()).rejects.toMatchObject({ code: "STORE_DENIED" });
      expect(leftovers(run.target).sort()).toEqual(["large.bin.part", "large.bin.part.json"]);
      fates();
      return run;
    };
    const run = await stopped();
    const result = await run.go();
    expectWhole(run.target, large);
    expect(result.resumedBytes).toBeGreaterThan(2 * MiB);
    expectOnce(result.resumedBytes + result.fetchedBytes);

    const damages: ((part: string) => void)[] = [
      (part) => writeFileSync(`${part}.json`, "{"),
      (part) => writeFileSync(`${part}.json`, ""),
      (part) => truncateSync(part, 1000),
      (part) => writeFileSync(`${part}.json`, readFileSync(`${part}.json`, "utf8").replace(/"etag":"[^,]*"/, '"etag":"other"')),
      (part) => writeFileSync(`${part}.json`, readFileSync(`${part}.json`, "utf8").replace(/"boot":"[^"]*"/, '"boot":"before"')),
      (part) => writeFileSync(`${part}.json`, readFileSync(`${part}.json`, "utf8").replace(`"size":${LARGE}`, '"size":99')),
    ];
    for (const damage of damages) {
      const broken = await stopped();
      damage(`${broken.target}.part`);
      await broken.go();
      expectWhole(broken.target, large);
    }
  });

  it("resumes only the same version", async () => {
    server.putFile("changing.bin", large);
    fates({ fate: { kind: "status", status: 403 }, skip: 4 });
    const run = bench.fresh({ store, key: "changing.bin", stat });
    await run.go().catch(() => {});
    expect(leftovers(run.target)).toHaveLength(2);
    const next = bytes(LARGE, 77);
    server.putFile("changing.bin", next);
    fates();
    expect(await run.go()).toMatchObject({ resumedBytes: 0, sha256: sha256(next) });
    expectWhole(run.target, next);
  });

  it("a finished file is present, without a byte, when it is the one that is asked for", async () => {
    const run = bench.fresh({ store, key: "large.bin", mayReplace: true });
    await run.go();
    fates();
    expect(await run.go()).toMatchObject({ status: "present", fetchedBytes: 0, sha256: sha256(large), checksum: "etag" });
    expect(sent()).toBe(0);
    writeFileSync(
      run.target,
      large.map((byte) => byte ^ 1),
    );
    expect(await run.go()).toMatchObject({ status: "fetched" });
    expectWhole(run.target, large);
  });

  it("a file that stands under the name stays until the new one is whole", async () => {
    const run = bench.fresh({ store, key: "large.bin", mayReplace: true });
    mkdirSync(dirname(run.target), { recursive: true });
    writeFileSync(run.target, "old");
    fates({ fate: { kind: "status", status: 500 }, skip: 3 });
    await expect(run.go()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(readFileSync(run.target, "utf8")).toBe("old");
  });

  it("a mirror takes over when the tries are used up, in the middle too; one of another size does not", async () => {
    const other = await startFaultServer();
    other.putFile("large.bin", large);
    const mirror = { store: httpStore(other.filesUrl, { timeouts }), key: "large.bin" };
    for (const skip of [0, 3]) {
      fates({ fate: { kind: "status", status: 500 }, skip });
      const run = bench.fresh({ store, key: "large.bin", stat, mirrors: [mirror] });
      const result = await run.go();
      expectWhole(run.target, large);
      expectOnce(result.fetchedBytes);
      expect(run.lines.some((line) => line.includes(other.filesUrl))).toBe(true);
    }
    other.putFile("large.bin", large.subarray(0, LARGE - 1));
    fates({ fate: { kind: "status", status: 500 }, skip: 3 });
    const run = bench.fresh({ store, key: "large.bin", stat, mirrors: [mirror] });
    expect(await codeOf(run.go())).toMatch(/^(STORE_CONFLICT|SIZE_MISMATCH)$/);
    expect(existsSync(run.target)).toBe(false);
    await other.close();
  });

  it("cancelled in the middle: ends at once, and the next run goes on", async () => {
    const stop = new AbortController();
    fates({ fate: { kind: "stall", at: 600 * KiB } });
    // by what has come, not by the clock: a busy machine has nothing after a tenth of a second
    const onProgress = ({ doneBytes }: { doneBytes: number }) => doneBytes >= 500 * KiB && stop.abort();
    const run = bench.fresh({ store: httpStore(server.filesUrl), key: "large.bin", stat, signal: stop.signal, onProgress });
    expect(await codeOf(run.go())).toBe("CANCELLED");
    fates();
    const result = await transferOf(run.target, run.clock, { store, key: "large.bin", stat }).go();
    expectWhole(run.target, large);
    expect(result.resumedBytes).toBeGreaterThan(0);
  });

  it("the whole network gone for ten minutes: waits, says so once a minute, and goes on", async () => {
    const run = bench.fresh({ store, key: "large.bin", stat });
    const clock = run.clock;
    const goneMs = clock.monotonic() + 10 * 60_000;
    let asked = 0;
    const gone = Object.assign(new Error("connect ENETUNREACH"), { code: "ENETUNREACH" });
    const { networkError } = await import("../../src/net/errors.js");
    const shaky: Store = {
      ...store,
      stream: async (...args) => {
        if (++asked > 3 && clock.monotonic() < goneMs) throw networkError(gone, "http://host/large.bin");
        return store.stream!(...args);
      },
    };
    run.options.store = shaky;
    await run.go();
    expectWhole(run.target, large);
    const lines = run.lines.filter((line) => line.startsWith("warn") && /waiting for the network/.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(8);
    expect(lines.length).toBeLessThanOrEqual(11);
  });

  it("a host that never was there is given up on after six tries", async () => {
    const silent = bench.fresh({ store: httpStore("http://127.0.0.1:9/x", { timeouts }), key: "large.bin" });
    expect(await codeOf(silent.go())).toBe("STORE_UNAVAILABLE");
    expect(silent.clock.sleeps).toHaveLength(5);
  });

  it("the limit of bytes holds for all transfers together", async () => {
    const run = bench.fresh({ store, key: "large.bin", stat });
    run.options.pace = makePaces({ clock: run.clock, bytesPerSecond: MiB });
    const other = transferOf(`${run.target}-2`, run.clock, { store, key: "large.bin", stat, io, pace: run.options.pace });
    const before = run.clock.monotonic();
    await Promise.all([run.go(), other.go()]);
    expect((run.clock.monotonic() - before) / 1000).toBeGreaterThanOrEqual((2 * LARGE) / MiB - 1);
  });

  it("random faults for many seeds: the right bytes or a typed error", async () => {
    const kinds: Fate[] = [
      { kind: "status", status: 500 },
      { kind: "status", status: 503, retryAfter: 1 },
      { kind: "reset", at: 3_000 },
      { kind: "reset", at: 900_000 },
      { kind: "fin", at: 70_000 },
      { kind: "lost" },
      { kind: "cut" },
      { kind: "html" },
      { kind: "length", delta: 3 },
      { kind: "length", delta: -3 },
      { kind: "range-header", by: 1 },
      { kind: "shift-range", by: 5 },
      { kind: "short-range", by: 123_457 },
      { kind: "ignore-range" },
      { kind: "replace" },
    ];
    const body = bytes(3 * MiB + 11, 5);
    let right = 0;
    const seeds = THOROUGH ? 40 : 12;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = seededRandom(seed);
      server.putFile("seeded.bin", body);
      server.setFaults(
        kinds.map((fate) => ({ fate, rate: fate.kind === "replace" || fate.kind === "html" ? 0.01 : 0.06 })),
        seed,
      );
      const run = bench.fresh({
        store,
        key: "seeded.bin",
        random,
        connections: 1 + (seed % 6),
        stat: seed % 2 ? { size: body.length } : undefined,
      });
      try {
        await run.go();
        const found = readFileSync(run.target);
        const replaced = found.every((byte) => byte === found[0]);
        if (!replaced) expectWhole(run.target, body);
        expect(found.length).toBe(body.length);
        right++;
      } catch (error) {
        expect(error).toMatchObject({
          name: "EmporiumError",
          code: expect.stringMatching(/^(STORE_(PROTOCOL|CONFLICT)|PORTAL_NOT_DATA)$/),
        });
        expect(existsSync(run.target)).toBe(false);
      }
    }
    expect(right).toBeGreaterThan(seeds * 0.75);
  }, 60_000);
});

/** A store whose streams tell no size, as a server that makes its bodies while it sends them; `cut` ends a body after so many bytes. */
function unsized(store: Store, cut: () => number = () => Number.POSITIVE_INFINITY): Store {
  return {
    ...store,
    async stream(...args) {
      const stream = await store.stream!(...args);
      if (!stream) return undefined;
      const limit = cut();
      async function* body() {
        let seen = 0;
        for await (const piece of stream!.body) {
          yield piece.subarray(0, Math.max(0, limit - seen));
          seen += piece.length;
          if (seen >= limit) return;
        }
      }
      return { ...stream, stat: { ...stream.stat, size: undefined }, length: undefined, body: body() };
    },
  };
}
