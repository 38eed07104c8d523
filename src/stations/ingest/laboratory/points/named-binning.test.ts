import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { binnedAsNamed } from "./named-binning.js";

type Tomogram = readonly [path: string, shape: [number, number, number], voxel: number];

describe("the binning that a name tells", () => {
  const pixelsOf = () => [2];
  const of = (...paths: string[]) =>
    binnedAsNamed(
      paths.map((path) => ({ path })),
      ["a"],
      { pixelsOf },
    );

  it("is that of the file, else of the nearest folder", () => {
    expect(of("picks_bin8/a.csv")).toBe(16);
    expect(of("bin4/picks/a_bin8_ribosomes.csv")).toBe(16);
    expect(of("bin4/picks bin 8/a.csv")).toBe(16);
    expect(of("bin4/picks/a.csv")).toBe(8);
    expect(of("picks_bin8/a.csv", "picks_bin4/b.csv")).toBeUndefined();
    expect(of("cabin8/a.csv")).toBeUndefined();
    expect(of("bin2.5/a.csv")).toBeUndefined();
    const several = binnedAsNamed([{ path: "bin8/a.csv" }], ["a", "b"], { pixelsOf: (run) => [run === "a" ? 2 : 3] });
    expect(several).toBeUndefined();
  });

  it("decides between readings that fit, and where no tomogram of it is there", async () => {
    const rows = "X,Y,Z\n1,2,1\n17.5,3,2\n4,18.5,6\n";
    const decided = async (path: string, ...tomograms: readonly Tomogram[]) => {
      const laboratory = await laboratoryWith({
        "stacks/TS_01.mrc": mrcFile([5, 160, 160], 2, { kind: "stack" }),
        "stacks/TS_01.rawtlt": "-20\n-10\n0\n10\n20\n",
        ...Object.fromEntries(tomograms.map(([name, shape, voxel], seed) => [name, mrcFile(shape, voxel, { seed })])),
        [path]: rows,
      });
      const { signal } = new AbortController();
      const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
      const { role, details } = files.get(path) ?? {};
      const asked = questions.some(({ files: some }) => some.includes(path));
      return [role, details?.points?.binning, details?.points?.inSpacingAngstrom, asked];
    };
    const four: Tomogram = ["rec_bin4/TS_01.mrc", [16, 40, 40], 8];
    const eight: Tomogram = ["rec_bin8/TS_01.mrc", [8, 20, 20], 16];
    expect(await decided("picks_bin8/TS_01.csv", four, eight)).toEqual(["points", undefined, 16, false]);
    expect(await decided("picks_bin8/TS_01.csv", four)).toEqual(["points", 0.5, 8, false]);
    // outside of the tomogram they are no such voxels
    expect((await decided("picks_bin16/TS_01.csv", four))[1]).not.toBe(0.25);
  });
});
