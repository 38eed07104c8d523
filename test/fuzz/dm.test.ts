import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { readDm } from "../../src/formats/dm/image.js";
import { decodeDmPixels, readDmPlanes } from "../../src/formats/dm/read.js";
import { detectDm } from "../../src/formats/dm/tags.js";
import { dmPlanesForMrc, dmToMrcFields } from "../../src/formats/dm/to-mrc.js";
import { FUZZ_CASES } from "../thorough.js";

const fixtures = new URL("../fixtures/dm/", import.meta.url);
const corpus = readdirSync(fixtures)
  .sort()
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, fixtures))) }));

/** All that is done with a file. Gives "read", or the code of our error; throws whatever else comes out. */
async function outcome(bytes: Uint8Array): Promise<string> {
  detectDm(bytes);
  const source = inMemory(bytes, "fuzz.dm");
  try {
    const { images } = await readDm(source);
    for (const image of images) {
      const plane = await readDmPlanes(source, image, 0, 1);
      decodeDmPixels(plane, image);
      dmToMrcFields(image);
      dmPlanesForMrc(plane, image);
    }
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}

const ALLOWED = ["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED", "read"];

describe("DM: a value or our error", () => {
  it("truncated at every byte", async () => {
    for (const name of ["volume-i2-le.dm3", "volume-i2-be.dm4"]) {
      const { bytes } = corpus.find((file) => file.name === name)!;
      // the last 8 bytes close the file and say nothing
      for (let length = 0; length < bytes.length - 8; length++) {
        expect(await outcome(bytes.subarray(0, length)), `${name} cut to ${length}`).toBe("FORMAT_TRUNCATED");
      }
      expect(await outcome(bytes)).toBe("read");
    }
  });

  it("every word of the tree set to what it never is", async () => {
    const seen = new Set<string>();
    for (const name of ["volume-f4-le.dm3", "image-u2.dm4"]) {
      const { bytes } = corpus.find((file) => file.name === name)!;
      const values = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, bytes.length - 1, bytes.length, bytes.length + 1];
      for (let at = 0; at + 4 <= bytes.length; at++) {
        const changed = bytes.slice();
        new DataView(changed.buffer).setUint32(at, values[at % values.length]!);
        seen.add(await outcome(changed));
      }
    }
    for (const code of seen) expect(ALLOWED).toContain(code);
    expect(seen.size).toBeGreaterThanOrEqual(5);
  });

  it("1500 random changes and splices", async () => {
    const seed = Number(process.env.FUZZ_SEED ?? 3404);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let bytes = corpus[randomInt(random, corpus.length)]!.bytes.slice();
      const changes = 1 + randomInt(random, 6);
      for (let i = 0; i < changes; i++) {
        const kind = randomInt(random, 5);
        const at = randomInt(random, bytes.length - 8);
        if (kind === 0) bytes[at] = randomInt(random, 256);
        else if (kind === 1) bytes[at]! ^= 1 << randomInt(random, 8);
        else if (kind === 2) new DataView(bytes.buffer).setUint32(at, randomInt(random, 2 ** 32), random() < 0.5);
        else if (kind === 3) {
          const other = corpus[randomInt(random, corpus.length)]!.bytes;
          const from = randomInt(random, Math.min(other.length, bytes.length));
          bytes.set(other.subarray(from, Math.min(from + randomInt(random, 400), bytes.length)), from);
        } else if (bytes.length > 400) bytes = bytes.slice(0, 200 + randomInt(random, bytes.length - 200));
      }
      const code = await outcome(bytes).catch((error: unknown) => {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      });
      expect(ALLOWED, `seed ${seed}, round ${round}`).toContain(code);
    }
  });
});
