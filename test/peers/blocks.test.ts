import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { keyedPermutation } from "../../src/arrays/blocks/permutation.js";
import { register } from "../../src/arrays/blocks/register.js";
import type { Triple } from "../../src/core/box.js";
import type { DType } from "../../src/core/dtype.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { memoryVolume } from "../memory-volume.js";
import { hasEnvironment, python } from "./environment.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-peers-blocks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const triple = (make: (axis: number) => number) => [make(0), make(1), make(2)] as Triple;
const oneOf = <T>(random: Random, items: readonly T[]) => items[randomInt(random, items.length)]!;

/** Sizes and places of a case: exact in binary, so that coordinates half way between voxels come as well, or any. */
function numbersOf(random: Random, isExact: boolean) {
  const size = () => (isExact ? oneOf(random, [0.5, 1, 2, 4]) : 0.4 + 3 * random());
  const place = () => (isExact ? (randomInt(random, 161) - 80) / 4 : 40 * random() - 20);
  return {
    gridVoxel: triple(size),
    voxel: triple(size),
    gridOffset: triple(place),
    offset: triple(place),
    translation: triple(place),
    factor: triple(() => (isExact ? 1 : 0.7 + random()) * oneOf(random, [1, 1, -1])),
  };
}

const TYPES: readonly DType[] = ["uint8", "int16", "uint16", "int32", "float32", "float64"];

/** An array on a lattice of its own, and the block that is read of it. */
async function makeCase(index: number) {
  const random = seededRandom(index);
  const isExact = index % 2 === 0;
  const method = index % 4 < 2 ? "nearest" : "linear";
  const edge = index % 8 < 4 ? "constant" : "reflect";
  const shape = triple(() => 3 + randomInt(random, 12));
  const dtype = oneOf(random, TYPES);
  const numbers = numbersOf(random, isExact);
  const values = Float64Array.from({ length: shape[0] * shape[1] * shape[2] }, () =>
    dtype.startsWith("float") ? random() - 0.5 : randomInt(random, 200),
  );
  const value = (z: number, y: number, x: number) => values[(z * shape[1] + y) * shape[2] + x]!;
  const array = memoryVolume([{ shape, dtype, value, voxelSizeNm: numbers.voxel, offsetNm: numbers.offset }]);
  const grid = memoryVolume([{ shape: [24, 24, 24], voxelSizeNm: numbers.gridVoxel, offsetNm: numbers.gridOffset }]);
  const { factor, translation } = numbers;
  const transform = [
    [factor[0], 0, 0, translation[0]],
    [0, factor[1], 0, translation[1]],
    [0, 0, factor[2], translation[2]],
  ] as const;
  const constant = edge === "constant" ? 5 : 0;
  const pair = register({ grid0: grid, array }, { grid: "grid0", array: method, transforms: { array: transform } });
  const block = triple(() => 4 + randomInt(random, 16));
  for await (const handle of pair.blocks({ shape: block, halo: 2, edge, constant, order: "scan", prefetch: 0 })) {
    const { data, box, shape: read } = (await handle.read()).array;
    const name = `case-${index}`;
    writeFileSync(join(folder, `${name}.out`), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    writeFileSync(join(folder, `${name}.in`), await array.levels[0]!.read({ start: [0, 0, 0], stop: shape }));
    const mode = edge === "constant" ? "grid-constant" : "reflect";
    return {
      name,
      isExact,
      dtype,
      shape,
      block: read,
      start: box.start,
      ...numbers,
      mode,
      constant,
      order: method === "nearest" ? 0 : 1,
    };
  }
  throw new Error("a grid without blocks");
}

interface Judged {
  case: string;
  unequal: number;
  most: number;
  range: number;
  distinct: number;
}

describe("blocks of registered arrays", () => {
  it("A6: are what scipy.ndimage.map_coordinates gives, for 50 transforms", async () => {
    if (!hasEnvironment("peers")) return;
    const cases = await Promise.all(Array.from({ length: 50 }, (_, index) => makeCase(index)));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
    const lines = (await python("peers", "blocks_registered.py", [folder])).trim().split("\n");
    const judged = lines.map((line) => JSON.parse(line) as Judged);
    expect(judged).toHaveLength(50);
    // most cases see the array, and not only what lies around it
    expect(judged.filter(({ distinct }) => distinct > 3).length).toBeGreaterThan(30);
    const wrong = judged.filter(({ unequal, most, range }, index) => {
      const { isExact, order, dtype } = cases[index]!;
      // a sum of eight products may differ in its last bit, and coordinates that were computed in another order in theirs
      if (dtype.startsWith("float") && order === 1) return most > (isExact ? 1e-7 : 1e-6) * range;
      return order === 1 && !isExact ? most > 1 || unequal > 2 : unequal > 0;
    });
    expect(wrong).toEqual([]);
  });
});

describe("orders of blocks", () => {
  it("are those of a second program that was written from their description", async () => {
    if (!hasEnvironment("peers")) return;
    const cases = [1, 2, 3, 7, 100, 4097, 1_000_000, 2 ** 33 + 5, 2 ** 47 - 1].flatMap((count) =>
      [
        [0, 0],
        [7, 1],
        [-3, 2],
        [2 ** 40 + 1, 12],
        [-(2 ** 35), 3],
      ].map((keys) => ({ count, keys })),
    );
    const file = join(folder, "orders.json");
    writeFileSync(file, JSON.stringify(cases));
    const answers = JSON.parse(await python("peers", "blocks_orders.py", [file])) as number[][];
    const ours = cases.map(({ count, keys }) => {
      const at = keyedPermutation(count, keys);
      const first = Array.from({ length: Math.min(50, count) }, (_, place) => at(place));
      return [...first, ...Array.from({ length: Math.min(50, count) }, (_, place) => at(Math.max(0, count - 50) + place))];
    });
    expect(ours).toEqual(answers);
  });
});
