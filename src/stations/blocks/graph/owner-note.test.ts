import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fileStore } from "../../../stores/file/store.js";
import type { Store } from "../../../stores/store.js";
import { checkedOf, contentsOf, lookAtPlace, type OwnerNote, readNote, writeNote } from "./owner-note.js";

const outer = mkdtempSync(join(tmpdir(), "emporium-notes-"));
afterAll(() => rmSync(outer, { recursive: true, force: true }));

let folder: string;
let store: Store;
let round = 0;
beforeEach(() => {
  folder = join(outer, `${round++}`);
  mkdirSync(folder);
  store = fileStore(folder, { sync: false });
});

const KEY = "a.zarr/";
const DOCUMENT = "zarr.json";
const text = (value: string) => new TextEncoder().encode(value);
const note: OwnerNote = { graph: "mine", location: "file:///a.zarr", document: DOCUMENT, parts: ["0/c/"] };
const look = async (graph = "mine", key = KEY) => (await lookAtPlace(store, key, DOCUMENT, { graph })).state;

/** As a graph leaves it: chunks, then the note of the document, the document, and the note of all. */
async function finish(more: Partial<OwnerNote> = {}): Promise<void> {
  await store.write(`${KEY}0/c/0`, text("chunk"));
  const documents = { [DOCUMENT]: checkedOf(text("{}")) };
  await writeNote(store, KEY, { ...note, documents });
  await store.write(`${KEY}${DOCUMENT}`, text("{}"));
  await writeNote(store, KEY, { ...note, documents, contents: await contentsOf(store, KEY, { ...note, documents }), ...more });
}

describe("what is at the place of an output", () => {
  it("is nothing, also where a note is left", async () => {
    expect(await look()).toBe("empty");
    await writeNote(store, KEY, note);
    expect(await look()).toBe("empty");
    expect(await readNote(store, KEY)).toEqual(note);
  });

  it("is strange without a note, with one of another document, and where a file has the folder's name", async () => {
    await store.write(`${KEY}other`, text("theirs"));
    expect(await look()).toBe("strange");
    await writeNote(store, KEY, { ...note, document: "info" });
    expect(await look()).toBe("strange");
    await store.remove(KEY);
    await writeNote(store, KEY, note);
    writeFileSync(join(folder, "a.zarr"), "a file");
    expect(await look()).toBe("strange");
  });

  it.each(["not JSON", "null", "3", '{"document":3,"parts":[]}', '{"document":"zarr.json"}'])(
    "is strange with a note that says %s",
    async (said) => {
      await store.write(`${KEY}0/c/0`, text("chunk"));
      await store.write(".emporium/graphs/a.zarr.owner.json", text(said));
      expect([await look(), await readNote(store, KEY)]).toEqual(["strange", undefined]);
    },
  );

  it("is begun by the graph of the note until its document is there, and by another one too", async () => {
    await store.write(`${KEY}0/c/0`, text("chunk"));
    await writeNote(store, KEY, note);
    expect([await look(), await look("theirs")]).toEqual(["begun", "begun"]);
    // levels are parts as well
    await writeNote(store, KEY, { ...note, parts: ["0/c/", "1/c/"] });
    await store.write(`${KEY}1/c/0`, text("chunk"));
    expect([await look(), await look("theirs")]).toEqual(["begun", "begun"]);
    await writeNote(store, KEY, note);
    // of which none is a part of what is written
    await store.write(`${KEY}1/c/0`, text("chunk"));
    expect([await look(), await look("theirs")]).toEqual(["begun", "changed"]);
  });

  it("is finished, for its own graph also with files of others beside it", async () => {
    await finish();
    expect([await look(), await look("theirs")]).toEqual(["finished", "finished"]);
    await store.write(`${KEY}notes.txt`, text("of a person"));
    expect([await look(), await look("theirs")]).toEqual(["finished", "changed"]);
  });

  it("is changed where the document has other bytes, of the same size too, or where chunks are younger", async () => {
    await finish();
    await store.write(`${KEY}${DOCUMENT}`, text("[]"));
    expect([await look(), await look("theirs")]).toEqual(["changed", "changed"]);
    await store.write(`${KEY}${DOCUMENT}`, text("{}{}"));
    expect(await look()).toBe("changed");
    await store.remove(KEY);
    await finish();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await store.write(`${KEY}0/c/0`, text("other"));
    expect([await look(), await look("theirs")]).toEqual(["changed", "changed"]);
  });

  it("is finished where single chunks are gone, for the graph that may do them again", async () => {
    await store.write(`${KEY}0/c/1`, text("chunk"));
    await finish();
    await store.remove(`${KEY}0/c/1`);
    expect([await look(), await look("theirs")]).toEqual(["finished", "changed"]);
  });

  it("is one object for a result", async () => {
    const single = { ...note, document: "", parts: [], documents: { "": checkedOf(text("{}")) } };
    await writeNote(store, "facts.json", single);
    const state = async () => (await lookAtPlace(store, "facts.json", "", { graph: "mine" })).state;
    expect(await state()).toBe("empty");
    await store.write("facts.json", text("{}"));
    expect(await state()).toBe("finished");
    await store.write("facts.json", text("[]"));
    expect(await state()).toBe("changed");
  });
});
