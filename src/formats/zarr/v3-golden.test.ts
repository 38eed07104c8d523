import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import type { ByteRange } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { type JsonObject, parseJson } from "../../core/json.js";
import { parseZarrV3Array, parseZarrV3Group, printZarrV3, zarrV3FromJson, zarrV3GroupMetadata } from "./v3-metadata.js";
import { readZarrV3Array, readZarrV3Box, type ZarrObjects } from "./v3-read.js";
import { writeZarrV3Array } from "./v3-write.js";

const golden = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/zarr-v3/${path}`, import.meta.url), "utf8"));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (value: string) => new TextEncoder().encode(value);

/** What zarr-python 3 wrote and reads; the script stands beside the files. */
interface Golden {
  shape: number[];
  dtype: string;
  sha256: string;
  box: [number, number][];
  boxSha256: string;
}

const stores: Record<string, Record<string, string>> = golden("stores.golden.json");
const { arrays, refused, groups } = golden("arrays.json") as {
  arrays: Record<string, Golden>;
  refused: Record<string, JsonObject>;
  groups: { plain: string; consolidated: string };
};

function objectsOf(get: (key: string) => Uint8Array | undefined): ZarrObjects {
  return {
    read: async (key: string, range?: ByteRange) =>
      range ? get(key)?.subarray(range.offset, range.offset + range.length) : get(key),
    size: async (key) => get(key)?.length,
  };
}

function storeOf(name: string): (key: string) => Uint8Array | undefined {
  const store = stores[name]!;
  return (key) => (store[key] === undefined ? undefined : new Uint8Array(Buffer.from(store[key], "base64")));
}

describe("arrays that zarr-python 3 and tensorstore wrote", () => {
  for (const [name, wanted] of Object.entries(arrays)) {
    it(`${name}: shape, type, whole array, box; written again it reads the same`, async () => {
      const get = storeOf(name);
      const document = get("zarr.json")!;
      const meta = parseZarrV3Array(document, name);
      expect([meta.shape, meta.type.dtype]).toEqual([wanted.shape, wanted.dtype]);
      const objects = objectsOf(get);
      const whole = await readZarrV3Array(objects, meta);
      expect(sha256(whole)).toBe(wanted.sha256);
      const box = { start: wanted.box.map(([from]) => from), stop: wanted.box.map(([, to]) => to) };
      if (!wanted.shape.includes(0)) expect(sha256(await readZarrV3Box(objects, meta, box))).toBe(wanted.boxSha256);

      const written = new Map<string, Uint8Array>();
      await writeZarrV3Array(
        async (key, bytes) => {
          written.set(key, bytes);
        },
        parseJson(text(document)) as JsonObject,
        whole,
      );
      const keys = Object.keys(stores[name]!);
      for (const key of keys) expect([...written.keys()]).toContain(key);
      const again = objectsOf((key) => written.get(key));
      expect(sha256(await readZarrV3Array(again, meta))).toBe(wanted.sha256);
      // what nothing compresses has one form; in shards zarr-python stores the chunks along a curve
      if (/blosc|gzip|zstd|zlib|lz4|sharding/.test(text(document))) return;
      for (const key of keys.filter((at) => at !== "zarr.json"))
        expect(Buffer.compare(written.get(key)!, get(key)!), key).toBe(0);
    });

    it(`${name}: the document is printed as it was`, () => {
      const document = text(storeOf(name)("zarr.json")!);
      if (name.startsWith("tensorstore")) return; // another writer's spacing
      expect(printZarrV3(parseJson(document) as JsonObject)).toBe(document);
    });
  }

  it("keeps the bits of a NaN that is not the usual one", async () => {
    const meta = parseZarrV3Array(storeOf("tensorstore-nan-bits")("zarr.json")!);
    expect(meta.fillValue).toBeNaN();
    expect(Buffer.from(meta.fillElement).readUInt32LE()).toBe(0x7fc00f01);
  });

  for (const [name, document] of Object.entries(refused)) {
    it(`${name} is refused by name`, () => {
      try {
        parseZarrV3Array(encode(JSON.stringify(document)), "a/zarr.json");
        throw new Error("was read");
      } catch (error) {
        expect(isEmporiumError(error) && [error.code, error.facts.place?.path]).toEqual(["FORMAT_UNSUPPORTED", "data_type"]);
      }
    });
  }
});

describe("groups that zarr-python 3 wrote", () => {
  it("without members", () => {
    const group = parseZarrV3Group(encode(groups.plain));
    expect([group.attributes, group.members]).toEqual([{ ome: { version: "0.5" } }, undefined]);
    expect(printZarrV3(zarrV3GroupMetadata({ attributes: group.attributes }))).toBe(groups.plain);
  });
  it("with consolidated metadata: the nodes below are read from it, and the same text is written", () => {
    const group = parseZarrV3Group(encode(groups.consolidated));
    expect([...group.members!.keys()].sort()).toEqual(["0", "labels", "labels/a"]);
    const level = zarrV3FromJson(group.members!.get("0")!, "0");
    expect(level.kind === "array" && [level.shape, level.chunks]).toEqual([
      [4, 4],
      [2, 2],
    ]);
    expect(zarrV3FromJson(group.members!.get("labels")!, "labels").kind).toBe("group");
    expect(printZarrV3(zarrV3GroupMetadata({ attributes: group.attributes, members: group.members }))).toBe(groups.consolidated);
  });
});

const data = new URL("zarr/", REAL_DATA);
const present = existsSync(data);

describe("public Zarr v3 arrays", () => {
  const publicArrays: Record<string, Golden> = golden("public.json").arrays;
  it.skipIf(!present).each(Object.entries(publicArrays))("%s has the voxels that zarr-python reads", async (path, wanted) => {
    const get = (key: string) => {
      const url = new URL(`${path}/${key}`, data);
      return existsSync(url) ? new Uint8Array(readFileSync(url)) : undefined;
    };
    const meta = parseZarrV3Array(get("zarr.json")!, path);
    expect([meta.shape, meta.type.dtype]).toEqual([wanted.shape, wanted.dtype]);
    expect(sha256(await readZarrV3Array(objectsOf(get), meta, { name: path }))).toBe(wanted.sha256);
  });

  /** Facts of the inventory, read from the documents by another program. */
  const listed: [string, JsonObject][] = present
    ? Object.entries(
        JSON.parse(readFileSync(new URL("../expected.json", data), "utf8")) as Record<string, { facts?: JsonObject }>,
      )
        .filter(([path, { facts }]) => path.endsWith("zarr.json") && facts?.node_type === "array")
        .map(([path, { facts }]) => [path, facts!])
    : [];
  it.skipIf(!present).each(listed)("%s has the facts of the inventory", (path, facts) => {
    const meta = parseZarrV3Array(new Uint8Array(readFileSync(new URL(`../${path}`, data))), path);
    expect(meta.shape).toEqual(facts.shape);
    expect(meta.type.dtype).toBe(facts.data_type);
    expect(Number(meta.fillValue)).toBe(facts.fill_value);
  });
  it.skipIf(!present)("are there to be read", () => {
    expect([Object.keys(publicArrays).length, listed.length]).toEqual([24, listed.length]);
    expect(listed.length).toBeGreaterThanOrEqual(24);
  });
});
