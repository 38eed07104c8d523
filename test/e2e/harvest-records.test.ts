import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OfflinePortals, startOfflinePortals } from "../../examples/portals/server.mjs";
import { manualClock, systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { Secret } from "../../src/core/redact.js";
import { type Bases, parseBases } from "../../src/portals/bases.js";
import { PORTAL_NAMES } from "../../src/portals/registry.js";
import { readWebMetadata } from "../../src/portals/web-metadata.js";
import { describe as describePortals } from "../../src/stations/harvest/records/describe.js";
import { fileMetadata, printDocument, readFileMetadata } from "../../src/stations/harvest/records/file-metadata.js";
import { inspect } from "../../src/stations/harvest/records/inspect.js";
import { peek } from "../../src/stations/harvest/records/peek.js";
import { REAL_DATA } from "../real-data.js";
import { emporium, shellWords } from "./cli-host.js";

const EPFL = "https://documents.epfl.ch/groups/c/cv/cvlab-unit/www/data/ ElectronMicroscopy_Hippocampus/volumedata.tif";
const IDR =
  "https://ftp.ebi.ac.uk/pub/databases/IDR/idr0086-miron-micrographs/20200610-ftp/experimentD/Miron_FIB-SEM/Miron_FIB-SEM_processed/Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif";
const ORGANELLE = "zarr://s3://janelia-cosem-datasets/jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2/em/fibsem-int16";
const EMPIAR = "https://ftp.ebi.ac.uk/empiar/world_availability/11759";
const HEMIBRAIN = "precomputed://gs://neuroglancer-janelia-flyem-hemibrain/emdata/clahe_yz/jpeg";
const PAGES = [
  "https://idr.openmicroscopy.org/webclient/img_detail/9846137/?dataset=10740",
  "https://www.ebi.ac.uk/empiar/EMPIAR-11759/",
  "https://www.epfl.ch/labs/cvlab/data/data-em/",
  "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2",
  "https://tinyurl.com/hemibrain-ng",
];

let portals: OfflinePortals;
let bases: Bases;
/** The crop of the reference's downloads, as a folder of this machine. */
let crop: string;
const folder = mkdtempSync(join(tmpdir(), "emporium-records-"));
beforeAll(async () => {
  portals = await startOfflinePortals();
  bases = parseBases(portals.bases, PORTAL_NAMES);
  crop = join(folder, "hemibrain_crop");
  mkdirSync(crop);
  const scale = {
    key: "0",
    size: [200, 400, 600],
    voxel_offset: [10000, 11000, 12000],
    resolution: [8, 8, 8],
    chunk_sizes: [[101, 101, 101]],
    encoding: "jpeg",
  };
  const info = { "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1, scales: [scale] };
  writeFileSync(join(crop, "info"), JSON.stringify(info));
});
afterAll(async () => {
  await portals.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The hosts' pace is kept by a clock that does not wait. */
const options = () => ({ bases, clock: manualClock(Date.parse("2026-01-02T03:04:05Z")), random: () => 0 });

async function webRecords() {
  const { document } = await describePortals(PAGES, options());
  return readWebMetadata(printDocument(document), "web_metadata.json");
}

async function five() {
  const web = await webRecords();
  const report = await inspect([EPFL, IDR, EMPIAR, ORGANELLE, `hemibrain=${crop}`], { ...options(), web });
  expect(report.errors).toEqual([]);
  expect(report.exitStatus).toBe(0);
  return Object.fromEntries(report.records.map((record) => [record.name, record]));
}

describe("the five data sets of the original work", () => {
  it("have their true shapes, sizes and offsets", async () => {
    const { volumedata, idr, empiar, openorganelle, hemibrain } = await five();
    expect(volumedata).toMatchObject({
      format: "tiff",
      shape: [1065, 1536, 2048],
      axes: ["z", "y", "x"],
      dtype: "uint8",
      voxel_size: [5, 5, 5],
      unit: ["nm", "nm", "nm"],
      sources: { shape: "file", voxel_size: "web", unit: "web" },
      warnings: [],
    });
    expect(idr).toMatchObject({
      format: "tiff",
      shape: [184, 775, 1121],
      voxel_size: [0.02, 0.02, 0.02],
      unit: ["µm", "µm", "µm"],
      contrast: { min: 36, max: 199 },
      sources: { voxel_size: "file" },
      warnings: [],
    });
    expect(empiar).toMatchObject({
      format: "dm3",
      shape: [16, 5500, 5496],
      axes: ["z", "y", "x"],
      voxel_size: [50, 0.007998250424861908, 0.007998250424861908],
      unit: ["nm", "µm", "µm"],
      offset: [0, 0, 0],
      sources: { shape: "derived", voxel_size: "file", "voxel_size.z": "web" },
    });
    expect(empiar!.offset.some((one) => Object.is(one, -0))).toBe(false);
    expect(openorganelle).toMatchObject({
      format: "zarr",
      shape: [564, 2520, 2596],
      axes: ["z", "y", "x"],
      dtype: "int16",
      voxel_size: [2.96, 4, 4],
      unit: ["nanometer", "nanometer", "nanometer"],
      offset: [0, 0, 0],
    });
    expect(hemibrain).toMatchObject({
      format: "precomputed",
      shape: [600, 400, 200],
      axes: ["z", "y", "x"],
      offset: [12000, 11000, 10000],
      voxel_size: [8, 8, 8],
      channels: 1,
    });
  });

  it("say how they were taken, and what their portals contradict", async () => {
    const { empiar, openorganelle } = await five();
    expect(empiar!.acquisition).toMatchObject({
      beam_energy: { value: expect.closeTo(1.9, 6), unit: "keV" },
      beam_current: { value: 0, unit: "nA", si: 0 },
      dwell_time: { value: 5e-7, unit: "s", si: 5e-7 },
      magnification: { value: 2159 },
      microscope: "FEI Quanta",
      mode: "SEM",
      date: "2018-11-06",
      time: "22:27:16",
    });
    expect(empiar!.warnings).toEqual([
      "conflict:beam_current: the file 0 nA, the portal's text 200 pA",
      "conflict:microscope: the file FEI Quanta, the portal's text FEI Magellan400",
      "conflict:shape: the file x 5496 × y 5500, the portal x 5628 × y 5632",
    ]);
    expect(openorganelle!.acquisition).toEqual({
      imaging_duration: { value: 1, unit: "day", si: 86400 },
      bias_voltage: { value: 500, unit: "V", si: 500 },
      scan_rate: { value: 0.4, unit: "MHz", si: 400_000 },
      beam_current: { value: 0.22, unit: "nA", si: 2.2e-10 },
      beam_energy: { value: 200, unit: "eV", si: expect.closeTo(200 * 1.602176634e-19, 26) },
      date: "2015-03-09",
    });
    expect(openorganelle!.sources.acquisition).toBe("web");
    expect(openorganelle!.warnings).toEqual([]);
  });

  it("have the reference's values with --compat reference", async () => {
    const records = await five();
    const text = printDocument(fileMetadata(Object.values(records), { compat: true }));
    const { volumedata, idr, empiar, openorganelle, hemibrain } = JSON.parse(text) as Record<string, Record<string, unknown>>;
    expect(volumedata).toMatchObject({
      shape: [1065, 2048, 1536],
      voxel_size: [null, null, null],
      unit: [null, null, null],
      channels: 1,
    });
    expect(volumedata).not.toHaveProperty("offset");
    expect(volumedata).not.toHaveProperty("axes");
    const micrometre = "\\u00B5m";
    expect(idr).toMatchObject({
      shape: [184, 1121, 775],
      voxel_size: [0.02, 0.02, 0.02],
      unit: [micrometre, micrometre, micrometre],
      channels: 1,
    });
    expect(idr!.imagej_metadata).toMatchObject({ ImageJ: "1.52p", images: 184, spacing: 0.02, loop: false, min: 36 });
    expect(empiar).toMatchObject({
      shape: [5500, 5496],
      unit: ["µm", "µm"],
      voxel_size: [0.007998250424861908, 0.007998250424861908],
    });
    expect(empiar).not.toHaveProperty("axes");
    expect(empiar).not.toHaveProperty("channels");
    expect(empiar!.offset).toEqual([-0, -0]);
    expect(text).toContain('"offset": [\n      -0.0,\n      -0.0\n    ]');
    expect(openorganelle).toMatchObject({
      shape: [564, 2520, 2596],
      axes: ["z", "y", "x"],
      voxel_size: [2.96, 4, 4],
      offset: [0, 0, 0],
    });
    expect(openorganelle).not.toHaveProperty("channels");
    expect(hemibrain).toMatchObject({
      shape: [200, 400, 600],
      axes: ["z", "y", "x"],
      offset: [10000, 11000, 12000],
      voxel_size: [8, 8, 8],
    });
    expect(text).toContain('"voxel_size": [\n      8.0,\n      8.0,\n      8.0\n    ]');
  });
});

const REFERENCE = new URL("harvest/file_metadata.json", REAL_DATA);

describe.skipIf(!existsSync(REFERENCE))("the reference's own file_metadata.json", () => {
  const text = existsSync(REFERENCE) ? readFileSync(REFERENCE, "utf8") : "{}";
  const facts = (record: Record<string, unknown>) => {
    const { raw_metadata: _raw, ...rest } = record;
    return rest;
  };

  it("is what ours gives with --compat reference, raw metadata of Zarr and precomputed included", async () => {
    const wanted = JSON.parse(text) as Record<string, Record<string, unknown>>;
    const { volumedata, openorganelle, hemibrain } = JSON.parse(
      printDocument(fileMetadata(Object.values(await five()), { compat: true })),
    ) as Record<string, Record<string, unknown>>;
    expect(facts(volumedata!)).toEqual(facts(wanted.epfl!));
    expect(facts(openorganelle!)).toEqual(facts(wanted.openorganelle!));
    expect(facts(hemibrain!)).toEqual(facts(wanted.hemibrain!));
    expect(volumedata!.raw_metadata).toMatchObject({
      ImageWidth: 2048,
      ImageLength: 1536,
      PageNumber: [0, 1065],
      NewSubfileType: 2,
      Software: "InsightToolkit",
      StripOffsets: (wanted.epfl!.raw_metadata as { StripOffsets: number[] }).StripOffsets,
    });
    const array = (record: Record<string, unknown>) => (record.raw_metadata as { array: unknown }).array;
    expect(array(openorganelle!)).toEqual(array(wanted.openorganelle!));
    const { kvstore: _folder, ...spec } = wanted.hemibrain!.raw_metadata as Record<string, unknown>;
    expect(hemibrain!.raw_metadata).toEqual(spec);
  });

  it("is read with its errors put right, and kept as it stands", () => {
    const [epfl, openorganelle, hemibrain] = readFileMetadata(text, "file_metadata.json");
    expect(epfl!.record).toMatchObject({
      name: "epfl",
      format: "tiff",
      shape: [1065, 1536, 2048],
      axes: ["z", "y", "x"],
      offset: [null, null, null],
    });
    expect(epfl!.reference).toMatchObject({ shape: [1065, 2048, 1536] });
    expect(openorganelle!.record).toMatchObject({
      format: "zarr",
      shape: [564, 2520, 2596],
      voxel_size: [2.96, 4, 4],
      channels: null,
    });
    expect(hemibrain!.record).toMatchObject({ format: "precomputed", shape: [600, 400, 200], offset: [12000, 11000, 10000] });
  });
});

describe("peek", () => {
  it("costs one request for MRC, three for the rest at most, and tells it", async () => {
    const mrc = join(folder, "volume.mrc");
    const head = Buffer.alloc(1024 + 8);
    for (const [at, value] of [2, 2, 2, 0].entries()) head.writeInt32LE(value, 4 * at);
    for (const [at, value] of [2, 2, 2].entries()) head.writeInt32LE(value, 28 + 4 * at);
    for (const [at, value] of [20, 20, 20].entries()) head.writeFloatLE(value, 40 + 4 * at);
    for (const [at, value] of [1, 2, 3].entries()) head.writeInt32LE(value, 64 + 4 * at);
    head.write("MAP ", 208, "latin1");
    head.set([0x44, 0x44], 212);
    writeFileSync(mrc, head);
    const { records, errors } = await peek(
      [mrc, EPFL, IDR, ORGANELLE, HEMIBRAIN, `${EMPIAR}/data/F57-8_test1_3VBSED_slice_0000.dm3`],
      options(),
    );
    expect(errors).toEqual([]);
    expect(records.map(({ name, requests }) => [name, requests <= 3])).toEqual([
      ["volume", true],
      ["volumedata", true],
      ["Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy", true],
      ["fibsem-int16", true],
      ["jpeg", true],
      ["F57-8_test1_3VBSED_slice_0000", true],
    ]);
    expect(records[0]).toMatchObject({ shape: [2, 2, 2], voxel_size: [10, 10, 10], requests: 1, bytes_fetched: 1032 });
    const volumeBytes = 1065 * 1536 * 2048;
    expect(records[1]!.bytes_fetched).toBeLessThan(volumeBytes / 1000);
  });

  it("asks the server no more often than it tells", async () => {
    const before = portals.requests.length;
    const { records } = await peek([EPFL, HEMIBRAIN], options());
    expect(portals.requests.length - before).toBe(records.reduce((sum, { requests }) => sum + requests, 0));
  });

  it("takes a page for all that it links to; what is not there fails alone", async () => {
    const { records, errors, exitStatus } = await peek([PAGES[4]!], options());
    expect(records[0]!.location).toBe(HEMIBRAIN);
    expect(records.length + errors.length).toBe(6);
    // the layer of annotations is no volume
    expect(errors).toContainEqual(
      expect.objectContaining({
        code: expect.stringMatching(/^(FORMAT_|STORE_ABSENT)/),
        url: expect.stringContaining("/v1.0/synapses"),
      }),
    );
    expect(exitStatus).toBe(3);
  });

  it("takes a folder of a web server for each image below it", async () => {
    const { records, errors } = await peek([`${EMPIAR}/`], options());
    expect(errors).toEqual([]);
    expect(records).toHaveLength(16);
    expect(records[3]).toMatchObject({ shape: [5500, 5496], location: `${EMPIAR}/data/F57-8_test1_3VBSED_slice_0003.dm3` });
  });

  it("(34.silence) tells what a portal's page says against its own links", async () => {
    const told: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void told.push(message) };
    await peek(["https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2"], { ...options(), log });
    expect(told).toEqual([expect.stringContaining("NEEDS_KEY: jrc_mus-nacc-2: OpenOrganelle's database wants a key")]);
  });

  it("finds the volume in a public bucket's folder", async () => {
    const { records, errors } = await peek(["s3://janelia-cosem-datasets/jrc_mus-nacc-2"], options());
    expect(errors).toEqual([]);
    expect(records.map(({ location, shape }) => [location, shape])).toEqual([
      [ORGANELLE.replace("zarr://", ""), [564, 2520, 2596]],
    ]);
  });

  it("reads by FTP: files, and folders of them", async () => {
    const file = `${portals.ftpUrl}/empiar/world_availability/11759/data/F57-8_test1_3VBSED_slice_0000.dm3`;
    const { records, errors } = await peek([file, `${portals.ftpUrl}/pub/databases/IDR`], {
      ...options(),
      bases: undefined,
      clock: systemClock,
    });
    expect(errors).toEqual([]);
    expect(records.map(({ shape }) => shape)).toEqual([[5500, 5496], ...Array.from({ length: 11 }, () => [184, 775, 1121])]);
  });

  it("asks a host's other place by any of its addresses", async () => {
    const name = "F57-8_test1_3VBSED_slice_0000.dm3";
    const { records, errors } = await peek([`ftp://ftp.ebi.ac.uk/empiar/world_availability/11759/data/${name}`], options());
    expect([errors, records.map(({ shape }) => shape)]).toEqual([[], [[5500, 5496]]]);
  });

  it.each(["zarr://", "zarr2://", "", "|zarr2:", "|zarr:", "/.zattrs"])("knows a volume by %j", async (form) => {
    const place = ORGANELLE.replace("zarr://", "");
    const { records, errors } = await peek([form.endsWith("//") ? form + place : place + form], options());
    expect([errors, records.map(({ shape }) => shape)]).toEqual([[], [[564, 2520, 2596]]]);
  });

  it("refuses links of replies that lead to this machine", async () => {
    const state = { layers: [{ name: "a", type: "image", source: "precomputed://http://127.0.0.1:1/a" }] };
    const link = `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(state))}`;
    const { errors, exitStatus } = await peek([link], options());
    expect(errors).toMatchObject([{ code: "ADDRESS_REFUSED" }]);
    expect(exitStatus).toBe(1);
  });

  it.each([
    ["no-such-file.mrc", "STORE_ABSENT", 1],
    ["https://documents.epfl.ch/nothing.tif", "STORE_ABSENT", 1],
    ["https://documents.epfl.ch/nothing", "STORE_ABSENT", 1],
    ["EMPIAR-99999", "NOT_FOUND", 1],
    ["gopher://x/y.mrc", "LOCATION_UNKNOWN", 2],
  ])("%s: %s", async (word, code, status) => {
    const { records, errors, exitStatus } = await peek([word], options());
    expect([records, errors.map((error) => error.code), exitStatus]).toEqual([[], [code], status]);
  });
});

describe("OpenOrganelle's other sources", () => {
  const parameters = {
    bias_voltage: { si: 500 },
    scan_rate: { si: 4e5 },
    beam_current: { si: 2.2e-10 },
    imaging_duration: { si: 86_400 },
  };

  it("the database, with the user's key", async () => {
    const access = { base: `${portals.url}/database.openorganelle.test`, key: new Secret("offline-key") };
    const { records, errors } = await inspect([PAGES[3]!], { ...options(), accesses: { openorganelle: access } });
    expect(errors).toEqual([]);
    expect(records).toMatchObject([
      { name: "openorganelle", acquisition: parameters, contrast: { min: -1000, max: 1000 }, warnings: [] },
    ]);
  });

  it("the manifests of older data sets", async () => {
    const { records, errors } = await inspect(["https://openorganelle.janelia.org/datasets/jrc_example-1"], options());
    expect(errors).toEqual([]);
    expect(records).toMatchObject([
      {
        format: "n5",
        shape: [60, 16, 120],
        voxel_size: [3.36, 4, 4],
        acquisition: { beam_energy: { value: 900, unit: "eV" }, scan_rate: { value: 0.5, unit: "MHz" }, date: "2017-06-21" },
        contrast: { min: 0.11, max: 0.16 },
      },
    ]);
    // the example's extent belongs to a larger volume
    expect(records[0]!.warnings).toEqual([
      expect.stringMatching(/^conflict:shape: the file .* the portal x 12000 × y 1600 × z 5982$/),
    ]);
  });

  it("the bucket alone, where the page is an empty frame", async () => {
    const empty = await startOfflinePortals({ organellePage: "empty" });
    try {
      const { records, errors } = await inspect([PAGES[3]!], { ...options(), bases: parseBases(empty.bases, PORTAL_NAMES) });
      expect(errors).toEqual([]);
      expect(records).toMatchObject([
        { name: "openorganelle", shape: [564, 2520, 2596], voxel_size: [2.96, 4, 4], acquisition: {} },
      ]);
    } finally {
      await empty.close();
    }
  });
});

describe("the guide", () => {
  const guide = readFileSync(new URL("../../docs/guides/harvest-look.md", import.meta.url), "utf8");
  const lines = [...guide.matchAll(/^ {4}emporium (harvest .*)$/gm)].map(([, line]) => line!);

  it("has commands that ask portals", () => {
    expect(lines.length).toBeGreaterThan(5);
  });

  it.each(lines)("%s", async (line) => {
    const words = shellWords(line).map((word) => (word === "web_metadata.json" ? join(folder, word) : word));
    const bases = portals.bases.flatMap((base) => ["--portal-base", base]);
    const { status, out, err } = await emporium([...words, ...bases]);
    // the hosts' pace makes some of them tell how far they are; EMPIAR's folders hold the entry's own XML beside the images
    const told = err.replace(/^.*\d+ of \d+.*\n/gm, "").replace(/^.*\/11759\/?: 1 file is not looked at, since .*\n/m, "");
    expect([status, told]).toEqual([0, ""]);
    expect(out).not.toBe("");
  });
});

describe("the commands", () => {
  const words = () => portals.bases.flatMap((base) => ["--portal-base", base]);

  it("describe, inspect --web, as programs read them", async () => {
    const web = join(folder, "out/web_metadata.json");
    const first = await emporium(["harvest", "describe", ...PAGES, ...words(), "--out", web, "--json"]);
    expect(first).toMatchObject({ status: 0, err: "" });
    expect(Object.keys(JSON.parse(first.out) as object)).toEqual(["idr", "empiar", "epfl", "openorganelle", "hemibrain"]);
    const file = join(folder, "out/file_metadata.json");
    const second = await emporium([
      "harvest",
      "inspect",
      `epfl=${EPFL}`,
      crop,
      ...words(),
      "--web",
      web,
      "--out",
      file,
      "--json",
    ]);
    expect(second).toMatchObject({ status: 0, err: "" });
    const document = JSON.parse(second.out) as Record<string, Record<string, unknown>>;
    expect(document).toEqual(JSON.parse(readFileSync(file, "utf8")));
    expect(document.epfl).toMatchObject({ name: "epfl", voxel_size: [5, 5, 5], sources: { voxel_size: "web" } });
    expect(Object.keys(document.epfl!)).toEqual([
      "name",
      "format",
      "shape",
      "dtype",
      "unit",
      "voxel_size",
      "offset",
      "channels",
      "axes",
      "contrast",
      "acquisition",
      "sources",
      "warnings",
      "raw_metadata",
      "location",
    ]);
  });

  it("say what failed and keep the rest: status 3", async () => {
    const { status, out, err } = await emporium(["harvest", "peek", crop, "nothing.mrc", "--json"]);
    expect(status).toBe(3);
    const document = JSON.parse(out) as { errors: unknown[]; hemibrain_crop: object };
    expect(document.hemibrain_crop).toMatchObject({ requests: 1, bytes_fetched: expect.any(Number) });
    expect(document.errors).toMatchObject([{ code: "STORE_ABSENT", file: expect.stringContaining("nothing.mrc") }]);
    expect(err).toMatch(/^error\[STORE_ABSENT\]/);
  });

  it("(34.23) describe the rest where one of several is of no portal: status 3", async () => {
    const { status, out, err } = await emporium(["harvest", "describe", PAGES[0]!, "no such thing", ...words(), "--json"]);
    expect([status, err.match(/^error\[\w+\]/gm)]).toEqual([3, ["error[UNKNOWN_PORTAL]"]]);
    expect(Object.keys(JSON.parse(out) as object)).toEqual([expect.not.stringMatching("errors"), "errors"]);
  });

  it("ask nothing for a single one that is of no portal: status 2", async () => {
    const before = portals.requests.length;
    const { status, err } = await emporium(["harvest", "describe", "no such thing", ...words()]);
    expect([status, portals.requests.length - before]).toEqual([2, 0]);
    expect(err).toContain("UNKNOWN_PORTAL");
  });

  it("(34.23) take lists from a file or stdin, with comments, empty lines and the line ends of Windows", async () => {
    const lines = ["\ufeff# links", "", "near=https://example.org/a.zarr ", "https://example.org/b.zarr"];
    const list = join(folder, "links.txt");
    writeFileSync(list, lines.join("\r\n"));
    const one = await emporium(["harvest", "describe", "far=https://example.org/c.zarr", "--from-file", list, "--json"]);
    expect([one.status, Object.keys(JSON.parse(one.out) as object)]).toEqual([0, ["far", "near", "b"]]);
    const two = await emporium(["harvest", "describe", "--from-file", "-", "--json"], {
      stdin: Readable.from([lines.join("\n")]),
    });
    expect([two.status, Object.keys(JSON.parse(two.out) as object), two.err]).toEqual([0, ["near", "b"], ""]);
    const words = ["harvest", "download", "--from-file", list, "--dest", join(folder, "none"), "--portal-base"];
    const { err } = await emporium([...words, "example.org=http://127.0.0.1:9", "--dry-run"]);
    expect(err).toContain("https://example.org/a.zarr");
    expect(err).toContain("https://example.org/b.zarr");
  });

  it.each([
    [[], "harvest describe needs a URL, or --from-file"],
    [["--from-file", "/dev/null"], "/dev/null has no URL"],
    [["--from-file", "-"], "stdin has no URL"],
    [["--from-file", "nowhere.txt"], "the list nowhere.txt does not exist"],
  ])("(34.23) say what lacks: %j", async (given, message) => {
    const { status, err } = await emporium(["harvest", "describe", ...given]);
    expect([status, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
