import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { detectTiff, readTiffHeader } from "../../src/formats/tiff/header.js";
import { FUZZ_CASES } from "../thorough.js";

const fixtures = new URL("../fixtures/tiff/", import.meta.url);
const corpus = readdirSync(fixtures)
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, fixtures))) }));

/** Gives "read", or the code of our error; throws whatever else comes out. */
async function outcome(bytes: Uint8Array): Promise<string> {
  detectTiff(bytes);
  let last = "";
  for (const everyPage of [false, true]) {
    try {
      const { first, pages, shape } = await readTiffHeader(inMemory(bytes, "fuzz.tif"), { everyPage });
      expect([pages >= 1, first.width >= 1, first.height >= 1, shape.every(Number.isSafeInteger)]).toEqual([
        true,
        true,
        true,
        true,
      ]);
      last = "read";
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      expect(error.facts.place).toMatchObject({ file: "fuzz.tif", byte: expect.any(Number) });
      last = error.code;
    }
  }
  return last;
}

const ALLOWED = ["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"];

describe("TIFF: a value or our error", () => {
  it("truncated at every byte", async () => {
    for (const name of ["movie-u8-le.tif", "movie-f4-big-le.tif", "imagej.tif"]) {
      const { bytes } = corpus.find((file) => file.name === name)!;
      const seen = new Set<string>();
      for (let length = 0; length < bytes.length; length++) seen.add(await outcome(bytes.subarray(0, length)));
      // pixels are not looked at, so a cut within the last page's is not seen
      expect([...seen].sort()).toEqual(["FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"]);
    }
  });

  it("every word set to what it never is, in the file's byte order", async () => {
    const seen = new Set<string>();
    for (const name of ["movie-u8-le.tif", "movie-u16-be.tif", "movie-i2-big-be.tif", "tiles.tif", "events.eer", "planar.tif"]) {
      const { bytes } = corpus.find((file) => file.name === name)!;
      const little = bytes[0] === 0x49;
      const values = [0, 1, 2 ** 31 - 1, 2 ** 32 - 1, bytes.length - 1, bytes.length, bytes.length + 1, 8];
      for (let at = 0; at + 4 <= Math.min(bytes.length, 700); at += 2) {
        for (const value of [values[(at / 2) % values.length]!, values[(at / 2 + 3) % values.length]!]) {
          const changed = bytes.slice();
          new DataView(changed.buffer).setUint32(at, value, little);
          seen.add(await outcome(changed));
        }
      }
    }
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen.size).toBeGreaterThanOrEqual(4);
  });

  it("1500 random changes and splices", async () => {
    const seed = Number(process.env.FUZZ_SEED ?? 4243);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let bytes = corpus[randomInt(random, corpus.length)]!.bytes.slice();
      const changes = 1 + randomInt(random, 6);
      for (let i = 0; i < changes; i++) {
        const kind = randomInt(random, 4);
        const at = randomInt(random, Math.min(bytes.length - 8, 1500));
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
  });

  it("a megabyte of pages, one behind the other", async () => {
    const pageBytes = 30;
    const pages = Math.floor((2 ** 20 - 8) / pageBytes);
    const bytes = new Uint8Array(8 + pages * pageBytes);
    const view = new DataView(bytes.buffer);
    bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
    for (let page = 0; page < pages; page++) {
      const at = 8 + page * pageBytes;
      view.setUint16(at, 2, true);
      for (const [entry, tag] of [256, 257].entries()) {
        view.setUint16(at + 2 + 12 * entry, tag, true);
        view.setUint16(at + 4 + 12 * entry, 4, true);
        view.setUint32(at + 6 + 12 * entry, 1, true);
        view.setUint32(at + 10 + 12 * entry, 9, true);
      }
      view.setUint32(at + 26, page + 1 < pages ? at + pageBytes : 0, true);
    }
    expect((await readTiffHeader(inMemory(bytes))).pages).toBe(pages);
  });
});
