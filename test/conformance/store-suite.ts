import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { seededRandom } from "../../src/core/random.js";
import { compareKeys } from "../../src/stores/keys.js";
import { type Entry, openObject, type Store, type Upload } from "../../src/stores/store.js";

/** What the suite needs of a back end under test. */
export interface Harness {
  store: Store;
  /** Puts an object there, past the store where the store cannot write. */
  put(key: string, body: Uint8Array): Promise<void>;
  close?(): Promise<void>;
}

export interface SuiteOptions {
  /** Size of a part that the server takes as one that is not the last. Default 1000. */
  partBytes?: number;
  /** Features that the server under the store is known to lack; cases that rest on them are left out, and named by the caller. */
  lacks?: readonly Lack[];
  /** Objects in the long listing. Default 2500: more than two pages. */
  listing?: number;
}

export type Lack = "conditional put" | "conditional finish" | "open uploads" | "control characters";

/** The laws of reading. Every back end passes them. */
export function readSuite(name: string, open: () => Promise<Harness>, { lacks = [] }: SuiteOptions = {}): void {
  describe(`${name}: reading`, () => {
    const harness = opened(open);
    const body = bytes(10_000, 7);
    const put = async (content = body) => {
      const key = fresh("file.bin");
      await harness.now.put(key, content);
      return key;
    };

    it("answers undefined for what is absent", async () => {
      const { store } = harness.now;
      expect(await store.stat("no/such/object")).toBeUndefined();
      expect(await store.read("no/such/object")).toBeUndefined();
      expect(await store.read("no/such/object", { offset: 0, length: 10 })).toBeUndefined();
      expect(await store.read("no/such/object", { offset: 5, length: 0 })).toBeUndefined();
    });

    it("a folder is no object", async () => {
      const key = await put();
      const folder = key.split("/")[0]!;
      expect(await harness.now.store.stat(folder)).toBeUndefined();
      expect(await harness.now.store.read(folder)).toBeUndefined();
    });

    it("what lies below a file is absent", async () => {
      const key = await put();
      expect(await harness.now.store.stat(`${key}/inner`)).toBeUndefined();
      expect(await harness.now.store.read(`${key}/inner`)).toBeUndefined();
    });

    it("reads an object whole", async () => {
      const key = await put();
      same(await harness.now.store.read(key), body);
    });

    it("tells the size, and the same etag each time", async () => {
      const key = await put();
      const first = await harness.now.store.stat(key);
      expect(first?.size).toBe(body.length);
      expect(await harness.now.store.stat(key)).toEqual(first);
    });

    it.each([
      ["from the start", 0, 10],
      ["from the middle", 4_000, 2_000],
      ["one byte", 9_999, 1],
      ["the last bytes", 9_000, 1_000],
      ["all", 0, 10_000],
      ["past the end", 9_990, 100],
      ["all and more", 0, 100_000],
    ])("reads a range: %s", async (_name, offset, length) => {
      const key = await put();
      same(await harness.now.store.read(key, { offset, length }), body.subarray(offset, offset + length));
    });

    it.each([
      ["at the end", 10_000],
      ["after the end", 123_456],
    ])("a range that begins %s gives no bytes", async (_name, offset) => {
      const key = await put();
      same(await harness.now.store.read(key, { offset, length: 5 }), new Uint8Array(0));
    });

    it("a range of length zero gives no bytes", async () => {
      const key = await put();
      same(await harness.now.store.read(key, { offset: 3, length: 0 }), new Uint8Array(0));
    });

    it("an impossible range is a fault of the program", async () => {
      const key = await put();
      for (const range of [
        { offset: -1, length: 5 },
        { offset: 0, length: -5 },
        { offset: 0.5, length: 1 },
        { offset: 0, length: Number.NaN },
      ]) {
        expect(await codeOf(harness.now.store.read(key, range))).toBe("INTERNAL");
      }
    });

    it("reads an empty object", async () => {
      const key = await put(new Uint8Array(0));
      expect((await harness.now.store.stat(key))?.size).toBe(0);
      same(await harness.now.store.read(key), new Uint8Array(0));
      same(await harness.now.store.read(key, { offset: 0, length: 10 }), new Uint8Array(0));
    });

    it("reads many ranges side by side", async () => {
      const key = await put();
      await Promise.all(
        Array.from({ length: 50 }, async (_, i) =>
          same(await harness.now.store.read(key, { offset: i * 200, length: 200 }), body.subarray(i * 200, i * 200 + 200)),
        ),
      );
    });

    it("refuses to read another version than the one asked for", async () => {
      const key = await put();
      const before = await harness.now.store.stat(key);
      expect(before?.etag).toBeDefined();
      same(await harness.now.store.read(key, { offset: 0, length: 5 }, { ifMatch: before!.etag }), body.subarray(0, 5));
      await harness.now.put(key, bytes(10_001, 8));
      expect(await codeOf(harness.now.store.read(key, { offset: 0, length: 5 }, { ifMatch: before!.etag }))).toBe(
        "STORE_CONFLICT",
      );
      expect(await codeOf(harness.now.store.read(key, undefined, { ifMatch: before!.etag }))).toBe("STORE_CONFLICT");
      expect(await codeOf(harness.now.store.read(key, { offset: 0, length: 0 }, { ifMatch: before!.etag }))).toBe(
        "STORE_CONFLICT",
      );
    });

    it("opens an object for format readers", async () => {
      const key = await put();
      const object = await openObject(harness.now.store, key);
      expect(await object.size()).toBe(body.length);
      same(await object.read({ offset: 9_998, length: 10 }), body.subarray(9_998));
      expect(await codeOf(openObject(harness.now.store, "no-such"))).toBe("STORE_ABSENT");
      await harness.now.put(key, bytes(10_000, 9));
      expect(await codeOf(object.read({ offset: 0, length: 10 }))).toBe("STORE_CONFLICT");
    });

    it("a cancelled read ends with CANCELLED", async () => {
      const key = await put();
      const signal = AbortSignal.abort();
      expect(await codeOf(harness.now.store.read(key, undefined, { signal }))).toBe("CANCELLED");
      expect(await codeOf(harness.now.store.stat(key, { signal }))).toBe("CANCELLED");
    });

    it.each(ESCAPES)("refuses the name %j", async (name) => {
      expect(await codeOf(harness.now.store.stat(name))).toBe("NAME_UNSAFE");
      expect(await codeOf(harness.now.store.read(name))).toBe("NAME_UNSAFE");
    });

    for (const hostile of HOSTILE) {
      caseFor(hostile, lacks)(`reads what is called ${JSON.stringify(hostile)}`, async () => {
        const key = fresh(hostile);
        const content = bytes(50, hostile.length);
        const stored = await harness.now.put(key, content).then(
          () => true,
          (error: unknown) => unsafeOnly(error),
        );
        if (stored) same(await harness.now.store.read(key), content);
      });
    }
  });
}

/** The laws of listing, for back ends that only read: what they list is what was put there past them. */
export function listSuite(name: string, open: () => Promise<Harness>, { lacks = [], listing = 2_500 }: SuiteOptions = {}): void {
  describe(`${name}: listing`, () => {
    const harness = opened(open);
    const keys = async (entries: AsyncIterable<Entry>) => (await collect(entries)).map(({ key }) => key);
    const put = (key: string, size = 1) => harness.now.put(key, bytes(size, key.length));

    it("lists all keys below a prefix in UTF-8 order", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      const names = ["b", "a/x", "a.b", "a-b", "a/b/c", "aa", "Z", "é", "z", "\u{1f52c}", "\uff5a", "a/x.y", "a0"];
      for (const name of names) await put(`${folder}${name}`);
      const sorted = names.map((name) => `${folder}${name}`).sort(compareKeys);
      expect(await keys(store.list(folder))).toEqual(sorted);
      expect(await keys(store.list(`${folder}a/`))).toEqual(["a/b/c", "a/x", "a/x.y"].map((name) => folder + name));
      expect(await keys(store.list(`${folder}a`))).toEqual(sorted.filter((key) => key.startsWith(`${folder}a`)));
      expect(await keys(store.list(`${folder}nothing`))).toEqual([]);
      expect(await keys(store.list("no-such-folder/"))).toEqual([]);
      expect(await keys(store.list(""))).toEqual(expect.arrayContaining(sorted));
    });

    it("shows one level of a folder", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      for (const name of ["a/x", "a/y/z", "a.b", "b", "a-b/c", "c/d/e/f"]) await put(`${folder}${name}`);
      const level = async (where: string) => (await keys(store.children(where))).map((key) => key.slice(folder.length));
      expect(await level(folder)).toEqual(["a-b/", "a.b", "a/", "b", "c/"]);
      expect(await level(folder.slice(0, -1))).toEqual(["a-b/", "a.b", "a/", "b", "c/"]);
      expect(await level(`${folder}a/`)).toEqual(["a/x", "a/y/"]);
      expect(await level(`${folder}c/`)).toEqual(["c/d/"]);
      expect(await level(`${folder}nothing/`)).toEqual([]);
      expect(await keys(store.children(""))).toContain(folder);
    });

    it("tells the size and etag of what it lists as stat does, or says that it does not know", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      for (const size of [0, 123, 999, 1_000, 12_345, 1_234_567]) await put(`${folder}${size}.bin`, size);
      const entries = await collect(store.list(folder));
      expect(entries).toHaveLength(6);
      for (const { key, size, approximate, etag, modifiedMs } of entries) {
        const stat = await store.stat(key);
        if (approximate) expect(Math.abs(size - stat!.size)).toBeLessThanOrEqual(stat!.size / 10);
        else expect(size).toBe(stat!.size);
        if (etag !== undefined) expect(etag).toBe(stat!.etag);
        if (modifiedMs !== undefined) expect(Math.abs(modifiedMs - stat!.modifiedMs!)).toBeLessThan(60_000);
      }
    });

    it(`lists ${listing} objects`, async () => {
      const { store } = harness.now;
      const folder = fresh("");
      const names = Array.from({ length: listing }, (_, i) => `${folder}${(i * 7919) % listing}`);
      for (const key of names) await put(key);
      const sorted = [...names].sort(compareKeys);
      expect(await keys(store.list(folder))).toEqual(sorted);
      expect(await keys(store.children(folder))).toEqual(sorted);
    });

    it("a listing that is left early ends", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      for (const name of ["a/1", "b/2", "c/3", "d/4"]) await put(`${folder}${name}`);
      for await (const { key } of store.list(folder)) {
        expect(key).toBe(`${folder}a/1`);
        break;
      }
      expect(await keys(store.list(`${folder}d/`))).toEqual([`${folder}d/4`]);
    });

    it("a cancelled listing ends with CANCELLED, an impossible folder with NAME_UNSAFE", async () => {
      const { store } = harness.now;
      const signal = AbortSignal.abort();
      expect(await codeOf(collect(store.list("", { signal })))).toBe("CANCELLED");
      expect(await codeOf(collect(store.children("", { signal })))).toBe("CANCELLED");
      for (const bad of ["../x", "a/../../x", "/abs", "a//b/c", "a\\b/"]) {
        expect(await codeOf(collect(store.list(`${bad}/`)))).toBe("NAME_UNSAFE");
        expect(await codeOf(collect(store.children(bad)))).toBe("NAME_UNSAFE");
      }
    });

    for (const hostile of HOSTILE) {
      caseFor(hostile, lacks)(`lists what is called ${JSON.stringify(hostile)} exactly, or not at all`, async () => {
        const { store } = harness.now;
        const folder = fresh("");
        const stored = await put(`${folder}${hostile}`).then(
          () => true,
          (error: unknown) => unsafeOnly(error),
        );
        if (!stored) return;
        const found = await keys(store.list(folder));
        if (/^\..*\.part$|[\0-\u001f]/.test(hostile)) expect([[], [`${folder}${hostile}`]]).toContainEqual(found);
        else expect(found).toEqual([`${folder}${hostile}`]);
        if (found[0] !== undefined) expect((await store.stat(found[0]))?.size).toBe(1);
      });
    }
  });
}

/** The laws of writing and listing. */
export function writeSuite(name: string, open: () => Promise<Harness>, options: SuiteOptions = {}): void {
  const { partBytes = 1000, lacks = [], listing = 2_500 } = options;
  const unless = (lack: Lack) => caseUnless(lack, lacks);
  describe(`${name}: writing`, () => {
    const harness = opened(open);
    const text = (value: string) => new TextEncoder().encode(value);
    const keys = async (entries: AsyncIterable<Entry>) => (await collect(entries)).map(({ key }) => key);

    it("gives back what was written, and tells the same as stat", async () => {
      const { store } = harness.now;
      const key = fresh("a/b/c.bin");
      const stat = await store.write(key, bytes(5_000, 1));
      same(await store.read(key), bytes(5_000, 1));
      expect(stat).toMatchObject({ size: 5_000 });
      expect((await store.stat(key))?.etag).toBe(stat.etag);
    });

    it("keeps its own copy of the bytes", async () => {
      const { store } = harness.now;
      const key = fresh("copy");
      const body = bytes(100, 1);
      await store.write(key, body);
      body.fill(0);
      same(await store.read(key), bytes(100, 1));
    });

    it("replaces an object, by a shorter one too", async () => {
      const { store } = harness.now;
      const key = fresh("x");
      const first = await store.write(key, bytes(5_000, 1));
      const second = await store.write(key, bytes(50, 2));
      same(await store.read(key), bytes(50, 2));
      expect(second.etag).not.toBe(first.etag);
    });

    it("writes empty objects", async () => {
      const { store } = harness.now;
      const key = fresh("empty");
      expect((await store.write(key, new Uint8Array(0))).size).toBe(0);
      expect((await store.stat(key))?.size).toBe(0);
    });

    unless("conditional put")("ifAbsent creates, and never replaces", async () => {
      const { store } = harness.now;
      const key = fresh("once");
      await store.write(key, text("first"), { ifAbsent: true });
      expect(await codeOf(store.write(key, text("second"), { ifAbsent: true }))).toBe("STORE_CONFLICT");
      same(await store.read(key), text("first"));
    });

    unless("conditional put")("of many that create at once exactly one wins", async () => {
      const { store } = harness.now;
      const key = fresh("race");
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, i) => store.write(key, text(`writer ${i}`), { ifAbsent: true })),
      );
      const winners = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const result of results)
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "STORE_CONFLICT" });
      same(await store.read(key), text(`writer ${winners[0]}`));
    });

    unless("conditional put")("ifMatch replaces only that version", async () => {
      const { store } = harness.now;
      const key = fresh("cas");
      const first = await store.write(key, text("one"));
      const second = await store.write(key, text("two"), { ifMatch: first.etag });
      expect(await codeOf(store.write(key, text("three"), { ifMatch: first.etag }))).toBe("STORE_CONFLICT");
      same(await store.read(key), text("two"));
      await store.remove(key);
      expect(await codeOf(store.write(key, text("four"), { ifMatch: second.etag }))).toBe("STORE_CONFLICT");
      expect(await store.stat(key)).toBeUndefined();
    });

    unless("conditional put")("of many that replace one version exactly one wins", async () => {
      const { store } = harness.now;
      const key = fresh("cas-race");
      const { etag } = await store.write(key, text("start"));
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, i) => store.write(key, text(`writer number ${i}`), { ifMatch: etag })),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("readers meet the old object or the new one, never a mixture", async () => {
      const { store } = harness.now;
      const key = fresh("swap");
      const [one, two] = [new Uint8Array(100_000).fill(1), new Uint8Array(100_000).fill(2)];
      await store.write(key, one);
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 12; i++) await store.write(key, i % 2 ? one : two);
        writing = false;
      })();
      while (writing) {
        const seen = (await store.read(key))!;
        expect(seen.length).toBe(100_000);
        expect(seen.every((byte) => byte === seen[0])).toBe(true);
      }
      await writer;
    });

    it("joins parts that came in any order", async () => {
      const { store } = harness.now;
      const key = fresh("parts");
      const body = bytes(4 * partBytes + 17, 3);
      const upload = await store.create(key, { size: body.length });
      const part = (n: number) => body.subarray((n - 1) * partBytes, n * partBytes);
      for (const n of [5, 2, 1, 4, 3]) expect(await upload.part(n, part(n))).toMatchObject({ number: n, size: part(n).length });
      const stat = await upload.finish();
      expect(stat.size).toBe(body.length);
      same(await store.read(key), body);
      expect((await store.stat(key))?.etag).toBe(stat.etag);
    });

    it("joins parts that came side by side", async () => {
      const { store } = harness.now;
      const key = fresh("parallel");
      const body = bytes(5 * partBytes + 1, 4);
      const upload = await store.create(key);
      await Promise.all([1, 2, 3, 4, 5, 6].map((n) => upload.part(n, body.subarray((n - 1) * partBytes, n * partBytes))));
      await upload.finish();
      same(await store.read(key), body);
    });

    it("joins parts of different sizes", async () => {
      const { store } = harness.now;
      const key = fresh("uneven");
      const sizes = [partBytes + 5, partBytes, partBytes + 300, 12];
      const upload = await store.create(key);
      for (const [i, size] of [...sizes.entries()].reverse()) await upload.part(i + 1, bytes(size, i));
      await upload.finish();
      same(await store.read(key), joined(sizes.map((size, i) => bytes(size, i))));
    });

    it("a part that is sent again replaces the first", async () => {
      const { store } = harness.now;
      const key = fresh("resent");
      const upload = await store.create(key);
      await upload.part(1, bytes(partBytes, 1));
      await upload.part(2, bytes(40, 2));
      await upload.part(1, bytes(partBytes + 9, 3));
      await upload.part(2, bytes(20, 4));
      await upload.finish();
      same(await store.read(key), joined([bytes(partBytes + 9, 3), bytes(20, 4)]));
    });

    it("shows nothing before finish", async () => {
      const { store } = harness.now;
      const key = fresh("hidden/deep.bin");
      const folder = `${key.split("/")[0]}/`;
      const upload = await store.create(key);
      await upload.part(1, bytes(partBytes, 1));
      expect(await store.stat(key)).toBeUndefined();
      expect(await store.read(key)).toBeUndefined();
      expect(await keys(store.list(folder))).toEqual([]);
      expect(await keys(store.children(`${folder}hidden/`))).toEqual([]);
      await upload.finish();
      expect(await keys(store.list(folder))).toEqual([key]);
      expect(await keys(store.children(`${folder}hidden/`))).toEqual([key]);
    });

    it("keeps the old object until finish", async () => {
      const { store } = harness.now;
      const key = fresh("old");
      await store.write(key, text("old"));
      const upload = await store.create(key);
      await upload.part(1, text("the new one"));
      same(await store.read(key), text("old"));
      await upload.finish();
      same(await store.read(key), text("the new one"));
    });

    it("goes on with an upload by its token", async () => {
      const { store } = harness.now;
      const key = fresh("resume");
      const body = bytes(3 * partBytes, 5);
      const part = (n: number) => body.subarray((n - 1) * partBytes, n * partBytes);
      const first = await store.create(key, { size: body.length });
      const sent = [await first.part(3, part(3)), await first.part(1, part(1))];
      const second = await store.create(key, { size: body.length, resume: first.token });
      expect(second.token).toBe(first.token);
      expect(second.parts).toEqual([sent[1], sent[0]]);
      await second.part(2, part(2));
      await second.finish();
      same(await store.read(key), body);
    });

    it("starts anew when the upload to go on with is gone", async () => {
      const { store } = harness.now;
      const key = fresh("gone");
      const first = await store.create(key);
      await first.part(1, bytes(partBytes, 1));
      await first.abort();
      for (const token of [first.token, "no-such-token", "../../x"]) {
        const second = await store.create(key, { resume: token });
        expect(second.parts).toEqual([]);
        await second.part(1, text(`after ${token}`));
        await second.finish();
        same(await store.read(key), text(`after ${token}`));
      }
    });

    it("forgets an aborted upload, also twice", async () => {
      const { store } = harness.now;
      const key = fresh("aborted");
      const upload = await store.create(key);
      await upload.part(1, bytes(partBytes, 1));
      await upload.abort();
      await upload.abort();
      expect(await store.stat(key)).toBeUndefined();
      expect(isEmporiumError(await upload.part(2, text("late")).catch((error: unknown) => error))).toBe(true);
      expect(isEmporiumError(await upload.finish().catch((error: unknown) => error))).toBe(true);
      expect(await store.stat(key)).toBeUndefined();
    });

    it("does not join around a part that was never sent", async () => {
      const { store } = harness.now;
      const key = fresh("hole");
      const upload = await store.create(key);
      await upload.part(1, bytes(partBytes, 1));
      await upload.part(3, bytes(10, 1));
      expect(await codeOf(upload.finish())).toBe("STORE_FAILED");
      expect(await store.stat(key)).toBeUndefined();
      await upload.part(2, bytes(partBytes, 2));
      await upload.finish();
      same(await store.read(key), joined([bytes(partBytes, 1), bytes(partBytes, 2), bytes(10, 1)]));
    });

    it("an upload without parts, or with an empty one, makes an empty object", async () => {
      const { store } = harness.now;
      const [none, empty] = [fresh("none"), fresh("empty-part")];
      await (await store.create(none)).finish();
      expect((await store.stat(none))?.size).toBe(0);
      const upload = await store.create(empty);
      await upload.part(1, new Uint8Array(0));
      await upload.finish();
      expect((await store.stat(empty))?.size).toBe(0);
    });

    unless("conditional finish")("an upload with ifAbsent does not replace", async () => {
      const { store } = harness.now;
      const key = fresh("upload-once");
      const upload = await store.create(key, { ifAbsent: true });
      await upload.part(1, text("late"));
      await store.write(key, text("early"));
      expect(await codeOf(upload.finish())).toBe("STORE_CONFLICT");
      same(await store.read(key), text("early"));
      await upload.abort();
    });

    unless("open uploads")("finds uploads that were begun", async () => {
      const { store } = harness.now;
      const key = fresh("open/one.bin");
      const folder = key.slice(0, key.lastIndexOf("/") + 1);
      const [one, two, other] = [await store.create(key), await store.create(key), await store.create(`${key}.other`)];
      const found = async (where: string) => (await collect(store.openUploads(where))).map(({ token }) => token).sort();
      expect(await found(key)).toEqual([one.token, two.token].sort());
      expect(await found(folder)).toEqual([one.token, two.token, other.token].sort());
      expect((await collect(store.openUploads(`${key}.other`)))[0]).toMatchObject({ key: `${key}.other`, token: other.token });
      await one.abort();
      await two.part(1, text("x"));
      await two.finish();
      expect(await found(folder)).toEqual([other.token]);
      expect(await found(key)).toEqual([]);
      const again: Upload = await store.create(other.key, { resume: other.token });
      await again.abort();
      expect(await found("")).not.toContain(other.token);
    });

    it("joins 20 MiB of parts", async () => {
      const { store } = harness.now;
      const key = fresh("big.bin");
      const size = 20 * 1024 * 1024 + 1;
      const upload = await store.create(key, { size });
      const step = Math.max(upload.partBytesMin, 4 * 1024 * 1024);
      const body = bytes(size, 11);
      const numbers = Array.from({ length: Math.ceil(size / step) }, (_, i) => i + 1);
      await Promise.all(numbers.map((n) => upload.part(n, body.subarray((n - 1) * step, n * step))));
      await upload.finish();
      expect((await store.stat(key))?.size).toBe(size);
      same(
        await store.read(key, { offset: 8 * 1024 * 1024 - 3, length: 10 }),
        body.subarray(8 * 1024 * 1024 - 3, 8 * 1024 * 1024 + 7),
      );
      same(await store.read(key), body);
    });

    it("lists all keys below a prefix in UTF-8 order", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      const names = ["b", "a/x", "a.b", "a-b", "a/b/c", "aa", "Z", "é", "z", "\u{1f52c}", "\uff5a", "a/x.y", "a0"];
      for (const name of names) await store.write(`${folder}${name}`, text(name));
      const sorted = names.map((name) => `${folder}${name}`).sort(compareKeys);
      expect(sorted.at(-1)).toBe(`${folder}\u{1f52c}`);
      expect(await keys(store.list(folder))).toEqual(sorted);
      expect(await keys(store.list(`${folder}a/`))).toEqual(["a/b/c", "a/x", "a/x.y"].map((name) => folder + name));
      expect(await keys(store.list(`${folder}a`))).toEqual(sorted.filter((key) => key.startsWith(`${folder}a`)));
      expect(await keys(store.list(`${folder}nothing`))).toEqual([]);
      expect(await keys(store.list("no-such-folder/"))).toEqual([]);
    });

    it("tells the size and etag of what it lists", async () => {
      const { store } = harness.now;
      const key = fresh("listed");
      const stat = await store.write(key, bytes(123, 1));
      const [entry] = await collect(store.list(key));
      expect(entry).toMatchObject({ key, size: 123, etag: stat.etag });
    });

    it("shows one level of a folder", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      for (const name of ["a/x", "a/y/z", "a.b", "b", "a-b/c", "c/d/e/f"]) await store.write(`${folder}${name}`, text(name));
      const level = async (where: string) => (await keys(store.children(where))).map((key) => key.slice(folder.length));
      expect(await level(folder)).toEqual(["a-b/", "a.b", "a/", "b", "c/"]);
      expect(await level(folder.slice(0, -1))).toEqual(["a-b/", "a.b", "a/", "b", "c/"]);
      expect(await level(`${folder}a/`)).toEqual(["a/x", "a/y/"]);
      expect(await level(`${folder}c/`)).toEqual(["c/d/"]);
      expect(await level(`${folder}nothing/`)).toEqual([]);
      expect(await keys(store.children(""))).toContain(folder);
    });

    it(`lists ${listing} objects`, async () => {
      const { store } = harness.now;
      const folder = fresh("");
      const names = Array.from({ length: listing }, (_, i) => `${folder}${(i * 7919) % listing}`);
      for (let at = 0; at < names.length; at += 100) {
        await Promise.all(names.slice(at, at + 100).map((key) => store.write(key, text("."))));
      }
      const sorted = [...names].sort(compareKeys);
      expect(await keys(store.list(folder))).toEqual(sorted);
      expect(await keys(store.children(folder))).toEqual(sorted);
      await store.remove(folder);
      expect(await keys(store.list(folder))).toEqual([]);
    });

    it("removes an object, and what is absent too", async () => {
      const { store } = harness.now;
      const key = fresh("gone.bin");
      await store.write(key, text("x"));
      await store.remove(key);
      expect(await store.stat(key)).toBeUndefined();
      await store.remove(key);
      await store.remove("never/was");
      await store.remove("never/was/");
    });

    it("removes everything below a folder, and nothing else", async () => {
      const { store } = harness.now;
      const folder = fresh("");
      for (const name of ["a/x", "a/y/z", "a.b", "ab/c"]) await store.write(`${folder}${name}`, text(name));
      await store.remove(`${folder}a`);
      expect(await keys(store.list(`${folder}a/`))).toHaveLength(2);
      await store.remove(`${folder}a/`);
      expect(await keys(store.list(folder))).toEqual([`${folder}a.b`, `${folder}ab/c`]);
    });

    it("cancelled work changes nothing", async () => {
      const { store } = harness.now;
      const key = fresh("cancelled");
      const signal = AbortSignal.abort();
      expect(await codeOf(store.write(key, text("x"), { signal }))).toBe("CANCELLED");
      expect(await codeOf(store.create(key, { signal }))).toBe("CANCELLED");
      expect(await codeOf(collect(store.list("", { signal })))).toBe("CANCELLED");
      await store.write(key, text("kept"));
      expect(await codeOf(store.remove(key, { signal }))).toBe("CANCELLED");
      const upload = await store.create(key);
      expect(await codeOf(upload.part(1, text("x"), { signal }))).toBe("CANCELLED");
      expect(await codeOf(upload.finish({ signal }))).toBe("CANCELLED");
      await upload.abort();
      same(await store.read(key), text("kept"));
    });

    it.each(ESCAPES)("refuses to write or remove %j", async (bad) => {
      const { store } = harness.now;
      expect(await codeOf(store.write(bad, text("x")))).toBe("NAME_UNSAFE");
      expect(await codeOf(store.create(bad))).toBe("NAME_UNSAFE");
      if (bad !== "a/") expect(await codeOf(store.remove(bad))).toBe("NAME_UNSAFE");
    });

    for (const hostile of HOSTILE) {
      caseFor(hostile, lacks)(`keeps what is called ${JSON.stringify(hostile)} exactly, or refuses the name`, async () => {
        const { store } = harness.now;
        const folder = fresh("");
        const key = `${folder}${hostile}`;
        const stored = await store.write(key, text(hostile)).then(
          () => true,
          (error: unknown) => unsafeOnly(error),
        );
        if (!stored) return;
        same(await store.read(key), text(hostile));
        expect(await keys(store.list(folder))).toEqual([key]);
        const upload = await store.create(key);
        await upload.part(1, text("again"));
        await upload.finish();
        same(await store.read(key), text("again"));
        expect((await collect(store.openUploads(key))).length).toBe(0);
        await store.remove(key);
        expect(await keys(store.list(folder))).toEqual([]);
      });
    }
  });
}

/** Names that must never be taken: they leave their folder, or cannot be told from another name. */
const ESCAPES = [
  "",
  "/abs",
  "../x",
  "../../x",
  "a/../../x",
  "a//b",
  "./a",
  "a/.",
  "..",
  ".",
  "..\\x",
  "a\\b",
  "nul\0byte",
  "a/",
  "x".repeat(256),
];

/** Names that a lab can bring: stored and read back exactly, or refused. */
export const HOSTILE = [
  "a b",
  " lead",
  "trail ",
  "-rf",
  "; touch x",
  "$(id)",
  "`id`",
  `'single' "double"`,
  "new\nline",
  "tab\there",
  "C:x",
  "con",
  "x.",
  "...",
  "..x",
  ".hidden",
  "n".repeat(255),
  "é".repeat(127),
  "caf\u00e9",
  "cafe\u0301",
  "\u202egnp.exe",
  "%2e%2e%2f",
  "100%",
  "a+b",
  "a&b=c",
  "what?",
  "#hash",
  "[1]*?",
  "{name.constructor}",
  "__proto__",
  "\u{1f52c}\u7535\u955c",
  "<xml>&amp;</xml>",
  "~",
  "a:b@c",
  ".x.part",
  "part",
];

/** Declares a case, unless it rests on what the server lacks: whoever says so names it in the output. */
function caseUnless(lack: Lack, lacks: readonly Lack[]): (name: string, run: () => Promise<void>) => void {
  if (!lacks.includes(lack)) return (name, run) => it(name, run);
  return () => {};
}

function caseFor(name: string, lacks: readonly Lack[]): (name: string, run: () => Promise<void>) => void {
  return caseUnless("control characters", /[\0-\u001f]/.test(name) ? lacks : []);
}

let names = 0;

/** A key that no other case uses. */
function fresh(name: string): string {
  return `case-${++names}/${name}`;
}

function opened(open: () => Promise<Harness>): { readonly now: Harness } {
  let harness: Harness | undefined;
  beforeAll(async () => {
    harness = await open();
  });
  afterAll(async () => {
    await harness?.close?.();
  });
  return {
    get now() {
      return harness!;
    },
  };
}

/** Noise: the same for the same seed. */
export function bytes(size: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const result = new Uint8Array(size);
  const words = new Uint32Array(result.buffer, 0, Math.floor(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  for (let i = words.length * 4; i < size; i++) result[i] = random() * 256;
  return result;
}

/** Comparing by vitest's own means takes seconds for megabytes. */
export function same(found: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(found?.length).toBe(wanted.length);
  expect(Buffer.compare(found!, wanted)).toBe(0);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

/** The code that a promise fails with; "none" when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    if (isEmporiumError(error)) return error.code;
    throw error;
  }
}

function unsafeOnly(error: unknown): false {
  expect(error).toMatchObject({ code: "NAME_UNSAFE" });
  return false;
}
