import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { openDirect } from "../../../stores/file/direct.js";
import { decodeBloscBox } from "../../kernels/blosc.js";
import { meanYX, meanZYX, type Plane } from "../../kernels/plain.js";
import type { VolumeForm } from "../plan/forms.js";
import type { UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import { estimateVolumeMemory } from "../plan/memory.js";
import { writeVolume } from "./write-volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-volume-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let counter = 0;
beforeEach(() => {
  folder = join(root, String(++counter));
  mkdirSync(folder);
});

/** The laboratory's formula: any flipped or swapped axis changes single voxels, and sums are exact in float32. */
const value = (z: number, y: number, x: number) => ((x + 3 * y + 7 * z) % 101) - 50;

function voxels([nz, ny, nx]: Triple): Float32Array {
  const all = new Float32Array(nz * ny * nx);
  let at = 0;
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) all[at++] = value(z, y, x);
  return all;
}

function rawFile(shape: Triple, dtype: DType = "int8", littleEndian = true, offset = 100): { path: string; offset: number } {
  const all = voxels(shape);
  const bytes = { int8: Int8Array, int16: Int16Array, float32: Float32Array }[dtype as "int8"].from(all);
  const raw = Buffer.from(bytes.buffer);
  if (!littleEndian)
    if (dtype === "int16") raw.swap16();
    else raw.swap32();
  const path = join(folder, `raw-${dtype}-${littleEndian}.bin`);
  writeFileSync(path, Buffer.concat([Buffer.alloc(offset), raw]));
  return { path, offset };
}

/** Whether the temporary folder lets itself be written past the page cache: memory does not. */
const hasDirect = (() => {
  const path = join(root, "probe");
  writeFileSync(path, "");
  const fd = openDirect(path, constants.O_WRONLY);
  if (fd === undefined) console.warn("skipped: no direct I/O in the temporary folder");
  else closeSync(fd);
  return fd !== undefined;
})();

/** What compresses badly, so that whole pages are written; with a run of zeros, of which they are not. */
function noiseFile(shape: Triple, dtype: DType, offset: number): { path: string; offset: number } {
  const bytes = Buffer.alloc(offset + volumeOf(shape) * { float32: 4, int16: 2, int8: 1 }[dtype as "int8"]);
  let state = 12345;
  for (let at = offset; at < bytes.length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    // exponents of floats stay small
    bytes[at] = dtype === "float32" && (at - offset) % 4 === 3 ? 0x3f : state >>> 24;
  }
  bytes.fill(0, offset + Math.floor(bytes.length / 3), offset + Math.floor(bytes.length / 2));
  const path = join(folder, `noise-${dtype}-${offset}.bin`);
  writeFileSync(path, bytes);
  return { path, offset };
}

interface Extra extends Partial<WriteVolumeOptions> {
  shape: Triple;
  dtype?: DType;
  littleEndian?: boolean;
  data?: WriteVolumeOptions["source"]["data"];
  out?: string;
}

async function write({ shape, dtype = "int8", littleEndian = true, data, out = "out", ...options }: Extra) {
  const zarr = join(folder, `${out}.zarr`);
  mkdirSync(zarr, { recursive: true });
  const result = await writeVolume({
    source: { name: "source", shape, dtype, littleEndian, data: data ?? rawFile(shape, dtype, littleEndian) },
    form: "volume",
    edge: "present",
    threads: 2,
    memoryBytes: 2 ** 29,
    mrc: {
      path: join(folder, `${out}.mrc`),
      headBytes: 1024,
      head: ({ min, max }) => new Uint8Array(Float32Array.from({ length: 256 }, (_, i) => [min, max][i] ?? 0).buffer),
    },
    zarr: { folder: zarr },
    ...options,
  });
  // golden frames of the C library prove this decoder; only the voxels inside the volume are decoded, 64 MiB chunks are mostly padding here
  const level = (index: number) => {
    const shape = result.shapes[index]!;
    const all = new Float32Array(volumeOf(shape));
    const grid = shape.map((length, axis) => Math.ceil(length / result.chunk[axis]!));
    for (const chunk of positions([0, 0, 0], grid)) {
      const at = chunk.map((n, axis) => n * result.chunk[axis]!);
      const size = at.map((from, axis) => Math.min(result.chunk[axis]!, shape[axis]! - from)) as Triple;
      const frame = new Uint8Array(readFileSync(join(zarr, String(index), chunk.join("/"))));
      const part = new Float32Array(decodeBloscBox(frame, result.chunk, 4, { start: [0, 0, 0], stop: size })!.buffer);
      for (const [z, y] of positions([0, 0], size.slice(0, 2)) as Iterable<[number, number]>) {
        const row = part.subarray((z * size[1] + y) * size[2], (z * size[1] + y + 1) * size[2]);
        all.set(row, ((at[0]! + z) * shape[1] + at[1]! + y) * shape[2] + at[2]!);
      }
    }
    return all;
  };
  return { result, level, mrc: () => new Uint8Array(readFileSync(join(folder, `${out}.mrc`))), hash: () => treeHash(out) };
}

/** One hash of the MRC and all chunks. */
function treeHash(out: string): string {
  const hash = createHash("sha256").update(readFileSync(join(folder, `${out}.mrc`)));
  const zarr = join(folder, `${out}.zarr`);
  for (const name of (readdirSync(zarr, { recursive: true }) as string[]).sort()) {
    hash.update(name);
    if (/\d\/\d+\/\d+\/\d+$/.test(name)) hash.update(readFileSync(join(zarr, name)));
  }
  return hash.digest("hex");
}

/** Equality of long arrays, without a report of each element. */
function expectSame(found: Float32Array, expected: Float32Array, what: string): void {
  expect(found.length, what).toBe(expected.length);
  expect(
    found.findIndex((value, i) => value !== expected[i]),
    what,
  ).toBe(-1);
}

/** The next level by the plain kernels. */
function coarser(all: Float32Array, [nz, ny, nx]: Triple, form: VolumeForm, zeros: boolean): Float32Array {
  const plane = (z: number): Plane => ({ voxels: all.subarray(z * ny * nx, (z + 1) * ny * nx), row: nx });
  const planes: Float32Array[] = [];
  if (form === "series") for (let z = 0; z < nz; z++) planes.push(meanYX(plane(z), ny, nx, zeros));
  else for (let z = 0; z < nz; z += 2) planes.push(meanZYX(plane(z), z + 1 < nz ? plane(z + 1) : undefined, ny, nx, zeros));
  return Float32Array.from(planes.flatMap((one) => [...one]));
}

describe("writeVolume", () => {
  const shapes: Record<"volume" | "series", Triple[]> = {
    volume: [
      [1, 1, 1],
      [2, 3, 5],
      [30, 46, 50],
      [5, 257, 259],
      [3, 1030, 70],
      [1030, 9, 6],
    ],
    series: [
      [1, 1, 1],
      [2, 3, 5],
      [7, 46, 50],
      [2, 257, 1030],
      [2, 1030, 70],
      [1, 4100, 6],
    ],
  };
  for (const form of ["volume", "series"] as const) {
    for (const edge of ["present", "zeros"] as const) {
      it(`gives level 0 as read and the means of all ${form === "series" ? "1×2×2" : "2×2×2"} blocks, edges by "${edge}"`, async () => {
        for (const [i, shape] of shapes[form].entries()) {
          const { result, level, mrc } = await write({ shape, form, edge, out: `o${i}` });
          let expected = voxels(shape);
          expectSame(new Float32Array(mrc().buffer.slice(1024)), expected, `${shape} MRC`);
          for (let l = 0; l < 3; l++) {
            expectSame(level(l), expected, `${shape} level ${l}`);
            expected = coarser(expected, result.shapes[l]!, form, edge === "zeros");
          }
        }
      });
    }
  }

  it("reads other types and byte orders to the same bytes", async () => {
    const shape: Triple = [7, 50, 33];
    const hashes = new Set<string>();
    for (const [i, [dtype, littleEndian]] of (
      [
        ["int8", true],
        ["int16", true],
        ["int16", false],
        ["float32", true],
        ["float32", false],
      ] as const
    ).entries()) {
      hashes.add((await write({ shape, dtype, littleEndian, out: `t${i}` })).hash());
    }
    expect(hashes.size).toBe(1);
  });

  it("gives the same bytes whatever the threads, the cut along x, and whether it reads a file or asks for ranges", async () => {
    const shape: Triple = [9, 300, 2200];
    const path = rawFile(shape);
    const bytes = readFileSync(path.path);
    const asked: number[] = [];
    const read = async (offset: number, length: number) => {
      asked.push(length);
      return bytes.subarray(offset, offset + length);
    };
    const columns = new Set<number>();
    const onUnit = async (unit: UnitReceipt) => void columns.add(unit.columns);
    const cut = {
      memoryBytes: 0.75 * estimateVolumeMemory({ shape, threads: 2, itemBytes: 1 }),
      scratch: join(folder, "scratch"),
      onUnit,
    };
    const runs = [
      await write({ shape, data: path, threads: 1, out: "a" }),
      await write({ shape, data: path, threads: 3, out: "b" }),
      await write({ shape, data: path, ...cut, out: "c" }),
      await write({ shape, data: { read, offset: path.offset }, out: "d" }),
    ];
    expect(new Set(runs.map((run) => run.hash())).size).toBe(1);
    expect(new Set(runs.map((run) => run.result.mrc!.crc32)).size).toBe(1);
    expect(Math.max(...columns)).toBeLessThan(2200);
    expect(
      asked.reduce((sum, length) => sum + length, 0),
      "each byte is asked for once",
    ).toBe(9 * 300 * 2200);
  });

  it.runIf(hasDirect)("gives the same bytes past the page cache as through it, wherever voxels begin", async () => {
    const cases: (Omit<Extra, "data"> & { offset: number; from?: (i: number) => number })[] = [
      { shape: [5, 300, 1100], dtype: "float32", offset: 1024 },
      { shape: [6, 1030, 270], dtype: "float32", littleEndian: false, offset: 5 },
      { shape: [70, 260, 270], dtype: "int16", offset: 4096 },
      { shape: [2, 1100, 1030], dtype: "float32", offset: 1024, form: "series" },
      { shape: [40, 270, 300], dtype: "int8", offset: 3, form: "mask", select: { atLeast: 3 } },
      { shape: [3, 200, 130], dtype: "float32", offset: 1024 },
    ];
    for (const [i, { offset, ...one }] of cases.entries()) {
      const path = noiseFile(one.shape, one.dtype!, offset);
      const through = await write({ ...one, data: path, io: { read: "buffered", write: "buffered" }, out: `through${i}` });
      for (const threads of [1, 3]) {
        const out = `past${i}-${threads}`;
        const past = await write({ ...one, data: path, threads, io: { read: "direct", write: "direct" }, out });
        expect(treeHash(out), `case ${i}`).toBe(treeHash(`through${i}`));
        expect([past.result.mrc, past.result.objects]).toEqual([
          through.result.mrc,
          through.result.objects.map(({ key, size, crc32 }) => ({ key, size, crc32 })),
        ]);
      }
    }
  });

  it.runIf(hasDirect)("says where a source ends too early past the page cache, too", async () => {
    const shape: Triple = [4, 256, 1024];
    const path = noiseFile(shape, "float32", 1024);
    truncateSync(path.path, 1024 + 3 * 2 ** 20 + 7);
    await expect(write({ shape, dtype: "float32", data: path, io: { read: "direct" } })).rejects.toMatchObject({
      code: "FORMAT_TRUNCATED",
      facts: { place: { file: "source", byte: 1024 + 3 * 2 ** 20 + 7 } },
    });
  });

  it("knows the checksum and size of everything that it wrote", async () => {
    for (const [i, shape] of (
      [
        [5, 1500, 20],
        [1030, 12, 20],
      ] as Triple[]
    ).entries()) {
      const { result, mrc } = await write({ shape, out: `k${i}` });
      expect(result.mrc).toEqual({ size: mrc().length, crc32: crc32(mrc()) });
      for (const object of result.objects) {
        const chunk = readFileSync(join(folder, `k${i}.zarr`, object.key));
        expect([object.size, object.crc32], object.key).toEqual([chunk.length, crc32(chunk)]);
      }
      expect(result.objects.length).toBe(
        readdirSync(join(folder, `k${i}.zarr`), { recursive: true }).filter((name) => /\d\/\d+\/\d+\/\d+$/.test(String(name)))
          .length,
      );
    }
  });

  it("measures what numpy measures, and keeps voxels that are not finite out of it", async () => {
    // numpy 1.26.4: v = ((x + 3*y + 7*z) % 101 - 50) on [9, 20, 30]; v.min(), v.max(), v.mean(dtype="f8"), v.std(dtype="f8")
    const { result } = await write({ shape: [9, 20, 30] });
    expect(result.statistics).toMatchObject({ min: -50, max: 50, nonFinite: 0, count: 5400 });
    expect(result.statistics.mean).toBeCloseTo(6.392407407407408, 12);
    expect(result.statistics.rms).toBeCloseTo(27.37033230526597, 12);
    const all = voxels([9, 20, 30]);
    all[17] = Number.NaN;
    all[18] = Number.POSITIVE_INFINITY;
    const path = join(folder, "nan.bin");
    writeFileSync(path, new Uint8Array(all.buffer));
    const odd = await write({ shape: [9, 20, 30], dtype: "float32", data: { path, offset: 0 }, out: "nan" });
    expect(odd.result.statistics).toMatchObject({ min: -50, max: 50, nonFinite: 2 });
  });

  it("goes on from any set of finished units to the same bytes, and repeats none of them", async () => {
    const shape: Triple = [1030, 1030, 3]; // four units
    const units: UnitReceipt[] = [];
    const scratch = join(folder, "scratch");
    const whole = await write({ shape, scratch, onUnit: async (unit) => void units.push(unit), out: "whole" });
    expect(units.map(({ unit }) => unit).sort()).toEqual([0, 1, 2, 3]);
    const wanted = whole.hash();
    for (const kept of [[0], [0, 2], [1, 3], [0, 1, 2, 3]]) {
      // what an interrupted attempt leaves: everything of the kept units, rubbish elsewhere
      const out = `again${kept.join("")}`;
      cpSync(join(folder, "whole.mrc"), join(folder, `${out}.mrc`));
      cpSync(join(folder, "whole.zarr"), join(folder, `${out}.zarr`), { recursive: true });
      for (const unit of units.filter(({ unit }) => !kept.includes(unit)))
        for (const { key } of unit.objects) writeFileSync(join(folder, `${out}.zarr`, key), "half");
      const made: string[] = [];
      const again = await write({
        shape,
        scratch,
        finished: JSON.parse(JSON.stringify(units.filter(({ unit }) => kept.includes(unit)))) as UnitReceipt[],
        onUnit: async () => {},
        onObject: async ({ key }) => void made.push(key),
        out,
      });
      expect(again.hash(), `kept ${kept}`).toBe(wanted);
      expect(again.result.statistics).toEqual(whole.result.statistics);
      expect(again.result.histogram).toEqual(whole.result.histogram);
      expect(again.result.mrc).toEqual(whole.result.mrc);
      expect(made.sort()).toEqual(
        units
          .filter(({ unit }) => !kept.includes(unit))
          .flatMap(({ objects }) => objects.map(({ key }) => key))
          .sort(),
      );
    }
  });

  it("stops reading while too much waits to be sent", async () => {
    let waiting = 0;
    let most = 0;
    const { result } = await write({
      shape: [8, 300, 1300],
      pendingBytes: 1,
      onObject: async () => {
        most = Math.max(most, ++waiting);
        await new Promise((resolve) => setTimeout(resolve, 5));
        waiting--;
      },
    });
    expect(result.objects.length).toBeGreaterThan(10);
    expect(most).toBeGreaterThan(0);
  });

  it("names the file and the byte where a source ends too early, and leaves threads fit for the next job", async () => {
    const shape: Triple = [8, 300, 200];
    const data = rawFile(shape);
    truncateSync(data.path, 200_000);
    await expect(write({ shape, data })).rejects.toMatchObject({
      code: "FORMAT_TRUNCATED",
      facts: { place: { file: "source", byte: 200_000 } },
    });
    const short = readFileSync(data.path);
    const read = async (offset: number, length: number) => short.subarray(offset, offset + length);
    await expect(write({ shape, data: { read, offset: 100 }, out: "r" })).rejects.toMatchObject({ code: "FORMAT_TRUNCATED" });
    await write({ shape, out: "good" });
  });

  it("stops at a signal, and hands on the failure of whoever takes the chunks", async () => {
    const shape: Triple = [64, 600, 600];
    const stop = new AbortController();
    const running = write({ shape, signal: stop.signal, onProgress: () => stop.abort(new Error("signal")) });
    setTimeout(() => stop.abort(new Error("signal")), 30);
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    const failing = write({
      shape,
      out: "f",
      onObject: async () => {
        throw new Error("refused");
      },
    });
    await expect(failing).rejects.toThrow("refused");
  });

  it("refuses types that are no voxels of a volume", async () => {
    await expect(write({ shape: [1, 1, 1], dtype: "complex64", data: { path: "none", offset: 0 } })).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
    });
    expect(existsSync(join(folder, "out.mrc"))).toBe(false);
  });
});
