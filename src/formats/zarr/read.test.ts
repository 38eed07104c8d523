import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { chunkGrid, chunkKey, positions } from "./chunks.js";
import type { CodecRegistry } from "./codecs.js";
import { parseZarrDType } from "./dtype.js";
import { viewAs } from "./elements.js";
import { fillElement, numberToFloat16 } from "./fill-element.js";
import type { ZarrArrayMeta } from "./metadata.js";
import { readZarrArray, readZarrBox } from "./read.js";
import { writeZarrArray } from "./write.js";

function metaOf(shape: number[], chunks: number[], changes: Partial<ZarrArrayMeta> = {}): ZarrArrayMeta {
  const type = parseZarrDType("<u2")!;
  return { shape, chunks, type, compressor: null, fillValue: 0, order: "C", dimensionSeparator: ".", ...changes };
}

/** An array in memory, and how often each chunk was asked for. */
async function stored(meta: ZarrArrayMeta, voxels: Uint8Array) {
  const objects = new Map<string, Uint8Array>();
  const asked: string[] = [];
  await writeZarrArray(
    async (key, bytes) => {
      objects.set(key, bytes);
    },
    meta,
    voxels,
  );
  const get = async (key: string) => {
    asked.push(key);
    return objects.get(key);
  };
  return { objects, asked, get };
}

const codeOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? error.code : error;
};

describe("readZarrBox", () => {
  it("lays what a codec opens piece by piece where it belongs", async () => {
    const shape = [40, 150, 200]; // more than a mebibyte of the chunk is wanted: several pieces
    const plain = new Uint8Array(new Uint16Array(40 * 150 * 200).map((_, i) => i % 65_521).buffer);
    const codecs: CodecRegistry = {
      boxes: () => ({
        decode: (bytes) => bytes,
        open:
          (bytes, { shape: [, rows, columns], itemBytes }) =>
          ({ start, stop }) => {
            const lines: number[] = [];
            for (let z = start[0]; z < stop[0]; z++)
              for (let y = start[1]; y < stop[1]; y++) {
                const at = (z * rows + y) * columns;
                lines.push(...bytes.subarray((at + start[2]) * itemBytes, (at + stop[2]) * itemBytes));
              }
            return Uint8Array.from(lines);
          },
      }),
    };
    const meta = metaOf(shape, shape, { compressor: { id: "boxes" } });
    const box = { start: [1, 0, 3], stop: [39, 150, 190] };
    const got = await readZarrBox(async () => plain, meta, box, { codecs });
    const whole = await readZarrBox(async () => plain, metaOf(shape, shape), box);
    expect(Buffer.compare(got, whole)).toBe(0);
  });

  it("equals the slice of the whole, in any rank, order and byte order, and asks for each chunk once", async () => {
    const axis = fc.record({
      length: fc.integer({ min: 1, max: 7 }),
      chunk: fc.integer({ min: 1, max: 5 }),
      a: fc.nat(7),
      b: fc.nat(7),
    });
    const layout = fc.record({
      order: fc.constantFrom("C" as const, "F" as const),
      dtype: fc.constantFrom("<u2", ">u2", "|u1", "<c8", ">i8"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(axis, { maxLength: 4 }), layout, async (sides, { order, dtype }) => {
        const shape = sides.map((side) => side.length);
        const type = parseZarrDType(dtype)!;
        const meta = metaOf(
          shape,
          sides.map((side) => side.chunk),
          { order, type },
        );
        const count = shape.reduce((a, b) => a * b, 1);
        const voxels = Uint8Array.from({ length: count * type.itemBytes }, (_, i) => (i * 37) % 251);
        const { get, asked } = await stored(meta, voxels);
        const start = sides.map(({ a, b, length }) => Math.min(a, b, length));
        const stop = sides.map(({ a, b, length }) => Math.min(Math.max(a, b), length));
        const wanted: number[] = [];
        for (const at of positions(start, stop)) {
          const index = at.reduce((sum, position, i) => sum * shape[i]! + position, 0) * type.itemBytes;
          wanted.push(...voxels.subarray(index, index + type.itemBytes));
        }
        expect(Array.from(await readZarrBox(get, meta, { start, stop }))).toEqual(wanted);
        expect(new Set(asked).size).toBe(asked.length);
      }),
      { numRuns: 150 },
    );
  });

  it("reads complex numbers of either byte order", async () => {
    // Python: numpy.array([1 + 2j], ">c8").tobytes()
    const chunk = Uint8Array.of(0x3f, 0x80, 0, 0, 0x40, 0, 0, 0);
    for (const [text, bytes] of [
      [">c8", chunk],
      ["<c8", Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0x40)],
    ] as const) {
      const voxels = await readZarrArray(async () => bytes, metaOf([1], [1], { type: parseZarrDType(text)! }));
      expect([...new Float32Array(voxels.buffer, voxels.byteOffset, 2)]).toEqual([1, 2]);
    }
  });

  it("does not change the bytes that the store handed out", async () => {
    const chunk = Uint8Array.of(0, 1, 0, 2);
    const meta = metaOf([2], [2], { type: parseZarrDType(">u2")! });
    expect(Array.from(viewAs(await readZarrArray(async () => chunk, meta), "uint16") as Uint16Array)).toEqual([1, 2]);
    expect(Array.from(chunk)).toEqual([0, 1, 0, 2]);
  });

  it("refuses boxes outside the array", async () => {
    const meta = metaOf([3, 5], [2, 2]);
    const get = async () => undefined;
    for (const [start, stop] of [
      [
        [0, 0],
        [3, 6],
      ],
      [
        [-1, 0],
        [3, 5],
      ],
      [
        [2, 0],
        [1, 5],
      ],
      [[0], [3]],
      [
        [0, 0.5],
        [3, 5],
      ],
    ] as [number[], number[]][]) {
      expect(await codeOf(readZarrBox(get, meta, { start, stop }))).toBe("USAGE");
    }
  });

  it("takes no memory for an array that only claims to be large", async () => {
    const huge = metaOf([2 ** 20, 2 ** 20], [1, 1]);
    expect(await codeOf(readZarrArray(async () => undefined, huge))).toBe("FORMAT_LIMIT");
    expect(await codeOf(readZarrArray(async () => undefined, metaOf([8], [8]), { bytesMax: 15 }))).toBe("FORMAT_LIMIT");
  });

  it("refuses chunks of another length, naming the chunk", async () => {
    const error: unknown = await readZarrArray(async () => new Uint8Array(7), metaOf([4], [4]), { name: "v/0" }).catch(
      (e: unknown) => e,
    );
    expect(isEmporiumError(error) && [error.code, error.facts.place?.file]).toEqual(["FORMAT_CORRUPT", "v/0/0"]);
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readZarrArray(async () => undefined, metaOf([4], [4]), { signal })).rejects.toThrow("enough");
  });

  it("uses the codecs it is given", async () => {
    const meta = metaOf([2], [2], { compressor: { id: "blosc" } });
    const codecs = { blosc: () => ({ decode: (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1) }) };
    expect(Array.from(await readZarrArray(async () => Uint8Array.of(1, 1, 0, 1), meta, { codecs }))).toEqual([0, 0, 1, 0]);
    expect(await codeOf(readZarrArray(async () => new Uint8Array(4), meta, { codecs: {} }))).toBe("FORMAT_UNSUPPORTED");
  });
});

describe("writeZarrArray", () => {
  it("pads edge chunks with the fill value and writes .zarray last", async () => {
    const meta = metaOf([3], [2], { fillValue: 9, dimensionSeparator: "/" });
    const { objects } = await stored(meta, new Uint8Array(Uint16Array.of(1, 2, 3).buffer));
    expect([...objects.keys()]).toEqual(["0", "1", ".zarray"]);
    expect(Array.from(viewAs(objects.get("1")!, "uint16") as Uint16Array)).toEqual([3, 9]);
  });
  it("refuses voxels of another length", async () => {
    expect(await codeOf(stored(metaOf([3], [2]), new Uint8Array(5)))).toBe("FORMAT_FIELD");
  });
});

describe("chunks", () => {
  it("are keyed by position", () => {
    expect([chunkKey([1, 2, 3], "/"), chunkKey([1, 2, 3], "."), chunkKey([], ".")]).toEqual(["1/2/3", "1.2.3", "0"]);
    expect(chunkGrid([46, 1, 256], [16, 16, 256])).toEqual([3, 1, 1]);
  });
});

describe("fillElement", () => {
  it("has the host's bytes of the value", () => {
    expect(viewAs(fillElement(Number.NaN, "float32"), "float32")[0]).toBeNaN();
    expect(viewAs(fillElement(-1n, "int64"), "int64")[0]).toBe(-1n);
    expect(Array.from(viewAs(fillElement([1.5, -2], "complex64"), "complex64") as Float32Array)).toEqual([1.5, -2]);
    expect(Array.from(fillElement(null, "float64"))).toEqual(Array(8).fill(0));
    expect(Array.from(fillElement(true, "bool"))).toEqual([1]);
  });
  it("rounds to half precision as IEEE 754 does", () => {
    const known: [number, number][] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519, 0x7bff],
      [65520, 0x7c00],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [1.5 * 2 ** -24, 2],
      [2 ** -14, 0x400],
      [2 ** -14 - 2 ** -26, 0x400],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [2047.9, 0x6800],
      [Number.NEGATIVE_INFINITY, 0xfc00],
      [Number.NaN, 0x7e00],
    ];
    for (const [value, bits] of known) expect([value, numberToFloat16(value)]).toEqual([value, bits]);
  });
});
