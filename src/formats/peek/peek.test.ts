import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ByteRange, inMemory, type RandomAccess } from "../../core/bytes.js";
import { dmDate, dmTime } from "./dm-acquisition.js";
import { nanometresPer } from "./facts.js";
import { peekFile, peekFolder } from "./peek.js";

const GiB = 2 ** 30;

/** A file of any length that is zeros but for some pieces. */
function sparse(
  sizeBytes: number,
  pieces: Record<number, Uint8Array>,
  name = "large.tif",
): RandomAccess & { ranges: ByteRange[] } {
  const ranges: ByteRange[] = [];
  return {
    name,
    ranges,
    size: async () => sizeBytes,
    read: async (range) => {
      ranges.push(range);
      const { offset } = range;
      const result = new Uint8Array(Math.max(0, Math.min(range.length, sizeBytes - offset)));
      for (const [place, piece] of Object.entries(pieces)) {
        const at = Number(place) - offset;
        if (at >= result.length || at + piece.length <= 0) continue;
        const from = Math.max(0, -at);
        result.set(piece.subarray(from, result.length - at), Math.max(0, at));
      }
      return result;
    },
  };
}

type Entry = [tag: number, type: 2 | 3 | 4, values: number[] | string];

/** A directory of a little-endian classic TIFF, with long values behind it. */
function directory(at: number, entries: Entry[], next: number): Uint8Array {
  const tableBytes = 2 + 12 * entries.length + 4;
  const values = entries.map(([, type, value]) => {
    if (typeof value === "string") return new TextEncoder().encode(`${value}\0`);
    return new Uint8Array(type === 3 ? Uint16Array.from(value).buffer : Uint32Array.from(value).buffer);
  });
  const far = values.map((value) => (value.length > 4 ? value.length : 0));
  const bytes = new Uint8Array(tableBytes + far.reduce((sum, one) => sum + one, 0));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, entries.length, true);
  let place = tableBytes;
  for (const [i, [tag, type, value]] of entries.entries()) {
    const entry = 2 + 12 * i;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    view.setUint32(entry + 4, typeof value === "string" ? values[i]!.length : value.length, true);
    if (far[i] === 0) bytes.set(values[i]!, entry + 8);
    else {
      view.setUint32(entry + 8, at + place, true);
      bytes.set(values[i]!, place);
      place += far[i]!;
    }
  }
  view.setUint32(tableBytes - 4, next, true);
  return bytes;
}
const header = (first: number) => {
  const bytes = new Uint8Array(8);
  bytes.set([0x49, 0x49, 42, 0]);
  new DataView(bytes.buffer).setUint32(4, first, true);
  return bytes;
};
const page = (width: number, height: number, more: Entry[] = []): Entry[] =>
  (
    [
      [256, 3, [width]],
      [257, 3, [height]],
      [258, 3, [8]],
      [259, 3, [1]],
      [262, 3, [1]],
      [273, 4, [8]],
      [277, 3, [1]],
      [279, 4, [width * height]],
      ...more,
    ] as Entry[]
  ).sort((a, b) => a[0] - b[0]);

describe("what a peek of a large TIFF costs", () => {
  it("the first directory behind the first image, across the border of two blocks: 2 requests, pages by PageNumber", async () => {
    const at = 48 * 65536 - 40;
    const strips = Array.from({ length: 384 }, (_, i) => 8 + 8192 * i);
    const entries = page(2048, 1536, [
      [297, 3, [0, 1065]],
      [305, 2, "InsightToolkit"],
    ]).map((entry): Entry => (entry[0] === 273 ? [273, 4, strips] : entry[0] === 279 ? [279, 4, strips.map(() => 8192)] : entry));
    const source = sparse(3_350_000_000, { 0: header(at), [at]: directory(at, entries, at + 3_200_000) });
    const { images, requests, bytes } = await peekFile(source);
    expect(images[0]).toMatchObject({
      shape: [1065, 1536, 2048],
      voxelSize: [null, null, null],
      channels: 1,
      pages: { count: 1065, by: "PageNumber" },
      sources: { shape: "file" },
    });
    expect((images[0]!.raw.StripOffsets as number[]).length).toBe(384);
    expect([requests, source.ranges.length]).toEqual([2, 2]);
    expect(bytes).toBeLessThan(0.001 * GiB);
  });

  /** Directories before their images, at equal distances. */
  const movie = (pages: number, planeSide: number, words: string) => {
    const first = directory(8, page(planeSide, planeSide, [[270, 2, words]]), 0);
    const stride = 200 + planeSide ** 2;
    const second = 8 + first.length + planeSide ** 2;
    const places = [8, ...Array.from({ length: pages - 1 }, (_, i) => second + i * stride)];
    const pieces: Record<number, Uint8Array> = { 0: header(8) };
    for (const [i, at] of places.entries())
      pieces[at] = directory(at, page(planeSide, planeSide, i === 0 ? [[270, 2, words]] : []), places[i + 1] ?? 0);
    return sparse(places.at(-1)! + stride, pieces);
  };

  it("a movie of 300 frames: 3 requests, pages by distance and marked derived; the option exact follows the chain", async () => {
    const source = movie(300, 1900, "frames");
    const { images, requests, bytes } = await peekFile(source);
    expect(images[0]).toMatchObject({
      shape: [300, 1900, 1900],
      pages: { count: 300, by: "stride" },
      sources: { shape: "derived" },
      warnings: [],
    });
    expect(requests).toBeLessThanOrEqual(3);
    expect(bytes).toBeLessThan(0.001 * GiB);
    const exact = await peekFile(source, { exact: true });
    expect(exact.images[0]).toMatchObject({
      shape: [300, 1900, 1900],
      pages: { count: 300, by: "chain" },
      sources: { shape: "file" },
    });
    expect(exact.requests).toBeGreaterThan(299);
  });

  it("the option exact does not believe PageNumber", async () => {
    const pieces = { 0: header(8), 8: directory(8, page(4, 4, [[297, 3, [0, 5]]]), 300), 300: directory(300, page(4, 4), 0) };
    expect((await peekFile(sparse(2000, pieces))).images[0]!.shape).toEqual([5, 4, 4]);
    expect((await peekFile(sparse(2000, pieces), { exact: true })).images[0]!.shape).toEqual([2, 4, 4]);
  });

  it("unequal distances: an estimate, and a warning says so", async () => {
    const places = [8, 400_000, 1_000_000, 1_200_000];
    const pieces: Record<number, Uint8Array> = { 0: header(8) };
    for (const [i, at] of places.entries())
      pieces[at] = directory(
        at,
        page(3000, 3000).map((entry): Entry => (entry[0] === 259 ? [259, 3, [5]] : entry)),
        places[i + 1] ?? 0,
      );
    const { images, requests } = await peekFile(sparse(1_700_000, pieces));
    expect(images[0]).toMatchObject({ sources: { shape: "derived" }, warnings: [expect.stringMatching(/^pages-estimated/)] });
    expect(requests).toBeLessThanOrEqual(3);
  });

  it.each([
    ["the first one may be a little shorter or longer: its directory has more in it", [900_000, 900_300, 900_300], 0],
    ["but none of the others", [900_300, 900_000, 900_300], 1],
  ])("distances: %s", async (_, strides, warned) => {
    const places = [8];
    for (const stride of strides) places.push(places.at(-1)! + stride);
    const pieces: Record<number, Uint8Array> = { 0: header(8) };
    for (const [i, at] of places.entries()) pieces[at] = directory(at, page(948, 948), places[i + 1] ?? 0);
    const { images } = await peekFile(sparse(places.at(-1)! + 900_300, pieces));
    expect(images[0]!.warnings.filter((text) => text.startsWith("pages-estimated"))).toHaveLength(warned);
  });

  it("ImageJ past 4 GiB: one directory, images one after the other", async () => {
    const description = "ImageJ=1.53t\nimages=600\nslices=600\nunit=\\u00B5m\nspacing=0.05\nmin=3.0\nmax=250.0\n";
    const bytes = directory(8, page(3000, 3000, [[270, 2, description]]), 0);
    const source = sparse(8 + bytes.length + 600 * 9_000_000, { 0: header(8), 8: bytes });
    const { images, requests } = await peekFile(source);
    expect(images[0]).toMatchObject({
      shape: [600, 3000, 3000],
      pages: { count: 600, by: "ImageJ" },
      voxelSize: [0.05, null, null],
      unit: ["µm", null, null],
      contrast: { min: 3, max: 250 },
      dimensions: { z: 600, c: 1, t: 1 },
    });
    expect(requests).toBe(1);
    const short = await peekFile(sparse(8 + bytes.length + 599 * 9_000_000, { 0: header(8), 8: bytes }));
    expect(short.images[0]).toMatchObject({ shape: [1, 3000, 3000], warnings: [expect.stringMatching(/^images-missing/)] });
  });

  it("values at the other end of the file cost the third request, whatever their number", async () => {
    const end = GiB;
    const at = 500_000_000;
    const bytes = directory(
      at,
      page(10_000, 10_000, [
        [270, 2, "x".repeat(3000)],
        [305, 2, "a program with a name"],
      ]),
      0,
    );
    const table = bytes.slice(0, 2 + 12 * 10 + 4);
    const view = new DataView(table.buffer);
    for (let i = 0; i < 10; i++)
      if (view.getUint32(6 + 12 * i, true) > 4) view.setUint32(10 + 12 * i, view.getUint32(10 + 12 * i, true) - at + end, true);
    const source = sparse(end + bytes.length, { 0: header(at), [at]: table, [end]: bytes });
    const { images, requests } = await peekFile(source);
    expect(images[0]!.raw).toMatchObject({ ImageDescription: "x".repeat(3000), Software: "a program with a name" });
    expect(requests).toBe(3);
  });

  it("samples that are not read: facts all the same, and a warning; planes outside of the folder are refused", async () => {
    const complex = page(4, 4, [[339, 3, [5]]]);
    expect((await peekFile(sparse(2000, { 0: header(8), 8: directory(8, complex, 0) }))).images[0]).toMatchObject({
      shape: [1, 4, 4],
      dtype: null,
      warnings: [expect.stringMatching(/^pixels: .*complex integers of 8 bits/)],
    });
    const ome = (inside: string) =>
      `<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" SizeX="4" SizeY="4" SizeZ="1" SizeC="1" SizeT="1" Type="uint8">${inside}</Pixels></Image></OME>`;
    const described = (text: string) => {
      const first = directory(8, page(4, 4, [[270, 2, text]]), 0);
      return peekFile(sparse(2000, { 0: header(8), 8: first }));
    };
    await expect(described(ome('<TiffData><UUID FileName="../x.tif">u</UUID></TiffData>'))).rejects.toMatchObject({
      code: "NAME_UNSAFE",
    });
    expect((await described(ome("<TiffData>"))).images[0]!.warnings).toEqual([expect.stringMatching(/^ome-unreadable/)]);
  });

  it("the option exact says which pages are not all there", async () => {
    const at = (offset: number) => page(4, 4).map((entry): Entry => (entry[0] === 273 ? [273, 4, [offset]] : entry));
    const pieces = {
      0: header(8),
      8: directory(8, at(1000), 300),
      300: directory(300, at(1990), 600),
      600: directory(600, at(9), 0),
    };
    expect((await peekFile(sparse(2000, pieces), { exact: true })).images[0]).toMatchObject({
      shape: [3, 4, 4],
      warnings: ["truncated: pixels of 1 of 3 pages lie past the end of the file: 6 bytes are missing"],
    });
  });

  it("a chain that goes back, and one that leaves the file, end there with a warning", async () => {
    const two = (next: number) => ({ 0: header(8), 8: directory(8, page(4, 4), 300), 300: directory(300, page(4, 4), next) });
    expect((await peekFile(sparse(2000, two(8)))).images[0]).toMatchObject({
      shape: [2, 4, 4],
      warnings: [expect.stringMatching(/^chain-loop/)],
    });
    expect((await peekFile(sparse(2000, two(9000)))).images[0]).toMatchObject({
      shape: [2, 4, 4],
      warnings: [expect.stringMatching(/^chain-end/)],
    });
  });
});

describe("what other peeks cost", () => {
  it("MRC of 4 GiB: 1 request", async () => {
    const head = new Uint8Array(1024);
    const view = new DataView(head.buffer);
    for (const [i, value] of [1024, 1024, 1024, 2].entries()) view.setInt32(4 * i, value, true);
    for (const at of [28, 32, 36]) view.setInt32(at, 1024, true);
    for (const at of [40, 44, 48]) view.setFloat32(at, 1024 * 13.48, true);
    for (const [i, axis] of [1, 2, 3].entries()) view.setInt32(64 + 4 * i, axis, true);
    head.set([0x4d, 0x41, 0x50, 0x20, 0x44, 0x44], 208);
    const { images, requests, bytes } = await peekFile(sparse(1024 + 4 * GiB, { 0: head }, "tomo.mrc"));
    expect(images[0]).toMatchObject({ format: "mrc", shape: [1024, 1024, 1024], dtype: "float32", unit: ["Å", "Å", "Å"] });
    expect(images[0]!.voxelSize[0]).toBeCloseTo(13.48, 4);
    expect([requests, bytes]).toEqual([1, 65536]);
  });

  it("DM3 of 1 GiB, tags on both sides of its pixels: at most 3 requests, less than a thousandth of its bytes", async () => {
    const fixture = new Uint8Array(readFileSync(new URL("../../../test/fixtures/dm/volume-i2-le.dm3", import.meta.url)));
    const [small] = (await peekFile(inMemory(fixture, "small.dm3"))).images;
    const bytes = fixture.slice();
    const view = new DataView(bytes.buffer);
    const last = (text: string) => Buffer.from(bytes).lastIndexOf(text);
    // the last image is the volume: a simple value has its type behind one word of information, an array its type and length behind three
    const dimensions = last("Dimensions") + "Dimensions".length + 6;
    for (const [i, length] of [1024, 1024, 512].entries()) view.setUint32(dimensions + 19 * i + 3 + 12, length, true);
    const information = last("Data%%%%") + "Data%%%%".length + 4;
    const pixels = information + 12;
    const pixelBytes = 2 * view.getUint32(information + 8);
    view.setUint32(information + 8, GiB / 2);
    const tail = bytes.slice(pixels + pixelBytes);
    const source = sparse(pixels + GiB + tail.length, { 0: bytes.slice(0, pixels), [pixels + GiB]: tail }, "large.dm3");
    const peek = await peekFile(source);
    expect(peek.images).toEqual([{ ...small, name: "large.dm3", shape: [512, 1024, 1024], raw: expect.anything() }]);
    expect([peek.requests, peek.bytes]).toEqual([source.ranges.length, expect.any(Number)]);
    expect(peek.requests).toBeLessThanOrEqual(3);
    expect(peek.bytes).toBeLessThan(0.001 * GiB);
  });

  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const folder = (name: string, files: Record<string, unknown>) => ({
    name,
    read: async (key: string) => (files[key] === undefined ? undefined : json(files[key])),
  });
  const n5 = (size: number, more: object = {}) => ({
    dimensions: [size, 2 * size, 3 * size],
    blockSize: [64, 64, 64],
    dataType: "uint16",
    compression: { type: "gzip", level: -1 },
    ...more,
  });

  it("N5: a dataset 1 request, a multiscale group 2, one without attributes 2", async () => {
    const resolution = { pixelResolution: { unit: "nm", dimensions: [4, 4, 3.36] } };
    expect(await peekFolder(folder("a.n5/em/s0", { "attributes.json": n5(100, resolution) }))).toMatchObject({
      requests: 1,
      images: [
        {
          format: "n5",
          shape: [300, 200, 100],
          axes: ["z", "y", "x"],
          voxelSize: [3.36, 4, 4],
          unit: ["nm", "nm", "nm"],
          dtype: "uint16",
        },
      ],
    });
    const group = {
      scales: [
        [1, 1, 1],
        [2, 2, 2],
      ],
      ...resolution,
    };
    expect(await peekFolder(folder("a.n5/em", { "attributes.json": group, "s0/attributes.json": n5(100) }))).toMatchObject({
      requests: 2,
      images: [{ shape: [300, 200, 100], voxelSize: [3.36, 4, 4] }],
    });
    expect(await peekFolder(folder("a.n5/em", { "s0/attributes.json": n5(100) }))).toMatchObject({
      requests: 2,
      bytes: JSON.stringify(n5(100)).length,
      images: [{ voxelSize: [null, null, null] }],
    });
    const level = n5(50, { downsamplingFactors: [2, 2, 1], ...resolution });
    expect(await peekFolder(folder("a.n5/em/s1", { "attributes.json": level }))).toMatchObject({
      images: [{ voxelSize: [3.36, 8, 8], sources: { voxelSize: "derived" } }],
    });
    const transform = {
      transform: { axes: ["z", "y", "x"], scale: [5.24, 4, 4], translate: [1, 2, 3], units: ["nm", "nm", "nm"] },
    };
    expect(await peekFolder(folder("a.n5/em/s0", { "attributes.json": n5(100, transform) }))).toMatchObject({
      images: [{ voxelSize: [5.24, 4, 4], offset: [1, 2, 3], unit: ["nm", "nm", "nm"] }],
    });
    await expect(peekFolder(folder("a.n5", { "attributes.json": { n5: "4.0.0" } }))).rejects.toMatchObject({
      code: "FORMAT_UNKNOWN",
    });
  });

  it("OME-Zarr 0.4 at most 3 requests, 0.5 with consolidated metadata 1, less where the names of the folder are known", async () => {
    const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
    const datasets = [
      {
        path: "s0",
        coordinateTransformations: [
          { type: "scale", scale: [2.96, 4, 4] },
          { type: "translation", translation: [0, 0, 0] },
        ],
      },
    ];
    const zarray = {
      zarr_format: 2,
      shape: [564, 2520, 2596],
      chunks: [64, 64, 64],
      dtype: "<i2",
      compressor: null,
      fill_value: 0,
      order: "C",
      filters: null,
    };
    const files = {
      ".zgroup": { zarr_format: 2 },
      ".zattrs": { multiscales: [{ version: "0.4", axes, datasets }] },
      "s0/.zarray": zarray,
    };
    const wanted = {
      shape: [564, 2520, 2596],
      voxelSize: [2.96, 4, 4],
      unit: ["nanometer", "nanometer", "nanometer"],
      offset: [0, 0, 0],
      dtype: "int16",
    };
    const bytes = json(files[".zattrs"]).length + json(files["s0/.zarray"]).length; // what is not there has none
    expect(await peekFolder(folder("a.zarr", files))).toMatchObject({ requests: 3, bytes, images: [wanted] });
    expect(await peekFolder({ ...folder("a.zarr", files), names: [".zattrs", ".zgroup"] })).toMatchObject({
      requests: 2,
      images: [wanted],
    });
    const groups = {
      "zarr.json": {
        zarr_format: 3,
        node_type: "group",
        attributes: { ome: { version: "0.5", multiscales: [{ axes, datasets }] } },
      },
      "s0/zarr.json": { zarr_format: 3, node_type: "group", attributes: {} },
    };
    await expect(peekFolder(folder("a.zarr", groups))).rejects.toThrow("s0 is a group, the first level of an image is an array");
    const array = {
      ...{ zarr_format: 3, node_type: "array", shape: [564, 2520, 2596], data_type: "int16", fill_value: 0 },
      chunk_grid: { name: "regular", configuration: { chunk_shape: [64, 64, 64] } },
      chunk_key_encoding: { name: "default" },
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    };
    const group = {
      ...{ zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales: [{ axes, datasets }] } } },
      consolidated_metadata: { kind: "inline", must_understand: false, metadata: { s0: array } },
    };
    expect(await peekFolder(folder("b.zarr", { "zarr.json": group }))).toMatchObject({ requests: 1, images: [wanted] });
  });

  it("codecs that are not read: facts all the same, and a warning", async () => {
    const warned = { warnings: [expect.stringMatching(/^pixels: .*(jpeg|categorize)/)] };
    const zarray = {
      zarr_format: 2,
      shape: [3, 4],
      chunks: [3, 4],
      dtype: "<u2",
      compressor: { id: "jpeg2k" },
      fill_value: 0,
      order: "C",
      filters: null,
    };
    const one = await peekFolder(folder("a.zarr", { ".zarray": zarray }));
    expect(one.images[0]).toMatchObject({ shape: [3, 4], dtype: "uint16", axes: ["y", "x"], ...warned });
    const filtered = { ...zarray, compressor: null, filters: [{ id: "categorize", dtype: "<u2" }] };
    expect((await peekFolder(folder("a.zarr", { ".zarray": filtered }))).images[0]).toMatchObject(warned);
    const n5jpeg = n5(10, { compression: { type: "jpeg" } });
    expect((await peekFolder(folder("a.n5/s0", { "attributes.json": n5jpeg }))).images[0]).toMatchObject({
      shape: [30, 20, 10],
      ...warned,
    });
    await expect(peekFolder(folder("a.zarr", { ".zarray": { ...zarray, dtype: "|O" } }))).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
    });
  });

  it("precomputed: 1 request; a folder of nothing is refused", async () => {
    const info = {
      ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1 },
      scales: [
        {
          key: "8_8_8",
          size: [200, 400, 600],
          resolution: [8, 8, 8],
          voxel_offset: [10000, 11000, 12000],
          chunk_sizes: [[64, 64, 64]],
          encoding: "compresso",
        },
      ],
    };
    expect(await peekFolder(folder("volume", { info }))).toMatchObject({
      requests: 1,
      images: [{ shape: [600, 400, 200], offset: [12000, 11000, 10000], warnings: [expect.stringContaining("compresso")] }],
    });
    // what is in it says more than its name
    expect(await peekFolder(folder("volume.zarr", { info }))).toMatchObject({ images: [{ format: "precomputed" }] });
    await expect(peekFolder(folder("nothing", {}))).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(peekFolder(folder("nothing.zarr", {}))).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });
});

describe("small facts", () => {
  it("dates of DigitalMicrograph by locale", () => {
    expect(dmDate("27.01.2016")).toEqual({ date: "2016-01-27", ambiguous: false });
    expect([dmDate("1/31/2015")?.date, dmDate("12/31/2015")?.date, dmDate("0/31/2015"), dmDate("1/32/2015")]).toEqual([
      "2015-01-31",
      "2015-12-31",
      undefined,
      undefined,
    ]);
    expect(dmDate("27.08.2016")).toEqual({ date: "2016-08-27", ambiguous: false });
    expect(dmDate("27/08/2016")).toEqual({ date: "2016-08-27", ambiguous: false });
    expect(dmDate("7/20/2015")).toEqual({ date: "2015-07-20", ambiguous: false });
    expect(dmDate("3/4/2015")).toEqual({ date: "2015-03-04", ambiguous: true });
    // 2015-04-03 12:00 UTC in ticks since 1601
    const ticks = (Date.UTC(2015, 3, 3, 12) + 11_644_473_600_000) * 1e4;
    expect(dmDate("3/4/2015", ticks)).toEqual({ date: "2015-04-03", ambiguous: false });
    expect([dmDate("yesterday"), dmTime("6:48:25 PM"), dmTime("12:05 AM"), dmTime("17:06:40")]).toEqual([
      undefined,
      "18:48:25",
      "00:05:00",
      "17:06:40",
    ]);
  });
  it("units in nanometres, unknown ones in none", () => {
    const units = [
      "nm",
      "µm",
      "μm",
      "um",
      "micron",
      "Å",
      "A",
      "angstrom",
      "m",
      "mm",
      "pm",
      "inch",
      "cm",
      "\\u00B5m",
      "nanometer",
      "",
      "pixel",
      null,
    ];
    expect(units.map(nanometresPer)).toEqual([
      1,
      1000,
      1000,
      1000,
      1000,
      0.1,
      0.1,
      0.1,
      1e9,
      1e6,
      1e-3,
      25.4e6,
      1e7,
      1000,
      1,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("DigitalMicrograph files whose pixels are not read", () => {
  const fixture = () => new Uint8Array(readFileSync(new URL("../../../test/fixtures/dm/image-u2.dm4", import.meta.url)));

  it("an undocumented type: facts, and a warning", async () => {
    const good = fixture();
    const [known] = (await peekFile(inMemory(good, "a.dm4"))).images;
    // the only u32 value 10 behind the name DataType
    const name = new TextEncoder().encode("DataType");
    let at = -1;
    for (let i = 0; i < good.length; i++) if (name.every((byte, j) => good[i + j] === byte)) at = i;
    const value = [...good.subarray(at)].findIndex((byte, i) => i > name.length + 8 + 4 + 15 && byte === 10);
    good[at + value] = 99;
    const { images, requests } = await peekFile(inMemory(good, "a.dm4"));
    expect(images[0]).toMatchObject({ shape: known!.shape, axes: known!.axes, voxelSize: known!.voxelSize, dtype: null });
    expect(images[0]!.warnings).toEqual(expect.arrayContaining([expect.stringMatching(/^pixels: .*type 99/)]));
    expect(requests).toBe(1);
  });
});
