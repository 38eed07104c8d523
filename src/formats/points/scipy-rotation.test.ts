import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { scipyRelionRotation, scipySlicerRotation, scipyStopgapRotation } from "./scipy-rotation.js";

type Angles = [number, number, number];

/** Written by test/golden/points/make_scipy_bits.py. */
const golden: { cases: { angles: Angles; relion: number[]; stopgap: number[]; slicer: number[] }[] } = JSON.parse(
  readFileSync(new URL("../../../test/golden/points/scipy_bits.golden.json", import.meta.url), "utf8"),
);

const matrix = (rotation: (a: number, b: number, c: number, out: Float64Array) => void, [a, b, c]: Angles) => {
  const out = new Float64Array(9);
  rotation(a, b, c, out);
  return [...out];
};

describe("seam 18: orientations have scipy's digits, to the last one", () => {
  it("of RELION's angles", () => {
    for (const { angles, relion } of golden.cases) expect(matrix(scipyRelionRotation, angles), `${angles}`).toEqual(relion);
  });
  it("of STOPGAP's, whose file names phi, psi, the", () => {
    for (const { angles, stopgap } of golden.cases) {
      const [phi, the, psi] = angles;
      expect(matrix(scipyStopgapRotation, [phi, psi, the]), `${angles}`).toEqual(stopgap);
    }
  });
  it("of an IMOD slicer's", () => {
    for (const { angles, slicer } of golden.cases) expect(matrix(scipySlicerRotation, angles), `${angles}`).toEqual(slicer);
  });
});
