import { createHash } from "node:crypto";
import { symlinkSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FrameRow } from "../../src/stations/catalog/frames/frame.js";
import { loadNameParsers } from "../../src/stations/catalog/frames/parser-module.js";
import { pixelHash } from "../../src/stations/catalog/frames/pixels.js";
import { decodeFrame } from "../../src/stations/catalog/frames/png.js";
import type { CatalogRepository } from "../../src/stations/catalog/rows/repository.js";
import {
  A_NAME,
  bytesOf,
  F_CHANNELS,
  imageJTags,
  microManagerTag,
  pagesOfA,
  writeFixtureA,
  writeTiffFile,
} from "./catalog-fixtures.js";
import { openTestCatalog, ROWS, STORAGES, type StorageKind, type TestCatalog, type TestRows } from "./catalog-kit.js";

const open: TestCatalog[] = [];
async function catalog(kind: StorageKind = "local", repository?: CatalogRepository): Promise<TestCatalog> {
  const one = await openTestCatalog(kind, repository);
  open.push(one);
  return one;
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const A_ID = "TEST-2005-06-09-20-00-00-1000";
const TIF_ID = {
  upload_type: "frames",
  frames_format: "tif_id",
  microscope: "Leica microscope CAN bus adapter",
  filename_parser: "parse_ml_name",
};
const FILE = { upload_type: "file", microscope: "Mass Spectrometry" };
const rowA = (one: TestCatalog) => ({
  dataset_id: A_ID,
  file_name: join(one.folder, A_NAME),
  description: "Testing",
  parent_dataset_id: "None",
  positions: "",
});

async function framesOf(one: TestCatalog, id: string): Promise<FrameRow[]> {
  const rows: FrameRow[] = [];
  for await (const row of one.repository.framesOf(id, {}, { metadata: true })) rows.push(row);
  return rows;
}

async function storedPixels(one: TestCatalog, folder: string, name: string) {
  const bytes = await one.storage.read(`${folder}/${name}`);
  return decodeFrame(bytes!, name);
}

describe.each(ROWS)("uploads, rows in $name", ({ absent, start }) => {
  let rows: TestRows | undefined;
  beforeAll(async () => {
    if (absent === undefined) rows = await start();
    else console.warn(`skipped: ${absent}`);
  });
  afterAll(() => rows?.stop());

  describe.each(STORAGES)("storage %s", (storage) => {
    const fresh = async () => catalog(storage, await rows!.fresh());

    it.skipIf(absent !== undefined)(
      "2 to 5, 14: frames of fixture A: data set, what frames share, rows, stored pixels",
      async () => {
        const one = await fresh();
        await writeFixtureA(one.folder);
        const report = await one.upload([rowA(one)], TIF_ID);
        expect([report.exitStatus, report.errors, report.datasets]).toEqual([
          0,
          [],
          [{ id: A_ID, status: "uploaded", frames: 6, bytes: 1800, storage_dir: `raw_frames/${A_ID}` }],
        ]);
        const dataset = await one.repository.findDataset(A_ID);
        expect(dataset).toMatchObject({
          frames: true,
          date_time: "2005-06-09T20:00:00",
          microscope: "Leica microscope CAN bus adapter",
          description: "Testing",
          parent: null,
        });
        expect(dataset!.framesGlobal).toEqual({
          storage_dir: `raw_frames/${A_ID}`,
          nbr_frames: 6,
          im_width: 15,
          im_height: 10,
          nbr_slices: 3,
          nbr_channels: 2,
          nbr_positions: 1,
          nbr_timepoints: 1,
          im_colors: 1,
          bit_depth: "uint16",
          metadata_json: { plate_id: "A1", stack_nbr: 2, protein_name: "PROTEIN", file_origin: join(one.folder, A_NAME) },
        });
        const rows = await framesOf(one, A_ID);
        const pages = [0, 2, 4, 1, 3, 5];
        expect(rows.map(({ file_name }) => file_name)).toEqual(
          pages.map((_, i) => `im_c00${Math.floor(i / 3)}_z00${i % 3}_t000_p000.png`),
        );
        for (const [i, row] of rows.entries()) {
          const plane = bytesOf(pagesOfA()[pages[i]!]!);
          expect(row).toMatchObject({
            channel_idx: Math.floor(i / 3),
            slice_idx: i % 3,
            time_idx: 0,
            pos_idx: 0,
            sha256: pixelHash(plane),
          });
          const { shape, pixels } = await storedPixels(one, `raw_frames/${A_ID}`, row.file_name);
          expect([shape.depth, pixels]).toEqual(["uint16", plane]);
        }
      },
    );

    it.skipIf(absent !== undefined)("7: frames twice, the second time with overwrite", async () => {
      const one = await fresh();
      await writeFixtureA(one.folder);
      await one.upload([rowA(one)], TIF_ID);
      const again = await one.upload([rowA(one)], TIF_ID, { overwrite: true });
      expect(again.datasets.map(({ status }) => status)).toEqual(["replaced"]);
      expect(await framesOf(one, A_ID)).toHaveLength(6);
    });

    it.skipIf(absent !== undefined)("8, 9: a file as it is, and again with overwrite", async () => {
      const one = await fresh();
      const path = await writeFixtureA(one.folder);
      expect((await one.upload([rowA(one)], FILE)).exitStatus).toBe(0);
      const stored = await one.repository.findDataset(A_ID);
      const sha256 = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
      expect(stored).toMatchObject({ frames: false, microscope: "Mass Spectrometry", framesGlobal: undefined });
      expect(stored!.file).toEqual({
        storage_dir: `raw_files/${A_ID}`,
        file_name: A_NAME,
        metadata_json: { file_origin: path },
        sha256,
      });
      expect(Buffer.from((await one.storage.read(`raw_files/${A_ID}/${A_NAME}`))!)).toEqual(await readFile(path));
      expect((await one.upload([rowA(one)], FILE, { overwrite: true })).exitStatus).toBe(0);
    });

    it.skipIf(absent !== undefined)("11: one ome.tif", async () => {
      const one = await fresh();
      const metadata = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: 1, Channel: "x" };
      const path = await writeTiffFile(join(one.folder, "one.ome.tif"), [new Uint16Array(150)], {
        tags: () => [...imageJTags({ InitialPositionList: [{ Label: "Pos1" }] }), microManagerTag(metadata)],
      });
      const row = { dataset_id: "ISP-2005-01-01-01-00-00-0001", file_name: path, positions: "1" };
      const report = await one.upload([row], { upload_type: "frames", frames_format: "ome_tiff", microscope: "" });
      expect(report.exitStatus).toBe(0);
      expect((await framesOf(one, row.dataset_id))[0]!.metadata_json).toEqual({ MicroManagerMetadata: metadata });
    });
  });
});

describe("uploads", () => {
  it("6: an id that is none: refused with its line, nothing touched", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const report = await one.upload([{ ...rowA(one), dataset_id: "BAD_ID" }], TIF_ID);
    expect(report.exitStatus).toBe(2);
    expect(report.errors).toMatchObject([
      { code: "CONFIG_FIELD", file: join(one.folder, "files.csv"), line: 2, column: 1, dataset: "BAD_ID" },
    ]);
    for await (const { key } of one.storage.list("")) expect.fail(`${key} was written`);
  });

  it("one bad row among several: the others are done, all bad ones listed", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const report = await one.upload(
      [{ ...rowA(one), dataset_id: "BAD_ID" }, rowA(one), { ...rowA(one), dataset_id: "TEST-2005-02-30-20-00-00-1000" }],
      TIF_ID,
    );
    expect([report.exitStatus, report.status]).toEqual([3, "partly"]);
    expect(report.errors.map(({ dataset, line }) => [dataset, line])).toEqual([
      ["BAD_ID", 2],
      ["TEST-2005-02-30-20-00-00-1000", 4],
    ]);
    expect(await one.repository.findDataset(A_ID)).toBeDefined();
  });

  it("with fail-fast one bad row stops all before anything is touched", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const report = await one.upload([rowA(one), { ...rowA(one), dataset_id: "BAD_ID" }], TIF_ID, { keepGoing: false });
    expect(await one.repository.findDataset(A_ID)).toBeUndefined();
    expect(report.errors).toHaveLength(1);
  });

  it("10: a table that is not there; no workers", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    await expect(one.upload([rowA(one)], TIF_ID, { csv: join(one.folder, "none.csv") })).rejects.toMatchObject({ code: "USAGE" });
    await expect(one.upload([rowA(one)], TIF_ID, { workers: -1 })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("(34.33) the table's meta_schema checks the frames of its data set, and is refused where nothing is checked", async () => {
    const one = await catalog();
    const metadata = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: 1, Channel: "x" };
    const path = await writeTiffFile(join(one.folder, "one.ome.tif"), [new Uint16Array(150)], {
      tags: () => [...imageJTags({ InitialPositionList: [{ Label: "Pos1" }] }), microManagerTag(metadata)],
    });
    const required = [...Object.keys(metadata), "Exposure-ms"];
    const properties = { MicroManagerMetadata: { type: "object", required } };
    await writeFile(join(one.folder, "strict.json"), JSON.stringify({ type: "object", properties }));
    const ome = { upload_type: "frames", frames_format: "ome_tiff", microscope: "" };
    const row = (n: number, meta_schema: string) => ({
      dataset_id: `ISP-2005-01-01-01-00-00-000${n}`,
      file_name: path,
      meta_schema,
    });
    const report = await one.upload([row(1, "strict.json"), row(2, ""), row(3, "absent.json")], ome);
    expect([report.exitStatus, report.warnings]).toEqual([3, []]);
    expect(report.errors.map(({ dataset, message }) => [dataset!.slice(-1), message])).toEqual([
      ["1", expect.stringMatching(/page 0 is not as .*strict\.json wants it: MicroManagerMetadata .*Exposure-ms/)],
      ["3", expect.stringMatching(/absent\.json does not exist/)],
    ]);
    expect(await one.repository.findDataset("ISP-2005-01-01-01-00-00-0002")).toBeDefined();
    const file = await one.upload([row(4, "strict.json")], FILE);
    expect(file.errors).toMatchObject([{ code: "CONFIG_RULE", line: 2, hint: "leave the field empty" }]);
  });

  it("12: a folder of ome.tif, positions 1 and 3", async () => {
    const one = await catalog();
    const id = "ISP-2005-01-01-01-00-00-0001";
    for (const [i, position] of [1, 3].entries()) {
      const metadata = { ChannelIndex: i + 1, Slice: 20, FrameIndex: 30, PositionIndex: 40, Channel: `channel_${i + 1}` };
      await writeTiffFile(join(one.folder, "ome", `test_Pos${position}.ome.tif`), [new Uint16Array(150).fill(1 + 10_000 * i)], {
        tags: () => [...imageJTags({ InitialPositionList: [{ Label: "Pos1" }, { Label: "Pos3" }] }), microManagerTag(metadata)],
      });
    }
    const row = { dataset_id: id, file_name: join(one.folder, "ome"), positions: "[1, 3]" };
    expect((await one.upload([row], { upload_type: "frames", frames_format: "ome_tiff", microscope: "" })).errors).toEqual([]);
    const dataset = await one.repository.findDataset(id);
    expect(dataset!.date_time).toBe("2005-01-01T01:00:00");
    expect(dataset!.framesGlobal).toMatchObject({
      nbr_frames: 2,
      nbr_slices: 1,
      nbr_channels: 2,
      nbr_positions: 1,
      nbr_timepoints: 1,
      im_colors: 1,
      bit_depth: "uint16",
      im_height: 10,
      im_width: 15,
    });
    const rows = await framesOf(one, id);
    expect(rows.map(({ file_name, channel_name, sha256 }) => [file_name, channel_name, sha256])).toEqual([
      ["im_c001_z020_t030_p040.png", "channel_1", "cba7f4d7e928d95aa3510a38b4c9232e77d6a343fd0f0eb3c00e431bc55d23c7"],
      ["im_c002_z020_t030_p040.png", "channel_2", "132317f319df58a21efa15251b8d1e31d1642cd25f560c1c512fa8c3344f80e1"],
    ]);
    const { pixels } = await storedPixels(one, `raw_frames/${id}`, "im_c002_z020_t030_p040.png");
    expect(pixels).toEqual(bytesOf(new Uint16Array(150).fill(10_001)));
  });

  it("13: a folder of single images of 8 bits", async () => {
    const one = await catalog();
    const id = "SMS-2010-01-01-01-00-00-0005";
    const folder = join(one.folder, "sms");
    for (const channel of F_CHANNELS) {
      for (const z of [0, 1]) {
        await writeTiffFile(join(folder, `img_${channel}_t060_p050_z00${z}.tif`), [new Uint8Array(150).fill(1 + 50 * z)], {
          dtype: "uint8",
        });
      }
    }
    await writeFile(
      join(folder, "metadata.txt"),
      JSON.stringify({ Summary: { PixelType: "GRAY8", BitDepth: 8, Width: 15, Height: 10 } }),
    );
    const config = {
      upload_type: "frames",
      frames_format: "tif_folder",
      microscope: "CZDRAGONFLY-PC",
      filename_parser: "parse_sms_name",
    };
    expect((await one.upload([{ dataset_id: id, file_name: folder }], config)).errors).toEqual([]);
    expect((await one.repository.findDataset(id))!.framesGlobal).toMatchObject({
      nbr_frames: 6,
      nbr_slices: 2,
      nbr_channels: 3,
      nbr_positions: 1,
      nbr_timepoints: 1,
      bit_depth: "uint8",
      im_width: 15,
      im_height: 10,
    });
    const hashes = [
      "a795c048f28bc4307f8599dc5140fe6e971bce6a34a0349b6c18d6cbb197f75f",
      "d22893eced1fdea00a45dd8e5c1fe22e804345158a94ffe706f8dabafb44da67",
    ];
    const rows = await framesOf(one, id);
    const channels = ["666", "brightfield", "phase"];
    expect(rows).toMatchObject(
      [0, 1, 2].flatMap((c) =>
        [0, 1].map((z) => ({
          file_name: `im_c00${c}_z00${z}_t060_p050.png`,
          channel_name: channels[c],
          channel_idx: c,
          slice_idx: z,
          time_idx: 60,
          pos_idx: 50,
          sha256: hashes[z],
        })),
      ),
    );
    const { shape, pixels } = await storedPixels(one, `raw_frames/${id}`, rows[1]!.file_name);
    expect([shape.depth, pixels]).toEqual(["uint8", new Uint8Array(150).fill(51)]);
  });

  it("36: a data set that is there is refused without overwrite, before anything is touched", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    await one.upload([rowA(one)], TIF_ID);
    const report = await one.upload([rowA(one)], TIF_ID);
    expect([report.exitStatus, report.errors[0]!.message]).toEqual([2, `Dataset ${A_ID} already exists in database`]);
  });

  it("37: parents that are there or come with the table; others are refused", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const [first, second, third] = ["1000", "1001", "1002"].map((n) => `TEST-2005-06-09-20-00-00-${n}`);
    const rows = [
      rowA(one),
      { ...rowA(one), dataset_id: second!, parent_dataset_id: first! },
      { ...rowA(one), dataset_id: third!, parent_dataset_id: "TEST-2005-06-09-20-00-00-9999" },
    ];
    const report = await one.upload(rows, FILE);
    expect(report.errors.map(({ message, code }) => [code, message])).toEqual([
      ["CONFIG_RULE", `Parent TEST-2005-06-09-20-00-00-9999 not found for data set ${third}`],
    ]);
    expect((await one.repository.findDataset(second!))!.parent).toBe(first);
  });

  it("overwrite replaces what differs, and removes frames that are no more", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    await one.upload([rowA(one)], TIF_ID);
    const planes = pagesOfA()
      .slice(0, 2)
      .map((plane) => plane.map((value) => value + 1));
    await writeTiffFile(join(one.folder, A_NAME), planes, { tags: () => [{ tag: 270, type: "ascii", value: "channels=2" }] });
    const report = await one.upload([rowA(one)], TIF_ID, { overwrite: true });
    expect(report.datasets[0]!.status).toBe("replaced");
    const keys: string[] = [];
    for await (const { key } of one.storage.list("raw_frames/")) keys.push(key);
    expect(keys.map((key) => key.slice(-26))).toEqual(["im_c000_z000_t000_p000.png", "im_c001_z000_t000_p000.png"]);
    const { pixels } = await storedPixels(one, `raw_frames/${A_ID}`, "im_c000_z000_t000_p000.png");
    expect(pixels).toEqual(bytesOf(planes[0]!));
  });

  it("(34.6) overwrite refuses a source in the storage, which it would remove, and leaves it there", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const key = `raw_frames/${A_ID}/${A_NAME}`;
    await one.storage.write(key, await readFile(join(one.folder, A_NAME)));
    const own = one.storage.local!.path(key);
    symlinkSync(dirname(own), join(one.folder, "linked"));
    for (const file_name of [own, join(one.folder, "linked", A_NAME)]) {
      const report = await one.upload([{ ...rowA(one), file_name }], TIF_ID, { overwrite: true });
      expect(report.errors).toMatchObject([{ code: "USAGE", message: expect.stringContaining("is in the storage") }]);
      expect(await one.repository.findDataset(A_ID)).toBeUndefined();
    }
    expect(await readFile(own)).toEqual(await readFile(join(one.folder, A_NAME)));
  });

  it("objects of another content in the storage are a conflict, and stay", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const key = `raw_frames/${A_ID}/im_c000_z000_t000_p000.png`;
    await one.storage.write(key, Buffer.from("somebody's"));
    const report = await one.upload([rowA(one)], TIF_ID);
    expect([report.exitStatus, report.errors[0]!.code]).toEqual([1, "STORE_CONFLICT"]);
    expect(Buffer.from((await one.storage.read(key))!).toString()).toBe("somebody's");
    expect(await one.repository.findDataset(A_ID)).toBeUndefined();
  });

  it("a file of several pages in a folder of single images is refused: the others would be lost unseen", async () => {
    const one = await catalog();
    await writeTiffFile(join(one.folder, "stacks", "im_c0_z0_t0_p0.tif"), pagesOfA());
    const config = { upload_type: "frames", frames_format: "tif_folder", microscope: "m" };
    const report = await one.upload([{ dataset_id: A_ID, file_name: join(one.folder, "stacks") }], config);
    expect([report.exitStatus, report.errors[0]!.message]).toEqual([1, expect.stringContaining("6 pages; each file")]);
    expect(await one.repository.findDataset(A_ID)).toBeUndefined();
  });

  it("50, 53, 54: what is stored already stays as it is, byte for byte and with its time", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    await one.upload([rowA(one)], TIF_ID);
    const stats = async () => {
      const found: unknown[] = [];
      for await (const { key, etag, modifiedMs } of one.storage.list("raw_")) found.push([key, etag, modifiedMs]);
      return found;
    };
    const before = await stats();
    expect(await one.repository.removeDataset(A_ID)).toBe(true);
    const report = await one.upload([rowA(one)], TIF_ID, { workspace: join(one.folder, "another workspace") });
    expect([report.exitStatus, report.datasets[0]!.status]).toEqual([0, "uploaded"]);
    expect(await stats()).toEqual(before);
  });

  it("a dry run says what would be done and touches nothing", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const report = await one.upload([rowA(one)], TIF_ID, { dryRun: true });
    expect([report.status, report.datasets[0]!.frames]).toEqual(["planned", 6]);
    for await (const { key } of one.storage.list("")) expect.fail(`${key} was written`);
  });

  it("a parser of the user's own module", async () => {
    const one = await catalog();
    const module = join(one.folder, "parsers.mjs");
    await writeFile(
      module,
      `export const frameNameParsers = { mine: (name, channels) => { const [, z] = name.match(/(\\d+)/); return { channel_name: "x", channel_idx: 0, slice_idx: Number(z), time_idx: 0, pos_idx: 0 }; } };`,
    );
    for (const z of [2, 10]) await writeTiffFile(join(one.folder, "own", `plane${z}.tif`), [new Uint16Array(150).fill(z)]);
    const config = { upload_type: "frames", frames_format: "tif_folder", microscope: "m", filename_parser: "mine" };
    const row = { dataset_id: A_ID, file_name: join(one.folder, "own") };
    const report = await one.upload([row], config, { parsers: await loadNameParsers(module) });
    expect(report.errors).toEqual([]);
    expect((await framesOf(one, A_ID)).map(({ slice_idx }) => slice_idx)).toEqual([2, 10]);
    await expect(one.upload([row], config)).rejects.toThrow(/no parser is called "mine"/);
  });

  it("a pattern in the configuration in place of a parser", async () => {
    const one = await catalog();
    for (const z of [2, 10]) await writeTiffFile(join(one.folder, "own", `DAPI-${z}.tif`), [new Uint16Array(150).fill(z)]);
    const config = {
      upload_type: "frames",
      frames_format: "tif_folder",
      microscope: "m",
      filename_pattern: "(?<channel>[A-Z]+)-(?<slice>\\d+)\\.tif",
    };
    const report = await one.upload([{ dataset_id: A_ID, file_name: join(one.folder, "own") }], config);
    expect(report.errors).toEqual([]);
    expect((await framesOf(one, A_ID)).map(({ slice_idx, channel_name }) => [slice_idx, channel_name])).toEqual([
      [2, "DAPI"],
      [10, "DAPI"],
    ]);
  });

  it("two uploads of one id at once: one wins, the other says so", async () => {
    const one = await catalog();
    await writeFixtureA(one.folder);
    const reports = await Promise.all([one.upload([rowA(one)], TIF_ID), one.upload([rowA(one)], TIF_ID)]);
    expect(reports.map(({ exitStatus }) => exitStatus).sort((a, b) => a - b)[0]).toBe(0);
    const loser = reports.find(({ exitStatus }) => exitStatus !== 0)!;
    expect(["TARGET_LOCKED", "DATABASE_CONFLICT"]).toContain(loser.errors[0]!.code);
    expect(await framesOf(one, A_ID)).toHaveLength(6);
  });
});

describe("an upload that is stopped", () => {
  it("goes on where it was, at whichever insert or object it was stopped", async () => {
    const whole = await catalog();
    await writeFixtureA(whole.folder);
    await whole.upload([rowA(whole)], TIF_ID);
    const wanted = (await framesOf(whole, A_ID)).map(({ file_name, sha256 }) => [file_name, sha256]);
    for (let stopAt = 0; stopAt < 10; stopAt++) {
      const one = await catalog();
      await writeFixtureA(one.folder);
      let operations = 0;
      const killed = new Error("killed");
      const dying = (): void => {
        if (operations++ === stopAt) throw killed;
      };
      const storage = {
        ...one.storage,
        write: async (...args: Parameters<typeof one.storage.write>) => {
          if (args[0].startsWith("raw_")) dying();
          return one.storage.write(...args);
        },
      };
      const insertFrames: typeof one.repository.insertFrames = async (...args) => {
        dying();
        await one.repository.insertFrames(...args);
        dying(); // committed, and never heard of
      };
      const first = await one.upload([rowA(one)], TIF_ID, { storage, repository: { ...one.repository, insertFrames } });
      if (operations <= stopAt) {
        expect(first.exitStatus).toBe(0);
        continue;
      }
      expect(first.exitStatus).toBe(1);
      const second = await one.upload([rowA(one)], TIF_ID);
      expect([second.exitStatus, second.datasets[0]!.status], `stopped at ${stopAt}`).toEqual([
        0,
        stopAt === 7 ? "already" : "uploaded",
      ]);
      expect((await one.upload([rowA(one)], TIF_ID)).exitStatus, "a third time it is somebody's").toBe(2);
      expect((await framesOf(one, A_ID)).map(({ file_name, sha256 }) => [file_name, sha256])).toEqual(wanted);
    }
  });
});
