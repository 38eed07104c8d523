import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../../core/box.js";
import { centralSlab } from "../../picture/slab.js";
import type { Slab } from "../plan/geometry.js";
import type { UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import { estimateVolumeMemory } from "../plan/memory.js";
import { fileShards } from "../write/shard-files.js";
import { writeVolume } from "../write/write-volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-slab-"));
afterAll(() => rmSync(root, { recursive: true }));
let counter = 0;

/** Numbers of which no two sums are the same in another order. */
function rough([nz, ny, nx]: Triple): Float32Array {
  const all = new Float32Array(nz * ny * nx);
  let state = 1;
  for (let i = 0; i < all.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    all[i] = (state / 2 ** 32 - 0.5) * 10 ** (state % 5);
  }
  return all;
}

/** The sum in the order of the planes, rounded to float32 after each: what numpy's `sum(axis=0)` gives of float32. */
function expected(all: Float32Array, [, ny, nx]: Triple, { z0, z1 }: Slab): Float32Array {
  const sum = all.slice(z0 * ny * nx, (z0 + 1) * ny * nx);
  for (let z = z0 + 1; z < z1; z++) for (let i = 0; i < sum.length; i++) sum[i]! += all[z * ny * nx + i]!;
  return sum;
}

function same(found: Float32Array | undefined, wanted: Float32Array): boolean {
  return found?.length === wanted.length && found.every((value, i) => Object.is(value, wanted[i]));
}

async function sumOf(all: Float32Array, shape: Triple, slab: Slab, options: Partial<WriteVolumeOptions> = {}) {
  const folder = join(root, String(++counter));
  mkdirSync(folder);
  const path = join(folder, "raw.bin");
  writeFileSync(path, new Uint8Array(all.buffer));
  return writeVolume({
    source: { name: "source", shape, dtype: "float32", littleEndian: true, data: { path, offset: 0 } },
    form: "volume",
    edge: "present",
    threads: 3,
    memoryBytes: 2 ** 29,
    slab,
    ...options,
  });
}

describe("the sum of a slab's planes", () => {
  it("is that of the planes one after the other, to the last bit, whatever the threads and the cut", async () => {
    const shapes: Triple[] = [
      [1, 1, 1],
      [7, 300, 2100],
      [50, 1300, 40],
      [64, 70, 30],
      [9, 2100, 33],
    ];
    for (const shape of shapes) {
      const all = rough(shape);
      const slab = centralSlab(shape[0]);
      const wanted = expected(all, shape, slab);
      const shards = { codec: "blosc-lz4" as const, sink: fileShards(join(root, "shards"), { sync: false }) };
      for (const options of [{ threads: 1 }, { threads: 4 }, { memoryBytes: 56 * 2 ** 20 }, { shards, threads: 4 }]) {
        const { slab: sum } = await sumOf(all, shape, slab, options);
        expect(same(sum, wanted), `${shape.join("×")} ${Object.keys(options)}`).toBe(true);
      }
    }
  });

  it("is the same of a source that is asked for ranges", async () => {
    const shape: Triple = [45, 520, 130];
    const all = rough(shape);
    const bytes = new Uint8Array(all.buffer);
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
    const source = { name: "source", shape, dtype: "float32" as const, littleEndian: true, data: { read, offset: 0 } };
    const { slab } = await sumOf(all, shape, { z0: 2, z1: 42 }, { source });
    expect(same(slab, expected(all, shape, { z0: 2, z1: 42 }))).toBe(true);
  });

  it("joins the sums of two units that lie one below the other", async () => {
    const shape: Triple = [1030, 5, 9];
    const all = rough(shape);
    const { slab } = await sumOf(all, shape, { z0: 1010, z1: 1030 });
    const upper = expected(all, shape, { z0: 1010, z1: 1024 });
    const lower = expected(all, shape, { z0: 1024, z1: 1030 });
    expect(
      same(
        slab,
        upper.map((value, i) => value + lower[i]!),
      ),
    ).toBe(true);
  });

  it("is not told where an earlier attempt has read a part of it, and is where it has read others", async () => {
    const shape: Triple = [1030, 5, 9];
    const all = rough(shape);
    const units: UnitReceipt[] = [];
    const scratch = join(root, "scratch");
    await sumOf(all, shape, { z0: 0, z1: 1 }, { scratch, onUnit: async (unit) => void units.push(unit) });
    expect(units.map(({ unit }) => unit).sort()).toEqual([0, 1]);
    const first = units.filter(({ unit }) => unit === 0);
    const onUnit = async () => {};
    expect((await sumOf(all, shape, { z0: 1000, z1: 1030 }, { scratch, finished: first, onUnit })).slab).toBeUndefined();
    const { slab } = await sumOf(all, shape, { z0: 1024, z1: 1030 }, { scratch, finished: first, onUnit });
    expect(same(slab, expected(all, shape, { z0: 1024, z1: 1030 }))).toBe(true);
  });

  it("fits what is estimated for it, and is left out where memory is short", async () => {
    const shape: Triple = [8, 1024, 1024];
    const memoryBytes = estimateVolumeMemory({ shape, threads: 3, slab: true });
    expect(memoryBytes - estimateVolumeMemory({ shape, threads: 3 })).toBe(2 * 4 * 1024 * 1024);
    const all = new Float32Array(volumeOf(shape)).fill(1);
    expect((await sumOf(all, shape, { z0: 0, z1: 8 }, { memoryBytes })).slab?.every((value) => value === 8)).toBe(true);
    const wide: Triple = [1, 3000, 3000];
    const small = new Float32Array(volumeOf(wide));
    expect((await sumOf(small, wide, { z0: 0, z1: 1 }, { memoryBytes: 64 * 2 ** 20 })).slab).toBeUndefined();
  });
});
