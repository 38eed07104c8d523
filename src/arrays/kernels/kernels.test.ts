import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../core/crc32.js";
import { randomInt, seededRandom } from "../../core/random.js";
import {
  CONVERT,
  type ConvertKind,
  HASH_TABLE_BYTES,
  HISTOGRAM_BINS,
  instantiateKernels,
  kernelModule,
  packedBytesMax,
  sharedMemory,
} from "./kernels.js";
import * as plain from "./plain.js";
import * as plainBlosc from "./plain-blosc.js";

const memory = sharedMemory(4 << 20);
const kernels = instantiateKernels(kernelModule(), memory);
const arena = new Uint8Array(memory.buffer);
const GUARD = 64;

/**
 * Puts the inputs into the memory, guard bytes all around, calls a kernel, and returns what it made of `length` bytes. Fails where
 * anything else has changed. `shift` takes all addresses off their natural alignment.
 */
function run(
  inputs: readonly ArrayBufferView[],
  length: number,
  call: (output: number, inputs: number[]) => void,
  { shift = 0, before = 0x5a }: { shift?: number; before?: number } = {},
): Uint8Array {
  let top = GUARD + shift;
  const take = (bytes: number) => {
    const at = top;
    top += Math.ceil(bytes / 16) * 16 + GUARD;
    return at;
  };
  const addresses = inputs.map((input) => take(input.byteLength));
  const output = take(length);
  arena.fill(0x5a, 0, top);
  arena.fill(before, output, output + length);
  for (const [i, input] of inputs.entries()) arena.set(bytesOf(input), addresses[i]!);
  const expected = Buffer.from(arena.subarray(0, top));
  call(output, addresses);
  const result = arena.slice(output, output + length);
  arena.set(expected.subarray(output, output + length), output);
  expect(Buffer.compare(expected, arena.subarray(0, top)), "bytes outside of the output have changed").toBe(0);
  return result;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Equal bits, or both NaN: a NaN's payload is not promised. */
function expectFloats(bytes: Uint8Array, expected: Float32Array): void {
  const found = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(found[i], expected[i])) expect.fail(`value ${i} of ${expected.length}: ${found[i]}, expected ${expected[i]}`);
  }
}

const TYPES = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float32: Float32Array,
} as const;
type Kind = keyof typeof TYPES;
const KINDS = Object.keys(TYPES) as Kind[];
type Voxels = Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Random bits: for float32 with NaN, infinities, subnormals and both zeros among them unless `finite`. */
function randomVoxels(kind: Kind, n: number, seed: number, { finite = false } = {}): Voxels {
  const random = seededRandom(seed);
  const bytes = Uint8Array.from({ length: n * TYPES[kind].BYTES_PER_ELEMENT }, () => randomInt(random, 256));
  const voxels = new TYPES[kind](bytes.buffer);
  if (!(voxels instanceof Float32Array)) return voxels;
  const odd = finite
    ? [0, -0, 1e-45, -1e-40]
    : [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-45, -1e-40];
  return voxels.map(() => (random() < 0.1 ? odd[randomInt(random, odd.length)]! : (random() - 0.5) * 10 ** (random() * 12 - 6)));
}

const ITEM: Record<ConvertKind, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int8Flipped: 1,
  uint4: 0.5,
  int32: 4,
  uint32: 4,
  float64: 8,
  float32: 4,
};

describe("convert", () => {
  for (const kind of Object.keys(CONVERT) as ConvertKind[]) {
    it(`reads ${kind} as its twin does, at every length and alignment`, () => {
      const random = seededRandom(11);
      for (let n = 0; n < 70; n++) {
        const bytes = Uint8Array.from({ length: Math.ceil(n * ITEM[kind]) }, () => randomInt(random, 256));
        const found = run([bytes], 4 * n, (out, [src]) => kernels.convert(CONVERT[kind], src!, out, n), { shift: n % 16 });
        expectFloats(found, plain.convert(kind, bytes, n));
      }
    });
  }

  it("reads every float16 as numpy does", () => {
    const found = run([Uint16Array.from({ length: 65536 }, (_, i) => i)], 4 * 65536, (out, [src]) =>
      kernels.convert(CONVERT.float16, src!, out, 65536),
    );
    const words = new Uint32Array(found.buffer);
    const floats = new Float32Array(found.buffer);
    for (let i = 0; i < words.length; i++) if (Number.isNaN(floats[i])) words[i] = 0x7fc00000;
    expect(crc32(bytesOf(words))).toBe(golden.float16_as_float32_crc32);
  });

  it("takes unsigned bytes back from where a signed header has put them", () => {
    const stored = Int8Array.from([-128, 0, -1, 127]);
    const found = run([stored], 16, (out, [src]) => kernels.convert(CONVERT.int8Flipped, src!, out, 4));
    expectFloats(found, Float32Array.from([0, -128, 127, -1]));
  });

  it("reads the low nibble first, and leaves the last high nibble of an odd row", () => {
    const found = run([Uint8Array.from([0x21, 0xf3])], 12, (out, [src]) => kernels.convert(CONVERT.uint4, src!, out, 3));
    expectFloats(found, Float32Array.from([1, 2, 3]));
  });

  it("rounds to the nearest float32, ties to even", () => {
    const large = Int32Array.from([16777217, 16777219, -16777217, 2147483647, -2147483648]);
    const found = run([large], 20, (out, [src]) => kernels.convert(CONVERT.int32, src!, out, 5));
    expectFloats(found, Float32Array.from([16777216, 16777220, -16777216, 2147483648, -2147483648]));
  });
});

describe("swap", () => {
  it("reverses the bytes of each element in place, whatever their number", () => {
    for (const item of [1, 2, 4, 8]) {
      for (let n = 0; n < 40; n++) {
        const bytes = Uint8Array.from({ length: n * item }, (_, i) => (i * 37) & 255);
        const found = run([], bytes.length, (out) => {
          arena.set(bytes, out);
          kernels.swap(item, out, n);
        });
        const expected = bytes.map((_, i) => bytes[i - (i % item) + item - 1 - (i % item)]!);
        expect(found).toEqual(expected);
      }
    }
  });
});

interface GoldenCase {
  kind: Kind;
  shape: [number, number, number];
  present: number[];
  zeros: number[];
  presentYX: number[];
  zerosYX: number[];
  stats: [number, number, number, number];
  percentiles: number[];
}
const golden: { float16_as_float32_crc32: number; cases: GoldenCase[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/kernels/kernels.golden.json", import.meta.url), "utf8"),
);

/** The same numbers as `voxels` of make_values.py. */
function voxelsOf({ kind, shape }: GoldenCase): Voxels {
  const n = shape[0] * shape[1] * shape[2];
  const low = { int8: -128, uint8: 0, int16: -32768, uint16: 0, float32: 0 }[kind];
  const range = { int8: 256, uint8: 256, int16: 65536, uint16: 65536, float32: 0 }[kind];
  const mixed = Array.from({ length: n }, (_, i) => (i * 7919 + 12345) % 65536);
  return TYPES[kind].from(mixed.map((m) => (kind === "float32" ? (m - 32768) / 8 : (m % range) + low)));
}

/** Written by test/golden/kernels/make_pyramid.py: bits of float32. */
const pyramid: { cases: { shape: [number, number, number]; zyx: number[]; yx: number[] }[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/kernels/pyramid.golden.json", import.meta.url), "utf8"),
);

/** As `voxels` of make_pyramid.py. */
function inexactOf(n: number): Float32Array {
  const scales = Float32Array.of(0.1, 1e-3, 33.3, 7e5, 1.7e-40);
  return Float32Array.from({ length: n }, (_, i) =>
    i % 11 < 5 ? -0 : (((i * 7919 + 12345) % 65536) - 32768) * scales[i % scales.length]!,
  );
}

/** `meanZYXOf`, or `meanYXOf` without `second` being asked for, on planes whose rows are `row` voxels apart. */
function meanZYX(
  kind: Kind,
  first: Voxels,
  second: Voxels | undefined,
  h: number,
  w: number,
  row: number,
  zeros: boolean,
  shift = 0,
) {
  const item = first.BYTES_PER_ELEMENT;
  const [oh, ow] = [Math.ceil(h / 2), Math.ceil(w / 2)];
  return run(
    second ? [first, second] : [first],
    4 * oh * ow,
    (out, [a, b = 0]) => kernels.meanZYXOf(CONVERT[kind], a!, b, out, h, w, row * item, 4 * ow, zeros ? 1 : 0),
    { shift },
  );
}

function meanYX(kind: Kind, voxels: Voxels, h: number, w: number, row: number, zeros: boolean) {
  const ow = Math.ceil(w / 2);
  return run([voxels], 4 * Math.ceil(h / 2) * ow, (out, [a]) =>
    kernels.meanYXOf(CONVERT[kind], a!, out, h, w, row * voxels.BYTES_PER_ELEMENT, 4 * ow, zeros ? 1 : 0),
  );
}

describe("means", () => {
  for (const kind of KINDS) {
    it(`halves ${kind} volumes as numpy does`, () => {
      for (const example of golden.cases.filter((c) => c.kind === kind)) {
        const [z, h, w] = example.shape;
        const voxels = voxelsOf(example);
        const [first, second] = [voxels.subarray(0, h * w), z > 1 ? voxels.subarray(h * w) : undefined];
        expectFloats(meanZYX(kind, first, second, h, w, w, false), Float32Array.from(example.present));
        expectFloats(meanZYX(kind, first, second, h, w, w, true), Float32Array.from(example.zeros));
        expectFloats(meanYX(kind, first, h, w, w, false), Float32Array.from(example.presentYX));
        expectFloats(meanYX(kind, first, h, w, w, true), Float32Array.from(example.zerosYX));
      }
    });

    it(`halves random ${kind} planes as its twin does, to the last bit`, () => {
      fc.assert(
        fc.property(
          fc.record({
            h: fc.integer({ min: 1, max: 6 }),
            w: fc.integer({ min: 1, max: 70 }),
            gap: fc.integer({ min: 0, max: 3 }),
          }),
          fc.record({ two: fc.boolean(), zeros: fc.boolean(), seed: fc.nat(), shift: fc.nat(15) }),
          ({ h, w, gap }, { two, zeros, seed, shift }) => {
            const row = w + gap;
            const first = randomVoxels(kind, h * row, seed);
            const second = two ? randomVoxels(kind, h * row, seed + 1) : undefined;
            const planes = [first, second].map((voxels) => voxels && { voxels, row });
            expectFloats(
              meanZYX(kind, first, second, h, w, row, zeros, shift),
              plain.meanZYX(planes[0]!, planes[1], h, w, zeros),
            );
            expectFloats(meanYX(kind, first, h, w, row, zeros), plain.meanYX(planes[0]!, h, w, zeros));
          },
        ),
        { numRuns: 150 },
      );
    });
  }

  it("seam 17: gives float32 the bits of scikit-image's block_reduce, odd edges included", () => {
    for (const { shape, zyx, yx } of pyramid.cases) {
      const [z, h, w] = shape;
      const voxels = inexactOf(z * h * w);
      const [first, second] = [voxels.subarray(0, h * w), z > 1 ? voxels.subarray(h * w) : undefined];
      expect([...new Uint32Array(meanZYX("float32", first, second, h, w, w, true).buffer)], `${shape}`).toEqual(zyx);
      expect([...new Uint32Array(meanYX("float32", first, h, w, w, true).buffer)], `${shape}`).toEqual(yx);
    }
  });

  it("gives a voxel the same bits wherever its row is cut", () => {
    const [h, w] = [4, 100];
    const [first, second] = [
      randomVoxels("float32", h * w, 5, { finite: true }),
      randomVoxels("float32", h * w, 6, { finite: true }),
    ];
    const whole = new Uint32Array(meanZYX("float32", first, second, h, w, w, false).buffer);
    for (let cut = 2; cut < w; cut += 2) {
      const left = new Uint32Array(meanZYX("float32", first, second, h, cut, w, false).buffer);
      const right = new Uint32Array(meanZYX("float32", first.subarray(cut), second.subarray(cut), h, w - cut, w, false).buffer);
      const joined = Array.from({ length: 2 }, (_, y) => [
        ...left.subarray((y * cut) / 2, ((y + 1) * cut) / 2),
        ...right.subarray((y * (w - cut)) / 2, ((y + 1) * (w - cut)) / 2),
      ]).flat();
      expect(joined).toEqual([...whole]);
    }
  });

  it("has the float32 forms under their own names", () => {
    const voxels = randomVoxels("float32", 3 * 9, 3);
    const named = run([voxels], 40, (out, [a]) => kernels.meanZYX(a!, 0, out, 3, 9, 36, 20, 1));
    expectFloats(named, new Float32Array(meanZYX("float32", voxels, undefined, 3, 9, 9, true).buffer));
    const single = run([voxels], 40, (out, [a]) => kernels.meanYX(a!, out, 3, 9, 36, 20, 0));
    expectFloats(single, new Float32Array(meanYX("float32", voxels, 3, 9, 9, false).buffer));
  });

  it("leaves what lies between the rows of the output", () => {
    const voxels = Float32Array.from({ length: 16 }, () => 1);
    const found = run([voxels], 40, (out, [a]) => kernels.meanZYX(a!, 0, out, 4, 4, 16, 32, 0), { before: 7 });
    expect([...found.subarray(8, 32)]).toEqual(new Array(24).fill(7));
  });
});

const INTEGERS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
} as const;

describe("means that stay integers", () => {
  it("round halves to the even one, as numpy.rint does: np.rint([0.5, 1.5, 2.5, -0.5, -1.5, -2.5]) is [0, 2, 2, -0, -2, -2]", () => {
    // sums of two columns: 1, 3, 5, -1, -3, -5, over 2
    const voxels = Int16Array.of(0, 1, 1, 2, 2, 3, 0, -1, -1, -2, -2, -3);
    const found = run([voxels], 12, (out, [a]) => kernels.roundedMeanYX(CONVERT.int16, a!, out, 1, 12, 24, 12, 0));
    expect([...new Int16Array(found.buffer)]).toEqual([0, 2, 2, 0, -2, -2]);
  });

  for (const [kind, Type] of Object.entries(INTEGERS) as [keyof typeof INTEGERS, Int16ArrayConstructor][]) {
    it(`of ${kind} are those of the twin, at every edge`, () => {
      fc.assert(
        fc.property(
          fc.record({
            h: fc.integer({ min: 1, max: 6 }),
            w: fc.integer({ min: 1, max: 70 }),
            gap: fc.integer({ min: 0, max: 3 }),
          }),
          fc.record({ two: fc.boolean(), zeros: fc.boolean(), seed: fc.nat(), shift: fc.nat(15), few: fc.boolean() }),
          ({ h, w, gap }, { two, zeros, seed, shift, few }) => {
            const row = w + gap;
            const random = seededRandom(seed);
            const item = Type.BYTES_PER_ELEMENT;
            // the type's whole range, its ends among them; or so few values that halves are many
            const plane = () => {
              const bytes = Uint8Array.from({ length: h * row * item }, () => randomInt(random, 4) * 85);
              return few ? Type.from({ length: h * row }, () => randomInt(random, 5)) : new Type(bytes.buffer);
            };
            const planes = two ? [plane(), plane()] : [plane()];
            const asPlain = planes.map((voxels) => ({ voxels, row }));
            const [oh, ow] = [Math.ceil(h / 2), Math.ceil(w / 2)];
            const code = CONVERT[kind];
            const zero = zeros ? 1 : 0;
            const volume = run(
              planes,
              oh * ow * item,
              (out, [a, b = 0]) => kernels.roundedMeanZYX(code, a!, b, out, h, w, row * item, ow * item, zero),
              { shift: shift - (shift % item) },
            );
            expect([...new Type(volume.buffer)]).toEqual([...plain.roundedMean(asPlain, h, w, zeros).map((mean) => mean + 0)]);
            const series = run(planes.slice(0, 1), oh * ow * item, (out, [a]) =>
              kernels.roundedMeanYX(code, a!, out, h, w, row * item, ow * item, zero),
            );
            const wanted = plain.roundedMean(asPlain.slice(0, 1), h, w, zeros, true);
            expect([...new Type(series.buffer)]).toEqual([...wanted.map((mean) => mean + 0)]);
          },
        ),
        { numRuns: 150 },
      );
    });

    it(`statistics of ${kind}`, () => {
      const voxels = Type.of(3, 100, 7, 7, 0, 127, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
      const found = run([voxels], 40, (out, [a]) => kernels.statsOf(CONVERT[kind], a!, voxels.length, out));
      const all = [...voxels];
      const sum = (of: (voxel: number) => number) => all.reduce((before, voxel) => before + of(voxel), 0);
      expect([...new Float64Array(found.buffer)]).toEqual([0, 127, sum((v) => v), sum((v) => v * v), 0]);
    });
  }

  it("are of 32 bits without an overflow", () => {
    const most = new Uint32Array(8).fill(4294967295);
    const found = run([most, most], 8, (out, [a, b]) => kernels.roundedMeanZYX(CONVERT.uint32, a!, b!, out, 2, 4, 16, 8, 0));
    expect([...new Uint32Array(found.buffer)]).toEqual([4294967295, 4294967295]);
  });

  it("take unsigned bytes back, and 4-bit voxels apart", () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => (i * 37) & 255);
    const flipped = run([bytes], 40, (out, [src]) => kernels.integers(CONVERT.int8Flipped, src!, out, 40));
    expect([...new Int8Array(flipped.buffer)]).toEqual([...bytes].map((byte) => byte - 128));
    const nibbles = run([Uint8Array.from([0x21, 0xf3])], 3, (out, [src]) => kernels.integers(CONVERT.uint4, src!, out, 3));
    expect([...nibbles]).toEqual([1, 2, 3]);
  });
});

/** Labels, fractions, what lies beyond either end, NaN: each with its chance. */
function almostLabels(n: number, seed: number, badShare: number): Float32Array {
  const random = seededRandom(seed);
  const bad = [-1, 0.5, 65535.5, 65536, 1e9, -1e-30, 4e-45, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const good = [0, -0, 1, 2, 255, 256, 32767, 32768, 65534, 65535];
  const one = () => (random() < badShare ? bad[randomInt(random, bad.length)]! : good[randomInt(random, good.length)]!);
  return Float32Array.from({ length: n }, one);
}

describe("selection", () => {
  const values = [0, -0, 1, 2, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 16777216];

  it("takes the voxels that its twin takes, and counts them", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), fc.nat(15), fc.constantFrom(0, 1, 0.5, -1, 16777216), (n, seed, shift, wanted) => {
        const random = seededRandom(seed);
        const voxels = Float32Array.from({ length: n }, () => values[randomInt(random, values.length)]!);
        for (const [kernel, hit] of [
          [kernels.selectEqual, (voxel: number) => voxel === wanted],
          [kernels.selectAtLeast, (voxel: number) => voxel >= wanted],
        ] as const) {
          let count = -1;
          const found = run(
            [voxels],
            n,
            (out, [src]) => {
              count = kernel(src!, out, n, wanted);
            },
            { shift },
          );
          const expected = plain.select(voxels, hit);
          expect(found).toEqual(expected.bytes);
          expect(count).toBe(expected.count);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("reads labels up to the first voxel that is none", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(), fc.nat(15), fc.constantFrom(0, 0.02, 0.5), (n, seed, shift, badShare) => {
        const voxels = almostLabels(n, seed, badShare);
        const expected = plain.toLabels(voxels);
        let end = -1;
        const found = run(
          [voxels],
          2 * n,
          (out, [src]) => {
            end = kernels.toLabels(src!, out, n);
          },
          { shift },
        );
        expect(end).toBe(expected.length);
        expect(new Uint16Array(found.buffer).subarray(0, end)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("counts labels, and never past what a count can hold", () => {
    const random = seededRandom(4);
    const runs = Array.from({ length: 60 }, () =>
      new Array<number>(1 + randomInt(random, 40)).fill(randomInt(random, 4) * 21845),
    );
    const labels = Uint16Array.from(runs.flat());
    const table = new Uint32Array(65536);
    table[21845] = 0xffffffff - 3;
    const found = new Uint32Array(
      run([table, labels], 4 * 65536, (out, [from, src]) => {
        arena.copyWithin(out, from!, from! + 4 * 65536);
        kernels.countLabels(src!, labels.length, out);
      }).buffer,
    );
    for (const label of [0, 43690, 65535]) expect(found[label]).toBe(labels.filter((one) => one === label).length);
    expect(found[21845]).toBe(0xffffffff);
    expect(found.filter((count) => count > 0).length).toBe(4);
  });
});

describe("resampling", () => {
  const row = fc.record({
    n: fc.integer({ min: 1, max: 60 }),
    m: fc.integer({ min: 1, max: 60 }),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
    shift: fc.nat(15),
  });

  it("shares a row out as its twin does, wherever it begins", () => {
    fc.assert(
      fc.property(row, ({ n, m, cut, seed, shift }) => {
        const x0 = Math.min(m - 1, Math.floor(cut * m));
        const w = m - x0;
        const random = seededRandom(seed);
        const voxels = randomVoxels("float32", n, seed, { finite: true });
        const found = run([voxels], 8 * w, (out, [src]) => kernels.overlapSum(src!, out, n, m, x0, w), { shift });
        expect(new Float64Array(found.buffer)).toEqual(plain.overlapSum(voxels, m, x0, w));
        const mask = Uint8Array.from({ length: n }, () => (random() < 0.2 ? 1 : 0));
        const any = run([mask], w, (out, [src]) => kernels.overlapAny(src!, out, n, m, x0, w), { shift });
        expect(any).toEqual(Uint8Array.from(plain.overlapSum(mask, m, x0, w), (sum) => (sum > 0 ? 1 : 0)));
      }),
      { numRuns: 300 },
    );
    // sizes whose product is past 2^32
    const long = new Float32Array(200_000).fill(1);
    const found = run([long], 8 * 3, (out, [src]) => kernels.overlapSum(src!, out, 200_000, 150_001, 149_998, 3));
    expect([...new Float64Array(found.buffer)]).toEqual([200_000, 200_000, 200_000]);
  });

  it("adds rows up, and compares their mean as float32", () => {
    for (let n = 0; n < 40; n++) {
      const voxels = Float64Array.from({ length: n }, (_, i) => i / 7 - 2);
      const sums = Float64Array.from({ length: n }, (_, i) => i);
      const found = run([voxels, sums], 8 * n, (out, [src, from]) => {
        arena.copyWithin(out, from!, from! + 8 * n);
        kernels.addScaled(src!, out, n, 0.3);
      });
      expect(new Float64Array(found.buffer)).toEqual(sums.map((sum, i) => sum + voxels[i]! * 0.3));
      const bytes = Uint8Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0));
      const both = run([bytes], n, (out, [src]) => kernels.addAny(src!, out, n), { before: 2 });
      expect(both).toEqual(bytes.map((byte) => byte | 2));
      const reached = run([voxels], n, (out, [src]) => kernels.selectMean(src!, out, n, 3, 0.1));
      expect(reached).toEqual(Uint8Array.from(voxels, (sum) => Number(Math.fround(sum / 3) >= Math.fround(0.1))));
    }
    const odd = run([Float64Array.of(0.3 * 7, Number.NaN, -0)], 3, (out, [src]) => kernels.selectMean(src!, out, 3, 7, 0.3));
    expect([...odd]).toEqual([1, 0, 0]);
  });
});

describe("masks and labels", () => {
  it("keeps any hit of a mask, and the first voxel of labels", () => {
    fc.assert(
      fc.property(
        fc.record({
          h: fc.integer({ min: 1, max: 6 }),
          w: fc.integer({ min: 1, max: 100 }),
          gap: fc.integer({ min: 0, max: 3 }),
        }),
        fc.record({ two: fc.boolean(), seed: fc.nat(), density: fc.constantFrom(0, 0.02, 0.5, 1) }),
        ({ h, w, gap }, { two, seed, density }) => {
          const row = w + gap;
          const random = seededRandom(seed);
          const mask = () => Int8Array.from({ length: h * row }, () => (random() < density ? randomInt(random, 255) - 127 : 0));
          const masks = two ? [mask(), mask()] : [mask()];
          const [ow, size] = [Math.ceil(w / 2), Math.ceil(h / 2) * Math.ceil(w / 2)];
          const [first, second] = masks.map((voxels) => ({ voxels, row }));
          expect(run(masks, size, (out, [a, b = 0]) => kernels.anyZYX(a!, b, out, h, w, row, ow))).toEqual(
            plain.anyZYX(first!, second, h, w),
          );
          expect(run([masks[0]!], size, (out, [a]) => kernels.anyYX(a!, out, h, w, row, ow))).toEqual(
            plain.anyZYX(first!, undefined, h, w),
          );
          const labels = randomVoxels("uint16", h * row, seed);
          const expected = bytesOf(plain.strideYX({ voxels: labels, row }, h, w));
          expect(run([labels], 2 * size, (out, [a]) => kernels.strideYX(a!, out, h, w, 2 * row, 2 * ow))).toEqual(expected);
          const other = randomVoxels("uint16", h * row, seed + 1);
          expect(run([labels, other], 2 * size, (out, [a, b]) => kernels.strideZYX(a!, b!, out, h, w, 2 * row, 2 * ow))).toEqual(
            expected,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("answers what a person would", () => {
    const mask = Int8Array.from([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...run([mask], 6, (out, [a]) => kernels.anyYX(a!, out, 3, 5, 5, 3))]).toEqual([0, 1, 0, 0, 0, 1]);
    const labels = Uint16Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const found = run([labels], 8, (out, [a]) => kernels.strideYX(a!, out, 3, 3, 6, 4));
    expect([...new Uint16Array(found.buffer)]).toEqual([1, 3, 7, 9]);
  });
});

function stats(kind: Kind, voxels: Voxels) {
  const found = run([voxels], 40, (out, [src]) => kernels.statsOf(CONVERT[kind], src!, voxels.length, out));
  const [min, max, sum, sumOfSquares, notFinite] = new Float64Array(found.buffer) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { min, max, sum, sumOfSquares, notFinite };
}

describe("stats", () => {
  for (const kind of KINDS) {
    it(`of ${kind} are numpy's`, () => {
      for (const example of golden.cases.filter((c) => c.kind === kind)) {
        const [min, max, sum, sumOfSquares] = example.stats;
        expect(stats(kind, voxelsOf(example))).toEqual({ min, max, sum, sumOfSquares, notFinite: 0 });
      }
    });

    it(`of ${kind} are the twin's at every length`, () => {
      for (let n = 0; n < 150; n++) {
        const voxels = randomVoxels(kind, n, n);
        const [found, expected] = [stats(kind, voxels), plain.stats(voxels)];
        expect([found.min, found.max, found.notFinite]).toEqual([expected.min, expected.max, expected.notFinite]);
        // Sums of float32 are taken in another order: n roundings of 2^-53 of the partial sums at most.
        const most = n === expected.notFinite ? 0 : Math.max(Math.abs(found.min), Math.abs(found.max));
        expect(Math.abs(found.sum - expected.sum)).toBeLessThanOrEqual(kind === "float32" ? n * n * most * 2 ** -53 : 0);
        expect(Math.abs(found.sumOfSquares - expected.sumOfSquares)).toBeLessThanOrEqual(expected.sumOfSquares * n * 2 ** -52);
      }
    });
  }

  it("count what is not finite and leave it out", () => {
    const voxels = Float32Array.from([1, Number.NaN, -3, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, Number.NaN]);
    expect(stats("float32", voxels)).toEqual({ min: -3, max: 2, sum: 0, sumOfSquares: 14, notFinite: 4 });
    expect(stats("float32", Float32Array.from([Number.NaN, Number.NaN]))).toEqual({
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
      sum: 0,
      sumOfSquares: 0,
      notFinite: 2,
    });
    expect(stats("float32", Float32Array.from([-0, 0, -0]))).toEqual({ min: 0, max: 0, sum: 0, sumOfSquares: 0, notFinite: 0 });
  });

  it("hold the squares of the greatest float32, and do not overflow in sums of integers", () => {
    const most = Math.fround(3.4028234663852886e38);
    expect(stats("float32", new Float32Array(9).fill(-most)).sumOfSquares).toBeCloseTo(9 * most * most, -70);
    const n = 300_000;
    const extremes: [Kind, number][] = [
      ["int16", -32768],
      ["uint16", 65535],
      ["int8", -128],
      ["uint8", 255],
    ];
    for (const [kind, v] of extremes) {
      expect(stats(kind, new TYPES[kind](n).fill(v))).toEqual({
        min: v,
        max: v,
        sum: n * v,
        sumOfSquares: n * v * v,
        notFinite: 0,
      });
    }
  });

  it("of one-byte voxels do not overflow past the block in which 32-bit sums are kept", () => {
    const n = 65536 * 16 + 33;
    const at = 1 << 20;
    arena.fill(255, at, at + n);
    kernels.statsOf(CONVERT.uint8, at, n, 0);
    expect([...new Float64Array(memory.buffer, 0, 5)]).toEqual([255, 255, 255 * n, 255 * 255 * n, 0]);
    arena.fill(128, at, at + n);
    kernels.statsOf(CONVERT.int8, at, n, 0);
    expect([...new Float64Array(memory.buffer, 0, 5)]).toEqual([-128, -128, -128 * n, 128 * 128 * n, 0]);
  });
});

describe("histogram", () => {
  it("counts as its twin does, on top of what is there", () => {
    for (const n of [0, 1, 3, 4, 5, 1000]) {
      const voxels = randomVoxels("float32", n, n) as Float32Array;
      const counts = new Uint32Array(HISTOGRAM_BINS).fill(2);
      plain.histogram(voxels, counts);
      const found = run([voxels], 4 * HISTOGRAM_BINS, (out, [src]) => {
        new Uint32Array(memory.buffer, out, HISTOGRAM_BINS).fill(2);
        kernels.histogram(src!, n, out);
      });
      expect(Buffer.compare(found, bytesOf(counts))).toBe(0);
    }
  });
});

describe("gather, unshuffle and pack", () => {
  it("shuffle a window, fill the rest with zeros, and come back", () => {
    fc.assert(
      fc.property(
        fc.record({
          item: fc.constantFrom(1, 2, 3, 4, 8, 12),
          cw: fc.integer({ min: 1, max: 40 }),
          ch: fc.integer({ min: 1, max: 4 }),
        }),
        fc.record({ lessW: fc.nat(40), lessH: fc.nat(4), gap: fc.nat(5), seed: fc.nat() }),
        ({ item, cw, ch }, { lessW, lessH, gap, seed }) => {
          const [w, h] = [Math.max(0, cw - lessW), Math.max(0, ch - lessH)];
          const rowBytes = w * item + gap;
          const bytes = bytesOf(randomVoxels("uint8", h * rowBytes, seed));
          const expected = plainBlosc.gather(item, bytes, rowBytes, w, h, cw, ch);
          const block = run([bytes], expected.length, (out, [src]) =>
            kernels.gather(item, src!, rowBytes, w, h, cw, ch, out, cw * ch, 0),
          );
          expect(block).toEqual(expected);
          const back = run([block], block.length, (out, [src]) => kernels.unshuffle(item, src!, out, block.length));
          expect(back).toEqual(plainBlosc.unshuffle(item, block));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("fill a block piece by piece", () => {
    const voxels = Uint16Array.from({ length: 12 }, (_, i) => 256 * i + i);
    const whole = plainBlosc.gather(2, bytesOf(voxels), 24, 12, 1, 12, 1);
    const found = run([voxels], 24, (out, [src]) => {
      for (let row = 0; row < 3; row++) kernels.gather(2, src! + 8 * row, 8, 4, 1, 4, 1, out, 12, 4 * row);
    });
    expect(found).toEqual(whole);
  });

  it("unshuffle keeps the bytes behind the last whole item", () => {
    for (const item of [1, 2, 3, 4, 8, 16]) {
      for (let n = 0; n < 90; n++) {
        const bytes = Uint8Array.from({ length: n }, (_, i) => i);
        expect(run([bytes], n, (out, [src]) => kernels.unshuffle(item, src!, out, n))).toEqual(plainBlosc.unshuffle(item, bytes));
      }
    }
  });

  it("pack the same bytes as the twin, and the twin's decoder reads them", () => {
    const inputs: ((i: number, random: () => number) => number)[] = [
      (_, random) => randomInt(random, 256),
      (i) => i >> 9,
      () => 0,
      (_, random) => (random() < 0.9 ? 3 : randomInt(random, 256)),
      (i) => (i * i) >> 7,
      (i, random) => (i % 700 < 350 ? randomInt(random, 256) : i % 13),
    ];
    for (const [k, input] of inputs.entries()) {
      for (const item of [1, 2, 4]) {
        for (const n of [0, 1, 5, 12, 13, 127, 128, 129, 1000, 5000, 17000]) {
          const random = seededRandom(k + n);
          const block = Uint8Array.from({ length: n * item }, (_, i) => input(i, random));
          const room = packedBytesMax(item, n);
          let size = 0;
          const found = run([block, new Uint8Array(HASH_TABLE_BYTES)], room, (out, [src, table]) => {
            size = kernels.pack(item, src!, n, out, table!);
            arena.fill(0, table!, table! + HASH_TABLE_BYTES);
          });
          expect(size).toBeLessThanOrEqual(room);
          const expected = plainBlosc.pack(item, block);
          expect(Buffer.compare(found.subarray(0, size), expected), `input ${k}, ${n} items of ${item}`).toBe(0);
          const body = plainBlosc.compress(block);
          if (body) expect(Buffer.compare(plainBlosc.decompress(body, block.length)!, block)).toBe(0);
        }
      }
    }
  });

  it("find matches 65,535 bytes back, and none further", () => {
    const n = 70_000;
    const sizes = [65_535, 65_536].map((distance) => {
      const random = seededRandom(4);
      const block = new Uint8Array(n);
      for (let i = 0; i < 40; i++) block[i] = block[distance + i] = 1 + randomInt(random, 255);
      const found = run([block, new Uint8Array(HASH_TABLE_BYTES)], packedBytesMax(1, n), (out, [src, table]) => {
        kernels.pack(1, src!, n, out, table!);
        arena.fill(0, table!, table! + HASH_TABLE_BYTES);
      });
      const size = new DataView(found.buffer).getUint32(0, true);
      expect(Buffer.compare(plainBlosc.decompress(found.subarray(4, 4 + size), n)!, block)).toBe(0);
      return size;
    });
    expect(sizes[1]! - sizes[0]!).toBeGreaterThan(20);
  });
});

describe("the module", () => {
  it("has no data of its own: an instance leaves a memory as it finds it", () => {
    const fresh = sharedMemory(65_536);
    const bytes = new Uint8Array(fresh.buffer).fill(0xc3);
    instantiateKernels(kernelModule(), fresh);
    expect(bytes.every((byte) => byte === 0xc3)).toBe(true);
  });

  it("gives a shared memory that grows, or says that it cannot", () => {
    const grown = sharedMemory(100);
    expect(grown.buffer.byteLength).toBe(65_536);
    expect(grown.buffer).toBeInstanceOf(SharedArrayBuffer);
    grown.grow(2);
    expect(grown.buffer.byteLength).toBe(3 * 65_536);
    expect(() => sharedMemory(2 ** 32 + 1)).toThrow(expect.objectContaining({ code: "MEMORY_LIMIT" }));
  });
});
