import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { httpStore } from "../../src/stores/http/store.js";
import { openObject, type Store } from "../../src/stores/store.js";
import { bytes, codeOf } from "../conformance/store-suite.js";
import { type FaultServer, type Row, startFaultServer } from "./server.mjs";
import { leftovers, transferBench, transferOf } from "./transfer-kit.js";

const MiB = 1024 * 1024;
const SIZE = 6 * MiB + 5;
const old = bytes(SIZE, 91);
const timeouts = { connectMs: 2_000, headersMs: 1_000, stallMs: 1_000 };

/** What a server says by which one version is told from the next; none of it is enough. */
const SAYINGS = [
  ["no ETag and no Last-Modified", { etags: "none", dates: false }],
  ["a weak ETag", { etags: "weak" }],
  ["a Last-Modified of this very second", { etags: "none" }],
] as const;

/** The fault server replaces an object by one of the same size in which all bytes are equal. */
function versionOf(found: Uint8Array): "old" | "new" | "mixture" {
  if (found.length !== SIZE) return "mixture";
  if (Buffer.alloc(SIZE, found[0]).equals(found)) return "new";
  return Buffer.compare(found, old) === 0 ? "old" : "mixture";
}

describe.each(SAYINGS)("an object is replaced while it is fetched from a server with %s", (_saying, manners) => {
  let server: FaultServer;
  let store: Store;
  const bench = transferBench();
  beforeAll(async () => {
    server = await startFaultServer({ manners });
    store = httpStore(server.filesUrl, { timeouts });
  });
  afterAll(async () => {
    bench.remove();
    await server.close();
  });
  const begin = (...faults: Row[]) => {
    server.putFile("large.bin", old);
    server.setFaults(faults);
  };

  it("seam 37: between two requests, with and without broken connections: one version is saved, never a mixture", async () => {
    for (const skip of [0, 1, 2, 3]) {
      for (const breaks of [0, 2]) {
        begin({ fate: { kind: "replace" }, skip, times: 1 }, { fate: { kind: "reset", at: 1.5 * MiB }, times: breaks });
        const run = bench.fresh({ store, key: "large.bin", stat: skip % 2 === 0 ? { size: SIZE } : undefined });
        await run.go();
        expect(versionOf(readFileSync(run.target))).not.toBe("mixture");
        expect(leftovers(run.target)).toEqual([]);
      }
    }
  });

  it("seam 37: between two runs of the program: the second begins anew", async () => {
    begin({ fate: { kind: "reset", at: 2 * MiB }, times: 1, skip: 1 }, { fate: { kind: "status", status: 403 }, skip: 1 });
    const run = bench.fresh({ store, key: "large.bin", stat: { size: SIZE } });
    expect(await codeOf(run.go())).toBe("STORE_DENIED");
    begin({ fate: { kind: "replace" }, times: 1 });
    expect(await transferOf(run.target, run.clock, { store, key: "large.bin" }).go()).toMatchObject({ resumedBytes: 0 });
    expect(versionOf(readFileSync(run.target))).toBe("new");
  });

  it("seam 37: readers of parts get one version or STORE_CONFLICT, never both", async () => {
    const range = (part: number) => ({ offset: part * MiB, length: MiB });
    for (const skip of [0, 1, 2, 3]) {
      begin({ on: "GET", fate: { kind: "replace" }, skip, times: 1 });
      const object = await openObject(store, "large.bin");
      const pieces: Uint8Array[] = [];
      const code = await codeOf(
        (async () => {
          for (const part of [0, 5, 2, 3]) pieces.push(await object.read(range(part)));
        })(),
      );
      const kinds = new Set(pieces.map((piece) => piece.every((byte) => byte === piece[0])));
      expect(kinds.size).toBeLessThanOrEqual(1);
      expect(["none", "STORE_CONFLICT"]).toContain(code);
    }
  });
});
