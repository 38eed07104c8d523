import { describe, expect, it } from "vitest";
import { randomInt, seededRandom } from "./random.js";

describe("seededRandom", () => {
  it("gives the same numbers for a seed on every platform", () => {
    const random = seededRandom(42);
    expect([random(), random(), random()].map((value) => value * 2 ** 32)).toEqual(MULBERRY32_SEED_42);
  });

  it("stays in [0, 1) and fills it evenly", () => {
    const random = seededRandom(7);
    const counts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) counts[Math.floor(random() * 16)]!++;
    // chi-squared, 15 degrees of freedom: 37.7 is passed by chance once in a thousand seeds; this seed is fixed
    expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(37.7);
  });

  it("takes any number as a seed, equal modulo 2^32", () => {
    expect(seededRandom(-1)()).toBe(seededRandom(2 ** 32 - 1)());
    expect(seededRandom(1)()).not.toBe(seededRandom(2)());
  });
});

describe("randomInt", () => {
  it("reaches every integer below the bound and no other", () => {
    const random = seededRandom(3);
    const seen = new Set(Array.from({ length: 200 }, () => randomInt(random, 5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

/** From a Python transcription of Tommy Ettinger's mulberry32, with 32-bit masks in place of Math.imul. */
const MULBERRY32_SEED_42 = [2581720956, 1925393290, 3661312704];
