import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { BatchSource } from "../../src/stations/blocks/stream/batch.js";
import { encodeFrame } from "../../src/stations/blocks/stream/frames.js";
import { serveClient } from "../../src/stations/blocks/stream/session.js";
import { wireOf } from "../../src/stations/blocks/stream/wire.js";
import { mutations, type Reader, truncations } from "./point-files.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-fuzz-stream-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const one: [number, number, number] = [1, 1, 1];
const grid = { level: 0, shape: one, block: one, halo: one, step: one, voxelSizeNm: one, offsetNm: one };
const source: BatchSource = {
  facts: { grid, arrays: {}, batch: 1, batchBytes: 1 },
  counts: async () => ({ epoch: 3, rank: 3 }),
  async *batches() {
    for (const id of [0, 1, 2]) {
      const arrays = { image: { dtype: "uint8" as const, shape: [1], pieces: [Uint8Array.of(id)] } };
      yield { arrays, origins: [], ids: [id], weights: [1], done() {} };
    }
  },
  close: async () => {},
};

/** All that a client says, at once, by a client that then closes its connection: served, or one of our errors; no memory is left. */
const session: Reader = async (bytes) => {
  const [up, down] = [new PassThrough(), new PassThrough()];
  down.resume();
  up.end(bytes);
  const share = { rank: 0, world: 1, epoch: 0, skip: 0 };
  const limits = { shared: true, slots: 2, memoryBytes: 100, folder };
  try {
    await serveClient(wireOf(up, down), {
      ...limits,
      source,
      share,
      version: "1",
      clock: systemClock,
      signal: new AbortController().signal,
    });
  } catch (error) {
    // a connection has no file: the helpers ask for the one they have made up
    Object.assign((error as { facts: object }).facts, { place: { file: "fuzz.bin" } });
    throw error;
  } finally {
    expect(readdirSync(folder)).toEqual([]);
  }
};

const hello = encodeFrame("hello", { protocol: 1, rank: 0, world: 1, epoch: 0, skip: 0, transport: "shared", slots: 2 });
const corpus = [
  Buffer.concat([hello, encodeFrame("request", { credits: 2 }), encodeFrame("release", { slot: 0 }), encodeFrame("end", {})]),
  Buffer.concat([encodeFrame("hello", { protocol: 1, transport: "inline" }), encodeFrame("request", { credits: 4096 })]),
].map((bytes) => new Uint8Array(bytes));

const WORDS = ["-1", "1e999", "4294967296", "9007199254740993", "null", "[[[[", '"__proto__":1,', "\u0000", "\ud800"].map(
  (word) => new TextEncoder().encode(word),
);

describe("what clients of `blocks stream` send: served, or our error", () => {
  it("cut at every byte", async () => {
    expect([...(await truncations(session, corpus))].sort()).toEqual(["STREAM_PROTOCOL", "read"]);
  });

  it("lengths and kinds at their extremes", async () => {
    for (const at of [0, 1, 2, 3, 4, hello.length, hello.length + 4]) {
      for (const value of [0, 1, 5, 6, 7, 127, 128, 255]) {
        const bytes = corpus[0]!.slice();
        bytes[at] = value;
        const result = await session(bytes).catch((error: { code: string }) => error.code);
        expect([undefined, "STREAM_PROTOCOL"]).toContain(result);
      }
    }
  });

  it("random changes and splices", async () => {
    for (const code of await mutations(session, corpus, WORDS, 17)) expect(["read", "STREAM_PROTOCOL"]).toContain(code);
  });
});
