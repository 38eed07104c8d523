import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ByteRange } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { adler32, fletcher32 } from "./checksum.js";
import { parseZarray, printZarray } from "./metadata.js";
import { readZarrArray } from "./read.js";
import { parseZarrV3Array } from "./v3-metadata.js";
import { readZarrV3Array } from "./v3-read.js";

interface Golden {
  shape: number[];
  dtype: string;
  sha256: string;
  objects: Record<string, string>;
}
const { arrays } = JSON.parse(readFileSync(new URL("../../../test/golden/zarr/numcodecs.json", import.meta.url), "utf8")) as {
  arrays: Record<string, Golden>;
};
const text = (value: object) => new TextEncoder().encode(JSON.stringify(value));

async function voxelsOf({ objects }: Golden, damaged: Record<string, Uint8Array> = {}): Promise<[number[], string, Uint8Array]> {
  const get = (key: string) => damaged[key] ?? (objects[key] ? new Uint8Array(Buffer.from(objects[key], "base64")) : undefined);
  const whole = async (key: string) => get(key);
  if (objects[".zarray"]) {
    const meta = parseZarray(get(".zarray")!);
    return [[...meta.shape], meta.type.dtype, await readZarrArray(whole, meta)];
  }
  const meta = parseZarrV3Array(get("zarr.json")!);
  const read = async (key: string, range?: ByteRange) =>
    range ? get(key)?.subarray(range.offset, range.offset + range.length) : get(key);
  return [[...meta.shape], meta.type.dtype, await readZarrV3Array({ read, size: async (key) => get(key)?.length }, meta)];
}

describe("codecs and filters of numcodecs", () => {
  for (const [name, golden] of Object.entries(arrays)) {
    it(`seam 52: ${name} is read as zarr-python reads it`, async () => {
      const [shape, dtype, bytes] = await voxelsOf(golden);
      expect([shape, dtype]).toEqual([golden.shape, golden.dtype]);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(golden.sha256);
    });
  }

  const damages = Object.entries(arrays).filter(([name]) => /bz2|lzma|crc32|adler32|fletcher32/.test(name));
  it.each(damages)("%s: a byte that is another is found", async (_, golden) => {
    const [key] = Object.keys(golden.objects).filter((one) => !/^(\.z|zarr)/.test(one)) as [string];
    const stored = new Uint8Array(Buffer.from(golden.objects[key]!, "base64"));
    stored[stored.length >> 1]! ^= 4;
    const error: unknown = await voxelsOf(golden, { [key]: stored }).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && error.code).toBe("FORMAT_CORRUPT");
  });

  it("checksums of known texts", () => {
    const bytes = (word: string) => new TextEncoder().encode(word);
    expect(adler32(bytes("Wikipedia"))).toBe(0x11e60398);
    expect(adler32(new Uint8Array(100_000).fill(255))).toBe(adlerByHand(new Uint8Array(100_000).fill(255)));
    expect(fletcher32(new Uint8Array(0))).toBe(0);
  });

  const zarray = { shape: [4], chunks: [4], dtype: "<i4", compressor: null, fill_value: 0, order: "C", zarr_format: 2 };
  it.each([
    [{ filters: [{ id: "pcodec" }] }, "FORMAT_UNSUPPORTED", "filters.0.id"],
    [{ filters: [{ id: "delta", dtype: "<f2" }] }, "FORMAT_UNSUPPORTED", "filters.0.dtype"],
    [{ filters: [{ id: "delta", dtype: "<i4", astype: "<f4" }] }, "FORMAT_UNSUPPORTED", "filters.0.astype"],
    [{ filters: [{ id: "delta", dtype: "<i2" }] }, "FORMAT_FIELD", "filters.0.dtype"],
    [{ filters: [{ id: "delta", dtype: 4 }] }, "FORMAT_FIELD", "filters.0.dtype"],
    [{ filters: [{ id: "fixedscaleoffset", offset: 0, dtype: "<i4" }] }, "FORMAT_FIELD", "filters.0.scale"],
    [{ filters: [{ id: "shuffle", elementsize: -1 }] }, "FORMAT_FIELD", "filters.0.elementsize"],
    [{ filters: [{ id: "packbits" }] }, "FORMAT_FIELD", "filters.0"],
    [{ filters: [{ id: "crc32", location: "middle" }] }, "FORMAT_FIELD", "filters.0.location"],
    [{ filters: [{ id: "zlib" }], compressor: { id: "bz2" } }, "FORMAT_UNSUPPORTED", "filters"],
    [{ filters: [{ id: "zlib" }, { id: "delta", dtype: "<i4" }] }, "FORMAT_UNSUPPORTED", "filters"],
    [{ compressor: { id: "lzma", format: 2 } }, "FORMAT_UNSUPPORTED", "compressor.format"],
    [{ chunks: [100_000_000], filters: [{ id: "astype", encode_dtype: "<i8", decode_dtype: "<i4" }] }, "FORMAT_LIMIT", "filters"],
  ])("refuses %j", (change, code, path) => {
    try {
      parseZarray(text({ ...zarray, ...change }));
      throw new Error("was read");
    } catch (error) {
      expect(isEmporiumError(error) && [error.code, error.facts.place?.path]).toEqual([code, path]);
    }
  });

  it("metadata with filters are not printed: nothing writes them", () => {
    const meta = parseZarray(text({ ...zarray, filters: [{ id: "delta", dtype: "<i4" }] }));
    expect(() => printZarray(meta)).toThrow(/filters are read, not written/);
  });
});

function adlerByHand(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}
