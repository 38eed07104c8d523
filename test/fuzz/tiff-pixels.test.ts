import { readdirSync, readFileSync } from "node:fs";
import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { peekFile } from "../../src/formats/peek/peek.js";
import { openTiff } from "../../src/formats/tiff/image.js";
import { tiffBands } from "../../src/formats/tiff/read.js";
import { FUZZ_CASES } from "../thorough.js";

const folder = new URL("../golden/tiff-pixels/files/", import.meta.url);
const corpus = readdirSync(folder)
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }));
const fileOf = (name: string) => corpus.find((file) => file.name === name)!.bytes.slice();

const BYTES_MAX = 4 * 2 ** 20;

/** Peeks, then reads three bands of pixels. Gives "read", or the code of our error; throws whatever else comes out. */
async function outcome(bytes: Uint8Array): Promise<string> {
  const source = inMemory(bytes, "fuzz.tif");
  try {
    const { images, requests } = await peekFile(source);
    expect(requests).toBeLessThanOrEqual(4);
    expect(images.every(({ shape }) => shape.every((length) => Number.isSafeInteger(length) && length >= 0))).toBe(true);
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
  }
  try {
    const file = await openTiff(source);
    let bands = 0;
    for await (const { bytes: rows, image, y0, y1 } of tiffBands(file, { bandBytes: 64 * 1024, bytesMax: BYTES_MAX })) {
      expect(rows.length).toBe((y1 - y0) * image.page.width * image.page.samplesPerPixel * image.type.itemBytes);
      if (++bands === 3) break;
    }
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    expect(error.facts.place?.file).toBe("fuzz.tif");
    return error.code;
  }
}

const ALLOWED = [
  ...[
    "FORMAT_CORRUPT",
    "FORMAT_FIELD",
    "FORMAT_LIMIT",
    "FORMAT_TRUNCATED",
    "FORMAT_UNKNOWN",
    "FORMAT_UNSUPPORTED",
    "NAME_UNSAFE",
    "read",
  ],
];

/** Position of a tag's entry in the first directory of a little-endian classic file. */
function entryOf(bytes: Uint8Array, tag: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = view.getUint32(4, true);
  for (let i = 0; i < view.getUint16(at, true); i++) if (view.getUint16(at + 2 + 12 * i, true) === tag) return at + 2 + 12 * i;
  throw new Error(`no tag ${tag}`);
}
const setValue = (bytes: Uint8Array, tag: number, value: number) => {
  const at = entryOf(bytes, tag);
  const view = new DataView(bytes.buffer);
  view.setUint16(at + 2, 4, true);
  view.setUint32(at + 8, value, true);
};

describe("pixels of TIFF: rows or our error", () => {
  it("truncated at every byte", async () => {
    for (const name of ["lzw-u2-le.tif", "zlib-p3-f4-be.tif", "bits12-le.tif", "packbits-planar.tif", "ome.ome.tif"]) {
      const bytes = fileOf(name);
      const seen = new Set<string>();
      for (let length = 0; length < bytes.length; length++) seen.add(await outcome(bytes.subarray(0, length)));
      expect(
        [...seen].every((code) => ALLOWED.includes(code)),
        name,
      ).toBe(true);
      expect(seen).toContain("FORMAT_TRUNCATED");
      expect(await outcome(bytes)).toBe("read");
    }
  }, 60_000);

  it("every word of directories set to what it never is", async () => {
    const seen = new Set<string>();
    for (const name of [
      "lzw-u2-le.tif",
      "zlib-u2-be.tif",
      "zstd-tiles-rgb.tif",
      "zlib-p2-rgb16-tiles-big.tif",
      "imagej-hyperstack.tif",
    ]) {
      const bytes = fileOf(name);
      const values = [0, 1, 3, 2 ** 31 - 1, 2 ** 32 - 1, bytes.length - 1, bytes.length, bytes.length + 1];
      for (let at = 4; at + 4 <= Math.min(bytes.length, 600); at += 2) {
        const changed = bytes.slice();
        new DataView(changed.buffer).setUint32(at, values[(at / 2) % values.length]!, bytes[0] === 0x49);
        seen.add(await outcome(changed));
      }
    }
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen.size).toBeGreaterThanOrEqual(5);
  }, 60_000);

  it(
    "1500 random changes and splices",
    async () => {
      const seed = Number(process.env.FUZZ_SEED ?? 6161);
      const random = seededRandom(seed);
      const count = FUZZ_CASES;
      for (let round = 0; round < count; round++) {
        let bytes = corpus[randomInt(random, corpus.length)]!.bytes.slice();
        const changes = 1 + randomInt(random, 6);
        for (let i = 0; i < changes; i++) {
          const kind = randomInt(random, 4);
          const at = randomInt(random, bytes.length - 8);
          if (kind === 0) bytes[at] = randomInt(random, 256);
          else if (kind === 1) new DataView(bytes.buffer).setUint32(at, randomInt(random, 2 * bytes.length), bytes[0] === 0x49);
          else if (kind === 2) {
            const other = corpus[randomInt(random, corpus.length)]!.bytes;
            const from = randomInt(random, Math.min(other.length, bytes.length));
            bytes.set(other.subarray(from, Math.min(from + randomInt(random, 300), bytes.length)), from);
          } else if (bytes.length > 300) bytes = bytes.slice(0, 100 + randomInt(random, bytes.length - 100));
        }
        const code = await outcome(bytes).catch((error: unknown) => {
          throw new Error(`seed ${seed}, round ${round}`, { cause: error });
        });
        expect(ALLOWED, `seed ${seed}, round ${round}`).toContain(code);
      }
    },
    6 * 3600_000,
  );

  /** The only strip of a file replaced by other bytes, which are put at its end. */
  const withStrip = (name: string, strip: Uint8Array, compression: number, side = 0) => {
    const bytes = fileOf(name);
    const whole = new Uint8Array(bytes.length + strip.length);
    whole.set(bytes);
    whole.set(strip, bytes.length);
    setValue(whole, 273, bytes.length);
    setValue(whole, 279, strip.length);
    setValue(whole, 259, compression);
    if (side > 0) for (const tag of [256, 257, 278]) setValue(whole, tag, side);
    return whole;
  };

  it("bombs: a stream that goes on costs no more than the page, and one of a huge page is refused before memory is taken", async () => {
    const bomb = zlibSync(new Uint8Array(64 * 2 ** 20));
    expect(await outcome(withStrip("lzw-long.tif", bomb, 8))).toBe("FORMAT_CORRUPT");
    expect(await outcome(withStrip("lzw-long.tif", bomb, 8, 60_000))).toBe("FORMAT_LIMIT");
    // a zstd frame of one block: 128 KiB of one byte, four bytes long
    const zstd = [
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0x00,
      0x58,
      ...Array.from({ length: 2000 }, () => [0x02, 0x00, 0x10, 0x00]).flat(),
      0x03,
      0x00,
      0x10,
      0x00,
    ];
    expect(await outcome(withStrip("lzw-long.tif", Uint8Array.from(zstd), 50000))).toBe("FORMAT_CORRUPT");
    const packBits = new Uint8Array(4096).fill(129);
    expect(await outcome(withStrip("lzw-long.tif", packBits, 32773))).toBe("read"); // what is more than the page is not looked at
    expect(await outcome(withStrip("lzw-long.tif", Uint8Array.of(0x80), 5))).toBe("FORMAT_CORRUPT");
    expect(await outcome(withStrip("lzw-long.tif", Uint8Array.of(0x80, 0x3f, 0xff, 0xff), 5))).toBe("FORMAT_CORRUPT");
  });

  it("more strips than are listed, tiles of no size, samples of no bits, byte counts past the end", async () => {
    const strips = fileOf("lzw-long.tif");
    setValue(strips, 278, 1);
    expect(await outcome(strips)).toBe("FORMAT_FIELD");
    const many = fileOf("lzw-long.tif");
    for (const tag of [256, 257]) setValue(many, tag, 2 ** 31 - 1);
    setValue(many, 278, 1);
    expect(["FORMAT_FIELD", "FORMAT_LIMIT"]).toContain(await outcome(many));
    const tiles = fileOf("tiles-none.tif");
    setValue(tiles, 322, 0);
    expect(await outcome(tiles)).toBe("FORMAT_FIELD");
    const counts = fileOf("lzw-long.tif");
    setValue(counts, 279, 2 ** 31);
    expect(await outcome(counts)).toBe("FORMAT_TRUNCATED");
    const bits = fileOf("lzw-long.tif");
    setValue(bits, 258, 0);
    expect(await outcome(bits)).toBe("FORMAT_UNSUPPORTED");
    const compression = fileOf("lzw-long.tif");
    setValue(compression, 259, 65001);
    expect(await outcome(compression)).toBe("FORMAT_UNSUPPORTED");
  });
});
