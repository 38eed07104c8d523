import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmporiumError } from "../../core/errors.js";
import { fileStore } from "../../stores/file/store.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import { voxelIdentity } from "./voxel-identity.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "emporium 'identity' "));
  for (const [name, text] of [
    ["0/0/0", "abc"],
    ["0/0/1", "de"],
    ["1/0/0", "fghi"],
  ] as const) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
    utimesSync(join(root, name), 1000, 1000);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what tells the voxels of a level from older ones", () => {
  it("of files: names, sizes and times, the same in a copy that keeps the times", async () => {
    const first = await voxelIdentity(fileStore(root), "0/");
    expect(first).toMatchObject({ key: "0/", size: 5, objects: 2, isAll: true });
    cpSync(root, `${root}-copy`, { recursive: true, preserveTimestamps: true });
    expect(await voxelIdentity(fileStore(`${root}-copy`), "0/")).toEqual(first);
    rmSync(`${root}-copy`, { recursive: true });
    writeFileSync(join(root, "0/0/1"), "dx");
    const changed = await voxelIdentity(fileStore(root), "0/");
    expect(changed).toMatchObject({ size: 5, objects: 2 });
    expect(changed!.etag).not.toBe(first!.etag);
    utimesSync(join(root, "0/0/1"), 1000, 1000);
    expect(await voxelIdentity(fileStore(root), "0/")).toEqual(first);
  });

  it("of a bucket: etags", async () => {
    const store = memoryStore();
    await store.write("em/0/a", bytes("abc"));
    const first = await voxelIdentity(store, "em/0/");
    await store.write("em/1/a", bytes("other level"));
    expect(await voxelIdentity(store, "em/0/")).toEqual(first);
    await store.write("em/0/a", bytes("abd"));
    expect((await voxelIdentity(store, "em/0/"))!.etag).not.toBe(first!.etag);
  });

  it("looks at so many objects and says that there are more", async () => {
    const store = fileStore(root);
    const two = await voxelIdentity(store, "", { most: 2 });
    expect(two).toMatchObject({ objects: 2, size: 5, isAll: false });
    writeFileSync(join(root, "1/0/0"), "longer than before");
    expect(await voxelIdentity(store, "", { most: 2 })).toEqual(two);
    expect(await voxelIdentity(store, "", { most: 3 })).toMatchObject({ objects: 3, isAll: true });
  });

  it("is not known of web servers, which are not asked, nor of buckets that refuse to be listed", async () => {
    const asked: string[] = [];
    const of = (url: string): Store => ({
      ...memoryStore(),
      url,
      // biome-ignore lint/correctness/useYield: it fails before the first entry
      async *list() {
        asked.push(url);
        throw new EmporiumError("STORE_DENIED", "no listing");
      },
    });
    for (const url of ["https://host/em.zarr", "ftp://host/em.zarr", "s3://bucket/em.zarr"])
      expect(await voxelIdentity(of(url), "0/")).toBeUndefined();
    expect(asked).toEqual(["s3://bucket/em.zarr"]);
  });
});
