import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../../core/box.js";
import { decodeShardIndex } from "../../../formats/zarr/shard.js";
import { type ZarrV3Array, zarrV3ArrayMetadata, zarrV3FromJson } from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Array } from "../../../formats/zarr/v3-read.js";
import { FORMS } from "../plan/forms.js";
import type { UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import type { ShardCodec } from "../plan/layout.js";
import { estimateVolumeMemory } from "../plan/memory.js";
import { codecs } from "../source/zarr-volume.js";
import { fileShards } from "./shard-files.js";
import type { ShardSink } from "./shard-sink.js";
import { writeVolume } from "./write-volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-shards-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let counter = 0;
beforeEach(() => {
  folder = join(root, String(++counter));
  mkdirSync(folder);
});

/** Any flipped or swapped axis changes single voxels, and sums are exact in float32. A corner is empty: chunks in it are left out. */
const value = (z: number, y: number, x: number) => (z < 140 && y < 140 && x > 400 ? 0 : ((x + 3 * y + 7 * z) % 101) - 50);

const madeVoxels = new Map<string, Int8Array>();
/** Made once for each shape: nobody changes them. */
function voxels(shape: Triple): Int8Array {
  const made = madeVoxels.get(shape.join()) ?? makeVoxels(shape);
  madeVoxels.set(shape.join(), made);
  return made;
}

function makeVoxels([nz, ny, nx]: Triple): Int8Array {
  const all = new Int8Array(nz * ny * nx);
  let at = 0;
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) all[at++] = value(z, y, x);
  return all;
}

/** Voxels as a form has them at level 0. */
const LEVEL_0 = {
  volume: (all: Int8Array) => Float32Array.from(all),
  series: (all: Int8Array) => Float32Array.from(all),
  mask: (all: Int8Array) => all.map((voxel) => (voxel === 7 ? 1 : 0)),
  labels: (all: Int8Array) => Uint16Array.from(all.map((voxel) => Math.max(0, voxel))),
} as const;
type BasicForm = keyof typeof LEVEL_0;
type Voxels = Float32Array | Int8Array | Uint16Array;

function rawFile(shape: Triple, form: BasicForm | "volume-int8"): { path: string; offset: number } {
  const path = join(folder, `${form}-${shape.join("x")}.bin`);
  const all = voxels(shape);
  // labels must not be negative
  writeFileSync(
    path,
    Buffer.concat([Buffer.alloc(40), new Uint8Array((form === "labels" ? all.map((voxel) => Math.max(0, voxel)) : all).buffer)]),
  );
  return { path, offset: 40 };
}

interface Extra extends Partial<Omit<WriteVolumeOptions, "shards">> {
  shape: Triple;
  /** `volume-int8` is looked at where its voxels are not: it has statistics as a volume has, in a quarter of the bytes. */
  form?: BasicForm | "volume-int8";
  data?: WriteVolumeOptions["source"]["data"];
  out?: string;
  codec?: ShardCodec;
  bytesMax?: number;
  sink?: ShardSink;
}

async function write({ shape, form = "volume", data, out = "out", codec = "blosc-lz4", bytesMax, sink, ...options }: Extra) {
  const zarr = join(folder, `${out}.zarr`);
  const mrc = join(folder, `${out}.mrc`);
  const result = await writeVolume({
    source: { name: "source", shape, dtype: "int8", littleEndian: true, data: data ?? rawFile(shape, form) },
    form,
    select: form === "mask" ? { equals: 7 } : undefined,
    edge: "present",
    threads: 2,
    memoryBytes: 2 ** 29,
    mrc: { path: mrc, headBytes: 1024, head: () => new Uint8Array(1024) },
    shards: { sink: sink ?? fileShards(zarr, { sync: false }), codec, bytesMax },
    ...options,
  });
  const metaOf = (level: number): ZarrV3Array => {
    const compressor =
      codec === "zstd"
        ? { name: "zstd" as const, level: 3 }
        : { name: "blosc" as const, cname: "lz4" as const, clevel: 5, shuffle: "shuffle" as const };
    const { dtype } = FORMS[form];
    const document = zarrV3ArrayMetadata({
      shape: result.shapes[level]!,
      dtype,
      chunks: result.chunk,
      shards: result.shards![level]!,
      compressor,
    });
    return zarrV3FromJson(document, "zarr.json") as ZarrV3Array;
  };
  const level = async (index: number) => {
    const at = (key: string) => join(zarr, String(index), key);
    const bytes = await readZarrV3Array(
      {
        read: async (key, range) => {
          const all = readFileSync(at(key));
          return range ? all.subarray(range.offset, range.offset + range.length) : all;
        },
        size: async (key) => statSync(at(key)).size,
      },
      metaOf(index),
      // frames of the C library prove both decoders; the compiled one takes a fifth
      { bytesMax: 2 ** 30, codecs },
    );
    return bytes;
  };
  return { result, level, metaOf, mrc: () => readFileSync(mrc), hash: () => treeHash(out) };
}

/** One hash of the MRC and all shards. */
function treeHash(out: string): string {
  const hash = createHash("sha256").update(readFileSync(join(folder, `${out}.mrc`)));
  for (const name of filesOf(out)) hash.update(name).update(readFileSync(join(folder, `${out}.zarr`, name)));
  return hash.digest("hex");
}

function filesOf(out: string): string[] {
  const zarr = join(folder, `${out}.zarr`);
  return (readdirSync(zarr, { recursive: true }) as string[]).filter((name) => statSync(join(zarr, name)).isFile()).sort();
}

const levels = new Map<string, Voxels[]>();
/** What three levels hold, by their definitions; made once for all codecs. */
function expectedLevels(shape: Triple, form: BasicForm, zeros: boolean, shapes: readonly Triple[]): Voxels[] {
  const id = `${shape} ${form} ${zeros}`;
  let made = levels.get(id);
  if (!made) {
    made = [LEVEL_0[form](voxels(shape))];
    for (let l = 0; l < 2; l++) made.push(coarser(made[l]!, shapes[l]!, form, zeros));
    levels.set(id, made);
  }
  return made;
}

/** The next level, voxel by voxel as it is defined. All sums are exact. */
function coarser(all: Voxels, shape: Triple, form: BasicForm, zeros: boolean): Voxels {
  const [nz, ny, nx] = shape;
  const block = form === "series" ? [1, 2, 2] : [2, 2, 2];
  const [mz, my, mx] = shape.map((length, axis) => Math.ceil(length / block[axis]!)) as Triple;
  const next = all.slice(0, mz * my * mx);
  let at = 0;
  for (let z = 0; z < nz; z += block[0]!)
    for (let y = 0; y < ny; y += 2)
      for (let x = 0; x < nx; x += 2) {
        let [sum, count] = [0, 0];
        for (let k = z; k < Math.min(nz, z + block[0]!); k++)
          for (let j = y; j < Math.min(ny, y + 2); j++)
            for (let i = x; i < Math.min(nx, x + 2); i++, count++) sum += all[(k * ny + j) * nx + i]!;
        if (form === "labels") next[at++] = all[(z * ny + y) * nx + x]!;
        else if (form === "mask") next[at++] = sum > 0 ? 1 : 0;
        else next[at++] = sum / (zeros ? block[0]! * 4 : count);
      }
  return next;
}

function expectSame(found: Uint8Array, expected: Voxels, what: string): void {
  const wanted = Buffer.from(expected.buffer, expected.byteOffset, expected.byteLength);
  expect(found.length, what).toBe(wanted.length);
  expect(Buffer.compare(found, wanted), what).toBe(0);
}

const MiB = 2 ** 20;

describe("volumes in shards", () => {
  const shapes: Record<BasicForm, Triple[]> = {
    volume: [
      [1, 1, 1],
      [30, 46, 50],
      [131, 140, 150],
      [5, 150, 530],
      [300, 20, 21],
    ],
    mask: [
      [2, 3, 5],
      [131, 140, 150],
      [21, 513, 40],
    ],
    labels: [
      [2, 3, 5],
      [131, 140, 150],
      [21, 513, 40],
    ],
    series: [
      [1, 1, 1],
      [7, 46, 50],
      [2, 257, 1030],
      [2, 1030, 70],
      [1, 4100, 6],
    ],
  };
  const [one, ten, many] = [
    ["blosc-lz4", "present", undefined],
    ["zstd", "zeros", 10 * MiB],
    ["blosc-lz4", "present", 1],
  ] as const;
  // how chunks are packed does not depend on the form, and what lies behind an edge does
  const packed = { volume: [one, ten], series: [many], mask: [ten], labels: [ten] };
  for (const form of ["volume", "series", "mask", "labels"] as const) {
    for (const [codec, edge, bytesMax] of packed[form]) {
      it(`${form}, ${codec}, shards of ${bytesMax ?? 2 ** 31} bytes: level 0 as read, the others from the one before`, async () => {
        for (const [i, shape] of shapes[form].entries()) {
          const { result, level, mrc } = await write({ shape, form, edge, codec, bytesMax, out: `o${i}` });
          const expected = expectedLevels(shape, form, edge === "zeros", result.shapes);
          expectSame(mrc().subarray(1024), expected[0]!, `${shape} MRC`);
          for (let l = 0; l < 3; l++) expectSame(await level(l), expected[l]!, `${shape} level ${l}`);
          // all objects are known, with size and checksum, and nothing else is there
          const found = filesOf(`o${i}`).map((key) => {
            const bytes = readFileSync(join(folder, `o${i}.zarr`, key));
            return { key, size: bytes.length, crc32: crc32(bytes) };
          });
          const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
          expect([...result.objects].sort(byKey)).toEqual(found.sort(byKey));
        }
      });
    }
  }

  it("gives the same bytes whatever the threads, and whether it reads a file or asks for ranges", async () => {
    const shape: Triple = [131, 140, 300];
    const path = rawFile(shape, "volume");
    const bytes = readFileSync(path.path);
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
    const hashes = new Set<string>();
    for (const threads of [1, 2, 4]) hashes.add((await write({ shape, data: path, threads, out: `t${threads}` })).hash());
    hashes.add((await write({ shape, data: { read, offset: path.offset }, out: "r" })).hash());
    hashes.add((await write({ shape, data: path, mrc: undefined, out: "t1" })).hash());
    expect(hashes.size).toBe(1);
  });

  it("and whether memory is left for spare buffers, of which all may be missing", async () => {
    const shape: Triple = [131, 140, 650];
    const data = rawFile(shape, "volume");
    const enough = estimateVolumeMemory({ shape, threads: 2, itemBytes: 1, shards: "blosc-lz4" });
    const hashes = new Set<string>();
    // six chunks of 8 MiB lie side by side
    for (const missing of [0, 3, 6]) {
      const memoryBytes = enough - missing * 8.1 * MiB;
      hashes.add((await write({ shape, data, threads: 2, memoryBytes, out: `m${missing}` })).hash());
    }
    expect(hashes.size).toBe(1);
  });

  it("cuts a volume along x where memory is short: the same voxels", async () => {
    const shape: Triple = [5, 140, 1030];
    const whole = await write({ shape, out: "a" });
    const columns = new Set<number>();
    const onUnit = async (unit: UnitReceipt) => void columns.add(unit.columns);
    const cut = await write({ shape, out: "b", memoryBytes: 31 * MiB, scratch: join(folder, "scratch"), onUnit });
    expect(Math.max(...columns)).toBeLessThan(1030);
    for (let l = 0; l < 3; l++) expect(Buffer.compare(await cut.level(l), await whole.level(l))).toBe(0);
    expect(Buffer.compare(cut.mrc(), whole.mrc())).toBe(0);
    expect(cut.result.mrc).toEqual(whole.result.mrc);
    expect(cut.result.statistics).toEqual(whole.result.statistics);
    await expect(write({ shape, out: "c", memoryBytes: 2 * MiB })).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
  });

  it("the MRC and the statistics are those that are written beside chunks", async () => {
    const shape: Triple = [131, 270, 300];
    const shards = await write({ shape });
    const zarr = join(folder, "chunks.zarr");
    mkdirSync(zarr);
    const chunks = await write({ shape, out: "chunks", zarr: { folder: zarr }, shards: undefined } as Extra);
    expect(Buffer.compare(shards.mrc(), chunks.mrc())).toBe(0);
    expect(shards.result.mrc).toEqual(chunks.result.mrc);
    expect(shards.result.statistics).toMatchObject({ min: -50, max: 50, count: volumeOf(shape) });
    expect(shards.result.statistics.mean).toBeCloseTo(chunks.result.statistics.mean, 12);
    expect(shards.result.histogram).toEqual(chunks.result.histogram);
  });

  it("leaves out what holds nothing but zeros, and writes a shard for it all the same", async () => {
    const shape: Triple = [131, 131, 531];
    const { result, metaOf } = await write({ shape, bytesMax: 1 });
    const sizes = new Map(result.objects.map(({ key, size }) => [key, size]));
    expect(sizes.size).toBe(2 * 2 * 5 + 1 * 1 * 3 + 1 * 1 * 2);
    // one chunk a shard: an index of one entry and its checksum
    expect(sizes.get("0/c/0/0/4")).toBe(20);
    expect(sizes.get("0/c/0/0/3")).toBeGreaterThan(1000);
    const one = await write({ shape, out: "one" });
    const bytes = readFileSync(join(folder, "one.zarr/0/c/0/0/0"));
    const { serializer } = one.metaOf(0).codecs;
    if (serializer.kind !== "shard") throw new Error("no shard");
    expect(serializer.grid).toEqual([2, 2, 5]);
    const index = decodeShardIndex(bytes.subarray(bytes.length - 20 * 16 - 4), serializer, { shardBytes: bytes.length });
    expect([...index.offsets].map((offset) => (offset < 0 ? "-" : "x")).join("")).toBe("xxxx-xxxx-xxxx-xxxx-");
    // chunks stand in the order of the walk, without gaps
    const stored = [...index.offsets].flatMap((at, i) => (at < 0 ? [] : [[at, index.lengths[i]!]])).sort((a, b) => a[0]! - b[0]!);
    let end = 0;
    for (const [at, length] of stored) {
      expect(at).toBe(end);
      end += length!;
    }
    expect(end).toBe(bytes.length - 20 * 16 - 4);
    expect(metaOf(0).chunks).toEqual([128, 128, 128]);
  });

  it("are the same past the page cache and through it", async () => {
    const shape: Triple = [131, 140, 530];
    const by = (io: "direct" | "buffered", bytesMax: number) => {
      const out = `${io}${bytesMax}`;
      return write({ shape, out, bytesMax, sink: fileShards(join(folder, `${out}.zarr`), { sync: true, io }) });
    };
    for (const bytesMax of [2 ** 31, 16 * 2 ** 20]) {
      const [past, through] = [await by("direct", bytesMax), await by("buffered", bytesMax)];
      expect([past.hash(), past.result.objects]).toEqual([through.hash(), through.result.objects]);
    }
  });

  it("what is kept is in the file at that moment, windows that were still being written included", async () => {
    for (const io of ["direct", "buffered"] as const) {
      const files = fileShards(join(folder, `kept-${io}.zarr`), { sync: false, io });
      const bytes = Buffer.from(Uint8Array.from({ length: 2 * MiB }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255));
      for (let round = 0; round < 8; round++) {
        const output = (await files.open(`0/c/0/0/${round}`, 0))!;
        await output.append(bytes);
        await output.keep();
        // read at once, in this thread: what is written by others later is not there
        expect(readFileSync(output.path!).equals(bytes)).toBe(true);
        await output.close();
      }
    }
  });

  it("waits for a slow target, in the memory that it has", async () => {
    const files = fileShards(join(folder, "out.zarr"), { sync: true });
    let most = 0;
    let waiting = 0;
    const sink: ShardSink = {
      async open(key, have) {
        const output = (await files.open(key, have))!;
        return {
          ...output,
          async append(bytes) {
            most = Math.max(most, ++waiting);
            await new Promise((resolve) => setTimeout(resolve, 3));
            await output.append(bytes);
            waiting--;
          },
        };
      },
    };
    const shape: Triple = [20, 140, 1030];
    const slow = await write({ shape, sink, threads: 4 });
    expect(slow.hash()).toBe((await write({ shape, out: "fast" })).hash());
    expect(most).toBeLessThanOrEqual(3); // one at a time in each level's shard
  });
});

describe("shards of an interrupted attempt", () => {
  const shape: Triple = [520, 530, 3]; // four units

  it("are gone on with behind any number of units, to the same bytes", async () => {
    // one has statistics and one has none
    for (const [form, bytesMax] of [
      ["volume-int8", undefined],
      ["mask", 1],
    ] as const) {
      const units: UnitReceipt[] = [];
      const scratch = join(folder, `scratch${bytesMax}`);
      const whole = await write({
        shape,
        form,
        bytesMax,
        scratch,
        onUnit: async (unit) => void units.push(unit),
        out: `whole${bytesMax}`,
      });
      expect(units.map(({ unit }) => unit)).toEqual([0, 1, 2, 3]);
      const wanted = whole.hash();
      for (const kept of [[0], [0, 1], [0, 2], [1, 2, 3], [0, 1, 2, 3]]) {
        const out = `again${bytesMax}-${kept.join("")}`;
        // an attempt leaves what it would have ended with
        cpSync(join(folder, `whole${bytesMax}.mrc`), join(folder, `${out}.mrc`));
        cpSync(join(folder, `whole${bytesMax}.zarr`), join(folder, `${out}.zarr`), { recursive: true });
        const first = kept.findIndex((unit, i) => unit !== i);
        const count = first < 0 ? kept.length : first;
        // rubbish behind what was noted
        const ends = endsAfter(units.slice(0, count), whole.result.shards!, whole.result.chunk);
        for (const name of filesOf(out)) {
          const path = join(folder, `${out}.zarr`, name);
          const end = ends.get(name) ?? 0;
          if (count === units.length) continue;
          writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, end), Buffer.alloc(99, 1)]));
        }
        const noted: number[] = [];
        const finished = JSON.parse(JSON.stringify(units.filter(({ unit }) => kept.includes(unit)))) as UnitReceipt[];
        const again = await write({
          shape,
          form,
          bytesMax,
          scratch,
          finished,
          onUnit: async ({ unit }) => void noted.push(unit),
          out,
        });
        expect(again.hash(), `kept ${kept}`).toBe(wanted);
        expect(again.result).toEqual(whole.result);
        expect(noted).toEqual([0, 1, 2, 3].slice(count));
      }
    }
  });

  it("are refused where their bytes are gone", async () => {
    const units: UnitReceipt[] = [];
    const scratch = join(folder, "scratch");
    await write({ shape, scratch, onUnit: async (unit) => void units.push(unit) });
    truncateSync(join(folder, "out.zarr/0/c/0/0/0"), 10);
    await expect(write({ shape, scratch, finished: units.slice(0, 1), onUnit: async () => {} })).rejects.toThrow("0/c/0/0/0");
  });

  it("stop at a signal, and hand on the failure of whoever takes the bytes", async () => {
    const stop = new AbortController();
    const large: Triple = [64, 300, 300];
    const files = fileShards(join(folder, "f.zarr"), { sync: false });
    /** Something else happens before the first bytes are taken, which is in the middle of it. */
    const sinkThat = (does: () => void): ShardSink => ({
      async open(key, have) {
        const output = (await files.open(key, have))!;
        const append = async (bytes: Uint8Array) => {
          does();
          await output.append(bytes);
        };
        return { ...output, append };
      },
    });
    const stopped = write({ shape: large, signal: stop.signal, sink: sinkThat(() => stop.abort(new Error("signal"))) });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
    const refuse = () => {
      throw new Error("refused");
    };
    await expect(write({ shape: large, out: "f", sink: sinkThat(refuse) })).rejects.toThrow("refused");
    const data = rawFile(large, "volume");
    truncateSync(data.path, 4_000_000);
    await expect(write({ shape: large, data, out: "short", threads: 3 })).rejects.toMatchObject({
      code: "FORMAT_TRUNCATED",
      facts: { place: { file: "source", byte: 4_000_000 } },
    });
    const good = await write({ shape: large, out: "good" });
    expectSame(await good.level(0), LEVEL_0.volume(voxels(large)), "after a failure");
  });
});

/** Bytes of each shard that the chunks of some units have. */
function endsAfter(units: readonly UnitReceipt[], shards: readonly Triple[], chunk: Triple): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { key, size } of units.flatMap(({ objects }) => objects)) {
    const [level = 0, ...at] = key.split("/").map(Number);
    const place = at.map((position, axis) => Math.floor((position * chunk[axis]!) / shards[level]![axis]!));
    const shard = `${level}/c/${place.join("/")}`;
    ends.set(shard, (ends.get(shard) ?? 0) + size);
  }
  return ends;
}
