import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();

async function asked(small: Uint8Array) {
  const laboratory = await laboratoryWith({
    "tomograms/TS_01_rec.mrc": mrcFile([10, 24, 20], 8, { seed: 1 }),
    "tomograms/TS_02_rec.mrc": mrcFile([10, 24, 20], 8, { seed: 3 }),
    "small/TS_01_rec.mrc": small,
  });
  const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return {
    asked: questions.map(({ id, answer, options }) => [id.replace(/-.*/, ""), answer, options.map((one) => one.answer).join()]),
    role: files.get("small/TS_01_rec.mrc")?.role,
    large: files.get("tomograms/TS_01_rec.mrc")?.role,
  };
}

describe("(36) a tomogram with a whole part of another one's voxels and its voxel size", () => {
  it("is asked about, and the other one is published meanwhile", async () => {
    expect(await asked(mrcFile([5, 12, 10], 8, { seed: 2 }))).toEqual({
      asked: [["stale", undefined, "16,8,leave-out"]],
      role: undefined,
      large: "tomogram",
    });
  });

  it("is taken for binned where the names of folders count so, until somebody answers", async () => {
    const taken = async (large: string, small: string) => {
      const laboratory = await laboratoryWith({
        [`${large}/TS_01.rec`]: mrcFile([10, 24, 20], 8, { seed: 1 }),
        [`${small}/TS_01.rec`]: mrcFile([5, 12, 10], 8, { seed: 2 }),
        "TS_01.rawtlt": "-3\n0\n3\n",
      });
      const { questions, files } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
      return [questions[0]?.answer, files.get(`${small}/TS_01.rec`)?.details.spacingAngstrom];
    };
    expect(await taken("nova_bin4", "nova_bin8")).toEqual(["16", 16]);
    expect(await taken("nova_bin4", "nova_bin12")).toEqual([undefined, undefined]);
    expect(await taken("nova_bin4", "rec")).toEqual([undefined, undefined]);
  });

  it("is none where its voxel size is its own, or where it was cut along one axis alone", async () => {
    expect((await asked(mrcFile([5, 12, 10], 16, { seed: 2 }))).asked).toEqual([]);
    expect((await asked(mrcFile([10, 12, 10], 8, { seed: 2 }))).asked).toEqual([["twins", undefined, "1,2,all"]]);
  });
});
