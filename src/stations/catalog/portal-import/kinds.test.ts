import { expect, it } from "vitest";
import { wantedKinds } from "./kinds.js";

/** What the reference's flags imply (`load --import-…` of its database package). */
it.each([
  ["annotation-authors", ["annotation-authors", "annotations", "runs", "tomogram-voxel-spacing"]],
  ["annotation-method-links", ["annotation-method-links", "annotations", "runs", "tomogram-voxel-spacing"]],
  ["tomogram-authors", ["runs", "tomogram-authors", "tomogram-voxel-spacing", "tomograms"]],
  ["alignments", ["alignments", "runs", "tiltseries"]],
  ["frames", ["frame-acquisition-files", "frames", "runs"]],
  ["gains", ["gains", "runs"]],
  ["depositions", ["depositions"]],
])("seam 27: --import-%s brings what its rows belong to: %s", (kind, all) => {
  const { kinds, has } = wantedKinds([kind]);
  expect(kinds).toEqual(all);
  expect([has("Dataset"), has("Run"), has("DatasetAuthor")]).toEqual([true, all.includes("runs"), false]);
});
