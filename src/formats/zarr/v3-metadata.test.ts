import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import {
  parseZarrV3,
  parseZarrV3Array,
  parseZarrV3Group,
  v3ChunkKey,
  zarrV3ArrayMetadata,
  zarrV3FromJson,
  zarrV3GroupMetadata,
} from "./v3-metadata.js";

const BASE: JsonObject = {
  zarr_format: 3,
  node_type: "array",
  shape: [8, 6],
  data_type: "float32",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 6] } },
  chunk_key_encoding: { name: "default" },
  fill_value: 0,
  codecs: [{ name: "bytes", configuration: { endian: "little" } }],
};

const parse = (change: JsonObject) => {
  const node = zarrV3FromJson({ ...BASE, ...change }, "a/zarr.json");
  if (node.kind !== "array") throw new Error("an array is wanted");
  return node;
};

function refusal(work: () => unknown): unknown {
  try {
    work();
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.facts.place?.path];
  }
}

const bytes = { name: "bytes", configuration: { endian: "little" } };
const sharding = (configuration: JsonObject): Json[] => [
  {
    name: "sharding_indexed",
    configuration: { chunk_shape: [2, 3], codecs: [bytes], index_codecs: [bytes, { name: "crc32c" }], ...configuration },
  },
];

describe("forms that writers use", () => {
  it("names without configuration, as text", () => {
    const meta = parse({ chunk_key_encoding: "default", data_type: { name: "uint8" }, codecs: ["bytes", "crc32c"] });
    expect([meta.keys, meta.type.dtype, meta.codecs.steps]).toEqual([
      { encoding: "default", separator: "/" },
      "uint8",
      [{ kind: "checksum" }],
    ]);
  });
  it("extensions that say that they may be ignored, and null for what is optional", () => {
    expect(parse({ future: { must_understand: false, a: 1 }, dimension_names: null, storage_transformers: [] }).shape).toEqual([
      8, 6,
    ]);
  });
  it("names of drafts and of numcodecs", () => {
    const meta = parse({
      codecs: [
        { name: "transpose", configuration: { order: "F" } },
        { name: "endian", configuration: { endian: "big" } },
        { name: "numcodecs.zlib", configuration: { level: 1 } },
      ],
    });
    expect([meta.codecs.order, meta.type.littleEndian, meta.codecs.steps]).toEqual([
      [1, 0],
      false,
      [{ kind: "compressor", config: { id: "zlib", level: 1 } }],
    ]);
  });
  it("transpositions after one another are one", () => {
    const shape = [2, 3, 4];
    const transpose = (...order: number[]) => ({ name: "transpose", configuration: { order } });
    const meta = parse({
      shape,
      chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
      codecs: [transpose(2, 0, 1), transpose(1, 0, 2), bytes],
    });
    expect(meta.codecs.order).toEqual([0, 2, 1]); // numpy: a.transpose(2, 0, 1).transpose(1, 0, 2)
    const undone = parse({
      shape,
      chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
      codecs: [transpose(2, 0, 1), transpose(1, 2, 0), bytes],
    });
    expect(undone.codecs.order).toBeUndefined();
  });
  it("a shard's index at its end with a checksum, unless it says otherwise", () => {
    expect(parse({ codecs: sharding({}) }).codecs.serializer).toMatchObject({ location: "end", checksum: true, grid: [2, 2] });
    const other = parse({ codecs: sharding({ index_location: "start", index_codecs: [bytes] }) });
    expect(other.codecs.serializer).toMatchObject({ location: "start", checksum: false });
  });
  it.each([
    ["default", "/", "c/1/2", "c"],
    ["default", ".", "c.1.2", "c"],
    ["v2", ".", "1.2", "0"],
    ["v2", "/", "1/2", "0"],
  ] as const)("keys of %s with %s", (encoding, separator, key, scalar) => {
    expect([v3ChunkKey([1, 2], { encoding, separator }), v3ChunkKey([], { encoding, separator })]).toEqual([key, scalar]);
  });
});

describe("fill values", () => {
  const fill = (data_type: string, fill_value: Json) => {
    const meta = parse({ data_type, fill_value });
    return [meta.fillValue, Buffer.from(meta.fillElement).toString("hex")];
  };
  // numpy 2.4: np.array(value, dtype).tobytes().hex()
  it.each([
    ["bool", true, true, "01"],
    ["bool", false, false, "00"],
    ["bool", 0, false, "00"],
    ["bool", 1, true, "01"],
    ["int8", -1, -1, "ff"],
    ["uint16", 65535, 65535, "ffff"],
    ["int64", -9223372036854775808n, -(2n ** 63n), "0000000000000080"],
    ["uint64", 18446744073709551615n, 2n ** 64n - 1n, "ffffffffffffffff"],
    ["float16", 1.5, 1.5, "003e"],
    ["float16", "0x3e00", 1.5, "003e"],
    ["float16", "0xfc00", Number.NEGATIVE_INFINITY, "00fc"],
    ["float16", "0x0001", 2 ** -24, "0100"],
    ["float32", "NaN", Number.NaN, "0000c07f"],
    ["float32", "0x7fc00f01", Number.NaN, "010fc07f"],
    ["float32", "-Infinity", Number.NEGATIVE_INFINITY, "000080ff"],
    ["float64", "0x3FF0000000000000", 1, "000000000000f03f"],
    ["float64", "Infinity", Number.POSITIVE_INFINITY, "000000000000f07f"],
    ["complex64", [1.5, "NaN"], [1.5, Number.NaN], "0000c03f0000c07f"],
    ["float32", null, 0, "00000000"],
  ] as [string, Json, unknown, string][])("%s %s", (dtype, value, wanted, hex) => {
    expect(fill(dtype, value)).toEqual([wanted, hex]);
  });
  it.each([
    ["bool", 2],
    ["bool", "true"],
    ["int8", 128],
    ["int8", 0.5],
    ["uint8", "0x00"],
    ["uint64", -1],
    ["float32", "nan"],
    ["float32", "0x7fc0"],
    ["float32", "0x7fc00f0g"],
    ["float32", [0]],
    ["complex64", 0],
  ] as [string, Json][])("%s %j is refused", (dtype, value) => {
    expect(refusal(() => fill(dtype, value))).toEqual(["FORMAT_FIELD", "fill_value"]);
  });
});

const grid = (...chunk_shape: Json[]) => ({ chunk_grid: { name: "regular", configuration: { chunk_shape } } });
const SHAPE = "chunk_grid.configuration.chunk_shape";

describe("refused, naming the key", () => {
  it.each([
    [{ zarr_format: 2 }, "FORMAT_FIELD", "zarr_format"],
    [{ zarr_format: "https://purl.org/zarr/spec/protocol/core/3.0" }, "FORMAT_FIELD", "zarr_format"],
    [{ node_type: "dataset" }, "FORMAT_FIELD", "node_type"],
    [{ future: { a: 1 } }, "FORMAT_UNSUPPORTED", "future"],
    [{ future: 1 }, "FORMAT_UNSUPPORTED", "future"],
    [{ storage_transformers: [{ name: "a" }] }, "FORMAT_UNSUPPORTED", "storage_transformers"],
    [{ shape: [-1, 6] }, "FORMAT_FIELD", "shape.0"],
    [{ shape: [10n ** 18n, 6] }, "FORMAT_LIMIT", "shape.0"],
    [{ shape: [2 ** 31, 6] }, "FORMAT_LIMIT", "shape.0"],
    [{ shape: [2 ** 31 - 1, 2 ** 31 - 1] }, "FORMAT_LIMIT", "shape"],
    [{ shape: Array.from({ length: 33 }, () => 1) }, "FORMAT_LIMIT", "shape"],
    [{ shape: "8x6" }, "FORMAT_FIELD", "shape"],
    [grid(0, 6), "FORMAT_FIELD", `${SHAPE}.0`],
    [grid(4), "FORMAT_FIELD", SHAPE],
    [grid(4, 10n ** 18n), "FORMAT_LIMIT", `${SHAPE}.1`],
    [grid(2 ** 15, 2 ** 13), "FORMAT_LIMIT", "codecs.0"],
    [{ chunk_grid: { name: "rectilinear" } }, "FORMAT_UNSUPPORTED", "chunk_grid.name"],
    [{ chunk_key_encoding: { name: "../" } }, "FORMAT_UNSUPPORTED", "chunk_key_encoding.name"],
    [
      { chunk_key_encoding: { name: "default", configuration: { separator: "../" } } },
      "FORMAT_FIELD",
      "chunk_key_encoding.configuration.separator",
    ],
    [{ data_type: "complex128" }, "FORMAT_UNSUPPORTED", "data_type"],
    [{ data_type: "r24" }, "FORMAT_UNSUPPORTED", "data_type"],
    [{ data_type: "constructor" }, "FORMAT_UNSUPPORTED", "data_type"],
    [{ data_type: { name: "float32", configuration: { a: 1 } } }, "FORMAT_UNSUPPORTED", "data_type"],
    [{ data_type: [["a", "<f4"]] }, "FORMAT_FIELD", "data_type"],
    [{ codecs: [] }, "FORMAT_FIELD", "codecs"],
    [{ codecs: ["crc32c"] }, "FORMAT_FIELD", "codecs.0.name"],
    [{ codecs: [bytes, bytes] }, "FORMAT_FIELD", "codecs.1.name"],
    [{ codecs: ["bytes"] }, "FORMAT_FIELD", "codecs.0.configuration.endian"],
    [
      { codecs: [{ name: "transpose", configuration: { order: [0, 0] } }, bytes] },
      "FORMAT_FIELD",
      "codecs.0.configuration.order",
    ],
    [{ codecs: [{ name: "transpose", configuration: { order: [0, 1] } }] }, "FORMAT_FIELD", "codecs"],
    [{ codecs: [bytes, { name: "transpose", configuration: { order: [0, 1] } }] }, "FORMAT_FIELD", "codecs.1.name"],
    [{ codecs: [bytes, { name: "__proto__" }] }, "FORMAT_UNSUPPORTED", "codecs.1.name"],
    [{ codecs: [bytes, { name: "numcodecs.zfpy" }] }, "FORMAT_UNSUPPORTED", "codecs.1.name"],
    [
      { codecs: [bytes, { name: "blosc", configuration: { shuffle: "constructor" } }] },
      "FORMAT_FIELD",
      "codecs.1.configuration.shuffle",
    ],
    [{ codecs: [bytes, { name: "gzip" }, { name: "zstd" }] }, "FORMAT_UNSUPPORTED", "codecs"],
    [{ codecs: [...sharding({}), { name: "gzip" }] }, "FORMAT_UNSUPPORTED", "codecs"],
    [{ codecs: sharding({ chunk_shape: [3, 3] }) }, "FORMAT_FIELD", "codecs.0.configuration.chunk_shape"],
    [{ codecs: sharding({ index_location: "middle" }) }, "FORMAT_FIELD", "codecs.0.configuration.index_location"],
    [{ codecs: sharding({ index_codecs: [bytes, "gzip"] }) }, "FORMAT_UNSUPPORTED", "codecs.0.configuration.index_codecs.1.name"],
    [{ codecs: sharding({ index_codecs: ["crc32c"] }) }, "FORMAT_FIELD", "codecs.0.configuration.index_codecs.0.name"],
    [{ codecs: sharding({ codecs: [{ name: "gzip" }] }) }, "FORMAT_FIELD", "codecs.0.configuration.codecs.0.name"],
    [
      { ...grid(2 ** 12, 2 ** 12), codecs: sharding({ chunk_shape: [1, 1] }) },
      "FORMAT_LIMIT",
      "codecs.0.configuration.chunk_shape",
    ],
    [{ dimension_names: ["a"] }, "FORMAT_FIELD", "dimension_names"],
    [{ dimension_names: ["a", 1] }, "FORMAT_FIELD", "dimension_names.1"],
    [{ attributes: [] }, "FORMAT_FIELD", "attributes"],
  ] as [JsonObject, string, string][])("%o", (change, code, path) => {
    expect(refusal(() => parse(change))).toEqual([code, path]);
  });
  it.each(["shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs", "node_type", "zarr_format"])(
    "without %s",
    (key) => {
      const { [key]: _, ...rest } = BASE;
      expect(refusal(() => zarrV3FromJson(rest, "a"))).toEqual(["FORMAT_FIELD", key]);
    },
  );
  it("shards in shards in shards", () => {
    let codecs: Json[] = [bytes];
    for (let i = 0; i < 5; i++) codecs = sharding({ chunk_shape: [1, 1], codecs });
    expect(refusal(() => parse({ codecs }))).toEqual(["FORMAT_LIMIT", expect.stringContaining("codecs.0.configuration.codecs")]);
  });
  it("chunks of 512 MiB are the largest", () => {
    expect(parse(grid(2 ** 14, 2 ** 13)).chunks).toEqual([2 ** 14, 2 ** 13]);
    expect(refusal(() => parse(grid(2 ** 14, 2 ** 13 + 1)))).toEqual(["FORMAT_LIMIT", "codecs.0"]);
  });
  it("a large shard of chunks of the right size is none", () => {
    const meta = parse({ ...grid(2 ** 16, 2 ** 16), codecs: sharding({ chunk_shape: [2 ** 10, 2 ** 10] }) });
    expect(meta.chunks).toEqual([2 ** 16, 2 ** 16]);
  });
  it("no JSON, no UTF-8, a group where an array is wanted", () => {
    const text = (value: JsonObject) => new TextEncoder().encode(JSON.stringify(value));
    expect(refusal(() => parseZarrV3(new TextEncoder().encode("{")))).toEqual(["FORMAT_CORRUPT", undefined]);
    expect(refusal(() => parseZarrV3(Uint8Array.of(0xff)))).toEqual(["FORMAT_CORRUPT", undefined]);
    expect(refusal(() => parseZarrV3Array(text({ zarr_format: 3, node_type: "group" })))).toEqual(["FORMAT_FIELD", "node_type"]);
    expect(refusal(() => parseZarrV3Group(text(BASE)))).toEqual(["FORMAT_FIELD", "node_type"]);
  });
});

describe("groups", () => {
  const group = (change: JsonObject) => zarrV3FromJson({ zarr_format: 3, node_type: "group", ...change }, "g");
  const inline = (metadata: Json) => ({ consolidated_metadata: { kind: "inline", must_understand: false, metadata } });
  it("may lack attributes", () => {
    expect(group({})).toEqual({ kind: "group", attributes: {}, members: undefined });
    expect(group({ consolidated_metadata: null })).toMatchObject({ members: undefined });
  });
  it.each(["../a", "a/../b", "/a", "a//b", "", ".", "a\\b", "a\u0000"])("a member called %j is refused", (path) => {
    expect(refusal(() => group(inline({ [path]: {} })))).toEqual(["FORMAT_FIELD", `consolidated_metadata.metadata.${path}`]);
  });
  it("other refusals", () => {
    expect(refusal(() => group({ consolidated_metadata: { kind: "outline" } }))).toEqual([
      "FORMAT_FIELD",
      "consolidated_metadata.kind",
    ]);
    expect(refusal(() => group(inline({ a: 1 })))).toEqual(["FORMAT_FIELD", "consolidated_metadata.metadata.a"]);
    expect(refusal(() => group({ shape: [1] }))).toEqual(["FORMAT_UNSUPPORTED", "shape"]);
  });
  it("a member called __proto__ is data", () => {
    const metadata = JSON.parse('{"__proto__": {"polluted": 1}}');
    const node = group(inline(metadata));
    expect(node.kind === "group" && [...node.members!.keys()]).toEqual(["__proto__"]);
    expect(Object.keys(zarrV3GroupMetadata({ members: new Map([["__proto__", {}]]) }).consolidated_metadata as object)).toContain(
      "metadata",
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("what is written", () => {
  it("is read back as it was meant", () => {
    const document = zarrV3ArrayMetadata({
      shape: [300, 300, 300],
      dtype: "int16",
      chunks: [128, 128, 128],
      shards: [384, 384, 384],
      compressor: { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" },
      checksum: true,
      indexLocation: "start",
      fillValue: -1,
      littleEndian: false,
      order: [2, 1, 0],
      keys: { encoding: "v2", separator: "." },
      dimensionNames: ["z", "y", null],
      attributes: { a: 1 },
    });
    const meta = zarrV3FromJson(document, "a");
    expect(meta).toMatchObject({
      chunks: [384, 384, 384],
      type: { dtype: "int16", littleEndian: false },
      fillValue: -1,
      keys: { encoding: "v2", separator: "." },
      dimensionNames: ["z", "y", null],
      attributes: { a: 1 },
      codecs: {
        order: undefined,
        serializer: {
          kind: "shard",
          chunks: [128, 128, 128],
          grid: [3, 3, 3],
          location: "start",
          codecs: {
            order: [2, 1, 0],
            steps: [
              { kind: "compressor", config: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, typesize: 2, blocksize: 0 } },
              { kind: "checksum" },
            ],
          },
        },
      },
    });
  });
  it("is refused where it could not be read", () => {
    const write = (change: object) =>
      refusal(() => zarrV3ArrayMetadata({ shape: [4], dtype: "uint8", chunks: [2], ...change } as never));
    expect(write({})).toBe("read");
    expect(write({ dtype: "uint4" })).toEqual(["FORMAT_UNSUPPORTED", "data_type"]);
    expect(write({ shards: [3] })).toEqual(["FORMAT_FIELD", "codecs.0.configuration.chunk_shape"]);
    expect(write({ fillValue: 256 })).toEqual(["FORMAT_FIELD", "fill_value"]);
    expect(write({ chunks: [2, 2] })).toEqual(["FORMAT_FIELD", SHAPE]);
  });
});
