import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteRange } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { copyElements, stridesOf } from "./read.js";
import type { ShardIndex } from "./shard.js";
import { parseZarrV3Array, type ZarrV3Array, type ZarrV3ArrayFields, zarrV3ArrayMetadata } from "./v3-metadata.js";
import { readZarrV3Array, readZarrV3Box, type ZarrObjects } from "./v3-read.js";
import { writeZarrV3Array } from "./v3-write.js";

interface Written extends ZarrObjects {
  objects: Map<string, Uint8Array>;
  meta: ZarrV3Array;
  requests: string[];
}

async function write(fields: ZarrV3ArrayFields, voxels: Uint8Array): Promise<Written> {
  const objects = new Map<string, Uint8Array>();
  await writeZarrV3Array(
    async (key, bytes) => {
      objects.set(key, bytes);
    },
    zarrV3ArrayMetadata(fields),
    voxels,
  );
  const requests: string[] = [];
  return {
    objects,
    meta: parseZarrV3Array(objects.get("zarr.json")!),
    requests,
    read: async (key: string, range?: ByteRange) => {
      requests.push(range ? `${key} ${range.offset}+${range.length}` : key);
      const bytes = objects.get(key);
      return range ? bytes?.subarray(range.offset, range.offset + range.length) : bytes;
    },
    size: async (key) => {
      requests.push(`${key} size`);
      return objects.get(key)?.length;
    },
  };
}

const ramp = (count: number) => Uint8Array.from({ length: count }, (_, i) => 1 + (i % 250));

async function refusal(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.message];
  }
}

describe("a box", () => {
  it("is the same slice of the whole, whatever the chunks, shards, order and index", async () => {
    const axis = fc.record({
      length: fc.integer({ min: 1, max: 9 }),
      chunk: fc.integer({ min: 1, max: 4 }),
      many: fc.integer({ min: 1, max: 3 }),
    });
    const any = fc.record({
      axes: fc.array(axis, { minLength: 1, maxLength: 4 }),
      sharded: fc.boolean(),
      indexLocation: fc.constantFrom("start" as const, "end" as const),
      checksum: fc.boolean(),
      turned: fc.boolean(),
      littleEndian: fc.boolean(),
      corner: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
      holes: fc.nat({ max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(any, async ({ axes, sharded, turned, corner, holes, ...rest }) => {
        const shape = axes.map(({ length }) => length);
        const count = shape.reduce((a, b) => a * b, 1);
        // uint16 with zeros, so that whole chunks are the fill value
        const voxels = new Uint8Array(Uint16Array.from({ length: count }, (_, i) => (i % 7 < holes ? 0 : 300 + i)).buffer);
        const written = await write(
          {
            shape,
            dtype: "uint16",
            chunks: axes.map(({ chunk }) => chunk),
            shards: sharded ? axes.map(({ chunk, many }) => chunk * many) : undefined,
            order: turned ? axes.map((_, i) => axes.length - 1 - i) : undefined,
            ...rest,
          },
          voxels,
        );
        expect(await readZarrV3Array(written, written.meta)).toEqual(voxels);
        const start = shape.map((length, i) => Math.floor(corner[i]! * length * 0.99));
        const stop = shape.map((length, i) => start[i]! + Math.ceil(corner[i + 4]! * (length - start[i]!)));
        const size = stop.map((to, i) => to - start[i]!);
        const wanted = new Uint8Array(2 * size.reduce((a, b) => a * b, 1));
        const strides = stridesOf(shape, "C");
        const offset = start.reduce((sum, from, i) => sum + from * strides[i]!, 0);
        copyElements({ bytes: voxels, strides, offset }, { bytes: wanted, strides: stridesOf(size, "C"), offset: 0 }, size, 2);
        expect(await readZarrV3Box(written, written.meta, { start, stop })).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it("outside the array, or of more than is allowed, is refused before anything is read", async () => {
    const written = await write({ shape: [4], dtype: "uint8", chunks: [2] }, ramp(4));
    expect(await refusal(readZarrV3Box(written, written.meta, { start: [0], stop: [5] }))).toEqual(["USAGE", expect.any(String)]);
    expect(await refusal(readZarrV3Array(written, written.meta, { bytesMax: 3 }))).toEqual(["FORMAT_LIMIT", expect.any(String)]);
    expect(written.requests).toEqual([]);
  });

  it("stops when it is told to", async () => {
    const written = await write({ shape: [4], dtype: "uint8", chunks: [2] }, ramp(4));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readZarrV3Array(written, written.meta, { signal })).rejects.toThrow("enough");
  });
});

describe("requests to a shard", () => {
  const fields: ZarrV3ArrayFields = { shape: [4, 4, 4], dtype: "uint8", chunks: [2, 2, 2], shards: [4, 4, 4] };
  const INDEX = 8 * 16 + 4;

  it("are its length, its index, and the chunks that are wanted", async () => {
    const written = await write(fields, ramp(64));
    await readZarrV3Box(written, written.meta, { start: [2, 0, 0], stop: [3, 2, 2] });
    expect(written.requests).toEqual(["c/0/0/0 size", `c/0/0/0 64+${INDEX}`, "c/0/0/0 32+8"]);
  });
  it("are two where the index is first, and one where it is known", async () => {
    const written = await write({ ...fields, indexLocation: "start" }, ramp(64));
    const indexes = new Map<string, ShardIndex>();
    const box = { start: [2, 0, 0], stop: [3, 2, 2] };
    await readZarrV3Box(written, written.meta, box, { indexes });
    await readZarrV3Box(written, written.meta, box, { indexes });
    expect(written.requests).toEqual([`c/0/0/0 0+${INDEX}`, `c/0/0/0 ${INDEX + 32}+8`, `c/0/0/0 ${INDEX + 32}+8`]);
    expect([...indexes.keys()]).toEqual(["c/0/0/0"]);
  });
  it("are one for all chunks that lie together", async () => {
    const written = await write(fields, ramp(64));
    await readZarrV3Array(written, written.meta);
    expect(written.requests).toEqual(["c/0/0/0 size", `c/0/0/0 64+${INDEX}`, "c/0/0/0 0+64"]);
  });
  it("are none for chunks that are not there: they are the fill value", async () => {
    const voxels = ramp(64).fill(0, 0, 32);
    const written = await write(fields, voxels);
    expect(written.objects.get("c/0/0/0")!.length).toBe(32 + INDEX);
    expect(await readZarrV3Box(written, written.meta, { start: [0, 0, 0], stop: [2, 4, 4] })).toEqual(voxels.slice(0, 32));
    expect(written.requests.length).toBe(2);
  });
  it("end at the first where there is no such object", async () => {
    for (const indexLocation of ["start", "end"] as const) {
      const written = await write({ ...fields, indexLocation, fillValue: 9 }, ramp(64));
      written.objects.delete("c/0/0/0");
      expect(await readZarrV3Array(written, written.meta)).toEqual(new Uint8Array(64).fill(9));
      expect(written.requests.length).toBe(1);
    }
  });
});

describe("a damaged shard is never read as if it were sound", () => {
  const fields: ZarrV3ArrayFields = {
    shape: [8, 8],
    dtype: "uint8",
    chunks: [4, 4],
    shards: [8, 8],
    compressor: { name: "gzip", level: 1 },
    checksum: true,
  };
  it.each(["start", "end"] as const)("cut short at any byte (index at the %s)", async (indexLocation) => {
    const written = await write({ ...fields, indexLocation }, ramp(64));
    const whole = written.objects.get("c/0/0")!;
    for (let length = 0; length < whole.length; length++) {
      written.objects.set("c/0/0", whole.subarray(0, length));
      expect(await refusal(readZarrV3Array(written, written.meta)), `${length}`).toEqual([
        expect.stringMatching(/^FORMAT_(TRUNCATED|CORRUPT)$/),
        expect.stringContaining("array/c/0/0"),
      ]);
    }
  });
  it("with any bit changed, since all of it is under checksums", async () => {
    const written = await write(fields, ramp(64));
    const whole = written.objects.get("c/0/0")!;
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const damaged = whole.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      written.objects.set("c/0/0", damaged);
      expect(await refusal(readZarrV3Array(written, written.meta)), `${bit}`).toEqual(["FORMAT_CORRUPT", expect.any(String)]);
    }
  });
  it("with a chunk said to be much longer than it could be", async () => {
    const written = await write({ ...fields, indexLocation: "start" }, ramp(64));
    const { codecs } = written.meta;
    if (codecs.serializer.kind !== "shard") throw new Error("a shard is wanted");
    const bytes = new Uint8Array(2 ** 20);
    bytes.set(written.objects.get("c/0/0")!);
    new DataView(bytes.buffer).setUint32(8, 900_000, true); // length of the first chunk
    written.objects.set("c/0/0", bytes);
    const meta = { ...written.meta, codecs: { ...codecs, serializer: { ...codecs.serializer, checksum: false } } };
    expect(await refusal(readZarrV3Array(written, meta))).toEqual([
      "FORMAT_CORRUPT",
      "array/c/0/0[0,0]: 900000 bytes stored, 65568 at most would be this chunk",
    ]);
  });
});

describe("writing", () => {
  it("pads with the fill value, and puts zarr.json last", async () => {
    const written = await write(
      { shape: [3], dtype: "int16", chunks: [2], fillValue: -2 },
      new Uint8Array(Int16Array.of(1, 2, 3).buffer),
    );
    expect([...written.objects.keys()]).toEqual(["c/0", "c/1", "zarr.json"]);
    expect(new Int16Array(written.objects.get("c/1")!.slice().buffer)).toEqual(Int16Array.of(3, -2));
  });
  it("keeps −0 apart from the fill value 0", async () => {
    const voxels = new Uint8Array(Float32Array.of(-0, -0, 0, 0).buffer);
    const written = await write({ shape: [4], dtype: "float32", chunks: [2], shards: [4] }, voxels);
    expect(await readZarrV3Array(written, written.meta)).toEqual(voxels);
    expect(written.objects.get("c/0")!.length).toBe(8 + 2 * 16 + 4);
  });
  it("wants as many voxels as the shape has", async () => {
    expect(await refusal(write({ shape: [4], dtype: "int16", chunks: [2] }, ramp(4)))).toEqual([
      "FORMAT_FIELD",
      "4 bytes given, 4 int16 are 8",
    ]);
  });
});
