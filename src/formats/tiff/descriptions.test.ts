import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { readDirectory } from "./directory.js";
import { readLayout } from "./header.js";
import { openTiff } from "./image.js";
import { parseImageJ, parseImageJMetadata } from "./image-j.js";
import { isOmeXml } from "./is-ome-xml.js";
import { omePlaneAt, omePlaneCount, parseOmeHead, parseOmeXml } from "./ome-xml.js";
import { readTiffPlane } from "./read.js";
import { readVendorTags } from "./vendor.js";

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));
const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/golden/tiff-pixels/files/${name}`, import.meta.url)));

const codeOf = (work: () => unknown) => {
  try {
    work();
    return "read";
  } catch (error) {
    return isEmporiumError(error) ? error.code : error;
  }
};

describe("ImageJ's description", () => {
  it("keys, units and step", () => {
    const one = parseImageJ(
      "ImageJ=1.52p\nimages=184\nslices=184\nunit=\\u00B5m\nspacing=0.02\nloop=false\nmin=36.0\nmax=199.0\n",
    );
    expect(one).toMatchObject({
      version: "1.52p",
      images: 184,
      slices: 184,
      channels: 1,
      frames: 1,
      unit: "µm",
      spacing: 0.02,
      min: 36,
      max: 199,
    });
    const unit = (text: string) => parseImageJ(`ImageJ=1.53\r\nunit=${text}\r\n`)!.unit;
    expect(["micron", "um", "µm", "μm", "nm", "pixel", "pixels", ""].map(unit)).toEqual([
      "µm",
      "µm",
      "µm",
      "µm",
      "nm",
      undefined,
      undefined,
      undefined,
    ]);
    expect(parseImageJ("ImageJ=1\nspacing=-2.5\nimages=x\n")).toMatchObject({ spacing: 2.5, images: 1, unit: undefined });
    expect(parseImageJ("images=3")).toBeUndefined();
  });

  it("tags 50838 and 50839, in both byte orders, and cut short", () => {
    for (const little of [true, false]) {
      const text = (of: string) =>
        Uint8Array.from([...of].flatMap((c) => (little ? [c.charCodeAt(0), 0] : [0, c.charCodeAt(0)])));
      const code = (of: string) => [...(little ? [...of].reverse().join("") : of)].map((c) => c.charCodeAt(0));
      const number = (of: number) => (little ? [of, 0, 0, 0] : [0, 0, 0, of]);
      const range = new DataView(new ArrayBuffer(16));
      range.setFloat64(0, -1.5, little);
      range.setFloat64(8, 9, little);
      const entries = [text("about"), text("one"), text("two"), new Uint8Array(range.buffer), new Uint8Array(768)];
      const head = [
        ...code("IJIJ"),
        ...code("info"),
        ...number(1),
        ...code("labl"),
        ...number(2),
        ...code("rang"),
        ...number(1),
        ...code("luts"),
        ...number(1),
      ];
      const bytes = Uint8Array.from([...head, ...entries.flatMap((entry) => [...entry])]);
      const counts = [head.length, ...entries.map((entry) => entry.length)];
      const all = { info: "about", labels: ["one", "two"], ranges: [-1.5, 9], others: { luts: 1 } };
      expect(parseImageJMetadata(counts, bytes, little)).toEqual(all);
      const { others, ...rest } = all;
      expect([parseImageJMetadata(counts, bytes.subarray(0, bytes.length - 1), little), others]).toEqual([rest, { luts: 1 }]);
      expect(parseImageJMetadata(counts, bytes, !little)).toEqual({});
      expect(parseImageJMetadata([], bytes, little)).toEqual({});
      // a header that is not all there, and one that is longer than any
      expect(parseImageJMetadata(counts, bytes.subarray(0, head.length - 1), little)).toEqual({});
      expect(parseImageJMetadata([12 + 8 * 64 + 8, ...counts.slice(1)], bytes, little)).toEqual({});
    }
  });
});

describe("OME-XML", () => {
  const ome = (pixels: string, inside = "", more = "") =>
    `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="a&amp;b"><Pixels ID="Pixels:0" ${pixels}>${inside}</Pixels></Image>${more}</OME>`;
  const sizes = `DimensionOrder="XYZTC" SizeX="6" SizeY="5" SizeZ="4" SizeC="3" SizeT="2" Type="uint16"`;

  it("lengths, physical sizes with units, channels", () => {
    const text = ome(
      `${sizes} PhysicalSizeX="2.5" PhysicalSizeXUnit="nm" PhysicalSizeY="0.0025" PhysicalSizeZ="3" PhysicalSizeZUnit="reference frame"`,
      `<Channel ID="Channel:0" Name="DAPI"/><Channel/><Channel/>`,
    );
    const [image] = parseOmeXml(text, "x").images;
    expect(image).toMatchObject({
      ...{ name: "a&b", sizeX: 6, sizeY: 5, sizeZ: 4, sizeC: 3, sizeT: 2, dimensionOrder: "XYZTC", type: "uint16" },
      physicalSize: [undefined, { value: 0.0025, unit: "µm" }, { value: 2.5, unit: "nm" }],
      channels: [{ name: "DAPI", samples: 1 }, { samples: 1 }, { samples: 1 }],
    });
    expect(omePlaneCount(image!)).toBe(24);
    expect(parseOmeHead(text.slice(0, text.indexOf("<Channel")), "x")).toMatchObject({
      sizeX: 6,
      name: "a&b",
      physicalSize: image!.physicalSize,
    });
    expect(parseOmeHead(text.slice(0, 150), "x")).toBeUndefined();
  });

  it("planes in the order of the dimensions, over files beside this one", () => {
    const plain = parseOmeXml(ome(sizes, "<TiffData/>"), "x").images[0]!;
    expect([omePlaneAt(plain, 1, 0, 0), omePlaneAt(plain, 0, 0, 1), omePlaneAt(plain, 3, 2, 1)].map((at) => at!.ifd)).toEqual([
      1, 4, 23,
    ]);
    const uuid = (file: string) => `<UUID FileName="${file}">urn:uuid:1</UUID>`;
    const runs = `<TiffData IFD="0" PlaneCount="8" FirstC="0">${uuid("a.ome.tif")}</TiffData><TiffData IFD="2" PlaneCount="16" FirstC="1">${uuid("b.ome.tif")}</TiffData>`;
    const several = parseOmeXml(ome(sizes, runs), "x").images[0]!;
    expect(omePlaneAt(several, 3, 0, 1)).toEqual({ ifd: 7, file: "a.ome.tif" });
    expect(omePlaneAt(several, 0, 2, 0)).toEqual({ ifd: 10, file: "b.ome.tif" });
    const one = parseOmeXml(ome(sizes, `<TiffData IFD="5" FirstZ="2"/>`), "x").images[0]!;
    expect([omePlaneAt(one, 2, 0, 0), omePlaneAt(one, 3, 0, 0)]).toEqual([{ ifd: 5, file: undefined }, undefined]);
  });

  it("one plane holds all samples of a colour", () => {
    const rgb = parseOmeXml(
      ome(
        `DimensionOrder="XYCZT" SizeX="6" SizeY="5" SizeZ="4" SizeC="3" SizeT="1" Type="uint8"`,
        `<Channel SamplesPerPixel="3"/>`,
      ),
      "x",
    ).images[0]!;
    expect(omePlaneCount(rgb)).toBe(4);
  });

  it.each(["../secret.tif", "/etc/passwd", "C:\\a.tif", "a/b.tif", "..", "file:a.tif"])("refuses planes in %s", (file) => {
    const text = ome(sizes, `<TiffData IFD="0"><UUID FileName="${file}">urn:uuid:1</UUID></TiffData>`);
    expect(codeOf(() => parseOmeXml(text, "x"))).toBe("NAME_UNSAFE");
  });

  it("refuses a document type, impossible lengths and orders, other roots, too much depth", () => {
    expect(codeOf(() => parseOmeXml(`<!DOCTYPE OME [<!ENTITY a "b">]>${ome(sizes).slice(21)}`, "x"))).toBe("FORMAT_FIELD");
    for (const wrong of [`SizeX="0"`, `SizeX="-1"`, `SizeX="1.5"`, `SizeX="99999999999"`, ""]) {
      expect(codeOf(() => parseOmeXml(ome(sizes.replace(`SizeX="6"`, wrong)), "x"))).toBe("FORMAT_FIELD");
    }
    expect(codeOf(() => parseOmeXml(ome(sizes.replace("XYZTC", "XYZZC")), "x"))).toBe("FORMAT_FIELD");
    expect(codeOf(() => parseOmeXml(ome(sizes.replace(/Size([XYZT])="\d"/g, `Size$1="2000000000"`)), "x"))).toBe("FORMAT_FIELD");
    expect(codeOf(() => parseOmeXml("<html/>", "x"))).toBe("FORMAT_FIELD");
    expect(codeOf(() => parseOmeXml(`<OME>${"<a>".repeat(300)}${"</a>".repeat(300)}</OME>`, "x"))).toBe("FORMAT_LIMIT");
    expect([isOmeXml(ome(sizes)), isOmeXml("<ome:OME xmlns:ome='x'>"), isOmeXml("<OMERO>"), isOmeXml("ImageJ=1")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("a file of metadata elsewhere, and tifffile's own", async () => {
    const only = `<OME xmlns="x"><BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:2"/></OME>`;
    expect(parseOmeXml(only, "x")).toMatchObject({ metadataFile: "set.companion.ome", images: [] });
    const { header } = await openTiff(inMemory(golden("ome.ome.tif")));
    expect(parseOmeXml(header.description, "x").images[0]).toMatchObject({
      ...{ sizeX: 6, sizeY: 5, sizeZ: 4, sizeC: 3, sizeT: 2 },
      physicalSize: [
        { value: 0.01, unit: "µm" },
        { value: 2.5, unit: "nm" },
        { value: 2.5, unit: "nm" },
      ],
    });
  });

  it.skipIf(!present)("the plate and channel documents of bioformats2raw", () => {
    const images = (file: string) => parseOmeXml(readFileSync(new URL(`imagingdb/${file}`, data), "utf8"), file).images;
    expect(images("E6-only.ome.xml")).toMatchObject([
      { sizeX: 2, sizeY: 2, sizeZ: 1, sizeC: 1, sizeT: 1, dimensionOrder: "XYZCT", type: "uint8" },
    ]);
    expect(images("multichannel-colors.ome.xml")[0]!.channels.length).toBe(4);
  });
});

describe("tags of makers", () => {
  /** A little-endian file of one directory with a text, or one number, under a tag. */
  const withTag = (tag: number, text: string) => {
    const value = new TextEncoder().encode(`${text}\0`);
    const bytes = new Uint8Array(26 + value.length);
    bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0]);
    const view = new DataView(bytes.buffer);
    for (const [at, number] of [
      [14, value.length],
      [18, 26],
    ] as const)
      view.setUint32(at, number, true);
    for (const [at, number] of [
      [10, tag],
      [12, 2],
    ] as const)
      view.setUint16(at, number, true);
    bytes.set(value, 26);
    return bytes;
  };
  const read = async (bytes: Uint8Array, page = 0) => {
    const source = inMemory(bytes, "x.tif");
    const { layout, firstOffset } = await readLayout(source, {});
    let directory = await readDirectory(source, layout, firstOffset);
    for (let i = 0; i < page; i++) directory = await readDirectory(source, layout, directory.next);
    return readVendorTags(directory, (offset, length) => source.read({ offset, length }));
  };

  it("FEI: the scan's pixel in metres, numbers that are none left out", async () => {
    const text =
      "[Beam]\r\nHV=notafloat\r\nScan=IScan\r\n[IScan]\r\nPixelWidth=2.5e-009\r\nPixelHeight=\r\n[__proto__]\r\nx=1\r\n";
    const facts = await read(withTag(34682, text));
    expect(facts).toMatchObject({ maker: "FEI", pixelSize: { x: 2.5e-9, y: undefined, unit: "m" } });
    expect(facts!.values["Beam.HV"]).toBe("notafloat");
    expect(await read(withTag(34680, "[User]\nDate=1"))).toMatchObject({ maker: "FEI", pixelSize: undefined });
  });
  it("Olympus: a record among others, also the last one of the file", async () => {
    const bytes = new Uint8Array(26 + 60 + 16 + 44);
    bytes.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0]);
    const view = new DataView(bytes.buffer);
    view.setUint16(10, 33560, true);
    view.setUint16(12, 4, true);
    view.setUint32(14, 1, true);
    view.setUint32(18, 26, true);
    bytes.set(new TextEncoder().encode("SIS0"), 26);
    view.setUint16(26 + 58, 2, true);
    view.setUint16(86, 5, true); // of another kind
    view.setUint16(94, 1, true);
    view.setUint32(98, 102, true);
    view.setInt16(102 + 10, -9, true);
    view.setFloat64(102 + 12, 0.25, true);
    view.setFloat64(102 + 20, 0.5, true);
    view.setFloat64(102 + 36, 50_000, true);
    const without = bytes.slice();
    without[94] = 2;
    expect(await read(without)).toEqual({ maker: "Olympus", pixelSize: undefined, offset: undefined, values: {} });
    const { pixelSize, ...facts } = (await read(bytes))!;
    expect(facts).toMatchObject({ maker: "Olympus", values: { magnification: "50000" } });
    expect([pixelSize?.unit, pixelSize?.x, pixelSize?.y]).toEqual(["m", expect.closeTo(0.25e-9, 20), expect.closeTo(0.5e-9, 20)]);
  });

  it("Zeiss: lines in pairs", async () => {
    const text = "0\r\n0\r\nAP_WD\r\nWD =  4.5 mm\r\nAP_IMAGE_PIXEL_SIZE\r\nImage Pixel Size = 9.971 nm\r\nDP_X\r\nbroken\r\n";
    expect(await read(withTag(34118, text))).toMatchObject({
      maker: "Zeiss",
      pixelSize: { x: 9.971, y: 9.971, unit: "nm" },
      values: { AP_WD: "4.5 mm" },
    });
  });
  it.skipIf(!present)("Olympus and Gatan, as tifffile reads them", async () => {
    const file = (name: string) => new Uint8Array(readFileSync(new URL(`tiff/${name}`, data)));
    expect(await read(file("olympus_SIS.tif"), 1)).toMatchObject({
      maker: "Olympus",
      pixelSize: { x: expect.closeTo(2.392791775876109e-11, 20), y: expect.closeTo(2.3927917758761087e-11, 20), unit: "m" },
      values: { magnification: "600000" },
    });
    expect(await read(file("test_loading_image_saved_with_DM.tif"))).toMatchObject({
      maker: "Gatan",
      pixelSize: { x: 0.16867469251155853, y: 0.16867469251155853, unit: "µm" },
      offset: { x: -139.6626434326172 * 0.16867469251155853, y: -128.19276428222656 * 0.16867469251155853 },
    });
  });
});

describe("other decoders", () => {
  it("a decoder handed in reads what is refused otherwise", async () => {
    const file = await openTiff(inMemory(golden("jpeg.tif"), "jpeg.tif"));
    const image = await file.image(0);
    const seen: unknown[] = [];
    const decoders = {
      7: (stored: Uint8Array, plain: Uint8Array, facts: object) => {
        seen.push([stored[0], stored[1], plain.length, facts]);
        plain.fill(7);
      },
    };
    expect(await readTiffPlane(file.source, image, { decoders })).toEqual(new Uint8Array(256).fill(7));
    expect(seen).toMatchObject([[0xff, 0xd8, 256, { width: 16, height: 16, samples: 1, bits: 8 }]]);
  });
});
