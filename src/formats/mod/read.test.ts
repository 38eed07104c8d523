import { describe, expect, it } from "vitest";
import { type ByteRange, concat, inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { ModPart } from "./model.js";
import { readMod, readModParts } from "./read.js";
import { encodeMod } from "./write.js";

const text = (letters: string) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
const int = (...values: number[]) => {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setInt32(4 * i, value);
  });
  return bytes;
};
/** A chunk with a length word, which may be a wrong one. */
const chunk = (id: string, body: Uint8Array, length = body.length) => concat([text(id), int(length), body]);

/** Two objects of two and one contours, without `IEOF`. */
const MODEL = encodeMod({
  max: [64, 56, 32],
  objects: [
    { name: "a", contours: [{ xyz: [1, 2, 3, 4, 5, 6], sizes: [1, 2] }, { xyz: [] }] },
    { name: "b", contours: [{ xyz: [7, 8, 9] }], contourKind: "closed" },
  ],
});
const OPEN_MODEL = MODEL.subarray(0, -4);
const EOF = text("IEOF");

async function partsOf(bytes: Uint8Array, options?: Parameters<typeof readModParts>[1]): Promise<ModPart[]> {
  const parts: ModPart[] = [];
  for await (const part of readModParts(inMemory(bytes, "x.mod"), options)) parts.push(part);
  return parts;
}
async function refusal(bytes: Uint8Array) {
  const error: unknown = await partsOf(bytes).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, byte: error.facts.place?.byte, hint: error.facts.hint } : error;
}
function changed(at: number, value: number, bytes: Uint8Array = MODEL): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setInt32(at, value);
  return copy;
}
const find = (letters: string, from = 0, bytes: Uint8Array = MODEL) => {
  const at = Array.from({ length: bytes.length }, (_, i) => i).find(
    (i) => i >= from && text(letters).every((byte, j) => bytes[i + j] === byte),
  );
  if (at === undefined) throw new Error(`no ${letters}`);
  return at;
};

describe("readModParts", () => {
  it("gives the parts in the order of the file", async () => {
    expect((await partsOf(MODEL)).map((part) => (part.kind === "other" ? part.id : part.kind))).toEqual(
      "header object contour points sizes contour IMAT object contour points IMAT end".split(" "),
    );
  });

  it("splits long contours, and passes over what is not asked for without fetching it", async () => {
    const count = 200_000;
    const bytes = encodeMod({
      max: [1, 1, 1],
      objects: [{ contours: [{ xyz: Float32Array.from({ length: 3 * count }, (_, i) => i) }] }],
    });
    const pieces = (await partsOf(bytes)).filter((part) => part.kind === "points");
    expect(pieces.map(({ first, xyz }) => [first, xyz.length / 3])).toEqual([
      [0, 65_536],
      [65_536, 65_536],
      [131_072, 65_536],
      [196_608, 3_392],
    ]);
    const joined = pieces.flatMap(({ xyz }) => [...xyz]);
    expect(joined.every((value, i) => value === i)).toBe(true);
    expect(pieces.every(({ first, offset }) => offset === pieces[0]!.offset + 12 * first)).toBe(true);

    const ranges: ByteRange[] = [];
    const whole = inMemory(bytes);
    const watched: RandomAccess = {
      ...whole,
      read: (range) => {
        ranges.push(range);
        return whole.read(range);
      },
    };
    const kinds: string[] = [];
    for await (const { kind } of readModParts(watched, { points: false })) kinds.push(kind);
    expect(kinds).toEqual(["header", "object", "contour", "other", "end"]);
    expect(ranges.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1.1 * 2 ** 20);
  });

  it("reads labels with the right length and with that of IMOD before 2010", async () => {
    const label = (words: string) => text(words.padEnd(4 * Math.ceil((words.length + 1) / 4), "\0"));
    const body = (name: string, ...items: [number, string][]) =>
      concat([
        int(items.length, label(name).length),
        label(name),
        ...items.map(([index, words]) => concat([int(index, label(words).length), label(words)])),
      ]);
    const contourLabels = body("", [0, "pilus"], [3, "a\u00e5"], [4, ""]);
    const objectLabels = body("surfaces", [1, "inner"]);
    for (const wrong of [0, 4]) {
      const bytes = concat([
        OPEN_MODEL,
        chunk("LABL", contourLabels, contourLabels.length - wrong),
        chunk("OLBL", objectLabels, objectLabels.length + wrong),
        EOF,
      ]);
      const { objects } = await readMod(inMemory(bytes));
      expect(objects[1]!.contours[0]!.labels).toEqual({
        name: "",
        items: [
          { index: 0, text: "pilus" },
          { index: 3, text: "aå" },
          { index: 4, text: "" },
        ],
      });
      expect(objects[1]!.labels).toEqual({ name: "surfaces", items: [{ index: 1, text: "inner" }] });
    }
  });

  it("passes over unknown chunks, also past a wrong length of a known one", async () => {
    const slicer = concat([int(1), new Uint8Array(24), text("name\0garbage".padEnd(32, "\xff"))]);
    const bytes = concat([
      OPEN_MODEL,
      chunk("XYZW", new Uint8Array(7)),
      chunk("SLAN", slicer, 48),
      chunk("SLAN", slicer),
      chunk("SLAN", concat([slicer, new Uint8Array(8)])),
      chunk("MINX", new Uint8Array(72), 2 ** 31),
      chunk("IMAT", new Uint8Array(12)),
      chunk("IMAT", new Uint8Array(16), 48),
      EOF,
    ]);
    const found = (await partsOf(bytes)).slice(11);
    expect(found.map((part) => (part.kind === "other" ? [part.id, part.length] : part.kind))).toEqual([
      ["XYZW", 7],
      "slicerAngles",
      "slicerAngles",
      "slicerAngles",
      "image",
      ["IMAT", 12],
      ["IMAT", 16],
      "end",
    ]);
    expect(found.filter((part) => part.kind === "slicerAngles").map(({ slicer: { label } }) => label)).toEqual(
      Array(3).fill("name"),
    );
  });

  it("takes a model without its mark of the end, and says so, where all that was announced is there", async () => {
    expect((await partsOf(OPEN_MODEL)).at(-1)).toEqual({ kind: "end", marked: false, offset: OPEN_MODEL.length });
    expect((await partsOf(concat([MODEL, text("anything")]))).at(-1)).toEqual({
      kind: "end",
      marked: true,
      offset: OPEN_MODEL.length,
    });
    const lastContour = find("CONT", find("OBJT", find("OBJT") + 1));
    expect(await refusal(MODEL.subarray(0, lastContour))).toMatchObject({ code: "FORMAT_TRUNCATED", byte: lastContour });
    const lastObject = find("OBJT", find("OBJT") + 1);
    expect(await refusal(MODEL.subarray(0, lastObject))).toMatchObject({ code: "FORMAT_TRUNCATED", byte: lastObject });
  });

  const object = find("OBJT");
  const contour = find("CONT");
  const size = find("SIZE");
  it.each<[string, Uint8Array, string, number?]>([
    ["nothing", new Uint8Array(0), "FORMAT_UNKNOWN", 0],
    ["another format", text("MThd1234".padEnd(300, "x")), "FORMAT_UNKNOWN", 0],
    ["a model in text form", text("# imod ascii file version 2.0"), "FORMAT_UNKNOWN", 0],
    ["a model of 1990", concat([text("IMODV0.1"), MODEL.subarray(8)]), "FORMAT_UNSUPPORTED", 4],
    ["half a header", MODEL.subarray(0, 100), "FORMAT_TRUNCATED", 8],
    ["objects below 0", changed(8 + 140, -1), "FORMAT_FIELD", 148],
    ["fewer objects than announced", changed(8 + 140, 3), "FORMAT_FIELD"],
    ["more objects than announced", changed(8 + 140, 1), "FORMAT_FIELD", find("OBJT", object + 1)],
    ["contours below 0", changed(object + 4 + 128, -5), "FORMAT_FIELD", object],
    ["fewer contours than announced", changed(object + 4 + 128, 3), "FORMAT_FIELD"],
    ["more contours than announced", changed(object + 4 + 128, 1), "FORMAT_FIELD", find("CONT", contour + 1)],
    ["points below 0", changed(contour + 4, -1), "FORMAT_FIELD", contour],
    ["2^31 points", changed(contour + 4, 2 ** 31 - 1), "FORMAT_TRUNCATED", contour + 20],
    ["sizes of other points", changed(size + 4, 4, changed(size + 12, 0)), "read"],
    ["an id that is none", changed(contour, 7), "FORMAT_FIELD", contour],
    ["a contour before any object", changed(object, 0x434f4e54), "FORMAT_FIELD", object],
    ["a mesh of less than nothing", concat([OPEN_MODEL, text("MESH"), int(-1, 0, 0, 0), EOF]), "FORMAT_FIELD", OPEN_MODEL.length],
    ["a mesh past the end", concat([OPEN_MODEL, text("MESH"), int(2 ** 31 - 1, 2 ** 31 - 1, 0, 0), EOF]), "FORMAT_TRUNCATED"],
    ["2^31 labels", concat([OPEN_MODEL, text("LABL"), int(8, 2 ** 31 - 1, 0), EOF]), "FORMAT_TRUNCATED"],
    ["labels below 0", concat([OPEN_MODEL, text("LABL"), int(8, -1, 0), EOF]), "FORMAT_FIELD"],
    ["a label below 0", concat([OPEN_MODEL, text("LABL"), int(8, 1, -4), EOF]), "FORMAT_FIELD"],
    [
      "an unknown chunk past the end",
      concat([OPEN_MODEL, text("WHAT"), int(-1), EOF]),
      "FORMAT_TRUNCATED",
      OPEN_MODEL.length + 8,
    ],
    [
      "slicer angles too short",
      concat([OPEN_MODEL, chunk("SLAN", new Uint8Array(20)), chunk("WHAT", new Uint8Array(60)), EOF]),
      "FORMAT_FIELD",
      OPEN_MODEL.length + 4,
    ],
    ["half an id", concat([OPEN_MODEL, text("IE")]), "FORMAT_TRUNCATED", OPEN_MODEL.length],
  ])("%s", async (name, bytes, code, byte) => {
    const found = await refusal(bytes);
    if (code === "read") expect(Array.isArray(found)).toBe(true);
    else expect(found).toMatchObject({ code, byte: byte ?? expect.any(Number) });
    if (name.includes("text form")) expect(found).toMatchObject({ hint: expect.stringContaining("text model") });
  });

  it("refuses a file that became shorter while it was read, with the byte at which it ends", async () => {
    const whole = inMemory(MODEL, "x.mod");
    const cut: RandomAccess = {
      ...whole,
      read: ({ offset, length }) => whole.read({ offset, length: Math.max(0, Math.min(length, 300 - offset)) }),
    };
    await expect(readMod(cut)).rejects.toMatchObject({ code: "SOURCE_CHANGED", facts: { place: { file: "x.mod", byte: 300 } } });
  });

  it("reads a model of ten million points in pieces", async () => {
    const count = 10_000_000;
    const head = encodeMod({ max: [1, 1, 1], objects: [{ contours: [{ xyz: [] }] }] });
    const at = find("CONT", 0, head) + 4;
    const size = head.length + 12 * count;
    const headed = changed(at, count, head);
    const tail = headed.subarray(at + 16);
    // zeros in the middle are made as they are read
    const sparse: RandomAccess = {
      name: "big.mod",
      size: async () => size,
      read: async ({ offset, length }) => {
        const window = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        if (offset < at + 16) window.set(headed.subarray(offset, Math.min(at + 16, offset + window.length)));
        const tailFrom = size - tail.length - offset;
        if (tailFrom < window.length)
          window.set(tail.subarray(Math.max(0, -tailFrom), window.length - tailFrom), Math.max(0, tailFrom));
        return window;
      },
    };
    let points = 0;
    let largest = 0;
    for await (const part of readModParts(sparse)) {
      if (part.kind !== "points") continue;
      points += part.xyz.length / 3;
      largest = Math.max(largest, part.xyz.byteLength);
    }
    expect([points, largest]).toEqual([count, 12 * 65_536]);
  });
});
