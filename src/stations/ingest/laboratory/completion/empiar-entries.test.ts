import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { decisionsOf, recognisedIn } from "../know.js";

const { signal } = new AbortController();
const volume = (seed: number) => mrcFile([6, 12, 12], 10, { seed });
const stack = (seed: number) => mrcFile([3, 24, 24], 5, { kind: "stack", seed });
const at = (entry: string) => ({
  [`${entry}/data/cells/pos_7/pos_7.st`]: stack(1),
  [`${entry}/data/cells/pos_7/pos_7.rawtlt`]: "-3\n0\n3\n",
  [`${entry}/data/cells/pos_7/pos_7_bin4.rec`]: volume(2),
  [`${entry}/data/cells/pos_11/pos_11.st`]: stack(3),
  [`${entry}/data/cells/pos_11/pos_11.rawtlt`]: "-3\n0\n3\n",
  [`${entry}/data/cells/pos_11/pos_11_bin4.rec`]: volume(4),
});

async function decided(lab: Record<string, string | Uint8Array>) {
  const laboratory = await laboratoryWith(lab);
  const { files, questions } = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal);
  return {
    asked: questions.filter(({ id }) => id.startsWith("empiar")),
    used: [...files.values()].filter(({ role }) => role !== "left out").map(({ path }) => path.replace(/.*\//, "")),
  };
}

describe("an entry of EMPIAR as it was downloaded", () => {
  it.each([
    ["by the folder around it", "raw/EMPIAR/11830", {}],
    ["by its name", "raw/EMPIAR-11830", {}],
    ["by its description", "raw/11830", { "raw/11830/11830.xml": "<entry/>\n" }],
  ])("is asked about beside what somebody has made of it: %s", async (_, folder, described) => {
    const entry = { ...at(folder), ...described };
    const { asked, used } = await decided({ ...entry, "mine/pos_7_rec.mrc": volume(5) });
    expect(asked.map(({ answer }) => answer)).toEqual(["leave-out"]);
    expect(asked[0]).toMatchObject({
      text: "Should the files of EMPIAR-11830 be published again?",
      why: `They are in ${folder} as EMPIAR has them, such as ${folder}/data/cells/pos_11/pos_11_bin4.rec, ${folder}/data/cells/pos_7/pos_7_bin4.rec; what somebody made from them, or from other series, is in other folders.`,
    });
    // the stack that somebody has reconstructed anew goes along
    expect(used).toEqual(["pos_7_rec.mrc", "pos_7.rawtlt", "pos_7.st"]);
  });

  it("is what somebody wants to publish where there is nothing else", async () => {
    const { asked, used } = await decided(at("EMPIAR/11830"));
    expect(asked).toEqual([]);
    expect(used).toHaveLength(6);
  });

  it("is not seen in other folders called by a number", async () => {
    const { asked } = await decided({ ...at("2023/11830"), "mine/pos_7_rec.mrc": volume(5) });
    expect(asked).toEqual([]);
  });
});
