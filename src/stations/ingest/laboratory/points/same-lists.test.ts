import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const picks = (x: number) => `${x},2,1\n9.5,3,2\n4,10.5,4\n`;

describe("(36) lists of points of one run with the same bytes", () => {
  it("are one, whatever they are called; others and those of other runs are not", async () => {
    const laboratory = await laboratoryWith({
      ...{ "rec/TS_01.mrc": mrcFile([6, 12, 12], 10, { seed: 1 }), "rec/TS_02.mrc": mrcFile([6, 12, 12], 10, { seed: 2 }) },
      ...{ "picks/TS_01_ribo.csv": picks(1), "curated/final/TS_01_particles.csv": picks(1) },
      ...{ "picks/TS_01_atp.csv": picks(2), "picks/TS_02_ribo.csv": picks(1) },
    });
    const { files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(files.get("curated/final/TS_01_particles.csv")).toMatchObject({
      role: "left out",
      because: "a copy of picks/TS_01_ribo.csv",
    });
    for (const path of ["picks/TS_01_ribo.csv", "picks/TS_01_atp.csv", "picks/TS_02_ribo.csv"])
      expect([path, files.get(path)?.because]).not.toEqual([path, expect.stringContaining("a copy of")]);
  });
});
