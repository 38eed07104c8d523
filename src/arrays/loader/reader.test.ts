import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Box, type Triple, volumeOf } from "../../core/box.js";
import type { JsonObject } from "../../core/json.js";
import { randomInt, seededRandom } from "../../core/random.js";
import { parseZarrDType } from "../../formats/zarr/dtype.js";
import type { ZarrArrayMeta } from "../../formats/zarr/metadata.js";
import { zarrV3ArrayMetadata } from "../../formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../formats/zarr/v3-write.js";
import { writeZarrArray } from "../../formats/zarr/write.js";
import { encodeBlosc } from "../kernels/blosc.js";
import { codecs } from "../stream/source/zarr-volume.js";
import { plainChunk } from "./plain-chunk.js";
import { readContext } from "./read-context.js";
import { type LoadedVolume, openBlockVolume } from "./volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-reader-"));
afterAll(() => rmSync(root, { recursive: true }));
const opened: LoadedVolume[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((volume) => volume.close()));
});

const SHAPE: Triple = [70, 90, 110];
const CHUNK: Triple = [32, 32, 48];
/** Of this one nothing is stored. */
const GAP: Triple = [1, 1, 1];
const FILL = -7;
const inGap = (z: number, y: number, x: number) => [z, y, x].every((at, axis) => Math.floor(at / CHUNK[axis]!) === GAP[axis]);
/** Different in every place, and compressible. */
const voxel = (z: number, y: number, x: number) => (inGap(z, y, x) ? FILL : ((z * 90 + y) * 110 + x) % 30011);

const WHOLE_VALUES = Int16Array.from({ length: volumeOf(SHAPE) }, (_, at) =>
  voxel(Math.floor(at / (90 * 110)), Math.floor(at / 110) % 90, at % 110),
);

function valuesOf({ start, stop }: Box): Int16Array {
  const values = new Int16Array(volumeOf([stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]]));
  let i = 0;
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++, i += stop[2] - start[2]) {
      const row = (z * SHAPE[1] + y) * SHAPE[2];
      values.set(WHOLE_VALUES.subarray(row + start[2], row + stop[2]), i);
    }
  return values;
}

const WHOLE: Box = { start: [0, 0, 0], stop: SHAPE };
const bytesOf = (values: Int16Array) => new Uint8Array(values.buffer);

function putIn(folder: string, skip = "none") {
  return async (key: string, bytes: Uint8Array) => {
    if (key === skip) return;
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
  };
}

/** Frames of several blocks, so that a part of one can be decoded. */
const smallBlocks = {
  ...codecs,
  blosc: (config: JsonObject & { id: string }) => ({
    ...codecs.blosc!(config),
    encode: (plain: Uint8Array) => encodeBlosc(plain, 2, { blockBytes: 8192 }),
  }),
};

const FORMS: Record<string, (folder: string) => Promise<void>> = {
  ...Object.fromEntries(
    (["blosc", "zlib", "zstd", "raw"] as const).map((id) => [
      `v2 ${id}`,
      async (folder: string) => {
        const meta: ZarrArrayMeta = {
          shape: SHAPE,
          chunks: CHUNK,
          type: parseZarrDType("<i2")!,
          compressor: id === "raw" ? null : { id },
          fillValue: FILL,
          order: "C",
          dimensionSeparator: ".",
        };
        await writeZarrArray(putIn(folder, GAP.join(".")), meta, bytesOf(valuesOf(WHOLE)), smallBlocks);
      },
    ]),
  ),
  "v2 raw, big-endian, Fortran order": async (folder) => {
    const type = parseZarrDType(">i2")!;
    const meta: ZarrArrayMeta = {
      shape: SHAPE,
      chunks: CHUNK,
      type,
      compressor: null,
      fillValue: FILL,
      order: "F",
      dimensionSeparator: "/",
    };
    await writeZarrArray(putIn(folder, GAP.join("/")), meta, bytesOf(valuesOf(WHOLE)));
  },
  "v3 shards": async (folder) => {
    const document = zarrV3ArrayMetadata({
      shape: SHAPE,
      dtype: "int16",
      chunks: CHUNK,
      shards: [64, 64, 96],
      fillValue: FILL,
      compressor: { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" },
    });
    await writeZarrV3Array(putIn(folder), document, bytesOf(valuesOf(WHOLE)), smallBlocks);
  },
};

const folderOf = (form: string) => join(root, form.replace(/\W+/g, "-"));
beforeAll(async () => {
  for (const [form, write] of Object.entries(FORMS)) await write(folderOf(form));
});

async function open(form: string, memoryBytes?: number): Promise<LoadedVolume> {
  const volume = await openBlockVolume(folderOf(form), { memoryBytes, threads: 2 });
  opened.push(volume);
  return volume;
}

const length = (most: number) => fc.tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: most }));
const anyBox = fc.tuple(length(SHAPE[0]), length(SHAPE[1]), length(SHAPE[2])).map(
  (axes): Box => ({
    start: axes.map(([a, b]) => Math.min(a, b)) as Triple,
    stop: axes.map(([a, b]) => Math.max(a, b)) as Triple,
  }),
);

async function expectBox(volume: LoadedVolume, box: Box): Promise<void> {
  expect(Buffer.compare(await volume.levels[0]!.read(box), bytesOf(valuesOf(box)))).toBe(0);
}

/** Aligned boxes, x first: the same chunk again and again. */
function scan(edge: number): Box[] {
  const boxes: Box[] = [];
  for (let z = 0; z < SHAPE[0]; z += edge)
    for (let y = 0; y < SHAPE[1]; y += edge)
      for (let x = 0; x < SHAPE[2]; x += edge) {
        const start: Triple = [z, y, x];
        boxes.push({ start, stop: start.map((at, axis) => Math.min(at + edge, SHAPE[axis]!)) as Triple });
      }
  return boxes;
}

describe.each(Object.keys(FORMS))("%s", (form) => {
  it("any boxes, many at a time, in more memory than is needed and in little", async () => {
    for (const memoryBytes of [64 * 2 ** 20, 3 * 2 ** 20]) {
      const volume = await open(form, memoryBytes);
      await fc.assert(
        fc.asyncProperty(fc.array(anyBox, { minLength: 1, maxLength: 8 }), async (boxes) => {
          await Promise.all(boxes.map((box) => expectBox(volume, box)));
        }),
        { numRuns: 12 },
      );
      await Promise.all(scan(24).map((box) => expectBox(volume, box)));
      const { heldBytes, heldBytesMax, reading, pins } = volume.traffic;
      expect(heldBytesMax).toBeLessThanOrEqual(memoryBytes);
      expect(heldBytes).toBeLessThanOrEqual(heldBytesMax);
      expect([reading, pins]).toEqual([0, 0]);
    }
  });

  it("hands on chunks as they are stored, which decode to the same voxels", async () => {
    const [level] = (await open(form)).levels;
    const box: Box = { start: [20, 25, 40], stop: [50, 70, 100] };
    const stored = await level!.readStored(box);
    expect(stored.chunks.map(({ offset }) => offset % 256)).toEqual(stored.chunks.map(() => 0));
    expect(stored.chunks.filter(({ absent }) => absent).map(({ cell }) => cell)).toEqual([GAP]);
    const found = new Int16Array(volumeOf(stored.shape)).fill(FILL);
    for (const { cell, offset, storedBytes, source, target, absent } of stored.chunks) {
      if (absent) continue;
      const bytes = stored.buffer.slice(offset, offset + storedBytes);
      const plain = await plainChunk(bytes, stored.coding, cell, "chunk", codecs);
      const values = new Int16Array(plain.bytes.slice().buffer);
      for (let z = 0; z < target.stop[0] - target.start[0]; z++)
        for (let y = 0; y < target.stop[1] - target.start[1]; y++)
          for (let x = 0; x < target.stop[2] - target.start[2]; x++) {
            const at = [z, y, x].map((one, axis) => one + source.start[axis]!);
            const to = [z, y, x].map((one, axis) => one + target.start[axis]!);
            const index = plain.offset + at.reduce((sum, one, axis) => sum + one * plain.strides[axis]!, 0);
            found[(to[0]! * stored.shape[1] + to[1]!) * stored.shape[2] + to[2]!] = values[index]!;
          }
    }
    expect(found).toEqual(valuesOf(box));
  });
});

describe("frames that are read in part, since they are long", () => {
  const shape: Triple = [64, 64, 64];
  const random = seededRandom(11);
  const noise = Int16Array.from({ length: 64 ** 3 }, () => randomInt(random, 65_536) - 32_768);
  // 12 bits of each voxel: half of a frame, in blocks that are compressed and others that are not
  const half = noise.map((value, i) => (i % 50_000 < 20_000 ? value : value & 0xff));

  it.each([
    ["stored as they are, where nothing compresses", noise, true],
    ["compressed", half, false],
  ] as const)("%s", async (name, values, isStored) => {
    const folder = join(root, `long-${isStored}`);
    const meta: ZarrArrayMeta = {
      shape,
      chunks: shape,
      type: parseZarrDType("<i2")!,
      compressor: { id: "blosc" },
      fillValue: 0,
      order: "C",
      dimensionSeparator: "/",
    };
    await writeZarrArray(putIn(folder), meta, bytesOf(values), smallBlocks);
    const frame = readFileSync(join(folder, "0/0/0"));
    expect([frame.length > 256 * 1024, (frame[2]! & 2) !== 0], name).toEqual([true, isStored]);
    const volume = await openBlockVolume(folder, { threads: 1 });
    opened.push(volume);
    for (const start of [
      [0, 0, 0],
      [5, 3, 1],
      [31, 17, 40],
      [63, 63, 63],
    ] as Triple[]) {
      const stop = start.map((at) => Math.min(at + 3, 64)) as Triple;
      const data = await volume.levels[0]!.read({ start, stop });
      const expected: number[] = [];
      for (let z = start[0]; z < stop[0]; z++)
        for (let y = start[1]; y < stop[1]; y++)
          expected.push(...values.subarray((z * 64 + y) * 64 + start[2], (z * 64 + y) * 64 + stop[2]));
      expect([...new Int16Array(data.buffer, data.byteOffset, data.byteLength / 2)]).toEqual(expected);
    }
  });
});

describe("sections of an MRC file", () => {
  // 18 volumes, each of which would start threads of its own
  const context = readContext({ threads: 2 });
  afterAll(() => context.close());
  const PERMUTATIONS = [
    [1, 2, 3],
    [1, 3, 2],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 2],
    [3, 2, 1],
  ] as const;
  /** The stored voxels count up; `axes`: which axis (1 x, 2 y, 3 z) columns, rows and sections are. */
  function mrcOf(name: string, [ns, nr, nc]: Triple, axes: readonly number[], littleEndian: boolean): string {
    const bytes = new Uint8Array(1024 + 2 * ns * nr * nc);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of [nc, nr, ns, 1].entries()) view.setInt32(4 * i, value, littleEndian);
    for (const [i, value] of axes.entries()) view.setInt32(64 + 4 * i, value, littleEndian);
    bytes.set(new TextEncoder().encode("MAP "), 208);
    bytes.fill(littleEndian ? 0x44 : 0x11, 212, 214);
    for (let i = 0; i < ns * nr * nc; i++) view.setInt16(1024 + 2 * i, i % 30011, littleEndian);
    const path = join(root, name);
    writeFileSync(path, bytes);
    return path;
  }

  it.each([
    { stored: [40, 30, 50] as Triple, littleEndian: true },
    { stored: [40, 30, 50] as Triple, littleEndian: false },
    // rows so long that what lies between two is not read
    { stored: [5, 12, 9000] as Triple, littleEndian: true },
  ])("$stored of int16, little-endian $littleEndian: any boxes, whichever axes they are", async ({ stored, littleEndian }) => {
    for (const axes of PERMUTATIONS) {
      const path = mrcOf(`sections-${stored.join("-")}-${axes.join("")}-${littleEndian}.mrc`, stored, axes, littleEndian);
      const volume = await openBlockVolume(path, { context });
      opened.push(volume);
      // stored lengths are of sections, rows and columns; the axis of each is the other way around
      const place = [3, 2, 1].map((axis) => 2 - axes.indexOf(axis as 1 | 2 | 3));
      const shape = place.map((at) => stored[at]!) as Triple;
      const [level] = volume.levels;
      expect(level!.shape).toEqual(shape);
      const range = (axis: number) => fc.tuple(fc.nat(shape[axis]!), fc.nat(shape[axis]!));
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(range(0), range(1), range(2)), { minLength: 1, maxLength: 3 }), async (boxes) => {
          await Promise.all(
            boxes.map(async (ends) => {
              const start = ends.map(([a, b]) => Math.min(a, b)) as Triple;
              const stop = ends.map(([a, b]) => Math.max(a, b)) as Triple;
              const bytes = await level!.read({ start, stop });
              const found = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
              let i = 0;
              let wrong = 0;
              const at = [0, 0, 0];
              for (let z = start[0]; z < stop[0]; z++)
                for (let y = start[1]; y < stop[1]; y++)
                  for (let x = start[2]; x < stop[2]; x++) {
                    [z, y, x].forEach((position, axis) => {
                      at[place[axis]!] = position;
                    });
                    if (found[i++] !== ((at[0]! * stored[1] + at[1]!) * stored[2] + at[2]!) % 30011) wrong++;
                  }
              expect([wrong, found.length]).toEqual([0, i]);
            }),
          );
        }),
        { numRuns: 8 },
      );
    }
  });
});

describe("what is kept", () => {
  it("decodes each chunk of a scan about once, and a lone box in part", async () => {
    const volume = await open("v2 blosc");
    await volume.levels[0]!.read({ start: [0, 0, 0], stop: [4, 8, 8] });
    // four planes of 32×48 int16 are 12,288 bytes: two blocks of 8,192 of the chunk's twelve
    expect(volume.traffic.decodedBytes).toBe(16_384);
    for (const box of scan(16)) await expectBox(volume, box);
    const whole = volumeOf([96, 96, 144]) * 2;
    expect(volume.traffic.decodedBytes).toBeLessThan(1.5 * whole);
    expect(volume.traffic.decodedHits).toBeGreaterThan(volume.traffic.misses);
    const { requests } = volume.traffic;
    await volume.levels[0]!.read(WHOLE);
    // the one that is not there is looked for again
    expect(volume.traffic.requests).toBe(requests + 1);
  });

  it("lets nothing pinned behind when it is aborted", async () => {
    const volume = await open("v2 zlib");
    const stop = new AbortController();
    const reads = scan(30).map((box) => volume.levels[0]!.read(box, { signal: stop.signal }));
    setImmediate(() => stop.abort(new Error("enough")));
    const results = await Promise.allSettled(reads);
    expect(results.some(({ status }) => status === "rejected")).toBe(true);
    for (const result of results) if (result.status === "rejected") expect(String(result.reason)).toContain("enough");
    const { reading, pins } = volume.traffic;
    expect([reading, pins]).toEqual([0, 0]);
    await expectBox(volume, { start: [3, 3, 3], stop: [60, 60, 60] });
    await expect(volume.levels[0]!.read(WHOLE, { signal: stop.signal })).rejects.toThrow("enough");
  });

  it("refuses a chunk for which its memory is too small, and boxes outside", async () => {
    const volume = await open("v2 zlib", 200_000);
    await expect(volume.levels[0]!.read(WHOLE)).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
    await expect(volume.levels[0]!.read({ start: [0, 0, 0], stop: [71, 1, 1] })).rejects.toMatchObject({ code: "USAGE" });
    expect(volume.traffic.pins).toBe(0);
  });
});

describe("volumes of one context", () => {
  it("share its memory and its threads, and close without ending them", async () => {
    const memoryBytes = 4 * 2 ** 20;
    const context = readContext({ memoryBytes, threads: 2 });
    const volumes = await Promise.all(
      ["v2 blosc", "v3 shards", "v2 zlib"].map((form) => openBlockVolume(folderOf(form), { context })),
    );
    // chunks of the same places, which must not be taken for each other
    await Promise.all(scan(24).flatMap((box) => volumes.map((volume) => expectBox(volume, box))));
    const [first, second] = volumes;
    expect(first!.traffic.heldBytes).toBe(second!.traffic.heldBytes);
    expect(first!.traffic.heldBytesMax).toBeLessThanOrEqual(memoryBytes);
    await first!.close();
    await expectBox(second!, { start: [1, 2, 3], stop: [40, 50, 60] });
    await context.close();
  });
});

describe("damage", () => {
  const damaged = async (form: string, key: string, change: (path: string) => void) => {
    const folder = join(root, `damaged-${Math.random().toString(36).slice(2)}`);
    await FORMS[form]!(folder);
    change(join(folder, key));
    const volume = await openBlockVolume(folder, { threads: 1 });
    opened.push(volume);
    return volume;
  };
  const cell: Box = { start: [2, 2, 2], stop: [30, 30, 40] };
  const elsewhere: Box = { start: [64, 64, 96], stop: SHAPE };

  it.each([
    ["v2 blosc", "0.0.0", "FORMAT_CORRUPT"],
    ["v2 zlib", "0.0.0", "FORMAT_CORRUPT"],
    ["v2 zstd", "0.0.0", "FORMAT_CORRUPT"],
    ["v2 raw", "0.0.0", "FORMAT_TRUNCATED"],
    ["v3 shards", "c/0/0/0", "FORMAT_"],
  ])("%s cut short fails with the chunk's name, the others are read", async (form, key, code) => {
    const volume = await damaged(form, key, (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)));
    const error: { code?: string; message?: string; facts?: { place?: object } } = await volume.levels[0]!.read(cell).then(
      () => ({}),
      (thrown) => thrown,
    );
    expect(error.code).toContain(code);
    expect(error.facts?.place).toBeDefined();
    await expectBox(volume, elsewhere);
    expect([volume.traffic.pins, volume.traffic.reading]).toEqual([0, 0]);
  });

  it("garbage inside a Blosc frame", async () => {
    const volume = await damaged("v2 blosc", "0.0.0", (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 64, 400);
      writeFileSync(path, bytes);
    });
    await expect(volume.levels[0]!.read(cell)).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
  });

  it("a shard that was replaced after its index was read", async () => {
    const volume = await damaged("v3 shards", "c/0/0/0", () => {});
    await expectBox(volume, { start: [0, 0, 0], stop: [8, 8, 8] });
    const path = join(volume.name, "c/0/0/0");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(1));
    await expect(volume.levels[0]!.read({ start: [40, 2, 2], stop: [60, 20, 20] })).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
  });
});
