import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../../core/box.js";
import { randomInt, seededRandom } from "../../../core/random.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { fileStore } from "../../../stores/file/store.js";
import { decodeBloscBox } from "../../kernels/blosc.js";
import { FORMS } from "../plan/forms.js";
import type { RawVolume, UnitReceipt, WriteVolumeOptions } from "../plan/job.js";
import { estimateVolumeMemory } from "../plan/memory.js";
import { nearestIndices, overlap } from "../plan/resampling.js";
import type { MaskSelection } from "../plan/selection.js";
import { openVolume } from "../source/open-volume.js";
import { writeVolume } from "./write-volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-masks-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
let counter = 0;
beforeEach(() => {
  folder = join(root, String(++counter));
  mkdirSync(folder);
});

type Segmentation = { form: "mask"; select: MaskSelection } | { form: "labels" };

async function write(source: RawVolume, segmentation: Segmentation, more: Partial<WriteVolumeOptions> = {}, out = "out") {
  const zarr = join(folder, `${out}.zarr`);
  mkdirSync(zarr, { recursive: true });
  const result = await writeVolume({
    source,
    ...segmentation,
    edge: "present",
    threads: 2,
    memoryBytes: 2 ** 29,
    mrc: { path: join(folder, `${out}.mrc`), headBytes: 1024, head: () => new Uint8Array(1024) },
    zarr: { folder: zarr },
    ...more,
  });
  const { itemBytes } = FORMS[segmentation.form];
  const level = (index: number): Buffer => {
    const shape = result.shapes[index]!;
    const all = Buffer.alloc(volumeOf(shape) * itemBytes);
    const grid = shape.map((length, axis) => Math.ceil(length / result.chunk[axis]!));
    for (const chunk of positions([0, 0, 0], grid)) {
      const at = chunk.map((n, axis) => n * result.chunk[axis]!);
      const size = at.map((from, axis) => Math.min(result.chunk[axis]!, shape[axis]! - from)) as Triple;
      const frame = new Uint8Array(readFileSync(join(zarr, String(index), chunk.join("/"))));
      const part = decodeBloscBox(frame, result.chunk, itemBytes, { start: [0, 0, 0], stop: size })!;
      const row = size[2] * itemBytes;
      for (let line = 0; line < size[0] * size[1]; line++) {
        const [z, y] = [at[0]! + Math.floor(line / size[1]), at[1]! + (line % size[1])];
        all.set(part.subarray(line * row, (line + 1) * row), ((z * shape[1] + y) * shape[2] + at[2]!) * itemBytes);
      }
    }
    return all;
  };
  const hash = () => {
    const sum = createHash("sha256").update(readFileSync(join(folder, `${out}.mrc`)));
    for (const name of (readdirSync(zarr, { recursive: true }) as string[]).sort())
      if (/\d\/\d+\/\d+\/\d+$/.test(name)) sum.update(name).update(readFileSync(join(zarr, name)));
    return sum.digest("hex");
  };
  return { result, level, mrc: () => readFileSync(join(folder, `${out}.mrc`)), hash };
}

interface Golden {
  name: string;
  source: string;
  files: Record<string, string>;
  results: {
    select: MaskSelection | null;
    targetShape: Triple | null;
    levels: { shape: Triple; voxels: string }[];
    statistics: { min: number; max: number; mean: number; rms: number };
    labels: number[] | null;
  }[];
}
const golden: Golden[] = JSON.parse(
  readFileSync(new URL("../../../../test/golden/masks/masks.golden.json", import.meta.url), "utf8"),
);

describe("masks and labels of files that mrcfile and zarr-python wrote", () => {
  it.each(golden)("$name: what numpy, scikit-image and scipy make of it", async ({ source, files, results }) => {
    for (const [key, body] of Object.entries(files)) {
      const path = join(folder, source, key);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path.replace(/\/$/, ""), Buffer.from(body, "base64"));
    }
    const scratch = async () => join(folder, "scratch");
    const { raw } = await openVolume(fileStore(folder), source, { compat: false, scratch });
    for (const [i, { select, targetShape, levels, statistics, labels }] of results.entries()) {
      const what = `${JSON.stringify(select)} to ${targetShape}`;
      const segmentation: Segmentation = select ? { form: "mask", select } : { form: "labels" };
      const { result, level, mrc } = await write(raw, segmentation, { targetShape: targetShape ?? undefined }, `o${i}`);
      expect(result.shapes, what).toEqual(levels.map(({ shape }) => shape));
      for (const [l, { voxels }] of levels.entries()) expect(level(l).toString("base64"), `${what}, level ${l}`).toBe(voxels);
      expect(mrc().subarray(1024).toString("base64"), `${what}, MRC`).toBe(levels[0]!.voxels);
      expect(result.labels ?? null, what).toEqual(labels);
      expect(result.statistics).toMatchObject({ min: statistics.min, max: statistics.max, nonFinite: 0 });
      expect(result.statistics.mean).toBeCloseTo(statistics.mean, 12);
      expect(result.statistics.rms).toBeCloseTo(statistics.rms, 9);
    }
  });
});

/** Labels 0 to 5 with chance, some large ones, and runs along x. */
function labelled(shape: Triple, seed: number): { raw: RawVolume; voxels: Uint16Array } {
  const random = seededRandom(seed);
  const voxels = new Uint16Array(volumeOf(shape));
  for (let at = 0; at < voxels.length; ) {
    const run = 1 + randomInt(random, 9);
    const label = random() < 0.7 ? 0 : random() < 0.05 ? 60_000 + randomInt(random, 5) : randomInt(random, 6);
    voxels.fill(label, at, at + run);
    at += run;
  }
  const path = join(folder, `labels-${seed}.bin`);
  writeFileSync(path, new Uint8Array(voxels.buffer));
  return { raw: { name: "labels", shape, dtype: "uint16", littleEndian: true, data: { path, offset: 0 } }, voxels };
}

/** What a target voxel is, by the definition. */
function resampled(voxels: Uint16Array, n: Triple, m: Triple, segmentation: Segmentation): number[] {
  const at = (z: number, y: number, x: number) => voxels[(z * n[1] + y) * n[2] + x]!;
  const nearest = n.map((length, axis) => nearestIndices(length, m[axis]!));
  const shares = n.map((length, axis) =>
    Array.from({ length: m[axis]! }, (_, i) =>
      Array.from({ length }, (_, k) => [k, overlap(length, m[axis]!, k, i)] as const).filter(([, share]) => share > 0),
    ),
  );
  const values: number[] = [];
  for (const [z, y, x] of positions([0, 0, 0], m) as Iterable<Triple>) {
    if (segmentation.form === "labels") {
      values.push(at(nearest[0]![z]!, nearest[1]![y]!, nearest[2]![x]!));
      continue;
    }
    const { select } = segmentation;
    let [hit, sum] = [0, 0];
    for (const [kz, wz] of shares[0]![z]!)
      for (const [ky, wy] of shares[1]![y]!)
        for (const [kx, wx] of shares[2]![x]!) {
          if ("equals" in select && at(kz, ky, kx) === select.equals) hit = 1;
          sum += wz * wy * wx * at(kz, ky, kx);
        }
    values.push("equals" in select ? hit : Math.fround(sum / volumeOf(n)) >= select.atLeast ? 1 : 0);
  }
  return values;
}

const SEGMENTATIONS: [string, Segmentation][] = [
  ["a label", { form: "mask", select: { equals: 3 } }],
  ["a threshold", { form: "mask", select: { atLeast: 2 } }],
  ["labels", { form: "labels" }],
];

describe("writeVolume of masks and labels", () => {
  it.each(SEGMENTATIONS)(
    "%s: levels follow from one another, in volumes of several units and chunks",
    async (_, segmentation) => {
      for (const [i, shape] of (
        [
          [5, 257, 259],
          [3, 1030, 70],
          [1030, 9, 6],
        ] as Triple[]
      ).entries()) {
        const { raw, voxels } = labelled(shape, 7);
        const { level, mrc, result } = await write(raw, segmentation, {}, `v${i}`);
        const hit = (label: number) =>
          segmentation.form === "labels" ? label : "equals" in segmentation.select ? Number(label === 3) : Number(label >= 2);
        let expected = voxels.map(hit);
        let [nz, ny, nx] = shape;
        for (let l = 0; l < 3; l++) {
          const bytes = segmentation.form === "labels" ? Buffer.from(new Uint16Array(expected).buffer) : Buffer.from(expected);
          expect(Buffer.compare(level(l), bytes), `${shape} level ${l}`).toBe(0);
          if (l === 0) expect(Buffer.compare(mrc().subarray(1024), bytes)).toBe(0);
          const [oz, oy, ox] = [nz, ny, nx].map((n) => Math.ceil(n / 2)) as Triple;
          const next = new Uint16Array(oz * oy * ox);
          for (const [z, y, x] of positions([0, 0, 0], [nz, ny, nx]) as Iterable<Triple>) {
            const value = expected[(z * ny + y) * nx + x]!;
            const to = ((z >> 1) * oy + (y >> 1)) * ox + (x >> 1);
            if (segmentation.form === "mask") next[to]! |= value;
            else if ((z % 2) + (y % 2) + (x % 2) === 0) next[to] = value;
          }
          [expected, nz, ny, nx] = [next, oz, oy, ox];
        }
        expect(result.mrc).toEqual({ size: mrc().length, crc32: crc32(mrc()) });
        expect(result.labels).toEqual(
          segmentation.form === "labels" ? [...new Set(voxels)].filter((label) => label > 0).sort((a, b) => a - b) : undefined,
        );
        // zeros beyond the edges hit nothing, and are never a first voxel
        expect((await write(raw, segmentation, { edge: "zeros" }, `z${i}`)).hash()).toBe(
          (await write(raw, segmentation, {}, `p${i}`)).hash(),
        );
      }
    },
  );

  it.each(SEGMENTATIONS)("%s: resampled voxel by voxel as defined, larger and smaller", async (_, segmentation) => {
    const source: Triple = [6, 7, 10];
    const { raw, voxels } = labelled(source, 3);
    const targets: Triple[] = [
      [6, 7, 9],
      [5, 9, 23],
      [12, 14, 20],
      [13, 300, 3],
      [2, 3, 4],
      [1, 1, 1],
      [6, 7, 10],
    ];
    for (const target of targets) {
      const { level, result } = await write(raw, segmentation, { targetShape: target }, `t${target.join("-")}`);
      const found = level(0);
      const values = segmentation.form === "labels" ? new Uint16Array(new Uint8Array(found).buffer) : found;
      const expected =
        target.join() === source.join() && segmentation.form === "mask" && "atLeast" in segmentation.select
          ? [...voxels].map((value) => Number(value >= 2))
          : resampled(voxels, source, target, segmentation);
      expect([...values], `${source} to ${target}`).toEqual(expected);
      expect(result.shapes[0]).toEqual(target);
    }
    // of a volume that is one voxel along an axis
    const flat = labelled([1, 4, 1], 5);
    const { level } = await write(flat.raw, segmentation, { targetShape: [3, 2, 5] }, "flat");
    const found = segmentation.form === "labels" ? new Uint16Array(new Uint8Array(level(0)).buffer) : level(0);
    expect([...found]).toEqual(resampled(flat.voxels, [1, 4, 1], [3, 2, 5], segmentation));
  });

  it.each(SEGMENTATIONS)("%s: the same bytes whatever the threads, the cut along x, and who reads", async (_, segmentation) => {
    const shape: Triple = [6, 300, 2200];
    const { raw } = labelled(shape, 11);
    const bytes = readFileSync((raw.data as { path: string }).path);
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
    const columns = new Set<number>();
    const cut = {
      memoryBytes: 0.75 * estimateVolumeMemory({ shape, threads: 2, form: segmentation.form, itemBytes: 2 }),
      scratch: join(folder, "scratch"),
      onUnit: async (unit: UnitReceipt) => void columns.add(unit.columns),
    };
    const hashes = [
      await write(raw, segmentation, { threads: 1 }, "a"),
      await write(raw, segmentation, { threads: 3 }, "b"),
      await write(raw, segmentation, cut, "c"),
      await write({ ...raw, data: { read, offset: 0 } }, segmentation, {}, "d"),
    ].map((run) => run.hash());
    expect(new Set(hashes).size).toBe(1);
    expect(Math.max(...columns)).toBeLessThan(2200);
    columns.clear();
    const targetShape: Triple = [9, 280, 2300];
    const resampled = [
      await write(raw, segmentation, { targetShape, threads: 1 }, "e"),
      await write(raw, segmentation, { targetShape, threads: 3 }, "f"),
      await write(raw, segmentation, { targetShape, ...cut }, "g"),
    ].map((run) => run.hash());
    expect(new Set(resampled).size).toBe(1);
    expect(Math.max(...columns)).toBeLessThan(2300);
    await expect(write({ ...raw, data: { read, offset: 0 } }, segmentation, { targetShape }, "h")).rejects.toMatchObject({
      code: "INTERNAL",
    });
  });

  it.each(SEGMENTATIONS)("%s: goes on from any set of finished units to the same bytes", async (_, segmentation) => {
    const { raw } = labelled([515, 515, 2], 13);
    const targetShape: Triple = [1030, 1030, 2]; // four units
    const scratch = join(folder, "scratch");
    const units: UnitReceipt[] = [];
    const whole = await write(
      raw,
      segmentation,
      { targetShape, scratch, onUnit: async (unit) => void units.push(unit) },
      "whole",
    );
    expect(units.length).toBe(4);
    for (const kept of [[0], [1, 3], [0, 1, 2, 3]]) {
      for (const unit of units.filter(({ unit }) => !kept.includes(unit)))
        for (const { key } of unit.objects) writeFileSync(join(folder, "whole.zarr", key), "half");
      const made: string[] = [];
      const again = await write(
        raw,
        segmentation,
        {
          targetShape,
          scratch,
          finished: JSON.parse(JSON.stringify(units.filter(({ unit }) => kept.includes(unit)))) as UnitReceipt[],
          onUnit: async () => {},
          onObject: async ({ key }) => void made.push(key),
        },
        "whole",
      );
      expect(again.result).toEqual(whole.result);
      expect(made.length).toBe(units.filter(({ unit }) => !kept.includes(unit)).flatMap(({ objects }) => objects).length);
    }
  });

  it("compares labels and thresholds as float32, as the portal reads them", async () => {
    const voxels = Float32Array.of(0.1, 0.2, 0.3, 16777216, -1, Number.NaN, Number.POSITIVE_INFINITY, 1);
    const path = join(folder, "floats.bin");
    writeFileSync(path, new Uint8Array(voxels.buffer));
    const raw: RawVolume = { name: "floats", shape: [2, 2, 2], dtype: "float32", littleEndian: true, data: { path, offset: 0 } };
    const taken = async (select: MaskSelection, i: number) => [
      ...(await write(raw, { form: "mask", select }, {}, `f${i}`)).level(0),
    ];
    // numpy 1.26.4: np.float32(0.3) >= 0.3 is True for an array, which takes the scalar's type for its own
    expect(await taken({ atLeast: 0.3 }, 0)).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect(await taken({ equals: 0.2 }, 1)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(await taken({ equals: 16777217 }, 2)).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
    const constant = new Float32Array(5 * 5 * 5).fill(0.3);
    writeFileSync(path, new Uint8Array(constant.buffer));
    const source: RawVolume = { ...raw, shape: [5, 5, 5] };
    for (const targetShape of [
      [7, 3, 11],
      [64, 1, 9],
    ] as Triple[]) {
      const { result } = await write(source, { form: "mask", select: { atLeast: 0.3 } }, { targetShape }, `c${targetShape[0]}`);
      expect(result.statistics.min, "a constant volume keeps its value to the last bit").toBe(1);
    }
  });

  it.each([
    [70_000, "renumber the labels from 1"],
    [-1, "own labels"],
    [2.5, "own labels"],
    [Number.NaN, "own labels"],
  ])("refuses %s as a label, naming value, place and what to do", async (value, hint) => {
    const voxels = new Float32Array(4 * 5 * 600).fill(7);
    voxels[(2 * 5 + 3) * 600 + 555] = value;
    const path = join(folder, "bad.bin");
    writeFileSync(path, new Uint8Array(voxels.buffer));
    const raw: RawVolume = {
      name: "bad.mrc",
      shape: [4, 5, 600],
      dtype: "float32",
      littleEndian: true,
      data: { path, offset: 0 },
    };
    const failure = {
      code: "FORMAT_FIELD",
      message: `bad.mrc: voxel 555,3,2 (x,y,z) is ${value}, labels are whole numbers from 0 to 65535`,
      facts: { place: { file: "bad.mrc" }, hint: expect.stringContaining(hint) },
    };
    await expect(write(raw, { form: "labels" })).rejects.toMatchObject(failure);
    await expect(write(raw, { form: "labels" }, { targetShape: [7, 9, 1199] }, "r")).rejects.toMatchObject(failure);
    // what is no label is no trouble for a mask
    await write(raw, { form: "mask", select: { equals: 7 } }, {}, "m");
  });

  it("says so where the bytes of mode 0 are unsigned", async () => {
    const path = join(folder, "bytes.bin");
    writeFileSync(path, Uint8Array.of(0, 1, 200, 0));
    const data = { path, offset: 0 };
    const raw: RawVolume = { name: "b.mrc", shape: [1, 2, 2], dtype: "int8", flipSign: true, littleEndian: true, data };
    await expect(write(raw, { form: "labels" })).rejects.toMatchObject({
      message: expect.stringContaining("is -128"),
      facts: { hint: expect.stringContaining("mode 6") },
    });
  });
});
