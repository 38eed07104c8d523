import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkRotation,
  flipRotation,
  multiplyRotations,
  relionAngles,
  relionRotation,
  relionToStopgap,
  rotationFault,
  slicerRotation,
  stopgapRotation,
  stopgapToRelion,
} from "./rotation.js";

const h = Math.SQRT1_2;
type Triple = [number, number, number];
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/points/rotations.json", import.meta.url), "utf8")) as Record<
  "relion" | "stopgap" | "slicer",
  number[][]
>;

const matrixOf = (fill: (a: number, b: number, c: number, out: Float64Array, offset?: number) => void, [a, b, c]: Triple) => {
  const out = new Float64Array(9);
  fill(a, b, c, out);
  return out;
};
const relion = (angles: Triple) => matrixOf(relionRotation, angles);
const stopgap = ([phi, psi, the]: Triple) => matrixOf(stopgapRotation, [phi, psi, the]);
const slicer = (angles: Triple) => matrixOf(slicerRotation, angles);

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number) {
  const worst = Math.max(...Array.from(wanted, (value, i) => Math.abs(value - found[i]!)));
  expect(found.length).toBe(wanted.length);
  expect(worst, `${Array.from(found)} instead of ${Array.from(wanted)}`).toBeLessThanOrEqual(tolerance);
}

const angle = fc.double({ min: -720, max: 720, noNaN: true });
const triple = fc.tuple(angle, angle, angle);

describe("rotations", () => {
  const conventions: [keyof typeof golden, (angles: Triple) => Float64Array][] = [
    ["relion", relion],
    ["stopgap", ([phi, the, psi]) => stopgap([phi, psi, the])],
    ["slicer", slicer],
  ];
  it.each(conventions)("%s: 1,000 random triples and 64 of quarter turns, as scipy has them", (name, read) => {
    expect(golden[name].length).toBe(1064);
    for (const row of golden[name]) expectClose(read(row.slice(0, 3) as Triple), row.slice(3), 1e-12);
  });

  it("quarter turns are whole numbers", () => {
    for (const row of golden.relion.slice(1000)) {
      for (const value of relion(row.slice(0, 3) as Triple)) expect([-1, 0, 1]).toContain(value + 0);
    }
  });

  // Rounded to four decimals, as the ingestion's specification gives them.
  it.each<[Triple, number[]]>([
    [
      [90, 45, 180],
      [0, -h, h, 1, 0, 0, 0, h, h],
    ],
    [
      [-45, 90, 120],
      [0.6124, 0.6124, 0.5, -0.3536, -0.3536, 0.866, h, -h, 0],
    ],
    [
      [0, 90, 0],
      [0, 0, -1, 0, 1, 0, 1, 0, 0],
    ],
  ])("RELION's rot, tilt, psi = %j", (angles, wanted) => expectClose(relion(angles), wanted, 5e-5));

  it("STOPGAP's phi, psi, the = 90, 180, 45", () => expectClose(stopgap([90, 180, 45]), [0, 1, 0, -h, 0, h, h, 0, h], 5e-5));

  it("IMOD's slicer angles 13.1, 0, -30.2", () =>
    expectClose(slicer([13.1, 0, -30.2]), [0.8643, -0.4899, -0.114, 0.503, 0.8418, 0.1959, 0, -0.2267, 0.974], 5e-5));

  it("fills at an offset and leaves the rest", () => {
    const out = new Float64Array(20).fill(7);
    relionRotation(1, 2, 3, out, 9);
    expect([out[8], out[18]]).toEqual([7, 7]);
    expectClose(out.subarray(9, 18), relion([1, 2, 3]), 0);
  });

  it("all are rotations", () => {
    fc.assert(
      fc.property(triple, fc.constantFrom(relion, stopgap, slicer), (angles, read) => {
        expect(rotationFault(read(angles))).toBeUndefined();
      }),
    );
  });
});

describe("back to RELION's angles", () => {
  it("of every rotation gives the same rotation", () => {
    fc.assert(
      fc.property(triple, (angles) => {
        const matrix = relion(angles);
        const [rot, tilt, psi] = relionAngles(matrix);
        expectClose(relion([rot, tilt, psi]), matrix, 2e-12);
        expect(tilt).toBeGreaterThanOrEqual(0);
        expect(tilt).toBeLessThanOrEqual(180);
      }),
    );
  });

  it("near the poles as well", () => {
    fc.assert(
      fc.property(
        angle,
        fc.double({ min: -1e-5, max: 1e-5, noNaN: true }),
        angle,
        fc.constantFrom(0, 180),
        (rot, off, psi, pole) => {
          const matrix = relion([rot, pole + off, psi]);
          expectClose(relion(relionAngles(matrix)), matrix, 1e-11);
        },
      ),
    );
  });

  it("inside the ranges gives the angles themselves", () => {
    const [rot, tilt, psi] = relionAngles(relion([-16.91486, 175.815434, 47.775756]));
    expectClose([rot, tilt, psi], [-16.91486, 175.815434, 47.775756], 1e-9);
  });

  it("with tilt 0 or 180 puts all of it into psi", () => {
    expectClose(relionAngles(relion([30, 0, 45])), [0, 0, 75], 1e-9);
    expectClose(relionAngles(relion([30, 180, 45])), [0, 180, 15], 1e-9);
    expectClose(relionAngles(relion([0, 0, 180])), [0, 0, 180], 1e-9);
  });
});

describe("between STOPGAP and RELION", () => {
  it("phi, psi, the = 90, 180, 45 are rot, tilt, psi = 0, 45, 90", () => {
    expect(stopgapToRelion(90, 180, 45)).toEqual([0, 45, 90]);
    expect(relionToStopgap(0, 45, 90)).toEqual([90, 180, 45]);
  });

  it("keeps the rotation, both ways", () => {
    fc.assert(
      fc.property(triple, ([phi, psi, the]) => {
        expectClose(relion(stopgapToRelion(phi, psi, the)), stopgap([phi, psi, the]), 1e-11);
        const [a, b, c] = relionToStopgap(phi, the, psi);
        expectClose(stopgap([a, b, c]), relion([phi, the, psi]), 1e-11);
      }),
    );
  });
});

describe("matrices", () => {
  it("flipped: row i, column j goes to 2 − i, 2 − j, and twice is once none", () => {
    const matrix = Float64Array.from({ length: 10 }, (_, i) => i);
    flipRotation(matrix, 1);
    expect([...matrix]).toEqual([0, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    flipRotation(matrix, 1);
    expect([...matrix]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("multiplied: turns about one axis add up", () => {
    const [a, b, out] = [relion([20, 0, 0]), relion([35, 0, 0]), new Float64Array(9)];
    multiplyRotations(a, 0, b, 0, out);
    expectClose(out, relion([55, 0, 0]), 1e-15);
    const [c, d] = [relion([10, 20, 30]), relion([40, 50, 60])];
    multiplyRotations(c, 0, d, 0, out);
    // The first row by hand, from the definition.
    expectClose(
      out.subarray(0, 3),
      [0, 1, 2].map((column) => c[0]! * d[column]! + c[1]! * d[3 + column]! + c[2]! * d[6 + column]!),
      1e-15,
    );
  });

  it.each<[string, number[], string]>([
    ["a mirror", [1, 0, 0, 0, 1, 0, 0, 0, -1], "determinant"],
    ["a scale", [2, 0, 0, 0, 1, 0, 0, 0, 1], "length 2"],
    ["a shear", [1, 0, 0, 0.6, 0.8, 0, 0, 0, 1], "product of 0.6"],
    ["NaN", [Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1], "length NaN"],
    ["four decimals", [0.6124, 0.6124, 0.5, -0.3536, -0.3536, 0.866, h, -h, 0], "length"],
  ])("%s is no rotation", (_, matrix, words) => {
    expect(rotationFault(matrix)).toContain(words);
    expect(() => checkRotation(matrix, 0, { file: "a.star", line: 3 })).toThrow(/^a\.star: .* in line 3$/);
  });

  it.each<[number, number[]]>([
    [0, [1, 0, 0, 0.6, 0.8, 0, 0, 0, 1]],
    [1, [1, 0, 0, 0, 1, 0, 0, 0.6, 0.8]],
    [2, [0.8, 0, 0.6, 0, 1, 0, 0, 0, 1]],
  ])("the message names both rows of a product: %d and the next", (row, matrix) => {
    expect(rotationFault(matrix)).toBe(
      `rows ${row} and ${[1, 2, 0][row]} of the matrix have a product of 0.6, a rotation's have 0`,
    );
  });

  it("a rotation has no fault", () => {
    expect(rotationFault([1, 0, 0, 0, 1, 0, 0, 0, 1])).toBeUndefined();
    expect(() => checkRotation([0, 1, 0, 0, 1, 0, -1, 0, 0, 0, 0, 1], 3, { file: "a.star" })).not.toThrow();
  });
});
