import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { volumeOf } from "../../../core/box.js";
import { randomInt, seededRandom } from "../../../core/random.js";
import type { UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import { endIdleThreads } from "./threads.js";
import { writeVolume } from "./write-volume.js";

/** That the voxels are right is what zarr-python and NumPy say of them in `test/peers/dtype.test.ts`; here, that nothing else matters to them. */
const folder = mkdtempSync(join(tmpdir(), "emporium-integers-"));
afterAll(async () => {
  await endIdleThreads();
  rmSync(folder, { recursive: true, force: true });
});

/** Two units deep, and wide enough to be cut along x. */
const SHAPE: Triple = [1030, 2, 1500];
const random = seededRandom(5);
const voxels = Int16Array.from({ length: volumeOf(SHAPE) }, () => randomInt(random, 300) - 150);
const path = join(folder, "source.raw");
writeFileSync(path, voxels);

async function write(out: string, more: Partial<WriteVolumeOptions> = {}) {
  const mrc = join(folder, `${out}.mrc`);
  const zarr = join(folder, `${out}.zarr`);
  const result = await writeVolume({
    source: { name: "source", shape: SHAPE, dtype: "int16", littleEndian: true, data: { path, offset: 0 } },
    form: "volume-int16",
    edge: "present",
    threads: 2,
    memoryBytes: 2 ** 29,
    mrc: { path: mrc, headBytes: 1024, head: () => new Uint8Array(1024) },
    zarr: { folder: zarr },
    ...more,
  });
  const hash = createHash("sha256").update(readFileSync(mrc));
  for (const name of (readdirSync(zarr, { recursive: true }) as string[]).sort()) {
    if (statSync(join(zarr, name)).isFile()) hash.update(name).update(readFileSync(join(zarr, name)));
  }
  return { result, hash: hash.digest("hex"), mrc: readFileSync(mrc) };
}

describe("a volume that keeps int16", () => {
  const first = write("first");

  it("has an MRC of float32 beside it, whose checksum is that of the file", async () => {
    const { mrc, result } = await first;
    expect(mrc.length).toBe(1024 + 4 * voxels.length);
    const floats = new Float32Array(new Uint8Array(mrc.subarray(1024)).buffer);
    expect(floats.every((value, at) => value === voxels[at])).toBe(true);
    const { crc32 } = await import("node:zlib");
    expect(result.mrc).toEqual({ size: mrc.length, crc32: crc32(mrc) });
    expect(result.statistics).toMatchObject({ min: -150, max: 149, nonFinite: 0, count: voxels.length });
  });

  it("does not depend on threads, on a cut along x, or on where it is read from", async () => {
    const { hash, result } = await first;
    const alone = await write("alone", { threads: 1 });
    expect(alone.hash).toBe(hash);
    const columns = new Set<number>();
    const onUnit = async (unit: UnitReceipt) => void columns.add(unit.columns);
    const cut = { memoryBytes: 1.205 * 2 ** 20, scratch: join(folder, "narrow"), onUnit };
    const narrow = await write("narrow", { threads: 1, ...cut });
    expect([...columns]).toEqual([1024]);
    expect(narrow.hash).toBe(hash);
    expect(narrow.result.mrc).toEqual(result.mrc);
    const bytes = new Uint8Array(voxels.buffer);
    const read = async (offset: number, length: number) => bytes.slice(offset, offset + length);
    const source = { name: "far", shape: SHAPE, dtype: "int16" as const, littleEndian: true };
    expect((await write("far", { source: { ...source, data: { read, offset: 0 } } })).hash).toBe(hash);
    const swapped = Uint8Array.from(bytes, (_, at) => bytes[at ^ 1]!);
    const other = join(folder, "swapped.raw");
    writeFileSync(other, swapped);
    expect((await write("swapped", { source: { ...source, littleEndian: false, data: { path: other, offset: 0 } } })).hash).toBe(
      hash,
    );
  });

  it("goes on after the units that were done", async () => {
    const { hash, result } = await first;
    const done: UnitReceipt[] = [];
    const onUnit = async (receipt: UnitReceipt) => void done.push(receipt);
    await write("resumed", { scratch: join(folder, "scratch"), onUnit });
    expect(done.length).toBe(2);
    const again = await write("resumed", {
      scratch: join(folder, "scratch"),
      onUnit,
      finished: done.filter(({ unit }) => unit === 0),
    });
    expect(again.hash).toBe(hash);
    expect(again.result.statistics).toEqual(result.statistics);
    expect(again.result.histogram).toEqual(result.histogram);
  });

  it("sums up the planes of a slab as float32 does", async () => {
    const slab = { z0: 500, z1: 515 };
    const kept = await write("slab", { slab });
    const floats = await write("floats", { slab, form: "volume" });
    expect(kept.result.slab).toEqual(floats.result.slab);
    expect(floats.mrc.equals(kept.mrc)).toBe(true);
  });
});
