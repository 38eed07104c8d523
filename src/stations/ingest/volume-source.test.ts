import { describe, expect, it } from "vitest";
import { otherVoxelSize } from "./volume-source.js";

describe("the voxel size of a header beside the configured one", () => {
  const told = (zyx: [number | undefined, number | undefined, number | undefined], angstrom: number, axes: "zyx" | "yx") =>
    otherVoxelSize({ voxelSizesAngstrom: zyx }, angstrom, axes);

  it("seam 11: is told axis by axis where the axes differ, also where one of them agrees", () => {
    // EMD-3001
    expect(told([0.459, 0.3925, 0.448], 0.3925, "zyx")).toBe("0.448 Å along x, 0.3925 Å along y, 0.459 Å along z");
    expect(told([13.48, 13.48, 6.74], 13.48, "yx")).toBe("6.74 Å along x, 13.48 Å along y");
  });

  it("is one number where it is one, and nothing where it agrees or is not there", () => {
    expect(told([13.48, 13.48, 13.48], 10, "zyx")).toBe("13.48 Å");
    expect(told([undefined, 13.48, 13.48], 13.48, "zyx")).toBeUndefined();
    expect(told([1, 13.48, 13.48], 13.48, "yx")).toBeUndefined();
    expect(told([undefined, undefined, undefined], 13.48, "zyx")).toBeUndefined();
  });
});
