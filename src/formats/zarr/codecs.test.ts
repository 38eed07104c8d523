import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { decodeChunk, encodeChunk } from "./codecs.js";

const plain = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 97);

async function refusal(bytes: Uint8Array, id: string, plainBytes: number): Promise<string> {
  const error: unknown = await decodeChunk(bytes, { id }, plainBytes, { name: "0/1" }).catch((thrown: unknown) => thrown);
  if (!isEmporiumError(error)) throw new Error("was decoded");
  expect(error.facts.place?.file).toBe("0/1");
  expect(error.message).toContain("0/1");
  return error.code;
}

describe("default codecs", () => {
  it.each(["zlib", "gzip", "lz4", "zstd", "blosc"])("%s: what is encoded decodes to itself", async (id) => {
    const stored = await encodeChunk(plain, { id });
    expect(stored.length).toBeLessThan(plain.length);
    expect(Buffer.from(await decodeChunk(stored, { id }, plain.length)).equals(plain)).toBe(true);
    expect(await refusal(stored, id, plain.length - 1)).toBe("FORMAT_CORRUPT");
    expect(await refusal(stored, id, plain.length + 1)).toBe("FORMAT_CORRUPT");
    expect(await refusal(stored.subarray(0, stored.length >> 1), id, plain.length)).toBe("FORMAT_CORRUPT");
    expect(await refusal(new Uint8Array(0), id, plain.length)).toBe("FORMAT_CORRUPT");
  });

  it.each([
    ["zlib", deflateSync],
    ["gzip", gzipSync],
  ])("%s: a bomb stops at the length of the metadata, and a wrong checksum is seen", async (id, compress) => {
    expect(await refusal(compress(new Uint8Array(64 << 20)), id, 1000)).toBe("FORMAT_CORRUPT");
    const damaged = new Uint8Array(compress(plain));
    damaged[damaged.length - (id === "gzip" ? 5 : 1)]! ^= 1;
    expect(await refusal(damaged, id, plain.length)).toBe("FORMAT_CORRUPT");
  });

  const streams: {
    plain: string;
    codec: { id: string; cname?: string; shuffle?: number; level?: number };
    plainBytes: number;
    sha256: string;
    stored: string;
  }[] = JSON.parse(readFileSync(new URL("../../../test/fixtures/zarr/streams.golden.json", import.meta.url), "utf8"));
  for (const { plain: name, codec, plainBytes, sha256, stored } of streams) {
    const settings = [codec.id, codec.cname, codec.shuffle, codec.level].filter((part) => part !== undefined).join(" ");
    it(`${settings}: decodes what the C library made of "${name}"`, async () => {
      const decoded = await decodeChunk(Buffer.from(stored, "base64"), { id: codec.id }, plainBytes);
      expect(createHash("sha256").update(decoded).digest("hex")).toBe(sha256);
    });
  }

  it("zstd: a frame without its length stops at the length of the metadata", async () => {
    // magic, descriptor without size, window; then run-length blocks of 128 KiB each
    const bomb = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for (let i = 0; i < 1000; i++)
      bomb.push(...[(0x20000 << 3) | 2].flatMap((block) => [block & 255, (block >> 8) & 255, block >> 16]), 0);
    expect(await refusal(Uint8Array.from(bomb), "zstd", 1000)).toBe("FORMAT_CORRUPT");
    const small = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, (5 << 3) | 3, 0, 0, 7]);
    expect(Array.from(await decodeChunk(small, { id: "zstd" }, 5))).toEqual([7, 7, 7, 7, 7]);
  });

  it("zstd: skips frames for others, joins frames, and refuses dictionaries", async () => {
    const small = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, (2 << 3) | 3, 0, 0, 7];
    const skippable = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    const bytes = Uint8Array.from([...skippable, ...small, ...small]);
    expect(Array.from(await decodeChunk(bytes, { id: "zstd" }, 4))).toEqual([7, 7, 7, 7]);
    const withDictionary = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x58, 9, (2 << 3) | 3, 0, 0, 7]);
    expect(await refusal(withDictionary, "zstd", 2)).toBe("FORMAT_UNSUPPORTED");
  });

  it("blosc: damage inside a frame is an error, never other bytes than were stored", async () => {
    for (const cname of ["zlib", "zstd"]) {
      const frame = new Uint8Array(await encodeChunk(plain, { id: "blosc", cname, clevel: 5, shuffle: 1, blocksize: 0 }));
      let [refused, same] = [0, 0];
      for (let at = 16; at < frame.length; at += 3) {
        const damaged = new Uint8Array(frame);
        damaged[at]! ^= 0x5a;
        const decoded: unknown = await decodeChunk(damaged, { id: "blosc" }, plain.length).catch((error: unknown) => error);
        if (decoded instanceof Uint8Array) same += Number(Buffer.from(decoded).equals(plain));
        else refused += Number(isEmporiumError(decoded) && decoded.code === "FORMAT_CORRUPT");
      }
      expect(refused).toBeGreaterThan(same);
      expect(refused).toBeGreaterThan(frame.length / 10);
    }
  });

  it("blosc: a frame of another version, of snappy, or with impossible blocks is refused before it is decoded", async () => {
    const frame = new Uint8Array(await encodeChunk(plain, { id: "blosc" }));
    const changed = (at: number, value: number) => {
      const copy = new Uint8Array(frame);
      copy[at] = value;
      return copy;
    };
    expect(await refusal(changed(0, 1), "blosc", plain.length)).toBe("FORMAT_CORRUPT");
    expect(await refusal(changed(2, 2 << 5), "blosc", plain.length)).toBe("FORMAT_UNSUPPORTED");
    expect(await refusal(changed(2, 7 << 5), "blosc", plain.length)).toBe("FORMAT_CORRUPT");
    expect(await refusal(changed(3, 0), "blosc", plain.length)).toBe("FORMAT_CORRUPT");
    expect(await refusal(changed(10, 255), "blosc", plain.length)).toBe("FORMAT_CORRUPT");
    const padded = new Uint8Array(frame.length + 100);
    padded.set(frame);
    expect((await decodeChunk(padded, { id: "blosc" }, plain.length)).length).toBe(plain.length);
  });

  it("no compressor: the bytes as they are, if they are as many as promised", async () => {
    expect(await decodeChunk(plain, null, plain.length)).toBe(plain);
    expect(await encodeChunk(plain, null)).toBe(plain);
    const error: unknown = await decodeChunk(plain, null, 1).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && error.code).toBe("FORMAT_CORRUPT");
  });

  it("a registry without the codec, or with one that only reads, says so", async () => {
    const codecs = { odd: () => ({ decode: (bytes: Uint8Array) => bytes }) };
    for (const work of [decodeChunk(plain, { id: "blosc" }, 1, { codecs }), encodeChunk(plain, { id: "odd" }, codecs)]) {
      const error: unknown = await work.catch((thrown: unknown) => thrown);
      expect(isEmporiumError(error) && error.code).toBe("FORMAT_UNSUPPORTED");
    }
  });
});
