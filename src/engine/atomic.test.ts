import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { faultPlan, withFaults } from "../../test/faults/store-faults.js";
import { crcText } from "../core/crc32.js";
import { LIMITS } from "../core/limits.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { copyObject, partBytesFor, publishObject, publishPieces, uploadFile } from "./atomic.js";
import { clearEntity, metadataLast, uploadTree } from "./atomic-tree.js";
import { removeLeftovers } from "./leftovers.js";
import { folderReceipt, listingPrefixes } from "./receipts.js";
import type { PlainObject } from "./task.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'atomic' "));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function context(source: Store, target: Store, notes: PlainObject[] = []) {
  const noted: PlainObject[] = [];
  const progress: number[] = [];
  return {
    source,
    target,
    memoryBytes: 32 * 2 ** 20,
    signal: new AbortController().signal,
    notes,
    noted,
    bytes: progress,
    note: async (record: PlainObject) => void noted.push(record),
    progress: (bytesDone: number) => void progress.push(bytesDone),
  };
}

/** Three parts, the last one short. None begins with a zero, which is what a buffer holds that nothing was read into. */
const large = new Uint8Array(2 * LIMITS.partBytesMin + 1000).map((_, i) => (i * 31 + (i >> 13) + 7) & 255);
const sum = (bytes: Uint8Array) => crcText(crc32(bytes));
const isMetadata = (name: string) => /(^|\/)\.z/.test(name);

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  for await (const { key } of store.openUploads("")) keys.push(`open upload of ${key}`);
  return keys;
}

describe("publishObject", () => {
  it("gives the receipt of what the store has", async () => {
    const target = memoryStore({ now: () => 5 });
    const receipt = await publishObject(context(target, target), "a/b.json", Buffer.from("123456789"), { sha256: true });
    expect(receipt).toEqual({
      key: "a/b.json",
      size: 9,
      crc32: "cbf43926", // the check value of CRC-32/ISO-HDLC
      sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225", // sha256sum
      etag: "v1",
      modifiedMs: 5,
    });
  });

  it("gives none where the store has another number of bytes", async () => {
    const target = memoryStore({ url: "memory:target" });
    const shorter: Store = { ...target, write: async (...words) => ({ ...(await target.write(...words)), size: 8 }) };
    await expect(publishObject(context(target, shorter), "a", Buffer.from("123456789"))).rejects.toMatchObject({
      code: "STORE_PROTOCOL",
      message: expect.stringMatching(/has 8 bytes, 9 were sent$/),
      facts: { retry: "later" },
    });
  });
});

describe.each([
  ["memory", () => memoryStore({ url: "memory:target" })],
  ["file", () => fileStore(join(root, "target"), { sync: false })],
] as [string, () => Store][])("copyObject to %s", (_, make) => {
  it.each([0, 1, LIMITS.partBytesMin, large.length])("copies %d bytes, with checksum and progress", async (size) => {
    const source = memoryStore();
    const target = make();
    const body = large.subarray(0, size);
    await source.write("in", body);
    const given = context(source, target);
    const receipt = await copyObject(given, "in", "out/x", { sha256: size === 1 });
    expect(receipt).toMatchObject({ key: "out/x", size, crc32: sum(body) });
    expect(Buffer.compare(Buffer.from((await target.read("out/x"))!), body)).toBe(0);
    expect(given.bytes.at(-1)).toBe(size);
    expect(await keysOf(target)).toEqual(["out/x"]);
  });

  it("goes on where a dead process was, at every operation, and sends nothing twice", async () => {
    const source = memoryStore();
    await source.write("in", large);
    for (let dieAt = 1, alive = false; !alive; dieAt++) {
      for (const when of ["before", "after"] as const) {
        const target = make();
        const first = context(source, target);
        const fate = faultPlan({ dieAt, when });
        await copyObject({ ...first, target: withFaults(target, fate) }, "in", "out").catch(() => {});
        alive = !fate.dead;
        const watched = withFaults(target, {});
        const given = context(source, watched, first.noted);
        expect((await copyObject(given, "in", "out")).crc32).toBe(sum(large));
        const noted = first.noted.filter(({ part }) => part !== undefined).length;
        const sent = watched.plan.log.filter((line) => line.startsWith("part ")).length;
        const finished = fate.log.includes("finish out") && (when === "after" || alive);
        if (!finished) expect(sent, `${when} ${dieAt}`).toBe(3 - noted);
        await removeLeftovers(target, ["out"]);
        expect(await keysOf(target)).toEqual(["out"]);
        expect(Buffer.compare(Buffer.from((await target.read("out"))!), large)).toBe(0);
        await target.remove("out");
      }
    }
  });

  it("begins anew when the source is another one by now", async () => {
    const source = memoryStore();
    await source.write("in", large);
    const target = make();
    const first = context(source, target);
    await copyObject({ ...first, target: withFaults(target, { dieAt: 4 }) }, "in", "out").catch(() => {});
    expect(first.noted.length).toBeGreaterThan(1);
    const other = large.map((byte) => byte ^ 255);
    await source.write("in", other);
    expect((await copyObject(context(source, target, first.noted), "in", "out")).crc32).toBe(sum(other));
    await removeLeftovers(target, ["out"]);
    expect(await keysOf(target)).toEqual(["out"]);
  });
});

describe.each([
  ["files", () => fileStore(join(root, "target"), { sync: false })],
  ["an object store", () => memoryStore()],
])("publishPieces to %s", (_, open) => {
  async function* cut(bytes: Uint8Array, length: number, failAt = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) {
      if (at >= failAt) throw new Error("no more");
      yield bytes.subarray(at, at + length);
    }
  }
  const signal = new AbortController().signal;

  it.each([
    ["nothing", new Uint8Array(), 1],
    ["less than a part", large.subarray(0, 1000), 300],
    ["several parts, of pieces that fill none", large, 3_000_001],
    ["one piece of several parts", large, large.length],
  ])("joins pieces: %s", async (__, bytes, length) => {
    const target = open();
    const receipt = await publishPieces({ target, signal }, "a/b", cut(bytes, length));
    expect(Buffer.compare((await target.read("a/b"))!, bytes)).toBe(0);
    const stat = await target.stat("a/b");
    expect(receipt).toMatchObject({ key: "a/b", size: bytes.length, crc32: sum(bytes), etag: stat!.etag });
  });

  it("leaves nothing of an attempt that failed, and what was there before", async () => {
    const target = open();
    await target.write("a/b", large.subarray(0, 10));
    await expect(publishPieces({ target, signal }, "a/b", cut(large, 1_000_000, 9_000_000))).rejects.toThrow("no more");
    expect(await target.read("a/b")).toEqual(large.subarray(0, 10));
    const rest: string[] = [];
    for await (const { token } of target.openUploads("a/")) rest.push(token);
    expect(rest).toEqual([]);
    if (target.local) expect(await readdir(join(root, "target", "a"))).toEqual(["b"]);
  });
});

describe("publishPieces", () => {
  it("tells of a part that was refused while the next one was being made, and ends the upload", async () => {
    const own = memoryStore();
    let aborted = 0;
    const target: Store = {
      ...own,
      create: async (key, options) => ({
        ...(await own.create(key, options)),
        part: () => Promise.reject(new Error("the disk is full")),
        abort: async () => void aborted++,
      }),
    };
    async function* slowly(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 3; at++) {
        yield large.subarray(0, LIMITS.partBytesMin);
        // the part has failed by then, and nobody has asked for its end yet
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const { signal } = new AbortController();
    await expect(publishPieces({ target, signal }, "a/b", slowly())).rejects.toThrow("the disk is full");
    expect(aborted).toBe(1);
  });
});

describe("copyObject", () => {
  it("never mixes two versions of a source", async () => {
    const source = memoryStore();
    await source.write("in", large);
    let reads = 0;
    const changing: Store = {
      ...source,
      read: async (key, range, options) => {
        if (++reads === 2) await source.write("in", large.slice().reverse());
        return source.read(key, range, options);
      },
    };
    const target = memoryStore();
    await expect(copyObject(context(changing, target), "in", "out")).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(await target.stat("out")).toBeUndefined();
  });

  it("refuses a store whose parts are larger than the memory that it may use, and leaves nothing open", async () => {
    const source = memoryStore();
    await source.write("in", large);
    const target = memoryStore();
    const coarse: Store = {
      ...target,
      create: async (key, given) => ({ ...(await target.create(key, given)), partBytesMin: 33 * 2 ** 20 }),
    };
    await expect(copyObject(context(source, coarse), "in", "out")).rejects.toMatchObject({
      code: "MEMORY_LIMIT",
      facts: { hint: "allow more with --memory 33MiB" },
    });
    expect(await keysOf(target)).toEqual([]);
  });

  it("says what is absent", async () => {
    const target = memoryStore();
    await expect(copyObject(context(target, target), "no", "out")).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });

  it.each(["stream", "read"])("copies by one %s what has no version, and begins anew after a death", async (way) => {
    const source = await unversioned(way === "stream");
    const target = memoryStore();
    const first = context(source, target);
    await copyObject({ ...first, target: withFaults(target, { dieAt: 4 }) }, "in", "out").catch(() => {});
    expect(first.noted.length).toBeGreaterThan(1);
    const watched = withFaults(target, {});
    expect(await copyObject(context(source, watched, first.noted), "in", "out")).toMatchObject({ crc32: sum(large) });
    expect(watched.plan.log.filter((line) => line.startsWith("part "))).toHaveLength(3);
    expect(Buffer.compare(Buffer.from((await target.read("out"))!), large)).toBe(0);

    async function unversioned(streams: boolean): Promise<Store> {
      const store = memoryStore();
      await store.write("in", large);
      return {
        ...store,
        stat: async (key) => ({ size: (await store.stat(key))!.size }),
        stream: streams
          ? async () => ({
              stat: { size: large.length },
              offset: 0,
              body: (async function* () {
                for (let at = 0; at < large.length; at += 999_999) yield large.subarray(at, at + 999_999);
              })(),
              cancel: async () => {},
            })
          : undefined,
      };
    }
  });

  it("hashes in order also what an earlier attempt has sent", async () => {
    const source = memoryStore();
    await source.write("in", large);
    const target = memoryStore();
    const whole = await copyObject(context(source, target), "in", "a", { sha256: true });
    const first = context(source, target);
    await copyObject({ ...first, target: withFaults(target, { dieAt: 4 }) }, "in", "b", { sha256: true }).catch(() => {});
    const again = await copyObject(context(source, target, first.noted), "in", "b", { sha256: true });
    expect(whole.sha256).toBe(createHash("sha256").update(large).digest("hex"));
    expect(again.sha256).toBe(whole.sha256);
  });
});

describe("uploadFile", () => {
  it("sends small and large files of this machine", async () => {
    const target = memoryStore();
    for (const [name, bytes] of [
      ["small", large.subarray(0, 10)],
      ["large", large],
    ] as const) {
      await writeFile(join(root, name), bytes);
      expect(await uploadFile(context(target, target), join(root, name), name)).toMatchObject({
        size: bytes.length,
        crc32: sum(bytes),
      });
      expect(Buffer.compare(Buffer.from((await target.read(name))!), bytes)).toBe(0);
    }
    await writeFile(join(root, "cut"), large);
    const cutting: Store = {
      ...target,
      create: async (key, given) => {
        await truncate(join(root, "cut"), LIMITS.partBytesMin + 5);
        return target.create(key, given);
      },
    };
    await expect(uploadFile(context(target, cutting), join(root, "cut"), "cut")).rejects.toMatchObject({
      code: "SOURCE_CHANGED",
    });
    // an object that goes away between two requests
    const source = memoryStore({ url: "memory:source" });
    await source.write("in", large);
    const gone: Store = { ...source, stream: undefined, read: async () => undefined };
    await expect(copyObject(context(gone, target), "in", "gone")).rejects.toMatchObject({
      code: "SOURCE_CHANGED",
      message: expect.stringMatching(/bytes expected at 0, found 0$/),
    });
    await expect(uploadFile(context(target, target), join(root, "no"), "no")).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });
});

it("parts are whole mebibytes, at least the minimum, at most 9,000", () => {
  expect(partBytesFor(1, 1)).toBe(8 * 2 ** 20);
  expect(partBytesFor(1, 10 * 2 ** 20 + 1)).toBe(11 * 2 ** 20);
  for (const size of [2 ** 30, 2 ** 40, 5 * 2 ** 40]) {
    expect(Math.ceil(size / partBytesFor(size, 1))).toBeLessThanOrEqual(LIMITS.partCount);
    expect(partBytesFor(size, 1) % 2 ** 20).toBe(0);
  }
});

describe("uploadTree", () => {
  async function folderOf(text: string, chunks: number): Promise<string> {
    const folder = join(root, `tree ${text}`);
    await mkdir(join(folder, "0/1"), { recursive: true });
    for (let i = 0; i < chunks; i++) await writeFile(join(folder, "0/1", `${i}`), `${text} ${i}`);
    for (const name of [".zgroup", ".zattrs", "0/.zarray"]) await writeFile(join(folder, name), text);
    return folder;
  }

  it.each([
    ["memory", () => memoryStore()],
    ["file", () => fileStore(join(root, "target"), { sync: false })],
  ] as [string, () => Store][])("makes the folder, of the new objects only (%s)", async (_, make) => {
    const target = make();
    await uploadTree(context(target, target), await folderOf("old", 5), "t.zarr/", { isMetadata });
    const receipts = await uploadTree(context(target, target), await folderOf("new", 2), "t.zarr/", { isMetadata });
    const keys = ["t.zarr/.zattrs", "t.zarr/.zgroup", "t.zarr/0/.zarray", "t.zarr/0/1/0", "t.zarr/0/1/1"];
    expect(receipts.map(({ key }) => key)).toEqual(keys);
    expect(await keysOf(target)).toEqual(keys);
    for (const { key, size, crc32: crc, etag } of receipts) {
      expect(await target.stat(key)).toMatchObject({ size, etag });
      expect(sum((await target.read(key))!)).toBe(crc);
    }
  });

  it("removes metadata first, outermost first, and writes them last, outermost last", async () => {
    const target = memoryStore();
    await uploadTree(context(target, target), await folderOf("old", 2), "t.zarr/", { isMetadata });
    const watched = withFaults(target, {});
    await uploadTree(context(target, watched), await folderOf("new", 1), "t.zarr/", { isMetadata });
    expect(watched.plan.log).toEqual([
      "list t.zarr/",
      "remove t.zarr/.zgroup",
      "remove t.zarr/.zattrs",
      "remove t.zarr/0/.zarray",
      "remove t.zarr/",
      "write t.zarr/0/1/0",
      "write t.zarr/0/.zarray",
      "write t.zarr/.zattrs",
      "write t.zarr/.zgroup",
    ]);
  });

  it.each([
    ["memory", () => memoryStore()],
    ["file", () => fileStore(join(root, "target"), { sync: false })],
  ] as [string, () => Store][])("gives receipts in the order of keys, not of folders (%s)", async (_, make) => {
    const folder = join(root, "order");
    await mkdir(join(folder, "a"), { recursive: true });
    for (const name of ["a/1", "a.b", "a-b", "b", "a0"]) await writeFile(join(folder, name), name);
    const target = make();
    const receipts = await uploadTree(context(target, target), folder, "t/", { isMetadata });
    expect(receipts.map(({ key }) => key)).toEqual(["t/a-b", "t/a.b", "t/a/1", "t/a0", "t/b"]);
    expect(await keysOf(target)).toEqual(receipts.map(({ key }) => key));
  });

  it("sends no object twice", async () => {
    const target = memoryStore();
    const folder = await folderOf("x", 6);
    const first = context(target, target);
    await uploadTree({ ...first, target: withFaults(target, { dieAt: 7 }) }, folder, "t.zarr/", { isMetadata }).catch(() => {});
    const sent = first.noted.filter(({ name }) => name !== undefined).length;
    expect(sent).toBeGreaterThan(0);
    const watched = withFaults(target, {});
    const receipts = await uploadTree(context(target, watched, first.noted), folder, "t.zarr/", { isMetadata });
    expect(watched.plan.log.every((line) => line.startsWith("write "))).toBe(true);
    expect(watched.plan.log).toHaveLength(9 - sent);
    expect(receipts).toHaveLength(9);
  });

  it("puts inner metadata before outer", () => {
    expect(metadataLast(["a/.zarray", ".zattrs", "a/0", "a/b/.zarray", ".zgroup"], isMetadata)).toEqual({
      data: ["a/0"],
      metadata: ["a/b/.zarray", "a/.zarray", ".zattrs", ".zgroup"],
    });
  });

  it("clears nothing where nothing is", async () => {
    const watched = withFaults(memoryStore(), {});
    await clearEntity({ target: watched, signal: new AbortController().signal }, "t.zarr/", isMetadata);
    expect(watched.plan.log).toEqual(["list t.zarr/"]);
  });
});

describe("folderReceipt", () => {
  it("sums up a folder, and refuses to vouch for what is not there or not known", async () => {
    const store = memoryStore();
    const objects = [];
    for (const name of ["b", "a/c", "a/b"])
      objects.push(await publishObject(context(store, store), `f/${name}`, Buffer.from(name)));
    const receipt = await folderReceipt(store, "f/", objects);
    expect(receipt).toMatchObject({ key: "f/", size: 7 });
    // Python: zlib.crc32 of "a/b 3 <crc32 of a/b>\na/c 3 …\nb 1 …\n"
    expect(receipt.crc32).toBe("cdac8027");
    await expect(folderReceipt(store, "f/", objects.slice(1))).rejects.toMatchObject({ code: "STORE_FAILED" });
    await store.remove("f/b");
    await expect(folderReceipt(store, "f/", objects)).rejects.toThrow(/f\/b is not there/);
  });
});

it("listingPrefixes asks for the fewest folders", () => {
  expect(listingPrefixes(["a/b/1", "a/b/c/2", "d/x/", "d/xy/1", "e.json", "f/1"])).toEqual(["a/b/", "d/", "e.json", "f/"]);
  expect(listingPrefixes(["out/run-1/x", "out/run-2/y", "out/run-2/z/"])).toEqual(["out/"]);
  expect(listingPrefixes([])).toEqual([]);
  expect(listingPrefixes(["a/x.json"])).toEqual(["a/"]);
});

describe("removeLeftovers", () => {
  it("takes parts of the keys themselves, and nobody else's", async () => {
    const target = fileStore(join(root, "target"), { sync: false });
    const long = "ü".repeat(120);
    const parts = await Promise.all([
      target.local.partPath("a/x", "t1"),
      target.local.partPath("a/x.y", "t1"),
      target.local.partPath(`a/${long}`, "t1"),
      target.local.partPath(`a/${long}2`, "t1"),
    ]);
    for (const part of parts) await writeFile(part, "half");
    await target.create("a/x", {});
    await target.write("a/x", Buffer.from("whole"));
    await target.write("a/f/0/1", Buffer.from("whole"));
    await writeFile(join(root, "target/a/f/0/.1.w-x-1-1.part"), "half");
    await removeLeftovers(target, ["a/x", `a/${long}`, "a/f/", "absent/y", "absent/z/"]);
    expect(() => readFileSync(parts[0]!)).toThrow();
    expect(readFileSync(parts[1]!, "utf8")).toBe("half");
    expect(() => readFileSync(parts[2]!)).toThrow();
    expect(readFileSync(parts[3]!, "utf8")).toBe("half");
    expect(() => readFileSync(join(root, "target/a/f/0/.1.w-x-1-1.part"))).toThrow();
    expect(await keysOf(target)).toEqual(["a/f/0/1", "a/x"]);
  });

  it("leaves files alone whose names merely look like those of its parts", async () => {
    const target = fileStore(join(root, "target"), { sync: false });
    const names = [".x.t1.data", "_x.old.part", ".x.part", ".x.t1.parts", "1x.123456", ".x~00000000.t1.part"];
    for (const name of ["x", ...names]) await writeFile(await pathBeside(name), "somebody's");
    await removeLeftovers(target, ["a/x"]);
    for (const name of ["x", ...names]) expect(readFileSync(await pathBeside(name), "utf8")).toBe("somebody's");

    async function pathBeside(name: string) {
      await mkdir(join(root, "target/a"), { recursive: true });
      return join(root, "target/a", name);
    }
  });
});
