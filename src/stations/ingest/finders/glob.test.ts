import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../../stores/memory/store.js";
import { escapeGlob, type GlobOptions, glob } from "./glob.js";
import { cachedListing } from "./listing.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/ingest/python.golden.json", import.meta.url), "utf8"),
) as {
  fnmatch: [string, string[]][];
  names: string[];
};

async function find(keys: readonly string[], pattern: string, options?: GlobOptions): Promise<string[]> {
  const store = memoryStore();
  for (const key of keys) await store.write(key, new Uint8Array(1));
  return (await glob(cachedListing(store), pattern, options)).map(({ key, folder }) => (folder ? `${key}/` : key));
}

describe("one segment", () => {
  const names = golden.names.filter((name) => !name.includes("\\"));
  it.each(golden.fnmatch.filter(([pattern]) => !pattern.includes("\\")))(
    "%s matches what Python's fnmatch matches",
    async (pattern, expected) => {
      expect((await find(names, pattern)).sort()).toEqual(expected.filter((name) => names.includes(name)).sort());
    },
  );

  it("an escaped name finds itself and nothing else", async () => {
    const segment = fc.stringMatching(/^[-a-c*?[\]!.é]{1,8}$/).filter((name) => !name.startsWith("."));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(segment, { minLength: 1, maxLength: 6 }), async (present) => {
        expect(await find(present, escapeGlob(present[0]!))).toEqual([present[0]]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("paths", () => {
  const tree = [
    "a/x.rec",
    "a/y.rec",
    "a/sub/x.rec",
    "a/sub/deep/x.rec",
    "b/x.rec",
    "b/._x.rec",
    "b/.cache/x.rec",
    "c.zarr/0/0",
    "a/v.zarr/.zattrs",
    "a/v.zarr/x.rec",
    "top.rec",
  ];

  it.each([
    ["*/x.rec", ["a/x.rec", "b/x.rec"]],
    ["a/*", ["a/sub/", "a/v.zarr/", "a/x.rec", "a/y.rec"]],
    ["a/sub", ["a/sub/"]],
    ["*", ["a/", "b/", "c.zarr/", "top.rec"]],
    ["./a//x.rec", ["a/x.rec"]],
    ["/a/x.rec/", ["a/x.rec"]],
    ["**/x.rec", ["a/sub/deep/x.rec", "a/sub/x.rec", "a/x.rec", "b/x.rec"]],
    ["a/**/x.rec", ["a/sub/deep/x.rec", "a/sub/x.rec", "a/x.rec"]],
    ["a/**", ["a/sub/", "a/sub/deep/", "a/sub/deep/x.rec", "a/sub/x.rec", "a/v.zarr/", "a/x.rec", "a/y.rec"]],
    ["**/**/y.rec", ["a/y.rec"]],
    ["a/**/v.zarr", ["a/v.zarr/"]],
    ["b/.*", ["b/._x.rec", "b/.cache/"]],
    ["nowhere/*", []],
    ["a/x.rec/*", []],
    ["", []],
  ])("%s", async (pattern, expected) => {
    expect(await find(tree, pattern)).toEqual(expected);
  });

  it("hidden names are seen where a bucket's listing shows them", async () => {
    expect(await find(tree, "b/*", { hidden: true })).toEqual(["b/._x.rec", "b/.cache/", "b/x.rec"]);
  });

  it("are sorted in UTF-8 order", async () => {
    const names = ["\u{1f600}", "\uff5e", "a", "é", "B"];
    expect(await find(names, "*")).toEqual(["B", "a", "é", "\uff5e", "\u{1f600}"]);
  });

  it("that leave the store are refused", async () => {
    await expect(find(tree, "a/../../x", { place: { line: 4 } })).rejects.toMatchObject({
      code: "NAME_UNSAFE",
      facts: { place: { line: 4 } },
    });
  });

  it("with a range that runs backwards are refused", async () => {
    await expect(find(tree, "[z-a].rec", { place: { line: 4 } })).rejects.toMatchObject({
      code: "CONFIG_FIELD",
      facts: { place: { line: 4 } },
    });
  });

  it("list each folder once, and none that a plain name leads through", async () => {
    const store = memoryStore();
    for (const key of tree) await store.write(key, new Uint8Array(1));
    const asked: string[] = [];
    const children = (folder: string) => {
      asked.push(folder);
      return store.children(folder);
    };
    const listing = cachedListing({ ...store, children });
    await glob(listing, "a/sub/*.rec");
    await glob(listing, "a/sub/x.*");
    expect(asked).toEqual(["a/sub/"]);
  });
});
