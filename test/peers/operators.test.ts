import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Block } from "../../src/arrays/operators/block.js";
import type { BoundOperator } from "../../src/arrays/operators/operator.js";
import { operatorOf } from "../../src/arrays/operators/table.js";
import { newVoxels, type VoxelArray, voxelsOf } from "../../src/arrays/operators/voxels.js";
import { type Triple, volumeOf } from "../../src/core/box.js";
import type { DType } from "../../src/core/dtype.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { bytesOf, tiled, wholeBlock } from "../blocks.js";
import { hasEnvironment, python } from "./environment.js";

interface Case {
  name: string;
  op: string;
  params: Readonly<Record<string, unknown>>;
  dtype: DType;
  shape: Triple;
  volume: Block;
  bound: BoundOperator;
  /** Sizes of blocks; the last is the whole. */
  blocks: readonly Triple[];
}

const ROUNDS = 40;
const EDGES = ["reflect", "mirror", "nearest", "constant"];
const NUMBERS: readonly DType[] = ["int8", "uint8", "int16", "uint16", "int32", "float32", "float64"];

const pick = <T>(random: Random, items: readonly T[]): T => items[randomInt(random, items.length)]!;
const triple = (random: Random, least: number, most: number) =>
  [0, 1, 2].map(() => least + randomInt(random, most - least + 1)) as Triple;
const edge = (random: Random) => ({ edge: pick(random, EDGES), value: randomInt(random, 20) });

/** Parameters of one round, complete: scipy's side has no defaults. */
const PARAMS: Readonly<Record<string, (random: Random) => Readonly<Record<string, unknown>>>> = {
  gaussian: (random) => ({
    sigma: [0, 1, 2].map(() => pick(random, [0, 0.4, 0.7, 1, 1.6, 2.3])),
    truncate: pick(random, [4, 4, 3, 2.5]),
    ...edge(random),
  }),
  median: (random) => ({ size: [0, 1, 2].map(() => pick(random, [1, 3, 3, 5])), ...edge(random) }),
  morphology: (random) => {
    const binary = random() < 0.4;
    const operation = pick(random, ["erode", "dilate", "open", "close"]);
    const element = { operation, connectivity: pick(random, [6, 18, 26]), iterations: 1 + randomInt(random, 3) };
    return { ...element, binary, ...(binary ? { edge: "constant", value: 0 } : edge(random)) };
  },
  gradient: (random) => ({
    method: pick(random, ["sobel", "prewitt", "central"]),
    component: pick(random, ["z", "y", "x", "magnitude"]),
    ...edge(random),
  }),
  downsample: (random) => ({
    method: pick(random, ["mean", "mean", "mode", "mode", "max", "min", "stride"]),
    factor: [0, 1, 2].map(() => pick(random, [1, 2, 2])),
    dtype: pick(random, ["float32", "input"]),
  }),
  cast: (random) => {
    const dtype = pick(random, ["uint8", "int8", "int16", "uint16", "int32", "float32", "float64"]);
    return { dtype, rule: "saturate", round: pick(random, ["even", "zero"]) };
  },
  affine: (random) => ({ scale: random() * 4 - 2, offset: random(), dtype: pick(random, ["float32", "float64"]) }),
  threshold: (random) => ({ above: randomInt(random, 20) }),
  clip: (random) => ({ low: randomInt(random, 10), high: 10 + randomInt(random, 10) }),
};

function fill(random: Random, op: string, dtype: DType, data: VoxelArray): void {
  const spread = op === "downsample" ? 4 : 120;
  for (let i = 0; i < data.length; i++) {
    const value = random() * spread - (dtype.startsWith("u") ? 0 : spread / 2);
    data[i] = dtype.startsWith("float") && op !== "downsample" ? value : Math.round(value);
  }
}

function makeCase(random: Random, op: string, round: number): Case {
  const shape = op === "gradient" ? triple(random, 2, 17) : triple(random, 1, 17);
  const dtype = pick(random, NUMBERS);
  const params = PARAMS[op]!(random);
  const data = newVoxels(dtype, volumeOf(shape));
  fill(random, op, dtype, data);
  const bound = operatorOf(op).bind(params, [{ dtype, shape, voxelSizeNm: [1, 1, 1] }]);
  const blocks: Triple[] = [triple(random, 1, 9), triple(random, 3, 12), bound.output.shape];
  return { name: `${op}-${round}`, op, params, dtype, shape, volume: wholeBlock(data, dtype, shape), bound, blocks };
}

/** The largest difference, in units of the last place of `scale`; 0 for equal bits. NaN equals NaN. */
function ulps(found: VoxelArray, expected: VoxelArray, scale: number): number {
  const digits = found instanceof Float32Array ? 24 : 53;
  const unit = 2 ** (Math.floor(Math.log2(scale)) - digits + 1);
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Number(found[i]!), Number(expected[i]!)];
    if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) most = Math.max(most, Math.abs(a - b) / unit);
  }
  return most;
}

/** The greatest voxel: what the rounding of a sum of them is measured by, however they cancel out. */
const greatest = ({ volume, params }: Case) =>
  Array.from(volume.data as Iterable<number>).reduce((most, value) => Math.max(most, Math.abs(value)), Number(params.value) + 1);

/** Taps of the widest axis: the bound of a float filter. */
const taps = ({ halo }: BoundOperator) => 2 * Math.max(...halo) + 1;

const there = hasEnvironment("peers");

describe.runIf(there)("operators as scipy and numpy have them", () => {
  const folder = mkdtempSync(join(tmpdir(), "operators-"));
  const cases = Object.keys(PARAMS).flatMap((op, at) => {
    const random = seededRandom(1000 + at);
    return Array.from({ length: ROUNDS }, (_, round) => makeCase(random, op, round));
  });

  beforeAll(async () => {
    for (const { name, volume } of cases) writeFileSync(join(folder, `${name}.raw`), bytesOf(volume.data));
    const listed = cases.map(({ name, op, params, dtype, shape }) => ({ name, op, params, dtype, shape }));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(listed));
    await python("peers", "scipy_operators.py", [folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(PARAMS))("%s: 40 random volumes, the same bits for three sizes of blocks", (op) => {
    const faults: unknown[] = [];
    for (const one of cases.filter((each) => each.op === op)) {
      const expected = voxelsOf(one.bound.output.dtype, readFileSync(join(folder, `${one.name}.out`)));
      const results = one.blocks.map((block) => tiled(one.bound, [one.volume], block));
      const whole = bytesOf(results.at(-1)!);
      const sameBits = results.every((result) => Buffer.compare(bytesOf(result), whole) === 0);
      const off = ulps(results[0]!, expected, greatest(one));
      const allowed = op === "gaussian" ? taps(one.bound) : 0;
      if (!sameBits || expected.length !== results[0]!.length || !(off <= allowed))
        faults.push({ ...one, volume: undefined, bound: undefined, sameBits, off });
    }
    expect(faults).toEqual([]);
  });
});
