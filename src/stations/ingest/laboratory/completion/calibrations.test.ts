import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf, readDecisions } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (spacing: number, seed: number) => mrcFile([6, 12, 12], spacing, { seed });
const LAB = {
  "old/TS_01_rec.mrc": volume(15.68, 1),
  "new/TS_01_rec.mrc": volume(15.28, 2),
  "old/TS_02_rec.mrc": volume(15.68, 3),
  "new/TS_02_rec.mrc": volume(15.28, 4),
};

async function decided(files: Record<string, Uint8Array>, answer?: string) {
  const laboratory = await laboratoryWith(files);
  const recognised = await recognisedIn(laboratory, signal);
  const first = await decisionsOf(laboratory, recognised, signal);
  const question = first.questions.find(({ id }) => id.startsWith("calibration"));
  if (answer === undefined || !question) return { question, files: first.files };
  const said = readDecisions(`questions: [{ id: ${question.id}, answer: ${answer} }]`, "lab.decisions.yaml");
  return { question, files: (await decisionsOf(laboratory, recognised, signal, givenOf(said, laboratory))).files };
}

describe("tomograms of two calibrations", () => {
  it("are published as they are until somebody says which is right", async () => {
    const { question, files } = await decided(LAB);
    expect([question!.answer, question!.files.length]).toEqual(["both", 4]);
    expect(question).toMatchObject({
      text: "Which voxel size is right, 15.28 Å (new/TS_01_rec.mrc) or 15.68 Å (old/TS_01_rec.mrc)?",
      why: "Tomograms of TS_01_rec, TS_02_rec have both, with the same dimensions along x and y: sizes that differ by 2.6 % come from two calibrations of the pixel size.",
    });
    expect([...files.values()].map(({ role }) => role)).toEqual(Array(4).fill("tomogram"));
  });

  it("have one voxel size, or are left out, as the answer says", async () => {
    const only = (await decided(LAB, "only-15.28")).files;
    expect(["old/TS_01_rec.mrc", "new/TS_01_rec.mrc"].map((path) => only.get(path)?.role)).toEqual(["left out", "tomogram"]);
    const all = (await decided(LAB, "all-15.28")).files;
    expect([...all.values()].map(({ details }) => details.spacingAngstrom)).toEqual(Array(4).fill(15.28));
  });

  it("are not those that were made for figures", async () => {
    const { question } = await decided({ "TS_01_rec.mrc": volume(15.68, 1), "figures/TS_01_rec.mrc": volume(15.28, 2) });
    expect(question).toBeUndefined();
  });

  it.each([
    ["rounding", 15.3],
    ["another binning", 30.56],
    ["another choice", 18],
  ])("are nothing to ask about where the sizes tell of %s", async (_, spacing) => {
    const { question } = await decided({ "a/TS_01_rec.mrc": volume(15.28, 1), "b/TS_01_rec.mrc": volume(spacing, 2) });
    expect(question).toBeUndefined();
  });
});
