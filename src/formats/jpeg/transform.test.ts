import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/random.js";
import { forwardTransform } from "./transform.js";

/** By the definition of ITU-T T.81, A.3.3, times 8. */
function byDefinition(samples: readonly number[]): number[] {
  const factor = (k: number) => (k === 0 ? Math.SQRT1_2 : 1);
  const wave = (x: number, k: number) => Math.cos(((2 * x + 1) * k * Math.PI) / 16);
  return Array.from({ length: 64 }, (_, i) => {
    const [v, u] = [i >> 3, i & 7];
    const sum = samples.reduce((total, sample, at) => total + sample * wave(at & 7, u) * wave(at >> 3, v), 0);
    return 2 * factor(u) * factor(v) * sum;
  });
}

describe("forwardTransform", () => {
  it.each([-128, -1, 0, 1, 77, 127])("of a plane of %i has one coefficient, which is exact", (value) => {
    const block = new Int32Array(64).fill(value);
    forwardTransform(block);
    expect([...block]).toEqual([64 * value, ...new Array<number>(63).fill(0)]);
  });

  it("is the definition, rounded, and rounded to no side", () => {
    const random = seededRandom(5);
    let sum = 0;
    for (let turn = 0; turn < 50; turn++) {
      const samples = Array.from({ length: 64 }, () => Math.floor(random() * 256) - 128);
      const block = Int32Array.from(samples);
      forwardTransform(block);
      for (const [i, wanted] of byDefinition(samples).entries()) {
        expect(Math.abs(block[i]! - wanted)).toBeLessThan(2);
        sum += block[i]! - wanted;
      }
    }
    expect(Math.abs(sum / (50 * 64))).toBeLessThan(0.05);
  });
});
