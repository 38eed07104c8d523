import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
async function decided(files: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(files);
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
}
const LAB = {
  "TS_01.st": mrcFile([5, 40, 40], 10, { kind: "stack", seed: 1 }),
  "tomograms/TS_01.mrc": mrcFile([12, 40, 40], 10, { seed: 2 }),
};

describe("cubes that are smaller than the tomogram of their run", () => {
  it("are pieces until somebody says that they are tomograms, and the tomogram is published", async () => {
    const { files, questions } = await decided({
      ...LAB,
      "tomotwin/TS_01/reference/ferritin_0.mrc": mrcFile([16, 16, 16], 10, { seed: 3 }),
      "tomotwin/TS_01/reference/ferritin_1.mrc": mrcFile([16, 16, 16], 10, { seed: 4 }),
    });
    expect(questions.map(({ id, answer, files: some }) => [id, answer, some.length])).toContainEqual(["cubes", "leave-out", 2]);
    expect(["tomograms/TS_01.mrc", "tomotwin/TS_01/reference/ferritin_0.mrc"].map((path) => files.get(path)?.role)).toEqual([
      "tomogram",
      "left out",
    ]);
  });

  it("are nothing to ask about at another voxel size, or where they are as long", async () => {
    const { questions } = await decided({
      ...LAB,
      "b/TS_01.mrc": mrcFile([20, 20, 20], 20, { seed: 3 }),
      "c/TS_01.mrc": mrcFile([40, 40, 40], 10, { seed: 4 }),
    });
    expect(questions.filter(({ id }) => id === "cubes")).toEqual([]);
  });
});
