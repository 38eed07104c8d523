import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../../core/errors.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Entry } from "../../../stores/store.js";
import { type WalkOptions, walkTree } from "./walk.js";

async function collect(children: (folder: string) => AsyncIterable<Entry>, options: WalkOptions = {}) {
  const keys: string[] = [];
  for await (const { key, whole } of walkTree(children, options)) keys.push(whole ? `${key} (whole)` : key);
  return keys;
}

/** A listing by a rule; counts what is asked at a time. */
function listing(of: (folder: string) => (string | Entry)[] | Error) {
  const state = { asked: [] as string[], now: 0, most: 0 };
  return {
    state,
    async *children(folder: string): AsyncGenerator<Entry> {
      state.asked.push(folder);
      state.most = Math.max(state.most, ++state.now);
      await new Promise((done) => setTimeout(done, 1));
      state.now--;
      const found = of(folder);
      if (found instanceof Error) throw found;
      for (const entry of found) yield typeof entry === "string" ? { key: entry, size: 1 } : entry;
    },
  };
}

describe("walkTree", () => {
  it("gives every object of a store, level by level", async () => {
    const store = memoryStore();
    for (const key of ["a", "d/b", "d/e/c", "f/g/h/i", "z"]) await store.write(key, new Uint8Array(1));
    expect(await collect((folder) => store.children(folder))).toEqual(["a", "z", "d/b", "d/e/c", "f/g/h/i"]);
  });

  it("asks for a few folders at a time, each once", async () => {
    const { state, children } = listing((folder) =>
      folder === "" ? Array.from({ length: 20 }, (_, at) => `f${at}/`) : [`${folder}x`],
    );
    expect(await collect(children, { atOnce: 3 })).toHaveLength(20);
    expect(state.most).toBe(3);
    expect(new Set(state.asked).size).toBe(state.asked.length);
  });

  it("(34.silence) a folder that holds itself ends, and is told", async () => {
    const { state, children } = listing((folder) => [`${folder}a`, `${folder}loop/`]);
    const circles: string[] = [];
    const keys = await collect(children, { onCircle: (folder) => circles.push(folder) });
    expect([keys[0], circles]).toEqual(["a", ["loop/loop/"]]);
    expect(state.asked.length).toBeLessThan(6);
  });

  it("folders of folders that look alike are no loop", async () => {
    const { children } = listing((folder) => (folder.split("/").length > 6 ? [`${folder}file`] : [`${folder}x/`]));
    expect(await collect(children)).toEqual(["x/x/x/x/x/x/file"]);
  });

  it("endless depth and width are told, and what was found stays", async () => {
    const { children } = listing((folder) => [
      { key: `${folder}n${folder.length}`, size: 1 },
      { key: `${folder}d/`, size: 0 },
    ]);
    const faults: string[] = [];
    const keys = await collect(children, { depthMax: 5, onFault: (key, { code }) => faults.push(`${code} ${key}`) });
    expect(keys).toHaveLength(5);
    expect(faults).toEqual(["STORE_PROTOCOL d/d/d/d/d/"]);
    const wide = listing((folder) => (folder === "" ? ["a/", "b/", "c/"] : [`${folder}x`]));
    const told: string[] = [];
    expect(await collect(wide.children, { foldersMax: 3, onFault: (key) => told.push(key) })).toEqual(["a/x", "b/x"]);
    expect(told).toEqual(["c/"]);
  });

  it("never above the start: names that are not directly in their folder are passed over, bad ones told", async () => {
    const { children } = listing((folder) =>
      folder === "" ? ["ok", "sub/", "../up", "a/b/c", "/abs"] : ["sub/in", "elsewhere/x", "sub/../out", "sub/.."],
    );
    const faults: string[] = [];
    expect(await collect(children, { onFault: (key) => faults.push(key) })).toEqual(["ok", "sub/in"]);
    expect(faults).toEqual(["sub/.."]);
  });

  it("a folder that cannot be listed is told, the start is thrown", async () => {
    const denied = new EmporiumError("STORE_DENIED", "no");
    const { children } = listing((folder) => (folder === "b/" ? denied : folder === "" ? ["a/", "b/"] : [`${folder}x`]));
    const faults: string[] = [];
    expect(await collect(children, { onFault: (key) => faults.push(key) })).toEqual(["a/x"]);
    expect(faults).toEqual(["b/"]);
    await expect(collect(children)).rejects.toBe(denied);
    await expect(collect(listing(() => denied).children, { onFault() {} })).rejects.toBe(denied);
  });

  it("folders that are one thing are not looked into", async () => {
    const { state, children } = listing((folder) => (folder === "" ? ["v.zarr/", "d/"] : [`${folder}x`]));
    expect(await collect(children, { isWhole: (key) => key.endsWith(".zarr/") })).toEqual(["v.zarr (whole)", "d/x"]);
    expect(state.asked).toEqual(["", "d/"]);
  });
});
