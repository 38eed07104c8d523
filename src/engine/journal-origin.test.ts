import { mkdtempSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { crcText } from "../core/crc32.js";
import { silentLog } from "../core/log.js";
import { contentLine, folderContents } from "./folder-contents.js";
import { type Journal, openJournal } from "./journal.js";
import { findOrigin } from "./journal-origin.js";
import type { ObjectReceipt, Task } from "./task.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "emporium origins "));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const TARGET = "file:///data/a%20tree";
const place = { file: "lab.yaml", line: 12, column: 5 };
const object = (key: string, crc = "0000000a"): ObjectReceipt => ({ key, size: 3, crc32: crc });

async function using(name: string, work: (journal: Journal) => Promise<void>): Promise<void> {
  const journal = await openJournal(join(workspace, "journals"), name, silentLog);
  await work(journal);
  await journal.close();
}
/** A run with one receipt. */
async function run(journal: Journal, createdMs: number, words: string[] | undefined, ...outputs: ObjectReceipt[]): Promise<void> {
  await journal.begin({ createdMs, locks: [], tasks: [{ id: `t${createdMs}` } as Task] }, { target: TARGET });
  await journal.jot({ record: "command", words, folder: "/home/me" });
  const receipt = { task: `t${createdMs}`, title: "", inputs: [], outputs, seconds: 0, place };
  await journal.append({ record: "done", receipt });
  await journal.append({ record: "end", complete: true });
}

it("the last receipt of an object, its command and line; the byte is where its line begins", async () => {
  await using("a", async (journal) => {
    await run(journal, 1, ["ingest", "run", "old.yaml"], object("r/x"), object("r/y"));
    await run(journal, 2, ["ingest", "run", "new.yaml"], object("r/x", "0000000b"));
    await run(journal, 3, undefined, object("r/z"));
  });
  const of = (key: string) => findOrigin(workspace, TARGET, key);
  expect(await of("r/x")).toMatchObject({
    output: { crc32: "0000000b" },
    command: { words: ["ingest", "run", "new.yaml"], folder: "/home/me" },
    receipt: { task: "t2", place },
    writtenMs: 2,
  });
  expect(await of("r/y")).toMatchObject({ command: { words: ["ingest", "run", "old.yaml"] } });
  expect((await of("r/z"))?.command).toBeUndefined();
  expect(await of("r")).toBeUndefined();
  const { journal, byte } = (await of("r/y"))!;
  const line = readFileSync(join(workspace, "journals", journal))
    .subarray(byte)
    .toString()
    .split("\n", 1)[0]!;
  expect(JSON.parse(line.slice(18))).toMatchObject({ record: "done", receipt: { task: "t1" } });
});

it("a store above or below the target has the same objects by other keys; another target has none", async () => {
  await using("a", (journal) => run(journal, 1, ["x"], object("r/deep/x")));
  expect(await findOrigin(workspace, "file:///data", "a tree/r/deep/x")).toBeDefined();
  expect(await findOrigin(workspace, `${TARGET}/r`, "deep/x")).toBeDefined();
  expect(await findOrigin(workspace, "file:///data/a%20tree2", "r/deep/x")).toBeUndefined();
  expect(await findOrigin(join(workspace, "none"), TARGET, "r/deep/x")).toBeUndefined();
});

it("of a folder the object that is asked for, where the names in it were kept", async () => {
  const member = { key: "r/v.zarr/0/0", size: 3, crc32: "00000001" };
  const text = contentLine("r/v.zarr/", member);
  const receipt = { key: "r/v.zarr/", size: 3, crc32: crcText(crc32(text)) };
  await using("a", (journal) => run(journal, 1, ["x"], receipt));
  expect(await findOrigin(workspace, TARGET, member.key)).toMatchObject({ output: receipt, member: undefined });
  await folderContents(workspace, "a").keep("r/v.zarr/", text);
  expect(await findOrigin(workspace, TARGET, member.key)).toMatchObject({ output: receipt, member });
});

it("a journal that was rewritten still has the commands of receipts that count, and no others", async () => {
  await using("a", async (journal) => {
    await run(journal, 1, ["first"], object("r/x"));
    await run(journal, 2, ["stale"]);
    // it has the receipt of the run before no more
    await run(journal, 2, ["again"]);
    await run(journal, 3, ["third"], object("r/y"));
    const filler = { record: "note" as const, task: "gone", note: { text: "z".repeat(100_000) } };
    await journal.append({ record: "start", task: "gone", outputs: [] });
    await Promise.all(Array.from({ length: 60 }, () => journal.append(filler)));
    await journal.append({ record: "forget", task: "gone" });
  });
  await using("a", async () => {});
  const bytes = readFileSync(join(workspace, "journals", "a.journal"));
  expect(bytes.length).toBeLessThan(5_000);
  expect(bytes.toString()).not.toContain('"stale"]');
  expect((await findOrigin(workspace, TARGET, "r/x"))?.command?.words).toEqual(["first"]);
  expect((await findOrigin(workspace, TARGET, "r/y"))?.command?.words).toEqual(["third"]);
});

it("of two journals the later receipt, whichever file was written last", async () => {
  await using("late", (journal) => run(journal, 7, ["late"], object("r/x")));
  await using("early", (journal) => run(journal, 5, ["early"], object("r/x"), object("r/y")));
  await using("other", (journal) => run(journal, 9, ["other"], object("r/z")));
  for (const [at, name] of ["early", "late", "other"].entries())
    utimesSync(join(workspace, "journals", `${name}.journal`), 100 + at, 100 + at);
  expect((await findOrigin(workspace, TARGET, "r/x"))?.command?.words).toEqual(["late"]);
  expect((await findOrigin(workspace, TARGET, "r/y"))?.command?.words).toEqual(["early"]);
  for (const [at, name] of ["late", "early", "other"].entries())
    utimesSync(join(workspace, "journals", `${name}.journal`), 200 + at, 200 + at);
  expect((await findOrigin(workspace, TARGET, "r/x"))?.command?.words).toEqual(["late"]);
});
