import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import type { JsonObject } from "../../src/core/json.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import { n5DatasetFromJson, parseN5Dataset } from "../../src/formats/n5/attributes.js";
import { decodeN5Block } from "../../src/formats/n5/block.js";
import { peekFolder } from "../../src/formats/peek/peek.js";
import { FUZZ_CASES } from "../thorough.js";

interface Golden {
  attributes: JsonObject;
  blocks: Record<string, string>;
}
const { datasets } = JSON.parse(readFileSync(new URL("../golden/n5/n5.json", import.meta.url), "utf8")) as {
  datasets: Record<string, Golden>;
};
const corpus = Object.entries(datasets)
  .filter(([name]) => !name.includes("larger"))
  .map(([name, { attributes, blocks }]) => ({
    name,
    dataset: n5DatasetFromJson(attributes),
    document: new TextEncoder().encode(JSON.stringify(attributes)),
    block: new Uint8Array(Buffer.from(Object.values(blocks)[0]!, "base64")),
  }));

const ALLOWED = [
  "FORMAT_CORRUPT",
  "FORMAT_FIELD",
  "FORMAT_LIMIT",
  "FORMAT_TRUNCATED",
  "FORMAT_UNKNOWN",
  "FORMAT_UNSUPPORTED",
  "read",
];

async function settled(work: () => unknown): Promise<string> {
  try {
    await work();
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}

const peekOf = (document: Uint8Array) =>
  peekFolder(
    { name: "fuzz.n5", read: async (key) => (key.endsWith("attributes.json") ? document : undefined) },
    { format: "n5" },
  );

describe("N5: a value or our error", () => {
  it("blocks truncated at every byte", async () => {
    for (const { name, dataset, block } of corpus) {
      for (let length = 0; length < block.length; length++) {
        const code = await settled(() => decodeN5Block(block.subarray(0, length), dataset));
        // the closing block of lz4's stream says nothing, and zstd's checksum is not asked for
        const harmless = name.startsWith("lz4") && block.length - length <= 21;
        expect(
          harmless || code === "FORMAT_TRUNCATED" || code === "FORMAT_CORRUPT" || name.includes("zstd"),
          `${name} cut to ${length}: ${code}`,
        ).toBe(true);
      }
      expect(await settled(() => decodeN5Block(block, dataset)), name).toBe("read");
    }
  }, 60_000);

  it("documents truncated at every byte, and members of every wrong kind", async () => {
    const { document } = corpus[0]!;
    for (let length = 0; length < document.length; length++) {
      expect(await settled(() => parseN5Dataset(document.subarray(0, length)))).toBe("FORMAT_CORRUPT");
    }
    const values = [
      null,
      0,
      -1,
      1.5,
      1e18,
      "x",
      [],
      {},
      [[]],
      [0],
      [-1, 1, 1],
      [2 ** 31, 2 ** 31, 2 ** 31],
      [1e18, 1, 1],
      [1.5, 1, 1],
      true,
    ];
    for (const { document: bytes } of corpus) {
      const good = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      for (const key of [
        ...Object.keys(good),
        "n5",
        "pixelResolution",
        "resolution",
        "units",
        "downsamplingFactors",
        "transform",
        "scales",
        "multiscales",
        "__proto__",
      ]) {
        for (const value of values) {
          const changed = new TextEncoder().encode(JSON.stringify({ ...good, [key]: value }));
          expect(ALLOWED).toContain(await settled(() => parseN5Dataset(changed)));
          expect(ALLOWED).toContain(await settled(() => peekOf(changed)));
        }
      }
    }
  }, 60_000);

  it(
    "1500 random changes and splices of blocks and documents",
    async () => {
      const seed = Number(process.env.FUZZ_SEED ?? 5005);
      const random = seededRandom(seed);
      const count = FUZZ_CASES;
      const change = (original: Uint8Array, other: Uint8Array) => {
        let bytes = original.slice();
        for (let i = 1 + randomInt(random, 4); i > 0; i--) {
          const kind = randomInt(random, 4);
          const at = randomInt(random, bytes.length);
          if (kind === 0) bytes[at] = randomInt(random, 256);
          else if (kind === 1) bytes[at]! ^= 1 << randomInt(random, 8);
          else if (kind === 2) {
            const from = randomInt(random, Math.min(other.length, bytes.length));
            bytes.set(other.subarray(from, Math.min(from + randomInt(random, 40), bytes.length)), from);
          } else if (bytes.length > 20) bytes = bytes.slice(0, 10 + randomInt(random, bytes.length - 10));
        }
        return bytes;
      };
      for (let round = 0; round < count; round++) {
        const [one, other] = [corpus[randomInt(random, corpus.length)]!, corpus[randomInt(random, corpus.length)]!];
        try {
          expect(ALLOWED).toContain(await settled(() => decodeN5Block(change(one.block, other.block), one.dataset)));
          const document = change(one.document, other.document);
          expect(ALLOWED).toContain(await settled(() => parseN5Dataset(document)));
          expect(ALLOWED).toContain(await settled(() => peekOf(document)));
        } catch (cause) {
          throw new Error(`seed ${seed}, round ${round}`, { cause });
        }
      }
    },
    6 * 3600_000,
  );
});
