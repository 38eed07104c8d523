import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { givenOf } from "../decisions-file.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const frame = (seed: number) => mrcFile([1, 32, 48], 2.5, { kind: "stack", seed });
const mdocOf = (series: string) =>
  `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${series}.mrc\n\n[T = SerialEM: Digitized]\n\n${[0, 1, 2]
    .map((z) => `[ZValue = ${z}]\nTiltAngle = ${3 * z - 3}\nSubFramePath = X:\\${series}_${z}_fractions.mrc\n`)
    .join("\n")}`;

function series(folder: string, name: string, seed: number): Record<string, string | Uint8Array> {
  const frames = [0, 1, 2].map((z) => [`${folder}/frames/${name}_${z}_fractions.mrc`, frame(10 * seed + z)] as const);
  return { ...Object.fromEntries(frames), [`${folder}/${name}.mrc.mdoc`]: mdocOf(name) };
}

describe("a gain reference that nobody names", () => {
  const files = { ...series("grid1", "TS_1", 1), ...series("grid2", "TS_2", 2), "grid1/gain/gain_ref.mrc": frame(99) };

  it("is that of the frames nearest to it; whether of others, too, is asked, and until then it is not", async () => {
    const laboratory = await laboratoryWith(files);
    const projects = await recognisedIn(laboratory, signal);
    const { files: decided, questions } = await decisionsOf(laboratory, projects, signal);
    expect(decided.get("grid1/gain/gain_ref.mrc")).toMatchObject({ role: "gain", runs: ["TS_1"] });
    expect(questions.map(({ text, answer }) => [text, answer])).toContainEqual([
      "Is grid1/gain/gain_ref.mrc, which lies beside the frames of others, also the gain reference of TS_2?",
      "none",
    ]);
    const { id } = questions.find(({ text }) => text.includes("gain reference"))!;
    const said = { runs: [], files: [], questions: [{ id, answer: "also" }] };
    const answered = await decisionsOf(laboratory, projects, signal, givenOf(said, laboratory));
    expect(answered.files.get("grid1/gain/gain_ref.mrc")).toMatchObject({ role: "gain", runs: ["TS_1", "TS_2"] });
  });

  it("is that of all where it lies beside none of them", async () => {
    const { "grid1/gain/gain_ref.mrc": gain, ...others } = files;
    const laboratory = await laboratoryWith({ ...others, "gain_ref.mrc": gain! });
    const { files: decided, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    expect(decided.get("gain_ref.mrc")).toMatchObject({ role: "gain", run: undefined, runs: undefined });
    expect(questions).toEqual([]);
  });
});
