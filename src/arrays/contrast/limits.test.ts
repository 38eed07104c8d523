import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { pythonRandom } from "../../model/mersenne-twister.js";
import { cdfLimits } from "./cdf.js";
import { gmmLimits } from "./gmm.js";
import { gmmLimitsSingle } from "./gmm-single.js";
import { type ContrastMethod, contrastLimits, contrastSections } from "./limits.js";
import { numpyChoice } from "./numpy-choice.js";
import { percentileLimits } from "./percentile.js";
import { drawSample, middleSections } from "./sample.js";

interface Case {
  name: string;
  seed: number;
  shape: Triple;
  /** Share, mean and deviation of each component; density added in a ball; scale of it all. */
  parts: [number, number, number][];
  ball: number;
  scale: number;
  sha256: string;
  drawn: number;
  drawnSha256: string;
  gmm: { limits: [number, number] };
  cdf: [number, number];
  percentile: [number, number];
}

/** Written by test/golden/contrast/generate.py. */
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/contrast/contrast.json", import.meta.url), "utf8")) as {
  cases: Case[];
  choices: { length: number; count: number; first: number[]; sha256: string }[];
};

/** Written by test/golden/contrast/generate_single.py. */
const single = JSON.parse(readFileSync(new URL("../../../test/golden/contrast/single.json", import.meta.url), "utf8")) as {
  cases: { name: string; limits: [number, number] }[];
  integers: { seed: number; limits: [number, number] }[];
};
/** Of the width: what scikit-learn's own limits differ by between two kinds of processors. */
const SINGLE_SLACK = 3e-5;

/** As `integers` of generate_single.py. */
function integersOf(seed: number): Float32Array {
  return Float32Array.from({ length: 24 * 30 * 32 }, (_, i) => ((i * i * 31 + i * seed) % 97) - 60);
}

const sha256 = (values: Float32Array | Uint32Array) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

/** As `volume` of the generator. */
function volumeOf({ seed, shape: [nz, ny, nx], parts, ball, scale }: Case): Float32Array {
  const random = pythonRandom(seed);
  const values = new Float32Array(nz * ny * nx);
  let i = 0;
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++) {
        let pick = random();
        let at = 0;
        while (at < parts.length - 1 && pick >= parts[at]![0]) pick -= parts[at++]![0];
        const [, mean, deviation] = parts[at]!;
        let noise = 0;
        for (let n = 0; n < 12; n++) noise += random();
        const inside = (z - nz / 2) ** 2 + (y - ny / 2) ** 2 + (x - nx / 2) ** 2 < (nx / 3) ** 2;
        values[i++] = scale * (mean + deviation * (noise - 6) + (inside ? ball : 0));
      }
    }
  }
  return values;
}

function slabOf(volume: Float32Array, [nz, ny, nx]: Triple, method: ContrastMethod): Float32Array {
  const { start, stop } = contrastSections(nz, method);
  return volume.subarray(start * ny * nx, stop * ny * nx);
}

/** Distance of the limits from the wanted ones, in parts of the width between those. */
function deviation(found: readonly number[], wanted: readonly number[]): number {
  const width = wanted[1]! - wanted[0]!;
  return Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!) / width));
}

describe.each(golden.cases)("limits of a volume: $name", (one) => {
  const volume = volumeOf(one);
  it("the same sample as numpy's", () => {
    expect(sha256(volume)).toBe(one.sha256);
    const drawn = drawSample(slabOf(volume, one.shape, "gmm"), one.shape);
    expect(drawn.length).toBe(one.drawn);
    expect(sha256(Float32Array.from(drawn))).toBe(one.drawnSha256);
  });
  it("the same mixture as scikit-learn's, within 0.1 %", () => {
    expect(deviation(contrastLimits(slabOf(volume, one.shape, "gmm"), one.shape), one.gmm.limits)).toBeLessThan(1e-3);
  });
  it("seam 18: in single precision the same mixture as scikit-learn's of that precision", () => {
    const wanted = single.cases.find(({ name }) => name === one.name)!.limits;
    const found = contrastLimits(slabOf(volume, one.shape, "gmm-single"), one.shape, "gmm-single");
    expect(deviation(found, wanted)).toBeLessThan(SINGLE_SLACK);
  });
  it("the same bins as numpy's", () => {
    expect(deviation(contrastLimits(slabOf(volume, one.shape, "cdf"), one.shape, "cdf"), one.cdf)).toBeLessThan(1e-6);
  });
  it("the same percentiles as numpy's", () => {
    const found = contrastLimits(slabOf(volume, one.shape, "percentile"), one.shape, "percentile");
    expect(deviation(found, one.percentile)).toBeLessThan(1e-6);
  });
});

describe("limits of small whole numbers, whose mixtures end elsewhere in single precision", () => {
  it.each(single.integers)("seam 18: of seed $seed", ({ seed, limits }) => {
    const shape: Triple = [24, 30, 32];
    const found = contrastLimits(slabOf(integersOf(seed), shape, "gmm-single"), shape, "gmm-single");
    expect(deviation(found, limits)).toBeLessThan(SINGLE_SLACK);
  });
});

describe("the draw", () => {
  it.each(golden.choices)("of $count from $length", ({ length, count, first, sha256: wanted }) => {
    const drawn = numpyChoice(length, count);
    expect([...drawn.subarray(0, 8)]).toEqual(first);
    expect(sha256(drawn)).toBe(wanted);
  });
  it("is from the middle: 31 sections of odd numbers, 30 of even ones, all where there are fewer", () => {
    expect(middleSections(101, 15)).toEqual({ start: 35, stop: 66 });
    expect(middleSections(100, 15)).toEqual({ start: 35, stop: 65 });
    expect(middleSections(31, 15)).toEqual({ start: 0, stop: 31 });
    expect(middleSections(4, 15)).toEqual({ start: 0, stop: 4 });
    expect(middleSections(12, 5)).toEqual({ start: 1, stop: 11 });
    expect(middleSections(0, 15)).toEqual({ start: 0, stop: 0 });
  });
  it("is of whole sections", () => {
    expect(() => drawSample(new Float32Array(7), [4, 2, 3])).toThrow(/whole sections of 2×3/);
    expect(() => drawSample(new Float32Array(30), [4, 2, 3])).toThrow(/4 at most/);
  });
});

describe("what has no contrast", () => {
  const methods = [gmmLimits, gmmLimitsSingle, cdfLimits, (sample: Float32Array) => percentileLimits(sample)];
  it.each(methods.map((limits) => [limits.name || "percentileLimits", limits] as const))("%s", (_, limits) => {
    expect(limits(new Float32Array(50).fill(3))).toEqual([3, 4]);
    expect(limits(new Float32Array([-2.5]))).toEqual([-2.5, -1.5]);
    expect(limits(new Float32Array(0))).toEqual([0, 1]);
  });
  it("NaN and infinities are not counted", () => {
    const clean = Float32Array.from({ length: 90 }, (_, i) => (i * 7) % 31);
    const dirty = Float32Array.from(clean, (value, i) => (i % 3 === 0 ? [Number.NaN, Infinity, -Infinity][(i / 3) % 3]! : value));
    const shape: Triple = [90, 1, 1];
    for (const method of ["gmm", "cdf", "percentile"] as const) {
      const limits = contrastLimits(slabOf(dirty, shape, method), shape, method);
      expect(limits.every(Number.isFinite)).toBe(true);
    }
    expect(contrastLimits(new Float32Array(6).fill(Number.NaN), [6, 1, 1])).toEqual([0, 1]);
  });
  it("nearly all of one value", () => {
    const spike = new Float32Array(1000).fill(1);
    spike[17] = 5;
    for (const limits of methods) {
      const [low, high] = limits(spike);
      expect(low).toBeLessThan(high);
    }
  });
});

it("limits are finite, in order, and of a voxel's size, whatever the voxels", () => {
  const voxel = fc.float({ noNaN: false });
  fc.assert(
    fc.property(
      fc.array(voxel, { maxLength: 300 }),
      fc.constantFrom("gmm", "gmm-single", "cdf", "percentile"),
      (values, method) => {
        const slab = Float32Array.from(values);
        const [low, high] = contrastLimits(slab, [slab.length, 1, 1], method as ContrastMethod);
        expect(Number.isFinite(low) && Number.isFinite(high) && low < high).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});
