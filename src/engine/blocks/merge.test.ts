import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeLog, silentLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { encodeLine } from "../journal-lines.js";
import type { ObjectReceipt } from "../task.js";
import { mergeReceipts } from "./merge.js";
import { readReceipts } from "./receipt-pages.js";
import { objectTag, PAGE_ROWS, rowOf } from "./receipt-table.js";

const folder = ".emporium/blocks/x/";
const output = (facts: Partial<ObjectReceipt> = {}): ObjectReceipt => ({
  key: "a/0",
  size: 7,
  crc32: "cbf43926",
  etag: "e",
  ...facts,
});
const line = (blocks: readonly number[], facts: (block: number) => ObjectReceipt[]) =>
  encodeLine(
    JSON.stringify({
      record: "blocks",
      at: blocks,
      rows: Buffer.concat(blocks.map((block) => rowOf(facts(block)))).toString("base64"),
    }),
  );
const segment = (name: string) => `${folder}journal/s/${name}`;
const stage = (count: number) => ({ name: "s", count });
const names = async (store: Store) => {
  const found: string[] = [];
  for await (const { key } of store.list("")) found.push(key);
  return found;
};

describe("a row", () => {
  it("has the object's own checksum, and of several objects the checksum that a folder's receipt has", () => {
    // the CRC-32 of "123456789", the check value of the catalogues of CRCs
    expect(rowOf([output()]).readUInt32LE(0)).toBe(0xcbf43926);
    const two = rowOf([output(), output({ key: "a/1", size: 5 })]);
    // crc32 of "a/0 7 cbf43926\na/1 5 cbf43926\n" by Python's zlib
    expect(two.readUInt32LE(0)).toBe(0xb4ecc61d);
    expect([two.readUInt32LE(4), two.readDoubleLE(8)]).toEqual([2, 12]);
  });

  it("is the same whatever the order of the objects, and another one for another version of an object", () => {
    const [a, b] = [output(), output({ key: "a/1" })];
    expect(rowOf([b, a])).toEqual(rowOf([a, b]));
    expect(rowOf([output({ etag: "f" })])).not.toEqual(rowOf([a]));
    expect(objectTag(output({ etag: undefined, modifiedMs: 1 }))).not.toBe(objectTag(output({ etag: undefined, modifiedMs: 2 })));
  });
});

describe("mergeReceipts", () => {
  it("for any segments, in any order, merged in any number of goes: what one of them has is done", async () => {
    const count = PAGE_ROWS + 5000; // two pages
    const block = fc.oneof(
      fc.nat(99),
      fc.integer({ min: PAGE_ROWS - 50, max: PAGE_ROWS + 50 }),
      fc.integer({ min: 0, max: count - 1 }),
    );
    const lines = fc.array(fc.array(block, { minLength: 1, maxLength: 40 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(2), lines), { maxLength: 6 }), fc.nat(6), async (segments, cut) => {
        const store = memoryStore();
        const wanted = new Set<number>();
        const facts = (at: number) => [output({ key: `a/${at}`, size: at })];
        for (const [i, [slice, attempt, given]] of segments.entries()) {
          // the second merge finds the pages of the first
          if (i === cut) await mergeReceipts(store, folder, stage(count), { log: silentLog, remove: true });
          for (const at of given.flat()) wanted.add(at);
          await store.write(segment(`${slice}.${attempt}.t${i}.0`), Buffer.concat(given.map((some) => line(some, facts))));
        }
        await mergeReceipts(store, folder, stage(count), { log: silentLog });
        await mergeReceipts(store, folder, stage(count), { log: silentLog, remove: true });
        const receipts = await readReceipts(store, folder, stage(count), silentLog);
        expect(receipts.done).toBe(wanted.size);
        for (const at of wanted) expect(receipts.has(at)).toBe(true);
        expect((await names(store)).filter((key) => key.includes("journal"))).toEqual([]);
        const [some] = wanted;
        if (some === undefined) return;
        expect(await receipts.load(some)).toEqual({ crc32: 0xcbf43926, objects: 1, size: some, tag: objectTag(facts(some)[0]!) });
        const absent = [...Array(count).keys()].find((at) => !wanted.has(at))!;
        expect(await receipts.load(absent)).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  it("takes the lines before a torn one", async () => {
    const store = memoryStore();
    const [good, torn] = [line([3], () => []), line([4], () => [])];
    await store.write(segment("0.0.t.0"), Buffer.concat([good, torn.subarray(0, torn.length - 3)]));
    expect(await mergeReceipts(store, folder, stage(10), { log: silentLog })).toBe(1);
    const receipts = await readReceipts(store, folder, stage(10), silentLog);
    expect([receipts.done, receipts.has(3), receipts.has(4)]).toEqual([1, true, false]);
  });

  it("refuses two results of one block, and takes the same result in another version of the object", async () => {
    const store = memoryStore();
    await store.write(
      segment("0.0.t.0"),
      line([3], () => [output()]),
    );
    await store.write(
      segment("0.1.u.0"),
      line([3], () => [output({ etag: "later" })]),
    );
    await mergeReceipts(store, folder, stage(10), { log: silentLog });
    const { load } = await readReceipts(store, folder, stage(10), silentLog);
    expect((await load(3))?.tag).toBe(objectTag(output({ etag: "later" })));
    await store.write(
      segment("0.2.v.0"),
      line([3], () => [output({ crc32: "00000001" })]),
    );
    await expect(mergeReceipts(store, folder, stage(10), { log: silentLog })).rejects.toMatchObject({
      code: "ENGINE_DISAGREES",
      message: expect.stringContaining("block 3 of stage s"),
    });
  });

  it("counts nothing of a page in which any byte is wrong, and says so", async () => {
    const store = memoryStore();
    await store.write(
      segment("0.0.t.0"),
      line([3], () => [output()]),
    );
    await mergeReceipts(store, folder, stage(10), { log: silentLog, remove: true });
    const key = `${folder}receipts/s/0.bin`;
    const page = (await store.read(key))!;
    for (let at = 0; at < page.length; at++) {
      const wrong = page.slice();
      wrong[at]! ^= 16;
      await store.write(key, wrong);
      const warnings: string[] = [];
      const log = makeLog((level, message) => level === "warn" && warnings.push(message));
      expect((await readReceipts(store, folder, stage(10), log)).done, `byte ${at}`).toBe(0);
      expect(warnings).toHaveLength(1);
    }
  });
});
