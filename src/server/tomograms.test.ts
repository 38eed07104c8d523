import { expect, it } from "vitest";
import { drawnFiles } from "./tomograms.js";

type File = Parameters<typeof drawnFiles>[0][number];
const file = (format: string, key: string, shape = "SegmentationMask", annotationId = 1) =>
  ({ annotationId, shape, format, key }) as unknown as File;

it("draws one file of each shape: of a mask that is there twice the OME-Zarr", () => {
  const [zarr, mrc] = [file("zarr", "a/1-x_seg.zarr"), file("mrc", "a/1-x_seg.mrc")];
  const others = [
    file("mrc", "a/2-y_seg.mrc"),
    file("mrc", "a/1-x_seg.mrc", "SegmentationMask", 2),
    file("mrc", "a/1-x_seg.mrc", "InstanceSegmentationMask"),
    file("ndjson", "a/1-x_seg.ndjson", "Point"),
  ];
  expect(drawnFiles([zarr, mrc, ...others])).toEqual([zarr, ...others]);
  expect(drawnFiles([mrc])).toEqual([mrc]);
  expect(drawnFiles([file("txt", "a/3.txt", "ImageCaption")])).toEqual([]);
});
