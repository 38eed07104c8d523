import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { seenStore } from "./seen-store.js";
import type { TreeSight } from "./tree-sight.js";

const STATE = "1/run/NeuroglancerPrecompute/100-neuroglancer_config.json";
const layer = (name: string, source: unknown) => ({ name, source });
const FILES: Readonly<Record<string, string>> = {
  "1/run/open.txt": "open",
  "1/run/secret.txt": "secret",
  "1/run/secret/below.txt": "below",
  "2/run/other.txt": "of another dataset",
  "notes/mine.txt": "not in the tree",
  [STATE]: JSON.stringify({
    title: "a view",
    layers: [
      layer("seen", "zarr://https://files.test/1/run/open.zarr"),
      layer("by its path", "/1/run/open.zarr"),
      layer("both", ["precomputed://https://files.test/1/run/open", { url: "precomputed://https://files.test/1/run/secret" }]),
      layer("hidden", { url: "zarr://https://files.test/1/run/secret.zarr" }),
      layer("of nowhere", "zarr://https://elsewhere.test/x"),
      layer("of nothing", undefined),
    ],
  }),
};

/** Sees whatever has no `secret` in its key, of dataset 1. */
const seesKey = (key: string) => key === "" || (/^1(?:\/|$)/.test(key) && !key.includes("secret"));
const sight: TreeSight = {
  sees: async (key) => seesKey(key),
  seesAtOnce: seesKey,
  isPartOfRun: async (key) => key.startsWith("1/run/"),
};
const inTree = (key: string) => (key.startsWith("notes") ? undefined : key);

const folder = mkdtempSync(join(tmpdir(), "emporium-seen-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function inMemory(): Promise<Store> {
  const store = memoryStore({ url: "memory:seen" });
  for (const [key, text] of Object.entries(FILES)) await store.write(key, new TextEncoder().encode(text));
  return store;
}
function inFolder(): Store {
  for (const [key, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), text);
  }
  for (const [name, to] of [
    ["1/run/way.txt", "secret.txt"],
    ["1/run/ways", "secret"],
    ["1/run/across.txt", "../../2/run/other.txt"],
    ["1/run/fine.txt", "open.txt"],
  ] as const) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(to, join(folder, name));
  }
  return fileStore(folder);
}

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);
async function keysOf(entries: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys.sort();
}

describe.each([
  ["in memory", inMemory],
  ["in a folder", async () => inFolder()],
])("a store %s", (_, open) => {
  it("has what is seen; all else is not there, by any call", async () => {
    const store = seenStore(await open(), sight, inTree, false);
    expect(textOf(await store.read("1/run/open.txt"))).toBe("open");
    expect((await store.stat("1/run/open.txt"))?.size).toBe(4);
    for (const key of ["1/run/secret.txt", "1/run/secret/below.txt", "2/run/other.txt", "notes/mine.txt"]) {
      const found = [await store.stat(key), await store.read(key), await store.stream?.(key, { offset: 0 })];
      expect([key, ...found]).toEqual([key, undefined, undefined, undefined]);
    }
    expect(await keysOf(store.list(""))).toEqual(["1/run/NeuroglancerPrecompute/100-neuroglancer_config.json", ...shown(store)]);
    expect(await keysOf(store.children(""))).toEqual(["1/"]);
    expect(await keysOf(store.children("1/run/"))).toEqual(["1/run/NeuroglancerPrecompute/", ...shown(store)]);
    expect(await keysOf(store.children("2/run/"))).toEqual([]);
  });

  it("has what is not in the tree where others are seen", async () => {
    const store = seenStore(await open(), sight, inTree, true);
    expect(textOf(await store.read("notes/mine.txt"))).toBe("not in the tree");
    expect(await keysOf(store.children(""))).toEqual(["1/", "notes/"]);
    expect(await store.stat("2/run/other.txt")).toBeUndefined();
  });

  it("has views without the layers that name what is hidden, or nothing known", async () => {
    const store = seenStore(await open(), sight, inTree, true);
    const text = textOf(await store.read(STATE))!;
    expect(JSON.parse(text)).toEqual({
      title: "a view",
      layers: [layer("seen", "zarr://https://files.test/1/run/open.zarr"), layer("by its path", "/1/run/open.zarr")],
    });
    const stat = (await store.stat(STATE))!;
    expect(stat.size).toBe(text.length);
    expect(stat.etag).toMatch(/^[0-9a-f]{32}$/);
    expect(textOf(await store.read(STATE, { offset: 2, length: 5 }))).toBe(text.slice(2, 7));
    for await (const entry of store.list("1/run/Neuro")) expect([entry.size, entry.etag]).toEqual([stat.size, stat.etag]);
    const whole = seenStore(await open(), { ...sight, isPartOfRun: async () => false }, inTree, true);
    expect(textOf(await whole.read(STATE))).toBe(FILES[STATE]);
  });

  it("has no view where there is none", async () => {
    const store = seenStore(await open(), sight, inTree, true);
    const missing = STATE.replace("100", "200");
    expect([await store.stat(missing), await store.read(missing)]).toEqual([undefined, undefined]);
  });

  it("shows the way to the tree in a folder that is not of it", async () => {
    const store = seenStore(await open(), sight, (key) => (key.startsWith("1/run") ? key : undefined), false);
    expect(await keysOf(store.list("1/run/o"))).toEqual(["1/run/open.txt"]);
    expect(await keysOf(store.children(""))).toEqual([]);
    const below = seenStore(await open(), sight, (key) => (/^1(?:\/|$)/.test(key) ? key : undefined), false);
    expect(await keysOf(below.children(""))).toEqual(["1/"]);
  });

  it("gives no way around", async () => {
    expect(seenStore(await open(), sight, inTree, true).shortWay).toBeUndefined();
  });
});

/** Of the files of a run; a link may be followed where it leads to one that is seen. */
const shown = (store: Store) => (store.local ? ["1/run/fine.txt"] : []).concat("1/run/open.txt");

describe("links in a folder", () => {
  it("lead to what is seen alone", async () => {
    const store = seenStore(inFolder(), sight, inTree, false);
    expect(textOf(await store.read("1/run/fine.txt"))).toBe("open");
    for (const key of ["1/run/way.txt", "1/run/ways/below.txt", "1/run/across.txt"])
      expect([key, await store.read(key)]).toEqual([key, undefined]);
  });

  it("and names have a path of this machine only where they are seen", () => {
    const { local } = seenStore(inFolder(), sight, inTree, false);
    const shownAt = (key: string) => local!.path(key).includes(".not-there");
    expect(["1/run/open.txt", "1/run/fine.txt", "1/run/secret.txt", "1/run/way.txt", "notes/mine.txt"].map(shownAt)).toEqual([
      ...[false, false, true, true, true],
    ]);
    expect(seenStore(inFolder(), sight, inTree, true).local!.path("notes/mine.txt")).toBe(join(folder, "notes/mine.txt"));
  });
});
