import type { VolumeFacts } from "../src/model/page-api.js";

/** Facts of a volume for tests: 64 × 256 × 512 voxels of 10 Å, two levels. */
export const testFacts = (more: Partial<VolumeFacts> = {}): VolumeFacts => ({
  ref: "tomogram:1",
  etag: "e",
  title: "one",
  place: "here",
  key: "one.mrc",
  format: "MRC",
  kind: "tomogram",
  dtype: "float32",
  shape: [64, 256, 512],
  voxelSizeAngstrom: [10, 10, 10],
  originAngstrom: [0, 0, 0],
  levels: [
    { shape: [64, 256, 512], scale: [1, 1, 1], virtual: false },
    { shape: [32, 128, 256], scale: [2, 2, 2], virtual: false },
  ],
  planeBytes: [1, 1, 1],
  limits: { low: -10, high: 10, from: "sample" },
  histogram: { min: -20, max: 20, counts: [1, 2, 4, 2, 1] },
  isTiltSeries: false,
  warnings: [],
  sources: {},
  ...more,
});
