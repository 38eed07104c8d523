import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../src/core/errors.js";
import { type Json, parseJson, printJson } from "../../src/core/json.js";
import { Float } from "../../src/core/number.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { decodeChunk } from "../../src/formats/zarr/codecs.js";
import { parseZarray, parseZattrs, parseZgroup, parseZmetadata, printZarray } from "../../src/formats/zarr/metadata.js";
import { omeZarrAttributes, parseOmeZarr } from "../../src/formats/zarr/ome.js";
import { readZarrArray } from "../../src/formats/zarr/read.js";
import { FUZZ_CASES } from "../thorough.js";

const stores: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL("../fixtures/zarr/stores.golden.json", import.meta.url), "utf8"),
);
const streams: { codec: { id: string }; plainBytes: number; stored: string }[] = JSON.parse(
  readFileSync(new URL("../fixtures/zarr/streams.golden.json", import.meta.url), "utf8"),
);
const names = Object.keys(stores);
/** Arrays of numcodecs' filters, which `stores` has none of. */
const { arrays: filtered }: { arrays: Record<string, { objects: Record<string, string> }> } = JSON.parse(
  readFileSync(new URL("../golden/zarr/numcodecs.json", import.meta.url), "utf8"),
);
const text = (value: string) => new TextEncoder().encode(value);
const chunkOf = (name: string, key: string) => new Uint8Array(Buffer.from(stores[name]![key]!, "base64"));
const seed = Number(process.env.FUZZ_SEED ?? 2018);
const cases = FUZZ_CASES;

/** "read", or the code of our error; anything else is thrown on. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return error.code;
  }
}

/** Values that no field expects, each of another kind. */
const HOSTILE: Json[] = [
  null,
  true,
  0,
  1,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  10n ** 18n,
  new Float(0.5),
  new Float(-0),
  "",
  "NaN",
  "Infinity",
  "AAAA",
  "../../etc",
  "__proto__",
  "<f4",
  "|O",
  "<U7",
  ">M8[ns]",
  "bz2",
  [],
  [0],
  [[]],
  [1, 1, 1, 1],
  {},
  { id: "constructor" },
  { id: "blosc" },
  { __proto__: null, constructor: 1 },
  Array.from({ length: 40 }, () => 1),
  [["a", "<i4"]],
];

/** Every document that has one value of the given one replaced, removed, or one key renamed. */
function* changed(value: Json): Generator<Json> {
  for (const hostile of HOSTILE) yield hostile;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    yield items.slice(1);
    yield [...items, ...items];
    for (const [i, item] of items.entries())
      for (const other of changed(item)) yield items.map((old, j) => (i === j ? other : old));
  } else if (typeof value === "object" && value !== null && !(value instanceof Float)) {
    const object = value as Record<string, Json>;
    for (const key of Object.keys(object)) {
      const rest = { ...object };
      delete rest[key];
      yield rest;
      for (const other of changed(object[key]!)) yield { ...object, [key]: other };
    }
  }
}

/** Members that `printJson` cannot print as JSON are made text first. */
const print = (value: Json) => text(printJson(value));

const readSmall = async (document: Uint8Array, name: string) => {
  const meta = parseZarray(document, "fuzz");
  printZarray(meta);
  await readZarrArray(async (key) => (stores[name]![key] === undefined ? undefined : chunkOf(name, key)), meta, {
    bytesMax: 2 ** 20,
  });
};

/** With hostile shapes an array may have millions of absent chunks: those are only parsed. */
const parseOnly = (document: Uint8Array) => printZarray(parseZarray(document, "fuzz"));

describe("Zarr: a value or our error", () => {
  it("documents with any one value replaced", async () => {
    const seen = new Set<string>();
    for (const name of ["blosc-lz4-1", "absent-nan", "dtype-c8le", "absent-u8"]) {
      const document = parseJson(new TextDecoder().decode(chunkOf(name, ".zarray")));
      for (const other of changed(document)) seen.add(await outcome(() => parseOnly(print(other))));
    }
    for (const kind of ["tomogram", "tiltseries"] as const) {
      const attributes = omeZarrAttributes({ kind, voxelSizeAngstrom: 13.48, labels: [1] });
      for (const other of changed(attributes)) seen.add(await outcome(() => parseOmeZarr(parseZattrs(print(other)))));
    }
    for (const other of changed({ zarr_format: 2 })) seen.add(await outcome(() => parseZgroup(print(other))));
    const consolidated = { metadata: { "0/.zarray": {} }, zarr_consolidated_format: 1 };
    for (const other of changed(consolidated)) seen.add(await outcome(() => parseZmetadata(print(other))));
    expect([...seen].sort()).toEqual(["FORMAT_FIELD", "FORMAT_LIMIT", "FORMAT_UNKNOWN", "FORMAT_UNSUPPORTED", "read"]);
  });

  it("documents truncated at every byte, and with random bytes", async () => {
    const document = chunkOf("blosc-lz4-1", ".zarray");
    for (let length = 0; length < document.length; length++) {
      expect(await outcome(() => parseZarray(document.subarray(0, length)))).toBe("FORMAT_CORRUPT");
    }
    const random = seededRandom(seed);
    for (let round = 0; round < cases; round++) {
      const bytes = document.slice();
      for (let i = 1 + randomInt(random, 4); i > 0; i--) bytes[randomInt(random, bytes.length)] = randomInt(random, 256);
      await outcome(() => parseOnly(bytes)).catch((cause: unknown) => {
        throw new Error(`seed ${seed}, round ${round}`, { cause });
      });
    }
  });

  it("filters: documents with any one value replaced, and chunks truncated and changed at random", async () => {
    const random = seededRandom(seed + 2);
    const seen = new Set<string>();
    for (const [name, { objects }] of Object.entries(filtered)) {
      if (!name.startsWith("v2")) continue;
      const bytesOf = (key: string) =>
        objects[key] === undefined ? undefined : new Uint8Array(Buffer.from(objects[key], "base64"));
      const document = parseJson(new TextDecoder().decode(bytesOf(".zarray"))) as Record<string, Json>;
      for (const other of changed({ filters: document.filters!, compressor: document.compressor! })) {
        const whole = typeof other === "object" && other !== null ? { ...document, ...other } : document;
        seen.add(
          await outcome(() =>
            readZarrArray(async (key) => bytesOf(key), parseZarray(print(whole as Json)), { bytesMax: 2 ** 16 }),
          ),
        );
      }
      const meta = parseZarray(bytesOf(".zarray")!);
      for (let round = 0; round < Math.ceil(cases / 50); round++) {
        const chunk = bytesOf("0.0")!;
        chunk[randomInt(random, chunk.length)]! ^= 1 << randomInt(random, 8);
        const cut = round % 2 === 0 ? chunk : chunk.subarray(0, randomInt(random, chunk.length));
        seen.add(await outcome(() => readZarrArray(async (key) => (key === "0.0" ? cut : undefined), meta)));
      }
    }
    expect([...seen].sort()).toEqual(["FORMAT_CORRUPT", "FORMAT_FIELD", "FORMAT_UNSUPPORTED", "read"]);
  }, 60_000);

  it("keys of Object's own are data, and change no prototype", async () => {
    const hostile = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "multiscales": []}';
    expect(Object.keys(parseZattrs(text(hostile)))).toEqual(["__proto__", "constructor", "multiscales"]);
    expect(await outcome(() => parseOmeZarr(parseZattrs(text(hostile))))).toBe("FORMAT_FIELD");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(await outcome(() => parseZarray(text('{"__proto__": {"zarr_format": 2}}')))).toBe("FORMAT_FIELD");
  });

  it("chunks of every codec truncated and changed at random never give a wrong length, and leave the codec usable", async () => {
    const random: Random = seededRandom(seed + 1);
    const subjects = names.filter((name) => JSON.parse(new TextDecoder().decode(chunkOf(name, ".zarray"))).compressor !== null);
    const prepared = subjects.map((name) => {
      const { compressor, chunks, type } = parseZarray(chunkOf(name, ".zarray"), name);
      const key = Object.keys(stores[name]!).find((candidate) => !candidate.startsWith("."))!;
      return { compressor, bytes: chunkOf(name, key), plainBytes: chunks.reduce((a, b) => a * b, 1) * type.itemBytes };
    });
    for (const { codec, plainBytes, stored } of streams) {
      prepared.push({ compressor: { id: codec.id }, bytes: new Uint8Array(Buffer.from(stored, "base64")), plainBytes });
    }
    const decode = ({ compressor, plainBytes }: (typeof prepared)[number], bytes: Uint8Array) =>
      outcome(async () => {
        expect((await decodeChunk(bytes, compressor, plainBytes)).length).toBe(plainBytes);
      });
    for (const subject of prepared) {
      for (let length = 0; length < Math.min(40, subject.bytes.length); length++) {
        expect(await decode(subject, subject.bytes.subarray(0, length))).toBe("FORMAT_CORRUPT");
      }
      for (const promised of [0, 1, 2 ** 31 - 1, 2 ** 32 - 1, subject.plainBytes - 1, subject.plainBytes + 1]) {
        for (const at of [0, 4, 8, 12]) {
          const bytes = subject.bytes.slice();
          if (bytes.length >= at + 4) new DataView(bytes.buffer).setUint32(at, promised, true);
          await decode(subject, bytes);
        }
      }
    }
    for (let round = 0; round < cases; round++) {
      const subject = prepared[randomInt(random, prepared.length)]!;
      const bytes = subject.bytes.slice();
      for (let i = 1 + randomInt(random, 4); i > 0; i--) {
        bytes[randomInt(random, random() < 0.5 ? Math.min(24, bytes.length) : bytes.length)] = randomInt(random, 256);
      }
      await decode(subject, bytes).catch((cause: unknown) => {
        throw new Error(`seed ${seed + 1}, round ${round}`, { cause });
      });
    }
    for (const subject of prepared) expect(await decode(subject, subject.bytes)).toBe("read");
  });

  it("reads a small array under any chunk that is there", async () => {
    for (const name of names) expect(await outcome(() => readSmall(chunkOf(name, ".zarray"), name))).toBe("read");
  });
});
