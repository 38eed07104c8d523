import { describe, expect, it } from "vitest";
import { type FitOptions, mendText, pointFit } from "./point-fit.js";

const OPTIONS: FitOptions = { size: [400, 300, 100], spacingAngstrom: undefined, binning: 1, reverse: "columns" };

function mended(points: readonly number[], options: Partial<FitOptions> = {}) {
  const all = { ...OPTIONS, ...options };
  const places = pointFit(all);
  places.add(Float64Array.from(points), points.length / 3);
  return mendText(places, all);
}

describe("points outside of a tomogram (34.8)", () => {
  it("the order that fits is named, of all six", () => {
    expect(mended([390, 290, 90])).toBe("");
    expect(mended([90, 290, 390])).toBe("; `columns: zyx` fits all 1");
    expect(mended([290, 390, 90])).toBe("; read as y, x, z all 1 fit: exchange the coordinates in the file");
    expect(mended([390, 90, 290])).toBe("; read as x, z, y all 1 fit: exchange the coordinates in the file");
    expect(mended([90, 390, 290])).toBe("; read as y, z, x all 1 fit: exchange the coordinates in the file");
    expect(mended([290, 90, 390])).toBe("; read as z, x, y all 1 fit: exchange the coordinates in the file");
  });

  it("where the option is absent or no order fits, it is not advised", () => {
    expect(mended([90, 290, 390], { reverse: undefined })).toBe(
      "; read as z, y, x all 1 fit: exchange the coordinates in the file",
    );
    expect(mended([-5, 290, 90])).toBe("; none of the six orders of the axes fits");
  });
});
