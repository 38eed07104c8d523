import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import { folderContents } from "./folder-contents.js";
import { folderReceipt, objectCrc } from "./receipts.js";

const workspace = mkdtempSync(join(tmpdir(), "emporium-contents-"));
afterAll(() => rmSync(workspace, { recursive: true }));

describe("contents of a folder's receipt", () => {
  const names = ["0/0/0/0", "a b 12 deadbeef", "line\nfeed", ".zattrs", "ü"];

  async function folderOf(bodies: Record<string, string>) {
    const store = memoryStore();
    for (const [name, body] of Object.entries(bodies)) await store.write(`x.zarr/${name}`, Buffer.from(body));
    const objects = await Promise.all(
      Object.entries(bodies).map(async ([name, body]) => {
        const key = `x.zarr/${name}`;
        const size = Buffer.byteLength(body);
        return { key, size, crc32: (await objectCrc(store, key, size))! };
      }),
    );
    return { store, objects };
  }

  it("are found again by the receipt, whatever the keys are called", async () => {
    const plain = names.filter((name) => !name.includes("\n"));
    const { store, objects } = await folderOf(Object.fromEntries(plain.map((name) => [name, `body of ${name}`])));
    const { keep, find } = folderContents(workspace, "job");
    const receipt = await folderReceipt(store, "x.zarr/", objects, keep);
    const found = await find(receipt);
    expect(found?.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(objects.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
  });

  it("of keys that hold a line feed are not taken for something else", async () => {
    const { store, objects } = await folderOf(Object.fromEntries(names.map((name) => [name, name])));
    const { keep, find } = folderContents(workspace, "lines");
    const receipt = await folderReceipt(store, "x.zarr/", objects, keep);
    expect(await find(receipt)).toBeUndefined();
  });

  it("of another receipt, damaged ones and absent ones are none", async () => {
    const { store, objects } = await folderOf({ a: "1", b: "2" });
    const { keep, find } = folderContents(workspace, "damaged");
    const receipt = await folderReceipt(store, "x.zarr/", objects, keep);
    expect(await find({ key: "y.zarr/", crc32: receipt.crc32 })).toBeUndefined();
    expect(await find({ key: receipt.key, crc32: "00000000" })).toBeUndefined();
    const folder = join(workspace, "contents", "damaged");
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "a 1 00000000\n");
    expect(await find(receipt)).toBeUndefined();
  });
});
