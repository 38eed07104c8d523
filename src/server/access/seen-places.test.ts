import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import type { Place } from "../places.js";
import type { View } from "./access.js";
import { seenPlaces } from "./seen-places.js";
import type { TreeSight } from "./tree-sight.js";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-places-")));
  for (const name of ["tree/1/raw", "tree/2/raw", "elsewhere"]) mkdirSync(join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const placeOf = (id: string, store: Store, more: Partial<Place> = {}) =>
  ({ id, name: id, kind: "folder", store, ...more }) as Place;
const onDisk = (path: string, more?: Partial<Place>) => placeOf(path, fileStore(join(folder, path)), more);
/** Of dataset 2 nothing is seen. Keys that were asked for are noted. */
function sight() {
  const asked: string[] = [];
  const sees = (key: string) => {
    asked.push(key);
    return key === "" || key === "1" || key.startsWith("1/");
  };
  return { asked, sight: { sees: async (key: string) => sees(key), seesAtOnce: sees } as unknown as TreeSight };
}
const seenBy = async (seesOthers: boolean, places: readonly Place[], tree: Place | undefined) => {
  const seen = await seenPlaces(places, tree, { seesOthers } as View, sight().sight);
  return Promise.all(
    seen.map(async ({ id, store }) => {
      const names: string[] = [];
      for await (const { key } of store.children("")) names.push(key);
      return [id, names];
    }),
  );
};

it("the tree and what lies in it or around it have what the rules show, another place is for who sees others", async () => {
  const tree = onDisk("tree", { kind: "tree" });
  const places = [tree, onDisk("tree/1"), onDisk("tree/2"), onDisk("tree/2/raw"), onDisk("."), onDisk("elsewhere")];
  const within = [
    ["tree", ["1/"]],
    ["tree/1", ["raw/"]],
  ];
  expect(await seenBy(true, places, tree)).toEqual([...within, [".", ["elsewhere/", "tree/"]], ["elsewhere", []]]);
  // around the tree there is nothing to see but the tree
  expect(await seenBy(false, places, tree)).toEqual([...within, [".", ["tree/"]]]);
});

it("a place that is one file is there where its file is seen", async () => {
  const tree = onDisk("tree", { kind: "tree" });
  const file = (key: string) => ({ ...tree, id: key, key, kind: "folder" }) as Place;
  const { asked, sight: one } = sight();
  const seen = await seenPlaces([file("1/a.mrc"), file("2/a.mrc")], tree, { seesOthers: true } as View, one);
  expect(seen.map(({ id }) => id)).toEqual(["1/a.mrc"]);
  expect(asked).toEqual(["1/a.mrc", "2/a.mrc"]);
});

it("a tree that is not the catalogue's obeys the rules all the same", async () => {
  const tree = placeOf("tree", memoryStore({ url: "https://one.example/tree" }), { kind: "tree" });
  await tree.store.write("1/a", new Uint8Array());
  await tree.store.write("2/a", new Uint8Array());
  const another = placeOf("another", memoryStore({ url: "https://two.example/x" }));
  for (const catalogue of [undefined, placeOf("c", memoryStore({ url: "https://three.example/y" }), { kind: "tree" })]) {
    expect(await seenBy(false, [tree, another], catalogue)).toEqual([["tree", ["1/"]]]);
    expect(await seenBy(true, [tree, another], catalogue)).toEqual([
      ["tree", ["1/"]],
      ["another", []],
    ]);
  }
});
