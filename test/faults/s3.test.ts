import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { seededRandom } from "../../src/core/random.js";
import { s3Store } from "../../src/stores/s3/store.js";
import { openObject, type Store } from "../../src/stores/store.js";
import { withRetry } from "../../src/stores/wrap/retry.js";
import { bytes, codeOf, collect, same } from "../conformance/store-suite.js";
import { type Fate, type FaultServer, type Row, startFaultServer } from "./server.mjs";

const KiB = 1024;
const body = bytes(700 * KiB + 3, 5);
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
const timeouts = { connectMs: 2_000, headersMs: 1_000, stallMs: 1_100 };

/** The rule of every row: the right bytes, or one typed error; never wrong bytes, never a hang. */
describe("S3 faults", () => {
  let server: FaultServer;
  let clock = manualClock();
  let bare: Store;
  let store: Store;

  beforeAll(async () => {
    server = await startFaultServer({ credentials });
    bare = s3Store({ bucket: "bucket", endpoint: server.url, region: "us-east-1", credentials, timeouts });
    server.s3.put("bucket", "tomo.mrc", body);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    clock = manualClock();
    store = withRetry(bare, { clock, random: () => 0.5 });
    server.setFaults([]);
  });

  const fates = (...rows: Row[]) => server.setFaults(rows);
  const counts = () => server.requests.map(({ operation }) => operation);
  const range = { offset: 300 * KiB, length: 200 * KiB };
  const part = body.subarray(range.offset, range.offset + range.length);

  it.each([
    [503, "SlowDown"],
    [500, "InternalError"],
    [503, "ServiceUnavailable"],
    [429, "TooManyRequests"],
    [502, "BadGateway"],
    [409, "OperationAborted"],
    [400, "RequestTimeout"],
  ])("%i %s up to five times, then right: reads, writes, listings", async (status, code) => {
    const fate = { kind: "status", status, code };
    for (const [work, operations] of [
      [async () => same(await store.read("tomo.mrc", range), part), 1],
      // An answer to HEAD has no body, so what stands only in the code of a 400 cannot be seen.
      ...(status === 400 ? [] : [[() => store.stat("tomo.mrc"), 1] as const]),
      [() => store.write("w", body), 1],
      [() => collect(store.list("")), 1],
      [() => store.remove("w"), 1],
    ] as const) {
      fates({ fate, times: 5 });
      await work();
      expect(counts()).toHaveLength(5 + operations);
    }
  });

  it("throttling is told apart from other trouble", async () => {
    for (const [status, code, expected] of [
      [503, "SlowDown", "STORE_THROTTLED"],
      [500, "InternalError", "STORE_UNAVAILABLE"],
      [403, "AccessDenied", "STORE_DENIED"],
      [403, "SignatureDoesNotMatch", "STORE_DENIED"],
      [400, "ExpiredToken", "STORE_FAILED"],
      [404, "NoSuchBucket", "STORE_ABSENT"],
      [400, "KeyTooLongError", "NAME_UNSAFE"],
      [400, "BadDigest", "STORE_PROTOCOL"],
    ] as const) {
      fates({ fate: { kind: "status", status, code } });
      expect([code, await codeOf(bare.write("w", body))]).toEqual([code, expected]);
    }
  });

  it("Retry-After of a throttling answer is heeded", async () => {
    fates({ fate: { kind: "status", status: 503, code: "SlowDown", retryAfter: 4 }, times: 1 });
    await store.write("w", body);
    expect(clock.sleeps).toEqual([4000]);
  });

  it.each([
    ["AccessDenied", 403],
    ["NoSuchBucket", 404],
  ])("%s is not tried again", async (code, status) => {
    fates({ fate: { kind: "status", status, code } });
    await codeOf(store.read("tomo.mrc"));
    await codeOf(store.write("w", body));
    expect(counts()).toHaveLength(2);
  });

  it("wrong credentials are refused by a server that checks signatures", async () => {
    const wrong = s3Store({
      bucket: "bucket",
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not the key" },
    });
    expect(await codeOf(wrong.read("tomo.mrc"))).toBe("STORE_DENIED");
    const anonymous = s3Store({ bucket: "bucket", endpoint: server.url, region: "us-east-1", anonymous: true });
    expect(await codeOf(anonymous.read("tomo.mrc"))).toBe("STORE_DENIED");
  });

  it("a public bucket is read without credentials", async () => {
    const open = await startFaultServer();
    open.s3.put("bucket", "tomo.mrc", body);
    const anonymous = s3Store({ bucket: "bucket", endpoint: open.url, anonymous: true });
    same(await anonymous.read("tomo.mrc", range), part);
    expect((await collect(anonymous.list(""))).map(({ key }) => key)).toEqual(["tomo.mrc"]);
    await open.close();
  });

  it.each(["reset", "fin", "stall", "drip"])("%s in a body: goes on at that byte", async (kind) => {
    for (const at of [1, 64 * KiB, 300 * KiB]) {
      fates({ fate: { kind, at, everyMs: 50 }, times: 1 });
      same(await store.read("tomo.mrc"), body);
      expect(counts()).toEqual(["GetObject", "GetObject"]);
      expect(Number(/bytes=(\d+)-/.exec(server.requests[1]!.range!)![1])).toBeGreaterThanOrEqual(kind === "reset" ? 0 : at);
    }
  });

  it.each(["reset", "fin"])("%s in a body that goes into memory of the caller's: all of it is right", async (kind) => {
    const memory = new Uint8Array(new SharedArrayBuffer(body.length));
    fates({ fate: { kind, at: 100 * KiB }, times: 1 });
    same(await store.read("tomo.mrc", range, { room: (length) => memory.subarray(3, 3 + length) }), part);
  });

  it.each([
    [{ kind: "length", delta: 9 }],
    [{ kind: "length", delta: -9 }],
    [{ kind: "range-header", by: 1 }],
    [{ kind: "shift-range", by: -4 }],
    [{ kind: "ignore-range" }],
  ] as [Fate][])("%j once is made good, for ever is an error", async (fate) => {
    fates({ on: "GetObject", fate, times: 1 });
    const far = { offset: 100 * KiB, length: 200 * KiB };
    same(await store.read("tomo.mrc", far), body.subarray(far.offset, far.offset + far.length));
    if (fate.kind === "ignore-range") return;
    fates({ on: "GetObject", fate });
    expect(await codeOf(store.read("tomo.mrc", range))).toMatch(/^STORE_(PROTOCOL|UNAVAILABLE)$/);
  });

  it("an object replaced between two ranges is a conflict", async () => {
    server.s3.put("bucket", "changing", body);
    const object = await openObject(store, "changing");
    same(await object.read({ offset: 0, length: 5 }), body.subarray(0, 5));
    fates({ on: "GetObject", fate: { kind: "replace" }, times: 1 });
    expect(await codeOf(object.read({ offset: 5, length: 5 }))).toBe("STORE_CONFLICT");
  });

  it("no answer at all is noticed", async () => {
    fates({ fate: { kind: "cut" }, times: 2 });
    expect((await store.stat("tomo.mrc"))?.size).toBe(body.length);
    fates({ fate: { kind: "lost" }, times: 2 });
    expect((await store.stat("tomo.mrc"))?.size).toBe(body.length);
  });

  it("a web page instead of an S3 reply is an error, whatever was asked", async () => {
    fates({ fate: { kind: "html" } });
    for (const work of [
      () => bare.stat("tomo.mrc"),
      () => bare.read("tomo.mrc"),
      () => bare.write("w", body),
      () => bare.create("w"),
      () => collect(bare.list("")),
      () => collect(bare.openUploads("")),
    ]) {
      expect(await codeOf(work())).toBe("STORE_PROTOCOL");
    }
    server.s3.put("bucket", "kept/a", body);
    fates({ on: "DeleteObjects", fate: { kind: "html" } });
    expect(await codeOf(bare.remove("kept/"))).toBe("STORE_PROTOCOL");
  });

  describe("writes whose answer is lost", () => {
    it("a plain write is sent again", async () => {
      fates({ on: "PutObject", fate: { kind: "lost" }, times: 2 });
      await store.write("lost", body);
      expect(counts()).toEqual(["PutObject", "PutObject", "PutObject"]);
      same(await store.read("lost"), body);
    });

    it("a creating write finds out that it had won", async () => {
      fates({ on: "PutObject", fate: { kind: "lost" }, times: 1 });
      const stat = await store.write("lock", new TextEncoder().encode("holder 1"), { ifAbsent: true });
      expect(stat.etag).toBe((await store.stat("lock"))?.etag);
      expect(counts().slice(0, 4)).toEqual(["PutObject", "PutObject", "HeadObject", "GetObject"]);
    });

    it("a creating write that had lost is told so", async () => {
      server.s3.put("bucket", "taken", new TextEncoder().encode("holder 2"));
      fates({ on: "PutObject", fate: { kind: "cut" }, times: 1 });
      expect(await codeOf(store.write("taken", new TextEncoder().encode("holder 1"), { ifAbsent: true }))).toBe("STORE_CONFLICT");
      same(await store.read("taken"), new TextEncoder().encode("holder 2"));
    });

    it("a conflict that the server calls passing is tried again", async () => {
      fates({ on: "PutObject", fate: { kind: "status", status: 409, code: "ConditionalRequestConflict" }, times: 2 });
      await store.write(`fresh`, body, { ifAbsent: true });
      expect(counts().filter((operation) => operation === "PutObject")).toHaveLength(3);
    });

    it("a body damaged on its way is refused by the server, and sent again", async () => {
      fates({ on: "PutObject", fate: { kind: "status", status: 400, code: "BadDigest" }, times: 1 });
      await store.write("damaged", body);
      expect(counts()).toHaveLength(2);
    });
  });

  describe("uploads", () => {
    const size = 300 * KiB;
    const piece = (n: number) => body.subarray((n - 1) * 100 * KiB, n * 100 * KiB);
    async function send(key: string) {
      const upload = await store.create(key, { size });
      for (const n of [1, 2, 3]) await upload.part(n, piece(n));
      return upload;
    }
    const whole = body.subarray(0, size);

    it.each(["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])(
      "%s fails five times, its answer is lost twice",
      async (on) => {
        for (const row of [
          { on, fate: { kind: "status", status: 503, code: "SlowDown" }, times: 5 },
          { on, fate: { kind: "lost" }, times: 2 },
          { on, fate: { kind: "cut" }, times: 2 },
        ]) {
          fates(row);
          const upload = await send("joined");
          const stat = await upload.finish();
          expect(stat).toEqual({
            size,
            etag: (await store.stat("joined"))!.etag,
            ...("modifiedMs" in stat ? { modifiedMs: stat.modifiedMs } : {}),
          });
          same(await store.read("joined"), whole);
          await store.remove("joined");
        }
      },
    );

    it("200 with an error in the body of Complete is no success", async () => {
      fates({ on: "CompleteMultipartUpload", fate: { kind: "error-body", code: "InternalError" }, times: 2 });
      const upload = await send("error-body");
      await upload.finish();
      expect(counts().filter((operation) => operation === "CompleteMultipartUpload")).toHaveLength(3);
      fates({ on: "CompleteMultipartUpload", fate: { kind: "error-body", code: "InternalError" } });
      const other = await send("error-body-2");
      expect(await codeOf(other.finish())).toBe("STORE_UNAVAILABLE");
      expect(await store.stat("error-body-2")).toBeUndefined();
      fates();
      await other.abort();
    });

    it("a creating finish whose answer was lost knows its own object", async () => {
      for (const rows of [
        [{ on: "CompleteMultipartUpload", fate: { kind: "lost" }, times: 1 }],
        // Amazon may look at the condition first, and then finds the object that the lost answer was about.
        [
          { on: "CompleteMultipartUpload", fate: { kind: "lost" }, times: 1 },
          { on: "CompleteMultipartUpload", fate: { kind: "status", status: 412, code: "PreconditionFailed" }, times: 1 },
        ],
      ]) {
        fates(...rows);
        const upload = await store.create("created", { ifAbsent: true });
        for (const n of [1, 2, 3]) await upload.part(n, piece(n));
        expect((await upload.finish()).size).toBe(size);
        same(await store.read("created"), whole);
        await store.remove("created");
      }
      server.s3.put("bucket", "created", bytes(size, 1));
      fates({ on: "CompleteMultipartUpload", fate: { kind: "cut" }, times: 1 });
      const upload = await store.create("created", { ifAbsent: true });
      for (const n of [1, 2, 3]) await upload.part(n, piece(n));
      expect(await codeOf(upload.finish())).toBe("STORE_CONFLICT");
      await upload.abort();
    });

    it("a finish whose answer was lost is not mistaken for another's object", async () => {
      const upload = await send("contested");
      server.s3.put("bucket", "contested", bytes(size, 1));
      server.s3.uploads.clear();
      expect(await codeOf(upload.finish())).toBe("STORE_FAILED");
    });

    it("a server without checksums is served without", async () => {
      fates(
        { on: "CreateMultipartUpload", fate: { kind: "status", status: 501, code: "NotImplemented" }, times: 1 },
        { on: "PutObject", fate: { kind: "status", status: 400, code: "InvalidArgument" }, times: 1 },
      );
      const plain = s3Store({ bucket: "bucket", endpoint: server.url, region: "us-east-1", credentials });
      await plain.write("plain", body);
      same(await plain.read("plain"), body);
      expect(counts()).toEqual(["PutObject", "PutObject", "GetObject"]);
    });
  });

  describe("listings", () => {
    beforeAll(() => {
      for (let i = 0; i < 2_100; i++) server.s3.put("bucket", `long/${String(i).padStart(4, "0")}`, new Uint8Array(1));
    });
    const keys = async () => (await collect(store.list("long/"))).length;

    it("goes on after a failed page, without repeating a key", async () => {
      fates({ on: "ListObjectsV2", fate: { kind: "status", status: 500 }, skip: 1, times: 2 });
      expect(await keys()).toBe(2_100);
    });

    it("goes on after the last key when the server names no token", async () => {
      fates({ on: "ListObjectsV2", fate: { kind: "no-token" } });
      expect(await keys()).toBe(2_100);
      expect(counts()).toHaveLength(3);
    });

    it("ends when the server repeats a token", async () => {
      fates({ on: "ListObjectsV2", fate: { kind: "repeat-token" } });
      expect(await codeOf(keys())).toBe("STORE_PROTOCOL");
      expect(counts().length).toBeLessThanOrEqual(4);
    });
  });

  it("no secret shows in any error", async () => {
    fates({ fate: { kind: "status", status: 403, code: "AccessDenied" } });
    const error = await store.write("w", body).catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 8 })).not.toMatch(/canary|Signature=/);
  });

  it("random faults for many seeds: objects arrive whole, or an error says so", async () => {
    const kinds: Fate[] = [
      { kind: "status", status: 503, code: "SlowDown" },
      { kind: "reset", at: 3_000 },
      { kind: "lost" },
      { kind: "cut" },
      { kind: "length", delta: 3 },
      { kind: "range-header", by: 1 },
    ];
    for (let seed = 1; seed <= 25; seed++) {
      server.setFaults(
        kinds.map((fate) => ({ fate, rate: 0.04 })),
        seed,
      );
      const random = seededRandom(seed);
      const content = body.subarray(0, Math.floor(random() * body.length));
      const key = `random/${seed}`;
      const upload = await store.create(key);
      for (let n = 1, at = 0; at < content.length || n === 1; n++, at += 200 * KiB)
        await upload.part(n, content.subarray(at, at + 200 * KiB));
      await upload.finish();
      same(await store.read(key), content);
    }
    server.setFaults([]);
    // A begun upload whose name was lost stays open: that is what openUploads is for.
    for (const { key, token } of await collect(store.openUploads("random/")))
      await (await store.create(key, { resume: token })).abort();
    expect(await collect(store.openUploads("random/"))).toEqual([]);
    expect(await collect(store.list("random/"))).toHaveLength(25);
  });
});
