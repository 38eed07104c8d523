import { describe, expect, it } from "vitest";
import { isOnSection, type Measure, measured, measuresTsv, parseMeasures, printMeasured, printMeasures } from "./measure.js";
import { scaleBar } from "./scale-bar.js";

const line: Measure = {
  kind: "line",
  axis: "z",
  points: [
    [5, 0, 0],
    [5, 30, 40],
  ],
};

describe("measures", () => {
  it.each<[Measure, object, string]>([
    [line, { angstrom: 50 }, "50.0 Å"],
    [
      {
        kind: "polyline",
        axis: "z",
        points: [
          [0, 0, 0],
          [0, 0, 100],
          [0, 100, 100],
        ],
      },
      { angstrom: 200 },
      "20.0 nm",
    ],
    [
      {
        kind: "angle",
        axis: "z",
        points: [
          [0, 0, 10],
          [0, 0, 0],
          [0, 10, 0],
        ],
      },
      { degrees: 90 },
      "90.0°",
    ],
    [
      {
        kind: "circle",
        axis: "x",
        points: [
          [0, 0, 0],
          [0, 10, 0],
        ],
      },
      { angstrom: 20, areaSquareNm: Math.PI },
      "⌀ 20.0 Å",
    ],
  ])("%o", (measure, wanted, text) => {
    expect(measured(measure)).toEqual(wanted);
    expect(printMeasured(measure)).toBe(text);
  });

  it("are a table with tabs", () => {
    const [head, row, end] = measuresTsv([line]).split("\n");
    expect(head!.split("\t")).toHaveLength(7);
    expect(row!.split("\t")).toEqual(["line", "xy", "50.00", "5.000", "", "", "0.00,0.00,5.00 40.00,30.00,5.00"]);
    expect(end).toBe("");
  });

  it("go into an address and back", () => {
    expect(printMeasures([line])).toBe("lz0,0,5_40,30,5");
    expect(parseMeasures("lz0,0,5_40,30,5")).toEqual([line]);
    expect(parseMeasures("lz0,0,5_40,30,5_1,1,1")).toBeUndefined();
  });
});

describe("the scale bar", () => {
  it.each([
    [9.9, 5, "5 Å"],
    [10, 10, "1 nm"],
    [499, 200, "20 nm"],
    [500, 500, "50 nm"],
    [9999, 5000, "500 nm"],
    [25_000, 20_000, "2 µm"],
    [0.7, 0.5, "0.5 Å"],
  ])("within %f Å: %f Å", (most, angstrom, label) => {
    expect(scaleBar(most)).toEqual({ angstrom, label });
  });
  it("counts voxels where there is no scale", () => {
    expect(scaleBar(70, false).label).toBe("50 voxels");
  });
});

describe("measures in space", () => {
  it("an angle is that at its vertex, wherever it lies", () => {
    const points = [[5, 10 + 3 ** 0.5, -20], [5, 10, -21], [5, 10, -19]] as const; // biome-ignore format: one line
    // of a triangle of equal sides
    expect(measured({ kind: "angle", axis: "z", points: points.map((one) => [...one]) as never }).degrees).toBeCloseTo(60, 9);
    expect(measured({ kind: "angle", axis: "z", points: [[0, 0, 0]] })).toEqual({});
    const across: Measure = { kind: "line", axis: "z", points: [[0, -3, 8], [0, 0, 4]] }; // biome-ignore format: one line
    expect(measured(across)).toEqual({ angstrom: 5 });
    expect(printMeasured({ ...across, points: [[0, 0, 0], [0, 0, 100]] })).toBe("10.0 nm"); // biome-ignore format: one line
  });

  it("is drawn in its own planes, within half of what is seen through", () => {
    expect(isOnSection(line, "z", 5, 10)).toBe(true);
    expect(isOnSection(line, "y", 5, 10)).toBe(false);
    expect([10, 10.1, 0, -0.1].map((at) => isOnSection(line, "z", at, 10))).toEqual([true, false, true, false]);
  });
});
