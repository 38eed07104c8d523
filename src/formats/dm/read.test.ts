import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ByteRange, inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { type DmImage, readDm } from "./image.js";
import { decodeDmPixels, readDmPlanes } from "./read.js";
import { detectDm, findTag, readDmTags } from "./tags.js";
import { dmPlanesForMrc, dmToMrcFields } from "./to-mrc.js";

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../../test/fixtures/dm/${name}`, import.meta.url)));

/** A little-endian DM3 file around the bytes of tags. */
const word = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const group = (...tags: number[][]) => [1, 0, ...word(tags.length), ...tags.flat()];
const named = (kind: number, name: string, body: number[]) => [
  kind,
  0,
  name.length,
  ...Array.from(name, (letter) => letter.charCodeAt(0)),
  ...body,
];
const value = (name: string, type: number[], bytes: number[]) =>
  named(21, name, [37, 37, 37, 37, ...word(type.length), ...type.flatMap(word), ...bytes]);
const file = (...tags: number[][]) => Uint8Array.from([...word(3), ...word(0), ...word(1), ...group(...tags)]);

const refusal = async (bytes: Uint8Array) => {
  const error: unknown = await readDm(inMemory(bytes, "x.dm4")).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, byte: error.facts.place?.byte, message: error.message } : error;
};

describe("readDmTags", () => {
  it("reads arrays of arrays, empty names and repeated ones", async () => {
    const { root } = await readDmTags(
      inMemory(
        file(
          value("rows", [20, 20, 2, 3, 2], [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]),
          value("", [8], [1]),
          value("", [9], [255]),
          value("text", [20, 4, 2], [72, 0, 105, 0]),
        ),
      ),
    );
    expect(root.entries.map(({ name, value: found }) => [name, found])).toEqual([
      ["rows", { kind: "array", count: 2, itemBytes: 6, offset: expect.any(Number) }],
      ["", true],
      ["", -1],
      ["text", { kind: "array", count: 2, itemBytes: 2, offset: expect.any(Number), text: "Hi" }],
    ]);
    expect(findTag(root, "")).toBe(true);
  });

  it.each([
    ["an unknown type", value("x", [13], [0]), "FORMAT_UNSUPPORTED"],
    ["a struct of unknown fields", value("x", [15, 0, 1, 0, 99], [0]), "FORMAT_UNSUPPORTED"],
    ["a struct that ends early", value("x", [15, 0, 4, 0, 2], [0, 0]), "FORMAT_FIELD"],
    ["too many words of a type", value("x", [2, 2], [0, 0]), "FORMAT_FIELD"],
    ["no words of a type", value("x", [], []), "FORMAT_FIELD"],
    ["a tag of unknown kind", named(22, "x", [0]), "FORMAT_FIELD"],
    ["another mark", named(21, "x", [37, 37, 37, 36, 0, 0]), "FORMAT_FIELD"],
    ["a string past the end", value("x", [18, 2 ** 31 - 1], [0]), "FORMAT_TRUNCATED"],
    ["an array past the end", value("x", [20, 7, 2 ** 31 - 1], [0]), "FORMAT_TRUNCATED"],
    ["2^31 tags", named(20, "x", [1, 0, ...word(2 ** 31)]), "FORMAT_LIMIT"],
  ])("refuses %s", async (_, tag, code) => {
    expect(await refusal(file(tag))).toMatchObject({ code, byte: expect.any(Number) });
  });

  it("says which type it cannot read", async () => {
    const { message } = (await refusal(file(value("x", [20, 3], [0])))) as { message: string };
    expect(message).toContain("the type [20,3] ends too early");
    const long = [15, 0, 9, ...new Array<number>(9).fill(0)];
    const { message: short } = (await refusal(file(value("x", long, [0])))) as { message: string };
    expect(short).toMatch(/\[15,0,9,0,0,0,0,0\] ends too early|a struct with a field of type 0/);
  });

  it("reads groups as deep as allowed, and not one deeper", async () => {
    const nested = (depth: number): number[] => named(20, "", group(...(depth > 1 ? [nested(depth - 1)] : [])));
    const deep = await readDmTags(inMemory(file(nested(LIMITS.tagDepth))));
    expect(deep.root.entries).toHaveLength(1);
    expect(await refusal(file(nested(LIMITS.tagDepth + 1)))).toMatchObject({ code: "FORMAT_LIMIT" });
  });

  it("passes over pixels: a file of a gigabyte costs a window", async () => {
    const pixels = 1 << 30;
    const head = file(value("Data", [20, 10, pixels], []), value("after", [3], [7, 0, 0, 0]));
    const after = value("after", [3], [7, 0, 0, 0]).length;
    const begin = head.length - after;
    const ranges: ByteRange[] = [];
    const sparse: RandomAccess = {
      name: "big.dm4",
      size: async () => head.length + pixels,
      read: async ({ offset, length }) => {
        ranges.push({ offset, length });
        const size = Math.min(length, head.length + pixels - offset);
        return Uint8Array.from({ length: size }, (_, i) => {
          const at = offset + i;
          return at < begin ? head[at]! : at >= begin + pixels ? head[at - pixels]! : 0;
        });
      },
    };
    const { root } = await readDmTags(sparse);
    expect(findTag(root, "after")).toBe(7);
    expect(ranges.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(200_000);
  });
});

describe("detectDm", () => {
  it("knows both versions by version and byte order", () => {
    const names = ["volume-i2-le.dm3", "volume-i2-be.dm3", "volume-i2-le.dm4", "volume-i2-be.dm4"];
    expect(names.map((name) => detectDm(fixture(name)))).toEqual([3, 3, 4, 4]);
    const other = fixture("volume-i2-le.dm3");
    other[3] = 5;
    expect([detectDm(other), detectDm(other.subarray(0, 15)), detectDm(new Uint8Array(64))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("readDm", () => {
  it("leaves thumbnails out and keeps the places of the others", async () => {
    const { images } = await readDm(inMemory(fixture("two-images.dm4")));
    expect(images.map(({ index, title, shape }) => [index, title, shape])).toEqual([
      [1, "first", [1, 4, 6]],
      [2, "second", [1, 3, 3]],
    ]);
  });

  it("refuses files without image, and other files, with the byte", async () => {
    expect(await refusal(file())).toMatchObject({ code: "FORMAT_FIELD", message: expect.stringContaining("no image") });
    expect(await refusal(new Uint8Array(1024))).toMatchObject({ code: "FORMAT_UNKNOWN", byte: 0 });
    expect(await refusal(new Uint8Array(0))).toMatchObject({ code: "FORMAT_TRUNCATED", byte: 0 });
  });

  it("refuses pixels that are not all there", async () => {
    const bytes = fixture("volume-i2-le.dm3");
    const { images } = await readDm(inMemory(bytes));
    const { dataOffset, dataBytes } = images[0]!;
    expect(await refusal(bytes.subarray(0, dataOffset + dataBytes - 1))).toMatchObject({
      code: "FORMAT_TRUNCATED",
      byte: dataOffset + dataBytes - 1,
    });
  });

  it("reads planes, and no others than there are", async () => {
    const source = inMemory(fixture("volume-i2-be.dm4"), "v.dm4");
    const { images } = await readDm(source);
    const [image] = images;
    const plane = decodeDmPixels(await readDmPlanes(source, image!, 1, 2), image!);
    expect([plane.length, plane[0]]).toEqual([35, 35 * 3 - 40]);
    await expect(readDmPlanes(source, image!, 2, 4)).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("dmToMrcFields", () => {
  const image = (change: Partial<DmImage>): DmImage => ({
    index: 0,
    title: "",
    dataType: 2,
    pixel: "float32",
    pixelBytes: 4,
    lengths: [2, 3],
    shape: [1, 2, 3],
    axes: [
      { scale: 0.5, origin: 0, units: "nm" },
      { scale: 0.25, origin: 0, units: "nm" },
    ],
    intensity: { scale: 1, origin: 0, units: "" },
    littleEndian: true,
    dataOffset: 0,
    dataBytes: 24,
    ...change,
  });
  const axis = (scale: number, units: string) => ({ scale, origin: 0, units });

  it.each([
    ["nm, each axis its own", [axis(0.5, "nm"), axis(0.25, "nm")], [2.5, 5, 2.5]],
    ["µm with the micro sign", [axis(0.0005, "\u00b5m"), axis(0.0005, "\u00b5m")], [5, 5, 5]],
    ["μm with the Greek letter", [axis(0.0005, "\u03bcm"), axis(0.0005, "\u03bcm")], [5, 5, 5]],
    ["Å", [axis(1.5, "Å"), axis(1.5, "Å")], [1.5, 1.5, 1.5]],
    [
      "nothing along x (34.silence: told)",
      [axis(0.5, "nm"), axis(1, "")],
      [5, 5, 5],
      ["no pixel size along x: that of a neighbour is written, 5 Å"],
    ],
    ["frequencies", [axis(0.1, "1/nm"), axis(0.1, "1/nm")], [0, 0, 0]],
    ["no units", [axis(1, ""), axis(1, "")], [0, 0, 0]],
    ["lengths that are none", [axis(0, "nm"), axis(-1, "nm")], [0, 0, 0]],
    ["a name of Object", [axis(1, "constructor"), axis(1, "__proto__")], [0, 0, 0]],
    ["float32 scales", [axis(Math.fround(0.1775), "nm"), axis(Math.fround(0.1775), "nm")], Array(3).fill(Math.fround(1.775))],
  ])("takes the voxel size from %s", (_, axes, size, told: string[] = []) => {
    const { voxelSizeAngstrom, warnings } = dmToMrcFields(image({ axes }));
    expect(voxelSizeAngstrom.map(Math.fround)).toEqual(size.map(Math.fround));
    if (size[0] === 0) expect(warnings).toHaveLength(1);
    else expect(warnings).toEqual(told);
  });

  it.each([
    ["bool", "int8", 0],
    ["int8", "int8", 0],
    ["uint8", "int16", 0],
    ["int16", "int16", 0],
    ["uint16", "uint16", 0],
    ["int32", "float32", 1],
    ["uint32", "float32", 1],
    ["float32", "float32", 0],
    ["float64", "float32", 1],
  ] as const)("writes %s as %s", (pixel, dtype, warnings) => {
    const fields = dmToMrcFields(image({ pixel }));
    expect([fields.dtype, fields.warnings.length]).toEqual([dtype, warnings]);
  });

  it.each(["complex64", "complex128", "bgra", "int64", undefined] as const)("refuses %s", (pixel) => {
    expect(() => dmToMrcFields(image({ pixel }))).toThrow(expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }));
  });

  it("turns the rows of each plane over, as dm2mrc does, and keeps every value", () => {
    const stack = image({ pixel: "uint16", dataType: 10, pixelBytes: 2, shape: [2, 2, 3], littleEndian: false });
    const bytes = new Uint8Array(24);
    for (let i = 0; i < 12; i++) new DataView(bytes.buffer).setUint16(2 * i, 40000 + i);
    expect([...dmPlanesForMrc(bytes, stack)].map((found) => found - 40000)).toEqual([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]);
  });
});
