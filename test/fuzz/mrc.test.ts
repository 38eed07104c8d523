import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { compressionOf } from "../../src/formats/compression.js";
import { detectMrc } from "../../src/formats/mrc/detect.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { axisOrder, byteReading, requireRealVolume } from "../../src/formats/mrc/meaning.js";
import { decodePlane, decodePlaneValues, readMrcExtendedHeader, readMrcPlanes } from "../../src/formats/mrc/read.js";
import { FUZZ_CASES } from "../thorough.js";

/** The valid files: every mode, both byte orders, extended headers, old and IMOD headers. */
const fixtures = new URL("../fixtures/mrc/", import.meta.url);
const corpus = readdirSync(fixtures)
  .filter((name) => name.endsWith(".mrc"))
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, fixtures))) }));

/** Offsets of every int32 that is a length, count, mode or offset, and of the floats and text that decide something. */
const FIELDS = [
  0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 64, 68, 72, 76, 80, 84, 88, 92, 104, 108, 152, 156, 208, 212, 216, 220,
];

/** All that is done with a file. Gives "read", or the code of our error; throws whatever else comes out. */
async function outcome(bytes: Uint8Array): Promise<string> {
  detectMrc(bytes, bytes.length);
  compressionOf(bytes);
  const source = inMemory(bytes, "fuzz.mrc");
  let last = "";
  for (const options of [{}, { strict: true }, { allowShort: true }]) {
    try {
      const header = await readMrcHeader(source, options);
      axisOrder(header);
      byteReading(header);
      await readMrcExtendedHeader(source, header);
      const depth = header.shape[0];
      for (const z of new Set([0, depth - 1])) {
        const plane = await readMrcPlanes(source, header, z, z + 1);
        decodePlane(plane, header);
        decodePlaneValues(plane, header);
      }
      requireRealVolume(header, source.name);
      last = "read";
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      expect(error.facts.place?.file).toBe("fuzz.mrc");
      last = error.code;
    }
  }
  return last;
}

describe("MRC: a value or our error", () => {
  it("truncated at every byte of the header, and at every border after it", async () => {
    const { bytes } = corpus.find(({ name }) => name === "extended-le.mrc")!;
    const borders = [1024, 1025, 1024 + 1535, 1024 + 1536, 1024 + 1537, bytes.length - 1];
    for (let length = 0; length < 1024; length++) expect(await outcome(bytes.subarray(0, length))).toBe("FORMAT_TRUNCATED");
    for (const length of borders) expect(await outcome(bytes.subarray(0, length))).toBe("FORMAT_TRUNCATED");
    expect(await outcome(bytes)).toBe("read");
  });

  it("each field set to what it never is, in both byte orders", async () => {
    const seen = new Set<string>();
    for (const name of [
      "mode1-le.mrc",
      "mode1-be.mrc",
      "mode0-le.mrc",
      "mode101-le.mrc",
      "extended-be.mrc",
      "old-no-map-id.mrc",
    ]) {
      const { bytes } = corpus.find((file) => file.name === name)!;
      const values = [
        0,
        1,
        -1,
        2 ** 31 - 1,
        -(2 ** 31),
        65536,
        2 ** 20,
        400,
        401,
        630,
        0x7fc00000,
        bytes.length - 1,
        bytes.length,
        bytes.length + 1,
      ];
      for (const at of FIELDS) {
        for (const value of values) {
          const changed = bytes.slice();
          new DataView(changed.buffer).setInt32(at, value, !name.includes("be"));
          seen.add(await outcome(changed));
        }
      }
    }
    expect([...seen].sort()).toEqual([
      "FORMAT_FIELD",
      "FORMAT_LIMIT",
      "FORMAT_TRUNCATED",
      "FORMAT_UNKNOWN",
      "FORMAT_UNSUPPORTED",
      "read",
    ]);
  });

  it("1500 random changes and splices", async () => {
    const seed = Number(process.env.FUZZ_SEED ?? 20140);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let bytes = corpus[randomInt(random, corpus.length)]!.bytes.slice();
      const changes = 1 + randomInt(random, 8);
      for (let i = 0; i < changes; i++) {
        const kind = randomInt(random, 5);
        if (kind === 0) bytes[randomInt(random, 256)] = randomInt(random, 256);
        else if (kind === 1) bytes[randomInt(random, bytes.length)]! ^= 1 << randomInt(random, 8);
        else if (kind === 2) {
          const at = FIELDS[randomInt(random, FIELDS.length)]!;
          new DataView(bytes.buffer).setInt32(at, randomInt(random, 2 ** 32) | 0, random() < 0.5);
        } else if (kind === 3) {
          const other = corpus[randomInt(random, corpus.length)]!.bytes;
          const at = randomInt(random, 1024);
          bytes.set(other.subarray(at, at + randomInt(random, 1024 - at)), at);
        } else if (bytes.length > 1100) bytes = bytes.slice(0, 1024 + randomInt(random, bytes.length - 1024));
      }
      await outcome(bytes).catch((error: unknown) => {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      });
    }
  });
});
