import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomInt, seededRandom } from "../../core/random.js";
import { defaultCodecs } from "../../formats/zarr/codecs.js";
import { decodeZstd } from "../../formats/zarr/zstd.js";
import { BLOSC_RESULT, instantiateKernels, kernelModule, sharedMemory, ZSTD_WORK_BYTES } from "./kernels.js";

const SOURCE = 0x01_0000;
const WORK = 0x10_0000;
const OUT = 0x18_0000;
const GUARD = 256;

const memory = sharedMemory(0x28_0000);
const kernels = instantiateKernels(kernelModule(), memory);
const bytes = new Uint8Array(memory.buffer);

/** Decodes with `around` in every byte that is not the frame; fails where a byte has changed that is not the decoder's. */
function decode(frame: Uint8Array, plainBytes: number, around: number, wanted = plainBytes): Uint8Array | undefined {
  bytes.fill(around, SOURCE - GUARD, SOURCE + frame.length + GUARD);
  bytes.set(frame, SOURCE);
  bytes.fill(around, WORK - GUARD, WORK + ZSTD_WORK_BYTES + GUARD);
  bytes.fill(around, OUT - GUARD, OUT + plainBytes + GUARD);
  const result = kernels.decodeZstd(SOURCE, frame.length, OUT, plainBytes, wanted, WORK);
  const guarded = [
    [SOURCE - GUARD, SOURCE],
    [SOURCE + frame.length, SOURCE + frame.length + GUARD],
    [WORK - GUARD, WORK],
    [WORK + ZSTD_WORK_BYTES, WORK + ZSTD_WORK_BYTES + GUARD],
    [OUT - GUARD, OUT],
    [OUT + plainBytes, OUT + plainBytes + GUARD],
  ] as const;
  for (const [start, end] of guarded) {
    if (!bytes.subarray(start, end).every((byte) => byte === around)) expect.fail(`bytes in ${start}..${end} have changed`);
  }
  if (result === BLOSC_RESULT.ok) return bytes.slice(OUT, OUT + wanted);
  expect(result).toBe(BLOSC_RESULT.badStream);
  return undefined;
}

/** Noise of few and many values, runs, repeats near and far, text-like bytes: every kind of literals, tables and distances. */
function sources(): Uint8Array[] {
  const random = seededRandom(3);
  const of = (length: number, at: (i: number) => number) => Uint8Array.from({ length }, (_, i) => at(i));
  const noise = of(70_000, () => randomInt(random, 256));
  return [
    new Uint8Array(0),
    of(1, () => 7),
    of(300_000, () => 5),
    noise,
    of(200_000, (i) => (i % 2 ? 3 : 90 + randomInt(random, 40) + randomInt(random, 40))),
    of(50_000, () => Math.floor(Math.sqrt(randomInt(random, 3000)))),
    of(262_144, (i) => noise[(i * 7919) % 60_000]! & 15),
    of(140_000, (i) => noise[i % 30_011]!),
    of(5000, (i) => i >> 4),
    new TextEncoder().encode("tilt series of tomograms, ".repeat(400)),
  ];
}

/** What the C library makes of them, in WebAssembly. */
async function frames(levels: readonly number[]): Promise<{ frame: Uint8Array; plain: Uint8Array }[]> {
  const made = sources().flatMap((plain) =>
    levels.map(async (level) => ({
      plain,
      frame: new Uint8Array(await defaultCodecs.zstd!({ id: "zstd", level }).encode!(plain)),
    })),
  );
  return Promise.all(made);
}

describe("zstd frames of the C library", () => {
  it("decode to what was compressed, whole and in part", async () => {
    for (const { frame, plain } of await frames([1, 3, 9, 19])) {
      expect(Buffer.compare(decode(frame, plain.length, 0xee)!, plain)).toBe(0);
      const part = Math.floor(plain.length / 3);
      expect(Buffer.compare(decode(frame, plain.length, 0x00, part)!, plain.subarray(0, part))).toBe(0);
    }
  });

  it("are refused where they hold more or less than was asked for, or end early", async () => {
    for (const { frame, plain } of await frames([3])) {
      expect(decode(frame, plain.length + 1, 0)).toBeUndefined();
      if (plain.length > 0) expect(decode(frame, plain.length - 1, 0)).toBeUndefined();
      expect(decode(frame.subarray(0, -1), plain.length, 0)).toBeUndefined();
    }
  });

  it("may follow each other, with frames for others between them", async () => {
    const [a, b] = (await frames([3])).slice(4, 6);
    const skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    const joined = Uint8Array.from([...skipped, ...a!.frame, ...skipped, ...b!.frame]);
    const plain = Uint8Array.from([...a!.plain, ...b!.plain]);
    expect(Buffer.compare(decode(joined, plain.length, 0xee)!, plain)).toBe(0);
  });
});

describe("damaged frames", () => {
  it("never trap, never touch what is not theirs, and get the verdict of the decoder in TypeScript", async () => {
    const seeds = (await frames([1, 19])).filter(({ plain }) => plain.length < 60_000);
    const random = seededRandom(20261121);
    const pick = (below: number) => randomInt(random, below);
    const verdicts = { good: 0, bad: 0 };
    for (let i = 0; i < 4000; i++) {
      const { frame, plain } = seeds[pick(seeds.length)]!;
      const damaged = frame.slice(0, pick(8) ? frame.length : pick(frame.length));
      for (let times = 1 + pick(3); times > 0 && damaged.length > 0; times--) {
        // the first bytes are headers and tables, where most can go wrong
        damaged[pick(pick(2) ? damaged.length : Math.min(damaged.length, 64))] = pick(256);
      }
      const [zeros, others] = [decode(damaged, plain.length, 0x00), decode(damaged, plain.length, 0xee)];
      const twin = new Uint8Array(plain.length);
      let isGood = true;
      try {
        decodeZstd(damaged, twin);
      } catch {
        isGood = false;
      }
      expect(zeros !== undefined, `frame ${i}`).toBe(isGood);
      expect(others !== undefined, `frame ${i}`).toBe(isGood);
      if (isGood) expect([Buffer.compare(zeros!, twin), Buffer.compare(others!, twin)], `frame ${i}`).toEqual([0, 0]);
      verdicts[isGood ? "good" : "bad"]++;
    }
    expect(verdicts.good).toBeGreaterThan(100);
    expect(verdicts.bad).toBeGreaterThan(1000);
  }, 120_000);

  it("any bytes behind the magic number give a verdict", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 3000 }), (rest, plainBytes) => {
        const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...rest]);
        const found = decode(frame, plainBytes, 0xee);
        const twin = new Uint8Array(plainBytes);
        let isGood = true;
        try {
          decodeZstd(frame, twin);
        } catch {
          isGood = false;
        }
        expect(found !== undefined).toBe(isGood);
      }),
      { numRuns: 2000 },
    );
  });
});
