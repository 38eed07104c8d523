import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Float32Sum } from "./float32-sum.js";

/** Written by test/golden/kernels/make_pyramid.py: bits of float32. */
const golden: { cases: { n: number; mean: number; rms: number }[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/kernels/sums.golden.json", import.meta.url), "utf8"),
);

/** As `voxels` of make_pyramid.py. */
function voxelsOf(n: number): Float32Array {
  const scales = Float32Array.of(0.1, 1e-3, 33.3, 7e5, 1.7e-40);
  return Float32Array.from({ length: n }, (_, i) =>
    i % 11 < 5 ? -0 : (((i * 7919 + 12345) % 65536) - 32768) * scales[i % scales.length]!,
  );
}

const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];

it.each(golden.cases)(
  "seam 18: mean and deviation of $n float32 have numpy's bits, in pieces of any size",
  ({ n, mean, rms }) => {
    const voxels = voxelsOf(n);
    for (const piece of [n, 1000, 13]) {
      const sum = new Float32Sum();
      for (let at = 0; at < n; at += piece) sum.add(voxels.subarray(at, at + piece));
      const found = sum.mean(n);
      expect(bitsOf(found)).toBe(mean);
      const squares = new Float32Sum();
      squares.add(voxels.map((voxel) => Math.fround(voxel - found) ** 2));
      expect(bitsOf(Math.fround(Math.sqrt(squares.mean(n))))).toBe(rms);
    }
  },
);
