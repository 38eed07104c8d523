import { readFileSync } from "node:fs";
import { brotliCompressSync, brotliDecompress, crc32, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { decodeJpeg } from "../../src/formats/jpeg/decode.js";
import { encodeSegmentation } from "../../src/formats/precomputed/compressed-segmentation.js";
import { encodeJpegChunk } from "../../src/formats/precomputed/image-chunk.js";
import { decodePngSamples } from "../../src/formats/precomputed/png.js";
import { type Brotli, decodePrecomputedChunk } from "../../src/formats/precomputed/read.js";
import { FUZZ_CASES, THOROUGH } from "../thorough.js";

const seed = Number(process.env.FUZZ_SEED ?? 1992);
const cases = FUZZ_CASES;

interface Golden {
  width: number;
  height: number;
  channels: number;
  file: string;
}
const golden = JSON.parse(readFileSync(new URL("../golden/jpeg/pictures.json", import.meta.url), "utf8")) as Record<
  "jpeg" | "png",
  Record<string, Golden>
>;
const corpusOf = (kind: "jpeg" | "png") =>
  Object.values(golden[kind]).map(({ file }) => new Uint8Array(Buffer.from(file, "base64")));

type Read = (bytes: Uint8Array) => unknown;

/** "read", or the code of our error, which must have a place; anything else is thrown on. */
async function outcome(read: Read, bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    if (error.facts.place?.file !== "fuzz") expect(error.facts.place?.file).toBe("fuzz");
    return error.code;
  }
}

/** Of a picture that may have become another: its own size is what its pixels must have, and no more than this is looked at. */
const PIXELS_MAX = 2 ** 20;
const sane = ({ width, height }: { width: number; height: number }) => {
  if (width * height > PIXELS_MAX) throw new Error("too large to fuzz");
};
const skipped = (error: unknown) => {
  if (!(error instanceof Error && error.message === "too large to fuzz")) throw error;
};

const jpeg: Read = (bytes) => {
  try {
    const { width, height, channels, data } = decodeJpeg(bytes, { name: "fuzz", check: sane });
    if (data.length !== width * height * channels) expect(data.length).toBe(width * height * channels);
  } catch (error) {
    skipped(error);
  }
};
const png: Read = async (bytes) => {
  try {
    const { width, height, channels, depth, data } = await decodePngSamples(bytes, "fuzz", sane);
    expect(data.length).toBe((width * height * channels * depth) / 8);
  } catch (error) {
    skipped(error);
  }
};

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

const SHAPE: Triple = [5, 6, 7];
const grey = Uint8Array.from({ length: 210 }, (_, i) => (i * 7) % 251);
const labels = Uint32Array.from({ length: 210 }, (_, i) => (i * 7) % 11);
const brotli: Brotli = (bytes, maxOutputLength) =>
  new Promise((resolve) => brotliDecompress(bytes, { maxOutputLength }, (error, plain) => resolve(error ? undefined : plain)));
const chunk =
  (dtype: "uint8" | "uint32", encoding: string): Read =>
  async (bytes) => {
    const plain = await decodePrecomputedChunk(bytes, { dtype, channels: 1 }, { encoding, block: [4, 4, 4] }, SHAPE, {
      name: "fuzz",
      brotli,
    });
    expect(plain.length).toBe(dtype === "uint8" ? 210 : 840);
  };

/** Name, small valid inputs, their reader, the codes that come of cutting them. */
const READERS: [string, Uint8Array[], Read, string[]][] = [
  ["JPEG", corpusOf("jpeg"), jpeg, ["FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"]],
  ["PNG", corpusOf("png"), png, ["FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"]],
  [
    "raw chunks",
    [grey, new Uint8Array(gzipSync(grey)), new Uint8Array(brotliCompressSync(grey))],
    chunk("uint8", "raw"),
    ["FORMAT_CORRUPT", "read"],
  ],
  [
    "JPEG chunks",
    [encodeJpegChunk(grey, SHAPE, 1), new Uint8Array(gzipSync(encodeJpegChunk(grey, SHAPE, 1)))],
    chunk("uint8", "jpeg"),
    ["FORMAT_CORRUPT", "FORMAT_TRUNCATED", "FORMAT_UNKNOWN", "read"],
  ],
  [
    "chunks of labels",
    [encodeSegmentation(labels, SHAPE, [4, 4, 4]), new Uint8Array(gzipSync(encodeSegmentation(labels, SHAPE, [4, 4, 4])))],
    chunk("uint32", "compressed_segmentation"),
    ["FORMAT_CORRUPT", "read"],
  ],
];

function changed(original: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = original.slice();
  for (let i = 1 + randomInt(random, 5); i > 0 && bytes.length > 0; i--) {
    const at = randomInt(random, bytes.length);
    const kind = randomInt(random, 5);
    if (kind === 0) bytes = bytes.slice(0, at);
    else if (kind === 1) bytes[at] = randomInt(random, 256);
    else if (kind === 2) bytes[at]! ^= 1 << randomInt(random, 8);
    else {
      const other = corpus[randomInt(random, corpus.length)]!;
      const from = randomInt(random, other.length);
      const piece = other.subarray(from, from + randomInt(random, 60));
      if (kind === 3) bytes = Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
      else bytes.set(piece.subarray(0, bytes.length - at), at);
    }
  }
  return bytes;
}

describe.each(READERS)("%s: a value or our error", (name, corpus, read, cut) => {
  it("truncated at every byte", async () => {
    const seen = new Set<string>();
    for (const bytes of corpus)
      for (let length = 0; length <= bytes.length; length++) seen.add(await outcome(read, bytes.slice(0, length)));
    expect([...seen].sort()).toEqual(cut);
  }, 120_000);

  it("each pair of bytes of its head set to what it never is", async () => {
    for (const original of corpus) {
      for (let at = 2; at + 2 <= Math.min(original.length, 700); at++) {
        const values = [0, 1, 0x7fff, 0xffff];
        // one of them in turn, unless there is time for all
        for (const value of THOROUGH ? values : [values[at % values.length]!]) {
          const bytes = original.slice();
          new DataView(bytes.buffer).setUint16(at, value);
          await outcome(read, name === "PNG" ? mended(bytes) : bytes);
        }
      }
    }
  }, 240_000);

  it(
    "random changes, cuts and splices",
    async () => {
      const random = seededRandom(seed);
      for (let round = 0; round < cases; round++) {
        const bytes = changed(corpus[randomInt(random, corpus.length)]!, corpus, random);
        await outcome(read, name === "PNG" && round % 4 > 0 ? mended(bytes) : bytes).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, round ${round}`, { cause });
        });
      }
    },
    6 * 3600_000,
  );
});

describe("pictures that lie about their size", () => {
  it("cost nothing: the chunk knows how many pixels there are", async () => {
    const stored = encodeJpegChunk(grey, SHAPE, 1);
    const frame = stored.findIndex((byte, i) => byte === 0xff && stored[i + 1] === 0xc0);
    for (const side of [0, 1, 255, 65_535]) {
      const bytes = stored.slice();
      new DataView(bytes.buffer).setUint16(frame + 5, side);
      new DataView(bytes.buffer).setUint16(frame + 7, side);
      expect(["FORMAT_CORRUPT", "FORMAT_LIMIT"]).toContain(await outcome(chunk("uint8", "jpeg"), bytes));
    }
  });

  it("a thousand scans of one picture end early", async () => {
    const bytes = encodeJpegChunk(grey, SHAPE, 1);
    const scan = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
    const pieces = [bytes.subarray(0, -2), ...Array.from({ length: 1000 }, () => bytes.subarray(scan, -2))];
    expect(await outcome(chunk("uint8", "jpeg"), Buffer.concat(pieces))).toBe("FORMAT_CORRUPT");
  });
});
