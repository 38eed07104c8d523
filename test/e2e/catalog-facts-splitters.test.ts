import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.js";
import {
  checkFrameSet,
  countFrames,
  type FrameSet,
  frameFileName,
  framesGlobal,
} from "../../src/stations/catalog/frames/frame.js";
import { frameShapeOf, readFramePixels } from "../../src/stations/catalog/frames/frame-file.js";
import { openFrameSource, openFrames } from "../../src/stations/catalog/frames/frame-source.js";
import {
  NAME_PARSERS,
  nameParser,
  parseIdxFromName,
  parseMlName,
  parseSmsName,
} from "../../src/stations/catalog/frames/name-parsers.js";
import { requiredOf } from "../../src/stations/catalog/frames/ome-tiff.js";
import { pixelHash } from "../../src/stations/catalog/frames/pixels.js";
import type { SplitOptions } from "../../src/stations/catalog/frames/split-options.js";
import { planFrames } from "../../src/stations/catalog/frames/splitter.js";
import { shapeOfSummary } from "../../src/stations/catalog/frames/tif-folder.js";
import { stackLengths } from "../../src/stations/catalog/frames/tif-id.js";
import type { FramesFormat } from "../../src/stations/catalog/inputs/config.js";
import { builtInMetaSchema, compileMetaSchema } from "../../src/stations/catalog/inputs/meta-schema.js";
import { objectHash } from "../../src/stations/catalog/storage/prove.js";
import { REAL_DATA } from "../real-data.js";
import {
  A_NAME,
  bytesOf,
  F_SUMMARY,
  imageJTags,
  microManagerTag,
  pageOfF,
  pageOfO,
  pagesOfA,
  pixels,
  writeFixtureA,
  writeFixtureF,
  writeFixtureO,
  writeTiffFile,
} from "./catalog-fixtures.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "emporium-catalog-"));
  await writeFixtureA(folder);
  await writeFixtureO(join(folder, "o"));
  await writeFixtureF(join(folder, "f"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const base: SplitOptions = { schema: builtInMetaSchema, frameName: parseSmsName };

async function split(format: FramesFormat, name: string, options: Partial<SplitOptions> = {}): Promise<FrameSet> {
  return planFrames(format, await openFrameSource(join(folder, name)), { ...base, ...options });
}

/** Pixels of every frame, as they would be stored. */
async function pixelsOf(set: FrameSet, name: string): Promise<Uint8Array[]> {
  const source = await openFrameSource(join(folder, name));
  const planes: Uint8Array[] = [];
  for (const { file, page } of set.frames) {
    const opened = await openFrames(source.store, set.files[file]!.key);
    planes.push(await readFramePixels(opened, page, { ...set.shape, fromFloat: set.fromFloat }));
  }
  return planes;
}

async function metadataOf(set: FrameSet): Promise<JsonObject[]> {
  const all: JsonObject[] = [];
  for await (const one of set.metadataOf(set.frames)) all.push(one);
  return all;
}

const namesOf = (set: FrameSet) => set.frames.map(({ file_name }) => file_name);

describe("the frame model, facts 58 to 60", () => {
  it("58: a source that is read says where it is, and names of three digits; one without frames is refused", async () => {
    const source = await openFrameSource(join(folder, A_NAME));
    expect([source.origin, frameFileName({ channel_idx: 1, slice_idx: 0, time_idx: 0, pos_idx: 0 })]).toEqual([
      join(folder, A_NAME),
      "im_c001_z000_t000_p000.png",
    ]);
    const set = await split("tif_id", A_NAME);
    expect([set.shape.width, set.shape.height, set.frames.length, (await pixelsOf(set, A_NAME)).length]).toEqual([15, 10, 6, 6]);
    const nothing = { shape: set.shape, frames: [] };
    expect(() => checkFrameSet(nothing)).toThrow(/there is no frame/);
  });

  it("59: the name of c6 z13 t5 p7", () => {
    expect(frameFileName({ channel_idx: 6, slice_idx: 13, time_idx: 5, pos_idx: 7 })).toBe("im_c006_z013_t005_p007.png");
    expect(frameFileName({ channel_idx: 1000, slice_idx: 0, time_idx: 0, pos_idx: 0 })).toBe("im_c1000_z000_t000_p000.png");
  });

  it("60: global metadata have the frame's shape and counts of distinct indices", () => {
    const frames = Array.from({ length: 666 }, () => ({ channel_idx: 0, slice_idx: 0, time_idx: 0, pos_idx: 0 }));
    const shape = { width: 15, height: 12, colours: 1, depth: "uint16" } as const;
    expect(framesGlobal({ shape, metadata: {} }, countFrames(frames), "dir")).toMatchObject({
      nbr_frames: 666,
      im_height: 12,
      im_width: 15,
      nbr_slices: 1,
      nbr_channels: 1,
      nbr_timepoints: 1,
      nbr_positions: 1,
    });
  });
});

describe("ome_tiff, facts 61 to 65, 82 and 83", () => {
  it("61, 64: names, pixels, shape and hashes of both positions", async () => {
    const set = await split("ome_tiff", "o");
    expect(namesOf(set)).toEqual(["im_c001_z002_t003_p001.png", "im_c001_z002_t003_p003.png"]);
    expect(set.shape).toEqual({ height: 10, width: 15, colours: 1, depth: "uint16" });
    const planes = await pixelsOf(set, "o");
    for (const plane of planes) expect(plane).toEqual(bytesOf(pageOfO()));
    expect(planes.map(pixelHash)).toEqual(Array(2).fill("1119b6f3616928f045e33cdc67eb6cf2bcf34fa6b49835d053016b70b1ff59d9"));
  });

  it("61: 8 bits are uint8, 5 are refused", async () => {
    const file = await openFrames((await openFrameSource(join(folder, "o"))).store, "test_Pos1.ome.tif");
    const image = await file.image(0);
    const withBits = (bits: number, dtype: "uint8" | "uint16") => ({
      ...image,
      page: { ...image.page, bitsPerSample: [bits] },
      type: { ...image.type, bits, dtype },
    });
    expect(frameShapeOf(withBits(8, "uint8"), "x").depth).toBe("uint8");
    expect(() => frameShapeOf(withBits(5, "uint8"), "x")).toThrow(/Bit depth must be 16 or 8, not 5/);
  });

  it("62: the file of position 3 alone", async () => {
    const set = await split("ome_tiff", "o/test_Pos3.ome.tif");
    expect(set.frames).toMatchObject([{ channel_idx: 1, time_idx: 3, slice_idx: 2, channel_name: "TESTCHANNEL", pos_idx: 3 }]);
    expect(await pixelsOf(set, "o/test_Pos3.ome.tif")).toHaveLength(1);
  });

  it("63: positions 0 and 3 leave the one that is there; 100 and 200 none", async () => {
    const three = await split("ome_tiff", "o", { positions: [0, 3] });
    expect(namesOf(three)).toEqual(["im_c001_z002_t003_p003.png"]);
    // seam 28
    expect(three.warnings).toContain("position 0 of the table is not there and not uploaded; found Pos1, Pos3");
    await expect(split("ome_tiff", "o", { positions: [100, 200] })).rejects.toThrow(
      /no position of --positions .* is in the PositionList of IJMetadata/,
    );
  });

  it("a label is a word of its own: Pos1 is not Pos10", async () => {
    const name = "labels";
    for (const position of [1, 10]) {
      const metadata = { ChannelIndex: 0, Slice: 0, FrameIndex: 0, PositionIndex: position, Channel: "x" };
      await writeTiffFile(join(folder, name, `run_Pos${position}.ome.tif`), [pageOfO()], {
        tags: () => [...imageJTags({ InitialPositionList: [{ Label: "Pos10" }, { Label: "Pos1" }] }), microManagerTag(metadata)],
      });
    }
    expect(namesOf(await split("ome_tiff", name, { positions: [1] }))).toEqual(["im_c000_z000_t000_p001.png"]);
    expect(namesOf(await split("ome_tiff", name, { positions: [1, 10] }))).toEqual([
      "im_c000_z000_t000_p010.png",
      "im_c000_z000_t000_p001.png",
    ]);
  });

  it("65: colours of one file", async () => {
    const metadata = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: 1, Channel: "RGB" };
    const plane = Uint16Array.from({ length: 450 }, (_, i) => 257 * (i % 200));
    await writeTiffFile(join(folder, "rgb.ome.tif"), [plane], {
      samples: 3,
      tags: () => [...imageJTags({}), microManagerTag(metadata)],
    });
    const set = await split("ome_tiff", "rgb.ome.tif");
    expect(set.shape).toEqual({ height: 10, width: 15, colours: 3, depth: "uint16" });
    expect((await pixelsOf(set, "rgb.ome.tif"))[0]).toEqual(bytesOf(plane));
  });

  it("65: 8 bits, position 1 of a folder", async () => {
    for (const position of [1, 2]) {
      const metadata = { ChannelIndex: 1, Slice: 2, FrameIndex: 3, PositionIndex: position, Channel: "x" };
      await writeTiffFile(join(folder, "bytes", `a_Pos${position}.ome.tif`), [new Uint8Array(150).fill(7)], {
        dtype: "uint8",
        tags: () => [...imageJTags({ InitialPositionList: [{ Label: "Pos1" }, { Label: "Pos2" }] }), microManagerTag(metadata)],
      });
    }
    const set = await split("ome_tiff", "bytes", { positions: [1] });
    expect(framesGlobal(set, countFrames(set.frames), "raw_frames/ISP-2005-06-09-20-00-00-0003")).toMatchObject({
      im_colors: 1,
      nbr_frames: 1,
      nbr_positions: 1,
      bit_depth: "uint8",
      storage_dir: "raw_frames/ISP-2005-06-09-20-00-00-0003",
    });
  });

  it("82: the tags that a schema names, and the keys that it requires", () => {
    const tag = (properties: object, required: string[]) => ({ type: "object", properties: properties as JsonObject, required });
    const schema = compileMetaSchema(
      { type: "object", properties: { MicroManagerMetadata: tag({ ChannelIndex: { type: "integer" } }, ["ChannelIndex"]) } },
      "test",
    );
    const metadata = { MicroManagerMetadata: { ChannelIndex: 10, Slice: 20, FrameIndex: 30 } };
    expect(requiredOf(metadata, schema)).toEqual({ ChannelIndex: 10 });
  });

  it("83: metadata of the data set are its origin and ImageJ's; a page without either is refused", async () => {
    expect((await split("ome_tiff", "o")).metadata).toEqual({
      file_origin: join(folder, "o"),
      IJMetadata: { InitialPositionList: [{ Label: "Pos1" }, { Label: "Pos3" }] },
    });
    await writeTiffFile(join(folder, "bare.ome.tif"), [pageOfO()]);
    await expect(split("ome_tiff", "bare.ome.tif")).rejects.toThrow(/Can't read IJMetadata from page/);
  });
});

describe("names of files, facts 66 to 68", () => {
  it("66: parse_ml_name", () => {
    expect(parseMlName("/a/p6A1_1_CTRL1_PyProcessed.tif")).toEqual({ plate_id: "p6A1", stack_nbr: 1, protein_name: "CTRL1" });
    expect(parseMlName("p6A1_5_FBXO9_Jin_G4_PyProcessed.tif")).toEqual({ plate_id: "p6A1", stack_nbr: 5, protein_name: "FBXO9" });
    expect(() => parseMlName("p6A1_1CTRL1PyProcessed.tif")).toThrow(/underscores/);
    expect(() => parseMlName("p6A1_A_CTRL1_PyProcessed.tif")).toThrow(/whole number/);
  });

  it("67, 78: parse_sms_name, the three indices in any order", () => {
    const channels = ["brightfield"];
    expect(parseSmsName("img_phase_t500_p400_z300.tif", channels)).toEqual({
      channel_name: "phase",
      channel_idx: 1,
      time_idx: 500,
      pos_idx: 400,
      slice_idx: 300,
    });
    expect(channels).toEqual(["brightfield", "phase"]);
    expect(parseSmsName("img_long_c_name_t001_z002_p003.tif", [])).toMatchObject({
      channel_name: "long_c_name",
      channel_idx: 0,
      time_idx: 1,
      pos_idx: 3,
      slice_idx: 2,
    });
    const three = ["a", "b", "c"];
    expect(parseSmsName("im_weird_channel_with_underscores_t020_z030_p040.tif", three)).toMatchObject({
      channel_idx: 3,
      time_idx: 20,
      slice_idx: 30,
      pos_idx: 40,
    });
    expect(() => parseSmsName("img_phase_tabc_p400_z300.tif", [])).toThrow(/whole number/);
    expect(parseSmsName("img_phase_t1_p400_z300.tif", []).time_idx).toBeNull();
    expect(parseSmsName("img_phase_t1000_p400_z300.tiff", [])).toMatchObject({ time_idx: 1000, slice_idx: 300 });
  });

  it("68: parse_idx_from_name", () => {
    expect(parseIdxFromName("im_c600_z500_t400_p300.png")).toEqual({
      channel_name: "600",
      channel_idx: 600,
      slice_idx: 500,
      time_idx: 400,
      pos_idx: 300,
    });
    expect(parseIdxFromName("im_c001_z002_t003_p004.png", "pztc")).toMatchObject({ channel_idx: 4, pos_idx: 1 });
    expect(() => parseIdxFromName("img_phase_t500_p400_z300.tif")).toThrow(/3 numbers; expected 4/);
    expect(() => parseIdxFromName("im_c001_z002_t003_p004.png", "czz")).toThrow(
      /expected each of the letters c, z, t and p once/,
    );
  });
});

describe("tif_id, facts 69 to 73", () => {
  it("69: shape and depth; real numbers become uint16", async () => {
    expect((await split("tif_id", A_NAME)).shape).toEqual({ height: 10, width: 15, colours: 1, depth: "uint16" });
    const whole = new Float32Array(150).fill(1234);
    await writeTiffFile(join(folder, "float.tif"), [whole], { dtype: "float32" });
    const set = await split("tif_id", "float.tif");
    expect([set.shape.depth, set.fromFloat]).toEqual(["uint16", true]);
    expect((await pixelsOf(set, "float.tif"))[0]).toEqual(bytesOf(new Uint16Array(150).fill(1234)));
  });

  it.each([0.5, -1, 65_536, Number.NaN])("69: the real number %s is refused, not cut", async (value) => {
    await writeTiffFile(join(folder, "odd.tif"), [new Float32Array(150).fill(1).fill(value, 149)], { dtype: "float32" });
    await expect(pixelsOf(await split("tif_id", "odd.tif"), "odd.tif")).rejects.toThrow(/expected whole numbers from 0 to 65535/);
  });

  it("70: lengths of a description", () => {
    expect(stackLengths("ImageJ=1.52e\nimages=6\nchannels=2\nslices=3\nmax=10411.0", "x")).toEqual({
      channels: 2,
      slices: 3,
      times: 1,
      positions: 1,
      images: 6,
    });
    expect(stackLengths("frames=3\npositions=4", "x")).toMatchObject({ channels: 1, slices: 1, times: 3, positions: 4 });
  });

  it("71, 73: frames in the order of the pages, their pixels and hashes", async () => {
    const set = await split("tif_id", A_NAME);
    expect(set.frames.map(({ channel_idx, slice_idx }) => `c${channel_idx}z${slice_idx}`)).toEqual([
      "c0z0",
      "c1z0",
      "c0z1",
      "c1z1",
      "c0z2",
      "c1z2",
    ]);
    expect(set.frames.every(({ channel_name }) => channel_name === null)).toBe(true);
    const planes = await pixelsOf(set, A_NAME);
    expect(planes).toEqual(pagesOfA().map(bytesOf));
    const plain = "075aedba73ced5d4f1200f9304f5f1115bb83d05898c8d601e4b7a8a90a51754";
    expect(planes.map(pixelHash)).toEqual([
      "5aafc4b96e20644bc0d237b8ec52f1f592c28609f01c0eb9d1342a6b6266ae75",
      plain,
      "0515c9e343701f9e2551f91ea51d1a7231941d4db028e929ed2d338eac48b5cb",
      plain,
      "001fa77b7c20cd157e725defa454609f7e278303f8e59645479ab8fb1ad57330",
      plain,
    ]);
  });

  it("72: without a parser the metadata of the data set are its origin, exactly", async () => {
    expect((await split("tif_id", A_NAME)).metadata).toEqual({ file_origin: join(folder, A_NAME) });
    expect((await split("tif_id", A_NAME, { datasetName: parseMlName })).metadata).toEqual({
      plate_id: "A1",
      stack_nbr: 2,
      protein_name: "PROTEIN",
      file_origin: join(folder, A_NAME),
    });
  });

  it("92: fixture A as tifffile of 2019 wrote it: the file's checksum, and the same frames", async () => {
    const path = fileURLToPath(new URL("../fixtures/catalog/fixture-a-2019.tif", import.meta.url));
    const source = await openFrameSource(path);
    const wanted = "af87894cc23928df908b02bd94842d063a5c7aae9eb1bbc2bb5c9475d674bcba";
    expect((await objectHash(source.store, source.key))?.sha256).toBe(wanted);
    const set = await planFrames("tif_id", source, base);
    const planes: Uint8Array[] = [];
    for (const { page } of set.frames) {
      const file = await openFrames(source.store, source.key);
      planes.push(await readFramePixels(file, page, { ...set.shape, fromFloat: false }));
    }
    expect(planes).toEqual(pagesOfA().map(bytesOf));
  });

  it("a description that promises other pages than there are is refused", async () => {
    await writeTiffFile(join(folder, "short.tif"), pagesOfA().slice(0, 4), {
      tags: () => [{ tag: 270, type: "ascii", value: "ImageJ=1.52e\nimages=6\nchannels=2\nslices=3" }],
    });
    await expect(split("tif_id", "short.tif")).rejects.toThrow(/4 pages, the description promises/);
  });

  it("metadata of a frame are its tags, without ImageJ's", async () => {
    const tags = () => [{ tag: 270, type: "ascii", value: "channels=1" } as const, ...imageJTags({ a: 1 })];
    await writeTiffFile(join(folder, "tags.tif"), [pixels(1)], { tags });
    const [metadata] = await metadataOf(await split("tif_id", "tags.tif"));
    expect(metadata).toMatchObject({ ImageWidth: 15, ImageLength: 10, BitsPerSample: 16, ImageDescription: "channels=1" });
    expect(metadata).not.toHaveProperty("IJMetadata");
  });
});

describe("tif_folder, facts 74 to 79", () => {
  it("74: what all frames share", async () => {
    const set = await split("tif_folder", "f");
    expect(framesGlobal(set, countFrames(set.frames), "d")).toMatchObject({
      nbr_frames: 6,
      bit_depth: "uint16",
      nbr_channels: 3,
      nbr_slices: 2,
      nbr_timepoints: 1,
      nbr_positions: 1,
      im_colors: 1,
      im_height: 10,
      im_width: 15,
    });
    expect(JSON.parse(JSON.stringify(set.metadata))).toEqual({ Summary: F_SUMMARY });
  });

  it("75: names, channels in natural order, ImageJ's metadata, hashes and pixels", async () => {
    const set = await split("tif_folder", "f");
    expect(namesOf(set)).toEqual([0, 1, 2].flatMap((c) => [0, 1].map((z) => `im_c00${c}_z00${z}_t000_p050.png`)));
    const channels = ["666", "666", "brightfield", "brightfield", "phase", "phase"];
    expect(set.frames.map(({ channel_name }) => channel_name)).toEqual(channels);
    expect((await metadataOf(set)).map(({ IJMetadata }) => (IJMetadata as JsonObject).Info)).toEqual(
      // seam 28: the text that ImageJ wrote, as in the catalogues of imagingDB, whose programs decode it themselves
      channels.map((c, i) => JSON.stringify({ c, z: i % 2 })),
    );
    const planes = await pixelsOf(set, "f");
    expect(planes).toEqual(channels.map((_, i) => bytesOf(pageOfF(i % 2))));
    expect(planes.slice(0, 2).map(pixelHash)).toEqual([
      "c9606e7b5e4b26ea006587fe4bbea7b791726418851ac0675bd68aadc05d28d4",
      "c6d5ee88e2f7f0696899b15b014cb4335f9d1891b8d1dd31549f9bee836439f7",
    ]);
  });

  it("76: size and type by Summary", () => {
    const summary = { Width: 250, Height: 150, PixelType: "RGB", BitDepth: 8 };
    expect(shapeOfSummary({ ...summary }, "m")).toEqual({ depth: "uint8", colours: 3, height: 150, width: 250 });
    expect(shapeOfSummary({ ...summary, PixelType: "GRAY", BitDepth: 16 }, "m")).toMatchObject({ depth: "uint16", colours: 1 });
    expect(() => shapeOfSummary({ ...summary, BitDepth: "float32" }, "m")).toThrow(/Bit depth must be 16 or 8, not float32/);
  });

  it("77: size and type by the first file", async () => {
    const shape = async (name: string) => {
      const { store, key } = await openFrameSource(join(folder, name));
      const file = await openFrames(store, key);
      return frameShapeOf(await file.image(0), name);
    };
    await writeTiffFile(join(folder, "colour.tif"), [new Uint8Array(600)], { height: 10, width: 20, samples: 3, dtype: "uint8" });
    await writeTiffFile(join(folder, "real.tif"), [new Float32Array(150)], { dtype: "float32" });
    expect(await shape("f/img_666_t000_p050_z000.tif")).toMatchObject({ depth: "uint16", height: 10, width: 15, colours: 1 });
    expect(await shape("colour.tif")).toMatchObject({ depth: "uint8", height: 10, width: 20, colours: 3 });
    await expect(shape("real.tif")).rejects.toThrow(/Bit depth must be 16 or 8, not 32/);
  });

  it("79: an unknown parser is named; without metadata.txt the rows are the same", async () => {
    expect(() => nameParser(NAME_PARSERS, "parse_sms", "frame")).toThrow(/no parser is called "parse_sms"/);
    const before = await split("tif_folder", "f");
    await unlink(join(folder, "f", "metadata.txt"));
    const after = await split("tif_folder", "f");
    expect([after.frames, after.shape, after.metadata]).toEqual([before.frames, before.shape, {}]);
    await writeFile(join(folder, "f", "metadata.txt"), JSON.stringify({ Summary: F_SUMMARY }));
  });

  it("two files of the same indices are refused before anything is stored", async () => {
    const twice = join(folder, "twice");
    await writeTiffFile(join(twice, "img_a_t000_p000_z000.tif"), [pixels(1)]);
    await writeTiffFile(join(twice, "img_a_p000_t000_z000.tif"), [pixels(2)]);
    await expect(split("tif_folder", "twice")).rejects.toMatchObject({ code: "CONFIG_COLLISION" });
  });
});

const data = fileURLToPath(REAL_DATA);
const hasData = existsSync(data);

describe.skipIf(!hasData)("public files of MicroManager", () => {
  const v2 = "imagingdb/v2/ndtiffv2.0_test/Full resolution/ndtiffv2.0_test_NDTiffStack.tif";
  const v3 = "imagingdb/v3/ndtiff3.2_11bit_1/ndtiff3.2_11bit_NDTiffStack.tif";
  const expected = () =>
    JSON.parse(readFileSync(join(data, "expected.json"), "utf8")) as Record<
      string,
      { facts: { pages: number; series: { shape: number[] }[]; page0: { sha256_c_order: string } } }
    >;

  it.each([v2, v3])("%s: indices by the axes of NDTiff, pixels of the first page", async (name) => {
    const source = await openFrameSource(join(data, name));
    const set = await planFrames("ome_tiff", source, base);
    const { pages, page0, series } = expected()[name]!.facts;
    const counts = countFrames(set.frames);
    expect(set.frames).toHaveLength(pages);
    expect([counts.nbr_timepoints, counts.nbr_channels]).toEqual(series?.[0]?.shape.slice(0, 2) ?? [10, 1]);
    const file = await openFrames(source.store, set.files[0]!.key);
    expect(pixelHash(await readFramePixels(file, 0, { ...set.shape, fromFloat: false }))).toBe(page0.sha256_c_order);
    expect((await metadataOf(set))[3]).toHaveProperty("MicroManagerMetadata.Axes");
  });

  it("two channels of the second version are named", async () => {
    const set = await planFrames("ome_tiff", await openFrameSource(join(data, v2)), base);
    expect([...new Set(set.frames.map(({ channel_idx, channel_name }) => `${channel_idx} ${channel_name}`))]).toEqual([
      "0 DAPI",
      "1 FITC",
    ]);
  });

  it("seam 28: signed samples of an OME-TIFF are taken by their bytes, as imagingDB does", async () => {
    const name = "tiff/multi-channel.ome.tif";
    const source = await openFrameSource(join(data, name));
    const set = await planFrames("ome_tiff", source, base);
    const { pages, page0 } = expected()[name]!.facts;
    expect([set.frames.length, set.shape.depth]).toEqual([pages, "uint8"]);
    expect(set.warnings).toContainEqual(
      expect.stringMatching(/samples are int8, and are kept as uint8 with the same bytes: -1 is 255$/),
    );
    const file = await openFrames(source.store, set.files[0]!.key);
    expect(pixelHash(await readFramePixels(file, 0, { ...set.shape, fromFloat: false }))).toBe(page0.sha256_c_order);
  });

  it.each([
    ["imagingdb/v2/ndtiffv2.0_test", v2],
    ["imagingdb/v2/ndtiffv2.0_test/Full resolution", v2],
    ["imagingdb/v3/ndtiff3.2_11bit_1", v3],
  ])("seam 28: the folder %s of NDTiff holds what its stack holds", async (folder, stack) => {
    const [whole, alone] = await Promise.all(
      [folder, stack].map(async (name) => planFrames("ome_tiff", await openFrameSource(join(data, name)), base)),
    );
    expect(whole!.frames).toEqual(alone!.frames);
    expect(whole!.warnings).toEqual([]);
    const two = await planFrames("ome_tiff", await openFrameSource(join(data, folder)), { ...base, positions: [0, 3] });
    expect(two.frames).toEqual(alone!.frames);
    expect(two.warnings).toEqual(["position 3 of the table is not there and not uploaded; found 0"]);
  });

  it("seam 28: a stack that the index of NDTiff names is missed", async () => {
    const copy = join(folder, "ndtiff cut");
    cpSync(join(data, dirname(v3)), copy, { recursive: true });
    const entry = readFileSync(join(copy, "NDTiff.index"));
    const name = basename(v3);
    const at = entry.indexOf(name);
    const record = Buffer.concat([entry.subarray(0, at - 4), Buffer.alloc(4), Buffer.from(name.replace(".tif", "_1.tif"))]);
    record.writeUInt32LE(name.length + 2, at - 4);
    writeFileSync(join(copy, "NDTiff.index"), Buffer.concat([entry, record, Buffer.alloc(32)]));
    await expect(planFrames("ome_tiff", await openFrameSource(copy), base)).rejects.toMatchObject({
      code: "STORE_ABSENT",
      message: expect.stringContaining("NDTiffStack_1.tif does not exist"),
    });
  });

  it("seam 28: of a stitched NDTiff without its full resolution the smaller copy is named", async () => {
    const stitched = join(data, "more/ndtiff/NDTiffStorage");
    await expect(planFrames("ome_tiff", await openFrameSource(stitched), base)).rejects.toMatchObject({
      code: "CONFIG_EMPTY",
      facts: { hint: expect.stringContaining("Downsampled_x2") },
    });
    const set = await planFrames("ome_tiff", await openFrameSource(join(stitched, "Downsampled_x2")), base);
    expect(set.frames).toMatchObject([{ channel_idx: 0, slice_idx: 0, time_idx: 0, pos_idx: 0 }]);
  });
});
