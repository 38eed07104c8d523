import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";
import { spacingOf, spacingOfName } from "./spacings.js";

describe("a voxel size in a name", () => {
  it.each<[string, number | undefined]>([
    ["rec/TS_1_13.48Apx.mrc", 13.48],
    ["rec/TS_1_bin4_10.00A.mrc", 10],
    ["VoxelSpacing7.840/TS_1.mrc", 7.84],
    ["rec_8Å/TS_1.rec", 8],
    ["rec/TS_1_apix_6.5.mrc", 6.5],
    ["rec_10.00Apx/TS_1_5.00Apx.mrc", 5],
    ["rec/TS_1_lp40A.mrc", undefined],
    ["rec/TS_1_40A.mrc", undefined],
    ["rec/TS_1.mrc", undefined],
    ["rec/TS_1_10.0Apx_5.0Apx.mrc", undefined],
    ["2024.05A/TS_1_0.1A.mrc", undefined],
  ])("%s: %s", (path, spacing) => {
    expect(spacingOfName(path)).toBe(spacing);
  });

  const { signal } = new AbortController();
  const volume = (seed: number, spacing: number) => mrcFile([6, 12, 12], spacing, { seed });
  async function decided(files: Record<string, Uint8Array>) {
    const laboratory = await laboratoryWith(files);
    const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
    const spacing = (path: string) => {
      const file = decisions.files.get(path);
      return file && [spacingOf(file, laboratory), file.details.spacingFrom];
    };
    return { questions: decisions.questions.map(({ id, answer }) => [id.replace(/-[0-9a-f]*$/, ""), answer]), spacing };
  }

  it("counts where the header has none", async () => {
    const { questions, spacing } = await decided({
      "TS_01_12.00Apx.mrc": volume(1, 1),
      "TS_02_12.00Apx.mrc": volume(2, 12),
    });
    expect([questions, spacing("TS_01_12.00Apx.mrc")]).toEqual([[], [12, "the header has none; its name has this"]]);
  });

  it("is asked about where the header has another one; the tilt series speaks for one of them", async () => {
    const both = { "TS_01_12.00Apx.mrc": volume(1, 8), "TS_02_12.00Apx.mrc": volume(2, 12) };
    const { questions, spacing } = await decided(both);
    expect([questions, spacing("TS_01_12.00Apx.mrc")]).toEqual([[["named-spacing", undefined]], undefined]);
    const stack = mrcFile([5, 48, 48], 3, { kind: "stack", seed: 9 });
    const told = await decided({ ...both, "TS_01.st": stack });
    expect([told.questions, told.spacing("TS_01_12.00Apx.mrc")]).toEqual([[["named-spacing", "12"]], [12, undefined]]);
    const other = await decided({ ...both, "TS_01.st": mrcFile([5, 48, 48], 2, { kind: "stack", seed: 9 }) });
    expect(other.questions).toEqual([["named-spacing", "8"]]);
  });
});
