import { describe, expect, it } from "vitest";
import { type MemoryLevel, memoryVolume } from "../../../test/memory-volume.js";
import type { Triple } from "../../core/box.js";
import type { BlockData } from "./edges.js";
import { register } from "./register.js";

const row = (length: number, level: Partial<MemoryLevel> = {}) =>
  memoryVolume([{ shape: [1, 1, length], dtype: "float32", ...level }]);
const request = { shape: [1, 1, 4] as Triple, order: "scan" as const, prefetch: 0, edge: "constant" as const, constant: -1 };

/** The first block of an array beside a grid of 1 nm from 0. */
async function firstOf(
  labels: ReturnType<typeof memoryVolume>,
  options: Omit<Parameters<typeof register<"image" | "labels">>[1], "grid">,
) {
  const pair = register({ image: row(8), labels }, { grid: "image", ...options });
  for await (const block of pair.blocks(request)) return (await block.read()).labels;
  throw new Error("no block");
}

const numbers = ({ data }: BlockData) => [...data].map(Number);

describe("register", () => {
  it("reads arrays that share a lattice as they are, wherever they begin", async () => {
    // begins one voxel later: before it there is nothing
    const labels = row(9, { offsetNm: [0, 0, 1], dtype: "uint8", value: (_z, _y, x) => 10 + x });
    const block = await firstOf(labels, {});
    // −1 as a byte
    expect(numbers(block)).toEqual([255, 10, 11, 12]);
    expect(block.valid).toEqual({ start: [0, 0, 1], stop: [1, 1, 4] });
    expect(block.box).toEqual({ start: [0, 0, 0], stop: [1, 1, 4] });
    expect(labels.reads.map(({ box }) => box)).toEqual([{ start: [0, 0, 0], stop: [1, 1, 3] }]);
  });

  it("takes the nearest voxel, half way the later one", async () => {
    // voxels of 2 nm with centers at 0.5, 2.5, 4.5 …: those of the grid lie at −0.25, 0.25, 0.75, 1.25 of them
    const halved = row(4, { voxelSizeNm: [1, 1, 2], offsetNm: [0, 0, 0.5], value: (_z, _y, x) => 100 * (x + 1) });
    expect(numbers(await firstOf(halved, { labels: "nearest" }))).toEqual([100, 100, 200, 200]);
    const between = row(9, { offsetNm: [0, 0, 0.5], value: (_z, _y, x) => 100 * (x + 1) });
    // at −0.5, 0.5, 1.5, 2.5
    expect(numbers(await firstOf(between, { labels: "nearest" }))).toEqual([100, 200, 300, 400]);
  });

  it("goes between voxels by their distance", async () => {
    const halved = row(4, { voxelSizeNm: [1, 1, 2], offsetNm: [0, 0, 0.5], value: (_z, _y, x) => 100 * (x + 1) });
    // at −0.25 a quarter of the constant, −1
    expect(numbers(await firstOf(halved, { labels: "linear" }))).toEqual([74.75, 125, 175, 225]);
    const whole = row(9, { dtype: "int16", offsetNm: [0, 0, -0.5], value: (_z, _y, x) => -x });
    // −0.5, −1.5, …: halves away from 0
    expect(numbers(await firstOf(whole, { labels: "linear" }))).toEqual([-1, -2, -3, -4]);
  });

  it("by default accepts half a voxel, and refuses more", async () => {
    const near = row(9, { offsetNm: [0, 0, 0.4], value: (_z, _y, x) => x });
    expect(numbers(await firstOf(near, {}))).toEqual([0, 1, 2, 3]);
    const stretched = row(9, { voxelSizeNm: [1, 1, 1.5] });
    await expect(firstOf(stretched, {})).rejects.toMatchObject({
      code: "USAGE",
      facts: { hint: expect.stringContaining("nearest") },
    });
    await expect(firstOf(near, { mismatchMax: 0.3 })).rejects.toMatchObject({ code: "USAGE" });
    // the farther from the beginning, the farther apart
    // after seven steps a third of a voxel
    expect(numbers(await firstOf(row(9, { voxelSizeNm: [1, 1, 1.05] }), {}))).toHaveLength(4);
    await expect(firstOf(row(9, { voxelSizeNm: [1, 1, 1.3] }), {})).rejects.toMatchObject({ code: "USAGE" });
  });

  it("takes the level whose voxels are nearest in size, or the stated one", async () => {
    const levels = memoryVolume(
      [0.25, 0.5, 1, 2].map((size): MemoryLevel => ({ shape: [4, 4, 40 / size], voxelSizeNm: [1, 1, size], value: () => size })),
    );
    expect(numbers(await firstOf(levels, {}))[0]).toBe(1);
    expect(numbers(await firstOf(levels, { levels: { labels: 3 }, labels: "nearest" }))[0]).toBe(2);
  });

  it("moves an array as a transform says, and refuses to rotate it", async () => {
    const labels = row(9, { value: (_z, _y, x) => x });
    const moved = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0.5, -1],
    ] as const;
    // world = 0.5 · x − 1, so that the grid's voxels lie at 2, 4, 6, 8
    expect(numbers(await firstOf(labels, { labels: "nearest", transforms: { labels: moved } }))).toEqual([2, 4, 6, 8]);
    const rotated = [
      [1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, -1, 0, 0],
    ] as const;
    await expect(firstOf(labels, { transforms: { labels: rotated } })).rejects.toMatchObject({ code: "USAGE" });
    const sheared = [
      [1, 0, 0, 0],
      [0, 1, 0.1, 0],
      [0, 0, 1, 0],
    ] as const;
    await expect(firstOf(labels, { transforms: { labels: sheared } })).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      facts: { hint: expect.stringContaining("resample") },
    });
  });

  it("gives batches with one array a name", async () => {
    const pair = register(
      { image: row(8), labels: row(4, { dtype: "uint16", voxelSizeNm: [1, 1, 2], offsetNm: [0, 0, 0.5] }) },
      { grid: "image", labels: "nearest" },
    );
    for await (const { arrays, shape } of pair.batches({ ...request, size: 2 })) {
      expect(shape).toEqual([2, 1, 1, 4]);
      expect([...arrays.image!].map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(arrays.labels).toEqual(Uint16Array.of(0, 0, 1, 1, 2, 2, 3, 3));
    }
  });

  it("keeps labels of 64 bits, and does not interpolate them", async () => {
    const big = memoryVolume([{ shape: [1, 1, 9], dtype: "uint64", offsetNm: [0, 0, 0.5], value: (_z, _y, x) => 2 ** 40 + x }]);
    expect(numbers(await firstOf(big, { labels: "nearest" }))).toEqual([0, 1, 2, 3].map((x) => 2 ** 40 + x));
    await expect(firstOf(big, { labels: "linear" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each<[string, () => unknown]>([
    ["a grid that is no array", () => register({ image: row(8) }, { grid: "labels" as "image" })],
    ["a method for no array", () => register({ image: row(8) }, { grid: "image", other: "nearest" } as { grid: "image" })],
    ["a method that is none", () => register({ image: row(8), a: row(8) }, { grid: "image", a: "cubic" as "linear" })],
    ["an array with the name of an option", () => register({ image: row(8), levels: row(8) }, { grid: "image" })],
  ])("refuses %s", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
