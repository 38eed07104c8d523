import { expect, it, vi } from "vitest";
import type { FileRecord } from "../../src/model/page-api.js";

vi.stubGlobal("document", { baseURI: "http://lab.example.org/" });
const { voxelOf, voxelSizes } = await import("./file-record.js");

const record = (voxel_size: (number | null)[], unit: (string | null)[]) =>
  ({ axes: ["z", "y", "x"], shape: [4, 5, 6], voxel_size, unit }) as unknown as FileRecord;

it("(34.13) sizes along y and x are shown where that along z is not known", () => {
  const flat = record([null, 2, 1.5], [null, "nm", "nm"]);
  expect(voxelOf(flat)).toMatch(/^15(\.0+)? × 20(\.0+)? × \?$/);
  expect(voxelSizes(flat)).toEqual([15, 20]);
  expect(voxelOf(record([null, null, null], [null, null, null]))).not.toContain("?");
  expect(voxelOf(record([2, 2, 2], ["Å", "Å", "Å"]))).toMatch(/^2(\.0+)?$/);
});
