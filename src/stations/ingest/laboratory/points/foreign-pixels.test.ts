import { expect, it } from "vitest";
import { foreignPixels } from "./foreign-pixels.js";

const said = (pixelAngstrom: number, voxels: readonly number[], pixels: readonly number[] = [], rows: readonly string[] = []) =>
  foreignPixels(
    { reading: { format: "mod", shape: "Point", unit: "pixels", pixelAngstrom }, series: new Map(rows.map((row) => [row, 1])) },
    ["TS_1"],
    {
      volumesOf: () =>
        voxels.map((spacingAngstrom) => ({ path: "", size: [1, 1, 1], originAngstrom: [0, 0, 0], spacingAngstrom })),
      pixelsOf: () => pixels,
    },
  );

it("pixels of which no tomogram of the run, nor its images, is a binning are another session's", () => {
  expect(said(15.68, [5.44], [1.36])).toBe(
    "The pixels of the list have 15.68 Å, the voxels of TS_1 have 5.44 Å and the pixels of its images 1.36 Å: none is a binning of the other, so that it may be of another series of this name",
  );
});

it("binnings of the tomogram or of the images are its own, also by halves and of a pixel that was calibrated since", () => {
  expect(said(10.88, [5.44], [1.7])).toBeUndefined();
  expect(said(1.36, [5.44], [1.7])).toBeUndefined();
  expect(said(5.44, [8.16], [1.7])).toBeUndefined();
  expect(said(1.35, [10], [1.358])).toBeUndefined();
  expect(said(13.6, [10], [1.36])).toBeUndefined();
  expect(said(15.68, [], [1.36])).toBeUndefined();
});

it("Warp's lists have pixels of any size, and without the images nothing is known", () => {
  expect(said(15.68, [5.44], [1.36], ["TS_1.tomostar"])).toBeUndefined();
  expect(said(15.68, [5.44])).toBeUndefined();
});
