import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Triple, volumeOf } from "../../src/core/box.js";
import { type Random, randomInt, seededRandom } from "../../src/core/random.js";
import { bytesOf, labelInBlocks } from "../blocks.js";
import { hasEnvironment, python } from "./environment.js";

interface Case {
  name: string;
  op: "label";
  dtype: "uint8";
  shape: Triple;
  params: { connectivity: 6 | 18 | 26; minVoxels: number };
  data: Uint8Array;
}

type Fill = (random: Random, shape: Triple) => (z: number, y: number, x: number) => boolean;

const density =
  (share: number): Fill =>
  (random) =>
  () =>
    random() < share;
/** One component that winds through the whole volume: rows that are joined at alternating ends, planes at corners. */
const snake: Fill =
  (_, [, ny, nx]) =>
  (z, y, x) => {
    if (z % 2 === 1) return y === (z % 4 === 1 ? ny - 1 - ((ny - 1) % 2) : 0) && x === 0;
    if (y % 2 === 0) return true;
    return x === (y % 4 === 1 ? nx - 1 : 0);
  };
/** Runs along every axis that touch at corners only. */
const stairs: Fill = () => (z, y, x) => (z + y) % 3 === 0 && (x + y) % 3 === 0;
const shells: Fill =
  (_, [nz, ny, nx]) =>
  (z, y, x) =>
    Math.min(z, y, x, nz - 1 - z, ny - 1 - y, nx - 1 - x) % 2 === 0;

const FILLS: readonly (readonly [name: string, fill: Fill])[] = [
  ["snake", snake],
  ["stairs", stairs],
  ["shells", shells],
  ["empty", () => () => false],
  ["full", () => () => true],
  ["checkerboard", () => (z, y, x) => (z + y + x) % 2 === 0],
  ["first-voxel", () => (z, y, x) => z + y + x === 0],
  [
    "last-voxel",
    (_, [nz, ny, nx]) =>
      (z, y, x) =>
        z === nz - 1 && y === ny - 1 && x === nx - 1,
  ],
  ["planes", () => (z) => z % 2 === 0],
  ["poles", () => (_, y, x) => y % 2 === 0 && x % 2 === 0],
  ["sparse", density(0.05)],
  ["near-percolation", density(0.3)],
  ["half", density(0.5)],
];
const CONNECTIVITIES = [6, 18, 26] as const;
const BLOCKS: readonly Triple[] = [
  [1, 1, 1],
  [4, 4, 4],
  [5, 3, 7],
  [64, 2, 64],
  [64, 64, 64],
];

function makeCase(random: Random, at: number): Case {
  const [kind, fill] = FILLS[at % FILLS.length]!;
  const shape: Triple = at === 39 ? [1, 1, 1] : [6 + randomInt(random, 12), 6 + randomInt(random, 12), 6 + randomInt(random, 12)];
  const isIn = fill(random, shape);
  const data = Uint8Array.from({ length: volumeOf(shape) }, (_, i) => {
    const row = Math.floor(i / shape[2]);
    return isIn(Math.floor(row / shape[1]), row % shape[1], i % shape[2]) ? 1 : 0;
  });
  const params = { connectivity: CONNECTIVITIES[(at + Math.floor(at / FILLS.length)) % 3]!, minVoxels: at % 4 === 3 ? 3 : 1 };
  return { name: `${kind}-${at}`, op: "label", dtype: "uint8", shape, params, data };
}

describe.runIf(hasEnvironment("peers"))("components as scipy.ndimage.label finds them", () => {
  const folder = mkdtempSync(join(tmpdir(), "components-"));
  const random = seededRandom(7);
  const cases = Array.from({ length: 40 }, (_, at) => makeCase(random, at));

  beforeAll(async () => {
    for (const { name, data } of cases) writeFileSync(join(folder, `${name}.raw`), data);
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases.map(({ data: _, ...listed }) => listed)));
    await python("peers", "scipy_operators.py", [folder]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(cases)(
    "$name, $params.connectivity neighbours: every rank, in five sizes of blocks",
    ({ name, data, shape, params }) => {
      const expected = readFileSync(join(folder, `${name}.out`));
      for (const block of BLOCKS) {
        const found = labelInBlocks(data, "uint8", shape, block, { ...params, fanIn: 4 });
        expect(Buffer.compare(bytesOf(found.labels), expected), `blocks of ${block.join("×")}`).toBe(0);
      }
    },
  );
});
