import { describe, expect, it } from "vitest";
import { empiarEntry } from "../../examples/portals/empiar.mjs";
import { isEmporiumError } from "../../src/core/errors.js";
import { type JsonObject, parseJson } from "../../src/core/json.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import type { ReadRecord } from "../../src/portals/web-metadata.js";
import { addressOf } from "../../src/stations/harvest/records/address.js";
import { fileMetadata, printDocument, readFileMetadata } from "../../src/stations/harvest/records/file-metadata.js";
import { fillFromWeb } from "../../src/stations/harvest/records/fill.js";
import { namedWord, nameOfLocation } from "../../src/stations/harvest/records/named-words.js";
import { readText } from "../../src/stations/harvest/records/portal/text.js";
import { numberedFiles } from "../../src/stations/harvest/records/stack.js";
import { FUZZ_CASES } from "../thorough.js";

const RECORD = {
  name: "a",
  format: "tiff",
  shape: [16, 100, 200],
  dtype: "uint8",
  unit: ["nm", null, null],
  voxel_size: [8.5, null, null],
  offset: [0, null, null],
  channels: 1,
  axes: ["z", "y", "x"],
  contrast: { min: 0, max: 9 },
  acquisition: { beam_energy: { value: 1.9, unit: "keV", si: 3e-16 }, microscope: "FEI Quanta" },
  sources: { shape: "file" },
  warnings: ["stack-gap: no"],
  raw_metadata: { ImageWidth: 200, files: ["a1.tif"] },
};
const REFERENCE = {
  raw_metadata: { ImageWidth: 200, ImageLength: 100, ImageDescription: "ImageJ=1.52p\nunit=\\u00B5m\nspacing=0.02\n" },
  dtype: "uint8",
  unit: [null, null, null],
  voxel_size: [0.02, 0.02, 0.02],
  channels: 1,
  shape: [16, 200, 100],
};
const CROP = {
  raw_metadata: { driver: "neuroglancer_precomputed", scale_metadata: { size: [2, 4, 6] } },
  shape: [2, 4, 6],
  voxel_size: [8.0, 8.0, 8.0],
  unit: ["nm", "nm", "nm"],
  offset: [1, 2, 3],
  axes: ["z", "y", "x"],
};
const PROSE =
  "Serial block-face SEM; 8nm/px in xy and 50nm per section (z), voxel size 8 × 8 × 50 nm³. FEI Magellan400 at 1.9kV and 200pA, 0.5 usec dwell.";

const bare = readFileMetadata(JSON.stringify({ a: RECORD }), "a.json")[0]!.record;
const web = (raw_metadata: JsonObject): ReadRecord => ({
  name: "a",
  raw_metadata,
  download_links: [],
  portal: undefined,
  source_url: undefined,
  record: {},
});

/** Every reader of other people's texts: the codes that it may throw, and texts that it reads. */
const READERS: [name: string, codes: string[], texts: string[], read: (text: string) => unknown][] = [
  [
    "file_metadata.json",
    ["CONFIG_SYNTAX", "CONFIG_FIELD", "METADATA_VALUE"],
    [JSON.stringify({ a: RECORD, b: REFERENCE }), JSON.stringify({ c: CROP, errors: [] })],
    (text) => {
      for (const { record } of readFileMetadata(text, "fuzz.json")) {
        expect(record.unit).toHaveLength(record.shape.length);
        expect(record.voxel_size).toHaveLength(record.shape.length);
        printDocument(fileMetadata([record]));
        printDocument(fileMetadata([record], { compat: true }));
      }
    },
  ],
  ["prose", [], [PROSE], (text) => readText(text)],
  [
    "a portal's metadata",
    ["CONFIG_SYNTAX"],
    [
      JSON.stringify(empiarEntry()),
      JSON.stringify({
        "Acquisition details": { "Final_voxel_size_(nm)": " (4, 4, 2.96) (x, y, z)" },
        "FIB-SEM parameters": { "Current_(nA)": " 0.22" },
      }),
      JSON.stringify({ imgData: { size: { width: 1 }, pixel_size: { x: 0.02 }, channels: [{ window: { start: 1, end: 2 } }] } }),
      JSON.stringify({ submission: { section: { attributes: [{ name: "Voxel size Z (nm)", value: "40" }] } } }),
    ],
    (text) => {
      const raw = parseJson(text);
      const object = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as JsonObject) : {};
      const filled = fillFromWeb(bare, web(object), "data/a1.tif");
      expect(filled.shape).toEqual(bare.shape);
      for (const size of filled.voxel_size) expect(size === null || size > 0).toBe(true);
    },
  ],
  [
    "locations",
    ["LOCATION_UNKNOWN"],
    ["zarr://s3://bucket/a.zarr", "name=https://host/a%20b.tif?token=1#x", "s3://b/c|zarr3:", "/a/b/info"],
    (text) => {
      addressOf(namedWord(text).text);
      expect(typeof nameOfLocation(text)).toBe("string");
    },
  ],
  [
    "names of slices",
    [],
    ["a_0001.ome.tif", "slice999999999999999.mrc.gz"],
    (text) => numberedFiles([text, text.toUpperCase(), "a1.tif"]),
  ],
];

function outcome(read: (text: string) => unknown, codes: readonly string[], text: string): void {
  try {
    read(text);
  } catch (error) {
    if (!isEmporiumError(error) || !codes.includes(error.code)) throw error;
  }
}

const PIECES = [
  "null",
  "[]",
  "{}",
  "-1",
  "1e999",
  "1e308",
  '"',
  ",",
  "(",
  "nm",
  "\0",
  "\ud800",
  "__proto__",
  " x ",
  "9".repeat(400),
];

function mutated(text: string, random: Random): string {
  const at = randomInt(random, text.length + 1);
  const piece = PIECES[randomInt(random, PIECES.length)]!;
  switch (randomInt(random, 4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + randomInt(random, 8));
    case 1:
      return text.slice(0, at) + String.fromCharCode(randomInt(random, 0x2100)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + piece + text.slice(at);
    default:
      // a whole value in the place of another
      return text.replace(/(?<=[:[,])("[^"]*"|-?[\d.e-]+|null)(?=[,\]}])/g, (value) =>
        randomInt(random, 12) === 0 ? piece : value,
      );
  }
}

describe.each(READERS)("%s: a value or our error", (_, codes, texts, read) => {
  it("truncated at every character", () => {
    for (const text of texts) {
      read(text);
      for (let length = 0; length <= text.length; length++) outcome(read, codes, text.slice(0, length));
    }
  });

  it("random changes", () => {
    const seed = Number(process.env.FUZZ_SEED ?? 61);
    const random = seededRandom(seed);
    const count = FUZZ_CASES;
    for (let round = 0; round < count; round++) {
      let text = texts[randomInt(random, texts.length)]!;
      for (let changes = 1 + randomInt(random, 4); changes > 0; changes--) text = mutated(text, random);
      try {
        outcome(read, codes, text);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
    }
  });

  it("a quarter of a megabyte of one piece", () => {
    for (const piece of [
      ...PIECES,
      "5x",
      "5 nm x ",
      "5 ",
      "voxel size of ",
      "(5, ",
      "8nm/px ",
      "pixel size ",
      "resolution ",
      "FEI Quanta ",
      "-",
      ".",
    ]) {
      outcome(read, codes, piece.repeat(Math.floor(2 ** 18 / piece.length)));
    }
  }, 60_000);
});
