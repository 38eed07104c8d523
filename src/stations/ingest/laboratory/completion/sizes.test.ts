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

describe("what is called after a series, counted, and smaller than its tomogram", () => {
  const piece = (shape: [number, number, number], spacing = 10) => ({
    ...LAB,
    "peet/axo.prm": "fnVolume = {'TS_01_axo1.mrc'}\nfnModParticle = {'TS_01_axo1.mod'}\ninitMOTL = {'a.csv'}\nfnOutput = 'axo'\n",
    "peet/TS_01_axo1.mrc": mrcFile(shape, spacing, { seed: 5 }),
    "peet/TS_01_axo1.mod": "x",
  });

  it("is a piece until somebody says that it is a tomogram, though averaging names it", async () => {
    const { files, questions } = await decided(piece([10, 36, 38]));
    expect(questions.map(({ id, answer }) => [id, answer])).toContainEqual(["named-pieces", "leave-out"]);
    expect([files.get("peet/TS_01_axo1.mrc")?.role, files.get("tomograms/TS_01.mrc")?.role]).toEqual(["left out", "tomogram"]);
    expect(files.get("peet/TS_01_axo1.mod")).toMatchObject({
      role: "left out",
      because: "its points lie in peet/TS_01_axo1.mrc, which is not published, and no tomogram of TS_01 has its size",
    });
  });

  it.each<[string, [number, number, number], number]>([
    ["as large and only thinner", [10, 40, 40], 10],
    ["longer", [10, 36, 44], 10],
    ["of another voxel size", [10, 36, 38], 20],
  ])("is nothing to ask about where it is %s", async (_, shape, spacing) => {
    const { questions } = await decided(piece(shape, spacing));
    expect(questions.map(({ id }) => id)).not.toContain("named-pieces");
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
    expect(asked).toMatchObject({
      text: "Which tomogram of its run does the mask seg/TS_01_membrane_mask.mrc belong to?",
      why: "These have the same dimensions: new/TS_01_rec.mrc (20 Å) and old/TS_01_rec.mrc (20.4 Å).",
    });
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
