import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import catalogDownload from "../../src/cli/catalog-download.js";
import catalogQuery from "../../src/cli/catalog-query.js";
import catalogUpload from "../../src/cli/catalog-upload.js";
import { parseCommandLine } from "../../src/cli/flags.js";
import { printJsonLine } from "../../src/core/json.js";
import { fileKey, framesFolder } from "../../src/model/storage-layout.js";
import { FRAME_COLUMNS, type FrameShape } from "../../src/stations/catalog/frames/frame.js";
import { pixelHash } from "../../src/stations/catalog/frames/pixels.js";
import { decodeFrame, encodeFrame } from "../../src/stations/catalog/frames/png.js";
import { checkKnownId, parseDatasetId } from "../../src/stations/catalog/identifier.js";
import { parseUploadConfig } from "../../src/stations/catalog/inputs/config.js";
import { parseJsonFile, readJsonFile } from "../../src/stations/catalog/inputs/json-file.js";
import { builtInMetaSchema, compileMetaSchema, readMetaSchema } from "../../src/stations/catalog/inputs/meta-schema.js";
import { parseUploadTable } from "../../src/stations/catalog/inputs/upload-table.js";
import { FRAMES_TABLE_HEADER } from "../../src/stations/catalog/outputs/frames-table.js";
import { checkDate, datasetQuery } from "../../src/stations/catalog/query.js";
import { channelsOfWords } from "../../src/stations/catalog/select.js";
import { squeezed, stackLayout } from "../../src/stations/catalog/stack/layout.js";
import { openStorage } from "../../src/stations/catalog/storage/open-storage.js";
import { shapeOfRow } from "../../src/stations/catalog/storage/stored-frame.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { s3Store } from "../../src/stores/s3/store.js";
import { REAL_DATA } from "../real-data.js";
import { assembleStack } from "./assemble-stack.js";
import { bytesOf, pagesOfA } from "./catalog-fixtures.js";

const data = fileURLToPath(new URL("imagingdb/", REAL_DATA));
const hasData = existsSync(data);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "emporium-catalog-inputs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (command: Parameters<typeof parseCommandLine>[0], line: string) =>
  parseCommandLine(command, line.split(" ")).options;

describe("command lines, facts 1, 15, 16, 26", () => {
  it("1: upload", () => {
    const given = options(catalogUpload, "--csv x --login test_login.json --config test_config.json --nbr_workers 5");
    expect(given).toMatchObject({
      csv: "x",
      login: "test_login.json",
      config: "test_config.json",
      overwrite: false,
      nbrWorkers: 5,
    });
  });

  it("15: download", () => {
    const given = options(catalogDownload, "--id i --login l --dest d -p 5 -t 0 -c 1 2 3 -z 4 5 --nbr_workers 5");
    expect(given).toMatchObject({ positions: ["5"], times: ["0"], channels: ["1", "2", "3"], slices: ["4", "5"], nbrWorkers: 5 });
    expect(channelsOfWords(["1", "2"])).toEqual([1, 2]);
    expect(channelsOfWords(["1", "phase"])).toEqual(["1", "phase"]);
  });

  it("16: download by default", () => {
    const given = options(catalogDownload, "--id i --dest d");
    expect([given.positions, given.times, given.channels, given.slices, given.nbrWorkers]).toEqual(Array(5).fill(undefined));
    expect(given).toMatchObject({ metadata: true, download: true, as: "png" });
    expect(options(catalogDownload, "--id i --dest d --no-metadata --storage_access m")).toMatchObject({
      metadata: false,
      storageAccess: "m",
    });
  });

  it("26: query", () => {
    const given = options(catalogQuery, "--login l --project_id P --start_date 2010-01-01");
    expect(given).toMatchObject({ projectId: "P", startDate: "2010-01-01" });
    expect(given.endDate).toBeUndefined();
  });
});

describe("stacks in memory, facts 46, 47, 55, 56", () => {
  const grey: FrameShape = { height: 10, width: 20, colours: 1, depth: "uint16" };

  it("46: axes by the distinct indices", () => {
    const frames = [0, 1, 2, 3, 4].flatMap((channel_idx) =>
      [5, 6, 7].flatMap((slice_idx) => [3, 14, 26].map((pos_idx) => ({ channel_idx, slice_idx, time_idx: 50, pos_idx }))),
    );
    const layout = stackLayout(frames, grey);
    expect(layout.shape).toEqual([10, 20, 1, 3, 5, 1, 3]);
    expect([layout.channels, layout.slices, layout.times, layout.positions]).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7],
      [50],
      [3, 14, 26],
    ]);
  });

  it("47: axes of length 1 are left out", () => {
    expect(squeezed([10, 20, 1, 10, 20, 1, 30])).toEqual({ shape: [10, 20, 10, 20, 30], axes: "XYZCP" });
    expect(squeezed([10, 20, 3, 10, 20, 40, 30])).toEqual({ shape: [10, 20, 3, 10, 20, 40, 30], axes: "XYGZCTP" });
  });

  it("55, 56: pixels at [row, column, slice]; channels", async () => {
    const shape: FrameShape = { height: 10, width: 15, colours: 1, depth: "uint16" };
    const planes = pagesOfA();
    const slices = [0, 1, 2].map((z) => ({ channel_idx: 0, slice_idx: z + 1, time_idx: 0, pos_idx: 0 }));
    const stack = await assembleStack(slices, shape, async ({ slice_idx }) => bytesOf(planes[2 * (slice_idx - 1)]!));
    expect([stack.shape, stack.axes]).toEqual([[10, 15, 3], "XYZ"]);
    const values = new Uint16Array(stack.bytes.buffer);
    for (let z = 0; z < 3; z++) for (let i = 0; i < 150; i++) expect(values[3 * i + z]).toBe(planes[2 * z]![i]);
    const channels = [0, 1].map((c) => ({ channel_idx: c, slice_idx: 0, time_idx: 0, pos_idx: 0 }));
    expect(await assembleStack(channels, shape, async () => bytesOf(planes[0]!))).toMatchObject({
      shape: [10, 15, 2],
      axes: "XYC",
    });
  });
});

describe("storage, facts 45, 48, 49 and 51", () => {
  it("45: a storage is the place that was named; workers come from the command line, access from its option alone", async () => {
    expect((await openStorage(folder)).url).toBe(pathToFileURL(folder).href);
    const given = options(catalogUpload, `--csv x --config c --storage ${folder} --nbr_workers 12`);
    expect([given.storage, given.nbrWorkers, given.storageAccess]).toEqual([folder, 12, undefined]);
  });

  it("48: no storage lacks an operation", async () => {
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/of+the=tests" };
    const bucket = s3Store({ bucket: "bucket", prefix: "", endpoint: "http://127.0.0.1:9", region: "eu-central-1", credentials });
    for (const storage of [await openStorage(folder), memoryStore(), bucket]) {
      const operations = [
        storage.stat,
        storage.read,
        storage.write,
        storage.create,
        storage.list,
        storage.children,
        storage.remove,
      ];
      for (const operation of operations) expect(operation).toBeTypeOf("function");
      expect(storage.features.writable).toBe(true);
    }
  });

  it("49: a mount that is not there", async () => {
    await expect(openStorage(join(folder, "no-mount"))).rejects.toMatchObject({ code: "USAGE" });
    if (!existsSync("/Volumes/data_lg")) await expect(openStorage("local")).rejects.toThrow(/czbiohub-imaging/);
  });

  it("51: keys and the bucket by its name", async () => {
    expect(fileKey("X", "a.tif")).toBe("raw_files/X/a.tif");
    expect(framesFolder("X")).toBe("raw_frames/X");
    const config = (more: object) =>
      parseUploadConfig(JSON.stringify({ upload_type: "file", microscope: "m", ...more }), "c.json").storage;
    expect(config({ storage: "S3", storage_access: "my-bucket" })).toBe("s3://my-bucket");
    expect(config({ storage: "s3" })).toBe("s3://czbiohub-imaging");
    expect(config({ storage: "LOCAL", storage_access: "/mnt/x" })).toBe("/mnt/x");
    expect(config({})).toBe("/Volumes/data_lg/czbiohub-imaging/");
    expect(config({ storage: "s3://b/prefix" })).toBe("s3://b/prefix");
  });
});

describe("JSON, facts 80 and 81", () => {
  const micro = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: 4, Channel: "x" };

  it("80: MicroManager's object against the built-in schema", () => {
    expect(builtInMetaSchema.fault({ MicroManagerMetadata: micro })).toBeUndefined();
    expect(builtInMetaSchema.fault({ MicroManagerMetadata: { ...micro, Slice: "2" } })).toMatch(
      /MicroManagerMetadata.Slice must be integer/,
    );
    expect(builtInMetaSchema.fault({ MicroManagerMetadata: { ChannelIndex: 1 } })).toMatch(/required property/);
    expect(builtInMetaSchema.fault({})).toMatch(/required property 'MicroManagerMetadata'/);
  });

  it("80: a schema that is none", () => {
    expect(() => compileMetaSchema({ type: 3 }, "s.json")).toThrow(/is not a valid JSON Schema/);
    expect(() => parseJsonFile("3", "s.json", "metadata schema")).toThrow(/a number; expected an object/);
  });

  it("81: files that are right, wrong and not there", async () => {
    const path = join(folder, "a.json");
    await writeFile(path, '{"a": [1, 2.0], "b": {"c": null}}');
    expect(printJsonLine((await readJsonFile(path, "x")).value)).toBe('{"a": [1, 2.0], "b": {"c": null}}');
    await writeFile(path, '{"a": 1,\n "b": }');
    await expect(readJsonFile(path, "x")).rejects.toMatchObject({
      code: "CONFIG_SYNTAX",
      facts: { place: { file: path, line: 2, column: 7 } },
    });
    await expect(readJsonFile(join(folder, "none.json"), "x")).rejects.toThrow(/does not exist/);
  });

  it("84: classes by their words", () => {
    const config = (more: object) =>
      parseUploadConfig(JSON.stringify({ upload_type: "frames", microscope: "m", ...more }), "c.json");
    expect(config({ frames_format: "tiff_folder" }).framesFormat).toBe("tif_folder");
    for (const [word, format] of [
      ["ome_tif", "ome_tiff"],
      ["tiff", "ome_tiff"],
      ["tiff_id", "tif_id"],
    ])
      expect(config({ frames_format: word }).framesFormat).toBe(format);
    expect(() => config({ frames_format: "png_folder" })).toThrow(/frames_format/);
    expect(() => config({ frames_format: "tif_id", storage: "not_storage" })).toThrow(/local, s3/);
    expect(config({ upload_type: "format" }).uploadType).toBe("file");
    expect(() => config({ upload_type: "movie" })).toThrow(/file or frames/);
  });
});

describe("ids and dates, facts 85 and 86", () => {
  it("85: ids", () => {
    expect(parseDatasetId("ISP-2018-06-08-15-45-00-0001")).toEqual({
      text: "ISP-2018-06-08-15-45-00-0001",
      project: "ISP",
      dateTime: "2018-06-08T15:45:00",
      number: 1,
    });
    for (const wrong of [
      "ISP-2018-06-08-15-45-00",
      "ISP-2018-50-08-15-45-00-0001",
      "ISP-666-06-08-15-45-00-0001",
      "ISP-2018-06-08-15-45-00-000A",
      "ISP_2018_06_08_15_45_00_0001",
      "ISP-2018-02-30-15-45-00-0001",
      "ISP-2019-02-29-15-45-00-0001",
      "isp-2018-06-08-15-45-00-0001",
      "-2018-06-08-15-45-00-0001",
      "ISP-2018-0x-08-15-45-00-0001",
      "ISP-2018-06-08-24-45-00-0001",
    ]) {
      expect(() => parseDatasetId(wrong), wrong).toThrow(/data set's id/);
    }
    expect(parseDatasetId("ISP-2020-02-29-15-45-00-0001").number).toBe(1);
    expect(checkKnownId("isp-2018-06-08-15-45-00-0001")).toBe("isp-2018-06-08-15-45-00-0001");
    expect(() => checkKnownId("../2018-06-08-15-45-00-0001")).toThrow();
  });

  it("86: dates", () => {
    expect(checkDate("2019-05-07", "--start-date")).toBe("2019-05-07");
    for (const wrong of ["2019-55-77", "19-01-01", "2019-02-29", "2019-1-1", ""])
      expect(() => checkDate(wrong, "--start-date")).toThrow(/expected a date/);
    expect(datasetQuery({ startDate: "2018-05-17", endDate: "2018-06-15" })).toMatchObject({
      from: "2018-05-17T00:00:00",
      to: "2018-06-15T23:59:59",
    });
    expect(() => datasetQuery({ startDate: "2018-06-17", endDate: "2018-06-15" })).toThrow(/later/);
  });
});

describe("pixels, facts 52, 53, 88, 89, 91", () => {
  it.each<[string, FrameShape]>([
    ["grey, 8 bits", { height: 10, width: 15, colours: 1, depth: "uint8" }],
    ["grey, 16 bits", { height: 10, width: 15, colours: 1, depth: "uint16" }],
    ["colours, 8 bits", { height: 7, width: 1, colours: 3, depth: "uint8" }],
    ["colours, 16 bits", { height: 1, width: 9, colours: 3, depth: "uint16" }],
  ])("52, 88: PNG there and back, %s", async (_, shape) => {
    const bytes = shape.height * shape.width * shape.colours * (shape.depth === "uint8" ? 1 : 2);
    const pixels = Uint8Array.from({ length: bytes }, (_, i) => (i * 37) ^ (i >> 3));
    const png = await encodeFrame(pixels, shape);
    expect(await decodeFrame(png, "x", shape)).toEqual({ shape, pixels });
    expect(await encodeFrame(pixels, shape)).toEqual(png);
    await expect(decodeFrame(png, "x", { ...shape, width: 99 })).rejects.toMatchObject({ code: "OBJECT_WRONG" });
  });

  it("88: what is no PNG is refused", async () => {
    const shape: FrameShape = { height: 10, width: 15, colours: 1, depth: "uint16" };
    const npy = Buffer.concat([Buffer.from("\x93NUMPY\x01\0", "latin1"), Buffer.alloc(420)]);
    await expect(decodeFrame(npy, "im.npy", shape)).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });

  it("89: columns of a table of frames", () => {
    expect([...FRAME_COLUMNS].sort()).toEqual(
      ["channel_idx", "slice_idx", "time_idx", "channel_name", "file_name", "pos_idx", "sha256"].sort(),
    );
    expect(FRAMES_TABLE_HEADER).toBe(",channel_idx,slice_idx,time_idx,pos_idx,channel_name,file_name,sha256\n");
  });

  it("90: rows that no frame can be of", () => {
    const row = { storage_dir: "d", nbr_frames: 1, im_width: 15, im_height: 10, nbr_slices: 1, nbr_channels: 1, im_colors: 1 };
    const global = { ...row, nbr_timepoints: 1, nbr_positions: 1, bit_depth: "uint16" };
    expect(shapeOfRow(global, "X")).toEqual({ width: 15, height: 10, colours: 1, depth: "uint16" });
    for (const wrong of [{ im_colors: 2 }, { bit_depth: "float32" }, { im_width: 0 }]) {
      expect(() => shapeOfRow({ ...global, ...wrong }, "X")).toThrow(/not possible/);
    }
  });

  it("91: a hash is of pixels", () => {
    const pixels = new Uint16Array(6 * 50 * 50).fill(50);
    expect(pixelHash(bytesOf(pixels))).toBe("d1b8118646637256b66ef034778f8d0add8d00436ad1ebb051ef09cf19dbf2d2");
    expect(pixelHash(bytesOf(pixels))).toBe(createHash("sha256").update(bytesOf(pixels)).digest("hex"));
  });
});

describe.skipIf(!hasData)("the public samples of imagingDB", () => {
  it("configurations and table", async () => {
    const file = parseUploadConfig(await readFile(join(data, "config_file.json"), "utf8"), join(data, "config_file.json"));
    expect(file).toMatchObject({
      uploadType: "file",
      microscope: "Mass Spectrometry",
      storage: "/Volumes/data_lg/czbiohub-imaging/",
      warnings: [],
    });
    const ome = parseUploadConfig(await readFile(join(data, "config_ome_tiff.json"), "utf8"), join(data, "config_ome_tiff.json"));
    expect(ome).toMatchObject({
      uploadType: "frames",
      framesFormat: "ome_tiff",
      microscope: "",
      metaSchema: join(data, "metadata_schema.json"),
    });
    const schema = await readMetaSchema(ome.metaSchema!);
    expect(schema.tags).toEqual([
      { name: "MicroManagerMetadata", required: ["ChannelIndex", "Slice", "FrameIndex", "PositionIndex", "Channel"] },
    ]);
    const { rows, warnings } = parseUploadTable(
      await readFile(join(data, "files_for_upload.csv"), "utf8"),
      "files_for_upload.csv",
    );
    expect(warnings).toEqual([]);
    expect(rows).toMatchObject([
      {
        id: "ML-2018-11-07-09-35-54-0010",
        row: { description: "Publication quality Ijclean data", parent: null, positions: undefined, place: { line: 2 } },
      },
    ]);
  });
});
