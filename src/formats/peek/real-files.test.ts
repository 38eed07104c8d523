import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseMrcHeader } from "../mrc/header.js";
import { readMrcPlanes } from "../mrc/read.js";
import { openTiff } from "../tiff/image.js";
import { readTiffPlane } from "../tiff/read.js";
import { peekFile, peekFolder } from "./peek.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));
const urlOf = (path: string) => new URL(path.split("/").map(encodeURIComponent).join("/"), data);
const bytesOf = (path: string) => new Uint8Array(readFileSync(urlOf(path)));
const peek = (path: string, exact = false) => peekFile(inMemory(bytesOf(path), path), { exact });
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Facts {
  tool: string;
  shape: number[];
  dtype: string;
  pages: number;
  page0_shape: number[];
  page0_dtype: string;
  page0?: { shape: number[]; dtype: string; sha256_c_order: string };
  page0_pillow?: { shape: number[]; sum: number };
  series?: { shape: number[]; axes: string }[];
  voxel_size_xyz: (number | string)[];
  sha256_c_order: string;
  images: { shape: number[]; dtype: string; scales: number[]; offsets: number[]; units: string[] }[];
  kind: string;
}
const expected: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts ? [[path, facts] as [string, Facts]] : []),
    )
  : [];
const numpy: Record<string, string> = {
  ...{ "|u1": "uint8", "|i1": "int8", "|b1": "bool", "<u2": "uint16", "<i2": "int16", "<u4": "uint32", "<i4": "int32" },
  ...{ "<f4": "float32", "<f8": "float64", "<c8": "complex64", "<c16": "complex128", "<i8": "int64", "<u8": "uint64" },
};

describe("real TIFF files", () => {
  const files = expected.filter(([, facts]) => facts.page0_shape !== undefined);
  it.skipIf(!present)("are there to be read", () => expect(files.length).toBeGreaterThan(20));
  for (const [path, facts] of files) {
    it(`${path}: peek and pixels`, async () => {
      const cheap = await peek(path);
      expect(cheap.requests).toBeLessThanOrEqual(3);
      const { images, requests } = await peek(path, true);
      const [found] = images as [(typeof images)[number]];
      expect(found.shape).toEqual([facts.pages, ...facts.page0_shape.slice(0, 2)]);
      expect([found.dtype, found.axes.length, found.pages?.by]).toEqual([facts.page0_dtype, 3, "chain"]);
      expect(cheap.images[0]).toMatchObject({
        shape: found.shape,
        dtype: found.dtype,
        voxelSize: found.voxelSize,
        unit: found.unit,
      });
      expect(requests).toBeGreaterThanOrEqual(cheap.requests);

      const file = await openTiff(inMemory(bytesOf(path), path));
      const image = await file.image(0);
      if (image.page.compression === 7) {
        const refused: unknown = await readTiffPlane(file.source, image).catch((error: unknown) => error);
        expect(isEmporiumError(refused) && [refused.code, refused.message]).toEqual([
          "FORMAT_UNSUPPORTED",
          expect.stringContaining("JPEG"),
        ]);
        return;
      }
      const bytes = await readTiffPlane(file.source, image);
      expect(image.shape).toEqual(facts.page0_shape);
      if (facts.page0) expect([image.type.dtype, sha256(bytes)]).toEqual([numpy[facts.page0.dtype], facts.page0.sha256_c_order]);
      else expect(bytes.reduce((sum, value) => sum + value, 0)).toBe(facts.page0_pillow!.sum);
    });
  }

  it.skipIf(!present)("voxel sizes: ImageJ, OME, Thermo Fisher, Gatan, printers' resolutions", async () => {
    const voxel = async (path: string) => {
      const { voxelSize, unit, warnings } = (await peek(path)).images[0]!;
      return {
        voxelSize: voxelSize.map((size) => size && Number(size.toPrecision(9))),
        unit,
        print: warnings.some((one) => one.startsWith("print-resolution")),
      };
    };
    expect(await voxel("tiff/test_loading_image_saved_with_imageJ.tif")).toEqual({
      voxelSize: [null, 0.168674711, 0.168674711],
      unit: [null, "µm", "µm"],
      print: false,
    });
    expect(await voxel("tiff/test_loading_image_saved_with_imageJ_stack.tif")).toMatchObject({
      voxelSize: [2.5, 0.168674711, 0.168674711],
      unit: ["µm", "µm", "µm"],
    });
    expect(await voxel("tiff/FEI-Helios-Ebeam-16bits.tif")).toEqual({
      voxelSize: [null, 3.3724e-6, 3.3724e-6],
      unit: [null, "m", "m"],
      print: false,
    });
    expect(await voxel("tiff/test_loading_image_saved_with_DM.tif")).toMatchObject({
      voxelSize: [null, 0.168674693, 0.168674693],
      unit: [null, "µm", "µm"],
    });
    for (const path of ["tiff/test_rgb.tif", "tiff/JEOL-SightX-SAED-dummy.tif", "tiff/test.0000.tiff", "tiff/olympus_SIS.tif"]) {
      expect(await voxel(path), path).toEqual({ voxelSize: [null, null, null], unit: [null, null, null], print: true });
    }
    for (const path of ["tiff/test.tiff", "tiff/single-channel.ome.tiff", "tiff/test_rgba16.tif", "tiff/tif2D.tif"]) {
      expect(await voxel(path), path).toEqual({ voxelSize: [null, null, null], unit: [null, null, null], print: false });
    }
    const fei = (await peek("tiff/FEI-Helios-Ebeam-16bits.tif")).images[0]!.acquisition;
    expect(fei).toMatchObject({
      beam_energy: { value: 5000, unit: "eV" },
      beam_current: { value: 6.25e-12, unit: "A" },
      dwell_time: { value: 1e-5, unit: "s" },
      microscope: 'Helios NanoLab" 660',
    });
  });

  it.skipIf(!present)("ImageJ's own tags and Micro-Manager's", async () => {
    const imageJ = (await peek("tiff/test_loading_image_saved_with_imageJ.tif")).images[0]!.raw;
    expect(imageJ.IJMetadataByteCounts).toEqual([12, 37992]);
    expect(imageJ.IJMetadata).toEqual({ info: expect.stringMatching(/^root.ApplicationBounds = \{0,0,701,1276\}\n/) });
    const { raw, pages } = (await peek("imagingdb/v3/ndtiff3.2_11bit_1/ndtiff3.2_11bit_NDTiffStack.tif")).images[0]!;
    expect([raw.NDTiff, pages]).toEqual([
      { majorVersion: 3, minorVersion: 3 },
      { count: 10, by: "chain" },
    ]);
    expect(JSON.parse(raw.MicroManagerMetadata as string)).toHaveProperty("Camera");
  });

  it.skipIf(!present)("what the first axis counts", async () => {
    const axes = async (path: string) => {
      const { images } = await peek(path);
      return [images[0]!.axes.join(""), images[0]!.channels, images[0]!.pages];
    };
    expect(await axes("tiff/multi-channel.ome.tif")).toEqual(["cyx", 3, { count: 3, by: "OME" }]);
    expect(await axes("tiff/4D-series.ome.tif")).toEqual(["pageyx", 1, { count: 35, by: "OME" }]);
    expect(await axes("tiff/test_loading_image_saved_with_imageJ_stack.tif")).toEqual(["zyx", 1, { count: 2, by: "ImageJ" }]);
    expect(await axes("tiff/test_rgba16.tif")).toMatchObject(["zyx", 4, { count: 3 }]);
  });
});

describe("real DM files", () => {
  const files = expected.filter(([, facts]) => facts.tool === "hyperspy");
  const nine = (value: number | null) => (value === null ? null : Number(value.toPrecision(9)) || 0);
  it.skipIf(!present)("are there to be read", () => expect(files.length).toBeGreaterThan(40));
  for (const [path, facts] of files) {
    it(`${path}: one record an image, at most three requests`, async () => {
      const { images, requests } = await peek(path);
      expect(requests).toBeLessThanOrEqual(3);
      expect(
        images.map(({ shape, unit, voxelSize, offset }) => ({
          shape,
          unit,
          voxelSize: voxelSize.map(nine),
          offset: offset.map(nine),
        })),
      ).toEqual(
        facts.images.map(({ shape, units, scales, offsets }) => ({
          shape,
          unit: units.map((unit) => unit || null),
          voxelSize: scales.map(nine),
          offset: offsets.map(nine),
        })),
      );
      expect(images.map(({ dtype, channels }) => (channels === 4 ? "RGBA" : dtype))).toEqual(
        facts.images.map(({ dtype }) => numpy[dtype] ?? "RGBA"),
      );
    });
  }
  it.skipIf(!present)("dates by their writers, and how the images were taken", async () => {
    const acquisition = async (path: string) => (await peek(path)).images[0]!.acquisition;
    expect(await acquisition("dm/Fei HAADF-DE_location.dm3")).toMatchObject({ date: "2016-08-27" });
    expect(await acquisition("dm/Fei HAADF-UK_location.dm3")).toMatchObject({ date: "2016-08-27" });
    expect(await acquisition("dm/test_dm_image_um_unit.dm3")).toMatchObject({ date: "2015-07-20", time: "18:48:25" });
  });
});

describe("real MRC files", () => {
  const files = expected.filter(([path, facts]) => facts.tool === "mrcfile" && path.startsWith("mrc/") && !path.endsWith(".bz2"));
  it.skipIf(!present)("are there to be read", () => expect(files.length).toBeGreaterThan(8));
  for (const [path, facts] of files) {
    it(`${path}: one request`, async () => {
      const { images, requests, bytes } = await peek(path);
      const [found] = images as [(typeof images)[number]];
      expect([requests, bytes <= 65536]).toEqual([1, true]);
      expect(found.shape.slice(-facts.shape.length)).toEqual(facts.shape);
      // the inventory has mode 0 as int8 whatever the header says
      expect([numpy[facts.dtype], "uint8"]).toContain(found.dtype);
      expect([...found.voxelSize].reverse()).toEqual(
        facts.voxel_size_xyz.map((size) => (typeof size === "number" && size !== 0 ? expect.closeTo(Math.abs(size), 5) : null)),
      );
      expect(found.warnings.some((one) => one.startsWith("negative-cell"))).toBe(
        facts.voxel_size_xyz.some((size) => Number(size) < 0),
      );
      if (path.endsWith(".gz")) return;
      const source = inMemory(bytesOf(path), path);
      const header = parseMrcHeader(bytesOf(path), { name: path, sizeBytes: bytesOf(path).length });
      expect(sha256(await readMrcPlanes(source, header, 0, header.shape[0]))).toBe(facts.sha256_c_order);
    });
  }
  it.skipIf(!present)("a header of before MRC2000: origin in z, x, y, unsigned bytes", async () => {
    const [found] = (await peek("mrc/rec3D.rec")).images;
    expect([found!.dtype, found!.offset[0], found!.contrast]).toEqual(["uint8", 4640, { min: 141, max: 163 }]);
  });
  it.skipIf(!present)("bzip2 is refused by its name", async () => {
    await expect(peek("mrc/EMD-3197.map.bz2")).rejects.toMatchObject({
      code: "FORMAT_UNKNOWN",
      message: expect.stringContaining("bzip2"),
    });
  });
});

/** A folder of the inventory. */
function folderOf(path: string) {
  return {
    name: path.replace(/\/$/, ""),
    read: async (key: string) => {
      const url = urlOf(`${path}${key}`);
      return existsSync(url) ? new Uint8Array(readFileSync(url)) : undefined;
    },
  };
}

describe("real Zarr and precomputed folders", () => {
  const arrays = expected.filter(([, facts]) => facts.kind === "zarr v2 array");
  for (const [path, facts] of arrays) {
    const readable = /^[<>|][biufc]\d$/.test(facts.dtype);
    it(`${path}: ${readable ? "shape and type" : "refused by its type"} in at most three requests`, async () => {
      const found: unknown = await peekFolder(folderOf(path), { format: "zarr2" }).catch((error: unknown) => error);
      if (!readable) {
        expect(isEmporiumError(found) && found.code).toBe("FORMAT_UNSUPPORTED");
        return;
      }
      expect(found).toMatchObject({ images: [{ format: "zarr", version: "2", shape: facts.shape }] });
      expect((found as { requests: number }).requests).toBeLessThanOrEqual(2);
    });
  }
  it.skipIf(!present)("images: the finest level's shape and voxel size", async () => {
    const image = async (path: string) => peekFolder(folderOf(path));
    expect(await image("zarr/bioformats-zarr/data.zarr/0/")).toMatchObject({
      requests: 3,
      images: [{ shape: [1, 3, 1, 167, 439], axes: ["t", "c", "z", "y", "x"], dtype: "int8", channels: 3 }],
    });
    expect(await image("zarr/bioformats-zarr/data.zarr/")).toMatchObject({ images: [{ shape: [1, 3, 1, 167, 439] }] });
    expect(await image("zarr/input_omezarr.zarr/")).toMatchObject({
      requests: 3,
      images: [{ shape: [4, 4, 4], voxelSize: [14.08, 14.08, 14.08], unit: [null, null, null], dtype: "float32" }],
    });
  });
  it.skipIf(!present)("Zarr v3: every readable array of the inventory", async () => {
    const root = "zarr/zarr_v3/from_zarrita/data.zarr/";
    const names = readdirSync(urlOf(root)).filter((name) => existsSync(urlOf(`${root}${name}/zarr.json`)));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const document = JSON.parse(readFileSync(urlOf(`${root}${name}/zarr.json`), "utf8")) as {
        node_type: string;
        shape: number[];
        data_type: string;
      };
      if (document.node_type !== "array") continue;
      const found: unknown = await peekFolder(folderOf(`${root}${name}/`)).catch((error: unknown) => error);
      if (isEmporiumError(found)) expect([name, found.code]).toEqual([name, "FORMAT_UNSUPPORTED"]);
      else
        expect(found).toMatchObject({
          requests: 1,
          images: [{ version: "3", shape: document.shape, dtype: document.data_type }],
        });
    }
  });
  const infos = expected.filter(([path]) => path.startsWith("precomputed/") && path.endsWith("/info"));
  for (const [path, facts] of infos) {
    const { scales, data_type, num_channels } = facts as unknown as {
      scales?: { size: number[]; resolution: number[]; voxel_offset: number[] }[];
      data_type: string;
      num_channels: number;
    };
    if (!scales?.length) continue;
    it(`${path}: one request, z first`, async () => {
      const [first] = scales as [(typeof scales)[number]];
      expect(await peekFolder(folderOf(path.slice(0, -4)), { format: "precomputed" })).toMatchObject({
        requests: 1,
        images: [
          {
            shape: [...first.size].reverse(),
            voxelSize: [...first.resolution].reverse(),
            offset: [...first.voxel_offset].reverse(),
            dtype: data_type,
            channels: num_channels,
            unit: ["nm", "nm", "nm"],
          },
        ],
      });
    });
  }
});

const more = new URL("more/expected.json", data);
const moreFacts = existsSync(more)
  ? Object.entries(
      JSON.parse(readFileSync(more, "utf8")) as Record<
        string,
        { kind: string; facts?: { "zarr-python or own N5 reader"?: { shape: number[] } } }
      >,
    )
  : [];

describe("more real Zarr and N5 folders", () => {
  const arrays = moreFacts.flatMap(([path, { kind, facts }]) => {
    const shape = facts?.["zarr-python or own N5 reader"]?.shape;
    const isHere = ["zarr", "omezarr", "n5"].includes(kind) && shape;
    // an attributes.json beside a zarr.json is of another format
    return isHere && !(kind === "zarr" && path.endsWith("attributes.json")) ? [[path, shape, kind] as const] : [];
  });
  it.skipIf(moreFacts.length === 0)("are there to be looked at", () => expect(arrays.length).toBeGreaterThan(60));
  it.skipIf(moreFacts.length === 0).each(arrays)("%s: its shape, without a warning on its pixels", async (path, shape, kind) => {
    const folder = folderOf(`more/${path.slice(0, path.lastIndexOf("/") + 1)}`);
    const format = kind === "n5" ? "n5" : path.endsWith("zarr.json") ? "zarr3" : "zarr2";
    const { images } = await peekFolder(folder, { format });
    expect([images[0]!.shape, images[0]!.warnings.filter((one) => one.startsWith("pixels"))]).toEqual([shape, []]);
  });
  it.skipIf(moreFacts.length === 0)(
    "seam 51: voxel sizes of transformations that follow one another, and a warning where none is a scale",
    async () => {
      const sizes = async (name: string) => {
        const { images } = await peekFolder(folderOf(`more/omezarr/n5-universe/metadata.zarr/coordTforms/${name}/`));
        const { voxelSize, warnings } = images[0]!;
        return [voxelSize, warnings.some((one) => one.includes("no scale"))];
      };
      expect(await sizes("tt")).toEqual([[null, null], true]);
      expect((await sizes("ss"))[1]).toBe(false);
    },
  );
  it.skipIf(moreFacts.length === 0)("seam 51: an image of a draft of 0.6 is looked at, with a warning", async () => {
    const { images } = await peekFolder(folderOf("more/omezarr/ome-zarr-models-py/v06/stitched_tiles_2d.zarr/tile_0/"));
    expect(images[0]).toMatchObject({ shape: [300, 372], voxelSize: [1, 1], unit: ["micrometer", "micrometer"] });
    expect(images[0]!.warnings).toEqual([expect.stringContaining("0.6.dev4 is a draft")]);
  });
});
