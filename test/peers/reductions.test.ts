import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Block } from "../../src/arrays/operators/block.js";
import { reductionOf } from "../../src/arrays/operators/reductions/table.js";
import { newVoxels } from "../../src/arrays/operators/voxels.js";
import { type Triple, volumeOf } from "../../src/core/box.js";
import type { DType } from "../../src/core/dtype.js";
import type { JsonObject } from "../../src/core/json.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { bytesOf, reduceInBlocks, wholeBlock } from "../blocks.js";
import { hasEnvironment, python } from "./environment.js";

interface Case {
  name: string;
  op: string;
  params: JsonObject;
  dtype: DType;
  shape: Triple;
  volume: Block;
}

const DTYPES: readonly DType[] = ["int8", "uint8", "int16", "uint16", "int32", "float32", "float64"];
const PARAMS: Readonly<Record<string, (random: Random) => JsonObject>> = {
  statistics: () => ({}),
  histogram: (random) => ({ bins: 1 + randomInt(random, 40), range: [-random() * 50, random() * 100] }),
  contrast: () => ({ low: 1, high: 99 }),
  unique: () => ({}),
  points: () => ({ voxelSizeNm: [2, 1.5, 0.5], offsetNm: [10, 20, 30] }),
  maxima: (random) => ({
    above: randomInt(random, 9),
    distance: [randomInt(random, 3), 1 + 2 * random(), randomInt(random, 4)],
    ...{ voxelSizeNm: [2, 1.5, 0.5], offsetNm: [10, 20, 30] },
  }),
};

/** Numbers whose sum depends on the order in which they are rounded: exponents far apart, both signs; some that are none. */
function wild(random: Random, dtype: DType): number {
  const kind = random();
  if (kind < 0.01) return [Number.NaN, Infinity, -Infinity][randomInt(random, 3)]!;
  const most = dtype === "float32" ? 12 : 100;
  return (random() - 0.5) * 10 ** (randomInt(random, 2 * most) - most);
}

function makeCase(random: Random, op: string, round: number): Case {
  const shape: Triple = [1 + randomInt(random, 9), 1 + randomInt(random, 12), 1 + randomInt(random, 14)];
  const dtype =
    op === "unique" || op === "points"
      ? (["uint16", "int32", "int64", "uint64"] as const)[round % 4]!
      : DTYPES[round % DTYPES.length]!;
  const data = newVoxels(dtype, volumeOf(shape));
  const high = round % 8 === 3 ? 2n ** 60n : 0n;
  for (let i = 0; i < data.length; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(randomInt(random, 9)) + high;
    else if (op === "statistics" && dtype.startsWith("float")) data[i] = wild(random, dtype);
    else
      data[i] = ["unique", "points", "maxima"].includes(op)
        ? randomInt(random, 9)
        : random() * 250 - (dtype.startsWith("u") ? 0 : 120);
  }
  return { name: `${op}-${round}`, op, params: PARAMS[op]!(random), dtype, shape, volume: wholeBlock(data, dtype, shape) };
}

/** What is compared to the last bit: all but the root of a variance, which numpy's side takes of a fraction. */
function compare(found: JsonObject, expected: JsonObject, { op, dtype }: Case): void {
  if (op === "contrast") {
    const [low, high] = expected.limits as [number, number];
    const limits = found.limits as [number, number];
    const isExact = !dtype.startsWith("float") && dtype !== "int32";
    // bins of floats are 2⁻⁷ of their values wide
    const allowed = isExact ? 1e-12 : 2 ** -7;
    expect(Math.abs(limits[0] - low)).toBeLessThanOrEqual(allowed * Math.abs(low) * (isExact ? 1 : 2));
    expect(Math.abs(limits[1] - high)).toBeLessThanOrEqual(allowed * Math.abs(high) * (isExact ? 1 : 2));
    expect(found.count).toBe(expected.count);
    return;
  }
  const { standardDeviation, ...others } = expected;
  expect(found).toMatchObject(others);
  if (standardDeviation === undefined) return;
  const deviation = standardDeviation as number;
  expect(Math.abs((found.standardDeviation as number) - deviation)).toBeLessThanOrEqual(1e-12 * deviation);
}

describe.runIf(hasEnvironment("peers"))("reductions as numpy has them", () => {
  const folder = mkdtempSync(join(tmpdir(), "reductions-"));
  const random = seededRandom(11);
  const cases = Object.keys(PARAMS).flatMap((op) => Array.from({ length: 21 }, (_, round) => makeCase(random, op, round)));

  beforeAll(async () => {
    for (const { name, volume } of cases) writeFileSync(join(folder, `${name}.raw`), bytesOf(volume.data));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases.map(({ volume: _, ...listed }) => listed)));
    await python("peers", "scipy_operators.py", [folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(PARAMS))("%s: the same bits for any blocks and any fan-in", (op) => {
    for (const one of cases.filter((each) => each.op === op)) {
      const bound = reductionOf(op).bind(one.params, { dtype: one.dtype, shape: one.shape, voxelSizeNm: [1, 1, 1] });
      const whole = reduceInBlocks(bound, one.volume, one.shape, 2);
      compare(whole, JSON.parse(readFileSync(join(folder, `${one.name}.json`), "utf8")) as JsonObject, one);
      for (const fanIn of [2, 3, 64]) expect(reduceInBlocks(bound, one.volume, [2, 5, 3], fanIn)).toEqual(whole);
    }
  });
});
