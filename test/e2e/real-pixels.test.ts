import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { isEmporiumError } from "../../src/core/errors.js";
import { compressionOf } from "../../src/formats/compression.js";
import { readDm } from "../../src/formats/dm/image.js";
import { decodeDmPixels, readDmPlanes } from "../../src/formats/dm/read.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { readMrcPlanes } from "../../src/formats/mrc/read.js";
import { parseVolumeInfo } from "../../src/formats/precomputed/info.js";
import { readPrecomputedBox } from "../../src/formats/precomputed/read.js";
import { openTiff } from "../../src/formats/tiff/image.js";
import { readTiffPlane } from "../../src/formats/tiff/read.js";
import { parseZarray } from "../../src/formats/zarr/metadata.js";
import { readZarrArray } from "../../src/formats/zarr/read.js";
import { parseZarrV3Array } from "../../src/formats/zarr/v3-metadata.js";
import { readZarrV3Array } from "../../src/formats/zarr/v3-read.js";
import { REAL_DATA } from "../real-data.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

const urlOf = (path: string) => new URL(path.split("/").map(encodeURIComponent).join("/"), data);
const bytesOf = (path: string) => new Uint8Array(readFileSync(urlOf(path)));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface ImageFacts {
  shape: number[];
  dtype: string;
  sha256_c_order: string;
  scales: number[];
}
interface Facts extends ImageFacts {
  tool: string;
  kind?: string;
  voxel_size_xyz: (number | string)[];
  pages: number;
  page0_shape: number[];
  page0_dtype: string;
  page0?: ImageFacts;
  page0_pillow?: { shape: number[]; sum: number };
  images: ImageFacts[];
}
type Inventory = Record<string, { facts?: Facts; bytes?: number }>;
const inventory: Inventory = present ? (JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Inventory) : {};
const zarrV3 = JSON.parse(readFileSync(new URL("../golden/real-pixels/zarr-v3.json", import.meta.url), "utf8")) as Record<
  string,
  { shape: number[]; dtype: string; sha256: string }
>;

const NUMPY: Record<string, string> = {
  ...{
    int8: "|i1",
    uint8: "|u1",
    bool: "|b1",
    int16: "<i2",
    uint16: "<u2",
    int32: "<i4",
    uint32: "<u4",
    int64: "<i8",
    uint64: "<u8",
  },
  ...{ float16: "<f2", float32: "<f4", float64: "<f8", complex64: "<c8", complex128: "<c16" },
  bgra: "[('R', '|u1'), ('G', '|u1'), ('B', '|u1'), ('A', '|u1')]",
};

/** Who takes an entry of the inventory, and what is compared. */
type Taken = { reader: string; check: () => Promise<void> };

/** Refused by the name of what it has, with the given code. */
async function refused(work: () => unknown, code: string, feature: RegExp): Promise<void> {
  const error: unknown = await Promise.resolve()
    .then(work)
    .catch((thrown: unknown) => thrown);
  expect(isEmporiumError(error) ? [error.code, error.message] : error).toEqual([code, expect.stringMatching(feature)]);
}

function take(path: string, facts: Facts | undefined, bytes: number | undefined): Taken | undefined {
  const name = path.split("/").at(-1)!;
  if (facts?.tool === "mrcfile") return { reader: "MRC", check: () => mrc(path, facts) };
  if (facts?.tool === "tifffile") return { reader: "TIFF", check: () => tiff(path, facts) };
  if (facts?.tool === "hyperspy") return { reader: "DM", check: () => dm(path, facts) };
  if (facts?.kind === "zarr v2 array") return { reader: "Zarr v2", check: () => zarrV2(path, facts) };
  const folder = path.slice(0, -name.length);
  if (name === "zarr.json" && zarrV3[folder]) return { reader: "Zarr v3", check: () => v3(folder) };
  if (name === "info" && path.startsWith("precomputed/"))
    return { reader: "precomputed", check: () => precomputed(folder, facts as never) };
  if (path.startsWith("misc/broken/")) return { reader: "MRC, refused", check: () => broken(path) };
  if (/\.(tiff?|mrc|map|rec|st|dm[34]|gain)$/i.test(name) && (bytes === 0 || (facts as { placeholder?: boolean })?.placeholder)) {
    return { reader: "placeholder, refused", check: () => placeholder(path) };
  }
  return undefined;
}

async function mrc(path: string, facts: Facts): Promise<void> {
  const stored = bytesOf(path);
  const compression = compressionOf(stored);
  const plain =
    compression === "gzip" ? new Uint8Array(gunzipSync(stored)) : compression === "bzip2" ? await bunzip2(stored) : stored;
  const source = inMemory(plain, path);
  const header = await readMrcHeader(source);
  expect(header.shape).toEqual(facts.shape.length === 2 ? [1, ...facts.shape] : facts.shape);
  // the tool behind the inventory reads mode 0 as signed whatever the header says; the bytes are the same
  expect([facts.dtype, "|u1"]).toContain(NUMPY[header.dtype]);
  expect([...header.voxelSizeAngstrom].reverse()).toEqual(
    facts.voxel_size_xyz.map((size) =>
      Number(size) > 0 && Number.isFinite(Number(size)) ? Math.fround(Number(size)) : undefined,
    ),
  );
  expect(sha256(await readMrcPlanes(source, header, 0, header.shape[0]))).toBe(facts.sha256_c_order);
}

async function bunzip2(bytes: Uint8Array): Promise<Uint8Array> {
  const unbzip2 = createRequire(import.meta.url)("unbzip2-stream") as () => NodeJS.ReadWriteStream;
  const pieces: Buffer[] = [];
  const stream = Readable.from([Buffer.from(bytes)]).pipe(unbzip2());
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  return Buffer.concat(pieces);
}

async function tiff(path: string, facts: Facts): Promise<void> {
  const file = await openTiff(inMemory(bytesOf(path), path));
  const image = await file.image(0);
  expect([image.shape, image.type.dtype]).toEqual([facts.page0_shape, facts.page0_dtype]);
  if (image.page.compression === 7) return refused(() => readTiffPlane(file.source, image), "FORMAT_UNSUPPORTED", /JPEG/);
  const pixels = await readTiffPlane(file.source, image);
  if (facts.page0) expect([NUMPY[image.type.dtype], sha256(pixels)]).toEqual([facts.page0.dtype, facts.page0.sha256_c_order]);
  else expect(pixels.reduce((sum, value) => sum + value, 0)).toBe(facts.page0_pillow!.sum);
  // every page decodes, the last as well as the first
  expect(file.header.frames).toBe(facts.pages);
  for (let page = 1; page < facts.pages; page++) await readTiffPlane(file.source, await file.image(page));
}

async function dm(path: string, facts: Facts): Promise<void> {
  const source = inMemory(bytesOf(path), path);
  const { images } = await readDm(source);
  const nine = (value: number) => Number(value.toPrecision(9)) || 0;
  const found = [];
  for (const image of images) {
    const values = decodeDmPixels(await readDmPlanes(source, image, 0, image.shape[0]), image);
    const pixels = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const scales = image.axes.map(({ scale }) => nine(scale));
    found.push({ shape: image.lengths, dtype: NUMPY[image.pixel ?? ""], scales, sha256_c_order: sha256(pixels) });
  }
  const wanted = facts.images.map(({ shape, dtype, scales, sha256_c_order }) => ({
    shape,
    dtype,
    scales: scales.map(nine),
    sha256_c_order,
  }));
  expect(found).toEqual(wanted);
}

async function zarrV2(path: string, facts: Facts): Promise<void> {
  const document = bytesOf(`${path}.zarray`);
  if (!/^[<>|][biufc]\d$/.test(facts.dtype)) return refused(() => parseZarray(document, path), "FORMAT_UNSUPPORTED", /dtype/);
  const meta = parseZarray(document, path);
  const pixels = await readZarrArray(async (key) => (existsSync(urlOf(path + key)) ? bytesOf(path + key) : undefined), meta);
  const stored = facts.dtype.startsWith(">") ? Buffer.from(pixels).swap32() : pixels;
  expect([meta.shape, NUMPY[meta.type.dtype]?.slice(1), sha256(stored)]).toEqual([
    facts.shape,
    facts.dtype.slice(1),
    facts.sha256_c_order,
  ]);
}

async function v3(folder: string): Promise<void> {
  const wanted = zarrV3[folder]!;
  const file = async (key: string) => (existsSync(urlOf(folder + key)) ? bytesOf(folder + key) : undefined);
  const objects = {
    read: async (key: string, range?: { offset: number; length: number }) =>
      range ? (await file(key))?.subarray(range.offset, range.offset + range.length) : file(key),
    size: async (key: string) => (await file(key))?.length,
  };
  const meta = parseZarrV3Array(bytesOf(`${folder}zarr.json`), folder);
  expect({ shape: meta.shape, dtype: meta.type.dtype, sha256: sha256(await readZarrV3Array(objects, meta)) }).toEqual({
    shape: wanted.shape,
    dtype: wanted.dtype,
    sha256: wanted.sha256,
  });
}

interface ScaleFacts {
  key: string;
  size: number[];
  resolution: number[];
  encoding: string;
}

/** Scales as the inventory has them; chunks, where any are there, decode or are refused by the name of their encoding. */
async function precomputed(folder: string, facts: { data_type: string; scales: ScaleFacts[] }): Promise<void> {
  const bytes = bytesOf(`${folder}info`);
  if (facts.scales.length === 0) return refused(() => parseVolumeInfo(bytes, folder), "FORMAT_UNKNOWN", /annotations/);
  const info = parseVolumeInfo(bytes, folder);
  expect([info.dtype, info.scales.map(({ shape, voxelSizeNm, encoding }) => [shape, voxelSizeNm, encoding])]).toEqual([
    facts.data_type,
    facts.scales.map(({ size, resolution, encoding }) => [[...size].reverse(), [...resolution].reverse(), encoding]),
  ]);
  for (const scale of info.scales) {
    const names = existsSync(urlOf(folder + scale.key)) ? readdirSync(urlOf(folder + scale.key)) : [];
    if (names.length === 0) continue;
    const open = async (key: string) =>
      names.includes(key) ? inMemory(bytesOf(`${folder}${scale.key}/${key}`), key) : undefined;
    const read = () =>
      readPrecomputedBox(open, info, scale, { start: [0, 0, 0], stop: scale.shape.map((n) => Math.min(n, 64)) as never });
    if (scale.encoding !== "raw" && scale.encoding !== "png")
      await refused(read, "FORMAT_UNSUPPORTED", new RegExp(`"${scale.encoding}"`));
    else expect((await read()).some((byte) => byte !== 0)).toBe(true);
  }
}

async function broken(path: string): Promise<void> {
  const bytes = bytesOf(path);
  const codes: Record<string, [string, RegExp]> = {
    "bad_mode_EMD-3197.map": ["FORMAT_FIELD", /mode/],
    "truncated_data_EMD-3197.map": ["FORMAT_TRUNCATED", /16512/],
    "truncated_header_EMD-3197.map": ["FORMAT_TRUNCATED", /1024/],
    "no_map_id_EMD-3197.map": ["FORMAT_UNKNOWN", /MAP/],
  };
  const [code, words] = codes[path.split("/").at(-1)!]!;
  await refused(() => readMrcHeader(inMemory(bytes, path), { strict: true }), code, words);
}

async function placeholder(path: string): Promise<void> {
  const source = inMemory(bytesOf(path), path);
  const readers: [(name: typeof source) => unknown, RegExp][] = [
    [openTiff, /\.tiff?$/i],
    [readDm, /\.dm[34]$/i],
    [readMrcHeader, /\.gain$/],
  ];
  const [read] = readers.find(([, names]) => names.test(path))!;
  await refused(() => read(source), /\.tiff?$/i.test(path) ? "FORMAT_UNKNOWN" : "FORMAT_TRUNCATED", /./);
}

/** Entries of each kind, and who takes them. An entry that nobody takes holds no pixels of its own: text, documents, chunks, which their array's entry reads. */
const taken = Object.entries(inventory).flatMap(([path, { facts, bytes }]) => {
  const found = take(path, facts, bytes);
  return found ? [{ path, ...found }] : [];
});

describe("the inventory of real files, entry by entry", () => {
  it.skipIf(!present)("every image is taken by a reader, no other file is", () => {
    const counts: Record<string, number> = {};
    for (const { reader } of taken) counts[reader] = (counts[reader] ?? 0) + 1;
    expect(counts).toEqual({
      ...{ TIFF: 26, DM: 43, MRC: 22, "Zarr v2": 27, "Zarr v3": 24, precomputed: 5 },
      ...{ "MRC, refused": 4, "placeholder, refused": 7 },
    });
    const others = Object.keys(inventory).filter((path) => !taken.some((one) => one.path === path));
    const images = others.filter((path) => /\.(tiff?|mrc|map|rec|st|ali|dm[34]|gain)(\.gz|\.bz2)?$/i.test(path));
    expect(images).toEqual([]);
  });

  it.each(taken)("$reader: $path", ({ check }) => check());
});
