import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Json, parseJson, printJson } from "../../src/core/json.js";
import { Float } from "../../src/core/number.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import type { AnnotationInfo } from "../../src/formats/precomputed/annotation-info.js";
import { decodeAnnotation, decodeAnnotations } from "../../src/formats/precomputed/annotation-records.js";
import { AnnotationCollection, BY_ID_SHARDING, bodyOf } from "../../src/formats/precomputed/annotations.js";
import {
  decodeSegmentation,
  encodeSegmentation,
  type SegmentationForm,
} from "../../src/formats/precomputed/compressed-segmentation.js";
import { parseInfo } from "../../src/formats/precomputed/info.js";
import { decodeMeshFragment, encodeMeshFragment, parseMeshManifest } from "../../src/formats/precomputed/legacy-mesh.js";
import { encodeShards, readShardValue, type Sharding } from "../../src/formats/precomputed/sharding.js";
import { FUZZ_CASES } from "../thorough.js";

const seed = Number(process.env.FUZZ_SEED ?? 64);
const cases = FUZZ_CASES;
const text = (value: string) => new TextEncoder().encode(value);

type Reader = (bytes: Uint8Array) => unknown;

/** "read", or the code of our error, which must have a place; anything else is thrown on. */
async function outcome(read: Reader, bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    expect(error.facts.place?.file).toBeDefined();
    return error.code;
  }
}

const sharding = {
  "@type": "neuroglancer_uint64_sharded_v1",
  preshift_bits: 9,
  hash: "identity",
  minishard_bits: 6,
  shard_bits: 15,
  minishard_index_encoding: "gzip",
  data_encoding: "gzip",
};
const scale = {
  key: "8_8_40",
  size: [300, 200, 100],
  resolution: [8, 8, 40.5],
  voxel_offset: [0, -1, 2],
  chunk_sizes: [[64, 64, 32]],
  encoding: "compressed_segmentation",
  compressed_segmentation_block_size: [8, 8, 8],
  sharding,
};
const DOCUMENTS: Json[] = [
  {
    "@type": "neuroglancer_multiscale_volume",
    type: "segmentation",
    data_type: "uint64",
    num_channels: 1,
    scales: [scale],
    mesh: "mesh",
    skeletons: "skeletons",
    segment_properties: "properties",
  },
  {
    "@type": "neuroglancer_annotations_v1",
    dimensions: { x: [1e-9, "m"], y: [1e-9, "m"] },
    lower_bound: [0, 0.5],
    upper_bound: [9, 9],
    annotation_type: "line",
    properties: [{ id: "name", type: "uint8", enum_values: [0], enum_labels: ["x"] }],
    relationships: [{ id: "body", key: "body", sharding }],
    by_id: { key: "by_id", sharding },
    spatial: [{ key: "spatial0", grid_shape: [1, 1], chunk_size: [9, 9], limit: 3 }],
  },
  {
    "@type": "neuroglancer_multilod_draco",
    vertex_quantization_bits: 16,
    transform: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    lod_scale_multiplier: 1,
    sharding,
  },
  { "@type": "neuroglancer_skeletons", vertex_attributes: [{ id: "radius", data_type: "float32", num_components: 1 }] },
  {
    "@type": "neuroglancer_segment_properties",
    inline: { ids: ["1"], properties: [{ id: "label", type: "label", values: ["a"] }] },
  },
  { "@type": "neuroglancer_legacy_mesh", segment_properties: "p" },
];

/** Values that no field expects, each of another kind. */
const HOSTILE: Json[] = [
  null,
  true,
  0,
  1,
  -1,
  64,
  65,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  10n ** 18n,
  new Float(0.5),
  new Float(-0),
  new Float(1e300),
  "",
  "NaN",
  "../../etc/passwd",
  "/etc/passwd",
  "file:///x",
  "__proto__",
  "constructor",
  "compresso",
  "POLYLINE",
  [],
  [0],
  [0, 0, 0],
  [[]],
  [1, 1, 1, 1],
  {},
  { __proto__: null, constructor: 1 },
  Array.from({ length: 40 }, () => 1),
];

/** Every document that has one value of the given one replaced, removed or doubled. */
function* changed(value: Json): Generator<Json> {
  yield* HOSTILE;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    yield items.slice(1);
    yield [...items, ...items];
    for (const [i, item] of items.entries())
      for (const other of changed(item)) yield items.map((old, j) => (i === j ? other : old));
  } else if (typeof value === "object" && value !== null && !(value instanceof Float)) {
    const object = value as Record<string, Json>;
    for (const key of Object.keys(object)) {
      const { [key]: own, ...rest } = object;
      yield rest;
      for (const other of changed(own!)) yield { ...object, [key]: other };
    }
  }
}

const collection = new AnnotationCollection("orientedPoint", { voxelSpacingAngstrom: 10, objectName: "x" });
collection.add({
  count: 2,
  positions: Float64Array.of(1, 2, 3, 4, 5, 6),
  rotations: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1),
});
const files = new Map([...collection.files()].map((file) => [file.key, bodyOf(file)]));
const info = parseInfo(files.get("info")!) as AnnotationInfo;
const related: AnnotationInfo = { ...info, relationships: [{ id: "body", key: "body" }] };
const record = new Uint8Array(40 + 4 + 16);
new DataView(record.buffer).setUint32(40, 2, true);

const SHARDING: Sharding = {
  preshiftBits: 0,
  hash: "murmurhash3_x86_128",
  minishardBits: 1,
  shardBits: 0,
  minishardIndexEncoding: "raw",
  dataEncoding: "gzip",
};
const [shard] = encodeShards(SHARDING, new Map([1n, 2n, 3n, 4n].map((id) => [id, text(`value ${id}`.repeat(9))]))).values();
const labels = Uint32Array.from({ length: 5 * 6 * 7 }, (_, i) => (i * 7) % 11);
const FORM: SegmentationForm = { dtype: "uint32", shape: [5, 6, 7], block: [4, 4, 4], name: "fuzz" };

/** Name, a small valid input, its reader, the codes that come of cutting it. */
const READERS: [string, Uint8Array, Reader, string[]][] = [
  ["info", text(printJson(DOCUMENTS[0]!, { indent: 0 })), (bytes) => parseInfo(bytes, "fuzz"), ["FORMAT_CORRUPT", "read"]],
  ["spatial cell", files.get("spatial0/0_0_0")!, (bytes) => decodeAnnotations(bytes, info, "fuzz"), ["FORMAT_TRUNCATED", "read"]],
  ["annotation", record, (bytes) => decodeAnnotation(bytes, related, "fuzz"), ["FORMAT_TRUNCATED", "read"]],
  [
    "shard",
    shard!,
    (bytes) => readShardValue(inMemory(bytes, "fuzz"), SHARDING, 3n),
    ["FORMAT_CORRUPT", "FORMAT_TRUNCATED", "read"],
  ],
  [
    "segmentation",
    encodeSegmentation(labels, [5, 6, 7], [4, 4, 4]),
    (bytes) => decodeSegmentation(bytes, FORM),
    ["FORMAT_CORRUPT", "read"],
  ],
  [
    "segmentation of 64 bits",
    encodeSegmentation(labels, [5, 6, 7], [4, 4, 4]),
    (bytes) => decodeSegmentation(bytes, { ...FORM, dtype: "uint64" }),
    ["FORMAT_CORRUPT", "read"],
  ],
  [
    "mesh fragment",
    encodeMeshFragment({ vertices: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0), triangles: Uint32Array.of(0, 1, 2, 2, 1, 0) }),
    (bytes) => decodeMeshFragment(bytes, "fuzz"),
    ["FORMAT_TRUNCATED", "read"],
  ],
  [
    "mesh manifest",
    text('{"fragments": ["mesh.1.1", "2:0:3"]}'),
    (bytes) => parseMeshManifest(bytes, "fuzz"),
    ["FORMAT_CORRUPT", "read"],
  ],
];

describe("info documents: a value or our error", () => {
  it("with any one value replaced", async () => {
    const seen = new Set<string>();
    for (const document of DOCUMENTS) {
      const plain = parseJson(printJson(document));
      expect(await outcome((bytes) => parseInfo(bytes, "fuzz"), text(printJson(plain)))).toBe("read");
      for (const other of changed(plain)) seen.add(await outcome((bytes) => parseInfo(bytes, "fuzz"), text(printJson(other))));
    }
    expect([...seen].sort()).toEqual(["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_UNKNOWN", "read"]);
  });

  it("keys of Object's own are data, and change no prototype", async () => {
    const hostile = text(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "@type": "neuroglancer_legacy_mesh"}',
    );
    expect(await outcome((bytes) => parseInfo(bytes, "fuzz"), hostile)).toBe("read");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe.each(READERS)("%s: a value or our error", (_, valid, read, cut) => {
  it("truncated at every byte", async () => {
    const seen = new Set<string>();
    for (let length = 0; length <= valid.length; length++) seen.add(await outcome(read, valid.slice(0, length)));
    expect([...seen].sort()).toEqual(cut);
  });

  it("each word set to what it never is", async () => {
    for (const value of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, valid.length, valid.length + 1]) {
      for (let at = 0; at + 4 <= valid.length; at += 4) {
        const bytes = valid.slice();
        new DataView(bytes.buffer).setUint32(at, value, true);
        await outcome(read, bytes);
      }
    }
  });

  it("random changes, cuts and splices", async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < cases; round++) {
      let bytes = valid.slice();
      for (let i = 1 + randomInt(random, 5); i > 0 && bytes.length > 0; i--) {
        const at = randomInt(random, bytes.length);
        const kind = randomInt(random, 4);
        if (kind === 0) bytes = bytes.slice(0, at);
        else if (kind === 1) {
          const from = randomInt(random, valid.length);
          const piece = valid.subarray(from, from + randomInt(random, 40));
          bytes = Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
        } else bytes[at] = kind === 2 ? randomInt(random, 256) : bytes[at]! ^ (1 << randomInt(random, 8));
      }
      await outcome(read, bytes).catch((cause: unknown) => {
        throw new Error(`seed ${seed}, round ${round}`, { cause });
      });
    }
  });
});

describe("what lies about its size costs nothing", () => {
  it("a count of 2^63 records, an index of 2^40 bytes, a table past the end", async () => {
    const cell = files.get("spatial0/0_0_0")!.slice();
    new DataView(cell.buffer).setBigUint64(0, 2n ** 63n, true);
    expect(await outcome((bytes) => decodeAnnotations(bytes, info, "fuzz"), cell)).toBe("FORMAT_TRUNCATED");
    const index = files.get("by_id/0.shard")!.slice();
    new DataView(index.buffer).setBigUint64(8, 2n ** 40n, true);
    expect(await outcome((bytes) => readShardValue(inMemory(bytes, "fuzz"), BY_ID_SHARDING, 0n), index)).toBe("FORMAT_CORRUPT");
    const chunk = encodeSegmentation(labels, [5, 6, 7], [4, 4, 4]);
    new DataView(chunk.buffer).setUint32(4, 0x01ffffff, true);
    expect(await outcome((bytes) => decodeSegmentation(bytes, FORM), chunk)).toBe("FORMAT_CORRUPT");
  });

  it("real layers of the reader's own golden files are read", () => {
    const golden = JSON.parse(readFileSync(new URL("../golden/precomputed/annotations.json", import.meta.url), "utf8")) as {
      info: string;
      spatial: string;
    }[];
    for (const one of golden) {
      const document = parseInfo(text(one.info)) as AnnotationInfo;
      const limit = document.spatial[0]!.limit;
      expect(decodeAnnotations(new Uint8Array(Buffer.from(one.spatial, "base64")), document).count).toBe(limit);
    }
  });
});
