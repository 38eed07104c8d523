import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestIndices, overlap, overlapping, resamplingOf } from "./resampling.js";

const sizes = fc.tuple(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 150 }));

describe("resampling", () => {
  it("takes the nearest voxel with the ends of an axis on one another", () => {
    // scipy 1.17.1: ndimage.zoom(np.arange(n), m / n, order=0)
    expect([...nearestIndices(10, 5)]).toEqual([0, 2, 5, 7, 9]);
    expect([...nearestIndices(4, 9)]).toEqual([0, 0, 1, 1, 2, 2, 2, 3, 3]);
    expect([...nearestIndices(7, 1)]).toEqual([0]);
    expect([...nearestIndices(1, 3)]).toEqual([0, 0, 0]);
    // where scipy's last position is 7.000000000000001 of 7 and it gives 0, the last voxel is the last voxel
    expect(nearestIndices(8, 26).at(-1)).toBe(7);
    fc.assert(
      fc.property(sizes, ([n, m]) => {
        const indices = [...nearestIndices(n, m)];
        const wanted = indices.map((_, i) => (m === 1 ? 0 : Math.floor((i * (n - 1)) / (m - 1) + 0.5)));
        expect(indices).toEqual(wanted);
        expect(indices[0]).toBe(0);
        if (m > 1) expect(indices.at(-1)).toBe(n - 1);
      }),
    );
  });

  it("shares an axis out without rest, and knows every voxel that takes part", () => {
    fc.assert(
      fc.property(sizes, ([n, m]) => {
        const given = new Array<number>(n).fill(0);
        for (let i = 0; i < m; i++) {
          const { first, end } = overlapping(n, m, i);
          let sum = 0;
          for (let k = 0; k < n; k++) {
            const share = overlap(n, m, k, i);
            if (share > 0 !== (k >= first && k < end)) expect.fail(`voxel ${k} of ${n} takes part in ${i} of ${m} by ${share}`);
            sum += share;
            given[k]! += share;
          }
          expect(sum).toBe(n);
        }
        expect(overlapping(n, m, 0, m)).toEqual({ first: 0, end: n });
        expect(given).toEqual(new Array(n).fill(m));
      }),
      { numRuns: 100 },
    );
  });

  it("is nothing between equal shapes", () => {
    expect(resamplingOf([2, 3, 4], [2, 3, 4], { equals: 1 })).toBeUndefined();
    expect(resamplingOf([2, 3, 4], undefined, undefined)).toBeUndefined();
    expect(resamplingOf([2, 3, 4], [2, 3, 5], { equals: 1 })).toEqual({ shape: [2, 3, 4], method: "any" });
    expect(resamplingOf([2, 3, 4], [2, 3, 5], { atLeast: 1 })?.method).toBe("mean");
    expect(resamplingOf([2, 3, 4], [2, 3, 5], undefined)?.method).toBe("nearest");
  });
});
