import { describe, expect, it } from "vitest";
import { memoryStore } from "../../../../stores/memory/store.js";
import { known, orNothing } from "./fact.js";
import { treeOf } from "./tree.js";
import { zarrFacts } from "./zarr.js";

const multiscales = [{ axes: [], datasets: [{ path: "0" }] }];

async function factsOf(files: Readonly<Record<string, unknown>>) {
  const store = memoryStore();
  for (const [key, content] of Object.entries(files)) {
    await store.write(`v.zarr/${key}`, new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content)));
  }
  return zarrFacts(treeOf(store), "v.zarr");
}

describe("zarrFacts", () => {
  it("reads the documents of OME-Zarr 0.4", async () => {
    const facts = await factsOf({
      ".zgroup": { zarr_format: 2 },
      ".zattrs": { multiscales },
      "0/.zarray": { shape: [4, 3, 2], dtype: "<f4" },
      "0/0/0/0": "chunk",
      "labels/.zgroup": {},
    });
    expect(await known(facts.children)).toEqual([".zattrs", ".zgroup", "0", "labels"]);
    expect(await known(facts.levels)).toMatchObject([{ name: "0", shape: [4, 3, 2], dtype: "float32" }]);
    expect(await known(facts.image)).toMatchObject({ key: "v.zarr/.zattrs", path: "multiscales.0", zarrFormat: 2 });
  });

  it("reads the documents of OME-Zarr 0.5", async () => {
    const facts = await factsOf({
      "zarr.json": { zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales } } },
      "0/zarr.json": { zarr_format: 3, node_type: "array", shape: [4, 3, 2], data_type: "int8" },
    });
    expect(await known(facts.levels)).toMatchObject([{ name: "0", shape: [4, 3, 2], dtype: "int8" }]);
    expect(await known(facts.image)).toMatchObject({
      key: "v.zarr/zarr.json",
      path: "attributes.ome.multiscales.0",
      zarrFormat: 3,
    });
  });

  it("finds the labels of a mask where each version has them", async () => {
    const label = { colors: [{ "label-value": 1 }] };
    const inside = [{ ...multiscales[0], metadata: { "image-label": label } }];
    const second = await factsOf({ ".zattrs": { multiscales: inside } });
    const path = "multiscales.0.metadata.image-label";
    expect((await known(second.image)).imageLabel).toEqual({ path, json: label });
    for (const [ome, json] of [
      [{ multiscales, "image-label": label }, label],
      [{ multiscales: inside }, undefined],
    ] as const) {
      const third = await factsOf({ "zarr.json": { zarr_format: 3, node_type: "group", attributes: { ome } } });
      expect((await known(third.image)).imageLabel).toEqual({ path: "attributes.ome.image-label", json });
    }
  });

  it("tells what is absent from what cannot be read", async () => {
    const absent = await factsOf({});
    expect(await absent.children()).toEqual({ why: "no Zarr folder" });
    const bare = await factsOf({ ".zgroup": {} });
    expect(await bare.image()).toEqual({ why: "no attributes of the Zarr folder" });
    expect(await orNothing(bare.levels)).toEqual([]);
    const broken = await factsOf({ ".zattrs": "{", "0/.zarray": { shape: "4", dtype: "<f4" } });
    expect(await broken.image()).toMatchObject({ fault: { code: "FORMAT_CORRUPT" } });
    expect(await broken.levels()).toMatchObject({ fault: { code: "FORMAT_FIELD" } });
  });
});
