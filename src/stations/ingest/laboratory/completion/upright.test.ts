import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
async function decided(files: Record<string, string | Uint8Array>) {
  const stacks = Object.fromEntries(
    [1, 2].map((n) => [`TS_0${n}.st`, mrcFile([5, 80, 80], 2.5, { kind: "stack", seed: 90 + n })]),
  );
  const laboratory = await laboratoryWith({ ...stacks, ...files });
  const { questions, files: own } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return { questions: questions.map(({ id, answer }) => [id, answer]), of: (path: string) => own.get(path) };
}
const flat = (seed: number) => mrcFile([6, 20, 20], 10, { seed });
const upright = (seed: number, spacing = 10) => mrcFile([20, 6, 20], spacing, { seed });

describe("volumes whose sections run along y", () => {
  it("are left out beside one of the run that lies flat, of another binning, too", async () => {
    const { questions, of } = await decided({
      "rec/TS_01.mrc": flat(1),
      "untrimmed/TS_01.mrc": upright(2),
      "fine/TS_01.mrc": mrcFile([40, 12, 40], 5, { seed: 3 }),
      "rec/TS_02.mrc": flat(4),
    });
    expect(questions).toEqual([]);
    expect(["untrimmed/TS_01.mrc", "fine/TS_01.mrc"].map((path) => of(path)?.because)).toEqual([
      "untrimmed, its sections run along y: rec/TS_01.mrc lies flat",
      "untrimmed, its sections run along y: rec/TS_01.mrc lies flat",
    ]);
  });

  it("are asked about where nothing else is there, and not published until somebody answers", async () => {
    const { questions, of } = await decided({ "rec/TS_01.mrc": upright(1), "rec/TS_02.mrc": flat(2) });
    expect([questions, of("rec/TS_01.mrc"), of("rec/TS_02.mrc")?.role]).toEqual([
      [["upright", undefined]],
      undefined,
      "tomogram",
    ]);
  });

  it("are asked about where their names say that nobody has trimmed them, however thick they are", async () => {
    const thick = (seed: number) => mrcFile([20, 20, 22], 10, { seed });
    const { questions, of } = await decided({ "rec/TS_01_full.rec": thick(1), "rec/TS_02_full_rec.mrc": flat(2) });
    expect(questions).toEqual([["upright", undefined]]);
    expect([of("rec/TS_01_full.rec"), of("rec/TS_02_full_rec.mrc")?.role]).toEqual([undefined, "tomogram"]);
  });

  it("are not thick ones, nor those beside a tomogram of another area", async () => {
    const thick = await decided({ "rec/TS_01.mrc": mrcFile([20, 14, 20], 10, { seed: 1 }), "rec/TS_02.mrc": flat(2) });
    expect(thick.questions).toEqual([]);
    const other = await decided({ "rec/TS_01.mrc": flat(1), "b/TS_01.mrc": mrcFile([40, 8, 20], 10, { seed: 3 }) });
    expect(other.questions.map(([id]) => id)).toContain("upright");
  });
});
