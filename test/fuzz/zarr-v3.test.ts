import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ByteRange } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Json, type JsonObject, parseJson, printJson } from "../../src/core/json.js";
import { Float } from "../../src/core/number.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { type NgffKind, validateNgff } from "../../src/formats/zarr/ngff-validate.js";
import { omeZarr05Attributes, omeZarr05Labels, parseOmeImage } from "../../src/formats/zarr/ome-v05.js";
import { decodeShardIndex, encodeShardIndex, findInShard, type ShardLayout } from "../../src/formats/zarr/shard.js";
import { parseZarrV3, parseZarrV3Array, parseZarrV3Group, zarrV3FromJson } from "../../src/formats/zarr/v3-metadata.js";
import { readZarrV3Array, type ZarrObjects } from "../../src/formats/zarr/v3-read.js";
import { FUZZ_CASES } from "../thorough.js";

const golden = (file: string) => JSON.parse(readFileSync(new URL(`../golden/zarr-v3/${file}`, import.meta.url), "utf8"));
const stores = Object.fromEntries(
  Object.entries(golden("stores.golden.json") as Record<string, Record<string, string>>).map(([name, objects]) => [
    name,
    Object.fromEntries(Object.entries(objects).map(([key, bytes]) => [key, new Uint8Array(Buffer.from(bytes, "base64"))])),
  ]),
);
/** Arrays of numcodecs' codecs and filters. */
for (const [name, { objects }] of Object.entries(
  JSON.parse(readFileSync(new URL("../golden/zarr/numcodecs.json", import.meta.url), "utf8")).arrays as Record<
    string,
    { objects: Record<string, string> }
  >,
)) {
  if (!name.startsWith("v3")) continue;
  stores[name] = Object.fromEntries(
    Object.entries(objects).map(([key, bytes]) => [key, new Uint8Array(Buffer.from(bytes, "base64"))]),
  );
}
const { groups } = golden("arrays.json") as { groups: Record<string, string> };
const text = (value: string) => new TextEncoder().encode(value);
/** A copy, to be damaged. */
const objectOf = (name: string, key: string) => stores[name]![key]!.slice();
const documentOf = (name: string) => parseJson(new TextDecoder().decode(objectOf(name, "zarr.json")));
const seed = Number(process.env.FUZZ_SEED ?? 2018);
const cases = FUZZ_CASES;
const BYTES_MAX = 2 ** 16;

/** "read", or the code of our error; anything else is thrown on. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}

/** Values that no field expects, each of another kind. */
const HOSTILE: Json[] = [
  ...[
    null,
    true,
    0,
    1,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 53,
    10n ** 18n,
    new Float(0.5),
    new Float(-0),
    new Float(1e300),
  ],
  ...[
    "",
    "NaN",
    "Infinity",
    "0x7fc00000",
    "0x",
    "AAAA",
    "../../etc",
    "__proto__",
    "constructor",
    "float32",
    "structured",
    "bz2",
    "sharding_indexed",
  ],
  ...[[], [0], [[]], [1, 1, 1, 1], [[["a", "<i4"]]], Array.from({ length: 40 }, () => 1)],
  ...[
    {},
    { name: "constructor" },
    { name: "crc32c" },
    { name: "bytes" },
    { name: "gzip", configuration: [] },
    { must_understand: false },
  ],
];

/** Every document that has one value of the given one replaced, removed, doubled or moved to a key that nobody knows. */
function* changed(value: Json): Generator<Json> {
  for (const hostile of HOSTILE) yield hostile;
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
      yield { ...rest, [`../${key}`]: own! };
      for (const other of changed(own!)) yield { ...object, [key]: other };
    }
  }
}

function objectsOf(name: string, replaced: Record<string, Uint8Array> = {}): ZarrObjects {
  const get = (key: string) => replaced[key] ?? stores[name]![key];
  return {
    read: async (key: string, range?: ByteRange) =>
      range ? get(key)?.subarray(range.offset, range.offset + range.length) : get(key),
    size: async (key) => get(key)?.length,
  };
}

describe("Zarr v3: a value or our error", () => {
  it("documents with any one value replaced, and the array read that they then describe", async () => {
    const seen = new Set<string>();
    for (const name of [
      "shard-blosc",
      "shard-nested",
      "tensorstore-shard-turned",
      "transpose",
      "fill-complex",
      "named",
      "v3 delta in shards",
      "v3 fletcher32 below bz2",
    ]) {
      for (const other of changed(documentOf(name))) {
        const document = text(printJson(other));
        seen.add(
          await outcome(async () => {
            const node = parseZarrV3(document, "fuzz");
            if (node.kind !== "array") return;
            const bytes = await readZarrV3Array(objectsOf(name), node, { bytesMax: BYTES_MAX });
            expect(bytes.length).toBe(node.shape.reduce((a, b) => a * b, 1) * node.type.itemBytes);
          }),
        );
      }
    }
    expect([...seen].sort()).toEqual(["FORMAT_CORRUPT", "FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_UNSUPPORTED", "read"]);
  });

  it("groups with any one value replaced, and the members that they then have", async () => {
    for (const other of changed(parseJson(groups.consolidated!))) {
      await outcome(() => {
        const { members } = parseZarrV3Group(text(printJson(other)), "fuzz");
        for (const [path, document] of members ?? []) {
          expect(path.split("/")).not.toContain("..");
          zarrV3FromJson(document, path);
        }
      });
    }
  });

  it("documents truncated at every byte, and with random bytes", async () => {
    for (const name of ["shard-blosc", "tensorstore-shard-turned"]) {
      const document = objectOf(name, "zarr.json");
      for (let length = 0; length < document.length; length++) {
        expect(await outcome(() => parseZarrV3(document.subarray(0, length)))).toBe("FORMAT_CORRUPT");
      }
      const random = seededRandom(seed);
      for (let round = 0; round < cases; round++) {
        const bytes = document.slice();
        for (let i = 1 + randomInt(random, 4); i > 0; i--) bytes[randomInt(random, bytes.length)] = randomInt(random, 256);
        await outcome(() => parseZarrV3(bytes)).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, ${name}, round ${round}`, { cause });
        });
      }
    }
  });

  it("keys of Object's own are data, and change no prototype", async () => {
    const hostile =
      '{"zarr_format": 3, "node_type": "group", "attributes": {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}}';
    expect(Object.keys(parseZarrV3Group(text(hostile)).attributes)).toEqual(["__proto__", "constructor"]);
    expect(await outcome(() => parseZarrV3(text('{"__proto__": {"zarr_format": 3, "node_type": "group"}}')))).toBe(
      "FORMAT_FIELD",
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("shards: a value or our error", () => {
  const sharded = Object.keys(stores).filter((name) => name.includes("shard"));

  it("objects truncated and changed at random give the array's length or an error, and sound ones are read after them", async () => {
    const random = seededRandom(seed + 1);
    const seen = new Set<string>();
    const prepared = sharded.map((name) => {
      const meta = parseZarrV3Array(objectOf(name, "zarr.json"), name);
      const keys = Object.keys(stores[name]!).filter((key) => key !== "zarr.json");
      return { name, meta, keys, bytes: meta.shape.reduce((a, b) => a * b, 1) * meta.type.itemBytes };
    });
    const readWith = ({ name, meta, bytes }: (typeof prepared)[number], key: string, object: Uint8Array) =>
      outcome(async () => {
        expect((await readZarrV3Array(objectsOf(name, { [key]: object }), meta, { bytesMax: BYTES_MAX })).length).toBe(bytes);
      });
    for (let round = 0; round < cases; round++) {
      const subject = prepared[randomInt(random, prepared.length)]!;
      const key = subject.keys[randomInt(random, subject.keys.length)]!;
      let object = objectOf(subject.name, key);
      if (random() < 0.2) object = object.slice(0, randomInt(random, object.length + 1));
      for (let i = randomInt(random, 5); i > 0 && object.length > 0; i--) {
        // the index is at one of the ends
        const near = Math.min(64, object.length);
        const at = randomInt(random, random() < 0.5 ? object.length : near);
        object[random() < 0.5 ? at : object.length - 1 - at] = [0, 1, 0x7f, 0x80, 0xff, randomInt(random, 256)][
          randomInt(random, 6)
        ]!;
      }
      const result = await readWith(subject, key, object).catch((cause: unknown) => {
        throw new Error(`seed ${seed + 1}, ${subject.name}, round ${round}`, { cause });
      });
      seen.add(result);
    }
    // a damaged frame may ask for what no decoder has, such as a dictionary
    seen.delete("FORMAT_UNSUPPORTED");
    expect([...seen].sort()).toEqual(["FORMAT_CORRUPT", "FORMAT_TRUNCATED", "read"]);
    for (const subject of prepared) {
      for (const key of subject.keys) expect(await readWith(subject, key, objectOf(subject.name, key))).toBe("read");
    }
  });

  it("indexes of any numbers name bytes of the shard, or are refused", async () => {
    const random = seededRandom(seed + 2);
    const edges = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
    const layout: ShardLayout = { grid: [2, 2], location: "end", littleEndian: true, checksum: false };
    for (let round = 0; round < cases; round++) {
      const littleEndian = random() < 0.5;
      const bytes = new Uint8Array(64);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < 8; i++) {
        const number = random() < 0.3 ? edges[randomInt(random, edges.length)]! : BigInt(randomInt(random, 1200));
        view.setBigUint64(8 * i, number, littleEndian);
      }
      await outcome(() => {
        const index = decodeShardIndex(bytes, { ...layout, littleEndian }, { shardBytes: 1000 });
        for (const position of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ]) {
          const range = findInShard(index, position);
          if (range) expect(range.offset + range.length).toBeLessThanOrEqual(1000);
        }
        expect(encodeShardIndex(index, { ...layout, littleEndian })).toEqual(bytes);
      });
    }
  });
});

describe("OME-Zarr metadata: a verdict, whatever they are", () => {
  const space = { name: "x", type: "space", unit: "angstrom" };
  const systems = [{ name: "a", axes: [{ ...space, name: "y" }, space] }];
  const step = {
    type: "sequence",
    transformations: [{ type: "scale", scale: [1, 1] }],
    input: { path: "0" },
    output: { name: "a" },
  };
  const documents: JsonObject[] = [
    omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 13.48, labels: [1, 2] }),
    omeZarr05Labels(["a"]),
    {
      ome: {
        version: "0.5",
        plate: { rows: [{ name: "A" }], columns: [{ name: "1" }], wells: [{ path: "A/1", rowIndex: 0, columnIndex: 0 }] },
      },
    },
    { well: { images: [{ path: "0" }], version: "0.4" } },
    {
      ome: {
        version: "0.6",
        multiscales: [{ coordinateSystems: systems, datasets: [{ path: "0", coordinateTransformations: [step] }] }],
        scene: {
          coordinateSystems: systems,
          coordinateTransformations: [{ ...step, type: "bijection", forward: step, inverse: step }],
        },
      },
    },
  ];

  it("with any one value replaced", async () => {
    const kinds = new Set<NgffKind>();
    for (const document of documents) {
      for (const other of changed(document)) {
        for (const strict of [false, true]) {
          const verdict = validateNgff(other, { strict });
          expect(verdict.valid).toBe(!verdict.findings.some(({ severity }) => severity === "error"));
          for (const kind of verdict.kinds) kinds.add(kind);
        }
        const attributes =
          typeof other === "object" && other !== null && !Array.isArray(other) && !(other instanceof Float) ? other : {};
        await outcome(() => parseOmeImage(attributes as JsonObject));
      }
    }
    expect([...kinds].sort()).toEqual(["image", "label", "labels", "plate", "scene", "well"]);
  });
});
