import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { crcText } from "../core/crc32.js";
import { silentLog } from "../core/log.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import type { Store } from "../stores/store.js";
import { findDone, folderReceipt, isSame, objectCrc } from "./receipts.js";
import type { Receipt, Task, TaskInput } from "./task.js";

const folder = mkdtempSync(join(tmpdir(), "emporium done "));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a task is done", () => {
  const given: TaskInput[] = [
    { key: "a", size: 1, etag: "e", modifiedMs: 5 },
    { key: "b", size: 2, modifiedMs: 5 },
  ];
  async function isDone(inputs: TaskInput[], before: TaskInput[] = given): Promise<boolean> {
    const target = memoryStore();
    const outputs = [{ key: "out", ...(await target.write("out", new Uint8Array(3))), crc32: "" }];
    const receipt: Receipt = { task: "t", title: "", inputs: before, outputs, seconds: 0 };
    const task = { id: "t", title: "", inputs, outputs: ["out"] } as unknown as Task;
    const signal = new AbortController().signal;
    return (await findDone(target, [task], (id) => (id === "t" ? receipt : undefined), { log: silentLog, signal })).has("t");
  }

  it("if its receipt is for these very inputs", async () => {
    expect(await isDone(given)).toBe(true);
    expect(await isDone([])).toBe(false);
    expect(await isDone(given.slice(0, 1))).toBe(false);
    expect(await isDone(given, given.slice(0, 1))).toBe(false);
    expect(await isDone([...given].reverse())).toBe(false);
    expect(await isDone([given[0]!, { ...given[1]!, key: "c" }])).toBe(false);
    expect(await isDone([given[0]!, { ...given[1]!, size: 3 }])).toBe(false);
    expect(await isDone([{ ...given[0]!, etag: "f" }, given[1]!])).toBe(false);
  });

  it.each([
    ["memory", () => memoryStore()],
    ["file", () => fileStore(mkdtempSync(join(folder, "target ")), { sync: false })],
  ] as [string, () => Store][])("if all its outputs are there as they were left: objects and folders (%s)", async (_, make) => {
    const doneAfter = async (change: (target: Store) => Promise<unknown>) => {
      const target = make();
      const objects = [];
      for (const key of ["a/b", "f/1", "f/2/3"]) {
        const { size, ...stat } = await target.write(key, Buffer.from(key));
        objects.push({ key, size, crc32: crcText(crc32(Buffer.from(key))), ...stat });
      }
      const outputs = new Map([
        ["object", [objects[0]!]],
        ["folder", [await folderReceipt(target, "f/", objects.slice(1))]],
      ]);
      await change(target);
      const tasks = [...outputs].map(
        ([id, keys]) => ({ id, inputs: [], outputs: keys.map(({ key }) => key) }) as unknown as Task,
      );
      const receiptOf = (task: string): Receipt => ({ task, title: "", inputs: [], outputs: outputs.get(task)!, seconds: 0 });
      const signal = new AbortController().signal;
      return [...(await findDone(target, tasks, receiptOf, { log: silentLog, signal })).keys()];
    };
    expect(await doneAfter(async () => {})).toEqual(["object", "folder"]);
    expect(await doneAfter((target) => target.write("elsewhere", Buffer.from("x")))).toEqual(["object", "folder"]);
    expect(await doneAfter((target) => target.remove("a/b"))).toEqual(["folder"]);
    expect(await doneAfter((target) => target.write("a/b", Buffer.from("another")))).toEqual(["folder"]);
    expect(await doneAfter((target) => target.remove("f/1"))).toEqual(["object"]);
    expect(await doneAfter((target) => target.write("f/2/4", Buffer.from("x")))).toEqual(["object"]);
    expect(await doneAfter((target) => target.write("f/2/3", Buffer.from("another")))).toEqual(["object"]);
    expect(await doneAfter((target) => target.remove("f/"))).toEqual(["object"]);
  });

  it("whatever the time of an input with an etag, but only at the same time of one without", async () => {
    expect(await isDone([{ ...given[0]!, modifiedMs: 6 }, given[1]!])).toBe(true);
    expect(await isDone([given[0]!, { ...given[1]!, modifiedMs: 6 }])).toBe(false);
  });
});

describe("an object that was seen before", () => {
  it.each<[what: string, before: Parameters<typeof isSame>[0], now: Parameters<typeof isSame>[1], same: boolean]>([
    ["another size", { size: 1, etag: "a", modifiedMs: 5 }, { size: 2, etag: "a", modifiedMs: 5 }, false],
    ["one etag", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, etag: "a", modifiedMs: 6 }, true],
    ["another etag", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, etag: "b", modifiedMs: 5 }, false],
    ["an etag now alone, one time", { size: 1, modifiedMs: 5 }, { size: 1, etag: "a", modifiedMs: 5 }, true],
    ["an etag before alone, another time", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, modifiedMs: 6 }, false],
    ["no time now", { size: 1, modifiedMs: 5 }, { size: 1 }, true],
    ["no time before", { size: 1 }, { size: 1, modifiedMs: 5 }, true],
  ])("%s", (_what, before, now, same) => {
    expect(isSame(before, now)).toBe(same);
  });
});

describe("the CRC-32 of an object", () => {
  const store = memoryStore();
  // the check value of the algorithm (Rocksoft's model, CRC-32/ISO-HDLC)
  it("is that of its bytes, of none too", async () => {
    await store.write("check", new TextEncoder().encode("123456789"));
    await store.write("empty", new Uint8Array(0));
    expect(await objectCrc(store, "check", 9)).toBe("cbf43926");
    expect(await objectCrc(store, "empty", 0)).toBe("00000000");
  });

  it("is undefined for another size, and for what is absent", async () => {
    expect(await objectCrc(store, "check", 10)).toBeUndefined();
    expect(await objectCrc(store, "gone", 0)).toBeUndefined();
  });
});
