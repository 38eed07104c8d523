import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { concat, inMemory } from "../../core/bytes.js";
import { encodeModDocument, type ModChunk, type ModDocument, otherChunk, readModDocument } from "./document.js";
import { readMod } from "./read.js";
import { encodeMod, type NewMod } from "./write.js";

const text = (letters: string) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
const word = (value: number) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
};
const open = (bytes: Uint8Array) => readModDocument(inMemory(bytes, "x.mod"));
const rewritten = async (bytes: Uint8Array) => encodeModDocument(await open(bytes));

const MODEL: NewMod = {
  max: [64, 56, 32],
  pixelSizeAngstrom: 13.48,
  objects: [
    {
      name: "a",
      labels: { name: "surfaces", items: [{ index: 1, text: "inner" }] },
      contours: [
        { xyz: [1, 2, 3, 4, 5, 6], sizes: [1, -1], time: 2, labels: { name: "", items: [{ index: 1, text: "pilus" }] } },
        { xyz: [] },
      ],
      meshes: [{ vertices: [0, 0, 0, 0, 0, 1], indices: [-25, 0, -22, -1], surface: 3 }],
    },
    { name: "b", contours: [{ xyz: [7, 8, 9] }], contourKind: "closed", transparency: 40 },
  ],
  slicerAngles: [{ time: 1, angles: [13.1, 0, -30.2], center: [1, 2, 3], label: "label one" }],
  image: { oldTranslation: [1, 2, 3], scale: [13.48, 13.48, 13.48], translation: [5, 6, 7], rotation: [90, 0, 0] },
  chunks: [otherChunk("MOST", text("anything at a"))],
};

const real = REAL_DATA;
const files = [
  ...(existsSync(real)
    ? readdirSync(real, { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".mod"))
        .map((path) => new URL(path, real))
    : []),
  new URL("../../../test/fixtures/mod/imodmodel-0.1.0.mod", import.meta.url),
];

describe("what is read is written to the last byte", () => {
  it.skipIf(files.length < 2)("real models are there", () => expect(files.length).toBeGreaterThan(6));

  it.each(files.map((file) => [file.pathname.split("/").slice(-2).join("/"), file] as const))("%s", async (_, file) => {
    const bytes = new Uint8Array(readFileSync(file));
    expect(Buffer.compare(await rewritten(bytes), bytes)).toBe(0);
  });

  it("also where every chunk is made anew", async () => {
    for (const file of files.slice(0, -1)) {
      const { chunks, ...rest } = await open(new Uint8Array(readFileSync(file)));
      const bare = chunks.map(
        (chunk): ModChunk => (chunk.kind === "other" || !("bytes" in chunk) ? chunk : { ...chunk, bytes: undefined }),
      );
      const { header, objects, slicerAngles, image } = await readMod(
        inMemory(encodeModDocument({ ...rest, chunks: bare, bytes: undefined })),
        {
          meshes: true,
        },
      );
      expect({ header, objects, slicerAngles, image }).toEqual(
        (({ version: _, ...mod }) => mod)(await readMod(inMemory(readFileSync(file)), { meshes: true })),
      );
    }
  });

  it("of what nobody knows, of lengths that lie, and of what lies between", async () => {
    const whole = encodeMod(MODEL);
    const body = whole.subarray(0, -4);
    const slicer = concat([word(1), new Uint8Array(24), text("name\0garbage".padEnd(32, "\xff"))]);
    for (const bytes of [
      whole,
      body, // without its end
      concat([whole, text("\0behind the end")]),
      concat([body, text("XYZW"), word(7), text("1234567"), text("IEOF")]),
      concat([body, text("SLAN"), word(48), slicer, text("IEOF")]),
      concat([body, text("SLAN"), word(68), slicer, text("12345678IEOF")]),
      concat([body, text("MINX"), word(-1), new Uint8Array(72).fill(0xff), text("IEOF")]),
      concat([body, text("IMAT"), word(48), new Uint8Array(16), text("IEOF")]),
      concat([body, text("LABL"), word(99), word(1), word(4), text("a\0bc"), word(0), word(5), text("\xe5\0..."), text("IEOF")]),
      concat([body, text("SIZE"), word(0), word(0x7f800001), text("IEOF")]),
      concat([text("IMODV0.2"), whole.subarray(8)]),
      concat([text("IMODV1.1"), whole.subarray(8)]),
    ])
      expect(await rewritten(bytes)).toEqual(bytes);
  });

  it("to the bit, where numbers are none", async () => {
    const bytes = encodeMod({ max: [1, 1, 1], objects: [{ contours: [{ xyz: [0, 0, 0] }] }] });
    const signalling = bytes.slice();
    const at = bytes.length - 28 - 12 - 4 + 4;
    signalling.set([0x7f, 0x80, 0, 1, 0xff, 0xc1, 2, 3, 0x7f, 0xff, 0xff, 0xff], at - 4);
    expect(Number.isNaN((await readMod(inMemory(signalling))).objects[0]!.contours[0]!.xyz[0])).toBe(true);
    expect(await rewritten(signalling)).toEqual(signalling);
  });
});

describe("a changed value changes its own bytes", () => {
  const bytes = encodeMod(MODEL);
  /** Places at which two models of one length differ. */
  const places = (a: Uint8Array, b: Uint8Array) => {
    expect(a.length).toBe(b.length);
    return [...a.keys()].filter((at) => a[at] !== b[at]);
  };
  const change = async (edit: (chunk: ModChunk) => ModChunk, head: Partial<ModDocument["header"]> = {}) => {
    const document = await open(bytes);
    return encodeModDocument({ ...document, header: { ...document.header, ...head }, chunks: document.chunks.map(edit) });
  };
  const same = (chunk: ModChunk) => chunk;

  it("of the header", async () => {
    expect(places(bytes, await change(same, { max: [65, 56, 32] }))).toEqual([8 + 128 + 3]);
    expect(places(bytes, await change(same, { name: "IMOD-NewModeL" }))).toEqual([8 + 12]);
    expect(places(bytes, await change(same, { current: { object: 1, contour: -1, point: -1 } }))).toEqual([8 + 188 + 3]);
  });

  it("of an object, with garbage behind its name", async () => {
    const garbage = bytes.slice();
    const object = 240 + 4;
    garbage.fill(0xaa, object + 2, object + 128); // behind the name, and the words that nobody uses
    const document = await open(garbage);
    const chunks = document.chunks.map((chunk, at) =>
      at === 0 && chunk.kind === "object"
        ? { ...chunk, head: { ...chunk.head, color: [1, 1, 0] as const, flags: 0x1800_0000 } }
        : chunk,
    );
    const changed = encodeModDocument({ ...document, chunks });
    expect(places(garbage, changed)).toEqual([object + 134, object + 144, object + 145]);
    expect((await open(changed)).chunks[0]).toMatchObject({ head: { name: "a", contourKind: "closed" } });
  });

  it("of slicer angles, labels, sizes and points", async () => {
    const read = (changed: Uint8Array) => readMod(inMemory(changed), { meshes: true });
    const before = await read(bytes);
    const label = await change((chunk) =>
      chunk.kind === "slicerAngles" ? { ...chunk, slicer: { ...chunk.slicer, label: "another" } } : chunk,
    );
    expect((await read(label)).slicerAngles[0]).toEqual({ ...before.slicerAngles[0]!, label: "another" });
    const labels = await change((chunk) =>
      chunk.kind === "contourLabels" ? { ...chunk, labels: { name: "n", items: [{ index: 0, text: "å" }] } } : chunk,
    );
    expect((await read(labels)).objects[0]!.contours[0]!.labels).toEqual({ name: "n", items: [{ index: 0, text: "å" }] });
    const fewer = await change((chunk) =>
      chunk.kind === "sizes"
        ? { ...chunk, sizes: Float32Array.of(9) }
        : chunk.kind === "contour" && chunk.xyz.length === 6
          ? { ...chunk, xyz: chunk.xyz.slice(0, 3) }
          : chunk,
    );
    expect((await read(fewer)).objects[0]!.contours[0]).toMatchObject({ pointCount: 1, sizes: Float32Array.of(9) });
    expect(fewer.length).toBe(bytes.length - 16);
  });

  it.each<[string, (chunk: ModChunk) => ModChunk]>([
    [
      "a transparency of 256",
      (chunk) => (chunk.kind === "object" ? { ...chunk, head: { ...chunk.head, transparency: 256 } } : chunk),
    ],
    ["half a point", (chunk) => (chunk.kind === "object" ? { ...chunk, head: { ...chunk.head, pointSize: 1.5 } } : chunk)],
    ["a name with NUL", (chunk) => (chunk.kind === "object" ? { ...chunk, head: { ...chunk.head, name: "a\0b" } } : chunk)],
    [
      "an angle that is none",
      (chunk) => (chunk.kind === "slicerAngles" ? { ...chunk, slicer: { ...chunk.slicer, angles: [0, Number.NaN, 0] } } : chunk),
    ],
  ])("refuses %s", async (_, edit) => {
    await expect(change(edit)).rejects.toMatchObject({ code: "FORMAT_FIELD" });
  });

  it("refuses an id that is none", () => {
    expect(() => otherChunk("ABC", new Uint8Array(0))).toThrow("four letters");
  });
});

it("whatever bytes a model has, they are written again", async () => {
  const bytes = encodeMod(MODEL);
  const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 });
  let read = 0;
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const copy = bytes.slice();
      for (const [at, value] of changes) copy[at] = value;
      const document = await open(copy).catch(() => undefined);
      if (!document) return;
      read++;
      expect(Buffer.compare(encodeModDocument(document), copy)).toBe(0);
    }),
    { numRuns: 1500 },
  );
  expect(read).toBeGreaterThan(500);
});
