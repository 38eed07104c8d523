import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../../test/real-data.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import { readWebMetadata } from "../../../portals/web-metadata.js";
import { readFileMetadata } from "../records/file-metadata.js";
import type { NormalisedRecord } from "../records/record.js";
import { compare } from "./compare.js";
import type { Table } from "./table.js";

const shared = new URL("harvest/", REAL_DATA);
const hasData = existsSync(new URL("file_metadata.json", shared));
const sharedText = (name: string) => readFileSync(new URL(name, shared), "utf8");

const texts = ({ columns, rows }: Table) => [columns.map(({ key }) => key), ...rows.map((row) => row.map(({ text }) => text))];
const rowOf = (table: Table, name: string) => {
  const row = table.rows.find(([first]) => first!.text === name);
  return Object.fromEntries(table.columns.map(({ key }, at) => [key, row?.[at]?.text]));
};

/** The tables that the reference program prints of its own two documents, cell by cell. */
const REFERENCE_IMAGES = [
  ["dataset", "dtype", "unit", "voxel_size", "channels", "shape", "offset", "axes"],
  ["epfl", "uint8", "[None, None, None]", "[None, None, None]", "1", "[1065, 2048, 1536]", "NaN", "NaN"],
  [
    "openorganelle",
    "int16",
    "[nanometer, nanometer, nanometer]",
    "[2.96, 4.0, 4.0]",
    "NaN",
    "[564, 2520, 2596]",
    "[0.0, 0.0, 0.0]",
    "[z, y, x]",
  ],
  ["hemibrain", "uint8", "[nm, nm, nm]", "[8.0, 8.0, 8.0]", "1", "[200, 400, 600]", "[10000, 11000, 12000]", "[z, y, x]"],
];

/** What its readers keep of the two files that its document lacks, in the form of its other records. */
const IDR = String.raw`{"raw_metadata": {"ImageWidth": 1121, "ImageLength": 775, "BitsPerSample": 8, "SamplesPerPixel": 1,
 "ImageDescription": "ImageJ=1.52p\nimages=184\nslices=184\nunit=\\u00B5m\nspacing=0.02\nloop=false\nmin=36.0\nmax=199.0\n",
 "XResolution": [50000000, 1000000], "YResolution": [50000000, 1000000], "ResolutionUnit": 1},
 "dtype": "uint8", "unit": ["\\u00B5m", "\\u00B5m", "\\u00B5m"], "voxel_size": [0.02, 0.02, 0.02], "channels": 1, "shape": [184, 1121, 775]}`;
const EMPIAR = `{"raw_metadata": {"Acquisition_instrument": {"SEM": {"beam_energy": 1.9, "beam_current": 0.0, "dwell_time": 5e-07,
 "magnification": 2159.0, "microscope": "FEI Quanta"}}, "General": {"date": "2018-11-06", "time": "22:27:16", "title": "3VBSED_slice_0000"}},
 "dtype": "uint8", "unit": ["\u00b5m", "\u00b5m"], "voxel_size": [0.007998250424861908, 0.007998250424861908],
 "shape": [5500, 5496], "offset": [-0.0, -0.0]}`;

describe("the reference's tables (--compat reference)", () => {
  it.skipIf(!hasData)("are those of its own documents (needs real files)", () => {
    const files = readFileMetadata(sharedText("file_metadata.json"), "file_metadata.json");
    const webs = readWebMetadata(sharedText("web_metadata.json"), "web_metadata.json");
    const { images, acquisition } = compare(files, webs, { compat: true });
    expect(texts(images)).toEqual(REFERENCE_IMAGES);
    expect(texts(acquisition)).toEqual([
      ["Parameter", "OpenOrganelle", "EMPIAR"],
      ["Beam energy", "200 eV", "NaN"],
      ["Beam current", "0.22 nA", "NaN"],
      ["Scan parameters", "Scan rate: 0.4 MHz", "NaN"],
      ["Microscope", "NaN", "NaN"],
      ["Magnification", "NaN", "NaN"],
      ["Bias voltage", "500 V", "NaN"],
      ["Imaging duration", "1 day", "NaN"],
    ]);
  });

  it("have the reference's order of rows, its floats, its escapes and its first DM3 file", () => {
    const files = readFileMetadata(`{"mine": ${IDR}, "empiar": ${EMPIAR}, "idr": ${IDR}}`, "f.json");
    const { images, acquisition } = compare(files, [], { compat: true });
    const size = "0.007998250424861908";
    expect(texts(images).slice(1)).toEqual([
      ["idr", "uint8", "[µm, µm, µm]", "[0.02, 0.02, 0.02]", "1", "[184, 1121, 775]", "NaN", "NaN"],
      ["empiar", "uint8", "[µm, µm]", `[${size}, ${size}]`, "NaN", "[5500, 5496]", "[-0.0, -0.0]", "NaN"],
      ["mine", "uint8", "[µm, µm, µm]", "[0.02, 0.02, 0.02]", "1", "[184, 1121, 775]", "NaN", "NaN"],
    ]);
    expect(texts(acquisition).map(([, , empiar]) => empiar)).toEqual([
      "EMPIAR",
      "1.9 keV",
      "0.0 nA",
      "Dwell time (s): 5e-07",
      "FEI Quanta",
      "2159.0",
      "NaN",
      "NaN",
    ]);
  });

  it("do not change with the form that numbers have in JSON", () => {
    const plain = JSON.stringify(JSON.parse(`{"empiar": ${EMPIAR}}`)).replace('"offset":[0,0]', '"offset":[-0,-0]');
    const table = (text: string) => texts(compare(readFileMetadata(text, "f.json"), [], { compat: true }).images);
    expect(plain).toContain("[-0,-0]");
    expect(table(plain)).toEqual(table(`{"empiar": ${EMPIAR}}`));
  });
});

describe("the reference's records, set right", () => {
  it.skipIf(!hasData)("have the true order of axes, and what the page says (needs real files)", () => {
    const files = readFileMetadata(sharedText("file_metadata.json"), "file_metadata.json");
    const webs = readWebMetadata(sharedText("web_metadata.json"), "web_metadata.json");
    const { images, acquisition } = compare(files, webs);
    expect(rowOf(images, "epfl")).toMatchObject({
      shape: "[1065, 1536, 2048]",
      voxel_size_nm: "[5.0, 5.0, 5.0]",
      axes: "[z, y, x]",
    });
    expect(rowOf(images, "hemibrain")).toMatchObject({
      shape: "[600, 400, 200]",
      offset: "[12000, 11000, 10000]",
      axes: "[z, y, x]",
      extent_um: "[4.8, 3.2, 1.6]",
    });
    expect(rowOf(images, "openorganelle")).toMatchObject({
      shape: "[564, 2520, 2596]",
      unit: "[nanometer, nanometer, nanometer]",
    });
    const voxel = images.rows[0]![images.columns.findIndex(({ key }) => key === "voxel_size")]!;
    expect(voxel.marks).toEqual([{ source: "web", axis: undefined }]);
    expect(rowOf(acquisition, "Beam current")).toEqual({ Parameter: "Beam current", openorganelle: "220 pA" });
  });

  it("have height before width, pixels by their own resolution, no minus before nothing", () => {
    const { images, acquisition } = compare(readFileMetadata(`{"idr": ${IDR}, "empiar": ${EMPIAR}}`, "f.json"), []);
    expect(rowOf(images, "idr")).toMatchObject({
      shape: "[184, 775, 1121]",
      voxel_size: "[0.02, 0.02, 0.02]",
      unit: "[µm, µm, µm]",
    });
    expect(rowOf(images, "empiar")).toMatchObject({ shape: "[5500, 5496]", offset: "[0.0, 0.0]", axes: "[y, x]", format: "dm3" });
    expect(rowOf(acquisition, "Dwell time").empiar).toBe("500 ns");
    expect(rowOf(acquisition, "Scan rate").empiar).toBe("2 MHz");
  });
});

function record(name: string, more: Partial<NormalisedRecord> = {}): NormalisedRecord {
  return {
    name,
    format: "zarr",
    shape: [10, 20, 30],
    dtype: "uint8",
    unit: ["nm", "nm", "nm"],
    voxel_size: [4, 2, 2],
    offset: [0, 0, 0],
    channels: null,
    axes: ["z", "y", "x"],
    contrast: null,
    acquisition: {},
    sources: { shape: "file", dtype: "file", voxel_size: "file" },
    warnings: [],
    raw_metadata: {},
    ...more,
  };
}

const web = (name: string, raw: ReadRecord["raw_metadata"] = {}, links: string[] = []): ReadRecord => ({
  name,
  raw_metadata: raw,
  download_links: links,
  portal: undefined,
  source_url: undefined,
  record: {},
});

const file = (one: NormalisedRecord & { location?: string }) => ({ record: one, reference: undefined });

describe("compare", () => {
  it("(34.silence) tells that a portal's record was found by the file's name alone, once", () => {
    const guess = "web-guess: the portal's facts are those of liver, which links to a file of this name";
    const told = (warnings: string[]) =>
      compare(
        [file({ ...record("slice", { warnings }), location: "/data/slice.dm3" })],
        [web("liver", {}, ["https://x.test/a/slice.dm3"])],
      ).notes;
    expect(told([])).toEqual([{ dataset: "slice", says: guess }]);
    expect(told([guess])).toEqual([{ dataset: "slice", says: guess }]);
  });

  it("finds the portal's record by name, by the file's name without its image's number, and by the location", () => {
    const files = [
      file(record("a")),
      file(record("b#2")),
      file({ ...record("slice"), location: "https://x.test/data/set/slice.dm3" }),
      file(record("alone")),
    ];
    const webs = [web("portal", {}, ["https://x.test/data/set/"]), web("b"), web("a"), web("bare")];
    const { datasets, notes } = compare(files, webs);
    expect(datasets.map(({ name, web }) => [name, web?.name])).toEqual([
      ["a", "a"],
      ["b#2", "b"],
      ["slice", "portal"],
      ["alone", undefined],
      ["bare", "bare"],
    ]);
    expect(notes).toEqual([{ dataset: "bare", says: expect.stringContaining("portal alone") }]);
  });

  it("fills from the portal, marks it, and lists what does not agree", () => {
    const entry = {
      "EMPIAR-1": {
        imagesets: [
          { pixel_width: 40, pixel_height: 40, image_width: 31, image_height: 20, details: "200pA, 50 nm per section" },
        ],
      },
    };
    const one = record("empiar", {
      voxel_size: [null, 2, 2],
      unit: [null, "nm", "nm"],
      acquisition: { beam_current: { value: 0, unit: "nA", si: 0 } },
      sources: { voxel_size: "file", acquisition: "file" },
    });
    const { images, acquisition, conflicts } = compare([file(one)], [web("empiar", entry)]);
    expect(rowOf(images, "empiar").voxel_size).toBe("[50.0, 2.0, 2.0]");
    const cell = (table: Table, row: number, key: string) =>
      table.rows[row]![table.columns.findIndex((column) => column.key === key)]!;
    expect(cell(images, 0, "voxel_size").marks).toEqual([{ source: "web", axis: "z" }]);
    expect(conflicts.map(({ dataset, field }) => [dataset, field])).toEqual(
      expect.arrayContaining([
        ["empiar", "voxel_size"],
        ["empiar", "beam_current"],
        ["empiar", "shape"],
      ]),
    );
    const disputed = cell(acquisition, 0, "empiar");
    expect(disputed.text).toBe("0 A");
    expect(disputed.conflicts!.map((at) => conflicts[at]!.field)).toEqual(["beam_current"]);
  });

  it("keeps warnings that are no contradiction as notes", () => {
    const { notes, conflicts } = compare(
      [file(record("a", { warnings: ["stack-gap: 3", "conflict:dtype: the file uint8, the portal int8"] }))],
      [],
    );
    expect(notes).toEqual([{ dataset: "a", says: "stack-gap: 3" }]);
    expect(conflicts).toEqual([{ dataset: "a", field: "dtype", says: "the file uint8, the portal int8" }]);
  });

  it("computes each axis in its own unit, and nothing where a unit is not known", () => {
    const mixed = record("a", { voxel_size: [50, 0.008, 80], unit: ["nm", "µm", "Å"] });
    const odd = record("b", { voxel_size: [1, 1, 1], unit: ["pixel", null, ""] });
    const { images } = compare([file(mixed), file(odd)], []);
    expect(rowOf(images, "a")).toMatchObject({ voxel_size_nm: "[50.0, 8.0, 8.0]", extent_um: "[0.5, 0.16, 0.24]" });
    expect(rowOf(images, "b")).toMatchObject({ voxel_size: "[1.0, 1.0, 1.0]", voxel_size_nm: null, extent_um: null });
  });

  it("takes any number of data sets, none included", () => {
    expect(compare([], []).images.rows).toEqual([]);
    const many = Array.from({ length: 300 }, (_, at) => file(record(`set ${at}`)));
    expect(compare(many, []).images.rows).toHaveLength(300);
  });
});
