import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { openTiff } from "../../src/formats/tiff/image.js";
import { readTiffPlane } from "../../src/formats/tiff/read.js";
import type { CatalogDownloadReport } from "../../src/stations/catalog/download/report.js";
import { pixelHash } from "../../src/stations/catalog/frames/pixels.js";
import { decodeFrame } from "../../src/stations/catalog/frames/png.js";
import type { CatalogRepository } from "../../src/stations/catalog/rows/repository.js";
import type { SelectionInput } from "../../src/stations/catalog/select.js";
import { verifyCatalog } from "../../src/stations/catalog/verify/verify.js";
import { A_NAME, bytesOf, imageJTags, microManagerTag, pagesOfA, writeFixtureA, writeTiffFile } from "./catalog-fixtures.js";
import { openTestCatalog, ROWS, STORAGES, type StorageKind, type TestCatalog, type TestRows } from "./catalog-kit.js";

const open: TestCatalog[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const ID = "FRAMES-2005-06-09-20-00-00-1000";
const FILE_ID = "FILE-2005-06-09-20-00-00-1000";
/** Pages of fixture A in the order of their frames' names. */
const PAGES = [0, 2, 4, 1, 3, 5];

/** Fixture A as frames and as a file. */
async function uploaded(kind: StorageKind = "local", repository?: CatalogRepository): Promise<TestCatalog> {
  const one = await openTestCatalog(kind, repository);
  open.push(one);
  const file_name = await writeFixtureA(one.folder);
  await one.upload([{ dataset_id: ID, file_name }], { upload_type: "frames", frames_format: "tif_id", microscope: "m" });
  await one.upload([{ dataset_id: FILE_ID, file_name }], { upload_type: "file", microscope: "m" });
  return one;
}

const folderOf = (one: TestCatalog, id = ID) => join(one.folder, "dest", id);
const namesIn = async (one: TestCatalog, id = ID) => (await readdir(folderOf(one, id))).sort();

async function pixelsOf(one: TestCatalog, name: string): Promise<Uint8Array> {
  return (await decodeFrame(await readFile(join(folderOf(one), name)), name)).pixels;
}

const frameName = (i: number) => `im_c00${Math.floor(i / 3)}_z00${i % 3}_t000_p000.png`;
const METADATA = ["frames_meta.csv", "global_metadata.json"];

describe.each(ROWS)("downloads, rows in $name", ({ absent, start }) => {
  let rows: TestRows | undefined;
  beforeAll(async () => {
    if (absent === undefined) rows = await start();
    else console.warn(`skipped: ${absent}`);
  });
  afterAll(() => rows?.stop());

  describe.each(STORAGES)("storage %s", (storage) => {
    const fresh = async () => uploaded(storage, await rows!.fresh());

    it.skipIf(absent !== undefined)("17, 57: all frames: the stored files, pixels, table and metadata", async () => {
      const one = await fresh();
      const report = await one.download(ID);
      expect([report.exitStatus, report.frames]).toEqual([0, 6]);
      expect(await namesIn(one)).toEqual([...METADATA, ...PAGES.map((_, i) => frameName(i))]);
      for (const [i, page] of PAGES.entries()) {
        expect(await pixelsOf(one, frameName(i))).toEqual(bytesOf(pagesOfA()[page]!));
        const stored = Buffer.from((await one.storage.read(`raw_frames/${ID}/${frameName(i)}`))!);
        expect(await readFile(join(folderOf(one), frameName(i)))).toEqual(stored);
      }
      const table = await readFile(join(folderOf(one), "frames_meta.csv"), "utf8");
      const lines = PAGES.map(
        (page, i) => `${i},${Math.floor(i / 3)},${i % 3},0,0,,${frameName(i)},${pixelHash(bytesOf(pagesOfA()[page]!))}\n`,
      );
      expect(table).toBe(`,channel_idx,slice_idx,time_idx,pos_idx,channel_name,file_name,sha256\n${lines.join("")}`);
      expect(await readFile(join(folderOf(one), "global_metadata.json"), "utf8")).toBe(
        `{"storage_dir": "raw_frames/${ID}", "nbr_frames": 6, "im_width": 15, "im_height": 10, "nbr_slices": 3, "nbr_channels": 2, "im_colors": 1, "nbr_timepoints": 1, "nbr_positions": 1, "bit_depth": "uint16", "metadata_json": {"file_origin": ${JSON.stringify(join(one.folder, A_NAME))}}}`,
      );
    });

    it.skipIf(absent !== undefined)("18: channel 1, as a number", async () => {
      const one = await fresh();
      await one.download(ID, { select: { channels: 1 } });
      expect(await namesIn(one)).toEqual([...METADATA, ...[0, 1, 2].map((i) => `im_c001_z00${i}_t000_p000.png`)]);
      for (const i of [0, 1, 2])
        expect(await pixelsOf(one, `im_c001_z00${i}_t000_p000.png`)).toEqual(bytesOf(pagesOfA()[2 * i + 1]!));
      const global = JSON.parse(await readFile(join(folderOf(one), "global_metadata.json"), "utf8"));
      expect(global).toMatchObject({ nbr_frames: 3, nbr_channels: 1, nbr_slices: 3 });
    });

    it.skipIf(absent !== undefined)("19: a channel's name that there is not", async () => {
      const one = await fresh();
      await expect(one.download(ID, { select: { channels: "channel1" } })).rejects.toThrow(/No frames matched the query/);
      expect(existsSync(folderOf(one))).toBe(false);
    });

    it.skipIf(absent !== undefined)("20: position 0, time 0, slice 1", async () => {
      const one = await fresh();
      await one.download(ID, { select: { positions: 0, times: [0], slices: 1 } });
      expect(await namesIn(one)).toEqual([...METADATA, "im_c000_z001_t000_p000.png", "im_c001_z001_t000_p000.png"]);
    });

    it.skipIf(absent !== undefined)("21, 57: a file, without metadata, two workers", async () => {
      const one = await fresh();
      await one.download(FILE_ID, { metadata: false, workers: 2 });
      expect(await namesIn(one, FILE_ID)).toEqual([A_NAME]);
      expect(await readFile(join(folderOf(one, FILE_ID), A_NAME))).toEqual(await readFile(join(one.folder, A_NAME)));
    });

    it.skipIf(absent !== undefined)("22: the folder exists", async () => {
      const one = await fresh();
      await mkdir(folderOf(one), { recursive: true });
      await expect(one.download(ID)).rejects.toThrow(/exists already/);
    });

    it.skipIf(absent !== undefined)("without metadata: frames that are chosen and nothing else", async () => {
      const one = await fresh();
      await one.download(ID, { metadata: false, select: { slices: [2] } });
      expect(await namesIn(one)).toEqual(["im_c000_z002_t000_p000.png", "im_c001_z002_t000_p000.png"]);
    });

    it.skipIf(absent !== undefined)("without files: metadata alone", async () => {
      const one = await fresh();
      await one.download(ID, { download: false });
      expect(await namesIn(one)).toEqual(METADATA);
    });
  });
});

describe("downloads", () => {
  it("23: nothing asked for, no workers, no id", async () => {
    const one = await uploaded();
    await expect(one.download(ID, { metadata: false, download: false })).rejects.toThrow(
      "--no-metadata and --no-download leave nothing to do",
    );
    await expect(one.download(ID, { workers: -2 })).rejects.toMatchObject({ code: "USAGE" });
    await expect(one.download("Not-a-serial")).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each<[string, SelectionInput, RegExp]>([
    ["channels of both kinds", { channels: [1, "2"] }, /all names or all whole numbers/],
    ["a position as text", { positions: "50" as unknown as number }, /positions/],
    ["a slice as text", { slices: "5" as unknown as number }, /slices/],
    ["a time as text", { times: "2" as unknown as number }, /times/],
    ["a position that is not there", { positions: [100] }, /No frames matched the query/],
    ["channels' numbers as names", { channels: ["0", "1"] }, /No frames matched the query/],
  ])("42: %s", async (_, select, message) => {
    const one = await uploaded();
    await expect(one.download(ID, { select })).rejects.toThrow(message);
  });

  it("a file has no metadata of frames, and a data set that is not there is said so; no folder is left", async () => {
    const one = await uploaded();
    await expect(one.download(FILE_ID)).rejects.toThrow(/has not been split into frames/);
    await expect(one.download("TEST-2005-06-09-20-00-00-9999")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(existsSync(join(one.folder, "dest", FILE_ID))).toBe(false);
  });

  it("a missing and an altered frame are named, the others fetched; the same command fetches the rest", async () => {
    const one = await uploaded();
    const key = (i: number) => `raw_frames/${ID}/${frameName(i)}`;
    const [kept, other] = [await one.storage.read(key(0)), await one.storage.read(key(1))];
    await one.storage.remove(key(0));
    await one.storage.write(key(2), other!);
    const broken = await one.download(ID);
    expect([broken.exitStatus, broken.status]).toEqual([3, "partly"]);
    expect(broken.errors.map(({ code }) => code).sort()).toEqual(["CHECKSUM_MISMATCH", "STORE_ABSENT"]);
    const found = await verifyCatalog({ repository: one.repository, storage: one.storage });
    expect([found.exitStatus, found.missing, found.wrong]).toEqual([4, 1, 1]);
    await one.storage.write(key(0), kept!);
    await one.upload(
      [{ dataset_id: ID, file_name: join(one.folder, A_NAME) }],
      { upload_type: "frames", frames_format: "tif_id", microscope: "m" },
      { overwrite: true },
    );
    const again: CatalogDownloadReport = await one.download(ID);
    expect([again.exitStatus, again.files.filter(({ status }) => status === "present").length]).toEqual([0, 4]);
    expect(existsSync(join(folderOf(one), ".emporium-download.json"))).toBe(false);
    await expect(one.download(ID)).rejects.toThrow(/exists already/);
  });

  it("a store that lies once is asked again", async () => {
    const one = await uploaded();
    const asked = new Map<string, number>();
    const storage = {
      ...one.storage,
      read: async (...args: Parameters<typeof one.storage.read>) => {
        const bytes = await one.storage.read(...args);
        const times = (asked.get(args[0]) ?? 0) + 1;
        asked.set(args[0], times);
        if (bytes && times === 1) bytes[bytes.length - 20]! ^= 1;
        return bytes;
      },
    };
    expect((await one.download(ID, { storage })).exitStatus).toBe(0);
  });

  it("colours that an older catalogue stored with red and blue exchanged are known, and right in a stack", async () => {
    const one = await openTestCatalog("local");
    open.push(one);
    const id = "RGB-2005-06-09-20-00-00-1000";
    const plane = Uint8Array.from({ length: 450 }, (_, i) => [200, 100, 50][i % 3]!);
    const metadata = { ChannelIndex: 0, Slice: 0, FrameIndex: 0, PositionIndex: 0, Channel: "RGB" };
    const file_name = await writeTiffFile(join(one.folder, "rgb.ome.tif"), [plane], {
      samples: 3,
      dtype: "uint8",
      tags: () => [...imageJTags({}), microManagerTag(metadata)],
    });
    await one.upload([{ dataset_id: id, file_name }], { upload_type: "frames", frames_format: "ome_tiff", microscope: "m" });
    const { encodeFrame } = await import("../../src/stations/catalog/frames/png.js");
    const { swapRedAndBlue } = await import("../../src/stations/catalog/frames/pixels.js");
    const shape = { width: 15, height: 10, colours: 3, depth: "uint8" } as const;
    await one.storage.write(
      `raw_frames/${id}/im_c000_z000_t000_p000.png`,
      await encodeFrame(swapRedAndBlue(plane, shape), shape),
    );
    const report = await one.download(id, { as: "tiff", metadata: false });
    expect([report.exitStatus, report.warnings]).toEqual([0, [expect.stringContaining("red and blue exchanged")]]);
    const bytes = await readFile(join(one.folder, "dest", id, `${id}_p000.ome.tif`));
    const tiff = await openTiff(inMemory(bytes));
    expect(await readTiffPlane(tiff.source, await tiff.image(0))).toEqual(plane);
  });
});

describe("stacks", () => {
  it("a position as OME-TIFF: channels fastest, then slices; sparse places are 0", async () => {
    const one = await uploaded();
    await one.download(ID, { as: "tiff" });
    expect(await namesIn(one)).toEqual([`${ID}_p000.ome.tif`, ...METADATA]);
    const tiff = await openTiff(inMemory(await readFile(join(folderOf(one), `${ID}_p000.ome.tif`))));
    expect(tiff.header.frames).toBe(6);
    for (const [page, plane] of pagesOfA().entries()) {
      expect(await readTiffPlane(tiff.source, await tiff.image(page))).toEqual(bytesOf(plane));
    }
    expect(tiff.header.description).toContain('SizeC="2" SizeZ="3" SizeT="1"');
  });

  it("a position as OME-Zarr: t c z y x", async () => {
    const one = await uploaded();
    const report = await one.download(ID, { as: "ome-zarr", select: { slices: [0, 2] } });
    expect(report.exitStatus).toBe(0);
    const group = join(folderOf(one), `${ID}_p000.ome.zarr`);
    expect(JSON.parse(await readFile(join(group, "0", ".zarray"), "utf8"))).toMatchObject({
      shape: [1, 2, 2, 10, 15],
      chunks: [1, 1, 1, 10, 15],
      dtype: "<u2",
    });
    expect((await readdir(join(group, "0", "0", "1"))).sort()).toEqual(["0", "1"]);
  });
});

describe("verify", () => {
  it("proves a catalogue, finds orphans, and reads shares that add up", async () => {
    const one = await uploaded();
    const { repository, storage } = one;
    expect(await verifyCatalog({ repository, storage })).toMatchObject({
      status: "proven",
      exitStatus: 0,
      datasets: 2,
      objects: 7,
      read: 7,
    });
    let read = 0;
    for (const part of [1, 2, 3]) {
      const share = await verifyCatalog({ repository, storage, subset: { part, of: 3 } });
      expect(share.exitStatus).toBe(3);
      read += share.read;
    }
    expect(read).toBe(7);
    await storage.write(`raw_frames/${ID}/im_c009_z000_t000_p000.png`, Buffer.from("x"));
    await storage.write("raw_files/TEST-2001-01-01-01-01-01-0001/a.txt", Buffer.from("x"));
    const found = await verifyCatalog({ repository, storage });
    expect([found.exitStatus, found.orphans]).toEqual([
      4,
      ["raw_files/TEST-2001-01-01-01-01-01-0001/a.txt", `raw_frames/${ID}/im_c009_z000_t000_p000.png`],
    ]);
    await writeFile(join(one.folder, "storage", "raw_files", FILE_ID, A_NAME), "other");
    expect((await verifyCatalog({ repository, storage, id: FILE_ID })).errors).toMatchObject([{ code: "OBJECT_WRONG" }]);
  });
});
