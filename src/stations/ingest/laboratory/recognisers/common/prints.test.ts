import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { zarrFiles } from "../../../../../../test/zarr-volume.js";
import { float16Of } from "../../../../../arrays/plane/convert.js";
import { onlyWith } from "../../survey/only-with.js";
import { areOpposite, holdsSectionsOf, printsOf, showTheSame } from "./prints.js";

const HEADER = 1024;
const stack = (seed: number, size = 64, images = 6) => mrcFile([images, size, size], 2, { kind: "stack", seed });
/** A stack of these sections of another one. */
const sectionsOf = (bytes: Uint8Array, wanted: readonly number[]) => {
  const own = stack(99, 64, wanted.length);
  for (const [at, z] of wanted.entries())
    own.set(bytes.subarray(HEADER + z * 64 * 64 * 4, HEADER + (z + 1) * 64 * 64 * 4), HEADER + at * 64 * 64 * 4);
  return own;
};
/** Means of two by two pixels, with another value added. */
const binned = (bytes: Uint8Array) => {
  const own = stack(99, 32);
  const [from, to] = [bytes, own].map((one) => new Float32Array(one.buffer, HEADER));
  for (let at = 0; at < to!.length; at++) {
    const [z, y, x] = [Math.floor(at / 1024), Math.floor((at % 1024) / 32), at % 32];
    const corner = z * 4096 + 2 * y * 64 + 2 * x;
    to![at] = 3 + from![corner]! + from![corner + 1]! + from![corner + 64]! + from![corner + 65]!;
  }
  return own;
};
const compared = async (a: Uint8Array, b: Uint8Array) =>
  showTheSame(await laboratoryWith({ "a.mrc": a, "b.mrc": b }), "a.mrc", "b.mrc");

describe("two stacks", () => {
  it("show the same images in another order, without some of them, and binned", async () => {
    const whole = stack(1);
    expect(await compared(whole, sectionsOf(whole, [2, 3, 4, 5, 0, 1]))).toBe(true);
    expect(await compared(whole, sectionsOf(whole, [5, 1, 0]))).toBe(true);
    expect(await compared(whole, binned(whole))).toBe(true);
  });

  it("show the same binned, in the order of recording, which begins in the middle", async () => {
    const whole = stack(1);
    expect(await compared(binned(whole), sectionsOf(whole, [3, 2, 4, 1, 5, 0]))).toBe(true);
    expect(await compared(sectionsOf(whole, [3, 2, 4, 1, 5, 0]), binned(whole))).toBe(true);
  });

  it("tell nothing where one of them is aligned, and looks otherwise", async () => {
    const seen = async (a: string, b: string, seed: number) =>
      showTheSame(await laboratoryWith({ [a]: stack(1), [b]: stack(seed) }), a, b);
    expect(await seen("TS_01.ali", "TS_01.mrc", 2)).toBeUndefined();
    expect(await seen("TS_01.st", "TS_01_ali.mrc", 2)).toBeUndefined();
    expect(await seen("TS_01.st", "TS_01_ali.mrc", 1)).toBe(true);
    expect(await seen("TS_01.st", "TS_01_aligned.mrc", 2)).toBeUndefined();
    expect(await seen("a/TS_01.ali", "b/TS_01.ali", 2)).toBe(false);
  });

  it("show others, or nothing that tells it", async () => {
    expect(await compared(stack(1), stack(2))).toBe(false);
    expect(await compared(stack(1), binned(stack(2)))).toBe(false);
    const empty = mrcFile([6, 64, 64], 2, { kind: "stack", value: 0 });
    expect(await compared(empty, stack(1))).toBeUndefined();
    expect(await compared(empty, empty)).toBeUndefined();
  });
});

it("a volume that was trimmed, or a copy that broke off, has sections of the whole one", async () => {
  const whole = mrcFile([8, 64, 64], 10, { seed: 1 });
  const part = (bytes: Uint8Array, first: number) => {
    const own = mrcFile([4, 64, 64], 10, { value: 0 });
    own.set(bytes.subarray(HEADER + first * 64 * 64 * 4, HEADER + (first + 4) * 64 * 64 * 4), HEADER);
    return own;
  };
  const holds = async (b: Uint8Array) => holdsSectionsOf(await laboratoryWith({ "a.mrc": whole, "b.mrc": b }), "a.mrc", "b.mrc");
  expect([await holds(part(whole, 0)), await holds(part(whole, 3))]).toEqual([true, true]);
  expect(await holds(part(mrcFile([8, 64, 64], 10, { seed: 2 }), 0))).toBe(false);
  expect(await holds(mrcFile([4, 64, 64], 10, { value: 0 }))).toBe(false);
  expect(await holds(mrcFile([4, 32, 64], 10, { seed: 1 }))).toBe(false);
});

it("a volume with its contrast turned over is told from others, in whatever scale", async () => {
  const volume = (seed: number) => mrcFile([6, 64, 64], 10, { seed });
  const changed = (bytes: Uint8Array, change: (value: number) => number) => {
    const own = bytes.slice();
    const values = new Float32Array(own.buffer, HEADER);
    values.set(values.map(change));
    return own;
  };
  const opposite = async (b: Uint8Array) =>
    areOpposite(await laboratoryWith({ "a.mrc": volume(1), "b.mrc": b }), "a.mrc", "b.mrc");
  expect(await opposite(changed(volume(1), (value) => 7 - 3 * value))).toBe(true);
  expect(await opposite(changed(volume(1), (value) => 7 + 3 * value))).toBe(false);
  expect(await opposite(changed(volume(2), (value) => -value))).toBe(false);
  expect(await opposite(mrcFile([6, 64, 64], 10, { value: 0 }))).toBe(false);
});

it("an OME-Zarr of half precision has the numbers of the volume that it is a copy of", async () => {
  const value = (z: number, y: number, x: number) => ((z * 31 + y * 17 + x * 7) % 101) / 8;
  const mrc = mrcFile([4, 20, 20], 10);
  new Float32Array(mrc.buffer, HEADER).forEach((_, at, all) => {
    all[at] = value(Math.floor(at / 400), Math.floor((at % 400) / 20), at % 20);
  });
  const zarr = zarrFiles({
    ...{ shape: [4, 20, 20], dtype: "float16", chunk: [4, 20, 20], scale: [10, 10, 10], unit: "angstrom" },
    value: (z, y, x) => float16Of(value(z, y, x)),
  });
  const files = [...zarr].map(([key, body]) => [`b.zarr/${key}`, body instanceof Uint8Array ? body : JSON.stringify(body)]);
  const laboratory = await laboratoryWith({ "a.mrc": mrc, ...Object.fromEntries(files) });
  expect(await printsOf(laboratory, "b.zarr")).toEqual(await printsOf(laboratory, "a.mrc"));
});

it("prints of a file are made once, also where a part of the laboratory is looked at after the whole", async () => {
  const laboratory = await laboratoryWith({ "a/TS_1.st": mrcFile([4, 20, 20], 1, { kind: "stack", seed: 1 }) });
  let opened = 0;
  const counted = { ...laboratory, open: (path: string) => (opened++, laboratory.open(path)) };
  const whole = await printsOf(counted, "a/TS_1.st");
  expect(
    await printsOf(
      onlyWith(counted, () => true),
      "a/TS_1.st",
    ),
  ).toBe(whole);
  expect([whole?.length, opened]).toEqual([4, 1]);
  expect(
    await printsOf(
      onlyWith(counted, () => false),
      "a/TS_1.st",
    ),
  ).toBeUndefined();
});
