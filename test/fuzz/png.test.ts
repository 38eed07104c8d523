import { readdirSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodePng } from "../../src/arrays/picture/png.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { readPicture } from "../../src/stations/ingest/validate/facts/picture.js";
import { FUZZ_CASES } from "../thorough.js";

const folder = new URL("../golden/pictures/kinds/", import.meta.url);
const corpus = readdirSync(folder)
  .filter((name) => name.endsWith(".png"))
  .sort()
  .map((name) => new Uint8Array(readFileSync(new URL(name, folder))));

/** As a picture of a laboratory is read: looked at first, decoded then. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const { format, width, height } = await readPicture(bytes, "fuzz.png");
    if (format !== "PNG") return "another kind";
    const picture = decodePng(bytes, "fuzz.png");
    expect([picture.width, picture.height, picture.rgb.length]).toEqual([width, height, 3 * width * height]);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    expect(error.facts.place?.file).toBe("fuzz.png");
    return error.code;
  }
}

/** With the checksums of its parts made good, so that what is in them counts. */
function mended(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return bytes;
}

describe("PNG: a picture or our error", () => {
  it("truncated at every byte", async () => {
    const seen = new Set<string>();
    for (const bytes of corpus)
      for (let length = 0; length <= bytes.length; length++) seen.add(await outcome(bytes.slice(0, length)));
    expect([...seen].sort()).toEqual(["FORMAT_CORRUPT", "FORMAT_UNKNOWN", "read"]);
  });

  it("random changes, checksums good and not", async () => {
    const seed = Number(process.env.FUZZ_SEED ?? 1996);
    const random = seededRandom(seed);
    for (let round = 0; round < FUZZ_CASES; round++) {
      const bytes = corpus[randomInt(random, corpus.length)]!.slice();
      for (let i = 1 + randomInt(random, 4); i > 0; i--) bytes[8 + randomInt(random, bytes.length - 8)] = randomInt(random, 256);
      try {
        await outcome(round % 4 === 0 ? bytes : mended(bytes));
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });

  it("sizes that its pixels do not have", async () => {
    const rgb = corpus.find((bytes) => bytes[25] === 2)!;
    for (const size of [0, 1, 6, 8, 65_535, 2 ** 31 - 1, 2 ** 32 - 1]) {
      for (const at of [16, 20]) {
        const bytes = rgb.slice();
        new DataView(bytes.buffer).setUint32(at, size);
        expect(await outcome(mended(bytes)), `${size} at ${at}`).toBe("FORMAT_CORRUPT");
      }
    }
  });
});
