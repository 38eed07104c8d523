import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../../test/real-data.js";
import { isEmporiumError } from "../../../core/errors.js";
import { cells } from "./chunk-grid.js";
import { groupContents } from "./group-contents.js";

type Documents = Record<string, unknown>;

/** A volume by its documents; counts what is asked. */
function volume(documents: Documents) {
  const asked: string[] = [];
  const read = async (key: string) => {
    asked.push(key);
    const value = Object.hasOwn(documents, key) ? documents[key] : undefined;
    return value === undefined ? undefined : Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
  };
  return { asked, read };
}

async function contents(
  documents: Documents,
  options: { scale?: number; name?: string } = {},
  format?: Parameters<typeof groupContents>[1],
) {
  const found = await groupContents(volume(documents).read, format, { name: "v.zarr", ...options });
  return { ...found, keys: found.grids.flatMap((grid) => [...grid.keys()]), counts: found.grids.map(({ count }) => count) };
}

const zarray = (shape: number[], chunks: number[], more = {}) => ({
  zarr_format: 2,
  shape,
  chunks,
  dtype: "<u1",
  compressor: { id: "nobody-knows" },
  fill_value: 0,
  order: "C",
  filters: null,
  ...more,
});
const v3 = (shape: number[], chunk_shape: number[], more = {}) => ({
  zarr_format: 3,
  node_type: "array",
  shape,
  data_type: "uint8",
  chunk_grid: { name: "regular", configuration: { chunk_shape } },
  chunk_key_encoding: { name: "default" },
  codecs: [{ name: "nobody-knows" }],
  fill_value: 0,
  ...more,
});
const multiscales = (...paths: string[]) => [{ datasets: paths.map((path) => ({ path })) }];

describe("cells", () => {
  it("are all cells of a grid, each once, the last axis fastest", () => {
    expect([...cells([2, 3])].map(String)).toHaveLength(6);
    const seen: string[] = [];
    for (const cell of cells([2, 1, 2])) seen.push(cell.join(","));
    expect(seen).toEqual(["0,0,0", "0,0,1", "1,0,0", "1,0,1"]);
    expect([...cells([])]).toHaveLength(1);
    expect([...cells([3, 0])]).toHaveLength(0);
  });
});

describe("Zarr", () => {
  it("an array alone, whatever its codec; both separators; no axes", async () => {
    expect(await contents({ ".zarray": zarray([5, 4], [2, 4]) })).toMatchObject({
      documents: [".zarray"],
      keys: ["0.0", "1.0", "2.0"],
      counts: [3],
    });
    expect((await contents({ ".zarray": zarray([5, 4], [2, 2], { dimension_separator: "/" }) })).keys).toEqual([
      "0/0",
      "0/1",
      "1/0",
      "1/1",
      "2/0",
      "2/1",
    ]);
    expect((await contents({ ".zarray": zarray([], []) })).keys).toEqual(["0"]);
    expect((await contents({ "zarr.json": v3([5, 4], [2, 4]) })).keys).toEqual(["c/0/0", "c/1/0", "c/2/0"]);
    expect((await contents({ "zarr.json": v3([], []) })).keys).toEqual(["c"]);
    const dotted = { chunk_key_encoding: { name: "default", configuration: { separator: "." } } };
    expect((await contents({ "zarr.json": v3([3], [2], dotted) })).keys).toEqual(["c.0", "c.1"]);
    expect((await contents({ "zarr.json": v3([3, 1], [2, 1], { chunk_key_encoding: { name: "v2" } }) })).keys).toEqual([
      "0.0",
      "1.0",
    ]);
  });

  const group: Documents = {
    ".zgroup": { zarr_format: 2 },
    ".zattrs": { multiscales: multiscales("s0", "s1"), other: 1.0 },
    "s0/.zarray": zarray([4], [2]),
    "s0/.zattrs": {},
    "s1/.zarray": zarray([2], [2]),
    "labels/.zgroup": { zarr_format: 2 },
    "labels/.zattrs": { labels: ["cells"] },
    "labels/cells/.zattrs": { multiscales: multiscales("0") },
    "labels/cells/0/.zarray": zarray([4], [4]),
  };

  it("a group: levels and labels, documents of groups before those in them", async () => {
    const found = await contents(group);
    expect(found.documents).toEqual([
      ".zgroup",
      ".zattrs",
      "s0/.zarray",
      "s0/.zattrs",
      "s1/.zarray",
      "labels/.zgroup",
      "labels/.zattrs",
      "labels/cells/.zattrs",
      "labels/cells/0/.zarray",
    ]);
    expect(found.keys).toEqual(["s0/0", "s0/1", "s1/0", "labels/cells/0/0"]);
    expect(found.warnings).toEqual([]);
  });

  it("one level: the group names it alone, and keeps the rest of what it says", async () => {
    const { "labels/.zattrs": _, ...image } = group;
    const found = await contents(image, { scale: 1 });
    expect(found.keys).toEqual(["s1/0"]);
    expect(found.documents).not.toContain("s0/.zarray");
    expect(JSON.parse(Buffer.from(found.rewritten.get(".zattrs")!).toString())).toEqual({
      multiscales: multiscales("s1"),
      other: 1,
    });
    await expect(contents(image, { scale: 2 })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("levels 0 to 1"),
    });
  });

  it("consolidated metadata save the questions, in both versions", async () => {
    const two = volume({
      ...group,
      ".zmetadata": { zarr_consolidated_format: 1, metadata: Object.fromEntries(Object.entries(group)) },
    });
    const found = await groupContents(two.read, "zarr", { name: "v.zarr" });
    expect(two.asked).toEqual([".zmetadata"]);
    expect(found.documents[0]).toBe(".zmetadata");
    expect(found.grids.map(({ array }) => array).sort()).toEqual(["labels/cells/0", "s0", "s1"]);
    const metadata = { a: { zarr_format: 3, node_type: "group", attributes: {} }, "a/b": v3([2], [1]) };
    const three = volume({
      "zarr.json": { zarr_format: 3, node_type: "group", attributes: {}, consolidated_metadata: { kind: "inline", metadata } },
    });
    expect((await groupContents(three.read, "zarr3", { name: "v.zarr" })).documents).toEqual([
      "zarr.json",
      "a/zarr.json",
      "a/b/zarr.json",
    ]);
    expect(three.asked).toEqual(["zarr.json"]);
  });

  it("OME-Zarr 0.5: one level drops the consolidated copy, which would name the others", async () => {
    const attributes = { ome: { version: "0.5", multiscales: multiscales("0", "1") } };
    const found = await contents(
      {
        "zarr.json": {
          zarr_format: 3,
          node_type: "group",
          attributes,
          consolidated_metadata: { metadata: { "0": v3([4], [2]), "1": v3([2], [2]) } },
        },
      },
      { scale: 1 },
    );
    expect(found.keys).toEqual(["1/c/0"]);
    expect(JSON.parse(Buffer.from(found.rewritten.get("zarr.json")!).toString())).toEqual({
      zarr_format: 3,
      node_type: "group",
      attributes: { ome: { version: "0.5", multiscales: multiscales("1") } },
    });
  });

  it("a series of bioformats2raw, and a plate", async () => {
    const image = (at: string) => ({
      [`${at}/.zattrs`]: { multiscales: multiscales("0") },
      [`${at}/0/.zarray`]: zarray([1], [1]),
    });
    const series = await contents({
      ".zattrs": { "bioformats2raw.layout": 3 },
      "OME/.zgroup": { zarr_format: 2 },
      ...image("0"),
      ...image("1"),
    });
    expect(series.keys).toEqual(["0/0/0", "1/0/0"]);
    expect(series.documents).toContain("OME/METADATA.ome.xml");
    const plate = await contents({
      ".zattrs": { plate: { wells: [{ path: "A/1" }] } },
      "A/1/.zattrs": { well: { images: [{ path: "0" }, { path: "1" }] } },
      ...image("A/1/0"),
      ...image("A/1/1"),
    });
    expect(plate.keys).toEqual(["A/1/0/0/0", "A/1/1/0/0"]);
  });

  it("paths that leave the volume, and levels that are not there, are no part of it", async () => {
    const found = await contents({
      ".zattrs": { multiscales: multiscales("../up", "/s0", "a/../b", "gone") },
      "s0/.zarray": zarray([1], [1]),
    });
    expect(found.keys).toEqual(["s0/0"]);
    expect(found.warnings).toEqual([expect.stringContaining("gone is named by its group and is not there")]);
  });

  it("a server that answers every question with a group ends", async () => {
    let asked = 0;
    const read = async (key: string) => {
      asked++;
      return key.endsWith(".zattrs") ? Buffer.from(JSON.stringify({ multiscales: multiscales("x") })) : undefined;
    };
    await groupContents(read, "zarr2", { name: "v" }).catch(() => {});
    expect(asked).toBeLessThan(100_000);
  });
});

describe("N5", () => {
  const dataset = (dimensions: number[], blockSize: number[]) => ({
    dimensions,
    blockSize,
    dataType: "uint8",
    compression: { type: "xz" },
  });

  it("blocks lie x first; levels and setups are found by their names", async () => {
    expect((await contents({ "attributes.json": dataset([5, 1], [2, 1]) }, {}, "n5")).keys).toEqual(["0/0", "1/0", "2/0"]);
    const found = await contents(
      { "attributes.json": {}, "s0/attributes.json": dataset([4], [2]), "s1/attributes.json": dataset([2], [2]) },
      { name: "v.n5" },
    );
    expect(found).toMatchObject({
      format: "n5",
      documents: ["attributes.json", "s0/attributes.json", "s1/attributes.json"],
      keys: ["s0/0", "s0/1", "s1/0"],
    });
    const setups = await contents(
      {
        "attributes.json": { n5: "2.0.0" },
        "setup0/attributes.json": {},
        "setup0/timepoint0/s0/attributes.json": dataset([1], [1]),
      },
      {},
      "n5",
    );
    expect(setups.keys).toEqual(["setup0/timepoint0/s0/0"]);
  });

  it("one level", async () => {
    const documents = { "attributes.json": {}, "s0/attributes.json": dataset([4], [2]), "s1/attributes.json": dataset([2], [2]) };
    const found = await contents(documents, { scale: 1 }, "n5");
    expect([found.documents, found.keys]).toEqual([["attributes.json", "s1/attributes.json"], ["s1/0"]]);
    await expect(contents(documents, { scale: 2 }, "n5")).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("precomputed", () => {
  const scale = (key: string, size: number[], more = {}) => ({
    key,
    size,
    resolution: [8, 8, 8],
    voxel_offset: [100, 0, 7],
    chunk_sizes: [[64, 64, 64]],
    encoding: "compresso",
    ...more,
  });
  const info = (...scales: object[]) => ({
    "@type": "neuroglancer_multiscale_volume",
    type: "image",
    data_type: "uint8",
    num_channels: 1,
    scales,
  });

  it("chunks are named by where they lie, clipped at the end; the encoding does not matter", async () => {
    const found = await contents({ info: info(scale("8_8_8", [100, 64, 1])) }, {}, "precomputed");
    expect(found.keys).toEqual(["8_8_8/100-164_0-64_7-8", "8_8_8/164-200_0-64_7-8"]);
  });

  it("shards that the grid's ids reach", async () => {
    const sharding = {
      "@type": "neuroglancer_uint64_sharded_v1",
      preshift_bits: 1,
      minishard_bits: 1,
      shard_bits: 6,
      hash: "identity",
    };
    // 8 × 4 × 1 cells: 5 bits, of which 2 are left of shift and minishards: 8 shards
    const found = await contents({ info: info(scale("s", [512, 256, 64], { sharding })) }, {}, "precomputed");
    expect([found.counts, found.keys[0], found.keys.at(-1)]).toEqual([[8], "s/00.shard", "s/07.shard"]);
    const hashed = await contents(
      { info: info(scale("s", [64, 64, 64], { sharding: { ...sharding, hash: "murmurhash3_x86_128" } })) },
      {},
      "precomputed",
    );
    expect(hashed.counts).toEqual([64]);
  });

  it("one level; folders beside; what lies outside is told", async () => {
    const documents = {
      info: { ...info(scale("a", [64, 64, 64]), scale("../b", [64, 64, 64])), mesh: "mesh", segment_properties: "props" },
      "mesh/info": { "@type": "neuroglancer_legacy_mesh" },
      "props/info": {},
    };
    const found = await contents(documents, {}, "precomputed");
    expect(found.documents).toEqual(["info", "mesh/info", "props/info"]);
    expect(found.warnings).toEqual([
      expect.stringContaining("../b lies outside"),
      expect.stringContaining("meshes have no list"),
    ]);
    const one = await contents(documents, { scale: 0 }, "precomputed");
    expect(
      (JSON.parse(Buffer.from(one.rewritten.get("info")!).toString()) as { scales: { key: string }[] }).scales.map(
        ({ key }) => key,
      ),
    ).toEqual(["a"]);
  });
});

describe("any documents", () => {
  it("give contents or one of our errors", async () => {
    const json = fc.json({ maxDepth: 4 });
    const keys = [
      ".zattrs",
      ".zarray",
      ".zgroup",
      ".zmetadata",
      "zarr.json",
      "attributes.json",
      "info",
      "s0/.zarray",
      "0/zarr.json",
    ];
    const shapes = [
      zarray([5, 4], [2, 4]),
      v3([4], [2]),
      { multiscales: multiscales("s0") },
      { dimensions: [4], blockSize: [2] },
    ].map((value) => JSON.stringify(value));
    const text = fc.oneof(
      json,
      fc.constantFrom(...shapes),
      fc
        .tuple(fc.constantFrom(...shapes), fc.nat(120), fc.string({ maxLength: 3 }))
        .map(([shape, at, put]) => shape.slice(0, at) + put + shape.slice(at + 1)),
    );
    const documents = fc.dictionary(fc.constantFrom(...keys), text);
    await fc.assert(
      fc.asyncProperty(documents, async (found) => {
        const result: unknown = await contents(found, {}, undefined).catch((error: unknown) => error);
        expect(result instanceof Error ? isEmporiumError(result) : true).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const shared = fileURLToPath(REAL_DATA);

describe.skipIf(!existsSync(shared))("real volumes", () => {
  const documents = /(?:^|\/)(?:\.z(?:array|attrs|group|metadata)|zarr\.json|attributes\.json|info)$/;
  const folders = (existsSync(shared) ? readdirSync(shared, { recursive: true }) : [])
    .map(String)
    .filter(
      (path) =>
        /^(?:zarr|precomputed|harvest)\//.test(path) && /(?:^|\/)(?:\.zarray|zarr\.json|attributes\.json|info)$/.test(path),
    )
    .map((path) => dirname(path));

  it("every file of every array is among the names that its metadata give", async () => {
    let chunks = 0;
    for (const folder of [...new Set(folders)]) {
      const read = async (key: string) => readFile(join(shared, folder, key)).catch(() => undefined);
      const format = (await read("info")) ? "precomputed" : (await read("attributes.json")) ? "n5" : "zarr";
      const { grids } = await groupContents(read, format, { name: folder });
      const named = new Set(grids.flatMap((grid) => (grid.count < 1e6 ? [...grid.keys()] : [])));
      if (named.size === 0) continue;
      const arrays = grids.map(({ array }) => array);
      const files = readdirSync(join(shared, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(join(shared, folder), join(entry.parentPath, entry.name)))
        .filter((path) => !documents.test(path) && arrays.some((array) => array === "" || path.startsWith(`${array}/`)));
      expect([folder, files.filter((path) => !named.has(path) && !named.has(path.replace(/\.gz$/, "")))]).toEqual([folder, []]);
      chunks += files.length;
    }
    expect(chunks).toBeGreaterThan(300);
  });
});
