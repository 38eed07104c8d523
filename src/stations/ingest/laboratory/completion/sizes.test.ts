import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { NOTHING_GIVEN } from "../decide.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
async function decided(files: Record<string, string | Uint8Array>, yaml?: string) {
  const laboratory = await laboratoryWith(files);
  const given = yaml === undefined ? NOTHING_GIVEN : givenOf(readDecisions(yaml, "x"), laboratory);
  return decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
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

describe("a mask that fits tomograms of two voxel sizes", () => {
  const twice = {
    "TS_01.st": mrcFile([5, 40, 40], 10, { kind: "stack", seed: 1 }),
    "old/TS_01_rec.mrc": mrcFile([12, 20, 20], 20.4, { seed: 2 }),
    "new/TS_01_rec.mrc": mrcFile([12, 20, 20], 20, { seed: 3 }),
    "new/TS_01_bin1_rec.mrc": mrcFile([24, 40, 40], 10, { seed: 4 }),
  };
  const mask = (spacing: number) => ({ ...twice, "seg/TS_01_membrane_mask.mrc": mrcFile([12, 20, 20], spacing) });

  it("is asked about, and left out until then", async () => {
    const { files, questions } = await decided(mask(1));
    const asked = questions.find(({ id }) => id.startsWith("mask-in"))!;
    expect(asked.text).toContain("that of 20 Å (new/TS_01_rec.mrc), or that of 20.4 Å (old/TS_01_rec.mrc)");
    expect([asked.answer, files.has("seg/TS_01_membrane_mask.mrc")]).toEqual([undefined, false]);
    expect(asked.options.map(({ answer, claims }) => [answer, claims[0]!.details?.spacingAngstrom])).toEqual([
      ["20", 20],
      ["20.4", 20.4],
      ["leave-out", undefined],
    ]);
  });

  it("lies in the one that has its header's", async () => {
    const { files, questions } = await decided(mask(20.4));
    expect(files.get("seg/TS_01_membrane_mask.mrc")?.details.spacingAngstrom).toBe(20.4);
    expect(questions.filter(({ id }) => id.startsWith("mask-in"))).toEqual([]);
  });
});

it("a mask that fits no tomogram is not published since somebody publishes what lies in its folder", async () => {
  const path = "segmentations/for_movie/TS_01_membrane_mask.mrc";
  const files = { ...LAB, [path]: mrcFile([6, 20, 20], 20) };
  const { files: decisions } = await decided(files, 'questions: [{ id: figures, answer: "publish" }]\n');
  expect(decisions.get(path)?.because).toBe("a mask of 20×20×6 voxels, and no tomogram of TS_01 has as many");
  const said = await decided(files, `files: [{ files: ${path}, is: mask, run: TS_01 }]\n`);
  expect(said.files.get(path)?.role).toBe("mask");
});
