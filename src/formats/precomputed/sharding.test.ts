import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import type { JsonObject } from "../../core/json.js";
import { mortonBits, mortonCode } from "./grid.js";
import { murmurHash64 } from "./murmur-hash.js";
import { encodeShards, parseSharding, readShardValue, type Sharding, shardingJson, shardName, shardOf } from "./sharding.js";

/** Written by test/golden/precomputed/generate.py. */
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/precomputed/shards.json", import.meta.url), "utf8")) as {
  hashes: [string, string][];
  cases: {
    sharding: JsonObject;
    values: Record<string, string>;
    places: Record<string, [string, number]>;
    files: Record<string, string>;
  }[];
};
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

it.each(golden.hashes)("hash of %s", (id, hash) => expect(murmurHash64(BigInt(id))).toBe(BigInt(hash)));

describe.each(golden.cases.map((one, i) => [i, one] as const))(
  "shards of cloud-volume, case %i",
  (_, { sharding: json, ...one }) => {
    const sharding = parseSharding(json, "info", "sharding");
    const values = new Map(Object.entries(one.values).map(([id, value]) => [BigInt(id), bytesOf(value)]));

    it("the specification is printed as it was read", () => expect(shardingJson(sharding)).toEqual(json));

    it("each id has its place", () => {
      for (const [id, [file, minishard]] of Object.entries(one.places)) {
        const place = shardOf(sharding, BigInt(id));
        expect([shardName(sharding, place.shard), place.minishard]).toEqual([`${file}.shard`, minishard]);
      }
    });

    it("their files are read", async () => {
      for (const [id, value] of values) {
        const name = shardName(sharding, shardOf(sharding, id).shard);
        expect(await readShardValue(inMemory(bytesOf(one.files[name]!)), sharding, id)).toEqual(value);
      }
    });

    it("ours are the same where nothing is compressed", () => {
      const ours = encodeShards(sharding, values);
      expect([...ours.keys()].sort()).toEqual(Object.keys(one.files).sort());
      if (sharding.dataEncoding === "raw") for (const [name, body] of ours) expect(body).toEqual(bytesOf(one.files[name]!));
    });
  },
);

it("whatever is written is read, and nothing else", async () => {
  const specification = fc.record<Sharding>({
    preshiftBits: fc.integer({ min: 0, max: 12 }),
    hash: fc.constantFrom("identity", "murmurhash3_x86_128"),
    minishardBits: fc.integer({ min: 0, max: 4 }),
    shardBits: fc.integer({ min: 0, max: 5 }),
    minishardIndexEncoding: fc.constantFrom("raw", "gzip"),
    dataEncoding: fc.constantFrom("raw", "gzip"),
  });
  const entries = fc.uniqueArray(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.uint8Array({ maxLength: 40 })), {
    selector: ([id]) => id,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(specification, entries, async (sharding, list) => {
      const [absent, ...present] = list;
      const files = encodeShards(sharding, new Map(present));
      for (const [id, value] of [...present, ...(absent ? [absent] : [])]) {
        const body = files.get(shardName(sharding, shardOf(sharding, id).shard));
        const found = body && (await readShardValue(inMemory(body), sharding, id));
        expect(found).toEqual(id === absent?.[0] ? undefined : value);
      }
    }),
    { numRuns: 60 },
  );
});

describe("ids of chunks", () => {
  it("the published example", () => {
    const id = mortonCode([1024, 438, 335], [1286, 877, 671]);
    expect(id).toBe(0x434522d9n);
    const sharding: Sharding = {
      preshiftBits: 9,
      hash: "identity",
      minishardBits: 6,
      shardBits: 16,
      minishardIndexEncoding: "gzip",
      dataEncoding: "gzip",
    };
    expect(shardOf(sharding, id)).toEqual({ minishard: 0x11, shard: 0x868an });
    expect(shardName(sharding, 0x868an)).toBe("868a.shard");
    expect(shardName(sharding, 1n)).toBe("0001.shard");
    expect(shardName({ ...sharding, shardBits: 0 }, 0n)).toBe("0.shard");
    expect(mortonBits([1286, 877, 671])).toBe(31);
  });
  it("are all different, and all there are", () => {
    const grid: [number, number, number] = [2, 4, 8];
    const codes = new Set<bigint>();
    for (let z = 0; z < 2; z++) for (let y = 0; y < 4; y++) for (let x = 0; x < 8; x++) codes.add(mortonCode([z, y, x], grid));
    expect([...codes].map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect(mortonCode([0, 0, 1], grid)).toBe(1n);
    expect(mortonCode([0, 1, 0], grid)).toBe(2n);
    expect(mortonCode([0, 0, 4], grid)).toBe(32n);
  });
});
