import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crcText } from "../core/crc32.js";
import { silentLog } from "../core/log.js";
import { contentLine, folderContents } from "./folder-contents.js";
import { openJournal } from "./journal.js";
import { findTargetReceipts } from "./journal-receipts.js";
import type { ObjectReceipt, Task } from "./task.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "emporium receipts "));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const target = "memory:target";
const groupOf = (key: string) => key.split("/")[0]!;
const object = (key: string, size: number): ObjectReceipt => ({ key, size, crc32: "0000000a" });
const journalOf = (name: string) => join(workspace, "journals", `${name}.journal`);

/** A journal with a receipt for each task: what it has written. */
async function write(name: string, url: string, ...tasks: ObjectReceipt[][]): Promise<void> {
  const journal = await openJournal(join(workspace, "journals"), name, silentLog);
  const plan = { createdMs: 1, locks: [], tasks: tasks.map((_, i) => ({ id: `t${i}` }) as Task) };
  await journal.begin(plan, { target: url });
  for (const [i, outputs] of tasks.entries())
    await journal.append({ record: "done", receipt: { task: `t${i}`, title: "", inputs: [], outputs, seconds: 0 } });
  await journal.append({ record: "end", complete: true });
  await journal.close();
}

async function receiptsOf(group: string) {
  const found = await (await findTargetReceipts(workspace, target, groupOf)).of(group);
  return Object.fromEntries(found);
}

describe("findTargetReceipts", () => {
  it("gives the receipts of a group, from one task or several, and no others", async () => {
    await write("a", target, [object("10001/x", 1), object("10002/x", 2)], [object("10001/y", 3)], [object("10003/z", 4)]);
    const found = await findTargetReceipts(workspace, target, groupOf);
    expect(found.journals).toEqual([journalOf("a")]);
    expect([...found.groups()]).toEqual(["10001", "10002", "10003"]);
    expect(await receiptsOf("10001")).toEqual({ "10001/x": [object("10001/x", 1)], "10001/y": [object("10001/y", 3)] });
    expect(await receiptsOf("10002")).toEqual({ "10002/x": [object("10002/x", 2)] });
    expect(await receiptsOf("10003")).toEqual({ "10003/z": [object("10003/z", 4)] });
    expect(await receiptsOf("10004")).toEqual({});
  });

  it("lets the last receipt of a job count, and gives one for each job", async () => {
    await write("a", target, [object("10001/x", 1)], [object("10001/x", 2)]);
    await write("b", target, [object("10001/x", 3)]);
    await write("c", target, [object("10002/x", 4)]);
    expect(await receiptsOf("10001")).toEqual({ "10001/x": [object("10001/x", 2), object("10001/x", 3)] });
  });

  it("leaves out the journals of other targets, and files that are no journals", async () => {
    await write("a", "memory:other", [object("10001/x", 1)]);
    await write("b", target, [object("10001/x", 2)]);
    writeFileSync(journalOf("b").replace(".journal", ".journal.damaged"), readFileSync(journalOf("b")));
    const found = await findTargetReceipts(workspace, target, groupOf);
    expect(found.journals).toEqual([journalOf("b")]);
    expect(await receiptsOf("10001")).toEqual({ "10001/x": [object("10001/x", 2)] });
  });

  it("reads what another process is writing, and changes nothing", async () => {
    await write("a", target, [object("10001/x", 1)]);
    appendFileSync(journalOf("a"), "00000fff 0000");
    const before = readFileSync(journalOf("a"));
    expect(await receiptsOf("10001")).toEqual({ "10001/x": [object("10001/x", 1)] });
    expect(readFileSync(journalOf("a"))).toEqual(before);
  });

  it("knows the objects of a folder where their names were kept", async () => {
    const contents = [
      { key: "10001/v.zarr/0", size: 3, crc32: "00000001" },
      { key: "10001/v.zarr/1", size: 4, crc32: "00000002" },
    ];
    const folder = "10001/v.zarr/";
    const text = contents.map((each) => contentLine(folder, each)).join("");
    const receipt = { key: folder, size: 7, crc32: crcText(crc32(text)) };
    await write("a", target, [receipt]);
    expect(await receiptsOf("10001")).toEqual({ [folder]: [receipt] });
    await folderContents(workspace, "a").keep(folder, text);
    expect(await receiptsOf("10001")).toEqual({ [folder]: [{ ...receipt, contents }] });
  });

  it("finds nothing in a workspace in which nothing ran", async () => {
    const found = await findTargetReceipts(join(workspace, "none"), target, groupOf);
    expect(found.journals).toEqual([]);
    expect([...found.groups()]).toEqual([]);
    expect([...(await found.of("10001"))]).toEqual([]);
  });
});
