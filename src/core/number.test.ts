import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Float, fixedHalfEven, float32Repr, floatRepr, isFloat, roundHalfEven, toNumber } from "./number.js";

interface Golden {
  repr: [bits: string, repr: string][];
  round: [bits: string, digits: number, fixed: string, roundedBits: string][];
}
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/python-text/python-text.golden.json", import.meta.url), "utf8"),
) as Golden;

function fromBits(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

function toBits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

describe("floatRepr", () => {
  it(`prints ${golden.repr.length} floats as Python's repr does`, () => {
    const wrong = golden.repr.filter(([bits, text]) => floatRepr(fromBits(bits)) !== text);
    expect(wrong).toEqual([]);
  });

  it("names what is not finite as Python does", () => {
    expect([NaN, Infinity, -Infinity].map(floatRepr)).toEqual(["nan", "inf", "-inf"]);
  });

  it("reads back equal, whatever the float", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = floatRepr(value);
        expect(Object.is(Number(text), value)).toBe(true);
        expect(text).toMatch(/[.e]/);
      }),
    );
  });
});

describe("rounding", () => {
  it(`formats ${golden.round.length} floats, many of them ties, as '%.nf' does`, () => {
    const wrong = golden.round.filter(([bits, digits, fixed]) => fixedHalfEven(fromBits(bits), digits) !== fixed);
    expect(wrong).toEqual([]);
  });

  it("rounds them as Python's round does, sign of zero included", () => {
    const wrong = golden.round.filter(([bits, digits, , rounded]) => toBits(roundHalfEven(fromBits(bits), digits)) !== rounded);
    expect(wrong).toEqual([]);
  });

  it("leaves alone what is not finite", () => {
    expect(roundHalfEven(Infinity, 3)).toBe(Infinity);
    expect(roundHalfEven(NaN, 3)).toBeNaN();
    expect(fixedHalfEven(-Infinity, 3)).toBe("-inf");
  });

  it("is never further away than half a unit of the last digit, and rounds twice as once", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 6 }), (value, digits) => {
        const rounded = roundHalfEven(value, digits);
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(0.5 * 10 ** -digits * (1 + 1e-9) + Math.abs(value) * 2 ** -52);
        expect(roundHalfEven(rounded, digits)).toBe(rounded);
      }),
    );
  });
});

describe("Float", () => {
  it("keeps a whole float apart from an integer, in text but not in value", () => {
    const one = new Float(1);
    expect([`${one}`, one.valueOf(), JSON.stringify({ one })]).toEqual(["1.0", 1, '{"one":1}']);
    expect([isFloat(one), isFloat(1)]).toEqual([true, false]);
  });

  it("is unwrapped by toNumber, which takes nothing else for a number", () => {
    expect([new Float(2.5), 3, 4n, "5", null, undefined, true].map(toNumber)).toEqual([2.5, 3, 4, ...Array(4).fill(undefined)]);
  });
});

describe("float32Repr", () => {
  // numpy 2: repr(np.float32(x)), and mrcfile's voxel_size of a cell of 1140.1 Å along 100 voxels
  it("seam 41: is the shortest text of the 32-bit float", () => {
    const texts = [11.399999618530273, Math.fround(1140.1) / 100, 0.5, 4, Math.fround(1e-10), 16777216].map(float32Repr);
    expect(texts).toEqual(["11.4", "11.401", "0.5", "4.0", "1e-10", "16777216.0"]);
    // these need all nine digits: Python's "%.9g", of which "%.8g" is another float
    expect([104.27589416503906, 102.83504486083984].map(float32Repr)).toEqual(["104.275894", "102.835045"]);
  });
});
