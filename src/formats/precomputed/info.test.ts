import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { resolveKey } from "./fields.js";
import { parseInfo, parseVolumeInfo } from "./info.js";
import { printVolumeInfo } from "./print-info.js";

type Document = Record<string, unknown>;

const SCALE = { key: "8_8_40", size: [300, 200, 100], resolution: [8, 8, 40], chunk_sizes: [[64, 64, 32]], encoding: "raw" };
const SHARDING = {
  "@type": "neuroglancer_uint64_sharded_v1",
  preshift_bits: 9,
  hash: "identity",
  minishard_bits: 6,
  shard_bits: 15,
};
const VOLUME = {
  "@type": "neuroglancer_multiscale_volume",
  type: "segmentation",
  data_type: "uint32",
  num_channels: 1,
  scales: [SCALE],
};
const ANNOTATIONS = {
  "@type": "neuroglancer_annotations_v1",
  dimensions: { x: [1e-9, "m"], y: [1e-9, "m"], z: [4e-8, "m"] },
  lower_bound: [0, 0, 0],
  upper_bound: [9.5, 9, 9],
  annotation_type: "POINT",
  properties: [{ id: "name", type: "uint8", enum_values: [0], enum_labels: ["x"] }],
  relationships: [],
  by_id: { key: "by_id" },
  spatial: [{ key: "spatial0", grid_shape: [1, 1, 1], chunk_size: [9.5, 9, 9], limit: 3 }],
};
const MULTILOD = {
  "@type": "neuroglancer_multilod_draco",
  vertex_quantization_bits: 16,
  transform: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
  lod_scale_multiplier: 1,
  sharding: { ...SHARDING, hash: "murmurhash3_x86_128", minishard_bits: 0, shard_bits: 0 },
};
const SKELETONS = {
  "@type": "neuroglancer_skeletons",
  vertex_attributes: [{ id: "radius", data_type: "float32", num_components: 1 }],
};
const PROPERTIES = {
  "@type": "neuroglancer_segment_properties",
  inline: { ids: ["1", "18446744073709551615"], properties: [{ id: "label", type: "label", values: ["a", "b"] }] },
};

const encode = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));
const parse = (document: unknown) => parseInfo(encode(document), "test/info");
const withScale = (changes: Document): Document => ({ ...VOLUME, scales: [{ ...SCALE, ...changes }] });

describe("info documents", () => {
  it("of volumes, z first", () => {
    expect(parse(VOLUME)).toEqual({
      kind: "volume",
      type: "segmentation",
      dtype: "uint32",
      channels: 1,
      mesh: undefined,
      skeletons: undefined,
      scales: [
        {
          key: "8_8_40",
          shape: [100, 200, 300],
          offset: [0, 0, 0],
          voxelSizeNm: [40, 8, 8],
          chunks: [[32, 64, 64]],
          encoding: "raw",
          block: undefined,
          sharding: undefined,
        },
      ],
    });
  });

  it("of volumes with all that may be there", () => {
    const scale = {
      voxel_offset: [-5, 3.0, 7],
      encoding: "COMPRESSED_SEGMENTATION",
      compressed_segmentation_block_size: [8, 16, 32],
      sharding: SHARDING,
      key: "../seg/8_8_40",
    };
    const untyped = { ...withScale(scale), "@type": undefined, mesh: "mesh", skeletons: "sk", segment_properties: "props" };
    expect(parse(untyped)).toMatchObject({
      mesh: "mesh",
      skeletons: "sk",
      segmentProperties: "props",
      scales: [
        {
          key: "../seg/8_8_40",
          offset: [7, 3, -5],
          encoding: "compressed_segmentation",
          block: [32, 16, 8],
          sharding: { preshiftBits: 9, minishardBits: 6, shardBits: 15, dataEncoding: "raw", minishardIndexEncoding: "raw" },
        },
      ],
    });
  });

  it("of annotations", () => {
    expect(parse(ANNOTATIONS)).toMatchObject({
      kind: "annotations",
      type: "point",
      dimensions: [
        { name: "x", scale: 1e-9, unit: "m" },
        { name: "y", scale: 1e-9, unit: "m" },
        { name: "z", scale: 4e-8, unit: "m" },
      ],
      upperBound: [9.5, 9, 9],
      properties: [{ id: "name", type: "uint8", enumValues: [0], enumLabels: ["x"] }],
      byId: { key: "by_id" },
      spatial: [{ key: "spatial0", limit: 3 }],
    });
  });

  it("of meshes, skeletons and segment properties", () => {
    expect(parse({ "@type": "neuroglancer_legacy_mesh" })).toEqual({ kind: "mesh", form: "legacy" });
    expect(parse(MULTILOD)).toMatchObject({ kind: "mesh", form: "multilod", vertexQuantizationBits: 16, lodScaleMultiplier: 1 });
    expect(parse(SKELETONS)).toMatchObject({
      kind: "skeletons",
      attributes: [{ id: "radius", dataType: "float32", components: 1 }],
    });
    expect(parse(PROPERTIES)).toEqual({
      kind: "segment properties",
      ids: [1n, 2n ** 64n - 1n],
      properties: [{ id: "label", type: "label", values: ["a", "b"] }],
    });
    expect(() => parseVolumeInfo(encode(SKELETONS))).toThrow(/of skeletons; expected a volume/);
  });

  it.each<[string, unknown, string, string | undefined]>([
    ["no object", [], "FORMAT_FIELD", undefined],
    ["another kind", { "@type": "neuroglancer_other" }, "FORMAT_UNKNOWN", "@type"],
    ["no kind", {}, "FORMAT_UNKNOWN", "@type"],
    ["no scales", { ...VOLUME, scales: [] }, "FORMAT_FIELD", "scales"],
    ["scales absent", { ...VOLUME, scales: undefined }, "FORMAT_FIELD", "scales"],
    ["2000 scales", { ...VOLUME, scales: Array.from({ length: 2000 }, () => SCALE) }, "FORMAT_LIMIT", "scales"],
    ["a structured type", { ...VOLUME, data_type: [["a", "<i4"]] }, "FORMAT_FIELD", "data_type"],
    ["text voxels", { ...VOLUME, data_type: "string" }, "FORMAT_FIELD", "data_type"],
    ["no channels", { ...VOLUME, num_channels: 0 }, "FORMAT_FIELD", "num_channels"],
    ["a type of its own", { ...VOLUME, type: "mesh" }, "FORMAT_FIELD", "type"],
    ["chunks of 0", withScale({ chunk_sizes: [[64, 0, 64]] }), "FORMAT_FIELD", "scales.0.chunk_sizes.0.1"],
    ["no chunks", withScale({ chunk_sizes: [] }), "FORMAT_FIELD", "scales.0.chunk_sizes"],
    ["chunks of two axes", withScale({ chunk_sizes: [[64, 64]] }), "FORMAT_FIELD", "scales.0.chunk_sizes.0"],
    [
      "chunks past the ceiling",
      withScale({ size: [4096, 4096, 4096], chunk_sizes: [[2048, 2048, 2048]] }),
      "FORMAT_LIMIT",
      "scales.0.chunk_sizes.0",
    ],
    ["resolution 0", withScale({ resolution: [8, 0, 8] }), "FORMAT_FIELD", "scales.0.resolution.1"],
    ["resolution as text", withScale({ resolution: [8, "8", 8] }), "FORMAT_FIELD", "scales.0.resolution.1"],
    ["size 0", withScale({ size: [0, 1, 1] }), "FORMAT_FIELD", "scales.0.size.0"],
    ["size −1", withScale({ size: [-1, 1, 1] }), "FORMAT_FIELD", "scales.0.size.0"],
    ["size of 1e18", withScale({ size: [1e18, 1, 1] }), "FORMAT_LIMIT", "scales.0.size.0"],
    ["2^60 voxels", withScale({ size: [2 ** 20, 2 ** 20, 2 ** 20] }), "FORMAT_LIMIT", "scales.0.size"],
    ["half an offset", withScale({ voxel_offset: [0.5, 0, 0] }), "FORMAT_FIELD", "scales.0.voxel_offset.0"],
    ["no encoding", withScale({ encoding: undefined }), "FORMAT_FIELD", "scales.0.encoding"],
    ["no key", withScale({ key: "" }), "FORMAT_FIELD", "scales.0.key"],
    ["an absolute key", withScale({ key: "/etc/passwd" }), "FORMAT_FIELD", "scales.0.key"],
    ["a URL as key", withScale({ key: "http://example.org/x" }), "FORMAT_FIELD", "scales.0.key"],
    ["a backslash in a key", withScale({ key: "..\\x" }), "FORMAT_FIELD", "scales.0.key"],
    ["a NUL in a key", withScale({ key: "a\u0000b" }), "FORMAT_FIELD", "scales.0.key"],
    ["a key of 10 kB", withScale({ key: "x".repeat(10_000) }), "FORMAT_FIELD", "scales.0.key"],
    ["a mesh elsewhere", { ...VOLUME, mesh: "//host/mesh" }, "FORMAT_FIELD", "mesh"],
    [
      "no block size",
      withScale({ encoding: "compressed_segmentation" }),
      "FORMAT_FIELD",
      "scales.0.compressed_segmentation_block_size",
    ],
    [
      "block size 0",
      withScale({ encoding: "compressed_segmentation", compressed_segmentation_block_size: [8, 8, 0] }),
      "FORMAT_FIELD",
      "scales.0.compressed_segmentation_block_size.2",
    ],
    [
      "labels of a byte",
      {
        ...withScale({ encoding: "compressed_segmentation", compressed_segmentation_block_size: [8, 8, 8] }),
        data_type: "uint8",
      },
      "FORMAT_FIELD",
      "data_type",
    ],
    [
      "minishard_bits 64",
      withScale({ sharding: { ...SHARDING, minishard_bits: 64, shard_bits: 0 } }),
      "FORMAT_LIMIT",
      "scales.0.sharding.minishard_bits",
    ],
    [
      "minishard_bits 65",
      withScale({ sharding: { ...SHARDING, minishard_bits: 65 } }),
      "FORMAT_FIELD",
      "scales.0.sharding.minishard_bits",
    ],
    [
      "80 bits in all",
      withScale({ sharding: { ...SHARDING, minishard_bits: 20, shard_bits: 60 } }),
      "FORMAT_FIELD",
      "scales.0.sharding.shard_bits",
    ],
    ["another hash", withScale({ sharding: { ...SHARDING, hash: "md5" } }), "FORMAT_FIELD", "scales.0.sharding.hash"],
    [
      "sharding of another kind",
      withScale({ sharding: { ...SHARDING, "@type": "x" } }),
      "FORMAT_FIELD",
      "scales.0.sharding.@type",
    ],
    ["another shape of annotations", { ...ANNOTATIONS, annotation_type: "cube" }, "FORMAT_FIELD", "annotation_type"],
    ["no dimensions", { ...ANNOTATIONS, dimensions: {} }, "FORMAT_FIELD", "dimensions"],
    ["a dimension of scale 0", { ...ANNOTATIONS, dimensions: { x: [0, "m"] } }, "FORMAT_FIELD", "dimensions.x.0"],
    ["bounds of two axes", { ...ANNOTATIONS, lower_bound: [1, 2] }, "FORMAT_FIELD", "lower_bound"],
    [
      "a property twice",
      { ...ANNOTATIONS, properties: [ANNOTATIONS.properties[0], ANNOTATIONS.properties[0]] },
      "FORMAT_FIELD",
      "properties",
    ],
    ["a property of text", { ...ANNOTATIONS, properties: [{ id: "x", type: "string" }] }, "FORMAT_FIELD", "properties.0.type"],
    [
      "a label too few",
      { ...ANNOTATIONS, properties: [{ id: "x", type: "uint8", enum_values: [0] }] },
      "FORMAT_FIELD",
      "properties.0.enum_labels",
    ],
    [
      "a cell of 0",
      { ...ANNOTATIONS, spatial: [{ ...ANNOTATIONS.spatial[0], chunk_size: [0, 1, 1] }] },
      "FORMAT_FIELD",
      "spatial.0.chunk_size.0",
    ],
    ["no by_id", { ...ANNOTATIONS, by_id: undefined }, "FORMAT_FIELD", "by_id"],
    ["12 quantisation bits", { ...MULTILOD, vertex_quantization_bits: 12 }, "FORMAT_FIELD", "vertex_quantization_bits"],
    ["a transform of 11", { ...MULTILOD, transform: Array(11).fill(1) }, "FORMAT_FIELD", "transform"],
    [
      "an attribute of text",
      { ...SKELETONS, vertex_attributes: [{ id: "x", data_type: "string", num_components: 1 }] },
      "FORMAT_FIELD",
      "vertex_attributes.0.data_type",
    ],
    [
      "an id past 64 bits",
      { ...PROPERTIES, inline: { ids: ["18446744073709551616"], properties: [] } },
      "FORMAT_FIELD",
      "inline.ids.0",
    ],
    [
      "a value too few",
      { ...PROPERTIES, inline: { ids: ["1"], properties: [{ id: "l", type: "label", values: [] }] } },
      "FORMAT_FIELD",
      "inline.properties.0.values",
    ],
  ])("refused: %s", (_, document, code, path) => {
    try {
      parse(document);
      expect.unreachable();
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      expect(error.code).toBe(code);
      expect(error.facts.place).toMatchObject({ file: "test/info", path });
      expect(error.message).toContain("test/info");
    }
  });

  it("inherited members are none of the document's", () => {
    const polluted = new TextEncoder().encode('{"__proto__": {"@type": "neuroglancer_legacy_mesh"}}');
    expect(() => parseInfo(polluted)).toThrow(/@type is absent/);
    expect(({} as Document)["@type"]).toBeUndefined();
  });
});

describe("keys", () => {
  it.each([
    ["a/b", "data", "a/b/data"],
    ["a/b", "../c/./d", "a/c/d"],
    ["", "mesh", "mesh"],
    ["a/", "x//y", "a/x/y"],
  ])("%s and %s give %s", (folder, relative, resolved) => expect(resolveKey(folder, relative)).toBe(resolved));

  it.each([
    ["", ".."],
    ["a", "../../b"],
    ["a", "b/../../../a/b"],
  ])("%s and %s leave the store", (folder, relative) => expect(() => resolveKey(folder, relative)).toThrow(/leaves the store/));
});

it("a volume's document, printed and read again", () => {
  const written = {
    ...VOLUME,
    scales: [
      { ...SCALE, voxel_offset: [-5, 0, 7], resolution: [4.5, 4.5, 40] },
      { ...SCALE, key: "9_9_40", encoding: "compressed_segmentation", compressed_segmentation_block_size: [8, 8, 4] },
    ],
  };
  const info = parseVolumeInfo(new TextEncoder().encode(JSON.stringify(written)));
  const printed = printVolumeInfo(info);
  expect(JSON.parse(printed)).toEqual({
    ...written,
    scales: [written.scales[0], { ...written.scales[1], voxel_offset: [0, 0, 0] }],
  });
  expect(parseVolumeInfo(new TextEncoder().encode(printed))).toEqual(info);
});
