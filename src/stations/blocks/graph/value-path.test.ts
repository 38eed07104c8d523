import { expect, it } from "vitest";
import { collectFaults } from "./faults.js";
import type { ReduceNode } from "./nodes.js";
import { checkValuePath } from "./value-path.js";

/** What is said of a path in the result of a reduction: message and hint. */
function said(
  reduction: string,
  written: string,
  { params = {}, dtype = "float32", voxelSizeNm = [1, 1, 1] as (number | undefined)[] } = {},
): (string | undefined)[] {
  const facts = { shape: [4, 4, 4], voxelSizeNm, offsetNm: [0, 0, 0], dtype };
  const node = { kind: "reduce", name: "n", reduction, params, facts } as unknown as ReduceNode;
  const faults = collectFaults((path) => ({ path: path.join(".") }));
  checkValuePath(node, written, ["nodes", 0, "x"], faults);
  if (faults.count === 0) return [];
  try {
    faults.check();
  } catch (error) {
    const { message, facts: told } = error as { message: string; facts: { hint?: string; place: { path: string } } };
    expect(told.place.path).toBe("nodes.0.x");
    return [message, told.hint];
  }
  return [];
}

it("a number in the result is one that a node can take", () => {
  expect(said("statistics", "mean")).toEqual([]);
  expect(said("statistics", "mean", { dtype: "uint8" })).toEqual([]);
  expect(said("statistics", "mean", { dtype: "int64" })).toEqual([]);
});

it("what is not there is told with what is meant, or with all there is", () => {
  expect(said("statistics", "maen")).toEqual(["statistics has no maen", "did you mean mean?"]);
  expect(said("statistics", "zzzzzz")[1]).toMatch(/^there are .*mean/);
  expect(said("statistics", "mean.0")).toEqual(["mean of statistics has no 0", "write path: mean"]);
});

it("of a list of things every one has the same fields, of which each that is a number can be taken", () => {
  const points = (path: string) => said("points", path, { dtype: "uint8" });
  expect([points("points.0.voxels"), points("points.7.centroid.2")]).toEqual([[], []]);
  // what is null in one voxel may be a number in others
  expect(said("points", "points.0.centroidNm", { dtype: "uint8", voxelSizeNm: [undefined, undefined, undefined] })).toEqual([]);
  expect(points("points.0.weight")).toEqual([
    "points.0 of points has no weight",
    expect.stringMatching(/^there are label, voxels/),
  ]);
  expect(points("points.first")[0]).toBe("points of points has no first");
  expect(points("points.0.centroid")).toEqual([
    "points.0.centroid of points is not a number",
    "name a number of the list, as points.0.centroid.0",
  ]);
});
