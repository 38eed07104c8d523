import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../core/log.js";
import { contentLine, folderContents } from "../../engine/folder-contents.js";
import { openJournal } from "../../engine/journal.js";
import type { ObjectReceipt, Receipt, Task } from "../../engine/task.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Stat, Store } from "../../stores/store.js";
import type { PlacedKey } from "../places.js";
import { originOf } from "./origin.js";

const { signal } = new AbortController();
const LARGE = 16 * 2 ** 20 + 1;
const sum = (text: string) => crc32(text).toString(16).padStart(8, "0");
const receiptOf = (key: string, text: string, more: Partial<ObjectReceipt> = {}): ObjectReceipt => ({
  key,
  size: text.length,
  crc32: sum(text),
  ...more,
});
const VOLUME = { key: "r/v.zarr/0", size: 5, crc32: sum("chunk") };
const LIST = contentLine("r/v.zarr/", VOLUME);

let workspace: string;
let store: Store;
beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), "emporium-origin-"));
  store = memoryStore({ url: "https://lab.example/tree" });
  for (const [key, text] of [
    ["r/a", "first"],
    ["r/b", "SECOND"],
    ["r/c", "longer"],
    ["r/s", "signed"],
    ["r/v.zarr/0", "chunk"],
    ["r/w.zarr/0", "chunk"],
  ] as const)
    await store.write(key, Buffer.from(text));
  const journal = await openJournal(join(workspace, "journals"), "j", silentLog);
  const run = async (task: string, words: string[] | undefined, more: Partial<Receipt>, ...outputs: ObjectReceipt[]) => {
    await journal.begin({ createdMs: Date.UTC(2026, 0, 2), locks: [], tasks: [{ id: task } as Task] }, { target: store.url });
    await journal.jot({ record: "command", words, folder: "/home/me" });
    await journal.append({ record: "done", receipt: { task, title: `of ${task}`, inputs: [], outputs, seconds: 0, ...more } });
    await journal.append({ record: "end", complete: true });
  };
  await run(
    "first",
    ["ingest", "run", "my lab.yaml"],
    { place: { file: "my lab.yaml", line: 12, column: 5 }, inputs: [{ key: "raw/a", size: 1 }] },
    ...[receiptOf("r/a", "first"), receiptOf("r/b", "second"), receiptOf("r/c", "long"), receiptOf("r/gone", "x")],
    receiptOf("r/s", "signed", { sha256: "ab".repeat(32) }),
    ...[{ key: "r/large", size: LARGE, crc32: "0000000a", etag: "one", sha256: "cd".repeat(32) }],
    ...[
      { key: "r/v.zarr/", size: 5, crc32: sum(LIST) },
      { key: "r/w.zarr/", size: 5, crc32: "00000001" },
    ],
  );
  await run("second", undefined, {}, receiptOf("r/plain", "x"));
  await journal.close();
  await folderContents(workspace, "j").keep("r/v.zarr/", LIST);
});
afterAll(() => rmSync(workspace, { recursive: true }));

const of = (key: string, change: Partial<Store> = {}) =>
  originOf({ place: { store: { ...store, ...change } }, key } as unknown as PlacedKey, workspace, signal);

describe("the origin of a file", () => {
  it("its receipt, the line that asked for it and the command", async () => {
    const { receipt, configuration, command } = await of("r/a");
    expect(receipt).toEqual({
      is: {
        journal: "journals/j.journal",
        byte: expect.any(Number),
        task: "first",
        title: "of first",
        inputs: ["raw/a"],
        writtenAt: "2026-01-02T00:00:00.000Z",
      },
    });
    expect(configuration).toEqual({ is: "my lab.yaml:12:5" });
    expect(command).toEqual({ is: { text: "emporium ingest run 'my lab.yaml'", folder: "/home/me" } });
  });

  it("what was not noted is said", async () => {
    expect(await of("r/plain")).toMatchObject({
      configuration: { absent: expect.stringContaining("names no line") },
      command: { absent: expect.stringContaining("names no command") },
    });
    const absent = "no journal of this workspace has a receipt for the file";
    expect(await of("r/other")).toEqual({
      checksum: { absent },
      receipt: { absent },
      configuration: { absent },
      command: { absent },
    });
    const hidden = await originOf({ place: { store }, key: "r/a" } as unknown as PlacedKey, undefined, signal);
    for (const told of Object.values(hidden))
      expect(told).toEqual({ absent: expect.stringContaining("shown on its own machine alone") });
  });

  it.each([
    ["r/a", { algorithm: "CRC-32", value: sum("first"), state: "verified" }],
    // of the same length, with other bytes
    ["r/b", { algorithm: "CRC-32", value: sum("second"), state: "changed" }],
    ["r/c", { algorithm: "CRC-32", value: sum("long"), state: "changed" }],
    ["r/gone", { algorithm: "CRC-32", value: sum("x"), state: "changed" }],
    ["r/s", { algorithm: "CRC-32", value: sum("signed"), state: "verified" }],
    ["r/v.zarr/0", { algorithm: "CRC-32", value: sum("chunk"), state: "verified" }],
  ])("the bytes of a small one are compared: %s", async (key, is) => {
    expect((await of(key)).checksum).toEqual({ is });
  });

  it.each<[string, Partial<Stat>, string]>([
    ["the same", {}, "unchanged"],
    ["another version", { etag: "two" }, "changed"],
    ["of another size", { size: LARGE + 1 }, "changed"],
  ])("a large one is not read: %s", async (_, more, state) => {
    const stat = async () => ({ size: LARGE, etag: "one", ...more });
    const read = () => Promise.reject(new Error("it was read"));
    expect((await of("r/large", { stat, read })).checksum).toEqual({
      is: { algorithm: "SHA-256", value: "cd".repeat(32), state },
    });
  });

  it("of a folder whose objects nobody has listed there is no checksum", async () => {
    expect((await of("r/w.zarr/0")).checksum).toEqual({
      absent: "the receipt is of the folder r/w.zarr/, and the list of its objects is no longer in the workspace",
    });
  });
});
