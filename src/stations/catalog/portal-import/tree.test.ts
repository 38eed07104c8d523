import { describe, expect, it } from "vitest";
import { memoryStore } from "../../../stores/memory/store.js";
import { treeAddresses } from "./addresses.js";
import { fingerprintOf, type RunFiles, type TreePart, walkTree } from "./tree.js";

async function storeOf(keys: Record<string, string>) {
  const store = memoryStore();
  for (const [key, text] of Object.entries(keys)) await store.write(key, new TextEncoder().encode(text));
  return store;
}

async function partsOf(keys: Record<string, string>, folders?: string[]): Promise<TreePart[]> {
  const parts: TreePart[] = [];
  for await (const part of walkTree(await storeOf(keys), folders)) parts.push(part);
  return parts;
}

const TREE = {
  // sorted by bytes these stand around "1/R/…" and "10/…"
  "1-a/x": "..",
  "1/R-2/run_metadata.json": "{}",
  "1/R/a.zarr/0/0": "1234",
  "1/R/a.zarr/1/0": "12",
  "1/R/a.zarr.txt": "1",
  "1/R/a/b/c": "1234567",
  "1/R/NeuroglancerPrecompute/1-x/mesh/0": "123",
  "1/R/run_metadata.json": "{}",
  "1/R.txt": "1",
  "1/Images/a.png": "123",
  "1/dataset_metadata.json": "{}",
  "10/dataset_metadata.json": "{}",
  ".emporium/10/ids.json": "{}",
  "depositions_metadata/103/deposition_metadata.json": "{}",
  "depositions_metadata/103/Images/a.png": "1",
  "depositions_metadata/10301/deposition_metadata.json": "{}",
  "notes.txt": "1",
};

function runOf(parts: readonly TreePart[], folder: string): RunFiles {
  const part = parts.find((one) => one.kind === "run" && one.files.folder === folder);
  if (part?.kind !== "run") throw new Error(`no run ${folder}`);
  return part.files;
}

describe("a walk over a tree", () => {
  it("meets folders, their runs and their end in the order of keys, each size exact", async () => {
    const parts = await partsOf(TREE);
    expect(parts.map((part) => (part.kind === "run" ? `run ${part.files.folder}` : Object.values(part).join(" ")))).toEqual([
      "top 1-a",
      "end 1-a 2",
      "top 1",
      "run 1/R-2",
      "run 1/R",
      "end 1 27",
      "top 10",
      "end 10 2",
      "deposition 103",
      "deposition 10301",
    ]);
  });

  it("holds of a volume its sum alone, and of a run's own files each", async () => {
    const files = runOf(await partsOf(TREE), "1/R");
    expect([...files.volumes]).toEqual([["1/R/a.zarr", { size: 6 }]]);
    expect([...files.files].map(([key, { size }]) => [key, size])).toEqual([
      ["1/R/a.zarr.txt", 1],
      ["1/R/a/b/c", 7],
      ["1/R/run_metadata.json", 2],
    ]);
    const absent: string[] = [];
    const { size } = treeAddresses({ s3: "s3://b", https: "https://h" }, "1/R", files, (key) => absent.push(key));
    expect(["1/R/a.zarr", "1/R/a", "1/R/a/b", "1/R/a.zarr.txt", "1/R/a.z"].map(size)).toEqual([6, 7, 7, 1, 0]);
    expect(absent).toEqual(["1/R/a.z"]);
  });

  it("goes where it is sent, by whole names", async () => {
    const parts = await partsOf(TREE, ["10", "3"]);
    expect(parts.map(({ kind }) => kind)).toEqual(["top", "end"]);
  });
});

describe("a run's fingerprint", () => {
  const fingerprint = async (keys: Record<string, string>, salt = "s") => {
    const store = await storeOf(keys);
    for await (const part of walkTree(store, undefined))
      if (part.kind === "run") return await fingerprintOf(store, part.files, salt);
    throw new Error("no run");
  };
  const RUN = { "1/R/a.zarr/0": "1234", "1/R/b.mrc": "12", "1/R/run_metadata.json": '{"run_name": "R"}' };

  it("changes with a document, a name, a size and what else decides rows, and with nothing else", async () => {
    const store = await storeOf(RUN);
    const files = await (async () => {
      for await (const part of walkTree(store, undefined)) if (part.kind === "run") return part.files;
      throw new Error("no run");
    })();
    const own = await fingerprintOf(store, files, "s");
    expect(await fingerprintOf(store, files, "s")).toBe(own);
    expect(await fingerprintOf(store, files, "t")).not.toBe(own);
    // a store that gives no tags has its documents read
    const untagged = {
      ...files,
      files: new Map([...files.files].map(([key, { size }]) => [key, { size }])),
      volumes: files.volumes,
    };
    const read = await fingerprintOf(store, untagged, "s");
    await store.write("1/R/run_metadata.json", new TextEncoder().encode('{"run_name": "Q"}'));
    expect(await fingerprintOf(store, untagged, "s")).not.toBe(read);
    const others = await Promise.all([
      fingerprint({ ...RUN, "1/R/b.mrc": "123" }),
      fingerprint({ ...RUN, "1/R/c.mrc": "" }),
      fingerprint({ ...RUN, "1/R/a.zarr/1": "1" }),
    ]);
    expect(new Set([own, ...others]).size).toBe(4);
  });
});
