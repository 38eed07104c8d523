import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { manualClock, systemClock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import type { BatchSource, GridFacts, Share } from "./batch.js";
import { encodeFrame, KINDS, type Kind } from "./frames.js";
import { type SessionOptions, serveClient } from "./session.js";
import { wireOf } from "./wire.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-session-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const grid: GridFacts = {
  level: 2,
  shape: [10, 2, 2],
  block: [1, 2, 2],
  halo: [0, 0, 0],
  step: [1, 2, 2],
  voxelSizeNm: [4, 4, null],
  offsetNm: [1.5, 1.5, 1.5],
};

/** Ten batches of one block of four bytes, all of them the batch's number. */
function source(log: string[] = []): BatchSource {
  async function* batches({ rank, world, epoch, skip }: Share, signal: AbortSignal) {
    try {
      for (let id = rank + skip * world; id < 10; id += world) {
        signal.throwIfAborted();
        yield {
          arrays: { image: { dtype: "uint8" as const, shape: [1, 1, 2, 2], pieces: [new Uint8Array(4).fill(id)] } },
          origins: [[epoch, 0, id] as [number, number, number]],
          ids: [id],
          weights: [0.5],
          done: () => log.push(`done ${id}`),
        };
      }
    } finally {
      log.push("closed");
    }
  }
  const facts = { arrays: { image: { dtype: "uint8" as const, shape: [1, 2, 2] as [number, number, number] } } };
  const counts = async ({ rank, world }: Share) => ({ epoch: 10, rank: Math.ceil((10 - rank) / world) });
  return { facts: { ...facts, grid, batch: 1, batchBytes: 4 }, counts, batches, close: async () => {} };
}

/** A client that speaks frame by frame. */
function client(options: Partial<SessionOptions> = {}) {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const session = serveClient(wireOf(up, down), {
    source: source(),
    share: { rank: 0, world: 1, epoch: 0, skip: 0 },
    shared: true,
    slots: 4,
    memoryBytes: 2 ** 20,
    folder,
    version: "1.2.3",
    clock: systemClock,
    signal: new AbortController().signal,
    ...options,
  });
  session.catch(() => {}); // looked at below
  const incoming = down[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  const read = async (count: number): Promise<Buffer> => {
    while (held.length < count) {
      const { value, done } = await incoming.next();
      if (done) throw new Error(`ended after ${held.length} of ${count} bytes`);
      held = Buffer.concat([held, value as Buffer]);
    }
    const bytes = held.subarray(0, count);
    held = held.subarray(count);
    return bytes;
  };
  return {
    session,
    up,
    send: (kind: Kind, head: JsonObject = {}) => up.write(encodeFrame(kind, head)),
    async next(): Promise<{ kind: string; head: Record<string, unknown>; payload: number[] }> {
      const prefix = await read(5);
      const head = JSON.parse((await read(prefix.readUInt32LE(0))).toString()) as Record<string, unknown>;
      const kind = Object.entries(KINDS).find(([, number]) => number === prefix[4])![0];
      return { kind, head, payload: [...(await read(Number(head.bytes ?? 0)))] };
    },
  };
}

type SharedHead = { path: string; slots: number; slotBytes: number };

describe("a session", () => {
  it("leaves nothing that waits for a hello once it has come", async () => {
    const waits: AbortSignal[] = [];
    const sleep = (ms: number, signal?: AbortSignal) => {
      waits.push(signal!);
      return systemClock.sleep(ms, signal);
    };
    const { send, next } = client({ clock: { ...systemClock, sleep } });
    send("hello", { protocol: 1, transport: "inline" });
    expect((await next()).kind).toBe("hello");
    expect(waits.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("sends batches in frames, as many as were granted, then says the end", async () => {
    const { send, next, session } = client();
    send("hello", { protocol: 1, transport: "inline" });
    expect(await next()).toEqual({
      kind: "hello",
      head: {
        protocol: 1,
        emporium: "1.2.3",
        blocks: 10,
        share: { blocks: 10, batches: 10 },
        batch: 1,
        grid,
        arrays: { image: { dtype: "uint8", shape: [1, 2, 2] } },
        shared: { why: "the client asks for batches in the frames" },
      },
      payload: [],
    });
    send("request", { credits: 1 });
    expect(await next()).toEqual({
      kind: "batch",
      head: {
        position: 0,
        bytes: 4,
        arrays: { image: { dtype: "uint8", shape: [1, 1, 2, 2], offset: 0, bytes: 4 } },
        origins: [[0, 0, 0]],
        ids: [0],
        weights: [0.5],
      },
      payload: [0, 0, 0, 0],
    });
    send("request", { credits: 20 });
    for (let id = 1; id < 10; id++) expect((await next()).payload).toEqual([id, id, id, id]);
    expect(await next()).toMatchObject({ kind: "end", head: { batches: 10 } });
    expect(await session).toEqual({ batches: 10, bytes: 40 });
  });

  it("writes batches into slots, whose file has no name once the client asks for batches", async () => {
    const { send, next, session } = client();
    send("hello", { protocol: 1, slots: 2 });
    const { path, slots, slotBytes } = (await next()).head.shared as SharedHead;
    expect([slots, slotBytes, existsSync(path)]).toEqual([2, 4096, true]);
    send("request", { credits: 1 });
    const { head } = await next();
    expect([head.slot, head.bytes, existsSync(path)]).toEqual([0, undefined, false]);
    for (let id = 1; id < 10; id++) {
      send("release", { slot: (id - 1) % 2 });
      expect((await next()).head).toMatchObject({ slot: id % 2, ids: [id] });
    }
    send("release", { slot: 1 });
    expect((await next()).kind).toBe("end");
    expect((await session).batches).toBe(10);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("gives the share that the client asks for, else that of the command line", async () => {
    const first = async (options: Partial<SessionOptions>, hello: JsonObject) => {
      const { send, next } = client(options);
      send("hello", { protocol: 1, transport: "inline", ...hello });
      await next();
      send("request", { credits: 1 });
      return (await next()).head.origins;
    };
    const share = { rank: 1, world: 3, epoch: 5, skip: 1 };
    expect(await first({ share }, {})).toEqual([[5, 0, 4]]);
    expect(await first({ share }, { rank: 2 })).toEqual([[5, 0, 5]]);
    expect(await first({ share }, { rank: 0, world: 2, epoch: 6, skip: 3 })).toEqual([[6, 0, 6]]);
  });

  it("tells a client how much of the epoch is its own, and what is left of it", async () => {
    const { send, next } = client({ share: { rank: 1, world: 3, epoch: 0, skip: 0 } });
    send("hello", { protocol: 1, transport: "inline", skip: 1 });
    expect((await next()).head).toMatchObject({ blocks: 10, share: { blocks: 3, batches: 2 } });
    const behind = client();
    behind.send("hello", { protocol: 1, transport: "inline", skip: 11 });
    expect((await behind.next()).head).toMatchObject({ share: { blocks: 10, batches: 0 } });
  });

  it("ends with a client that leaves while blocks are counted", async () => {
    const counts: BatchSource["counts"] = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { send, session, up } = client({ source: { ...source(), counts } });
    send("hello", { protocol: 1 });
    up.end();
    expect(await session).toEqual({ batches: 0, bytes: 0 });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["ends the stream", (up: PassThrough) => up.write(encodeFrame("end", {}))],
    ["closes the connection", (up: PassThrough) => up.end()],
    ["is killed", (up: PassThrough) => up.destroy(new Error("ECONNRESET"))],
  ])("stops reading when the client %s, and frees its memory", async (_, leave) => {
    const log: string[] = [];
    const { send, next, session, up } = client({ source: source(log) });
    send("hello", { protocol: 1 });
    await next();
    send("request", { credits: 2 });
    await next();
    await next();
    leave(up);
    expect(await session).toEqual({ batches: 2, bytes: 8 });
    expect(log.at(-1)).toBe("closed");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("tells the client what went wrong with reading", async () => {
    const failing = source();
    const broken: BatchSource = {
      ...failing,
      // biome-ignore lint/correctness/useYield: it fails before the first one
      async *batches() {
        throw new EmporiumError("FORMAT_CORRUPT", "a chunk cannot be decoded", { hint: "read another" });
      },
    };
    const { send, next, session } = client({ source: broken });
    send("hello", { protocol: 1 });
    await next();
    const { kind, head } = await next();
    expect([kind, head]).toEqual([
      "error",
      { code: "FORMAT_CORRUPT", message: "a chunk cannot be decoded", hint: "read another" },
    ]);
    await expect(session).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
  });

  it.each<[string, Kind, JsonObject, string]>([
    ["another frame", "request", { credits: 1 }, 'expected "hello" first, found a frame "request"'],
    ["another protocol", "hello", { protocol: 2 }, "hello.protocol: expected 1, found 2"],
    ["a rank too large", "hello", { protocol: 1, rank: 2, world: 2 }, "rank 2 of 2 found"],
    ["a negative epoch", "hello", { protocol: 1, epoch: -1 }, "hello.epoch"],
    ["too many slots", "hello", { protocol: 1, slots: 10_000 }, "hello.slots"],
    ["a text for a number", "hello", { protocol: 1, rank: "0" }, "hello.rank"],
  ])("refuses %s in the first frame", async (_, kind, head, message) => {
    const { send, next, session } = client();
    send(kind, head);
    expect((await next()).head.message).toContain(message);
    await expect(session).rejects.toMatchObject({ code: "STREAM_PROTOCOL" });
  });

  it.each<[string, Kind, JsonObject]>([
    ["a second hello", "hello", { protocol: 1 }],
    ["a batch from the client", "batch", {}],
    ["no credits", "request", { credits: 0 }],
    ["credits that are no number", "request", { credits: 1.5 }],
    ["a slot that the client does not have", "release", { slot: 3 }],
    ["a slot that is none", "release", { slot: -1 }],
  ])("refuses %s later", async (_, kind, head) => {
    const { send, next, session } = client();
    send("hello", { protocol: 1 });
    await next();
    send(kind, head);
    expect(await next()).toMatchObject({ kind: "error", head: { code: "STREAM_PROTOCOL" } });
    await expect(session).rejects.toMatchObject({ code: "STREAM_PROTOCOL" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("lets nobody in without the token, and answers a wrong one as it answers none that is nearly right", async () => {
    const token = "a token of at least thirty-two characters";
    for (const given of [{}, { token: "x" }, { token: token.slice(0, -1) }, { token: `${token}x` }]) {
      const { send, next, session } = client({ token });
      send("hello", { protocol: 1, ...given });
      const { kind, head } = await next();
      expect([kind, head.code, JSON.stringify(head).includes(token)]).toEqual(["error", "STREAM_DENIED", false]);
      await expect(session).rejects.toMatchObject({ code: "STREAM_DENIED" });
    }
    const { send, next } = client({ token });
    send("hello", { protocol: 1, token });
    expect((await next()).kind).toBe("hello");
  });

  it("allows little to a client that has not said hello, and not for long", async () => {
    const large = client();
    large.send("hello", { protocol: 1, token: "x".repeat(5000) });
    expect((await large.next()).head.message).toMatch(/expected at most 4096, found a head of \d+ bytes/);
    const silent = client({ clock: manualClock() }); // whose sleep is over at once
    expect((await silent.next()).head.message).toContain('no frame in 10 s; expected "hello" first');
  });

  it("has a limit of memory for the slots", async () => {
    const { send, next } = client({ memoryBytes: 7 });
    send("hello", { protocol: 1 });
    expect((await next()).head.shared).toEqual({ why: "two batches of 4 bytes do not fit the memory limit of 7 bytes" });
    const three = client({ memoryBytes: 12, slots: 8 });
    three.send("hello", { protocol: 1 });
    expect(((await three.next()).head.shared as SharedHead).slots).toBe(3);
  });

  it("says that it was stopped", async () => {
    const stop = new AbortController();
    const { send, next, session } = client({ signal: stop.signal });
    send("hello", { protocol: 1 });
    await next();
    stop.abort(new EmporiumError("CANCELLED", "stopped by SIGTERM"));
    expect(await next()).toMatchObject({ kind: "error", head: { code: "CANCELLED", message: "stopped by SIGTERM" } });
    await expect(session).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("writes what a client may map at the offsets that the head names", async () => {
    const two = source();
    const both: BatchSource = {
      ...two,
      async *batches() {
        yield {
          arrays: {
            image: { dtype: "uint8" as const, shape: [2, 1, 1, 2], pieces: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] },
            label: { dtype: "uint16" as const, shape: [1], pieces: [Uint8Array.of(5, 6)] },
          },
          origins: [],
          ids: [],
          weights: [],
          done() {},
        };
      },
    };
    const { send, next } = client({ source: { ...both, facts: { ...both.facts, batchBytes: 6 } } });
    send("hello", { protocol: 1 });
    const { path } = (await next()).head.shared as SharedHead;
    const bytes = () => [...readFileSync(path).subarray(0, 6)];
    expect(bytes()).toEqual([0, 0, 0, 0, 0, 0]);
    send("request", { credits: 1 });
    expect((await next()).head.arrays).toEqual({
      image: { dtype: "uint8", shape: [2, 1, 1, 2], offset: 0, bytes: 4 },
      label: { dtype: "uint16", shape: [1], offset: 4, bytes: 2 },
    });
  });
});
